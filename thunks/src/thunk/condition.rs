//! Whether a run is wanted: what conditions are given, and who asks them.

use super::meta::Meta;
use crate::{
    store::{Shared, unwrap},
    subject::{Subject, sealed::TableRef},
};
use std::{fmt, future::Future, pin::Pin, sync::Arc};
use trine_core::{RunContext, Wanted};

/// A condition that answers at once.
type AskNow<A, X> = dyn Fn(&A, &ConditionApi<'_, X>) -> Wanted + Send + Sync;

/// A condition that may have to wait.
type AskLater<A, X> = dyn Fn(A, ConditionApi<'static, X>) -> Pin<Box<dyn Future<Output = Wanted> + Send>>
    + Send
    + Sync;

/// Says whether a run is wanted.
pub(super) enum Ask<A, X> {
    /// Before the run starts.
    Now(Arc<AskNow<A, X>>),
    /// As the first thing that the run does.
    Later(Arc<AskLater<A, X>>),
}

impl<A, X> Clone for Ask<A, X> {
    fn clone(&self) -> Self {
        match self {
            Self::Now(ask) => Self::Now(Arc::clone(ask)),
            Self::Later(ask) => Self::Later(Arc::clone(ask)),
        }
    }
}

/// What the condition of a thunk, and what makes the value of its runs, is given: the original's `{ getState, extra }`.
///
/// It cannot dispatch: a run that is not wanted leaves no trace.
pub struct ConditionApi<'a, X = ()> {
    /// How the store is reached.
    reach: Reach<'a>,
    /// The table and the extra value.
    shared: Arc<Shared<X>>,
}

enum Reach<'a> {
    /// From within a call.
    Call(&'a trine_core::Store),
    /// From within a run, which keeps no store alive.
    Run(RunContext),
}

impl<'a, X> ConditionApi<'a, X> {
    pub(super) fn of_call(core: &'a trine_core::Store, shared: &Arc<Shared<X>>) -> Self {
        Self { reach: Reach::Call(core), shared: Arc::clone(shared) }
    }

    pub(super) fn of_run(cx: RunContext, shared: Arc<Shared<X>>) -> Self {
        Self { reach: Reach::Run(cx), shared }
    }

    /// The extra value of the store.
    #[must_use]
    pub fn extra(&self) -> &X {
        &self.shared.extra
    }

    /// Looks at the state of a slice, or at the value of a cell. `read` runs inside the lease and must be pure.
    ///
    /// # Panics
    ///
    /// If the store has no such slice, the slice is torn, or the store is gone. The run's outcome is
    /// [`Failed`](trine_core::Outcome::Failed) then, and no event is told.
    #[track_caller]
    pub fn read<S: Subject, R>(&self, subject: S, read: impl FnOnce(&S::Value) -> R) -> R {
        let cell = unwrap(subject.find(&TableRef(&self.shared.table)));
        match &self.reach {
            Reach::Call(core) => core.with(cell, read),
            Reach::Run(cx) => match cx.store() {
                Ok(core) => core.with(cell, read),
                Err(error) => panic!("{error}"),
            },
        }
    }
}

/// Asks a condition that may have to wait; a panic of its own call or of its future unwinds.
pub(super) async fn ask_later<A, X, M>(
    ask: &AskLater<A, X>,
    cx: &RunContext,
    meta: &Meta<A, M>,
    shared: &Arc<Shared<X>>,
) -> Wanted
where
    A: Clone,
{
    ask(meta.arg.clone(), ConditionApi::of_run(cx.clone(), Arc::clone(shared))).await
}

impl<X> fmt::Debug for ConditionApi<'_, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionApi").finish_non_exhaustive()
    }
}
