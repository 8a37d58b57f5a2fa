//! The comparison on paper: as tables for people, as JSON for programs.

mod json;
mod tables;

pub use self::json::json;
pub use self::tables::{tables, verdict};
