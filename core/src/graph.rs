//! The derived graph: which cell depends on which, and how a change travels.
//!
//! All nodes live in one arena and refer to each other by index. A change is *pushed* as a colour and
//! *pulled* as a value:
//!
//! 1. A write stains the direct dependents of the source [`Dirty`](Colour::Dirty) ("a value you read has
//!    changed") and everything below them [`Check`](Colour::Check) ("something further up may have"). A node
//!    that is stained already is not descended into again, so marking costs what it newly reaches
//!    (`mark.rs`).
//! 2. A node is pulled when somebody reads it, or at the end of the commit when somebody subscribes to it.
//!    A `Check` node first pulls its sources in the order in which they were read; if one of them turns
//!    out to have changed, the node becomes `Dirty` and runs, else it is clean again without having run.
//!    So every derivation runs at most once per commit and never sees half of it (`pull.rs`).
//! 3. While a derivation runs, each read is compared with what it read last time; edges are touched only
//!    from the first difference on (`reader.rs`, `edges.rs`).
//!
//! **Invariants**, true whenever the lease is free:
//! - below a stained node there are only stained nodes;
//! - a node with subscribers is clean;
//! - an edge is known at both ends, each end holding the other's position (so that one is removed in O(1)).
//!
//! A derivation's closure is taken out of its node while it runs. A read that finds the place empty *is*
//! a cycle, and the stack of running nodes is its path.

mod edges;
mod mark;
mod pull;
mod reader;

pub use reader::Reader;

use crate::{
    cell::{AnyValue, CellKey, CellLabel, NoValue, ValueCell},
    commit::Journal,
    delivery::{Outbox, depth_here},
    error::{CellError, CellErrorKind},
    event::Event,
};
use edges::Edge;
use rustc_hash::FxHashMap;
use std::{
    collections::VecDeque,
    fmt,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
};

/// Everything that the lease guards.
pub(crate) struct Graph {
    /// The cells. Not a slab: a place that is free has a node that no handle fits, so that an access is one check.
    nodes: Vec<Node>,
    /// The places that are free.
    free: Vec<u32>,
    /// The names of the cells that have one.
    names: FxHashMap<u32, Arc<str>>,
    /// Why cells that are marked [`Node::failed`] have failed.
    errors: FxHashMap<u32, CellError>,
    /// How the values of cells that are marked [`Node::atomic`] are copied.
    copiers: FxHashMap<u32, Box<dyn Copier>>,
    /// The last removed cells, so that errors can name them.
    removed: VecDeque<(u64, CellLabel, &'static Location<'static>)>,
    /// Derivations that are running, the innermost last.
    running: Vec<u32>,
    /// Counts derivation runs: stamps the nodes that a run has read.
    run_stamp: u64,
    /// Nodes with subscribers that the current commit has stained.
    pub(crate) affected: Vec<u32>,
    /// Reused by commits of several cells.
    pub(crate) scratch: Vec<u32>,
    /// Reused by marking.
    mark_queue: Vec<u32>,
    /// Reused by pulling: a node, and which of its sources comes next.
    pull_stack: Vec<(u32, u32)>,
    /// Counts commits and attempts at one, never reused: stamps what has changed in the current one.
    pub(crate) epoch: u64,
    /// The number of the last commit.
    pub(crate) last_commit: u64,
    /// What an open transaction has replaced.
    pub(crate) journal: Journal,
    /// What is to be told once the lease is free.
    pub(crate) outbox: Outbox,
    /// Whether anybody observes the event feed.
    pub(crate) observed: bool,
    /// Values, callbacks and errors whose `Drop` must not run inside the lease.
    pub(crate) garbage: Vec<Garbage>,
    /// To be woken as soon as the lease is free.
    pub(crate) wakers: Vec<Waker>,
    /// How deep first reads may nest.
    max_depth: usize,
    /// Where the last read that nested too deep stopped.
    too_deep_at: Option<u32>,
}

/// Something to be dropped outside the lease.
pub(crate) type Garbage = Box<dyn std::any::Any + Send>;

/// One cell.
pub(crate) struct Node {
    /// Who the node is; a handle with another id is dead.
    id: u64,
    /// Whether the value can be trusted.
    colour: Colour,
    /// Whether the cell has an error, kept in [`Graph::errors`].
    pub(crate) failed: bool,
    /// Whether an in-place update works on a copy: see [`Graph::copiers`].
    pub(crate) atomic: bool,
    /// Whether a pull is looking at the node's sources right now.
    visiting: bool,
    /// Whether the node is in [`Graph::affected`].
    pub(crate) queued: bool,
    /// The place of the subscribers in the outbox, if there are any.
    pub(crate) topic: Option<u32>,
    /// The derivation run that read the node last.
    read_by: u64,
    /// The transaction level that has kept the node's value last.
    pub(crate) journaled_in: u64,
    /// Where in the journal the first of the node's entries is, if it has any.
    pub(crate) first_entry: u32,
    /// The value.
    pub(crate) value: Box<dyn AnyValue>,
    /// What makes the cell a derived one.
    derivation: Option<Box<Derivation>>,
    /// Who reads this node: the other ends of the edges.
    observers: Vec<Edge>,
    /// The call that made the cell.
    created: &'static Location<'static>,
}

