//! Who has written what and may undo it: one ledger per store, a history per cell.
//!
//! An entry is a write that may be undone. It knows the commit of the write, and the commit that had changed the cell last
//! before it. Undoing the entry that the cell is as it has left it puts back what it has replaced, and the cell counts as
//! changed by that earlier commit again, so that what lies below can be undone in its turn. An entry on which another one
//! lies hands on to that one what it has replaced; the value of the cell stays. So of several runs that write one cell,
//! whichever fails takes out its own writes, in whatever order they end. An entry on which a write lies that cannot be
//! undone is left.

use super::{Undone, stamp::Stamp};
use crate::{
    cell::{Cell, CellKey, CellLabel, Source},
    commit::{CommitNumber, Transaction},
    graph::Graph,
    sync::Mutex,
};
use rustc_hash::FxHashMap;
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// The histories of a store's cells. Locked inside the lease, and no user code runs under the lock.
pub(super) struct Ledger(Mutex<FxHashMap<CellKey, History>>);

/// The writes of one cell that may be undone.
struct History {
    /// Says which commit has changed the cell last.
    stamp: Arc<Stamp>,
    /// In the order of the writes.
    entries: Vec<Entry>,
}

/// A write that may be undone.
struct Entry {
    /// The run that has made it.
    owner: u64,
    /// Its commit.
    number: CommitNumber,
    /// The commit that had changed the cell last before.
    before: CommitNumber,
    /// What it has replaced.
    replaced: Box<dyn Restore>,
}

/// A write of a transaction that has not ended.
pub(super) struct Draft {
    /// The cell.
    pub(super) cell: CellKey,
    /// Says which commit has changed it last.
    stamp: Arc<Stamp>,
    /// Which that was before.
    before: CommitNumber,
    /// What is about to be replaced.
    replaced: Box<dyn Restore>,
}

/// What a write has replaced, its type forgotten.
pub(super) trait Restore: Send {
    /// Puts it back; false if the cell cannot be written.
    fn restore(self: Box<Self>, tx: &mut Transaction<'_>) -> bool;
}

/// See [`Restore`].
struct Replaced<T> {
    cell: Source<T>,
    value: T,
}

impl<T: Send + 'static> Restore for Replaced<T> {
    fn restore(self: Box<Self>, tx: &mut Transaction<'_>) -> bool {
        let Self { cell, value } = *self;
        // The comparison is the user's; if it panics the others must come back all the same.
        catch_unwind(AssertUnwindSafe(|| tx.try_set(cell, value).is_ok())).unwrap_or(false)
    }
}

/// What becomes of an entry.
enum Fate {
    /// It is put back.
    Restore(Box<dyn Restore>, CommitNumber),
    /// The one above has it now; what that one had is to be dropped.
    HandedOn(Box<dyn Restore>),
    /// It stays.
    Left(Box<dyn Restore>),
}

impl Default for Ledger {
    fn default() -> Self {
        Self(Mutex::new(FxHashMap::default()))
    }
}

