//! What one status cell counts: which runs of a name, and how far they are.

use super::{RunsStatus, counting::RunStep};
use crate::{
    cell::Source,
    executor::{any_run::Head, group::Key, id::RunId, outcome::OutcomeKind},
    sync::Mutex,
};
use rustc_hash::FxHashSet;
use std::panic::Location;

/// What a cell counts.
pub(super) struct Follower {
    /// Which runs of the name.
    pub(super) which: Which,
    /// Written when the cell is to be computed anew.
    pub(super) tick: Source<u64>,
    /// The call that made it.
    pub(super) created: &'static Location<'static>,
    /// What it has counted.
    count: Mutex<Count>,
}

/// What a cell has counted.
struct Count {
    /// What is to be in the cell.
    status: RunsStatus,
    /// Those that are in flight.
    runs: FxHashSet<RunId>,
    /// Whether the cell has been computed since its last tick.
    read: bool,
    /// Whether the cell was removed.
    gone: bool,
}

/// Which runs of a name a cell counts.
pub(super) enum Which {
    /// All.
    All,
    /// Those of a key.
    OfKey(Key),
    /// One.
    One(RunId),
}

impl Which {
    /// Whether the run is one of them, as far as can be said without comparing keys.
    pub(super) fn counts_surely(&self, head: &Head) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::OfKey(_) => head.key().is_none().then_some(false),
            Self::One(run) => Some(head.id == *run),
        }
    }

    /// Whether the run is one of them. Compares keys: the user's code.
    pub(super) fn counts(&self, head: &Head) -> bool {
        match self {
            Self::OfKey(key) => head.key() == Some(key),
            _ => self.counts_surely(head) == Some(true),
        }
    }

    /// Whether both count the same runs. Compares keys: the user's code.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::OfKey(mine), Self::OfKey(theirs)) => mine == theirs,
            (Self::One(mine), Self::One(theirs)) => mine == theirs,
            _ => false,
        }
    }
}

impl Follower {
    /// Of no runs yet. `last` is how the one that it is of has ended.
    pub(super) fn new(
        which: Which,
        tick: Source<u64>,
        last: Option<OutcomeKind>,
        created: &'static Location<'static>,
    ) -> Self {
        let status = RunsStatus { last, ..RunsStatus::default() };
        let count = Count { status, runs: FxHashSet::default(), read: false, gone: false };
        Self { which, tick, created, count: Mutex::new(count) }
    }

    /// What is to be in the cell; from here on, changes are told.
    pub(super) fn read(&self) -> RunsStatus {
        let mut count = self.count.lock();
        count.read = true;
        count.status
    }

    /// Counts a run that was under way when the cell was made.
    pub(super) fn found(&self, head: &Head) {
        let mut count = self.count.lock();
        // Its start may have been counted meanwhile.
        if count.runs.insert(head.id) {
            let status = &mut count.status;
            status.attempts += u64::from(head.attempt());
            status.in_flight += 1;
            status.latest = status.latest.max(Some(head.id));
        }
    }

    /// Counts a step; returns whether the cell is to be computed anew.
    pub(super) fn count(&self, head: &Head, step: RunStep) -> bool {
        let mut count = self.count.lock();
        let Count { status, runs, read, gone } = &mut *count;
        match step {
            // A cell that was made while the run was starting has counted it.
            RunStep::Start if !runs.insert(head.id) => return false,
            RunStep::Start => {
                status.attempts += u64::from(head.attempt());
                status.latest = Some(head.id);
            }
            RunStep::Retry => status.attempts += 1,
            RunStep::End(kind) => {
                runs.remove(&head.id);
                status.last = Some(kind);
            }
        }
        status.in_flight = runs.len();
        *read && !*gone
    }

    /// From here on changes are not told until it is read again.
    pub(super) fn expect_a_reader(&self) {
        self.count.lock().read = false;
    }

    /// Its cell was removed.
    pub(super) fn leave(&self) {
        self.count.lock().gone = true;
    }

    /// Whether it has counted a run that is in flight.
    pub(super) fn has_counted(&self, head: &Head) -> bool {
        self.count.lock().runs.contains(&head.id)
    }

    /// Whether its cell was removed.
    pub(super) fn is_gone(&self) -> bool {
        self.count.lock().gone
    }
}
