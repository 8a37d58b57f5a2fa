//! Dispatching: what a store takes, and what it gives back for it.

use crate::{
    action::{Action, AnyAction},
    creator::CreatedAction,
    error::DispatchError,
    pipeline::{Route, send},
    store::{Shared, Store},
    table::Occurrence,
};
use std::{panic::Location, sync::Arc};
use trine_core::{Event, RunContext, RunId, Updates};

/// What can be dispatched to a store with the extra value `X`: an [`Action`], a [`CreatedAction`], which is what
/// [`ActionCreator::with`](crate::ActionCreator::with) makes, or a [`ThunkCall`](crate::ThunkCall), which is what
/// [`AsyncThunk::with`](crate::AsyncThunk::with) makes. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be dispatched to a store with the extra value `{X}`",
    label = "expected an action (`impl Action for ..`) or a thunk's `with(..)` for this store's extra value"
)]
pub trait Dispatch<X>: sealed::Dispatch<X, Output = <Self as Dispatch<X>>::Output> {
    /// What dispatching gives back: nothing for an action, a [`Run`](trine_core::Run) for a thunk.
    type Output;
}

pub(crate) mod sealed {
    use super::{Arc, DispatchError, RunContext, Shared, Store};

    pub trait Dispatch<X> {
        type Output;

        #[track_caller]
        fn in_store(self, store: &Store<X>) -> Result<Self::Output, DispatchError>;

        #[track_caller]
        fn in_run(
            self,
            cx: &RunContext,
            shared: &Arc<Shared<X>>,
        ) -> Result<Self::Output, DispatchError>;

        /// Makes nothing of it that the run is over, where nothing is what the output says.
        fn or_inert(
            done: Result<Self::Output, DispatchError>,
        ) -> Result<Self::Output, DispatchError> {
            done
        }
    }
}

impl<X: Send + Sync + 'static, A: Action> Dispatch<X> for A {
    type Output = ();
}

impl<X: Send + Sync + 'static, P: Send + Sync + 'static> Dispatch<X> for CreatedAction<P> {
    type Output = ();
}

impl<X: Send + Sync + 'static, A: Action> sealed::Dispatch<X> for A {
    type Output = ();

    #[track_caller]
    fn in_store(self, store: &Store<X>) -> Result<(), DispatchError> {
        in_store(self, store)
    }

    #[track_caller]
    fn in_run(self, cx: &RunContext, shared: &Arc<Shared<X>>) -> Result<(), DispatchError> {
        in_run(self, cx, shared)
    }

    fn or_inert(done: Result<(), DispatchError>) -> Result<(), DispatchError> {
        or_inert(done)
    }
}

impl<X, P> sealed::Dispatch<X> for CreatedAction<P>
where
    X: Send + Sync + 'static,
    P: Send + Sync + 'static,
{
    type Output = ();

    #[track_caller]
    fn in_store(self, store: &Store<X>) -> Result<(), DispatchError> {
        in_store(self, store)
    }

    #[track_caller]
    fn in_run(self, cx: &RunContext, shared: &Arc<Shared<X>>) -> Result<(), DispatchError> {
        in_run(self, cx, shared)
    }

    fn or_inert(done: Result<(), DispatchError>) -> Result<(), DispatchError> {
        or_inert(done)
    }
}

#[inline]
#[track_caller]
fn in_store<X, A>(action: A, store: &Store<X>) -> Result<(), DispatchError>
where
    X: Send + Sync + 'static,
    A: AnyAction,
{
    if store.shared().pipeline.is_busy() {
        return send(store, &Route::Store, Arc::new(action));
    }
    let at = Location::caller();
    if let Some(handler) = store.shared().table.alone(action.case_key())
        && !store.core().is_observed()
    {
        // The common case: one cell, one commit.
        let occurrence = Occurrence { event: action.event(), action: &action };
        if handler.reduce_alone(store.core(), &occurrence, at)? {
            return Ok(());
        }
    }
    // Not returned from the lease: what is large is copied on its way.
    let mut reduced = Ok(());
    store.core().try_updates(|cells| {
        cells.called_at(at);
        reduced = reduce_action(store.shared(), cells, &action, None);
    })?;
    reduced
}

/// Dispatches an action as a run does.
#[track_caller]
pub(crate) fn in_run<X, A>(
    action: A,
    cx: &RunContext,
    shared: &Arc<Shared<X>>,
) -> Result<(), DispatchError>
where
    X: Send + Sync + 'static,
    A: AnyAction,
{
    if shared.pipeline.is_busy() {
        let store = Store::from_parts(cx.store()?, Arc::clone(shared));
        return send(&store, &Route::Run(cx.clone()), Arc::new(action));
    }
    let at = Location::caller();
    let reduce = |cells: &mut Updates<'_>| {
        cells.called_at(at);
        reduce_action(shared, cells, &action, Some(cx.id()))
    };
    cx.updates(reduce)?.0
}

fn or_inert(done: Result<(), DispatchError>) -> Result<(), DispatchError> {
    match done {
        Err(DispatchError::RunSettled { .. } | DispatchError::StoreDropped(_)) => Ok(()),
        done => done,
    }
}

/// Reduces an action.
#[track_caller]
pub(crate) fn reduce_action<X, A: AnyAction>(
    shared: &Shared<X>,
    cells: &mut Updates<'_>,
    action: &A,
    run: Option<RunId>,
) -> Result<(), DispatchError> {
    cells.note(|| Event::Dispatched { action: action.name(), run });
    let occurrence = Occurrence { event: action.event(), action };
    shared.table.reduce(cells, action.case_key(), &occurrence)
}
