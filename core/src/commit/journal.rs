//! The journal: what an open transaction has replaced.

use crate::{cell::AnyValue, error::CellError, graph::Graph};
use rustc_hash::FxHashMap;
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
    /// For each cell in the journal its first entry: what it was when the outermost transaction began.
    first: FxHashMap<u32, usize>,
}

/// What one cell was before.
struct Entry {
    /// The cell.
    index: u32,
    /// Its value.
    value: Box<dyn AnyValue>,
    /// Its error.
    error: Option<CellError>,
}

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
        let undone = self.journal.entries.split_off(savepoint.entries);
        let mut restored = Vec::with_capacity(undone.len());
        for Entry { index, mut value, error } in undone.into_iter().rev() {
            let place = &mut self.node_mut(index).value;
            if !value.undo(&mut **place) {
                std::mem::swap(place, &mut value);
            }
            self.discard(value);
            if let Some(error) = self.set_error(index, error) {
                self.discard(error);
            }
            restored.push(index);
        }
        self.journal.first.retain(|_, first| *first < savepoint.entries);
        // What was derived from the undone values is stale; so are the dependencies that were found with them.
        for index in restored {
            if self.is_derived(index) {
                self.mark_dirty(index);
            } else {
                self.mark(index);
            }
        }
        self.journal.level = savepoint.outer;
    }

    /// The sources that are different from what they were when the transaction began.
    pub(crate) fn changed_sources(&self) -> Vec<u32> {
        let first = &self.journal.first;
        let entries = self.journal.entries.iter().enumerate();
        entries
            .filter(|(position, entry)| first.get(&entry.index) == Some(position))
            .filter(|(_, entry)| !self.is_derived(entry.index) && self.differs(entry))
            .map(|(_, entry)| entry.index)
            .collect()
    }

    /// Whether a derived cell is different from what it was when the transaction began.
    pub(crate) fn differs_from_journal(&self, index: u32) -> bool {
        let first = self.journal.first.get(&index);
        first.is_none_or(|&first| self.differs(&self.journal.entries[first]))
    }

    fn differs(&self, entry: &Entry) -> bool {
        match (&self.error(entry.index), &entry.error) {
            (None, None) => {
                let value = &self.node(entry.index).value;
                // A comparison that panics proves no equality; the commit must come to its end.
                let same = catch_unwind(AssertUnwindSafe(|| entry.value.same_as(&**value)));
                !same.unwrap_or(false)
            }
            // Which value a failed cell last had is nobody's business.
            (now, before) => now != before,
        }
    }

    /// Forgets the journal at the end of the outermost transaction.
    pub(crate) fn clear_journal(&mut self) {
        self.journal.first.clear();
        let mut entries = std::mem::take(&mut self.journal.entries);
        for entry in entries.drain(..) {
            self.discard(entry.value);
        }
        self.journal.entries = entries;
    }

    /// Whether the cell's value has to be kept before it is replaced.
    #[inline]
    pub(crate) fn needs_journal(&self, index: u32) -> bool {
        self.journal.level != 0 && self.node(index).journaled_in != self.journal.level
    }

    /// Puts a new value in the place of the cell's, which is kept.
    pub(crate) fn journal_replace(&mut self, index: u32, value: Box<dyn AnyValue>) {
        let level = self.journal.level;
        let error = self.error(index);
        let node = self.node_mut(index);
        node.journaled_in = level;
        let value = std::mem::replace(&mut node.value, value);
        self.journal.first.entry(index).or_insert(self.journal.entries.len());
        self.journal.entries.push(Entry { index, value, error });
    }

    /// Keeps what undoes an in-place change of the cell's value, instead of the value.
    pub(crate) fn journal_undo(&mut self, index: u32, undo: Box<dyn AnyValue>) {
        let error = self.error(index);
        self.journal.first.entry(index).or_insert(self.journal.entries.len());
        self.journal.entries.push(Entry { index, value: undo, error });
    }

    /// Keeps the value of a derived cell that is about to get another one in an open transaction.
    #[inline]
    pub(crate) fn journal_derived(&mut self, index: u32) {
        if self.needs_journal(index) {
            let empty = self.node(index).value.empty();
            self.journal_replace(index, empty);
        }
    }
}
