//! Cells come and go; their names and errors.

use super::{
    Garbage, Graph, Reader,
    derivation::DerivedCell,
    node::{NONE, Node},
};
use crate::{
    cell::{AnyCell, CellKey, CellLabel, Equality, SourceCell},
    error::{CellError, CellErrorKind},
};
use rustc_hash::FxHashMap;
use std::{
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Cell identities are unique in the process, so that a handle cannot fit a foreign store by chance.
/// (Not from the `sync` shim: the model checker's atomics cannot be statics, and only uniqueness matters.)
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A number that nothing else in the process has.
pub(crate) fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// How many removed cells errors can still name.
const REMEMBERED: usize = 256;

/// A `fn(&T) -> T`, whatever the type.
pub(super) trait Copier: std::any::Any + Send {}

impl<T: 'static> Copier for fn(&T) -> T {}

/// What is needed to name a cell, should something go wrong with it.
pub(crate) struct Naming<'g> {
    /// The names of the cells that have one.
    pub(super) names: &'g FxHashMap<u32, Arc<str>>,
    /// The cell.
    pub(super) index: u32,
    /// The call that made it.
    pub(super) created: &'static Location<'static>,
}

impl Naming<'_> {
    /// How errors and events name the cell.
    pub(crate) fn label(&self) -> CellLabel {
        CellLabel { name: self.names.get(&self.index).cloned(), created: self.created }
    }
}

impl Graph {
    /// Adds a source.
    pub(crate) fn add_source<T: Send + 'static>(
        &mut self,
        value: T,
        same: fn(&T, &T) -> bool,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> CellKey {
        self.add(Box::new(SourceCell { value, same }), false, name, created)
    }

    /// Adds a source whose in-place updates work on a copy.
    pub(crate) fn add_atomic<T: Clone + Send + 'static>(
        &mut self,
        value: T,
        same: fn(&T, &T) -> bool,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> CellKey {
        let key = self.add_source(value, same, name, created);
        self.node_mut(key.index).atomic = true;
        self.copiers.insert(key.index, Box::new(T::clone as fn(&T) -> T));
        key
    }

    /// A copy of the value of an atomic cell. `Clone` is the user's code.
    pub(crate) fn copy<T: Send + 'static>(&self, index: u32) -> T {
        let copier: &dyn std::any::Any = &*self.copiers[&index];
        let copy: &fn(&T) -> T = copier.downcast_ref().expect("a copier has the type of its cell");
        copy(&self.node(index).cell().source().value)
    }

    /// Adds a derived cell, which has no value until it is read.
    pub(crate) fn add_derived<T: Send + 'static>(
        &mut self,
        compute: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
        equality: impl Equality<T>,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> CellKey {
        self.add(Box::new(DerivedCell::new(compute, equality)), true, name, created)
    }

    fn add(
        &mut self,
        cell: Box<dyn AnyCell>,
        derived: bool,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> CellKey {
        let id = next_id();
        let node = Node::new(id, cell, derived, created);
        let index = match self.free.pop() {
            Some(index) => {
                self.nodes[index as usize] = node;
                index
            }
            None => {
                let index = u32::try_from(self.nodes.len()).ok().filter(|index| *index != NONE);
                self.nodes.push(node);
                index.expect("a store holds fewer than 2^32 cells")
            }
        };
        if let Some(name) = name {
            self.names.insert(index, name);
        }
        CellKey { index, id }
    }

    /// Notes which other cell belongs to a cell, which is there.
    pub(crate) fn set_companion(&mut self, cell: CellKey, companion: CellKey) {
        self.companions.insert(cell.index, companion);
    }

    /// The cell that belongs to another one.
    pub(crate) fn companion(
        &self,
        cell: CellKey,
        used: &'static Location<'static>,
    ) -> Result<CellKey, CellError> {
        let index = self.locate(cell, used)?;
        Ok(*self.companions.get(&index).expect("noted when both were made"))
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    #[cold]
    pub(super) fn disposed(&self, key: CellKey, used: &'static Location<'static>) -> CellError {
        let removed = self
            .removed
            .iter()
            .find(|(id, ..)| *id == key.id)
            .map(|(_, label, location)| (label.clone(), *location));
        CellError::new(CellErrorKind::Disposed { used, removed })
    }

    /// How errors and events name the cell.
    pub(crate) fn label(&self, index: u32) -> CellLabel {
        Naming { names: &self.names, index, created: self.node(index).created }.label()
    }

    /// The cell's error.
    pub(crate) fn error(&self, index: u32) -> Option<CellError> {
        if self.node(index).failed { self.errors.get(&index).cloned() } else { None }
    }

    /// Replaces the cell's error, `None` meaning that it is sound; returns the one before.
    pub(crate) fn set_error(&mut self, index: u32, error: Option<CellError>) -> Option<CellError> {
        self.node_mut(index).failed = error.is_some();
        match error {
            Some(error) => self.errors.insert(index, error),
            None => self.errors.remove(&index),
        }
    }

    /// Removes a cell and stains what depends on it. Returns whether anything did.
    pub(crate) fn remove(
        &mut self,
        key: CellKey,
        used: &'static Location<'static>,
    ) -> Result<bool, CellError> {
        let index = self.locate(key, used)?;
        self.mark(index);
        let had_observers = self.node(index).has_observers();
        self.unlink_observers(index);
        self.unlink_sources_after(index, NONE);
        if self.observation.is_some() {
            self.forget_observation(index);
        }
        let label = self.label(index);
        let vacant = Node::vacant(used);
        let node = std::mem::replace(self.node_mut(index), vacant);
        self.free.push(index);
        self.affected.retain(|&affected| affected != index);
        self.names.remove(&index);
        if node.derived && !self.companions.is_empty() {
            self.companions.remove(&index);
        }
        if self.observed {
            self.causes.forget(index);
        }
        if node.atomic {
            self.copiers.remove(&index);
        }
        if let Some(error) = self.errors.remove(&index) {
            self.garbage.push(Box::new(error));
        }
        if let Some(topic) = node.topic() {
            self.outbox.close_topic(topic, &mut self.wakers, &mut self.garbage);
        }
        if self.removed.len() == REMEMBERED {
            self.removed.pop_front();
        }
        self.removed.push_back((node.id, label, used));
        self.garbage.extend(node.cell.map(|cell| Box::new(cell) as Garbage));
        Ok(had_observers)
    }
}
