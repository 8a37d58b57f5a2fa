//! What a transaction keeps of an edited list, instead of a copy of it.
//!
//! For each change the diff that takes it back, to be applied from the last one to the first. It stands in the journal where the old
//! value would be, and cuts off the log what nobody is to hear of.

use super::{
    diff::ListDiff,
    log::{DiffLog, PendingMark},
};
use crate::cell::{AnyCell, Kept};
use std::sync::Arc;

/// In the journal in the place of the old value: what makes it from the new one.
pub(super) struct ListUndo<T> {
    /// What undoes the edit, to be applied from the last one to the first.
    pub(super) inverse: Vec<ListDiff<T>>,
    /// The log that the edit was noted in, and how far it had got.
    pub(super) log: Option<(Arc<DiffLog<T>>, PendingMark)>,
    /// What undoing has displaced: dropped with the journal, outside the lease.
    pub(super) displaced: Vec<T>,
    /// Diffs that nobody will hear of: likewise.
    pub(super) untold: Vec<ListDiff<T>>,
}

impl<T: Clone + Send + 'static> Kept for ListUndo<T> {
    fn restore(&mut self, cell: &mut dyn AnyCell) {
        let items = &mut cell.source_mut::<Vec<T>>().value;
        while let Some(diff) = self.inverse.pop() {
            diff.apply_keeping(items, |value| self.displaced.push(value));
        }
        if let Some((log, mark)) = &self.log {
            self.untold = log.take_back(*mark);
        }
    }

    /// An edit is a change, whatever it came to.
    fn same_as(&self, _: &dyn AnyCell) -> bool {
        false
    }

    fn has_drop(&self) -> bool {
        true
    }
}
