//! From the call to the first poll.
//!
//! The order is a promise to the front ends, which hang their lifecycle events on it:
//!
//! 1. the run is registered. Admission: outside a lease, with a store, a live parent, the condition's and the policy's
//!    consent. Of a refused run no start is told and no start hook called; its outcome is told like any other;
//! 2. the run that it supersedes is settled, hook included;
//! 3. `RunStarted`, then the start hook. Who decides the run's end meanwhile leaves the telling to the starter;
//! 4. unless the run was aborted or failed meanwhile: the body is called and polled once, here;
//! 5. a body that is not ready rests in its run, and a task that will poll it again at once goes to the spawner. The
//!    first poll was made with a waker that wakes nobody; the task's first poll makes up for it.
//!
//! A body may start runs whose bodies start runs. Their first polls nest on one stack, so beyond
//! [`INLINE_DEPTH`] of them the body is left to the spawner.

use super::{
    builder::{Condition, RunBuilder, StartHook},
    cell::{AnyRun, Body, Facts, RunCell, Step, Verdict},
    contain::{call_hook, contain, tell},
    context::RunContext,
    failure::{Failure, StoreDropped},
    outcome::Rejection,
    policy::{Admission, Group, Policy},
    run::Run,
    settle::{conclude, conclude_polled, parent_settled, settle},
    task::Task,
};
use crate::{
    event::Event,
    lease::{self, Reentrant},
    store::{Core, Store},
    sync::thread_locals,
    text::Text,
};
use std::{
    cell::Cell,
    future::Future,
    panic::Location,
    sync::Arc,
    task::{Context, Waker},
};

/// How many first polls may nest on one stack.
const INLINE_DEPTH: u32 = 32;

thread_locals! {
    /// How many first polls this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

#[track_caller]
pub(super) fn start<T, E, B, F>(builder: RunBuilder<'_, T, E>, body: B) -> Run<T, E>
where
    B: FnOnce(RunContext) -> F + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let RunBuilder { store, executor, name, parent, detached, queued, policy, key, .. } = builder;
    let group = (policy != Policy::Parallel).then(|| Group { name: name.clone(), key });
    let facts = Facts {
        id: executor.next_id(),
        name,
        parent: parent.as_ref().map(|parent| parent.facts().id),
    };
    let cell = Arc::new(RunCell::new(facts, Arc::clone(&executor), group, builder.on_settle));
    let erased: Arc<dyn AnyRun> = Arc::clone(&cell) as Arc<dyn AnyRun>;
    let run = Run::new(cell.clone());

    // Before anything can settle it, so that its end finds it there.
    executor.register(Arc::clone(&erased));
    let parent = parent.filter(|_| !detached);
    let (store, superseded) =
        match admit(&cell, store.as_deref(), parent, builder.condition, policy, Location::caller())
        {
            Ok(admitted) => admitted,
            Err(verdict) => {
                refuse(cell, erased, verdict, (body, builder.on_start.is_some()));
                return run;
            }
        };
    let core = store.core();
    if let Some(old) = superseded {
        settle(&old, Rejection::Superseded { by: cell.facts().id });
    }
    let cx = RunContext::new(Arc::clone(&erased));
    let refused = cell.is_active() && tell_start(core, &cx, builder.on_start, &erased);
    if cell.end_start() || refused {
        conclude(&erased);
    }
    if !cell.is_active() {
        cell.bury(body);
        return run;
    }
    let body: Body<T, E> = Box::pin(async move { body(cx).await });
    if queued || DEPTH.with(Cell::get) >= INLINE_DEPTH {
        if cell.queue(body) {
            spawn(core, &cell, &erased);
        }
    } else {
        poll_inline(core, &cell, &erased, body);
    }
    run
}

/// Tells observers and hook of the start; returns whether the hook's refusal decided the outcome.
fn tell_start(
    core: &Arc<Core>,
    cx: &RunContext,
    hook: Option<StartHook<'_>>,
    erased: &Arc<dyn AnyRun>,
) -> bool {
    let facts = erased.facts();
    tell(core, || Event::RunStarted {
        run: facts.id,
        name: facts.name.clone(),
        parent: facts.parent,
    });
    let Some(hook) = hook else { return false };
    match call_hook(core, facts, "start", || hook(cx)).and_then(|answer| answer) {
        Ok(()) => false,
        Err(message) => erased.claim(Rejection::Failed { failure: Failure::Start { message } }),
    }
}

/// The store of a run that may start, and the run that it supersedes.
type Admitted<'a> = (&'a Store, Option<Arc<dyn AnyRun>>);

