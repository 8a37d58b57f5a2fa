//! The journal: what an open transaction has replaced.
//!
//! The first write of a cell in each level adds an entry with what puts the cell back: its old value, or, for a list, what
//! undoes the edits. Entries are in the order of the writes, and those of one cell are linked, the last one found from its
//! node, so that nothing is looked up in a map. A roll-back takes the entries of its level off the end; the commit compares
//! each written cell with its first entry, what it was before the outermost transaction, and tells of it only if it differs.

use crate::{
    cell::{Kept, KeptSource, try_cast_mut},
    error::CellError,
    graph::{Graph, NONE},
    lease,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The values and errors that an open transaction has replaced, the first of each cell and level.
#[derive(Default)]
pub(crate) struct Journal {
    /// The level of the open transaction; 0 if none is. Levels are numbered through and never reused.
    level: u64,
    /// The last level that was given out.
    last_level: u64,
    /// What was replaced, in that order.
    entries: Vec<Entry>,
    /// Boxes of old values that ran no code when they were dropped, to be used again.
    spare: Vec<Box<dyn Kept>>,
}

/// What one cell was before. The entries of a cell are a list, which [`Node::journaled`](crate::graph::Node) begins: its last
/// one. An entry there that is another cell's, or none, means that the cell has none.
struct Entry {
    /// The cell.
    index: u32,
    /// The level that made the entry.
    level: u64,
    /// What puts the cell back; there is always something.
    kept: Option<Box<dyn Kept>>,
    /// Its error.
    error: Option<CellError>,
    /// The cell's entry before this one, if it has one.
    previous: u32,
    /// The cell's first entry: what it was when the outermost transaction began.
    first: u32,
    /// Whether the cell is known to be different from that, without a comparison: it was written once.
    different: bool,
}

impl Entry {
    /// An entry to be filled in where it stays: one that is made elsewhere and moved costs a stall, since it is written in
    /// smaller pieces than it is copied in.
    const BLANK: Self = Self {
        index: NONE,
        level: 0,
        kept: None,
        error: None,
        previous: NONE,
        first: NONE,
        different: false,
    };
}

/// How many boxes are kept to be used again.
const SPARE: usize = 1_024;

/// Where a level began, to come back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Savepoint {
    /// How many entries there were.
    entries: usize,
    /// The level around it.
    outer: u64,
}

impl Graph {
    /// Opens a level.
    pub(crate) fn begin(&mut self) -> Savepoint {
        let journal = &mut self.journal;
        let savepoint = Savepoint { entries: journal.entries.len(), outer: journal.level };
        journal.last_level += 1;
        journal.level = journal.last_level;
        savepoint
    }

    /// Closes a level and keeps what it did.
    pub(crate) fn release(&mut self, savepoint: Savepoint) {
        self.journal.level = savepoint.outer;
    }

    /// Closes a level and puts back what it replaced.
    pub(crate) fn roll_back(&mut self, savepoint: Savepoint) {
        let mut restored = Vec::with_capacity(self.journal.entries.len() - savepoint.entries);
        while self.journal.entries.len() > savepoint.entries {
            let entry = self.journal.entries.pop().expect("longer than the savepoint");
            let Entry { index, kept, error, previous, .. } = entry;
            let node = self.node_mut(index);
            node.journaled = previous;
            let Some(mut kept) = kept else { continue };
            kept.restore(node.cell_mut());
            if kept.has_drop() {
                self.garbage.push(Box::new(kept));
            }
            if let Some(error) = self.set_error(index, error) {
                self.discard(error);
            }
            restored.push(index);
        }
        // What was derived from the undone values is stale; so are the dependencies that were found with them.
        for index in restored {
            if self.node(index).derived {
                if self.last_entry(index).is_none() {
                    self.node_mut(index).changed = false;
                }
                self.mark_dirty(index);
            } else {
                self.mark(index);
            }
        }
        self.journal.level = savepoint.outer;
    }

    /// Adds to `changed` the sources that are different from what they were when the transaction began.
    pub(crate) fn changed_sources(&self, changed: &mut Vec<u32>) {
        for (position, entry) in self.journal.entries.iter().enumerate() {
            if entry.first as usize == position
                && !self.node(entry.index).derived
                && (entry.different || self.differs(entry))
            {
                changed.push(entry.index);
            }
        }
    }

