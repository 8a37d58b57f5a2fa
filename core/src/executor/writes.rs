//! Reading and writing from inside a run.
//!
//! A run settles inside a lease, and these methods ask inside the lease whether it has: between the answer and
//! the write nothing can happen. So a run that was aborted, superseded or is over in any other way writes nothing
//! more, whatever its body has handed its context to.

use super::{context::RunContext, failure::StoreDropped, id::RunId};
use crate::{
    cell::{Cell, Source},
    commit::{CommitNumber, Ended, PanicPayload, Transaction, UpdateResult, Updates, Writer},
    error::CellError,
    graph::Graph,
    lease::Reentrant,
    store::Core,
    text::Text,
};
use std::{
    panic::{Location, resume_unwind},
    sync::Arc,
};

/// Why a run could not read or write through its context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The run is over.
    #[error("{run} `{name}` is over and writes nothing more: the write at {used} was refused")]
    Settled {
        /// The run.
        run: RunId,
        /// Its name.
        name: Text,
        /// The call that wrote.
        used: &'static Location<'static>,
    },
    /// The last handle to the store is gone.
    #[error(transparent)]
    StoreDropped(#[from] StoreDropped),
    /// The cell cannot be read or written.
    #[error(transparent)]
    Cell(#[from] CellError),
}

impl From<Reentrant> for ContextError {
    fn from(error: Reentrant) -> Self {
        Self::Cell(error.into())
    }
}

impl RunContext {
    /// The value of a cell.
    ///
    /// # Errors
    ///
    /// As [`Store::try_get`](crate::Store::try_get); if the store is gone. A run that is over may still read.
    #[track_caller]
    pub fn get<C: Cell>(&self, cell: C) -> Result<C::Value, ContextError>
    where
        C::Value: Clone,
    {
        let used = Location::caller();
        let core = self.core().upgrade().ok_or(StoreDropped)?;
        Ok(core.enter(|graph| graph.read(cell, used, C::Value::clone))??)
    }

    /// Writes a cell; see [`Store::set`](crate::Store::set). Returns the commit, if anything changed.
    ///
    /// # Errors
    ///
    /// If the run is over or the store gone; as [`Store::try_set`](crate::Store::try_set).
    #[track_caller]
    pub fn set<T: Send + 'static>(
        &self,
        cell: Source<T>,
        mut value: T,
    ) -> Result<Option<CommitNumber>, ContextError> {
        let value = &mut value;
        let number =
            self.write(Location::caller(), |graph, writer| graph.set(cell.key(), value, writer))??;
        Ok(number)
    }

    /// Updates a cell in place; see [`Store::update`](crate::Store::update).
    ///
    /// # Errors
    ///
    /// If the run is over or the store gone; as [`Store::try_update`](crate::Store::try_update).
    ///
    /// # Panics
    ///
    /// If `update` panics.
    #[track_caller]
    pub fn update<T: Send + 'static, R: UpdateResult>(
        &self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<CommitNumber>, ContextError> {
        self.update_called_at(cell, Location::caller(), update)
    }

    /// Like [`update`](Self::update), with `caller` named as the call that writes, in errors and in the cause of the commit; see
    /// [`Store::try_update_called_at`](crate::Store::try_update_called_at).
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update).
    ///
    /// # Panics
    ///
    /// If `update` panics.
    pub fn update_called_at<T: Send + 'static, R: UpdateResult>(
        &self,
        cell: Source<T>,
        caller: &'static Location<'static>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<CommitNumber>, ContextError> {
        let (number, panicked) =
            self.write(caller, |graph, writer| graph.update(cell.key(), writer, update))??;
        resume(panicked);
        Ok(number)
    }

    /// Updates several cells in place as one commit; see [`Store::updates`](crate::Store::updates).
    ///
    /// # Errors
    ///
    /// If the run is over or the store gone; inside a lease.
    ///
    /// # Panics
    ///
    /// If `body` or one of the updates panics.
    #[track_caller]
    pub fn updates<R>(
        &self,
        body: impl FnOnce(&mut Updates<'_>) -> R,
    ) -> Result<(R, Option<CommitNumber>), ContextError> {
        let done =
            self.write(Location::caller(), |graph, writer| graph.update_several(writer, body))?;
        let value = done.value.unwrap_or_else(|payload| resume_unwind(payload));
        resume(done.panicked);
        Ok((value, done.number))
    }

    /// Runs a transaction; see [`Store::transaction`](crate::Store::transaction). What `body` returned is inside.
    ///
    /// # Errors
    ///
    /// If the run is over or the store gone; inside a lease.
    ///
    /// # Panics
    ///
    /// If `body` panics.
    #[track_caller]
    pub fn transaction<R, E>(
        &self,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Result<Result<R, E>, ContextError> {
        match self.write(Location::caller(), |graph, writer| graph.transact(writer, body))? {
            Ended::Committed(value, _) => Ok(Ok(value)),
            Ended::RolledBack(error) => Ok(Err(error)),
            Ended::Panicked(payload) => resume_unwind(payload),
        }
    }

    /// Runs `write` inside the lease, unless the run is over.
    pub(crate) fn write<R>(
        &self,
        location: &'static Location<'static>,
        write: impl FnOnce(&mut Graph, Writer) -> R,
    ) -> Result<R, ContextError> {
        let core: Arc<Core> = self.core().upgrade().ok_or(StoreDropped)?;
        let writer = Writer { location, run: Some(self.id()) };
        core.enter_at(location, |graph| {
            if self.is_active() {
                Ok(write(graph, writer))
            } else {
                let (run, name) = (self.id(), self.name().clone());
                Err(ContextError::Settled { run, name, used: location })
            }
        })?
    }
}

fn resume(panicked: Option<PanicPayload>) {
    if let Some(payload) = panicked {
        resume_unwind(payload);
    }
}
