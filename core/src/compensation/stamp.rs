//! Which commit has changed a cell last.

use crate::{
    cell::AnyCell,
    commit::CommitNumber,
    delivery::{Outlet, let_go},
    error::CellError,
    graph::{Garbage, Graph, Naming},
    sync::atomic::{AtomicU64, Ordering},
};
use std::{
    sync::{Arc, Weak},
    task::Waker,
};

/// The number of the last commit that has changed a cell, from the time on at which the stamp was made.
///
/// Written and read inside the lease only, so `Relaxed` suffices.
pub(super) struct Stamp(AtomicU64);

impl Stamp {
    /// Follows the cell at `index` for as long as it is held.
    pub(super) fn follow<T: Clone + Send + 'static>(graph: &mut Graph, index: u32) -> Arc<Self> {
        let stamp = Arc::new(Self(AtomicU64::new(graph.last_commit)));
        let outlet: Arc<dyn Outlet> = Arc::clone(&stamp) as _;
        let outlet: Weak<dyn Outlet> = Arc::downgrade(&outlet);
        graph.outlets::<T>(index).push(outlet);
        stamp
    }

    /// The commit.
    pub(super) fn last(&self) -> CommitNumber {
        CommitNumber(self.0.load(Ordering::Relaxed))
    }

    /// Has the cell count as changed last by an earlier commit, since those after it are undone.
    pub(super) fn set(&self, number: CommitNumber) {
        self.0.store(number.0, Ordering::Relaxed);
    }
}

impl Outlet for Stamp {
    fn publish(
        &self,
        _: &dyn AnyCell,
        _: &Naming<'_>,
        _: Option<&CellError>,
        number: CommitNumber,
        _: &mut Vec<Waker>,
        _: &mut Vec<Garbage>,
    ) {
        self.0.store(number.0, Ordering::Relaxed);
    }

    fn close(&self, _: &mut Vec<Waker>, _: &mut Vec<Garbage>) {}

    fn let_go(self: Arc<Self>, garbage: &mut Vec<Garbage>) {
        let_go(self, garbage);
    }
}
