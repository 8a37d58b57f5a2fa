//! Marking: a change is pushed down the graph as a colour.
//!
//! The cells that read the changed one become `Dirty`, what is below them `Check`; cells with subscribers are collected on the
//! way, for the end of the commit. A cell that is stained already is not descended into, which is sound since below a
//! stained cell there are only stained ones: so a hundred writes in one transaction mark what they reach once.

use super::{Colour, Graph, count_step, node::NONE};

impl Graph {
    /// Stains everything below `source`, whose value has changed: its direct observers `Dirty`, the rest
    /// `Check`. Without recursion; stained nodes are not descended into again.
    #[inline]
    pub(crate) fn mark(&mut self, source: u32) {
        let first = self.node(source).first_observer;
        if first != NONE {
            if self.observed {
                self.note_change(source);
            }
            self.stain(first, Colour::Dirty);
        }
    }

    /// Stains the nodes on a list of observers with a colour, and what is below them `Check`.
    fn stain(&mut self, first: u32, colour: Colour) {
        let (nodes, edges) = (&mut self.nodes[..], &self.edges.all[..]);
        let (mut colour, mut next, mut taken) = (colour, first, 0);
        loop {
            while next != NONE {
                count_step!(self);
                let edge = &edges[next as usize];
                next = edge.next_observer;
                let node = &mut nodes[edge.observer as usize];
                if node.colour >= colour {
                    continue;
                }
                let was_clean = node.colour == Colour::Clean;
                node.colour = colour;
                if !was_clean {
                    continue;
                }
                // In a transaction a node can be stained, read, and stained again.
                if node.topic != NONE && !node.queued {
                    node.queued = true;
                    self.affected.push(edge.observer);
                }
                if node.first_observer == NONE {
                    continue;
                }
                if next == NONE && colour == Colour::Check {
                    // Nothing is left on this list: straight down.
                    next = node.first_observer;
                } else {
                    self.mark_queue.push(node.first_observer);
                }
            }
            colour = Colour::Check;
            match self.mark_queue.get(taken) {
                Some(list) => next = *list,
                None => break,
            }
            taken += 1;
        }
        self.mark_queue.clear();
    }

    /// Stains a derived cell itself `Dirty`, and everything below it.
    pub(crate) fn mark_dirty(&mut self, index: u32) {
        self.mark(index);
        let node = self.node_mut(index);
        node.colour = Colour::Dirty;
        if node.topic != NONE && !node.queued {
            node.queued = true;
            self.affected.push(index);
        }
    }

    /// Stains a derived cell itself `Dirty`, though nothing that it has read has changed; everything below it has to check.
    pub(crate) fn mark_for_refresh(&mut self, index: u32) {
        let first = self.node(index).first_observer;
        if first != NONE {
            self.stain(first, Colour::Check);
        }
        let node = self.node_mut(index);
        node.colour = Colour::Dirty;
        if node.topic != NONE && !node.queued {
            node.queued = true;
            self.affected.push(index);
        }
    }

    /// A derived cell has a new value: those on the list of its observers who only had to check must run.
    #[inline]
    pub(super) fn upgrade_observers(&mut self, first: u32) {
        let (nodes, edges) = (&mut self.nodes[..], &self.edges.all[..]);
        let mut next = first;
        while next != NONE {
            count_step!(self);
            let edge = &edges[next as usize];
            let node = &mut nodes[edge.observer as usize];
            next = edge.next_observer;
            // A clean observer of a stale source is the one that is running now.
            if node.colour == Colour::Check {
                node.colour = Colour::Dirty;
            }
        }
    }
}