impl Ledger {
    /// Notes that a cell is about to be written, whose value is `value`.
    pub(super) fn draft<T: Clone + Send + 'static>(
        &self,
        graph: &mut Graph,
        index: u32,
        cell: Source<T>,
        value: T,
    ) -> Draft {
        let known = self.0.lock().get(&cell.key()).map(|history| Arc::clone(&history.stamp));
        let stamp = known.unwrap_or_else(|| Stamp::follow::<T>(graph, index));
        let before = stamp.last();
        Draft { cell: cell.key(), stamp, before, replaced: Box::new(Replaced { cell, value }) }
    }

    /// Enters what a commit has really changed; returns those cells, and the rest, to be dropped outside the lease.
    pub(super) fn enter(
        &self,
        owner: u64,
        number: CommitNumber,
        drafts: Vec<Draft>,
    ) -> (Vec<CellKey>, Vec<Draft>) {
        let (changed, rest): (Vec<_>, _) =
            drafts.into_iter().partition(|draft| draft.stamp.last() == number);
        let mut histories = self.0.lock();
        let mut cells = Vec::with_capacity(changed.len());
        for Draft { cell, stamp, before, replaced } in changed {
            let history =
                histories.entry(cell).or_insert_with(|| History { stamp, entries: Vec::new() });
            history.entries.push(Entry { owner, number, before, replaced });
            cells.push(cell);
        }
        (cells, rest)
    }

    /// How many writes of a run there are in a cell's history.
    pub(super) fn count(&self, owner: u64, cell: CellKey) -> usize {
        let histories = self.0.lock();
        let own = |history: &History| history.entries.iter().filter(|e| e.owner == owner).count();
        histories.get(&cell).map_or(0, own)
    }

    /// Takes a run's writes out: they stay. What they had replaced comes back, to be dropped outside the lease.
    pub(super) fn keep(&self, owner: u64, cells: &[CellKey]) -> Vec<Box<dyn Restore>> {
        let mut histories = self.0.lock();
        let mut spent = Vec::new();
        for cell in cells {
            if let Some(history) = histories.get_mut(cell) {
                let (own, others) =
                    mem::take(&mut history.entries).into_iter().partition(|e| e.owner == owner);
                history.entries = others;
                let own: Vec<Entry> = own;
                spent.extend(own.into_iter().map(|entry| entry.replaced));
                forget_if_empty(&mut histories, *cell);
            }
        }
        spent
    }

    /// Undoes a run's writes of some cells, the last one first.
    pub(super) fn undo(
        &self,
        owner: u64,
        cells: &[CellKey],
        tx: &mut Transaction<'_>,
    ) -> (Undone, Undo) {
        let (mut undone, mut undo) = (Undone::default(), Undo::default());
        for &cell in cells.iter().rev() {
            let Some(stamp) = self.0.lock().get(&cell).map(|history| Arc::clone(&history.stamp))
            else {
                continue;
            };
            let (mut last, mut left) = (stamp.last(), false);
            while let Some(fate) = self.judge(owner, cell, last) {
                match fate {
                    Fate::Restore(replaced, before) => {
                        left |= !replaced.restore(tx);
                        last = before;
                    }
                    Fate::HandedOn(replaced) => undo.spent.push(replaced),
                    Fate::Left(replaced) => {
                        left = true;
                        undo.spent.push(replaced);
                    }
                }
            }
            undo.stamps.push((stamp, last));
            let label: Option<CellLabel> = tx.graph.place_of(cell).map(|at| tx.graph.label(at));
            let list = if left { &mut undone.left } else { &mut undone.restored };
            list.extend(label);
        }
        (undone, undo)
    }

    /// Takes the last write of a run out of a cell's history, and says what is to become of it. `last` is the commit that
    /// the cell is as it has left it.
    fn judge(&self, owner: u64, cell: CellKey, last: CommitNumber) -> Option<Fate> {
        let mut histories = self.0.lock();
        let history = histories.get_mut(&cell)?;
        let place = history.entries.iter().rposition(|entry| entry.owner == owner)?;
        let Entry { number, before, replaced, .. } = history.entries.remove(place);
        let above = history.entries[place..].iter_mut().find(|above| above.before == number);
        let fate = match above {
            _ if number == last => Fate::Restore(replaced, before),
            Some(above) => {
                above.before = before;
                Fate::HandedOn(mem::replace(&mut above.replaced, replaced))
            }
            None => Fate::Left(replaced),
        };
        forget_if_empty(&mut histories, cell);
        Some(fate)
    }
}

/// What is to be done when an undoing has been committed.
#[derive(Default)]
pub(super) struct Undo {
    /// By which commit each cell counts as changed from now on.
    stamps: Vec<(Arc<Stamp>, CommitNumber)>,
    /// To be dropped outside the lease.
    spent: Vec<Box<dyn Restore>>,
}

impl Undo {
    /// Inside the lease of the commit; returns what is to be dropped outside of it.
    pub(super) fn finish(self) -> Vec<Box<dyn Restore>> {
        for (stamp, number) in self.stamps {
            stamp.set(number);
        }
        self.spent
    }
}

fn forget_if_empty(histories: &mut FxHashMap<CellKey, History>, cell: CellKey) {
    if histories.get(&cell).is_some_and(|history| history.entries.is_empty()) {
        histories.remove(&cell);
    }
}
