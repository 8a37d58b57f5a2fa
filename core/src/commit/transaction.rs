//! Transactions: several writes, one commit.
//!
//! A transaction writes into the cells themselves, so that its own reads, derived cells included, are the ordinary ones. The
//! journal (`journal.rs`) keeps what was replaced. At the end, what is really different from the beginning is the commit:
//! a cell that came back to its old value was not written. An `Err` or a panic puts everything back, and what was
//! derived meanwhile is stained, so that it comes back as well. Inner transactions are levels of the same journal.

use super::{CommitNumber, UpdateResult, Writer, journal::Savepoint, write::PanicPayload};
use crate::{
    cell::{Cell, CellBuilder, Source, Workshop},
    error::CellError,
    graph::Graph,
    sync::mutant,
};
use std::{
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
};

/// The inside of a transaction: reads and writes that become visible together or not at all.
///
/// Handed to the closure of [`Store::transaction`](crate::Store::transaction), which runs inside the lease:
/// it reads its own writes and derived values that follow from them, nobody else sees either before it has
/// committed, and it must not use the store itself.
pub struct Transaction<'g> {
    /// The graph, inside the lease.
    pub(crate) graph: &'g mut Graph,
    /// Who writes.
    pub(crate) writer: Writer,
}

/// How a transaction's closure ended.
pub(crate) enum Ended<R, E> {
    /// It returned `Ok`: committed.
    Committed(R, Option<CommitNumber>),
    /// It returned `Err`: rolled back.
    RolledBack(E),
    /// It panicked: rolled back.
    Panicked(PanicPayload),
}

