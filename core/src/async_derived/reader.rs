//! What the body of an async derivation is handed to read cells with.

use super::{AsyncDerived, AsyncPolicy, AsyncState, inputs::Differs, run::Shared};
use crate::{
    cell::{Cell, CellKey},
    error::{CellError, CellErrorKind},
    executor::{Failure, RunContext},
    graph::Graph,
    sync::mutant,
};
use std::{
    fmt,
    future::{Future, pending},
    panic::Location,
    sync::Arc,
};

/// Reads cells for the body of an async derivation, and remembers which.
///
/// Every read is a dependency from then on, wherever in the body it is made. A read is a future, since it may have nothing to
/// give any more: in a run that is over or superseded it never resolves. So what goes on after a read belongs to a run
/// whose inputs are as they were read, under [`AsyncPolicy::Latest`].
///
/// Each read sees the commits so far. Several reads with awaits in between may see several commits; if that has changed what
/// was read before, the run is superseded.
///
/// Clones read for the same run.
#[derive(Clone)]
pub struct AsyncReader {
    /// The run.
    run: RunContext,
    /// The derivation.
    shared: Arc<Shared>,
    /// Which of its runs this is.
    ticket: u64,
    /// The generation of the inputs that the run began with.
    generation: u64,
}

impl AsyncReader {
    pub(super) fn new(run: RunContext, shared: Arc<Shared>, ticket: u64, generation: u64) -> Self {
        Self { run, shared, ticket, generation }
    }

    /// The run: to start children, or to hand on.
    #[must_use]
    pub fn run(&self) -> &RunContext {
        &self.run
    }

    /// The value of a cell.
    ///
    /// If the cell has no value (it was removed, its derivation failed, it depends on this one), the run ends here as
    /// [`Failure::Dependency`]; use [`try_get`](Self::try_get) to go on instead.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the read happens when the future is polled, at once or never.
    #[track_caller]
    pub fn get<C>(&self, cell: C) -> impl Future<Output = C::Value> + Send + use<'_, C>
    where
        C: Cell + Send + 'static,
        C::Value: Clone + PartialEq,
    {
        self.get_by(cell, C::Value::eq)
    }

