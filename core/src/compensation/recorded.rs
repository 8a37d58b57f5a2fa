//! The inside of a transaction whose writes are recorded.

use super::ledger::{Draft, Ledger};
use crate::{
    cell::{Cell, Source},
    commit::{Transaction, UpdateResult},
    error::CellError,
};
use std::{fmt, panic::Location};

/// The inside of a transaction whose writes are recorded: see
/// [`Compensation::transaction`](super::Compensation::transaction).
pub struct Recorded<'t, 'g> {
    /// The transaction.
    tx: &'t mut Transaction<'g>,
    /// Knows the cells that have been recorded before.
    ledger: &'t Ledger,
    /// What this transaction writes.
    drafts: &'t mut Vec<Draft>,
}

impl<'t, 'g> Recorded<'t, 'g> {
    pub(super) fn new(
        tx: &'t mut Transaction<'g>,
        ledger: &'t Ledger,
        drafts: &'t mut Vec<Draft>,
    ) -> Self {
        Self { tx, ledger, drafts }
    }

    /// The value of a cell, this transaction's writes included, or why it has none.
    ///
    /// # Errors
    ///
    /// As [`Transaction::try_get`].
    #[track_caller]
    pub fn get<C: Cell>(&mut self, cell: C) -> Result<C::Value, CellError>
    where
        C::Value: Clone,
    {
        self.tx.try_get(cell)
    }

    /// Writes a source.
    ///
    /// # Errors
    ///
    /// If the cell was removed or is torn.
    #[track_caller]
    pub fn set<T: Clone + Send + 'static>(
        &mut self,
        cell: Source<T>,
        value: T,
    ) -> Result<(), CellError> {
        if let Err(error) = self.record(cell, Location::caller()) {
            self.tx.graph.discard(value);
            return Err(error);
        }
        self.tx.try_set(cell, value)
    }

    /// Updates a source.
    ///
    /// # Errors
    ///
    /// If the cell was removed or is torn.
    ///
    /// # Panics
    ///
    /// If `update` panics; the transaction is rolled back.
    #[track_caller]
    pub fn update<T: Clone + Send + 'static, R: UpdateResult>(
        &mut self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<(), CellError> {
        self.record(cell, Location::caller())?;
        self.tx.try_update(cell, update)
    }

    /// Keeps what is about to be replaced; once per cell.
    fn record<T: Clone + Send + 'static>(
        &mut self,
        cell: Source<T>,
        used: &'static Location<'static>,
    ) -> Result<(), CellError> {
        if self.drafts.iter().any(|draft| draft.cell == cell.key()) {
            return Ok(());
        }
        let graph = &mut *self.tx.graph;
        let index = graph.locate(cell.key(), used)?;
        let value = graph.read(cell, used, T::clone)?;
        self.drafts.push(self.ledger.draft(graph, index, cell, value));
        Ok(())
    }
}

impl fmt::Debug for Recorded<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("writes", &self.drafts.len()).finish_non_exhaustive()
    }
}
