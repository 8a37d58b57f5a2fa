//! Parents and children: who is aborted when a run settles.

use super::any_run::AnyRun;
use slab::Slab;
use std::sync::Arc;

/// The relatives of a run, behind its lock.
#[derive(Default)]
pub(super) struct Kin {
    /// A slot per live child that is not detached.
    children: Slab<Arc<dyn AnyRun>>,
    /// The place in the parent.
    pub(super) link: Option<Link>,
}

/// A child's place in its parent.
pub(super) struct Link {
    /// The parent.
    parent: Arc<dyn AnyRun>,
    /// The child's slot in it.
    slot: usize,
}

impl Kin {
    /// Adds a child; returns its slot.
    pub(super) fn add_child(&mut self, child: Arc<dyn AnyRun>) -> usize {
        self.children.insert(child)
    }

    /// Forgets the child of `slot`; the caller drops it outside the lock.
    pub(super) fn remove_child(&mut self, slot: usize) -> Option<Arc<dyn AnyRun>> {
        self.children.try_remove(slot)
    }

    /// Takes all children, oldest first.
    pub(super) fn take_children(&mut self) -> Vec<Arc<dyn AnyRun>> {
        let mut all: Vec<_> = self.children.drain().collect();
        all.sort_unstable_by_key(|child| child.head().id);
        all
    }
}

impl Link {
    /// Makes `child` a child of `parent`; nothing when the parent has settled.
    pub(super) fn between(child: &Arc<dyn AnyRun>, parent: Arc<dyn AnyRun>) -> Option<Self> {
        let slot = parent.add_child(Arc::clone(child))?;
        Some(Self { parent, slot })
    }

    /// Takes the child out of its parent.
    pub(super) fn cut(self) {
        drop(self.parent.remove_child(self.slot));
    }
}