/// Whether the run may start: if so, with what store, and whom it supersedes.
fn admit<'a, T, E>(
    cell: &Arc<RunCell<T, E>>,
    store: Option<&'a Store>,
    parent: Option<Arc<dyn AnyRun>>,
    condition: Option<Condition<'_>>,
    policy: Policy,
    caller: &'static Location<'static>,
) -> Result<Admitted<'a>, Verdict>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let failed = |failure| Rejection::Failed { failure };
    if let Some(outer) = lease::held() {
        return Err(failed(Failure::Reentrant(Reentrant { outer, inner: caller })));
    }
    let store = store.ok_or_else(|| failed(Failure::StoreDropped(StoreDropped)))?;
    if let Some(parent) = parent
        && !cell.adopt(parent)
    {
        return Err(parent_settled(&**cell));
    }
    if let Some(condition) = condition {
        match contain(condition) {
            Ok(true) => {}
            Ok(false) => {
                let reason = Text::from_static("its condition said no");
                return Err(Rejection::Skipped { reason });
            }
            Err(message) => return Err(failed(Failure::Start { message })),
        }
    }
    let Some(group) = cell.group() else { return Ok((store, None)) };
    let erased: Arc<dyn AnyRun> = Arc::clone(cell) as Arc<dyn AnyRun>;
    match cell.executor().join(store.core(), policy, group, &erased) {
        Ok(Admission::Start(superseded)) => Ok((store, superseded)),
        Ok(Admission::Skip(active)) => {
            Err(Rejection::Skipped { reason: Text::from(format!("{active} is under way")) })
        }
        Err(message) => Err(failed(Failure::Start { message })),
    }
}

/// Ends a run that was not admitted; its body is dropped outside the lease.
#[cold]
fn refuse<T, E, B>(cell: Arc<RunCell<T, E>>, erased: Arc<dyn AnyRun>, verdict: Verdict, body: B)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    B: 'static,
{
    // Claimed at once, so that the handle is inert already; inside a lease it is told when the lease is over.
    let claimed = erased.claim(verdict);
    if cell.end_start() || claimed {
        conclude(&erased);
    }
    lease::defer(move || cell.bury(body));
}

fn poll_inline<T, E>(
    core: &Core,
    cell: &Arc<RunCell<T, E>>,
    erased: &Arc<dyn AnyRun>,
    body: Body<T, E>,
) where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let mut body = Some(body);
    let mut step = Step::Pending;
    let mut poll = || {
        if let Some(body) = body.take() {
            let _nested = Nested::enter();
            step = cell.poll_held_body(body, &mut Context::from_waker(Waker::noop()));
        }
    };
    let entered = contain(|| core.spawner.enter(&mut poll));
    if let Some(body) = body {
        // The spawner did not poll: it panicked, or does not keep its contract. The task will.
        cell.queue(body);
    }
    if let Err(message) = entered {
        settle(erased, Rejection::Panicked { message });
    }
    match step {
        Step::Pending if cell.is_active() => spawn(core, cell, erased),
        Step::Claimed => conclude_polled(erased),
        Step::Pending | Step::Over => {}
    }
}

fn spawn<T, E>(core: &Core, cell: &Arc<RunCell<T, E>>, erased: &Arc<dyn AnyRun>)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    cell.begin_spawn();
    let answer = contain(|| core.spawner.spawn(Task::run(Arc::clone(erased))));
    let lost = cell.end_spawn();
    let verdict = match answer {
        Ok(Ok(())) if !lost => return,
        Ok(Ok(())) => Rejection::Failed { failure: Failure::RuntimeShutDown },
        Ok(Err(error)) => Rejection::Failed { failure: Failure::NoRuntime(error) },
        Err(message) => Rejection::Panicked { message },
    };
    settle(erased, verdict);
}

/// Counts a first poll for as long as it lives.
struct Nested;

impl Nested {
    fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}
