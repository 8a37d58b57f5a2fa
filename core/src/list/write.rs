//! Writing lists: alone, among several updates, in a transaction, from a run.
//!
//! All go through [`Graph::edit_items`], which runs the edit and collects what it noted; they differ in what becomes of it: a
//! commit, a part of one, an entry in the journal. An edit that panics tears the list only if it had changed something.

use super::{
    ListCell,
    edit::{ListEdit, Notes},
    log::{DiffLog, PendingMark},
    undo::ListUndo,
};
use crate::{
    cell::Cell,
    commit::{Commit, CommitNumber, PanicPayload, Transaction, Updates, Writer},
    error::CellError,
    executor::{ContextError, RunContext},
    graph::Graph,
    store::Store,
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::{Arc, Weak},
};

impl Store {
    /// Edits a list in place, as one commit: see [`ListEdit`]. Returns what `edit` does. An edit that changes nothing is
    /// no commit. It costs what it changes, besides what moving the elements behind an insertion costs a `Vec`.
    ///
    /// `edit` runs inside the lease and must be pure.
    ///
    /// ```
    /// use trine_core::Store;
    ///
    /// let store = Store::new();
    /// let queue = store.list(["a", "b"]);
    /// let first = store.edit(queue, |queue| {
    ///     queue.push("c");
    ///     queue.remove(0)
    /// });
    /// assert_eq!((first, store.get(queue)), ("a", vec!["b", "c"]));
    /// ```
    ///
    /// # Panics
    ///
    /// If `edit` panics: if it had changed something before, the list is torn (see [`recover_list`](Self::recover_list)),
    /// else it is as before. If the list was removed or belongs to another store, or is torn; if callbacks answer each
    /// other's writes without end; inside a lease.
    #[track_caller]
    pub fn edit<T: Clone + Send + 'static, R>(
        &self,
        list: ListCell<T>,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> R {
        match self.try_edit(list, edit) {
            Ok((value, _)) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Edits a list in place, or says why it cannot be edited; with the commit that it came to.
    ///
    /// # Errors
    ///
    /// If the list was removed or belongs to another store, or is torn; if callbacks answer each other's writes without
    /// end; inside a lease.
    ///
    /// # Panics
    ///
    /// If `edit` panics; see [`edit`](Self::edit).
    #[track_caller]
    pub fn try_edit<T: Clone + Send + 'static, R>(
        &self,
        list: ListCell<T>,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> Result<(R, Commit<'_>), CellError> {
        let writer = Writer::at(Location::caller());
        let edited = self.core().enter(|graph| graph.edit_list(list, writer, edit))??;
        let (value, number) = edited.unwrap();
        Ok((value, Commit::new(self, number)))
    }

    /// Repairs a torn list: `salvage` is handed what an edit that panicked has left behind. Readers of diffs are told the
    /// whole list. On a sound list this is [`edit`](Self::edit).
    ///
    /// # Panics
    ///
    /// As [`edit`](Self::edit).
    #[track_caller]
    pub fn recover_list<T: Clone + Send + 'static, R>(
        &self,
        list: ListCell<T>,
        salvage: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> R {
        let writer = Writer::at(Location::caller());
        match self.demand(|graph| graph.recover_list(list, writer, salvage)) {
            Ok(edited) => edited.unwrap().0,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Transaction<'_> {
    /// Edits a list; see [`Store::edit`]. What undoes the edit is kept, not a copy of the list: it costs what it changes,
    /// with or without a roll-back. Readers of diffs are told once, when the transaction has committed.
    ///
    /// # Panics
    ///
    /// If the list was removed or is torn, or if `edit` panics; the transaction is rolled back.
    #[track_caller]
    pub fn edit<T: Clone + Send + 'static, R>(
        &mut self,
        list: ListCell<T>,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> R {
        match self.try_edit(list, edit) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Edits a list, or says why it cannot be edited.
    ///
    /// # Errors
    ///
    /// If the list was removed or is torn.
    ///
    /// # Panics
    ///
    /// If `edit` panics; the transaction is rolled back.
    #[track_caller]
    pub fn try_edit<T: Clone + Send + 'static, R>(
        &mut self,
        list: ListCell<T>,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> Result<R, CellError> {
        let graph = &mut *self.graph;
        let index = graph.editable(list, self.writer)?;
        let Edited { value, touched, undo } = graph.edit_items(index, true, edit);
        if touched {
            if let Some(undo) = undo {
                graph.journal_keep(index, Box::new(undo));
            }
            graph.mark(index);
        }
        Ok(value.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

impl Updates<'_> {
    /// Edits a list in place; see [`Store::edit`].
    ///
    /// # Errors
    ///
    /// If the list was removed or belongs to another store, or is torn; if callbacks answer each other's writes
    /// without end.
    ///
    /// # Panics
    ///
    /// If `edit` panics; see [`Store::edit`].
    #[track_caller]
    pub fn edit<T: Clone + Send + 'static, R>(
        &mut self,
        list: ListCell<T>,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> Result<R, CellError> {
        let index = self.graph.editable(list, self.writer)?;
        let Edited { value, touched, .. } = self.graph.edit_items(index, false, edit);
        if touched {
            if let Err(payload) = &value {
                self.graph.tear(index, Location::caller(), payload);
            }
            self.note_changed(index);
        }
        // The commit of what was done comes first: `update_several` catches this.
        Ok(value.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

impl RunContext {
    /// Edits a list in place; see [`Store::edit`]. Returns what `edit` does, and the commit, if anything changed.
    ///
    /// # Errors
    ///
    /// If the run is over or the store gone; as [`Store::try_edit`].
    ///
    /// # Panics
    ///
    /// If `edit` panics.
    #[track_caller]
    pub fn edit<T: Clone + Send + 'static, R>(
        &self,
        list: ListCell<T>,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> Result<(R, Option<CommitNumber>), ContextError> {
        let edited =
            self.write(Location::caller(), |graph, writer| graph.edit_list(list, writer, edit))??;
        Ok(edited.unwrap())
    }
}

/// What an edit of the elements came to, before anything was committed.
struct Edited<T, R> {
    /// What the closure returned, or its panic.
    value: Result<R, PanicPayload>,
    /// Whether anything was changed.
    touched: bool,
    /// What undoes it, if that was asked for.
    undo: Option<ListUndo<T>>,
}

/// What an edit came to.
struct Committed<R> {
    /// What the closure returned, or its panic.
    value: Result<R, PanicPayload>,
    /// The commit.
    number: Option<CommitNumber>,
}

impl<R> Committed<R> {
    /// Goes on with the panic, if there was one. No lease is held.
    fn unwrap(self) -> (R, Option<CommitNumber>) {
        match self.value {
            Ok(value) => (value, self.number),
            Err(payload) => resume_unwind(payload),
        }
    }
}

impl Graph {
    /// The place of a list that can be edited now.
    fn editable<T: Send + 'static>(
        &self,
        list: ListCell<T>,
        writer: Writer,
    ) -> Result<u32, CellError> {
        let index = self.writable(list, writer)?;
        self.error(index).map_or(Ok(index), Err)
    }

    /// The place of a list, torn or not.
    fn writable<T: Send + 'static>(
        &self,
        list: ListCell<T>,
        writer: Writer,
    ) -> Result<u32, CellError> {
        let index = self.locate(list.key(), writer.location)?;
        self.check_depth(index, writer)?;
        Ok(index)
    }

    fn edit_list<T: Clone + Send + 'static, R>(
        &mut self,
        list: ListCell<T>,
        writer: Writer,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> Result<Committed<R>, CellError> {
        let index = self.editable(list, writer)?;
        let Edited { value, touched, .. } = self.edit_items(index, false, edit);
        Ok(self.commit_edit(index, value, touched, writer))
    }

    fn recover_list<T: Clone + Send + 'static, R>(
        &mut self,
        list: ListCell<T>,
        writer: Writer,
        salvage: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> Result<Committed<R>, CellError> {
        let index = self.writable(list, writer)?;
        let torn = self.set_error(index, None);
        let Edited { value, touched, .. } = self.edit_items(index, false, salvage);
        if value.is_err() && !touched && torn.is_some() {
            // It has repaired nothing.
            self.set_error(index, torn);
            return Ok(Committed { value, number: None });
        }
        // That it can be read again is a change.
        Ok(self.commit_edit(index, value, touched || torn.is_some(), writer))
    }

    fn commit_edit<R>(
        &mut self,
        index: u32,
        value: Result<R, PanicPayload>,
        touched: bool,
        writer: Writer,
    ) -> Committed<R> {
        if !touched {
            return Committed { value, number: None };
        }
        if let Err(payload) = &value {
            self.tear(index, writer.location, payload);
        }
        Committed { value, number: Some(self.commit_one(index, writer)) }
    }

    /// Runs an edit on the elements and notes in the log what it does. A panic comes back as a value.
    fn edit_items<T: Clone + Send + 'static, R>(
        &mut self,
        index: u32,
        undoable: bool,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> Edited<T, R> {
        let label = self.label(index);
        let log = self.diff_log::<Vec<T>, T>(index);
        let pending = log.as_ref().map(|log| log.take());
        let mark = pending.as_ref().map(|pending| pending.mark());
        let items = &mut self.node_mut(index).cell_mut().source_mut::<Vec<T>>().value;
        let mut list = ListEdit::new(items, &label, Notes::new(pending, undoable));
        let value = catch_unwind(AssertUnwindSafe(|| edit(&mut list)));
        let Notes { touched, pending, undo, displaced } = list.into_notes();
        if let (Some(log), Some(pending)) = (&log, pending) {
            log.put(pending);
        }
        if !displaced.is_empty() {
            self.discard(displaced);
        }
        let undo = undo.map(|inverse| {
            let log: Option<(Arc<DiffLog<T>>, PendingMark)> = log.zip(mark);
            ListUndo { inverse, log, displaced: Vec::new(), untold: Vec::new() }
        });
        Edited { value, touched, undo }
    }

    /// The log that the readers of a list's diffs share, if there are any; the list is a cell of type `V`.
    pub(super) fn diff_log<V: Clone + Send + 'static, T: Clone + Send + 'static>(
        &mut self,
        index: u32,
    ) -> Option<Arc<DiffLog<T>>> {
        self.node(index).topic()?;
        self.outlets::<V>(index).iter().filter_map(Weak::upgrade).find_map(|outlet| {
            let outlet: Arc<dyn Any + Send + Sync> = outlet;
            outlet.downcast().ok()
        })
    }
}
