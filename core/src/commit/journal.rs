//! The journal: what an open transaction has replaced.

use crate::{cell::AnyValue, error::CellError, graph::Graph};
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
}

/// What one cell was before. [`Node::first_entry`](crate::graph::Node::first_entry) is the place of a cell's first
/// entry, what it was when the outermost transaction began. An entry there that is another cell's means that the
/// cell has none: entries are taken away from the end only, so the first one goes last.
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
            if value.has_drop() {
                self.garbage.push(value);
            }
            if let Some(error) = self.set_error(index, error) {
                self.discard(error);
            }
            restored.push(index);
        }
        // What was derived from the undone values is stale; so are the dependencies that were found with them.
        for index in restored {
            if self.is_derived(index) {
                if self.first_entry(index).is_none() {
                    self.forget_change(index);
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
            let node = self.node(entry.index);
            if node.first_entry as usize == position
                && !self.is_derived(entry.index)
                && self.differs(entry)
            {
                changed.push(entry.index);
            }
        }
    }

    /// Whether a derived cell is different from what it was when the transaction began.
    pub(crate) fn differs_from_journal(&self, index: u32) -> bool {
        self.first_entry(index).is_none_or(|entry| self.differs(entry))
    }

    /// What the cell was when the outermost transaction began, if that was kept.
    fn first_entry(&self, index: u32) -> Option<&Entry> {
        let entry = self.journal.entries.get(self.node(index).first_entry as usize)?;
        (entry.index == index).then_some(entry)
    }

    fn differs(&self, entry: &Entry) -> bool {
        let node = self.node(entry.index);
        if !node.failed && entry.error.is_none() {
            let value = &node.value;
            // A comparison that panics proves no equality; the commit must come to its end.
            let same = catch_unwind(AssertUnwindSafe(|| entry.value.same_as(&**value)));
            return !same.unwrap_or(false);
        }
        // Which value a failed cell last had is nobody's business.
        self.error(entry.index) != entry.error
    }

    /// Forgets the journal at the end of the outermost transaction.
    pub(crate) fn clear_journal(&mut self) {
        for entry in self.journal.entries.drain(..) {
            if entry.value.has_drop() {
                self.garbage.push(entry.value);
            }
            if let Some(error) = entry.error {
                self.garbage.push(Box::new(error));
            }
        }
    }

    /// A stamp for [`is_first_touch`](Self::is_first_touch), for a commit that keeps no journal.
    pub(crate) fn next_stamp(&mut self) -> u64 {
        self.journal.last_level += 1;
        self.journal.last_level
    }

    /// Stamps a cell; returns whether it did not have this stamp yet.
    pub(crate) fn is_first_touch(&mut self, index: u32, stamp: u64) -> bool {
        std::mem::replace(&mut self.node_mut(index).journaled_in, stamp) != stamp
    }

    /// Whether the cell's value has to be kept before it is replaced.
    #[inline]
    pub(crate) fn needs_journal(&self, index: u32) -> bool {
        self.journal.level != 0 && self.node(index).journaled_in != self.journal.level
    }

    /// Puts a new value in the place of the cell's, which is kept.
    pub(crate) fn journal_replace(&mut self, index: u32, value: Box<dyn AnyValue>) {
        let level = self.journal.level;
        let node = self.node_mut(index);
        node.journaled_in = level;
        let value = std::mem::replace(&mut node.value, value);
        self.push_entry(index, value);
    }

    /// Keeps what undoes an in-place change of the cell's value, instead of the value.
    pub(crate) fn journal_undo(&mut self, index: u32, undo: Box<dyn AnyValue>) {
        self.push_entry(index, undo);
    }

    /// Adds an entry, and notes its place if it is the cell's first one.
    fn push_entry(&mut self, index: u32, value: Box<dyn AnyValue>) {
        let error = self.error(index);
        if self.first_entry(index).is_none() {
            self.node_mut(index).first_entry = self.journal.entries.len() as u32;
        }
        self.journal.entries.push(Entry { index, value, error });
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
