//! Writing to a store.

use super::{Store, reads::fail};
use crate::{
    cell::{Cell, CellKey, Derived, Source},
    commit::{
        Commit, CommitNumber, Ended, PanicPayload, Transaction, UpdateResult, Updates, Writer,
    },
    error::CellError,
    graph::Graph,
    lease::Reentrant,
};
use std::{
    convert::Infallible,
    panic::{Location, resume_unwind},
};

impl Store {
    /// Writes a cell. If the value is different from the old one, that is a commit: everything that depends on
    /// the cell follows, and whoever is subscribed to any of it is told once.
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; if callbacks answer each other's writes without
    /// end; inside a lease.
    #[inline]
    #[track_caller]
    pub fn set<T: Send + 'static>(&self, cell: Source<T>, value: T) -> Commit<'_> {
        match self.try_set(cell, value) {
            Ok(commit) => commit,
            Err(error) => fail(&error),
        }
    }

    /// Writes a cell, or says why it cannot be written.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store; if callbacks answer each other's writes without
    /// end; inside a lease. The value is dropped.
    #[inline]
    #[track_caller]
    pub fn try_set<T: Send + 'static>(
        &self,
        cell: Source<T>,
        mut value: T,
    ) -> Result<Commit<'_>, CellError> {
        let writer = Writer::at(Location::caller());
        let number = self.core().enter(|graph| graph.set(cell.key(), &mut value, writer))??;
        Ok(Commit::new(self, number))
    }

    /// Updates a cell in place, without copying its value. It counts as changed unless `update` returns
    /// [`Update::Unchanged`](crate::Update::Unchanged). `update` runs inside the lease and must be pure.
    ///
    /// # Panics
    ///
    /// If `update` panics; then the cell is torn (see [`recover`](Self::recover)) and the rest of the store is
    /// sound. Otherwise as [`set`](Self::set).
    #[track_caller]
    pub fn update<T: Send + 'static, R: UpdateResult>(
        &self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Commit<'_> {
        match self.try_update(cell, update) {
            Ok(commit) => commit,
            Err(error) => fail(&error),
        }
    }

    /// Updates a cell in place, or says why it cannot be updated.
    ///
    /// # Errors
    ///
    /// As [`try_set`](Self::try_set); if the cell is torn.
    ///
    /// # Panics
    ///
    /// If `update` panics.
    #[track_caller]
    pub fn try_update<T: Send + 'static, R: UpdateResult>(
        &self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<Commit<'_>, CellError> {
        let writer = Writer::at(Location::caller());
        let done = self.core().enter(|graph| graph.update(cell.key(), writer, update))??;
        Ok(self.updated(done))
    }

    /// Like [`try_update`](Self::try_update), with `caller` named as the call that writes, in errors and in the cause of the
    /// commit: for front ends, which write where the place of their user's call is not known to the compiler.
    ///
    /// # Errors
    ///
    /// As [`try_update`](Self::try_update).
    ///
    /// # Panics
    ///
    /// If `update` panics.
    pub fn try_update_called_at<T: Send + 'static, R: UpdateResult>(
        &self,
        cell: Source<T>,
        caller: &'static Location<'static>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<Commit<'_>, CellError> {
        let writer = Writer::at(caller);
        let update = |graph: &mut Graph| graph.update(cell.key(), writer, update);
        let done = self.core().enter_at(caller, update)??;
        Ok(self.updated(done))
    }

    /// Updates several cells in place as one commit, without copying their values. There is no way back: see
    /// [`Updates`], and [`transaction`](Self::transaction) for all or nothing.
    ///
    /// `body` runs inside the lease and must be pure.
    ///
    /// # Panics
    ///
    /// If `body` or one of the updates panics, after the commit of what was done; inside a lease.
    #[track_caller]
    pub fn updates<R>(&self, body: impl FnOnce(&mut Updates<'_>) -> R) -> (R, Commit<'_>) {
        match self.try_updates(body) {
            Ok(done) => done,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`updates`](Self::updates), for code that may be running inside a lease.
    ///
    /// # Errors
    ///
    /// [`Reentrant`] inside a lease; `body` is not called.
    ///
    /// # Panics
    ///
    /// If `body` or one of the updates panics, after the commit of what was done.
    #[track_caller]
    pub fn try_updates<R>(
        &self,
        body: impl FnOnce(&mut Updates<'_>) -> R,
    ) -> Result<(R, Commit<'_>), Reentrant> {
        let writer = Writer::at(Location::caller());
        let done = self.core().enter(|graph| graph.update_several(writer, body))?;
        match (done.value, done.panicked) {
            (Ok(value), None) => Ok((value, Commit::new(self, done.number))),
            (Err(payload), _) | (_, Some(payload)) => resume_unwind(payload),
        }
    }

    /// Repairs a torn cell: `salvage` is handed what an update that panicked has left behind. On a sound cell
    /// this is [`update`](Self::update).
    ///
    /// # Panics
    ///
    /// As [`update`](Self::update).
    #[track_caller]
    pub fn recover<T: Send + 'static, R: UpdateResult>(
        &self,
        cell: Source<T>,
        salvage: impl FnOnce(&mut T) -> R,
    ) -> Commit<'_> {
        let writer = Writer::at(Location::caller());
        match self.demand(|graph| graph.recover(cell.key(), writer, salvage)) {
            Ok(done) => self.updated(done),
            Err(error) => fail(&error),
        }
    }

    fn updated(&self, done: (Option<CommitNumber>, Option<PanicPayload>)) -> Commit<'_> {
        match done {
            (number, None) => Commit::new(self, number),
            (_, Some(payload)) => resume_unwind(payload),
        }
    }

    /// Runs several writes as one commit: `body` sees its own writes and derived values that follow from them,
    /// everybody else sees all of them or none. An `Err` or a panic changes nothing.
    ///
    /// `body` runs inside the lease and must be pure.
    ///
    /// ```
    /// use trine_core::Store;
    ///
    /// let store = Store::new();
    /// let (from, to) = (store.source(100), store.source(0));
    /// let moved = store.transaction(|tx| {
    ///     tx.update(from, |balance| *balance -= 150);
    ///     tx.update(to, |balance| *balance += 150);
    ///     if tx.get(from) < 0 { Err("not enough money") } else { Ok(()) }
    /// });
    /// assert_eq!(moved, Err("not enough money"));
    /// assert_eq!((store.get(from), store.get(to)), (100, 0));
    /// ```
    ///
    /// # Errors
    ///
    /// What `body` returned.
    ///
    /// # Panics
    ///
    /// If `body` panics; inside a lease, with [`Reentrant`].
    #[track_caller]
    pub fn transaction<R, E>(
        &self,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        self.transaction_with_commit(body).map(|(value, _)| value)
    }

    /// Like [`transaction`](Self::transaction), with the commit that it came to.
    ///
    /// # Errors
    ///
    /// What `body` returned.
    ///
    /// # Panics
    ///
    /// As [`transaction`](Self::transaction).
    #[track_caller]
    pub fn transaction_with_commit<R, E>(
        &self,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Result<(R, Commit<'_>), E> {
        let writer = Writer::at(Location::caller());
        match self.demand(|graph| graph.transact(writer, body)) {
            Ended::Committed(value, number) => Ok((value, Commit::new(self, number))),
            Ended::RolledBack(error) => Err(error),
            Ended::Panicked(payload) => resume_unwind(payload),
        }
    }

    /// Runs several writes that cannot fail as one commit.
    ///
    /// # Panics
    ///
    /// As [`transaction`](Self::transaction).
    #[track_caller]
    pub fn batch<R>(&self, body: impl FnOnce(&mut Transaction<'_>) -> R) -> R {
        let Ok(value) = self.transaction(|tx| Ok::<_, Infallible>(body(tx)));
        value
    }

    /// Has a derived cell run again, though nothing that it has read has changed: for one that looks at something which is no
    /// cell, such as the time. If nobody observes it, it runs when it is next read. An equal result is no change.
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn recompute<T: Send + 'static>(&self, cell: Derived<T>) -> Commit<'_> {
        match self.try_recompute(cell) {
            Ok(commit) => commit,
            Err(error) => fail(&error),
        }
    }

    /// Like [`recompute`](Self::recompute), for a cell that may be gone.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn try_recompute<T: Send + 'static>(
        &self,
        cell: Derived<T>,
    ) -> Result<Commit<'_>, CellError> {
        let writer = Writer::at(Location::caller());
        let number = self.core().enter(|graph| graph.recompute_cell(cell.key(), writer))??;
        Ok(Commit::new(self, Some(number)))
    }

    /// Waits until the callbacks of all commits so far have been called, by whichever thread delivers.
    ///
    /// Inside a callback this returns at once; see [`Commit::delivered`].
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn delivered(&self) {
        Commit::new(self, Some(self.last_commit())).delivered();
    }

    /// Removes a cell. Handles to it are dead from now on; what is derived from it fails with
    /// [`Disposed`](crate::CellErrorKind::Disposed) until it no longer reads it; its subscriptions end.
    ///
    /// # Errors
    ///
    /// If it was removed already or belongs to another store; inside a lease.
    #[track_caller]
    pub fn remove<C: Cell>(&self, cell: C) -> Result<Commit<'_>, CellError> {
        let writer = Writer::at(Location::caller());
        let core = self.core();
        let number = core.enter(|graph| {
            let number = graph.remove_cell(cell.key(), writer)?;
            core.extensions.note_removal();
            Ok::<_, CellError>(number)
        })??;
        Ok(Commit::new(self, number))
    }

    /// Removes the cells that are still there, in one commit.
    #[track_caller]
    pub(crate) fn remove_cells(&self, cells: impl IntoIterator<Item = CellKey>) {
        let writer = Writer::at(Location::caller());
        self.demand(|graph| {
            graph.remove_several(cells, writer);
            self.core().extensions.note_removal();
        });
    }
}
