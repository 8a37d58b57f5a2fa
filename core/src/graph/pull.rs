//! Pulling: a stained cell becomes clean again, running as few derivations as possible.
//!
//! [`Graph::pull`] walks up from a stained node with a stack of its own, so a chain of a million linked
//! cells needs no more of the thread's stack than a chain of one. Derivations run when everything that they
//! read last time is clean. The thread's stack grows only where a derivation reads a cell that it had not
//! read before and that is stale itself: the users' closures nest there, up to `max_depth`.
//!
//! A derivation all of whose *known* sources are pulled before it runs might run a source that it would not
//! have read any more (`if cx.get(flag) { cx.get(costly) }`). So a `Dirty` node runs at once and pulls what
//! it really reads, unless reads are already nested [`EAGER_DEPTH`] deep: then keeping the stack short wins.

use super::{Colour, Graph, count_step, node::NONE};
use crate::{
    cell::{AnyCell, Ran},
    error::{CellError, CellErrorKind, panic_message},
    event::Event,
    text::Text,
};
use std::sync::Arc;

/// From this nesting on, the known sources of a `Dirty` node are pulled before it runs.
const EAGER_DEPTH: usize = 32;

impl Graph {
    /// Brings a cell up to date. An `Err` is the reason why it has no value now.
    #[inline]
    pub(crate) fn pull(&mut self, target: u32) -> Result<(), CellError> {
        match self.node(target).colour {
            Colour::Clean => Ok(()),
            Colour::Dirty if self.running.len() < EAGER_DEPTH => self.recompute(target),
            _ => self.pull_stale(target),
        }
    }

    fn pull_stale(&mut self, target: u32) -> Result<(), CellError> {
        let base = self.pull_stack.len();
        // The cell that is looked at, and the edge to the next of its sources.
        let (mut index, mut next) = (target, self.node(target).first_source);
        loop {
            count_step!(self);
            let colour = self.ascend(&mut index, &mut next);
            if colour == Colour::Dirty {
                if self.running.len() >= EAGER_DEPTH
                    && let Some(source) = self.next_stale_source(&mut next)
                {
                    self.node_mut(index).visiting = true;
                    self.pull_stack.push((index, next));
                    (index, next) = (source, self.node(source).first_source);
                    continue;
                }
                if let Err(error) = self.recompute(index) {
                    self.abandon_pull(base);
                    return Err(error);
                }
            } else {
                self.node_mut(index).colour = Colour::Clean;
            }
            if self.pull_stack.len() == base {
                return Ok(());
            }
            (index, next) = self.pull_stack.pop().expect("longer than `base`");
            self.node_mut(index).visiting = false;
        }
    }

    /// From a cell that has to check its sources, goes up to the first stale one that need not check any, or has none left
    /// to check; returns whether that must run. (A function of its own, so that it takes no stack while derivations nest.)
    #[inline]
    fn ascend(&mut self, index: &mut u32, next: &mut u32) -> Colour {
        // Not by way of `self`, so that both stay at hand.
        let (nodes, edges) = (&mut self.nodes[..], &self.edges.all[..]);
        let mut colour = nodes[*index as usize].colour;
        while colour == Colour::Check && *next != NONE {
            count_step!(self);
            let edge = &edges[*next as usize];
            *next = edge.next_source;
            let Some(source) = nodes.get_mut(edge.source as usize) else { continue };
            if source.colour == Colour::Clean || source.visiting {
                continue;
            }
            if source.cell.is_none() {
                // It is running: the cell reads itself in a circle. Let it run into the cycle and say so.
                return Colour::Dirty;
            }
            let above = (edge.source, source.first_source);
            colour = source.colour;
            nodes[*index as usize].visiting = true;
            self.pull_stack.push((*index, *next));
            (*index, *next) = above;
        }
        colour
    }

    /// The next source that is to be pulled before a cell runs, where closures are nested deep already.
    #[cold]
    fn next_stale_source(&self, next: &mut u32) -> Option<u32> {
        while *next != NONE {
            count_step!(self);
            let edge = self.edges.get(*next);
            *next = edge.next_source;
            if edge.source == NONE {
                continue;
            }
            let source = self.node(edge.source);
            // A cell that is running is left to be run into: a circle.
            if source.colour != Colour::Clean && !source.visiting && source.cell.is_some() {
                return Some(edge.source);
            }
        }
        None
    }

