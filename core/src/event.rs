//! The event feed: everything that happens in a store, told to observers that are handed nothing to
//! change anything with.

use crate::{
    cell::CellLabel,
    commit::{Cause, CommitNumber},
    error::CellError,
    executor::{OutcomeKind, RunId},
    text::Text,
};

use std::panic::Location;

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
    /// A cell whose values are [observed](crate::Store::observe_values) changed. Follows the event of the commit.
    Changed {
        /// The number of the commit.
        number: CommitNumber,
        /// The cell.
        cell: CellLabel,
        /// What the value looked like before; unknown if the cell had none, or has changed while nobody observed.
        old: Option<Text>,
        /// What it looks like now, or why the cell has none.
        new: Result<Text, CellError>,
    },
    /// A derivation ran.
    Recomputed {
        /// The derived cell.
        cell: CellLabel,
        /// Whether its value differs from the one before.
        changed: bool,
        /// The first cell that it had read and that has changed since its last run. Unknown in its first run, and in the
        /// first one that is observed; and if what it had read was removed.
        because: Option<CellLabel>,
    },
    /// A callback was subscribed.
    Subscribed {
        /// The cell.
        cell: CellLabel,
        /// The call that subscribed it.
        location: &'static Location<'static>,
    },
    /// A callback's subscription ended. (Those of a cell that is removed end with it, without an event of their own.)
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
    /// Another attempt of a run begins.
    RunRetried {
        /// The run.
        run: RunId,
        /// Its name.
        name: Text,
        /// Which attempt it is, counted from 1.
        attempt: u32,
    },
    /// A run reached its one terminal outcome.
    RunSettled {
        /// The run.
        run: RunId,
        /// Its name.
        name: Text,
        /// Which kind of outcome.
        outcome: OutcomeKind,
        /// How many attempts were begun.
        attempts: u32,
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
    /// Something failed: a derivation or an update panicked, or something that no caller could be told about.
    Failed {
        /// What failed.
        what: Text,
        /// How.
        message: Text,
    },
}

impl Event {
    /// The failure of a cell.
    #[cold]
    pub(crate) fn failed(what: &'static str, cell: CellLabel, message: Text) -> Self {
        Self::Failed { what: Text::from(format!("{what} {cell}")), message }
    }
}
