//! The reader: what a derivation is handed to read other cells with.

use super::{Colour, Graph};
use crate::{
    cell::{Cell, CellKey},
    error::CellError,
};
use std::{
    fmt,
    panic::{Location, resume_unwind},
};

/// Reads cells for a derivation and remembers which.
///
/// Dependencies are found anew at each run: what the last run read decides when the next one is due.
///
/// ```
/// use trine_core::Store;
///
/// let store = Store::new();
/// let celsius = store.source(true);
/// let kelvin = store.source(300.0_f64);
/// let shown = store.derived(move |cx| {
///     if cx.get(celsius) { cx.get(kelvin) - 273.15 } else { cx.get(kelvin) }
/// });
/// assert_eq!(store.get(shown).round(), 27.0);
/// ```
pub struct Reader<'g> {
    /// The graph, inside the lease.
    graph: &'g mut Graph,
    /// The cell whose derivation runs.
    owner: u32,
    /// The number of this run.
    stamp: u64,
    /// How many of the reads so far were the same as last time.
    matched: usize,
}

impl<'g> Reader<'g> {
    #[inline]
    pub(super) fn begin(graph: &'g mut Graph, owner: u32) -> Self {
        graph.run_stamp += 1;
        let stamp = graph.run_stamp;
        Self { graph, owner, stamp, matched: 0 }
    }

    /// Gives up the dependencies of the last run that this one did not read.
    #[inline]
    pub(super) fn end(&mut self) {
        if self.matched < self.graph.sources(self.owner).len() {
            self.graph.unlink_sources_from(self.owner, self.matched);
        }
    }

    #[inline]
    pub(super) fn graph(&mut self) -> &mut Graph {
        self.graph
    }

    /// The value of a cell.
    ///
    /// # Panics
    ///
    /// If the cell has no value (it was removed, its own derivation failed, it is part of a cycle): the
    /// derivation ends here and the error becomes that of the derived cell. Use [`try_get`](Self::try_get)
    /// to go on instead.
    #[inline]
    #[track_caller]
    pub fn get<C: Cell>(&mut self, cell: C) -> C::Value
    where
        C::Value: Clone,
    {
        self.with(cell, C::Value::clone)
    }

    /// The value of a cell, or why it has none.
    ///
    /// # Errors
    ///
    /// If the cell was removed, its derivation failed, or it is part of a cycle.
    #[inline]
    #[track_caller]
    pub fn try_get<C: Cell>(&mut self, cell: C) -> Result<C::Value, CellError>
    where
        C::Value: Clone,
    {
        self.try_with(cell, C::Value::clone)
    }

    /// Looks at the value of a cell without cloning it.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    #[track_caller]
    pub fn with<C: Cell, R>(&mut self, cell: C, read: impl FnOnce(&C::Value) -> R) -> R {
        match self.try_with(cell, read) {
            Ok(value) => value,
            // Not `panic!`: the error travels to the derived cell as it is, without the panic hook.
            Err(error) => resume_unwind(Box::new(error)),
        }
    }

    /// Looks at the value of a cell without cloning it, or says why it has none.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    #[inline]
    #[track_caller]
    pub fn try_with<C: Cell, R>(
        &mut self,
        cell: C,
        read: impl FnOnce(&C::Value) -> R,
    ) -> Result<R, CellError> {
        let index = self.track(cell.key(), Location::caller())?;
        self.graph.read_clean(index, read)
    }

    /// Brings the cell up to date and makes it a dependency.
    #[inline]
    fn track(&mut self, key: CellKey, used: &'static Location<'static>) -> Result<u32, CellError> {
        let index = self.graph.locate(key, used)?;
        let node = self.graph.node_mut(index);
        if node.read_by == self.stamp {
            return Ok(index);
        }
        if node.colour == Colour::Clean {
            node.read_by = self.stamp;
            if self.is_next(index) {
                self.matched += 1;
                return Ok(index);
            }
        }
        self.track_anew(index)
    }

    /// Whether the last run's next read was this one.
    #[inline]
    fn is_next(&self, index: u32) -> bool {
        self.graph.sources(self.owner).get(self.matched).is_some_and(|edge| edge.node == index)
    }

    /// Tracks a cell that is stale, or that the last run did not read at this point.
    #[inline(never)]
    fn track_anew(&mut self, index: u32) -> Result<u32, CellError> {
        let outcome = self.graph.pull(index);
        if outcome.is_ok() {
            self.graph.node_mut(index).read_by = self.stamp;
        }
        // Linked even if it failed: the derivation is due again when the cell recovers.
        if !self.is_next(index) {
            self.graph.unlink_sources_from(self.owner, self.matched);
            self.graph.link(self.owner, index);
        }
        self.matched += 1;
        outcome.map(|()| index)
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("cell", &self.graph.label(self.owner))
            .finish_non_exhaustive()
    }
}
