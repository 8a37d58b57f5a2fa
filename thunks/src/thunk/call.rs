//! A thunk with its argument, and how that becomes a run.
//!
//! The order is the executor's (`trine_core`, `executor/start.rs`); this file hangs the lifecycle events on it:
//!
//! 1. the condition; then the policy, which rejects the run that is superseded;
//! 2. `pending` is reduced *through the run's context*: inside the lease, where an abort cannot come between. So
//!    either the run becomes pending, and then it has exactly one terminal event, or it is over already, and has none;
//! 3. the body;
//! 4. the settle hook, once, on whichever thread settles: `fulfilled` or `rejected` is reduced before anybody who
//!    awaits the run goes on. It does not pass through the context, which is inert by then.

use super::{
    AsyncThunk, ConditionApi, Definition, ThunkApi,
    lifecycle::{Fulfilled, Meta, Pending, Rejected},
};
use crate::{
    action::AnyAction,
    case::ThunkRef,
    dispatch::{Dispatch, sealed},
    error::DispatchError,
    store::{Shared, Store},
    table::Occurrence,
};
use std::{
    fmt,
    future::Future,
    sync::{Arc, OnceLock},
};
use trine_core::{Event, Outcome, Run, RunBuilder, RunContext, Text, Updates, WeakStore};

/// A thunk with its argument: what is dispatched. Made by [`AsyncThunk::with`].
///
/// Each dispatch of a clone is a run of its own.
#[must_use = "a call does nothing until it is dispatched"]
pub struct ThunkCall<A, T, E, X = ()> {
    /// The thunk.
    thunk: AsyncThunk<A, T, E, X>,
    /// The argument.
    arg: A,
}

impl<A, T, E, X> ThunkCall<A, T, E, X> {
    pub(super) fn new(thunk: AsyncThunk<A, T, E, X>, arg: A) -> Self {
        Self { thunk, arg }
    }

    /// The argument.
    #[must_use]
    pub fn arg(&self) -> &A {
        &self.arg
    }
}

/// The work of a thunk, its future's type forgotten, but not yet its own: the executor boxes it once.
pub(super) trait Body<A, T, E, X>: Send + Sync {
    #[track_caller]
    fn start(
        self: Arc<Self>,
        builder: RunBuilder<'_, T, E>,
        meta: Arc<Meta<A>>,
        shared: Arc<Shared<X>>,
    ) -> Run<T, E>;
}

impl<A, T, E, X, B, F> Body<A, T, E, X> for B
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    B: Fn(A, ThunkApi<X>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    #[track_caller]
    fn start(
        self: Arc<Self>,
        builder: RunBuilder<'_, T, E>,
        meta: Arc<Meta<A>>,
        shared: Arc<Shared<X>>,
    ) -> Run<T, E> {
        builder.start(move |cx| self(meta.arg.clone(), ThunkApi::new(cx, shared)))
    }
}

impl<A, T, E, X> Dispatch<X> for ThunkCall<A, T, E, X>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
{
    type Output = Run<T, E>;
}

impl<A, T, E, X> sealed::Dispatch<X> for ThunkCall<A, T, E, X>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
{
    type Output = Run<T, E>;

    #[track_caller]
    fn in_store(self, store: &Store<X>) -> Result<Run<T, E>, DispatchError> {
        let builder = store.core().run_builder(self.thunk.name().clone());
        Ok(start(self, Some(store.core()), store.shared(), builder))
    }

    #[track_caller]
    fn in_run(self, api: &ThunkApi<X>) -> Result<Run<T, E>, DispatchError> {
        let builder = api.context().run_builder(self.thunk.name().clone());
        Ok(start(self, api.context().store().ok().as_ref(), api.shared(), builder))
    }
}