impl Graph {
    /// Runs a transaction, from its first write to its commit or roll-back.
    pub(crate) fn transact<R, E>(
        &mut self,
        writer: Writer,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Ended<R, E> {
        let savepoint = self.begin();
        let mut transaction = Transaction { graph: self, writer };
        let result = catch_unwind(AssertUnwindSafe(|| body(&mut transaction)));
        let ended = match result {
            Ok(Ok(value)) => return self.commit_transaction(savepoint, value, writer),
            Ok(Err(error)) => Ended::RolledBack(error),
            Err(payload) => Ended::Panicked(payload),
        };
        if mutant("nothing is rolled back") {
            self.release(savepoint);
            return ended;
        }
        self.roll_back(savepoint);
        self.clear_journal();
        // Cells with subscribers that the transaction had stained come back to what they were.
        self.settle_affected(None);
        ended
    }

    fn commit_transaction<R, E>(
        &mut self,
        savepoint: Savepoint,
        value: R,
        writer: Writer,
    ) -> Ended<R, E> {
        let mut changed = std::mem::take(&mut self.scratch);
        self.changed_sources(&mut changed);
        let number = if changed.is_empty() {
            self.settle_affected(None);
            None
        } else {
            Some(self.finish(&changed, writer))
        };
        changed.clear();
        self.scratch = changed;
        self.release(savepoint);
        self.clear_journal();
        Ended::Committed(value, number)
    }
}

impl Transaction<'_> {
    /// Begins a cell with a name, as [`Store::cell`](crate::Store::cell) does: for front ends that make the cells of their
    /// definitions on first use. The cell stays with what it was made with, even if the transaction is rolled back.
    pub fn cell(&mut self, name: impl Into<Arc<str>>) -> CellBuilder<'_> {
        CellBuilder::new(Workshop::Lease(self.graph), name.into())
    }

    /// The value of a cell, this transaction's writes included.
    ///
    /// # Panics
    ///
    /// If the cell has no value; the transaction is rolled back.
    #[track_caller]
    pub fn get<C: Cell>(&mut self, cell: C) -> C::Value
    where
        C::Value: Clone,
    {
        self.with(cell, C::Value::clone)
    }

    /// The value of a cell, this transaction's writes included, or why it has none.
    ///
    /// # Errors
    ///
    /// If the cell was removed, is torn, or its derivation failed.
    #[track_caller]
    pub fn try_get<C: Cell>(&mut self, cell: C) -> Result<C::Value, CellError>
    where
        C::Value: Clone,
    {
        self.graph.read(cell, Location::caller(), C::Value::clone)
    }

    /// Looks at the value of a cell without cloning it.
    ///
    /// # Panics
    ///
    /// If the cell has no value; the transaction is rolled back.
    #[track_caller]
    pub fn with<C: Cell, R>(&mut self, cell: C, read: impl FnOnce(&C::Value) -> R) -> R {
        match self.try_with(cell, read) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Looks at the value of a cell without cloning it, or says why it has none.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    #[track_caller]
    pub fn try_with<C: Cell, R>(
        &mut self,
        cell: C,
        read: impl FnOnce(&C::Value) -> R,
    ) -> Result<R, CellError> {
        self.graph.read(cell, Location::caller(), read)
    }

    /// Writes a source.
    ///
    /// # Panics
    ///
    /// If the cell was removed; the transaction is rolled back.
    #[track_caller]
    pub fn set<T: Send + 'static>(&mut self, cell: Source<T>, value: T) {
        if let Err(error) = self.try_set(cell, value) {
            panic!("{error}");
        }
    }

    /// Writes a source, or says why it cannot be written.
    ///
    /// # Errors
    ///
    /// If the cell was removed.
    #[track_caller]
    pub fn try_set<T: Send + 'static>(
        &mut self,
        cell: Source<T>,
        value: T,
    ) -> Result<(), CellError> {
        let graph = &mut *self.graph;
        let located = graph.locate(cell.key(), Location::caller());
        let writable =
            located.and_then(|index| graph.check_depth(index, self.writer).map(|()| index));
        let index = match writable {
            Ok(index) => index,
            Err(error) => {
                graph.discard(value);
                return Err(error);
            }
        };
        let node = graph.node_mut(index);
        let failed = node.failed;
        let held = node.cell_mut().source_mut::<T>();
        if !failed && (held.same)(&held.value, &value) {
            graph.discard(value);
            return Ok(());
        }
        let old = std::mem::replace(&mut held.value, value);
        if graph.needs_journal(index) {
            graph.journal_value(index, old, !failed);
        } else {
            graph.journal_another(index);
            graph.discard(old);
        }
        if failed {
            graph.set_error(index, None);
        }
        graph.mark(index);
        Ok(())
    }

    /// Updates a source. The value is cloned first, once per cell and transaction, so that it can be put back.
    ///
    /// # Panics
    ///
    /// If the cell was removed or is torn, or if `update` panics; the transaction is rolled back. Whoever catches the
    /// panic of `update` inside the transaction finds the cell torn.
    #[track_caller]
    pub fn update<T: Clone + Send + 'static, R: UpdateResult>(
        &mut self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) {
        if let Err(error) = self.try_update(cell, update) {
            panic!("{error}");
        }
    }

    /// Updates a source, or says why it cannot be updated.
    ///
    /// # Errors
    ///
    /// If the cell was removed or is torn.
    ///
    /// # Panics
    ///
    /// If `update` panics; the transaction is rolled back.
    #[track_caller]
    pub fn try_update<T: Clone + Send + 'static, R: UpdateResult>(
        &mut self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<(), CellError> {
        let (graph, at) = (&mut *self.graph, Location::caller());
        let index = graph.locate(cell.key(), at)?;
        graph.check_depth(index, self.writer)?;
        if let Some(error) = graph.error(index) {
            return Err(error);
        }
        if graph.needs_journal(index) {
            let old = graph.node(index).cell().source::<T>().value.clone();
            graph.journal_value(index, old, false);
        } else {
            graph.journal_another(index);
        }
        // Torn, for the case that the panic is caught inside the transaction; a roll-back mends it.
        let (changed, panicked) = graph.update_value(index, at, update);
        if changed {
            graph.mark(index);
        }
        match panicked {
            None => Ok(()),
            Some(payload) => std::panic::resume_unwind(payload),
        }
    }

    /// A transaction inside this one: an `Err` undoes what the inner one did; an `Ok` joins the outer one, and
    /// becomes visible with it.
    ///
    /// # Errors
    ///
    /// What `body` returned.
    ///
    /// # Panics
    ///
    /// If `body` panics; the whole transaction is rolled back unless the panic is caught.
    pub fn transaction<R, E>(
        &mut self,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let savepoint = self.graph.begin();
        let writer = self.writer;
        let result = catch_unwind(AssertUnwindSafe(|| {
            body(&mut Transaction { graph: &mut *self.graph, writer })
        }));
        match result {
            Ok(Ok(value)) => {
                self.graph.release(savepoint);
                Ok(value)
            }
            Ok(Err(error)) => {
                self.graph.roll_back(savepoint);
                Err(error)
            }
            Err(payload) => {
                self.graph.roll_back(savepoint);
                std::panic::resume_unwind(payload)
            }
        }
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("writer", &self.writer).finish_non_exhaustive()
    }
}
