//! How events and errors name a cell.

use std::{fmt, panic::Location, sync::Arc};

/// A cell as it appears in events and errors: its name if it has one, else where it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellLabel {
    /// The name given to the cell.
    pub name: Option<Arc<str>>,
    /// The call that made the cell.
    pub created: &'static Location<'static>,
}

impl fmt::Display for CellLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "`{name}`"),
            None => write!(f, "the cell made at {}", self.created),
        }
    }
}
