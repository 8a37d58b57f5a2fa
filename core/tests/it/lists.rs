//! List cells: edits, readers of diffs, and views.

mod callbacks;
mod edits;
mod random;
mod readers;
mod relays;
mod views;

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use trine_core::{ListAdapter, ListDiff, ListDiffs, ListView};

pub(crate) const fn capacity(batches: usize) -> NonZeroUsize {
    NonZeroUsize::new(batches).unwrap()
}

/// What can be read without waiting.
pub(crate) fn drain<T>(diffs: &mut ListDiffs<T>) -> Vec<Vec<ListDiff<T>>> {
    std::iter::from_fn(|| diffs.try_next()).collect()
}

/// Applies what can be read without waiting.
pub(crate) fn follow<T>(diffs: &mut ListDiffs<T>, mirror: &mut Vec<T>) {
    while let Some(batch) = diffs.try_next() {
        batch.into_iter().for_each(|diff| diff.apply(mirror));
    }
}

/// The same, of a view.
pub(crate) fn follow_view<T, A: ListAdapter<T>>(
    view: &mut ListView<T, A>,
    mirror: &mut Vec<A::Item>,
) {
    while let Some(batch) = view.try_next() {
        batch.into_iter().for_each(|diff| diff.apply(mirror));
    }
}

/// Counts calls; clones count together.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were since the last look.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// An element that counts its clones.
pub(crate) struct Counted(pub(crate) usize, pub(crate) Counter);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.1.add();
        Self(self.0, self.1.clone())
    }
}
