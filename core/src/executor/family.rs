//! Parents and children: who is aborted when a run settles.

use super::cell::AnyRun;
use crate::sync::mutant;
use slab::Slab;
use std::{fmt, sync::Arc};

/// The live children of a run, behind the run's lock.
#[derive(Default)]
pub(super) struct Children {
    /// A slot per child that is not detached.
    slots: Slab<Arc<dyn AnyRun>>,
    /// Set when the run settles: it takes no more children.
    closed: bool,
}

/// A child's place in its parent.
pub(super) struct Link {
    /// The parent.
    parent: Arc<dyn AnyRun>,
    /// The child's slot in it.
    slot: usize,
}

impl Children {
    /// Adds a child; returns its slot, or nothing when the run has settled.
    pub(super) fn add(&mut self, child: Arc<dyn AnyRun>) -> Option<usize> {
        (!self.closed).then(|| self.slots.insert(child))
    }

    /// Forgets the child of `slot`; the caller drops it outside the lock.
    pub(super) fn remove(&mut self, slot: usize) -> Option<Arc<dyn AnyRun>> {
        self.slots.try_remove(slot)
    }

    /// Takes all children, oldest first, and takes no more.
    pub(super) fn close(&mut self) -> Vec<Arc<dyn AnyRun>> {
        self.closed = !mutant("settled runs take children");
        if self.slots.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<_> = self.slots.drain().collect();
        all.sort_unstable_by_key(|child| child.facts().id);
        all
    }
}

impl Link {
    pub(super) fn new(parent: Arc<dyn AnyRun>, slot: usize) -> Self {
        Self { parent, slot }
    }

    /// Takes the child out of its parent.
    pub(super) fn cut(self) {
        drop(self.parent.remove_child(self.slot));
    }
}

impl fmt::Debug for Children {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.slots.iter().map(|(_, child)| child.facts())).finish()
    }
}