impl Node {
    /// What is in a free place.
    fn vacant(removed: &'static Location<'static>) -> Self {
        Self {
            id: 0,
            colour: Colour::Clean,
            failed: false,
            atomic: false,
            visiting: false,
            queued: false,
            topic: None,
            read_by: 0,
            journaled_in: 0,
            first_entry: 0,
            value: Box::new(NoValue),
            derivation: None,
            observers: Vec::new(),
            created: removed,
        }
    }

    /// Whether nothing depends on the cell, and nobody is subscribed to it.
    #[inline]
    pub(crate) fn is_lonely(&self) -> bool {
        self.observers.is_empty() && self.topic.is_none()
    }
}

/// A `fn(&T) -> T`, whatever the type.
trait Copier: std::any::Any + Send {}

impl<T: 'static> Copier for fn(&T) -> T {}

/// What a derived cell has and a source has not.
struct Derivation {
    /// The closure; taken out while it runs.
    compute: Option<Box<dyn pull::Compute>>,
    /// What the last run read, in that order.
    sources: Vec<Edge>,
    /// The last epoch in which the value became different.
    changed_at: u64,
}

/// Whether a node's value can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Colour {
    /// Yes.
    Clean,
    /// Only if no source turns out to have changed.
    Check,
    /// No: a source has changed, or it has never been computed.
    Dirty,
}

