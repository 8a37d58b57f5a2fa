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
//! - an edge is on the lists of both its ends, and removed from them in O(1).
//!
//! A derived cell is taken out of its node while it runs. A read that finds the place empty *is* a cycle, and
//! the stack of running nodes is its path (`derivation.rs`).

mod cause;
mod cells;
#[cfg(test)]
mod cost;
mod derivation;
mod edges;
mod mark;
mod node;
mod observation;
mod pull;
mod reader;

pub(crate) use cause::Causes;
pub(crate) use cells::{Naming, next_id};
pub(crate) use node::NONE;
pub use reader::Reader;

use crate::{
    cell::{AnyCell, Cell, CellKey, CellLabel, value_of},
    commit::Journal,
    delivery::{Outbox, depth_here},
    error::CellError,
    event::Event,
    store::Core,
};
use cells::Copier;
use edges::Edges;
use node::{Colour, Node};
use observation::Observation;
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    panic::Location,
    sync::{Arc, Weak},
    task::Waker,
    time::{Duration, Instant},
};

/// Everything that the lease guards.
pub(crate) struct Graph {
    /// The cells. Not a slab: a place that is free has a node that no handle fits, so that an access is one check.
    nodes: Vec<Node>,
    /// The places that are free.
    free: Vec<u32>,
    /// Who reads whom.
    edges: Edges,
    /// The names of the cells that have one.
    names: FxHashMap<u32, Arc<str>>,
    /// Why cells that are marked [`Node::failed`] have failed.
    errors: FxHashMap<u32, CellError>,
    /// How the values of cells that are marked [`Node::atomic`] are copied.
    copiers: FxHashMap<u32, Box<dyn Copier>>,
    /// Cells that belong to others: what an async derivation has come to, to its state.
    companions: FxHashMap<u32, CellKey>,
    /// The last removed cells, so that errors can name them.
    removed: VecDeque<(u64, CellLabel, &'static Location<'static>)>,
    /// Derivations that are running, the innermost last.
    running: Vec<u32>,
    /// Counts derivation runs: stamps the nodes that a run has read.
    run_stamp: u32,
    /// Nodes with subscribers that the current commit has stained.
    pub(crate) affected: Vec<u32>,
    /// Reused by commits of several cells.
    pub(crate) scratch: Vec<u32>,
    /// Reused by marking: lists of observers.
    mark_queue: Vec<u32>,
    /// Reused by pulling: a node, and the edge to the next of its sources.
    pull_stack: Vec<(u32, u32)>,
    /// The number of the last commit.
    pub(crate) last_commit: u64,
    /// What an open transaction has replaced.
    pub(crate) journal: Journal,
    /// What is to be told once the lease is free.
    pub(crate) outbox: Outbox,
    /// The store's core.
    pub(crate) home: Weak<Core>,
    /// Its address: tells it from others.
    pub(crate) store: usize,
    /// Since when the lease is held, if that is to be known: see [`stop_clock`](Self::stop_clock).
    held_since: Option<Instant>,
    /// Whether anybody observes the event feed.
    pub(crate) observed: bool,
    /// Why derivations run, for those who observe.
    pub(crate) causes: Causes,
    /// By how many each cell is observed, if anybody wants to know.
    observation: Option<Box<Observation>>,
    /// Values, callbacks and errors whose `Drop` must not run inside the lease.
    pub(crate) garbage: Vec<Garbage>,
    /// To be woken as soon as the lease is free.
    pub(crate) wakers: Vec<Waker>,
    /// How deep first reads may nest.
    max_depth: usize,
    /// What the last derivation that panicked did so with.
    panicked: Option<Box<dyn Any + Send>>,
    /// Where the last read that nested too deep stopped.
    too_deep_at: Option<u32>,
    /// How many edges marking has followed, and how many nodes and edges pulling has.
    #[cfg(test)]
    steps: std::cell::Cell<u64>,
}

/// Counts a step of marking or pulling, for the tests of what a change costs.
macro_rules! count_step {
    ($graph:expr) => {
        #[cfg(test)]
        $graph.steps.update(|steps| steps + 1);
    };
}
use count_step;

/// Something to be dropped outside the lease.
pub(crate) type Garbage = Box<dyn Any + Send>;

