//! The reader: what a derivation is handed to read other cells with.

use super::{Colour, Graph, node::NONE};
use crate::{
    cell::{Cell, CellBuilder, CellKey, Workshop},
    error::CellError,
};
use std::{
    fmt,
    panic::{Location, resume_unwind},
    sync::Arc,
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
    stamp: u32,
    /// The edge of the last read that added or met one.
    last: u32,
    /// The edge that the next read will meet if it is the same as last time.
    next: u32,
}

impl<'g> Reader<'g> {
    #[inline]
    pub(super) fn begin(graph: &'g mut Graph, owner: u32) -> Self {
        let stamp = graph.next_run();
        let next = graph.node(owner).first_source;
        Self { graph, owner, stamp, last: NONE, next }
    }

    /// Gives up the dependencies of the last run that this one did not read.
    #[inline]
    pub(super) fn end(&mut self) {
        if self.next != NONE {
            self.next = NONE;
            self.graph.unlink_sources_after(self.owner, self.last);
        }
    }

    /// Begins a cell with a name, as [`Store::cell`](crate::Store::cell) does: for front ends that make the cells of their
    /// definitions on first use, which may be in a derivation. The cell stays when the derivation runs again, so whoever
    /// makes one remembers it.
    pub fn cell(&mut self, name: impl Into<Arc<str>>) -> CellBuilder<'_> {
        CellBuilder::new(Workshop::Lease(self.graph), name.into())
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
        match self.track(cell.key(), Location::caller()) {
            Ok(index) => self.graph.read_clean::<C, R>(index, read),
            Err(error) => Err(error),
        }
    }

    /// Looks at the value of a cell without depending on it: the derivation does not run again when that changes, so what it
    /// returns may be out of date. It is for derivations that are told by other means when to run, such as
    /// [`Updates::recompute`](crate::Updates::recompute), and for values that do not change any more.
    ///
    /// ```
    /// use trine_core::Store;
    ///
    /// let store = Store::new();
    /// let (query, page) = (store.source("a"), store.source(1));
    /// let title = store.derived(move |cx| {
    ///     format!("{}, found when on page {}", cx.get(query), cx.with_untracked(page, |page| *page))
    /// });
    /// assert_eq!(store.get(title), "a, found when on page 1");
    /// store.set(page, 2);
    /// assert_eq!(store.get(title), "a, found when on page 1");
    /// store.set(query, "b");
    /// assert_eq!(store.get(title), "b, found when on page 2");
    /// ```
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get). The error stays that of the derived cell until it runs again.
    #[track_caller]
    pub fn with_untracked<C: Cell, R>(&mut self, cell: C, read: impl FnOnce(&C::Value) -> R) -> R {
        match self.try_with_untracked(cell, read) {
            Ok(value) => value,
            Err(error) => resume_unwind(Box::new(error)),
        }
    }

    /// Looks at the value of a cell without depending on it, or says why it has none.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    #[track_caller]
    pub fn try_with_untracked<C: Cell, R>(
        &mut self,
        cell: C,
        read: impl FnOnce(&C::Value) -> R,
    ) -> Result<R, CellError> {
        let index = self.graph.locate(cell.key(), Location::caller())?;
        self.graph.pull(index)?;
        self.graph.read_clean::<C, R>(index, read)
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
            if self.meets(index) {
                return Ok(index);
            }
        }
        self.track_anew(index)
    }

    /// Whether the last run's next read was this one; if so, goes on to the one after it.
    #[inline]
    fn meets(&mut self, index: u32) -> bool {
        if self.next == NONE {
            return false;
        }
        let edge = self.graph.edges.get(self.next);
        if edge.source != index {
            return false;
        }
        self.last = self.next;
        self.next = edge.next_source;
        true
    }

    /// Tracks a cell that is stale, or that the last run did not read at this point.
    #[inline(never)]
    fn track_anew(&mut self, index: u32) -> Result<u32, CellError> {
        let outcome = self.graph.pull(index);
        if outcome.is_ok() {
            self.graph.node_mut(index).read_by = self.stamp;
        }
        // Linked even if it failed: the derivation is due again when the cell recovers.
        if !self.meets(index) {
            self.end();
            self.last = self.graph.link(self.owner, self.last, index);
        }
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