/// Cell identities are unique in the process, so that a handle cannot fit a foreign store by chance.
/// (Not from the `sync` shim: the model checker's atomics cannot be statics, and only uniqueness matters.)
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Graph {
    pub(crate) fn new(max_depth: usize, outbox: Outbox) -> Self {
        Self {
            nodes: Vec::new(),
            free: Vec::new(),
            names: FxHashMap::default(),
            errors: FxHashMap::default(),
            copiers: FxHashMap::default(),
            removed: VecDeque::new(),
            running: Vec::new(),
            run_stamp: 0,
            affected: Vec::new(),
            scratch: Vec::new(),
            mark_queue: Vec::new(),
            pull_stack: Vec::new(),
            epoch: 0,
            last_commit: 0,
            journal: Journal::default(),
            outbox,
            observed: false,
            garbage: Vec::new(),
            wakers: Vec::new(),
            max_depth,
            too_deep_at: None,
        }
    }

    /// Adds a source.
    pub(crate) fn add_source<T: Send + 'static>(
        &mut self,
        value: T,
        same: fn(&T, &T) -> bool,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> CellKey {
        let value = Box::new(ValueCell { value: Some(value), same });
        self.add(value, Colour::Clean, None, name, created)
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
        copy(
            self.node(index)
                .value
                .downcast_ref::<T>()
                .value
                .as_ref()
                .expect("a source has a value"),
        )
    }

    /// Adds a derived cell, which has no value until it is read.
    pub(crate) fn add_derived<T: Send + 'static>(
        &mut self,
        compute: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
        same: fn(&T, &T) -> bool,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> CellKey {
        let derivation = Derivation {
            compute: Some(pull::compute(compute)),
            sources: Vec::new(),
            changed_at: 0,
        };
        let value = Box::new(ValueCell::<T> { value: None, same });
        self.add(value, Colour::Dirty, Some(Box::new(derivation)), name, created)
    }

    fn add(
        &mut self,
        value: Box<dyn AnyValue>,
        colour: Colour,
        derivation: Option<Box<Derivation>>,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> CellKey {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let node = Node {
            id,
            colour,
            failed: false,
            atomic: false,
            visiting: false,
            queued: false,
            topic: None,
            read_by: 0,
            journaled_in: 0,
            first_entry: 0,
            value,
            derivation,
            observers: Vec::new(),
            created,
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.nodes[index as usize] = node;
                index
            }
            None => {
                let index = u32::try_from(self.nodes.len());
                self.nodes.push(node);
                index.expect("a store holds at most 2^32 cells")
            }
        };
        if let Some(name) = name {
            self.names.insert(index, name);
        }
        CellKey { index, id }
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// The place of a live cell.
    #[inline]
    pub(crate) fn locate(
        &self,
        key: CellKey,
        used: &'static Location<'static>,
    ) -> Result<u32, CellError> {
        match self.nodes.get(key.index as usize) {
            Some(node) if node.id == key.id => Ok(key.index),
            _ => Err(self.disposed(key, used)),
        }
    }

    /// The place of a cell, if it lives.
    pub(crate) fn place_of(&self, key: CellKey) -> Option<u32> {
        let node = self.nodes.get(key.index as usize)?;
        (node.id == key.id).then_some(key.index)
    }

    #[cold]
    fn disposed(&self, key: CellKey, used: &'static Location<'static>) -> CellError {
        let removed = self
            .removed
            .iter()
            .find(|(id, ..)| *id == key.id)
            .map(|(_, label, location)| (label.clone(), *location));
        CellError::new(CellErrorKind::Disposed { used, removed })
    }

    /// The node at a place that is known to be taken.
    #[inline]
    pub(crate) fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    /// See [`node`](Self::node).
    #[inline]
    pub(crate) fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    /// How errors and events name the cell.
    pub(crate) fn label(&self, index: u32) -> CellLabel {
        CellLabel {
            name: self.names.get(&index).cloned(),
            created: self.nodes[index as usize].created,
        }
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

    /// Whether the derived cell became different in the current epoch.
    pub(crate) fn has_changed(&self, index: u32) -> bool {
        self.node(index)
            .derivation
            .as_ref()
            .is_some_and(|derivation| derivation.changed_at == self.epoch)
    }

    /// Says that the derived cell has not become different in the current epoch: what made it so is undone.
    pub(crate) fn forget_change(&mut self, index: u32) {
        if let Some(derivation) = &mut self.node_mut(index).derivation {
            derivation.changed_at = 0;
        }
    }

    /// Whether the cell is a derived one.
    pub(crate) fn is_derived(&self, index: u32) -> bool {
        self.node(index).derivation.is_some()
    }

    /// Reads a cell, pulling it first. `read` runs inside the lease.
    #[inline]
    pub(crate) fn read<T: Send + 'static, R>(
        &mut self,
        key: CellKey,
        used: &'static Location<'static>,
        read: impl FnOnce(&T) -> R,
    ) -> Result<R, CellError> {
        let index = self.locate(key, used)?;
        if self.node(index).colour != Colour::Clean {
            self.pull(index)?;
        }
        self.read_clean(index, read)
    }

    /// Reads the value of a cell that has been pulled.
    #[inline]
    pub(crate) fn read_clean<T: Send + 'static, R>(
        &self,
        index: u32,
        read: impl FnOnce(&T) -> R,
    ) -> Result<R, CellError> {
        let node = self.node(index);
        if !node.failed
            && let Some(value) = &node.value.downcast_ref::<T>().value
        {
            return Ok(read(value));
        }
        Err(self.error(index).expect("a clean cell without a value has an error"))
    }

    /// The value of a cell that has been pulled, if it has one.
    pub(crate) fn peek<T: Send + 'static>(&self, index: u32) -> Option<&T> {
        let node = self.node(index);
        if node.failed { None } else { node.value.downcast_ref::<T>().value.as_ref() }
    }

    /// Removes a cell and stains what depends on it. Returns whether anything did.
    pub(crate) fn remove(
        &mut self,
        key: CellKey,
        used: &'static Location<'static>,
    ) -> Result<bool, CellError> {
        let index = self.locate(key, used)?;
        self.mark(index);
        let had_observers = !self.node(index).observers.is_empty();
        self.unlink_observers(index);
        self.unlink_sources_from(index, 0);
        let label = self.label(index);
        let vacant = Node::vacant(used);
        let node = std::mem::replace(self.node_mut(index), vacant);
        self.free.push(index);
        self.affected.retain(|&affected| affected != index);
        self.names.remove(&index);
        if node.atomic {
            self.copiers.remove(&index);
        }
        if let Some(error) = self.errors.remove(&index) {
            self.garbage.push(Box::new(error));
        }
        if let Some(topic) = node.topic {
            let callbacks = self.outbox.close_topic(topic, &mut self.wakers);
            self.garbage.push(Box::new(callbacks));
        }
        if self.removed.len() == REMEMBERED {
            self.removed.pop_front();
        }
        self.removed.push_back((node.id, label, used));
        self.garbage.push(Box::new(node));
        Ok(had_observers)
    }

    /// Notes an event, if anybody observes; told in order with the callbacks.
    #[inline]
    pub(crate) fn note(&mut self, event: impl FnOnce(&Self) -> Event) {
        if self.observed {
            let event = event(self);
            self.outbox.push_event(event, self.last_commit, depth_here());
        }
    }

    /// A cell's value beside what staging it changes.
    pub(crate) fn for_staging(
        &mut self,
        index: u32,
    ) -> (&dyn AnyValue, &mut Outbox, &mut Vec<Garbage>, &mut Vec<Waker>) {
        let value = &*self.nodes[index as usize].value;
        (value, &mut self.outbox, &mut self.garbage, &mut self.wakers)
    }

    /// Keeps a value until the lease is free, unless dropping it runs no code.
    #[inline]
    pub(crate) fn discard<T: Send + 'static>(&mut self, value: T) {
        if std::mem::needs_drop::<T>() {
            self.garbage.push(Box::new(value));
        }
    }
}

/// How many removed cells errors can still name.
const REMEMBERED: usize = 256;

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("cells", &self.len())
            .field("last_commit", &self.last_commit)
            .finish_non_exhaustive()
    }
}