    /// The value of a cell, whose values are the same when `same` says so, instead of by `PartialEq`. It is called with what was
    /// read and what there is, inside the lease, and must be pure.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn get_by<C>(
        &self,
        cell: C,
        same: fn(&C::Value, &C::Value) -> bool,
    ) -> impl Future<Output = C::Value> + Send + use<'_, C>
    where
        C: Cell + Send + 'static,
        C::Value: Clone,
    {
        let read = self.try_get_by(cell, same);
        async move {
            match read.await {
                Ok(value) => value,
                Err(error) => self.fail(error.to_string()).await,
            }
        }
    }

    /// The value of a cell, or why it has none.
    ///
    /// # Errors
    ///
    /// If the cell was removed, its derivation failed, or it depends on this one.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn try_get<C>(
        &self,
        cell: C,
    ) -> impl Future<Output = Result<C::Value, CellError>> + Send + use<'_, C>
    where
        C: Cell + Send + 'static,
        C::Value: Clone + PartialEq,
    {
        self.try_get_by(cell, C::Value::eq)
    }

    /// Like [`get_by`](Self::get_by), or why the cell has no value.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn try_get_by<C>(
        &self,
        cell: C,
        same: fn(&C::Value, &C::Value) -> bool,
    ) -> impl Future<Output = Result<C::Value, CellError>> + Send + use<'_, C>
    where
        C: Cell + Send + 'static,
        C::Value: Clone,
    {
        let used = Location::caller();
        async move {
            let read = self.read(cell, used, C::Value::clone, |seen| {
                let seen = seen.clone();
                Box::new(move |cx| {
                    let same = |now: &C::Value| seen.as_ref().is_ok_and(|seen| same(seen, now));
                    match (cx.try_with(cell, same), &seen) {
                        (Ok(same), Ok(_)) => !same,
                        (Err(now), Err(seen)) => now != *seen,
                        _ => true,
                    }
                })
            });
            resolved(read).await
        }
    }

    /// The value of a cell whose values cannot be told apart: any change of it counts.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn get_always_different<C>(
        &self,
        cell: C,
    ) -> impl Future<Output = Result<C::Value, CellError>> + Send + use<'_, C>
    where
        C: Cell + Send + 'static,
        C::Value: Clone,
    {
        let used = Location::caller();
        async move {
            let read = self.read(cell, used, C::Value::clone, |_| {
                Box::new(move |cx| {
                    let _ = cx.try_with(cell, |_| ());
                    true
                })
            });
            resolved(read).await
        }
    }

    /// The value of another async derivation, once that is up to date.
    ///
    /// Until then the run waits; a new value of the other one supersedes it, an equal value lets it be. If the other one has
    /// failed, so does this one, as [`Failure::Dependency`].
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn ready<T, E>(
        &self,
        cell: AsyncDerived<T, E>,
    ) -> impl Future<Output = Arc<T>> + Send + use<'_, T, E>
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let used = Location::caller();
        async move {
            let read = self.read(cell, used, AsyncState::clone, |seen| {
                let seen = seen.as_ref().ok().cloned();
                Box::new(move |cx| cx.try_with(cell, |now| has_moved(&seen, now)).unwrap_or(true))
            });
            match read {
                Some(Ok(AsyncState::Ready { value })) => value,
                Some(Ok(AsyncState::Failed { error, .. })) => self.fail(error.to_string()).await,
                Some(Err(error)) => self.fail(error.to_string()).await,
                Some(Ok(AsyncState::Pending | AsyncState::Stale { .. })) => {
                    // Whoever waits may be superseded, whatever the policy: it cannot come to its end.
                    self.shared.suspend(self.ticket);
                    pending().await
                }
                None => pending().await,
            }
        }
    }

    /// Reads inside the lease; `None` if this run is to learn nothing any more.
    fn read<C: Cell, R>(
        &self,
        cell: C,
        used: &'static Location<'static>,
        read: impl FnOnce(&C::Value) -> R,
        differs: impl FnOnce(&Result<R, CellError>) -> Differs,
    ) -> Option<Result<R, CellError>> {
        let core = self.run.core().upgrade()?;
        let entered = core.enter(|graph| {
            if !self.run.is_active() || !self.shared.is_current(self.ticket) {
                return None;
            }
            let generation = match self.shared.inputs().generation(graph) {
                Ok(generation) => generation,
                Err(error) => return Some(Err(error)),
            };
            let outdated = generation != self.generation;
            if outdated && self.shared.policy() == AsyncPolicy::Latest {
                // Looking at the state is what asks for the successor.
                self.shared.pull_state(graph);
                return None;
            }
            if let Err(error) = self.check_cycle(graph, cell.key()) {
                return Some(Err(error));
            }
            let value = graph.read(cell, used, read);
            if !mutant("reads are not noted") {
                self.shared.inputs().note(graph, cell.key(), outdated, || differs(&value));
            }
            Some(value)
        });
        entered.unwrap_or_else(|reentrant| Some(Err(reentrant.into())))
    }

    /// Refuses to read a cell that depends on the derivation itself.
    fn check_cycle(&self, graph: &Graph, read: CellKey) -> Result<(), CellError> {
        let places = (graph.place_of(read), self.shared.state_place(graph));
        let (Some(read), Some(state)) = places else { return Ok(()) };
        let Some(way) = graph.way_up(read, state) else { return Ok(()) };
        // Each depends on the one after it; the last on the first.
        let mut path: Vec<_> = way.iter().rev().map(|&index| graph.label(index)).rev().collect();
        path.push(graph.label(read));
        Err(CellError::new(CellErrorKind::Cycle { path }))
    }

    /// Ends the run, since a cell that it depends on has no value.
    async fn fail<T>(&self, message: String) -> T {
        self.run.fail(Failure::Dependency { message: message.into() });
        pending().await
    }
}

/// Gives what was read, or never resolves.
async fn resolved<R>(read: Option<R>) -> R {
    match read {
        Some(read) => read,
        None => pending().await,
    }
}

/// Whether another async derivation has come to something else than what was read of it.
fn has_moved<T, E>(seen: &Option<AsyncState<T, E>>, now: &AsyncState<T, E>) -> bool {
    match (seen, now) {
        // It may come to the same value again.
        (Some(AsyncState::Ready { value: seen }), AsyncState::Stale { value: now }) => {
            !Arc::ptr_eq(seen, now)
        }
        (Some(AsyncState::Pending | AsyncState::Stale { .. }), now) => {
            now.is_ready() || now.is_failed()
        }
        (Some(seen), now) => seen != now,
        (None, _) => true,
    }
}

impl fmt::Debug for AsyncReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncReader").field("run", &self.run).finish_non_exhaustive()
    }
}
