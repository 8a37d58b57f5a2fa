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
    clock::NoClock,
    contain::{call_hook, contain, tell},
    context::RunContext,
    failure::{Failure, StoreDropped},
    family::Link,
    group::{Admission, Ask, Group, Superseded},
    outcome::Rejection,
    pace::Pace,
    phase::Phase,
    policy::Policy,
    run::Run,
    settle::{conclude, conclude_claimed, parent_settled, settle},
    statuses::RunStep,
    task::Task,
    timing::Timing,
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
    time::Duration,
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
    // After the registration: a shutdown has seen the run there, or is seen here.
    if core.executor.is_closing() {
        let failure = Failure::ShuttingDown;
        refuse(cell.clone(), Rejection::Failed { failure }, body);
        return Run::new(cell, Location::caller());
    }
    let cx = RunContext::new(cell.clone());
    if DEPTH.with(Cell::get) < INLINE_DEPTH {
        poll_inline(core, &cell, Box::pin(async move { body(cx).await }));
    } else if cell.queue(Box::pin(async move { body(cx).await })) {
        spawn(core, &cell);
    }
    Run::new(cell, Location::caller())
}

/// Starts a run.
#[track_caller]
pub(super) fn start<T, E, B, F>(builder: RunBuilder<'_, T, E>, body: B) -> Run<T, E>
where
    B: FnOnce(RunContext) -> F + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let RunBuilder { store, executor, name, on_settle, .. } = builder;
    let shares = builder.policy == Policy::Shared;
    let group = Group { name: name.clone(), key: builder.key };
    let grouped = builder.policy != Policy::Parallel || builder.pace.is_some();
    let keeps = grouped || group.key.is_some();
    let tells = builder.on_start.is_some() || executor.is_observed();
    let phase = Phase::new(tells || grouped);
    // Those that share are no members of the group: their work is.
    let (own, work) = match (keeps, shares) {
        (true, false) => (Some(group), None),
        (true, true) => (None, Some(group)),
        (false, _) => (None, None),
    };
    let parent = builder.parent;
    let mut about = About::boxed(parent.as_ref().map(|run| run.head().id), own, builder.tags)
        .or_else(|| builder.retries.then(Box::default));
    if let Some(about) = &mut about {
        about.is_member = grouped && !shares;
    }
    // Before anything can settle it, so that its end finds it there.
    let cell = executor.register(|id| {
        let executor = Arc::clone(&executor);
        Arc::new(RunCell::new(Head { id, name, about, executor, phase }, on_settle))
    });

    let ask = Asked {
        caller: Location::caller(),
        parent: parent.filter(|_| !builder.detached),
        condition: builder.condition,
        policy: builder.policy,
        pace: builder.pace,
        timeout: builder.timeout,
        work,
    };
    let admitted = match admit(&cell, store.as_deref(), ask) {
        Ok(admitted) => admitted,
        Err(verdict) => {
            refuse(cell.clone(), verdict, (body, builder.on_start.is_some()));
            return Run::new(cell, Location::caller());
        }
    };
    let core = admitted.store.core();
    for (old, claim) in admitted.superseded.into_runs() {
        conclude(&old, claim);
    }
    let cx = RunContext::new(cell.clone());
    if tells && cell.head.phase.is_active() {
        tell_start(core, &cx, builder.on_start);
    }
    if cell.end_start() {
        conclude_claimed(cx.cell());
    }
    let how = How { queued: builder.queued || admitted.waits, timing: admitted.timing };
    match admitted.work {
        None => begin(core, &cell, cx, body, how),
        Some(work) => {
            // It has no body; that of the work is begun by whoever made that, also if it has ended itself meanwhile.
            cell.bury(());
            match work {
                Work::UnderWay => lease::defer(move || drop(body)),
                Work::New(work) => {
                    let cx = RunContext::new(work.clone());
                    tell_start(core, &cx, None);
                    if work.end_start() {
                        conclude_claimed(cx.cell());
                    }
                    begin(core, &work, cx, body, how);
                }
            }
        }
    }
    Run::new(cell, Location::caller())
}

/// How a body is to be begun.
struct How {
    /// Whether even its first poll is the spawner's.
    queued: bool,
    /// What is to be waited for, and for how long.
    timing: Option<Timing>,
}

/// Begins the body, unless the run is over by now.
fn begin<T, E, B, F>(core: &Core, cell: &Arc<RunCell<T, E>>, cx: RunContext, body: B, how: How)
where
    B: FnOnce(RunContext) -> F + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    if !cell.head.phase.is_active() {
        return cell.bury(body);
    }
    let body: Body<T, E> = match how.timing {
        None => Box::pin(async move { body(cx).await }),
        Some(timing) => Box::pin(timing.apply(cx, body)),
    };
    if !how.queued && DEPTH.with(Cell::get) < INLINE_DEPTH {
        poll_inline(core, cell, body);
    } else if cell.queue(body) {
        spawn(core, cell);
    }
}

/// Tells observers and hook of the start; the hook's refusal decides the outcome.
fn tell_start(core: &Arc<Core>, cx: &RunContext, hook: Option<StartHook<'_>>) {
    let head = cx.cell().head();
    tell(core, || Event::RunStarted {
        run: head.id,
        name: head.name.clone(),
        parent: head.parent(),
    });
    core.executor.count(core, head, RunStep::Start);
    let Some(hook) = hook else { return };
    if let Err(message) = call_hook(core, head, "start", || hook(cx)).and_then(|answer| answer) {
        // The starter concludes, whoever wins.
        let _ = cx.cell().claim(Rejection::Failed { failure: Failure::Start { message } });
    }
}

