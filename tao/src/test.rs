//! The test kit of the TAO; [`trine_core::test`] has what it has in common with the other front ends.

#[cfg(feature = "wire")]
pub mod conformance;
mod orders;

pub use orders::{OrderDependence, OrderStage, Orders, orders};