    /// Brings a cell up to date however deep its first read nests: where the nesting reaches its limit, the
    /// read starts anew from there and the cells above it try again, so that each derivation is begun at most
    /// twice.
    pub(crate) fn warm(&mut self, target: u32) {
        let mut pending = vec![target];
        while let Some(&index) = pending.last() {
            match self.pull(index) {
                Err(error) if matches!(error.kind(), CellErrorKind::TooDeep { .. }) => {
                    pending.push(self.too_deep_at.expect("noted with the error"));
                }
                _ => {
                    pending.pop();
                }
            }
        }
    }

    /// Forgets a pull that cannot go on.
    #[cold]
    fn abandon_pull(&mut self, base: usize) {
        for (index, _) in self.pull_stack.split_off(base) {
            self.node_mut(index).visiting = false;
        }
    }

    /// Runs the derivation of a dirty cell. What goes wrong in it is kept as the cell's error; an `Err` means
    /// that it could not be run at all and stays dirty.
    fn recompute(&mut self, index: u32) -> Result<(), CellError> {
        match self.begin_run(index) {
            Ok(mut cell) => {
                let ran = cell.run(self, index);
                self.end_run(index, cell, ran)
            }
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn begin_run(&mut self, index: u32) -> Result<Box<dyn AnyCell>, CellError> {
        if self.running.len() >= self.max_depth {
            return Err(self.too_deep(index));
        }
        let Some(cell) = self.node_mut(index).cell.take() else {
            return Err(self.cycle(index));
        };
        self.running.push(index);
        Ok(cell)
    }

    #[inline]
    fn end_run(&mut self, index: u32, cell: Box<dyn AnyCell>, ran: Ran) -> Result<(), CellError> {
        self.running.pop();
        let node = self.node_mut(index);
        node.cell = Some(cell);
        node.colour = Colour::Clean;
        let changed = match ran {
            Ran::Same => false,
            Ran::Changed => true,
            Ran::Panicked => self.fail(index)?,
        };
        if changed {
            let node = self.node_mut(index);
            node.changed = true;
            let first = node.first_observer;
            self.upgrade_observers(first);
        }
        if self.observed {
            self.note_run(index, changed);
        }
        Ok(())
    }

    #[cold]
    fn too_deep(&mut self, index: u32) -> CellError {
        self.too_deep_at = Some(index);
        let (cell, limit) = (self.label(index), self.max_depth);
        CellError::new(CellErrorKind::TooDeep { cell, limit })
    }

    /// Keeps what a derivation panicked with as the cell's error; returns whether that is news. The reads of
    /// a [`Reader`] panic with the error of the cell that they read, which is handed on as it is.
    #[cold]
    fn fail(&mut self, index: u32) -> Result<bool, CellError> {
        let payload = self.panicked.take().expect("kept by the run");
        let error = match payload.downcast::<CellError>() {
            Ok(error) => *error,
            Err(payload) => {
                let (cell, message) = (self.label(index), panic_message(&*payload));
                self.garbage.push(payload);
                let text = Text::from(Arc::clone(&message));
                self.note(|graph| Event::failed("the derivation of", graph.label(index), text));
                CellError::new(CellErrorKind::Panicked { cell, message })
            }
        };
        if matches!(error.kind(), CellErrorKind::TooDeep { .. }) {
            // Not a property of the cell: the next read tries again.
            self.node_mut(index).colour = Colour::Dirty;
            return Err(error);
        }
        let before = self.error(index);
        let changed = before.is_none_or(|before| !before.is_like(&error));
        if changed {
            if self.needs_journal(index) {
                let kept = self.node_mut(index).cell_mut().keep();
                self.journal_keep(index, kept);
            }
            self.set_error(index, Some(error));
        }
        Ok(changed)
    }

    /// The error of a derivation that reads itself, with the way round.
    #[cold]
    fn cycle(&self, index: u32) -> CellError {
        let start = self.running.iter().position(|&running| running == index).unwrap_or(0);
        let mut path: Vec<_> = self.running[start..].iter().map(|&cell| self.label(cell)).collect();
        path.push(self.label(index));
        CellError::new(CellErrorKind::Cycle { path })
    }
}