/// What a run asks for.
struct Asked<'a> {
    /// Who starts it.
    caller: &'static Location<'static>,
    /// Whom it is to end with.
    parent: Option<Arc<dyn AnyRun>>,
    /// Whether it is wanted.
    condition: Option<Condition<'a>>,
    /// What to do with others of its name and key.
    policy: Policy,
    /// How often runs may come.
    pace: Option<Pace>,
    /// How long it may take.
    timeout: Option<Duration>,
    /// Whose work it wants to share.
    work: Option<Group>,
}

/// A run that may start.
struct Admitted<'a, T, E> {
    /// Its store.
    store: &'a Store,
    /// Whom it has superseded.
    superseded: Superseded,
    /// What its body is to wait for, and for how long.
    timing: Option<Timing>,
    /// Whether its body is to wait for its turn.
    waits: bool,
    /// The work that it shares.
    work: Option<Work<T, E>>,
}

/// Work that is shared.
enum Work<T, E> {
    /// Somebody has begun it, or is about to.
    UnderWay,
    /// It is to be begun.
    New(Arc<RunCell<T, E>>),
}

/// Whether the run may start.
fn admit<'a, T, E>(
    cell: &Arc<RunCell<T, E>>,
    store: Option<&'a Store>,
    ask: Asked<'_>,
) -> Result<Admitted<'a, T, E>, Verdict>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let failed = |failure| Rejection::Failed { failure };
    if let Some(outer) = lease::held() {
        return Err(failed(Failure::Reentrant(Reentrant { outer, inner: ask.caller })));
    }
    let store = store.ok_or_else(|| failed(Failure::StoreDropped(StoreDropped)))?;
    let executor = &cell.head.executor;
    if let Some(parent) = ask.parent {
        let child: Arc<dyn AnyRun> = cell.clone();
        let link = Link::between(&child, parent).ok_or_else(|| parent_settled(&*child))?;
        // The parent may be settling right now, and have aborted us: then the slot is empty and the link harmless.
        cell.state.lock().kin.get_or_insert_default().link = Some(link);
    } else if executor.is_closing() {
        return Err(failed(Failure::ShuttingDown));
    }
    if let Some(condition) = ask.condition {
        match contain(condition) {
            Ok(true) => {}
            Ok(false) => {
                let reason = Text::from_static("its condition said no");
                return Err(Rejection::Skipped { reason });
            }
            Err(message) => return Err(failed(Failure::Start { message })),
        }
    }
    let timing = match (ask.pace, ask.timeout) {
        (None, None) => None,
        (_, timeout) => {
            let clock = store.clock().ok_or_else(|| failed(Failure::NoClock(NoClock::new())))?;
            Some(Timing { clock, begin: None, timeout })
        }
    };
    let mut admitted =
        Admitted { store, superseded: Superseded::default(), timing, waits: false, work: None };
    if let Some(group) = ask.work {
        if ask.pace.is_some() {
            let message = Text::from_static("a run that is shared cannot have a pace as well");
            return Err(failed(Failure::Start { message }));
        }
        admitted.work = Some(share(cell, store, &group)?);
        return Ok(admitted);
    }
    let Some(group) = cell.head.joined() else { return Ok(admitted) };
    let now = admitted.timing.as_ref().map(|timing| timing.clock.now());
    let ask = Ask { policy: ask.policy, pace: ask.pace.zip(now) };
    let erased: Arc<dyn AnyRun> = cell.clone();
    match executor.join(store.core(), group, &ask, &erased) {
        Ok(Admission::Start { superseded, delay, waits }) => {
            admitted.superseded = superseded;
            admitted.waits = waits;
            if let Some(timing) = &mut admitted.timing {
                timing.begin = now.zip(delay).map(|(now, delay)| now.saturating_add(delay));
            }
            Ok(admitted)
        }
        Ok(Admission::Skip(reason)) => Err(Rejection::Skipped { reason }),
        Err(message) => Err(failed(Failure::Start { message })),
    }
}

/// Has the run follow the work of its group that is under way, or makes that work.
fn share<T, E>(
    cell: &Arc<RunCell<T, E>>,
    store: &Store,
    group: &Group,
) -> Result<Work<T, E>, Verdict>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let failed = |message| Rejection::Failed { failure: Failure::Start { message } };
    let executor = &cell.head.executor;
    loop {
        let mut made = None;
        let found = executor.join_shared(store.core(), group, || {
            let work = executor.register(|id| {
                let (name, executor) = (group.name.clone(), Arc::clone(executor));
                let mut about = About::boxed(None, Some(group.clone()), cell.head.tags().to_vec());
                if let Some(about) = &mut about {
                    about.is_member = true;
                }
                let head = Head { id, name, about, executor, phase: Phase::new(true) };
                Arc::new(RunCell::new(head, None))
            });
            made = Some(Arc::clone(&work));
            work
        });
        let found = found.map_err(failed)?;
        if let Some(work) = made {
            if cell.follow(&work) {
                return Ok(Work::New(work));
            }
            // Somebody has looked for it and ended it in between; its end is ours to tell.
            if work.end_start() {
                let erased: Arc<dyn AnyRun> = work.clone();
                conclude_claimed(&erased);
            }
            work.bury(());
            continue;
        }
        let Ok(work) = found.into_any().downcast::<RunCell<T, E>>() else {
            let message = "a run of this name and key is under way that gives other types";
            return Err(failed(Text::from_static(message)));
        };
        if cell.follow(&work) {
            return Ok(Work::UnderWay);
        }
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
