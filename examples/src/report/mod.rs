//! The comparison on paper: as tables for a terminal, as a page for a browser, as JSON for programs.

mod file;
mod json;
mod page;
mod tables;

pub use self::file::{ReportError, ReportFile};
pub use self::json::json;
pub use self::page::page;
pub use self::tables::{coloured, tables, verdict};
