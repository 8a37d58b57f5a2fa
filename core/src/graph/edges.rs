//! Edges: who reads whom.
//!
//! An edge from an observer to a source is stored twice: in the observer's list of sources and in the
//! source's list of observers. Each half holds the position of the other, so that either end removes it by
//! swapping the last entry into its place and correcting one number, whatever the length of the lists.

use super::{Colour, Graph};

/// One half of an edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// The node at the other end.
    pub(super) node: u32,
    /// Where in the other end's list the other half is.
    pub(super) position: u32,
}

impl Graph {
    /// Adds an edge at the end of both lists.
    pub(super) fn link(&mut self, observer: u32, source: u32) {
        let slot = self.sources(observer).len() as u32;
        let observers = &mut self.node_mut(source).observers;
        let position = observers.len() as u32;
        observers.push(Edge { node: observer, position: slot });
        self.sources_mut(observer).push(Edge { node: source, position });
    }

    /// Removes the observer's edges from the `first`th source on.
    pub(super) fn unlink_sources_from(&mut self, observer: u32, first: usize) {
        if self.node(observer).derivation.is_none() {
            return;
        }
        while self.sources(observer).len() > first {
            let edge = self.sources_mut(observer).pop().expect("longer than `first`");
            self.forget_observer(edge);
        }
    }

    /// Removes all edges to those who read `source`; they have been stained.
    pub(super) fn unlink_observers(&mut self, source: u32) {
        for edge in std::mem::take(&mut self.node_mut(source).observers) {
            let slot = edge.position as usize;
            let sources = self.sources_mut(edge.node);
            sources.swap_remove(slot);
            if let Some(&moved) = sources.get(slot) {
                self.node_mut(moved.node).observers[moved.position as usize].position = slot as u32;
            }
            self.node_mut(edge.node).colour = Colour::Dirty;
        }
    }

    /// Removes the source's half of `edge`, which the observer has given up.
    fn forget_observer(&mut self, edge: Edge) {
        let position = edge.position as usize;
        let observers = &mut self.node_mut(edge.node).observers;
        observers.swap_remove(position);
        if let Some(&moved) = observers.get(position) {
            self.sources_mut(moved.node)[moved.position as usize].position = edge.position;
        }
    }

    /// What the derived cell's last run read.
    #[inline]
    pub(super) fn sources(&self, observer: u32) -> &[Edge] {
        self.node(observer).derivation.as_ref().map_or(&[], |derivation| &derivation.sources)
    }

    fn sources_mut(&mut self, observer: u32) -> &mut Vec<Edge> {
        &mut self
            .node_mut(observer)
            .derivation
            .as_mut()
            .expect("only derived cells have sources")
            .sources
    }
}
