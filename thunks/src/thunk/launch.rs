//! How a call becomes a run.
//!
//! The order is the executor's (`trine_core`, `executor/start.rs`); this file hangs the lifecycle events on it:
//!
//! 1. the condition; then the policy, which rejects the run that is superseded;
//! 2. the run's own value is made, outside the lease; then `pending` is reduced *through the run's context*: inside the lease,
//!    where an abort cannot come between. So either the run becomes pending, and then it has exactly one terminal event, or it
//!    is over already, and has none;
//! 3. the body;
//! 4. the settle hook (`ending.rs`), once, on whichever thread settles.
//!
//! With a condition that may have to wait, the run starts without any event; its body asks, and goes on with 2.

use super::{
    Definition, Prepare, ThunkApi, ThunkCall,
    call::Signal,
    condition::{Ask, ConditionApi, ask_later},
    ending::Ending,
    lifecycle::Pending,
    meta::{Meta, Rare},
    progress::Reports,
    states::{Step, Trash},
};
use crate::{
    action::AnyAction,
    case::{ThunkRef, sealed::AnyAction as _},
    error::DispatchError,
    pipeline::{Reduce, send_pending},
    store::Shared,
    table::{Occurrence, Way},
};
use std::{
    any::Any,
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex, atomic::Ordering},
};
use trine_core::{Event, Failure, Run, RunBuilder, RunContext, Text, Updates, Wanted};

/// The work of a thunk, its future's type forgotten, but not yet its own: the executor boxes it once.
pub(super) trait Body<A, T, E, X, M>: Send + Sync {
    #[track_caller]
    fn start(
        self: Arc<Self>,
        builder: RunBuilder<'_, T, E>,
        core: Option<&trine_core::Store>,
        definition: &Arc<Definition<A, T, E, X, M>>,
        meta: &Arc<Meta<A, M>>,
        shared: &Arc<Shared<X>>,
        ending: Ending<A, T, E, X, M>,
    ) -> Run<T, E>;
}

impl<A, T, E, X, M, B, F> Body<A, T, E, X, M> for B
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
    B: Fn(A, ThunkApi<X, M>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    #[track_caller]
    fn start(
        self: Arc<Self>,
        builder: RunBuilder<'_, T, E>,
        core: Option<&trine_core::Store>,
        definition: &Arc<Definition<A, T, E, X, M>>,
        meta: &Arc<Meta<A, M>>,
        shared: &Arc<Shared<X>>,
        ending: Ending<A, T, E, X, M>,
    ) -> Run<T, E> {
        let options = &definition.options;
        let asks = matches!(definition.condition, Some(Ask::Later(_)));
        // Here, where their types are known: so they cost no allocation.
        let builder = builder
            .on_start(|cx| {
                let _ = meta.run.set(cx.id());
                if asks || begin_alone(cx, core, shared, definition, meta) {
                    return Ok(());
                }
                begin(cx, shared, definition, meta)
            })
            .on_settle(move |outcome| ending.tell(outcome));
        let (shared, meta) = (Arc::clone(shared), Arc::clone(meta));
        if !asks && options.retry.is_none() && options.progress_every.is_none() {
            return builder
                .start(move |cx| self(meta.arg.clone(), ThunkApi::new(cx, shared, meta)));
        }
        let (retry, definition) = (options.retry.clone(), Arc::clone(definition));
        let body = move |cx: RunContext| {
            let this = Arc::clone(&self);
            let (definition, meta) = (Arc::clone(&definition), Arc::clone(&meta));
            let shared = Arc::clone(&shared);
            async move {
                match (cx.attempt(), &definition.condition) {
                    (1, Some(Ask::Later(_))) => ask_first(&cx, &shared, &definition, &meta).await,
                    (1, _) => {}
                    (attempt, _) => try_again(&cx, &shared, &definition, &meta, attempt),
                }
                let arg = meta.arg.clone();
                let every = definition.options.progress_every;
                let clock = every.and_then(|_| cx.store().ok()?.clock());
                let mut api = ThunkApi::new(cx.clone(), shared, meta);
                let (Some(every), Some(clock)) = (every, clock) else {
                    return this(arg, api).await;
                };
                let reports = Reports::new(clock, every);
                api.reports = Some(Arc::clone(&reports));
                reports.along(cx, this(arg, api)).await
            }
        };
        match retry {
            Some(retry) => builder.start_retrying(retry, body),
            None => builder.start(body),
        }
    }
}