    /// Whether a derived cell is different from what it was when the transaction began.
    pub(crate) fn differs_from_journal(&self, index: u32) -> bool {
        self.last_entry(index)
            .is_none_or(|(_, entry)| self.differs(&self.journal.entries[entry.first as usize]))
    }

    /// The cell's last entry, if it has one, and its place.
    #[inline]
    fn last_entry(&self, index: u32) -> Option<(u32, &Entry)> {
        let place = self.node(index).journaled;
        let entry = self.journal.entries.get(place as usize)?;
        (entry.index == index).then_some((place, entry))
    }

    fn differs(&self, entry: &Entry) -> bool {
        let node = self.node(entry.index);
        if !node.failed && entry.error.is_none() {
            let cell = node.cell();
            // A comparison that panics proves no equality; the commit must come to its end.
            let same = catch_unwind(AssertUnwindSafe(|| {
                entry.kept.as_ref().is_some_and(|kept| kept.same_as(cell))
            }));
            return !same.unwrap_or_else(|payload| {
                lease::drop_payload(payload);
                false
            });
        }
        // Which value a failed cell last had is nobody's business.
        match (self.error(entry.index), &entry.error) {
            (Some(now), Some(before)) => !now.is_like(before),
            (now, before) => now.is_some() != before.is_some(),
        }
    }

    /// Forgets the journal at the end of the outermost transaction.
    pub(crate) fn clear_journal(&mut self) {
        for entry in self.journal.entries.drain(..) {
            if let Some(kept) = entry.kept {
                if kept.has_drop() {
                    self.garbage.push(Box::new(kept));
                } else if self.journal.spare.len() < SPARE {
                    self.journal.spare.push(kept);
                }
            }
            if let Some(error) = entry.error {
                self.garbage.push(Box::new(error));
            }
        }
    }

    /// Whether a transaction is open.
    #[inline]
    pub(crate) fn in_transaction(&self) -> bool {
        self.journal.level != 0
    }

    /// Whether the cell's value has to be kept before it is replaced.
    #[inline]
    pub(crate) fn needs_journal(&self, index: u32) -> bool {
        self.journal.level != 0
            && self.last_entry(index).is_none_or(|(_, entry)| entry.level != self.journal.level)
    }

    /// Keeps the value that a source had, which may be known to be different from the one that it has now.
    #[inline]
    pub(crate) fn journal_value<T: Send + 'static>(
        &mut self,
        index: u32,
        value: T,
        different: bool,
    ) {
        self.journal_boxed(index, value);
        if different && let Some(entry) = self.journal.entries.last_mut() {
            entry.different = entry.previous == NONE;
        }
    }

    /// A cell is written once more than the journal knows of: it may be what it was before.
    #[inline]
    pub(crate) fn journal_another(&mut self, index: u32) {
        if let Some((_, entry)) = self.last_entry(index) {
            let first = entry.first as usize;
            self.journal.entries[first].different = false;
        }
    }

    #[inline]
    fn journal_boxed<T: Send + 'static>(&mut self, index: u32, value: T) {
        if !std::mem::needs_drop::<T>()
            && let Some(mut spare) = self.journal.spare.pop()
            && let Some(place) = try_cast_mut::<KeptSource<T>>(&mut *spare)
        {
            place.0 = value;
            return self.journal_keep(index, spare);
        }
        self.journal_keep(index, Box::new(KeptSource(value)));
    }

    /// Keeps what undoes a change of the cell.
    pub(crate) fn journal_keep(&mut self, index: u32, kept: Box<dyn Kept>) {
        let error = self.error(index);
        let (place, level) = (self.journal.entries.len() as u32, self.journal.level);
        let (previous, first) =
            self.last_entry(index).map_or((NONE, place), |(last, entry)| (last, entry.first));
        if previous != NONE {
            self.journal.entries[first as usize].different = false;
        }
        self.journal.entries.push(Entry::BLANK);
        let entry = &mut self.journal.entries[place as usize];
        (entry.index, entry.level, entry.previous, entry.first) = (index, level, previous, first);
        entry.kept = Some(kept);
        if error.is_some() {
            entry.error = error;
        }
        self.node_mut(index).journaled = place;
    }
}
