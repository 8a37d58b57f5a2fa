//! The event feed: everything that happens in a store, told to observers that are handed nothing to
//! change anything with.

use crate::{
    executor::{OutcomeKind, RunId},
    text::Text,
};
use std::{fmt, panic::Location, sync::Arc};

/// The number of a commit. Commits of one store are totally ordered, starting at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitNumber(pub(crate) u64);

impl CommitNumber {
    /// The number as an integer.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CommitNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What led to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// The call that wrote.
    pub location: &'static Location<'static>,
    /// The run in whose context the write happened.
    pub run: Option<RunId>,
    /// The commit whose callback wrote.
    pub callback_of: Option<CommitNumber>,
}

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

/// Something that happened in a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Cells changed.
    Committed {
        /// The number of the commit.
        number: CommitNumber,
        /// What led to it.
        cause: Cause,
        /// The written cells whose values differ.
        cells: Vec<CellLabel>,
        /// How many subscribers are told.
        notified: usize,
    },
    /// A derivation ran.
    Recomputed {
        /// The derived cell.
        cell: CellLabel,
        /// Whether its value differs from the one before.
        changed: bool,
    },
    /// A subscription was added.
    Subscribed {
        /// The cell.
        cell: CellLabel,
    },
    /// A subscription was removed.
    Unsubscribed {
        /// The cell.
        cell: CellLabel,
    },
    /// A run was registered; its body is about to be polled for the first time.
    RunStarted {
        /// The run.
        run: RunId,
        /// Its name.
        name: Text,
        /// The run that started it.
        parent: Option<RunId>,
    },
    /// A run reached its one terminal outcome.
    RunSettled {
        /// The run.
        run: RunId,
        /// Its name.
        name: Text,
        /// Which kind of outcome.
        outcome: OutcomeKind,
    },
    /// A front end dispatched an action.
    Dispatched {
        /// The action's type.
        action: Arc<str>,
        /// The run whose lifecycle the action belongs to.
        run: Option<RunId>,
    },
    /// A front end set a signal.
    Signalled {
        /// The signal.
        signal: Arc<str>,
        /// What became of it.
        detail: Arc<str>,
    },
    /// Something failed that no caller could be told about.
    Failed {
        /// What failed.
        what: Arc<str>,
        /// How.
        message: Arc<str>,
    },
}