/// Starts a run. Without a store the executor refuses it.
#[track_caller]
fn start<A, T, E, X>(
    call: ThunkCall<A, T, E, X>,
    core: Option<&trine_core::Store>,
    shared: &Arc<Shared<X>>,
    builder: RunBuilder<'_, T, E>,
) -> Run<T, E>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
{
    let definition: &Definition<A, T, E, X> = &call.thunk.definition;
    let thunk = &definition.refers;
    let meta = Arc::new(Meta { thunk: thunk.clone(), arg: call.arg, run: OnceLock::new() });

    let mut builder = builder.policy(definition.policy);
    if let Some(key) = &definition.key {
        builder = key(&meta.arg, builder);
    }
    if let (Some(condition), Some(core)) = (&definition.condition, core) {
        builder = builder.condition(|| condition(&meta.arg, &ConditionApi { core, shared }));
    }
    let ending = Ending {
        core: core.map(trine_core::Store::downgrade),
        shared: Arc::clone(shared),
        thunk: thunk.clone(),
        meta: Arc::clone(&meta),
    };
    let builder = builder
        .on_start(|cx| begin(cx, shared, thunk, &meta))
        .on_settle(move |outcome| ending.tell(outcome));
    Arc::clone(&definition.body).start(builder, Arc::clone(&meta), Arc::clone(shared))
}

/// Makes the run pending, on the starting thread, before its body is called.
#[track_caller]
fn begin<A: Send + Sync + 'static, X>(
    cx: &RunContext,
    shared: &Shared<X>,
    thunk: &ThunkRef,
    meta: &Arc<Meta<A>>,
) -> Result<(), Text> {
    if let Some(known) = shared.table.namesake(thunk) {
        return Err(Text::from(format!(
            "the thunk `{}` made at {} is not the one of that name that slices have cases for, made at {}: \
             make it once and share it (it is cheap to clone)",
            thunk.name, thunk.made, known.made,
        )));
    }
    let reduced = cx.updates(|cells| {
        // From here on the run has a terminal event, also if a reducer panics.
        let _ = meta.run.set(cx.id());
        reduce(shared, cells, &Pending::new(meta))
    });
    match reduced {
        Ok((reduced, _)) => reduced.map_err(|error| Text::from(error.to_string())),
        Err(error) => Err(Text::from(error.to_string())),
    }
}

/// What is needed to tell of a run's end.
struct Ending<A, X> {
    /// The store; none if it was gone at the start.
    core: Option<WeakStore>,
    /// The table.
    shared: Arc<Shared<X>>,
    /// The thunk.
    thunk: ThunkRef,
    /// The argument and the run.
    meta: Arc<Meta<A>>,
}

impl<A: Send + Sync + 'static, X> Ending<A, X> {
    /// Tells the slices, if the run was pending and the store is there.
    fn tell<T, E>(self, outcome: &Outcome<T, E>)
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let Some(&run) = self.meta.run.get() else { return };
        let Some(core) = self.core.as_ref().and_then(WeakStore::upgrade) else { return };
        let reduced = match outcome.clone().into_result() {
            Ok(payload) => {
                let event = Fulfilled::new(&self.meta, payload);
                self.reduce(&core, &event)
            }
            Err(rejection) => {
                let event = Rejected::new(&self.meta, rejection);
                self.reduce(&core, &event)
            }
        };
        if let Err(error) = reduced {
            core.emit(|| Event::Failed {
                what: Text::from(format!("telling the end of `{}`, {run}", self.thunk.name)),
                message: Text::from(error.to_string()),
            });
        }
    }

    fn reduce<V: AnyAction>(
        &self,
        core: &trine_core::Store,
        event: &V,
    ) -> Result<(), DispatchError> {
        core.try_updates(|cells| reduce(&self.shared, cells, event))?.0
    }
}

/// Reduces one event of a run.
#[track_caller]
fn reduce<X, V: AnyAction>(
    shared: &Shared<X>,
    cells: &mut Updates<'_>,
    event: &V,
) -> Result<(), DispatchError> {
    cells.note(|| Event::Dispatched { action: event.name(), run: event.run() });
    let occurrence = Occurrence { event: event.event(), action: event };
    shared.table.reduce(cells, event.case_key(), &occurrence)
}

impl<A: Clone, T, E, X> Clone for ThunkCall<A, T, E, X> {
    fn clone(&self) -> Self {
        Self { thunk: self.thunk.clone(), arg: self.arg.clone() }
    }
}

impl<A, T, E, X> fmt::Debug for ThunkCall<A, T, E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThunkCall").field("thunk", self.thunk.name()).finish_non_exhaustive()
    }
}