impl Graph {
    pub(crate) fn new(max_depth: usize, outbox: Outbox, home: Weak<Core>) -> Self {
        let store = home.as_ptr().addr();
        Self {
            home,
            nodes: Vec::new(),
            free: Vec::new(),
            edges: Edges::new(),
            names: FxHashMap::default(),
            errors: FxHashMap::default(),
            copiers: FxHashMap::default(),
            companions: FxHashMap::default(),
            removed: VecDeque::new(),
            running: Vec::new(),
            run_stamp: 0,
            affected: Vec::new(),
            scratch: Vec::new(),
            mark_queue: Vec::new(),
            pull_stack: Vec::new(),
            last_commit: 0,
            journal: Journal::default(),
            outbox,
            store,
            held_since: None,
            observed: false,
            causes: Causes::default(),
            observation: None,
            garbage: Vec::new(),
            wakers: Vec::new(),
            max_depth,
            panicked: None,
            too_deep_at: None,
            #[cfg(test)]
            steps: std::cell::Cell::default(),
        }
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

    /// Reads a cell, pulling it first. `read` runs inside the lease.
    #[inline]
    pub(crate) fn read<C: Cell, R>(
        &mut self,
        cell: C,
        used: &'static Location<'static>,
        read: impl FnOnce(&C::Value) -> R,
    ) -> Result<R, CellError> {
        let index = self.locate(cell.key(), used)?;
        self.pull(index)?;
        self.read_clean::<C, R>(index, read)
    }

    /// Reads the value of a cell that has been pulled.
    #[inline]
    pub(crate) fn read_clean<C: Cell, R>(
        &self,
        index: u32,
        read: impl FnOnce(&C::Value) -> R,
    ) -> Result<R, CellError> {
        match self.peek::<C>(index) {
            Some(value) => Ok(read(value)),
            None => Err(self.error(index).expect("a clean cell without a value has an error")),
        }
    }

    /// The value of a cell that has been pulled, if it has one.
    #[inline]
    pub(crate) fn peek<C: Cell>(&self, index: u32) -> Option<&C::Value> {
        let node = self.node(index);
        if node.failed { None } else { value_of::<C>(node.cell()) }
    }

    /// A number for a run of a derivation.
    #[inline]
    fn next_run(&mut self) -> u32 {
        if self.run_stamp == u32::MAX {
            self.renumber_runs();
        }
        self.run_stamp += 1;
        self.run_stamp
    }

    /// Starts the numbers of runs anew, so that none fits a stamp that was left long ago. Runs that are under way may link
    /// a second time what they have read already, which does no harm.
    #[cold]
    fn renumber_runs(&mut self) {
        for node in &mut self.nodes {
            node.read_by = 0;
        }
        self.run_stamp = 0;
    }

    /// Notes an event, if anybody observes; told in order with the callbacks.
    #[inline]
    pub(crate) fn note(&mut self, event: impl FnOnce(&Self) -> Event) {
        if self.observed {
            let event = event(self);
            self.outbox.push_event(event, self.last_commit, depth_here());
        }
    }

    /// Measures from now on how long the lease is held.
    #[cold]
    pub(crate) fn start_clock(&mut self) {
        self.held_since = Some(Instant::now());
    }

    /// Whether it is measured how long the lease is held.
    #[inline]
    pub(crate) fn timed(&self) -> bool {
        self.held_since.is_some()
    }

    /// How long the lease has been held, if that is measured.
    pub(crate) fn stop_clock(&mut self) -> Option<Duration> {
        self.held_since.take().map(|since| since.elapsed())
    }

    /// A cell's value beside what staging it changes.
    pub(crate) fn for_staging(
        &mut self,
        index: u32,
    ) -> (&dyn AnyCell, Naming<'_>, &mut Outbox, &mut Vec<Garbage>, &mut Vec<Waker>) {
        let node = &self.nodes[index as usize];
        let naming = Naming { names: &self.names, index, created: node.created };
        (node.cell(), naming, &mut self.outbox, &mut self.garbage, &mut self.wakers)
    }

    /// Keeps a value until the lease is free, unless dropping it runs no code.
    #[inline]
    pub(crate) fn discard<T: Send + 'static>(&mut self, value: T) {
        if std::mem::needs_drop::<T>() {
            self.garbage.push(Box::new(value));
        }
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("cells", &self.len())
            .field("last_commit", &self.last_commit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::Store;

    #[test]
    fn dependencies_survive_the_wrap_of_run_numbers() {
        let store = Store::new();
        let (a, b) = (store.source(1), store.source(2));
        let sum = store.derived(move |cx| cx.get(a) + cx.get(b));
        let twice = store.derived(move |cx| cx.get(sum) + cx.get(sum));
        store.demand(|graph| graph.run_stamp = u32::MAX - 3);
        for n in 0..8 {
            store.set(a, n);
            assert_eq!(store.get(twice), 2 * (n + 2));
            store.set(b, n);
            assert_eq!(store.get(twice), 4 * n);
            store.set(b, 2);
        }
        assert!(store.demand(|graph| graph.run_stamp) < 100, "they began anew");
    }
}
