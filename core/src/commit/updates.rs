//! Several in-place updates, one commit.

use super::{CommitNumber, UpdateResult, Writer, write::PanicPayload};
use crate::{
    cell::{Cell, Derived, Source},
    error::CellError,
    event::Event,
    executor::RunId,
    graph::Graph,
    lease,
};
use std::{
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
};

/// The inside of [`Store::updates`](crate::Store::updates): cells are updated in place, one after the other.
///
/// Unlike a transaction it copies nothing, and so cannot be undone: a closure that panics tears its own cell,
/// and the others keep what they have become.
pub struct Updates<'g> {
    /// The graph, inside the lease.
    pub(crate) graph: &'g mut Graph,
    /// Who writes.
    pub(crate) writer: Writer,
    /// The call to be named in errors, if it is not that of the method.
    called: Option<&'static Location<'static>>,
    /// The cells that have changed so far.
    changed: Vec<u32>,
    /// Whether any derived cell has to run again.
    refreshed: bool,
    /// The first panic.
    panicked: Option<PanicPayload>,
}

/// What several updates came to.
pub(crate) struct Updated<R> {
    /// What the closure returned, or its own panic.
    pub(crate) value: Result<R, PanicPayload>,
    /// The commit.
    pub(crate) number: Option<CommitNumber>,
    /// The first panic of an update.
    pub(crate) panicked: Option<PanicPayload>,
}

impl Graph {
    /// Runs several in-place updates and commits what they changed.
    pub(crate) fn update_several<R>(
        &mut self,
        writer: Writer,
        body: impl FnOnce(&mut Updates<'_>) -> R,
    ) -> Updated<R> {
        let changed = std::mem::take(&mut self.scratch);
        let mut updates = Updates {
            graph: self,
            writer,
            called: None,
            changed,
            refreshed: false,
            panicked: None,
        };
        let value = catch_unwind(AssertUnwindSafe(|| body(&mut updates)));
        let Updates { mut changed, refreshed, panicked, writer, .. } = updates;
        let anything = refreshed || !changed.is_empty();
        let mut unnoticed = !refreshed && self.goes_unnoticed();
        for &index in &changed {
            let node = self.node_mut(index);
            node.listed = false;
            unnoticed &= node.is_lonely();
        }
        let number = anything
            .then(|| if unnoticed { self.number_commit() } else { self.finish(&changed, writer) });
        changed.clear();
        self.scratch = changed;
        Updated { value, number, panicked }
    }
}

impl Updates<'_> {
    /// Updates a cell in place. If `update` panics the cell is torn, and the panic goes on when everything else
    /// has been done.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store, or is torn; if callbacks answer each other's writes
    /// without end.
    #[track_caller]
    pub fn update<T: Send + 'static, R: UpdateResult>(
        &mut self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<(), CellError> {
        let at = self.called.unwrap_or(Location::caller());
        let index = self.graph.locate(cell.key(), at)?;
        self.graph.check_depth(index, self.writer)?;
        if let Some(error) = self.graph.error(index) {
            return Err(error);
        }
        let (changed, panicked) = self.graph.update_value(index, at, update);
        if changed {
            self.note_changed(index);
        }
        if let Some(payload) = panicked {
            self.panicked.get_or_insert(payload);
        }
        Ok(())
    }

    /// Has a panic go on when everything else has been done.
    pub(crate) fn note_panic(&mut self, payload: PanicPayload) {
        self.panicked.get_or_insert(payload);
    }

    /// A cell is different: stains what depends on it, and makes it part of the commit.
    pub(crate) fn note_changed(&mut self, index: u32) {
        self.graph.mark(index);
        if !std::mem::replace(&mut self.graph.node_mut(index).listed, true) {
            self.changed.push(index);
        }
    }

    /// Has a derived cell run again when it is next looked at, whatever it has read; at the end of this commit if it is
    /// observed. See [`Store::recompute`](crate::Store::recompute): for front ends that know better than the graph
    /// which part of a large value a cell depends on.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store.
    #[track_caller]
    pub fn recompute<T: Send + 'static>(&mut self, cell: Derived<T>) -> Result<(), CellError> {
        let index = self.graph.locate(cell.key(), Location::caller())?;
        self.graph.mark_for_refresh(index);
        self.refreshed = true;
        Ok(())
    }

    /// Tells the observers of an event, in front of the commit that these updates come to: for front ends, whose
    /// dispatches are events too. The event is made only if anybody observes.
    #[inline]
    pub fn note(&mut self, event: impl FnOnce() -> Event) {
        self.graph.note(|_| event());
    }

    /// Names another call as the one that writes, in the cause of the commit and in errors, those of code that asks for a store
    /// meanwhile included: for front ends, whose users know nothing of the call that entered the lease.
    #[inline]
    pub fn called_at(&mut self, caller: &'static Location<'static>) {
        self.writer.location = caller;
        self.called = Some(caller);
        lease::called_at(caller);
    }

    /// Names a run that the commit is a part of, in its cause, though it is not made through its context: for front ends that
    /// take back what a run has done when it is over.
    #[inline]
    pub fn caused_by(&mut self, run: RunId) {
        self.writer.run = Some(run);
    }

    /// The value of a cell, the updates so far included, or why it has none.
    ///
    /// # Errors
    ///
    /// As [`Store::try_get`](crate::Store::try_get).
    #[track_caller]
    pub fn get<C: Cell>(&mut self, cell: C) -> Result<C::Value, CellError>
    where
        C::Value: Clone,
    {
        self.graph.read(cell, Location::caller(), C::Value::clone)
    }

    /// Looks at the value of a cell, the updates so far included, without a copy.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn with<C: Cell, R>(
        &mut self,
        cell: C,
        look: impl FnOnce(&C::Value) -> R,
    ) -> Result<R, CellError> {
        self.graph.read(cell, Location::caller(), look)
    }
}

impl fmt::Debug for Updates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Updates").field("writer", &self.writer).finish_non_exhaustive()
    }
}