/// Starts a run. Without a store the executor refuses it.
#[track_caller]
pub(super) fn launch<A, T, E, X, M>(
    call: ThunkCall<A, T, E, X, M>,
    signal: Option<Signal>,
    core: Option<&trine_core::Store>,
    shared: &Arc<Shared<X>>,
    builder: RunBuilder<'_, T, E>,
) -> Run<T, E>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    let definition = call.thunk.definition;
    let is_rare =
        definition.key.is_some() || !call.tags.is_empty() || !definition.patches.is_empty();
    let rare = is_rare.then(|| {
        let key = definition.key.as_ref().map(|key| key.make(&call.arg));
        Box::new(Rare { key, tags: call.tags, patches: Mutex::default() })
    });
    let value = match &definition.prepare {
        Prepare::Empty(make) => Some(make()),
        Prepare::From(_) => None,
    };
    let at = Location::caller();
    let meta = Arc::new(Meta::new(definition.refers.clone(), call.arg, at, rare, value));

    let mut builder = definition.options.apply(builder);
    for tag in meta.tags() {
        builder = builder.tag(tag.clone());
    }
    if call.detached {
        builder = builder.detached();
    }
    if let Some(signal) = signal {
        builder = builder.abort_when(signal);
    }
    if let (Some(Ask::Now(ask)), Some(core)) = (&definition.condition, core) {
        builder = builder.condition(|| ask(&meta.arg, &ConditionApi::of_call(core, shared)));
    }
    // After the condition: a key that cannot be made takes its place.
    if let (Some(key), Some(made)) = (&definition.key, meta.key()) {
        builder = key.give(made, builder);
    }
    let ending = Ending {
        shared: Arc::clone(shared),
        definition: Arc::clone(&definition),
        meta: Arc::clone(&meta),
    };
    let refused = definition.options.tells_skipped.then(|| ending.clone());
    let body = Arc::clone(&definition.body);
    let run = body.start(builder, core, &definition, &meta, shared, ending);
    if let Some(ending) = refused {
        ending.tell_refused(&run);
    } else if meta.run.get().is_none() && shared.states.is_used() {
        // It may have been counted between its registration and its refusal.
        forget(core, shared, &definition, &meta, &run);
    }
    run
}

/// Makes the run pending in the common case: there is nobody to tell but the reducers of one slice, whose change is a commit of its own.
/// False, and nothing is done, if it is not that.
#[inline]
fn begin_alone<A, T, E, X, M>(
    cx: &RunContext,
    core: Option<&trine_core::Store>,
    shared: &Shared<X>,
    definition: &Definition<A, T, E, X, M>,
    meta: &Arc<Meta<A, M>>,
) -> bool
where
    A: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    let is_common = !shared.pipeline.is_busy()
        && definition.patches.is_empty()
        && definition.options.tags.is_empty()
        && meta.tags().is_empty()
        && core.is_some_and(|core| !core.is_observed())
        && matches!(definition.prepare, Prepare::Empty(_))
        && namesake(shared, definition).is_none();
    if !is_common {
        return false;
    }
    let event = Pending::new(meta);
    let Some(handler) = shared.table.alone(event.case_key()) else { return false };
    let occurrence = Occurrence { event: &event, action: &event };
    handler.reduce_alone_if(Way::Run(cx), &occurrence, meta.at, &|| {
        if shared.states.is_used() {
            return false;
        }
        // From here on the run has a terminal event, also if a reducer panics.
        meta.begin(shared.states.epoch());
        true
    })
}

/// Makes the run pending, before its body is called.
#[track_caller]
fn begin<A, T, E, X, M>(
    cx: &RunContext,
    shared: &Arc<Shared<X>>,
    definition: &Definition<A, T, E, X, M>,
    meta: &Arc<Meta<A, M>>,
) -> Result<(), Text>
where
    A: Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    let thunk = &definition.refers;
    if let Some(known) = namesake(shared, definition) {
        return Err(Text::from(format!(
            "the thunk `{}` made at {} is not the one of that name that slices have cases for, made at {}: \
             make it once and share it (it is cheap to clone)",
            thunk.name, thunk.made, known.made,
        )));
    }
    if let Prepare::From(make) = &definition.prepare {
        let core = cx.store().map_err(|error| Text::from(error.to_string()))?;
        let _ = meta.value.set(make(&meta.arg, &ConditionApi::of_call(&core, shared)));
    }
    let mut places = Vec::new();
    if !definition.patches.is_empty() {
        let core = cx.store().map_err(|error| Text::from(error.to_string()))?;
        for patch in &definition.patches {
            let found = Arc::clone(patch).find(&core, shared);
            let found = found.map_err(|error| Text::from(format!("{meta}, patching: {error}")))?;
            places.push((found, core.downgrade()));
        }
    }
    let mut trash = Trash::new();
    let commit = |reducers: &mut Reduce<'_>| {
        cx.updates(|cells| {
            // From here on the run has a terminal event, also if a reducer panics.
            meta.begin(shared.states.epoch());
            cells.called_at(meta.at);
            let mut done = Ok(());
            for (place, store) in places {
                match place.place(cells, &store, meta) {
                    Ok(patch) => meta.keep(patch),
                    Err(error) => done = Err(DispatchError::Slice(error)),
                }
            }
            let done = done.and(reducers(cells));
            trash = shared.states.step(cells, definition, meta, cx.id(), Step::Begin);
            done
        })?
        .0
    };
    let reduced = if shared.pipeline.is_busy() {
        send_pending(cx, shared, (Arc::new(Pending::new(meta)), meta.at), commit)
    } else {
        commit(&mut |cells| reduce(shared, cells, &Pending::new(meta)))
    };
    drop(trash);
    reduced.map_err(|error| Text::from(format!("{meta}, pending: {error}")))
}

