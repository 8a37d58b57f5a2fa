//! A log of what ran, in which order.

pub(crate) use trine_core::test::Log;
