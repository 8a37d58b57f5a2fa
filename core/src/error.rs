//! What can be wrong with a cell.
//!
//! Errors are values that travel: a failed derivation hands its error to everyone who reads it, unchanged, so that the last
//! reader still learns where it began. They name cells, by their names or the calls that made them, both parties where there
//! are two, and what to do. `tests/it/error_texts.rs` brings each about and looks at what it says.

use crate::{cell::CellLabel, lease::Reentrant};
use std::{any::Any, fmt, panic::Location, sync::Arc};

/// Why a cell could not be read or written.
///
/// One pointer wide and cheap to clone, since a failed derivation hands it to everyone who reads it.
/// Match on [`kind`](Self::kind).
#[derive(Clone, PartialEq, Eq)]
pub struct CellError {
    /// What is wrong.
    kind: Arc<CellErrorKind>,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellErrorKind {
    /// The store was used from inside a lease.
    #[error(transparent)]
    Reentrant(Reentrant),
    /// The cell was removed, or belongs to another store.
    #[error("cell used at {used} is not in this store: {}", removal(.removed))]
    Disposed {
        /// Where the handle was used.
        used: &'static Location<'static>,
        /// The cell and the call that removed it, if that is not too long ago.
        removed: Option<(CellLabel, &'static Location<'static>)>,
    },
    /// Derived cells read each other in a circle.
    #[error(
        "cells depend on each other in a circle: {}; let one of them read another cell, or do without with `try_get`",
        way(.path)
    )]
    Cycle {
        /// The circle; the last cell is the first one again.
        path: Vec<CellLabel>,
    },
    /// The first read of a derived cell nested too many derivations.
    #[error(
        "first read of {cell} nests more than {limit} derivations: \
         evaluate the cells below it first with `store.warm`, or raise `max_depth`"
    )]
    TooDeep {
        /// The cell at which the limit was reached.
        cell: CellLabel,
        /// The limit.
        limit: usize,
    },
    /// The derivation panicked. It heals when one of the cells that it read changes.
    #[error(
        "derivation of {cell} panicked: {message}; it runs again when a cell that it read changes"
    )]
    Panicked {
        /// The derived cell.
        cell: CellLabel,
        /// The panic's message.
        message: Arc<str>,
    },
    /// An in-place update panicked half way. Only this cell is affected.
    #[error(
        "value of {cell} is torn, its update at {at} panicked: {message}; \
         salvage it with `recover` or `set` it anew"
    )]
    Torn {
        /// The cell.
        cell: CellLabel,
        /// The call that updated it.
        at: &'static Location<'static>,
        /// The panic's message.
        message: Arc<str>,
    },
    /// Cloning the value for its subscribers panicked.
    #[error(
        "cloning the value of {cell} for its subscribers panicked: {message}; the cell itself is sound"
    )]
    CloneFailed {
        /// The cell.
        cell: CellLabel,
        /// The panic's message.
        message: Arc<str>,
    },
    /// Making a text of the value for the event feed panicked.
    #[error(
        "showing the value of {cell} in the event feed panicked: {message}; the cell itself is sound"
    )]
    ShowFailed {
        /// The cell.
        cell: CellLabel,
        /// The panic's message.
        message: Arc<str>,
    },
    /// Callbacks kept writing in answer to each other's writes.
    #[error(
        "write at {used} refused: callbacks answer each other's writes without end (more than {limit} commits deep) on {}; \
         let one of them stop when nothing is left to change, or raise `causal_limit`",
        way(.cells)
    )]
    CausalLoop {
        /// The call that wrote once too often.
        used: &'static Location<'static>,
        /// The cells written along the way, the last one first.
        cells: Vec<CellLabel>,
        /// The limit on the depth of causes.
        limit: u32,
    },
}

impl CellError {
    pub(crate) fn new(kind: CellErrorKind) -> Self {
        Self { kind: Arc::new(kind) }
    }

    /// What is wrong.
    pub fn kind(&self) -> &CellErrorKind {
        &self.kind
    }

    /// Whether both say the same of the cell, so that one in the place of the other is no news. A cell that is torn is as
    /// torn if another call has done it.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (self.kind(), other.kind()) {
            (
                CellErrorKind::Torn { cell, message, .. },
                CellErrorKind::Torn { cell: other, message: said, .. },
            ) => (cell, message) == (other, said),
            (own, other) => own == other,
        }
    }

    /// Whether the cell was removed, or belongs to another store.
    pub fn is_disposed(&self) -> bool {
        matches!(self.kind(), CellErrorKind::Disposed { .. })
    }

    /// Whether the store was used from inside a lease.
    pub fn is_reentrant(&self) -> bool {
        matches!(self.kind(), CellErrorKind::Reentrant(_))
    }
}

impl From<Reentrant> for CellError {
    fn from(error: Reentrant) -> Self {
        Self::new(CellErrorKind::Reentrant(error))
    }
}

impl fmt::Debug for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for CellError {}

fn way(cells: &[CellLabel]) -> String {
    cells.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ")
}

fn removal(removed: &Option<(CellLabel, &'static Location<'static>)>) -> String {
    match removed {
        Some((label, location)) => format!("{label} was removed at {location}"),
        None => "it was removed, or it is another store's, the only one that it can be used with"
            .to_owned(),
    }
}

/// What a panic said.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> Arc<str> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Arc::from(*text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Arc::from(text.as_str())
    } else if let Some(error) = payload.downcast_ref::<CellError>() {
        Arc::from(error.to_string())
    } else {
        Arc::from("a panic without a message")
    }
}