/// The other thunk of the same name that the slices have cases for, if there is one. It is looked for once per store, as
/// long as no slice joins.
fn namesake<A, T, E, X, M>(
    shared: &Shared<X>,
    definition: &Definition<A, T, E, X, M>,
) -> Option<ThunkRef> {
    let seen = shared.states.stamp(shared.table.late_slices());
    // Relaxed: a stale answer only means another look.
    if definition.fits.load(Ordering::Relaxed) == seen {
        return None;
    }
    let other = shared.table.namesake(&definition.refers);
    if other.is_none() {
        definition.fits.store(seen, Ordering::Relaxed);
    }
    other
}

/// Notes that a further attempt of a run begins.
fn try_again<A, T, E, X, M>(
    cx: &RunContext,
    shared: &Shared<X>,
    definition: &Definition<A, T, E, X, M>,
    meta: &Arc<Meta<A, M>>,
    attempt: u32,
) where
    A: Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    meta.try_again(attempt);
    if shared.states.is_used() {
        let mut trash = Trash::new();
        // It is over, or the store is gone: then there is nothing to note.
        let _ = cx.updates(|cells| {
            trash = shared.states.step(cells, definition, meta, cx.id(), Step::TryAgain);
        });
    }
}

/// Forgets a run that was refused.
#[cold]
fn forget<A, T, E, X, M>(
    core: Option<&trine_core::Store>,
    shared: &Shared<X>,
    definition: &Definition<A, T, E, X, M>,
    meta: &Arc<Meta<A, M>>,
    run: &Run<T, E>,
) where
    A: Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    let mut trash = Trash::new();
    if let Some(core) = core {
        // Inside a lease no cell has been made meanwhile.
        let _ = core.try_updates(|cells| {
            trash = shared.states.step(cells, definition, meta, run.id(), Step::Forget);
        });
    }
}

/// Asks a condition that may have to wait, then makes the run pending. Does not resolve if the run is not to go on: then it
/// has settled.
async fn ask_first<A, T, E, X, M>(
    cx: &RunContext,
    shared: &Arc<Shared<X>>,
    definition: &Definition<A, T, E, X, M>,
    meta: &Arc<Meta<A, M>>,
) where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    let Some(Ask::Later(ask)) = &definition.condition else { return };
    let failed = match contained(ask_later(&**ask, cx, meta, shared)).await {
        Ok(Wanted::Yes) => {
            let begun = catch_unwind(AssertUnwindSafe(|| begin(cx, shared, definition, meta)));
            match begun.unwrap_or_else(|payload| Err(message(&*payload))) {
                Ok(()) if cx.is_active() => return,
                Ok(()) => None,
                Err(message) => Some(message),
            }
        }
        Ok(Wanted::No { reason }) => {
            cx.skip(reason);
            None
        }
        Err(message) => Some(message),
    };
    if let Some(message) = failed {
        cx.fail(Failure::Start { message });
    }
    pending::<()>().await;
}

/// What a future comes to, or the message of its panic.
async fn contained<R>(future: impl Future<Output = R>) -> Result<R, Text> {
    let mut future = pin!(future);
    let poll = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => std::task::Poll::Ready(Err(message(&*payload))),
    });
    poll.await
}

/// The message of a panic.
fn message(payload: &(dyn Any + Send)) -> Text {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Text::from(*text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Text::from(text.clone())
    } else {
        Text::from_static("a panic whose payload is not a string")
    }
}

/// Reduces one event of a run.
#[track_caller]
pub(super) fn reduce<X, V: AnyAction>(
    shared: &Shared<X>,
    cells: &mut Updates<'_>,
    event: &V,
) -> Result<(), DispatchError> {
    cells.note(|| Event::Dispatched { action: event.name(), run: event.run() });
    let occurrence = Occurrence { event: event.event(), action: event };
    shared.table.reduce(cells, event.case_key(), &occurrence)
}
