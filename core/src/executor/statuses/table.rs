//! The status cells of a store, by the name of the runs that they follow.

use super::{
    RunsStatus,
    counting::RunStep,
    follower::{Follower, Which},
};
use crate::{
    cell::Derived,
    executor::{any_run::Head, id::RunId},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    text::Text,
};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{fmt, hash::BuildHasher, sync::Arc};

/// The status cells of a store. No user code runs under the lock.
pub(in crate::executor) struct Statuses {
    /// A bit for each of the names that are followed, by its hash: spares other runs a look at the table. `Relaxed`: a run
    /// that is being registered while the first cell of its name is made is found among the live ones.
    names: AtomicU64,
    /// The cells, by the name of the runs.
    table: Mutex<FxHashMap<Text, Vec<Entry>>>,
}

/// A cell in the table.
#[derive(Clone)]
pub(super) struct Entry {
    /// What it counts.
    pub(super) follower: Arc<Follower>,
    /// The cell.
    pub(super) cell: Derived<RunsStatus>,
}

/// Cells that a step changes something for.
#[derive(Default)]
pub(super) struct Due {
    /// Those that were counted, and are to be computed anew.
    pub(super) ticks: Vec<Arc<Follower>>,
    /// Those whose keys are to be compared first.
    pub(super) unsure: Vec<Arc<Follower>>,
    /// Whether there are some that may have nothing more to count.
    pub(super) has_spent: bool,
}

impl Default for Statuses {
    fn default() -> Self {
        Self { names: AtomicU64::new(0), table: Mutex::new(FxHashMap::default()) }
    }
}

impl Statuses {
    /// Whether there may be cells for runs of a name.
    #[inline]
    pub(super) fn may_have(&self, name: &Text) -> bool {
        self.names.load(Ordering::Relaxed) & bit_of(name) != 0
    }

    /// The cells that follow runs of a name.
    pub(super) fn of_name(&self, name: &Text) -> Vec<Entry> {
        self.table.lock().get(name).cloned().unwrap_or_default()
    }

    /// A cell begins to follow.
    pub(super) fn add(&self, name: Text, entry: Entry) {
        self.names.fetch_or(bit_of(&name), Ordering::Relaxed);
        self.table.lock().entry(name).or_default().push(entry);
    }

    /// Counts a step of a run in the cells of which it is sure, without a comparison, that they follow it. Nothing if no cell
    /// follows runs of its name.
    pub(super) fn count_surely(&self, head: &Head, step: RunStep) -> Option<Due> {
        let table = self.table.lock();
        let mut due = Due::default();
        for Entry { follower, .. } in table.get(&head.name)? {
            due.has_spent |= matches!(follower.which, Which::One(_)) || follower.is_gone();
            match follower.which.counts_surely(head) {
                Some(false) => {}
                None if !follower.has_counted(head) => due.unsure.push(Arc::clone(follower)),
                _ if follower.count(head, step) => due.ticks.push(Arc::clone(follower)),
                _ => {}
            }
        }
        Some(due)
    }

    /// Forgets cells that were removed, and those of a run that is over, to which nothing more will happen. Returns them, to
    /// be dropped with no lock held, and whether none is left.
    pub(super) fn forget(&self, name: &Text, over: Option<RunId>) -> (Vec<Entry>, bool) {
        let mut table = self.table.lock();
        let Some(cells) = table.get_mut(name) else { return (Vec::new(), table.is_empty()) };
        let is_over = |which: &Which| matches!(which, Which::One(run) if Some(*run) == over);
        let forgotten: Vec<_> = cells
            .extract_if(.., |entry| is_over(&entry.follower.which) || entry.follower.is_gone())
            .collect();
        if cells.is_empty() {
            table.remove(name);
            let left = table.keys().fold(0, |bits, name| bits | bit_of(name));
            self.names.store(left, Ordering::Relaxed);
        }
        (forgotten, table.is_empty())
    }
}

/// The bit of a name.
fn bit_of(name: &Text) -> u64 {
    1 << (FxBuildHasher.hash_one(name) >> 58)
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statuses").field("names", &self.table.lock().len()).finish()
    }
}
