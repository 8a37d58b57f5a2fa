//! The event feed: everything that happens in a store, told to observers that are handed nothing to
//! change anything with.

use crate::{
    cell::CellLabel,
    commit::{Cause, CommitNumber},
    executor::{OutcomeKind, RunId},
    text::Text,
};

/// Something that happened in a store.
///
/// Events are told in the order of the commits, those of a run before the hook of the same step. The feed ends with the
/// last handle to the store: runs that end because of that call their settle hooks, and no event tells of it.
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
        action: Text,
        /// The run whose lifecycle the action belongs to.
        run: Option<RunId>,
    },
    /// A front end set a signal.
    Signalled {
        /// The signal.
        signal: Text,
        /// What became of it.
        detail: Text,
    },
    /// Something failed that no caller could be told about.
    Failed {
        /// What failed.
        what: Text,
        /// How.
        message: Text,
    },
}
