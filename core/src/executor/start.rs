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
    any_run::{About, AnyRun, Head, Step, Verdict},
    builder::{Condition, RunBuilder, StartHook},
    cell::{Body, RunCell},
    contain::{call_hook, contain, tell},
    context::RunContext,
    failure::{Failure, StoreDropped},
    family::Link,
    outcome::Rejection,
    phase::{Claim, Phase},
    policy::{Admission, Group, Policy},
    run::Run,
    settle::{conclude, conclude_claimed, parent_settled, settle},
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

/// Starts a run that nothing was said about but its name: the short way, which differs from [`start`] in what it need
/// not ask.
#[track_caller]
pub(super) fn start_plain<T, E, B, F>(store: &Store, name: Text, body: B) -> Run<T, E>
where
    B: FnOnce(RunContext) -> F + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let core = store.core();
    if core.executor.is_observed() || lease::held().is_some() {
        return start(store.run_builder(name), body);
    }
    let cell = core.executor.register(|id| {
        let executor = Arc::clone(&core.executor);
        let head = Head { id, name, about: None, executor, phase: Phase::new(false) };
        Arc::new(RunCell::new(head, None))
    });
    let cx = RunContext::new(cell.clone());
    if DEPTH.with(Cell::get) < INLINE_DEPTH {
        poll_inline(core, &cell, Box::pin(async move { body(cx).await }));
    } else if cell.queue(Box::pin(async move { body(cx).await })) {
        spawn(core, &cell);
    }
    Run::new(cell)
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
    let tells = builder.on_start.is_some() || executor.is_observed();
    let phase = Phase::new(tells || group.is_some());
    let about = (group.is_some() || parent.is_some())
        .then(|| Box::new(About { parent: parent.as_ref().map(|run| run.head().id), group }));
    let on_settle = builder.on_settle;
    // Before anything can settle it, so that its end finds it there.
    let cell = executor.register(|id| {
        let executor = Arc::clone(&executor);
        Arc::new(RunCell::new(Head { id, name, about, executor, phase }, on_settle))
    });

    let parent = parent.filter(|_| !detached);
    let caller = Location::caller();
    let admitted = admit(&cell, store.as_deref(), parent, builder.condition, policy, caller);
    let (store, superseded) = match admitted {
        Ok(admitted) => admitted,
        Err(verdict) => {
            refuse(cell.clone(), verdict, (body, builder.on_start.is_some()));
            return Run::new(cell);
        }
    };
    let core = store.core();
    if let Some((old, claim)) = superseded {
        conclude(&old, claim);
    }
    let cx = RunContext::new(cell.clone());
    let phase = &cell.head.phase;
    if tells && phase.is_active() {
        tell_start(core, &cx, builder.on_start);
    }
    if cell.end_start() {
        conclude_claimed(cx.cell());
    }
    if !phase.is_active() {
        cell.bury(body);
    } else if queued || DEPTH.with(Cell::get) >= INLINE_DEPTH {
        if cell.queue(Box::pin(async move { body(cx).await })) {
            spawn(core, &cell);
        }
    } else {
        poll_inline(core, &cell, Box::pin(async move { body(cx).await }));
    }
    Run::new(cell)
}

/// Tells observers and hook of the start; the hook's refusal decides the outcome.
fn tell_start(core: &Arc<Core>, cx: &RunContext, hook: Option<StartHook<'_>>) {
    let head = cx.cell().head();
    tell(core, || Event::RunStarted {
        run: head.id,
        name: head.name.clone(),
        parent: head.parent(),
    });
    let Some(hook) = hook else { return };
    if let Err(message) = call_hook(core, head, "start", || hook(cx)).and_then(|answer| answer) {
        // The starter concludes, whoever wins.
        let _ = cx.cell().claim(Rejection::Failed { failure: Failure::Start { message } });
    }
}

/// The store of a run that may start, and the run that it has superseded.
type Admitted<'a> = (&'a Store, Option<(Arc<dyn AnyRun>, Claim)>);

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
    if let Some(parent) = parent {
        let child: Arc<dyn AnyRun> = cell.clone();
        let link = Link::between(&child, parent).ok_or_else(|| parent_settled(&*child))?;
        // The parent may be settling right now, and have aborted us: then the slot is empty and the link harmless.
        cell.state.lock().kin.get_or_insert_default().link = Some(link);
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
    let Some(group) = cell.head.group() else { return Ok((store, None)) };
    let erased: Arc<dyn AnyRun> = cell.clone();
    match cell.head.executor.join(store.core(), policy, group, &erased) {
        Ok(Admission::Start(superseded)) => Ok((store, superseded)),
        Ok(Admission::Skip(active)) => {
            Err(Rejection::Skipped { reason: Text::from(format!("{active} is under way")) })
        }
        Err(message) => Err(failed(Failure::Start { message })),
    }
}

/// Ends a run that was not admitted; its body is dropped outside the lease.
#[cold]
fn refuse<T, E, B>(cell: Arc<RunCell<T, E>>, verdict: Verdict, body: B)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    B: 'static,
{
    // Claimed at once, so that the handle is inert already; inside a lease it is told when the lease is over.
    let claim = cell.claim(verdict);
    let owed = cell.end_start();
    let erased: Arc<dyn AnyRun> = cell.clone();
    if owed {
        conclude_claimed(&erased);
    } else if claim.won() {
        conclude(&erased, claim);
    }
    lease::defer(move || cell.bury(body));
}

fn poll_inline<T, E>(core: &Core, cell: &Arc<RunCell<T, E>>, body: Body<T, E>)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let mut body = Some(body);
    let mut step = Step::Pending;
    let mut poll = || {
        if let Some(body) = body.take() {
            let _nested = Nested::enter();
            step = cell.poll_held_body(body, &mut Context::from_waker(Waker::noop()), None);
        }
    };
    let entered = contain(|| core.spawner.enter(&mut poll));
    if let Some(body) = body {
        // The spawner did not poll: it panicked, or does not keep its contract. The task will.
        cell.queue(body);
    }
    if let Err(message) = entered {
        let erased: Arc<dyn AnyRun> = cell.clone();
        settle(&erased, Rejection::Panicked { message });
    }
    match step {
        Step::Pending if cell.head.phase.is_active() => spawn(core, cell),
        Step::Claimed(claim) => {
            let erased: Arc<dyn AnyRun> = cell.clone();
            conclude(&erased, claim);
        }
        Step::Pending | Step::Over => {}
    }
}

fn spawn<T, E>(core: &Core, cell: &Arc<RunCell<T, E>>)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let answer = contain(|| core.spawner.spawn(Task::run(cell.clone())));
    let lost = cell.head.phase.end_spawn();
    let verdict = match answer {
        Ok(Ok(())) if !lost => return,
        Ok(Ok(())) => Rejection::Failed { failure: Failure::RuntimeShutDown },
        Ok(Err(error)) => Rejection::Failed { failure: Failure::NoRuntime(error) },
        Err(message) => Rejection::Panicked { message },
    };
    let erased: Arc<dyn AnyRun> = cell.clone();
    settle(&erased, verdict);
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
