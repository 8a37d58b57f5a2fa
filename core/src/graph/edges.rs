//! Edges: who reads whom.
//!
//! All edges live in one arena. An edge is on two lists: that of what its observer has read, in the order of the reads,
//! and that of those who read its source, in the order in which they began to. The second one is linked both ways, so that
//! an edge is removed in O(1) however many others read the same source.

use super::{Colour, Graph, node::NONE};
use rustc_hash::FxHashMap;

/// An edge from the cell that reads to the cell that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// The cell that is read; [`NONE`] if it was removed.
    pub(super) source: u32,
    /// The cell that reads.
    pub(super) observer: u32,
    /// The next edge of the same observer, or the next free one.
    pub(super) next_source: u32,
    /// The next edge to the same source.
    pub(super) next_observer: u32,
    /// The edge before this one among those to the same source.
    previous_observer: u32,
}

/// The arena of the edges.
#[derive(Debug)]
pub(super) struct Edges {
    /// The edges, free ones among them.
    pub(super) all: Vec<Edge>,
    /// The first of the free ones.
    free: u32,
}

impl Edges {
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), free: NONE }
    }

    fn add(&mut self, edge: Edge) -> u32 {
        if self.free == NONE {
            let index = u32::try_from(self.all.len()).ok().filter(|index| *index != NONE);
            self.all.push(edge);
            return index.expect("a store holds fewer than 2^32 dependencies");
        }
        let index = self.free;
        self.free = std::mem::replace(&mut self.all[index as usize], edge).next_source;
        index
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> &Edge {
        &self.all[index as usize]
    }

    #[inline]
    fn get_mut(&mut self, index: u32) -> &mut Edge {
        &mut self.all[index as usize]
    }
}

impl Graph {
    /// Adds an edge: behind `last` among those of the observer, and as the last one of the source.
    pub(super) fn link(&mut self, observer: u32, last: u32, source: u32) -> u32 {
        let previous_observer = self.node(source).last_observer;
        let (next_source, next_observer) = (NONE, NONE);
        let edge = Edge { source, observer, next_source, next_observer, previous_observer };
        let index = self.edges.add(edge);
        match last {
            NONE => self.node_mut(observer).first_source = index,
            last => self.edges.get_mut(last).next_source = index,
        }
        match previous_observer {
            NONE => self.node_mut(source).first_observer = index,
            previous => self.edges.get_mut(previous).next_observer = index,
        }
        self.node_mut(source).last_observer = index;
        if self.observation.is_some() {
            self.note_link(observer, source);
        }
        index
    }

    /// Has a derived cell that is clean depend on one more cell, behind those that it has read; false if that one is stale,
    /// which only a cell that cannot be computed is.
    pub(crate) fn add_source_to(&mut self, observer: u32, source: u32) -> bool {
        if self.node(source).colour != Colour::Clean {
            return false;
        }
        let mut last = self.node(observer).first_source;
        while last != NONE && self.edges.get(last).next_source != NONE {
            last = self.edges.get(last).next_source;
        }
        self.link(observer, last, source);
        true
    }

    /// Has a derived cell depend on nothing until it runs again.
    pub(crate) fn forget_sources(&mut self, observer: u32) {
        self.unlink_sources_after(observer, NONE);
    }

    /// The way from a cell up to one that it depends on, both included; `None` if it does not.
    pub(crate) fn way_up(&self, from: u32, to: u32) -> Option<Vec<u32>> {
        let mut came_from = FxHashMap::default();
        let mut next = vec![from];
        while let Some(index) = next.pop() {
            if index == to {
                let mut way = vec![to];
                while let Some(&below) = way.last().and_then(|index| came_from.get(index)) {
                    way.push(below);
                }
                way.reverse();
                return Some(way);
            }
            let mut edge = self.node(index).first_source;
            while edge != NONE {
                let Edge { source, next_source, .. } = *self.edges.get(edge);
                edge = next_source;
                if source != NONE && source != from && !came_from.contains_key(&source) {
                    came_from.insert(source, index);
                    next.push(source);
                }
            }
        }
        None
    }

    /// Removes the observer's edges behind `last`, or all of them.
    pub(super) fn unlink_sources_after(&mut self, observer: u32, last: u32) {
        let first = match last {
            NONE => &mut self.node_mut(observer).first_source,
            last => &mut self.edges.get_mut(last).next_source,
        };
        let mut index = std::mem::replace(first, NONE);
        while index != NONE {
            let edge = *self.edges.get(index);
            if edge.source != NONE {
                self.forget_observer(edge);
                if self.observation.is_some() {
                    self.note_unlink(observer, edge.source);
                }
            }
            self.edges.get_mut(index).next_source = self.edges.free;
            self.edges.free = index;
            index = edge.next_source;
        }
    }

    /// Takes an edge that its observer has given up from the list of its source.
    fn forget_observer(&mut self, edge: Edge) {
        match edge.previous_observer {
            NONE => self.node_mut(edge.source).first_observer = edge.next_observer,
            previous => self.edges.get_mut(previous).next_observer = edge.next_observer,
        }
        match edge.next_observer {
            NONE => self.node_mut(edge.source).last_observer = edge.previous_observer,
            next => self.edges.get_mut(next).previous_observer = edge.previous_observer,
        }
    }

    /// Has nobody read `source` any more, which is about to go; those who did have been stained. They keep an edge to
    /// nothing, which matches no read, until they run again.
    pub(super) fn unlink_observers(&mut self, source: u32) {
        let node = self.node_mut(source);
        let mut index = std::mem::replace(&mut node.first_observer, NONE);
        node.last_observer = NONE;
        while index != NONE {
            let edge = self.edges.get_mut(index);
            edge.source = NONE;
            let observer = edge.observer;
            index = edge.next_observer;
            self.node_mut(observer).colour = Colour::Dirty;
        }
    }
}
