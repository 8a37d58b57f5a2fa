//! Marking: a change is pushed down the graph as a colour.
//!
//! The cells that read the changed one become `Dirty`, what is below them `Check`; cells with subscribers are collected on the
//! way, for the end of the commit. A cell that is stained already is not descended into, which is sound since below a
//! stained cell there are only stained ones: so a hundred writes in one transaction mark what they reach once.

use super::{Colour, Graph, node::NONE};

impl Graph {
    /// Stains everything below `source`, whose value has changed: its direct observers `Dirty`, the rest
    /// `Check`. Breadth first, without recursion; stained nodes are not descended into again.
    #[inline]
    pub(crate) fn mark(&mut self, source: u32) {
        if self.node(source).has_observers() {
            self.mark_observers(source);
        }
    }

    fn mark_observers(&mut self, source: u32) {
        if self.observed {
            self.note_change(source);
        }
        self.stain_observers(source, Colour::Dirty);
        let mut next = 0;
        while let Some(&index) = self.mark_queue.get(next) {
            next += 1;
            self.stain_observers(index, Colour::Check);
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

    #[inline]
    fn stain_observers(&mut self, source: u32, colour: Colour) {
        let mut next = self.node(source).first_observer;
        while next != NONE {
            self.count_step();
            let edge = self.edges.get(next);
            let index = edge.observer;
            next = edge.next_observer;
            let node = &mut self.nodes[index as usize];
            if node.colour >= colour {
                continue;
            }
            let was_clean = node.colour == Colour::Clean;
            node.colour = colour;
            if was_clean {
                if node.has_observers() {
                    self.mark_queue.push(index);
                }
                // In a transaction a node can be stained, read, and stained again.
                if node.topic != NONE && !node.queued {
                    node.queued = true;
                    self.affected.push(index);
                }
            }
        }
    }

    /// A derived cell has a new value: those who only had to check must run.
    #[inline]
    pub(super) fn upgrade_observers(&mut self, source: u32) {
        let mut next = self.node(source).first_observer;
        while next != NONE {
            self.count_step();
            let edge = self.edges.get(next);
            let node = &mut self.nodes[edge.observer as usize];
            next = edge.next_observer;
            // A clean observer of a stale source is the one that is running now.
            if node.colour == Colour::Check {
                node.colour = Colour::Dirty;
            }
        }
    }
}
