//! Dispatching: what a store takes, and what it gives back for it.

use crate::{
    action::Action,
    case::CaseKey,
    error::DispatchError,
    store::{Shared, Store},
    thunk::ThunkApi,
};
use std::any::TypeId;
use trine_core::{Event, RunId, Text, Updates};

/// What can be dispatched to a store with the extra value `X`: an [`Action`], or a
/// [`ThunkCall`](crate::ThunkCall), which is what [`AsyncThunk::with`](crate::AsyncThunk::with) makes. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be dispatched to a store with the extra value `{X}`",
    label = "expected an action (`impl Action for ..`) or a thunk's `with(..)` for this store's extra value"
)]
pub trait Dispatch<X>: sealed::Dispatch<X, Output = <Self as Dispatch<X>>::Output> {
    /// What dispatching gives back: nothing for an action, a [`Run`](trine_core::Run) for a thunk.
    type Output;
}

pub(crate) mod sealed {
    use super::{DispatchError, Store, ThunkApi};

    pub trait Dispatch<X> {
        type Output;

        #[track_caller]
        fn in_store(self, store: &Store<X>) -> Result<Self::Output, DispatchError>;

        #[track_caller]
        fn in_run(self, api: &ThunkApi<X>) -> Result<Self::Output, DispatchError>;

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

impl<X: Send + Sync + 'static, A: Action> sealed::Dispatch<X> for A {
    type Output = ();

    #[track_caller]
    fn in_store(self, store: &Store<X>) -> Result<(), DispatchError> {
        store.core().try_updates(|cells| reduce_action(store.shared(), cells, &self, None))?.0
    }

    #[track_caller]
    fn in_run(self, api: &ThunkApi<X>) -> Result<(), DispatchError> {
        let cx = api.context();
        cx.updates(|cells| reduce_action(api.shared(), cells, &self, Some(cx.id())))?.0
    }

    fn or_inert(done: Result<(), DispatchError>) -> Result<(), DispatchError> {
        match done {
            Err(DispatchError::RunSettled { .. } | DispatchError::StoreDropped(_)) => Ok(()),
            done => done,
        }
    }
}

#[track_caller]
fn reduce_action<X, A: Action>(
    shared: &Shared<X>,
    cells: &mut Updates<'_>,
    action: &A,
    run: Option<RunId>,
) -> Result<(), DispatchError> {
    cells.note(|| Event::Dispatched { action: Text::from_static(A::action_type()), run });
    shared.table.reduce(cells, CaseKey::Action(TypeId::of::<A>()), action)
}
