//! Marking: a change is pushed down the graph as a colour.

use super::{Colour, Graph};

impl Graph {
    /// Stains everything below `source`, whose value has changed: its direct observers `Dirty`, the rest
    /// `Check`. Breadth first, without recursion; stained nodes are not descended into again.
    #[inline]
    pub(crate) fn mark(&mut self, source: u32) {
        if !self.node(source).observers.is_empty() {
            self.mark_observers(source);
        }
    }

    fn mark_observers(&mut self, source: u32) {
        let mut queue = std::mem::take(&mut self.mark_queue);
        self.stain_observers(source, Colour::Dirty, &mut queue);
        let mut next = 0;
        while let Some(&index) = queue.get(next) {
            next += 1;
            self.stain_observers(index, Colour::Check, &mut queue);
        }
        queue.clear();
        self.mark_queue = queue;
    }

    /// Stains a derived cell itself `Dirty`, and everything below it.
    pub(crate) fn mark_dirty(&mut self, index: u32) {
        self.mark(index);
        let node = self.node_mut(index);
        node.colour = Colour::Dirty;
        if node.topic.is_some() && !node.queued {
            node.queued = true;
            self.affected.push(index);
        }
    }

    fn stain_observers(&mut self, source: u32, colour: Colour, queue: &mut Vec<u32>) {
        // By position, since the list is inside what is written to.
        for position in 0..self.node(source).observers.len() {
            let index = self.node(source).observers[position].node;
            let node = self.node_mut(index);
            if node.colour >= colour {
                continue;
            }
            let was_clean = node.colour == Colour::Clean;
            node.colour = colour;
            if was_clean {
                if !node.observers.is_empty() {
                    queue.push(index);
                }
                // In a transaction a node can be stained, read, and stained again.
                if node.topic.is_some() && !node.queued {
                    node.queued = true;
                    self.affected.push(index);
                }
            }
        }
    }

    /// A derived cell has a new value: those who only had to check must run.
    pub(super) fn upgrade_observers(&mut self, source: u32) {
        for position in 0..self.node(source).observers.len() {
            let edge = self.node(source).observers[position];
            let node = self.node_mut(edge.node);
            // A clean observer of a stale source is the one that is running now.
            if node.colour == Colour::Check {
                node.colour = Colour::Dirty;
            }
        }
    }
}
