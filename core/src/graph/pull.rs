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

use super::{Colour, Graph, Reader};
use crate::{
    error::{CellError, CellErrorKind, panic_message},
    event::Event,
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// From this nesting on, the known sources of a `Dirty` node are pulled before it runs.
const EAGER_DEPTH: usize = 32;

/// A derivation's closure, whatever the type of its value.
pub(super) trait Compute: Send {
    /// Runs the closure for the cell at `index` and stores the value; returns whether it differs from the
    /// one before. An `Err` is the payload of a panic.
    fn run(&mut self, graph: &mut Graph, index: u32) -> Result<bool, Box<dyn Any + Send>>;
}

/// Hides the type of a derivation's closure.
pub(super) fn compute<T: Send + 'static>(
    f: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
) -> Box<dyn Compute> {
    Box::new(f)
}

impl<T, F> Compute for F
where
    T: Send + 'static,
    F: FnMut(&mut Reader<'_>) -> T + Send + 'static,
{
    fn run(&mut self, graph: &mut Graph, index: u32) -> Result<bool, Box<dyn Any + Send>> {
        let mut reader = Reader::begin(graph, index);
        // The closure is the user's; so is the comparison. Neither leaves the graph half changed: edges and
        // value are written by us, before and after.
        catch_unwind(AssertUnwindSafe(|| {
            let value = self(&mut reader);
            reader.end();
            reader.graph().store_derived::<T>(index, value)
        }))
        .inspect_err(|_| reader.end())
    }
}

impl Graph {
    /// Brings a cell up to date. An `Err` is the reason why it has no value now.
    pub(crate) fn pull(&mut self, target: u32) -> Result<(), CellError> {
        let base = self.pull_stack.len();
        let (mut index, mut cursor) = (target, 0);
        loop {
            if let Some(source) = self.next_stale_source(index, &mut cursor) {
                self.node_mut(index).visiting = true;
                self.pull_stack.push((index, cursor));
                (index, cursor) = (source, 0);
                continue;
            }
            let node = self.node_mut(index);
            node.visiting = false;
            match node.colour {
                Colour::Clean => {}
                Colour::Check => node.colour = Colour::Clean,
                Colour::Dirty => {
                    if let Err(error) = self.recompute(index) {
                        self.abandon_pull(base);
                        return Err(error);
                    }
                }
            }
            if self.pull_stack.len() == base {
                return Ok(());
            }
            (index, cursor) = self.pull_stack.pop().expect("longer than `base`");
        }
    }

    /// The next source that is to be pulled before it is clear what to do with a cell.
    fn next_stale_source(&mut self, index: u32, cursor: &mut u32) -> Option<u32> {
        loop {
            let node = self.node(index);
            let must_look = match node.colour {
                Colour::Clean => false,
                Colour::Check => true,
                Colour::Dirty => self.running.len() >= EAGER_DEPTH,
            };
            if !must_look {
                return None;
            }
            let edge = *node.derivation.as_ref()?.sources.get(*cursor as usize)?;
            *cursor += 1;
            let source = self.node(edge.node);
            if source.colour == Colour::Clean {
                continue;
            }
            if self.is_running(edge.node) {
                // Reads itself in a circle: let it run into the cycle and say so.
                self.node_mut(index).colour = Colour::Dirty;
            } else if !source.visiting {
                return Some(edge.node);
            }
        }
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

    /// Whether the cell's derivation is under way.
    fn is_running(&self, index: u32) -> bool {
        self.node(index).derivation.as_ref().is_some_and(|derivation| derivation.compute.is_none())
    }

    /// Runs the derivation of a dirty cell. What goes wrong in it is kept as the cell's error; an `Err` means
    /// that it could not be run at all and stays dirty.
    fn recompute(&mut self, index: u32) -> Result<(), CellError> {
        if self.running.len() >= self.max_depth {
            self.too_deep_at = Some(index);
            let (cell, limit) = (self.label(index), self.max_depth);
            return Err(CellError::new(CellErrorKind::TooDeep { cell, limit }));
        }
        let derivation =
            self.node_mut(index).derivation.as_mut().expect("only derived cells stain");
        let Some(mut compute) = derivation.compute.take() else {
            return Err(self.cycle(index));
        };
        self.running.push(index);
        let result = compute.run(self, index);
        self.running.pop();
        let epoch = self.epoch;
        let node = self.node_mut(index);
        node.colour = Colour::Clean;
        let derivation = node.derivation.as_mut().expect("still derived");
        derivation.compute = Some(compute);
        let changed = match result {
            Ok(changed) => changed,
            Err(payload) => self.fail(index, payload)?,
        };
        if changed {
            let node = self.node_mut(index);
            node.derivation.as_mut().expect("still derived").changed_at = epoch;
            if !node.observers.is_empty() {
                self.upgrade_observers(index);
            }
        }
        self.note(|graph| Event::Recomputed { cell: graph.label(index), changed });
        Ok(())
    }

    /// Keeps what a derivation panicked with as the cell's error; returns whether that is news. The reads of
    /// a [`Reader`] panic with the error of the cell that they read, which is handed on as it is.
    #[cold]
    fn fail(&mut self, index: u32, payload: Box<dyn Any + Send>) -> Result<bool, CellError> {
        let error = match payload.downcast::<CellError>() {
            Ok(error) => *error,
            Err(payload) => {
                let (cell, message) = (self.label(index), panic_message(&*payload));
                self.garbage.push(payload);
                CellError::new(CellErrorKind::Panicked { cell, message })
            }
        };
        if matches!(error.kind(), CellErrorKind::TooDeep { .. }) {
            // Not a property of the cell: the next read tries again.
            self.node_mut(index).colour = Colour::Dirty;
            return Err(error);
        }
        let before = self.error(index);
        let changed = before.as_ref() != Some(&error);
        if changed {
            self.journal_derived(index);
            self.set_error(index, Some(error));
        }
        Ok(changed)
    }

    /// Stores the value of a derivation that came to its end; returns whether it differs.
    fn store_derived<T: Send + 'static>(&mut self, index: u32, value: T) -> bool {
        let keep = self.needs_journal(index);
        let node = self.node_mut(index);
        let failed = node.failed;
        let cell = node.value.downcast_mut::<T>();
        if !failed
            && let Some(old) = &cell.value
            && (cell.same)(old, &value)
        {
            self.discard(value);
            return false;
        }
        let old = if keep {
            self.journal_derived(index);
            self.node_mut(index).value.downcast_mut::<T>().value.replace(value)
        } else {
            cell.value.replace(value)
        };
        if let Some(old) = old {
            self.discard(old);
        }
        if failed {
            self.set_error(index, None);
        }
        true
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
