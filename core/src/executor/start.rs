//! From the call to the first poll.
//!
//! The order is a promise to the front ends, which hang their lifecycle events on it:
//!
//! 1. the run is registered. Admission (`admit.rs`): outside a lease, with a store, a live parent, the condition's and the policy's
//!    consent. Of a refused run no start is told and no start hook called; its outcome is told like any other;
//! 2. the run that it supersedes is settled, hook included;
//! 3. `RunStarted`, then the start hook. Who decides the run's end meanwhile leaves the telling to the starter;
//! 4. unless the run was aborted or failed meanwhile: the body is called and polled once, here (`launch.rs`);
//! 5. a body that is not ready rests in its run until it is woken, and is given a task then (`home.rs`). Where the runtime could not be
//!    found again, a task goes to the spawner now, and polls it again at once.

use super::{
    admit::{Asked, Work, admit, admit_plain, refuse},
    any_run::{About, AnyRun, Head},
    audit::audited,
    builder::{Condition, RunBuilder},
    cell::RunCell,
    contain::{call_hook, tell},
    context::RunContext,
    failure::Failure,
    group::{Group, Key},
    hooks::{SettleHook, StartHook},
    launch::{How, Launch},
    outcome::Rejection,
    phase::Phase,
    policy::Policy,
    run::Run,
    settle::conclude_claimed,
    statuses::RunStep,
};
use crate::{event::Event, lease, store::Core, sync::mutant, text::Text};
use std::{panic::Location, sync::Arc};

/// Starts a run that has no relatives, no times, and shares no work: the short way, which differs from [`start`] in what
/// it need not ask. No lease may be held.
#[track_caller]
pub(super) fn start_plain<T, E, S, H>(
    core: &Arc<Core>,
    (name, mut queued): (Text, bool),
    wish: Option<Wish<'_>>,
    (on_start, on_settle): (S, H),
    body: impl Launch<T, E>,
) -> Run<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    S: StartHook,
    H: SettleHook<T, E>,
{
    let tells = S::ANY || core.executor.is_observed() || core.executor.follows(&name);
    let (policy, condition, about) = match wish {
        None => (Policy::Parallel, None, None),
        Some(wish) => wish.of(&name),
    };
    let starting = tells || policy != Policy::Parallel;
    let cell = core.executor.register(|id| {
        let executor = Arc::clone(&core.executor);
        Arc::new(RunCell::new(
            Head::new(id, name, about, executor, Phase::new(starting)),
            on_settle,
        ))
    });
    // After the registration: who has made a status cell, or shuts down, has seen the run there, or is seen here.
    if !tells && core.executor.follows(&cell.head.name) && !mutant("starts are not looked at again")
    {
        let erased: Arc<dyn AnyRun> = cell.clone();
        core.executor.count_late(core, &erased);
    }
    if core.executor.is_closing() {
        let failure = Failure::ShuttingDown;
        refuse(cell.clone(), Rejection::Failed { failure }, body.into_body());
        return audited(cell, Location::caller());
    }
    let cx = RunContext::new(cell.clone());
    if condition.is_some() || policy != Policy::Parallel {
        match admit_plain(core, cx.cell(), condition, policy) {
            Ok(waits) => queued |= waits,
            Err(verdict) => {
                drop(cx);
                refuse(cell.clone(), verdict, body.into_body());
                return audited(cell, Location::caller());
            }
        }
    }
    if starting {
        if tells && cell.head.phase.is_active() {
            tell_start(core, &cx, on_start);
        }
        if cell.end_start() {
            conclude_claimed(cx.cell());
        }
        if !cell.head.phase.is_active() {
            cell.bury(body.into_body());
            return audited(cell, Location::caller());
        }
    }
    body.launch(core, &cell, cx, How { queued, timing: None });
    audited(cell, Location::caller())
}

/// What a run wants that takes the short way.
pub(super) struct Wish<'a> {
    /// Whom it excludes.
    policy: Policy,
    /// What tells it apart from runs of its name.
    key: Option<Key>,
    /// Whether it is wanted.
    condition: Option<Condition<'a>>,
}

impl<'a> Wish<'a> {
    fn of(self, name: &Text) -> (Policy, Option<Condition<'a>>, Option<Box<About>>) {
        let Self { policy, key, condition } = self;
        let grouped = policy != Policy::Parallel;
        let group = (grouped || key.is_some()).then(|| Group { name: name.clone(), key });
        let about = group.map(|group| About::of_group(group, grouped));
        (policy, condition, about)
    }
}

/// Starts a run.
#[track_caller]
pub(super) fn start<T, E, S, H>(
    builder: RunBuilder<'_, T, E, S, H>,
    body: impl Launch<T, E>,
) -> Run<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    S: StartHook,
    H: SettleHook<T, E>,
{
    let RunBuilder { store, executor, name, on_start, on_settle, policy, key, parent, .. } =
        builder;
    let is_plain = policy != Policy::Shared
        && parent.is_none()
        && builder.terms.is_none()
        && !builder.retries
        && lease::held().is_none();
    if let Some(store) = &store
        && is_plain
    {
        let condition = builder.condition;
        let wishes = policy != Policy::Parallel || key.is_some() || condition.is_some();
        let wish = wishes.then_some(Wish { policy, key, condition });
        let (hooks, first) = ((on_start, on_settle), (name, builder.queued));
        return start_plain(store.core(), first, wish, hooks, body);
    }
    let terms = builder.terms.map(|terms| *terms).unwrap_or_default();
    let shares = policy == Policy::Shared;
    let grouped = policy != Policy::Parallel || terms.pace.is_some();
    let group = (grouped || key.is_some()).then(|| Group { name: name.clone(), key });
    let tells = S::ANY || executor.is_observed() || executor.follows(&name);
    let phase = Phase::new(tells || grouped);
    // Those that share are no members of the group: their work is.
    let work = if shares { group.clone() } else { None };
    let mut about = About::boxed(parent.as_ref().map(|run| run.head().id), group, terms.tags)
        .or_else(|| builder.retries.then(Box::default));
    if let Some(about) = &mut about {
        about.is_member = grouped && !shares;
    }
    // Before anything can settle it, so that its end finds it there.
    let cell = executor.register(|id| {
        let executor = Arc::clone(&executor);
        Arc::new(RunCell::new(Head::new(id, name, about, executor, phase), on_settle))
    });

    let ask = Asked {
        caller: Location::caller(),
        parent: parent.filter(|_| !builder.detached),
        condition: builder.condition,
        policy,
        pace: terms.pace,
        timeout: terms.timeout,
        signal: terms.signal,
        work,
    };
    let admitted = match admit(&cell, store.as_deref(), ask) {
        Ok(admitted) => admitted,
        Err(verdict) => {
            refuse(cell.clone(), verdict, body.into_body());
            return audited(cell, Location::caller());
        }
    };
    let core = admitted.store.core();
    if !tells && executor.follows(&cell.head.name) {
        let erased: Arc<dyn AnyRun> = cell.clone();
        executor.count_late(core, &erased);
    }
    executor.end_superseded(admitted.superseded);
    for next in admitted.next {
        next.grant();
    }
    let cx = RunContext::new(cell.clone());
    if tells && cell.head.phase.is_active() {
        tell_start(core, &cx, on_start);
    }
    if cell.end_start() {
        conclude_claimed(cx.cell());
    }
    let how = How { queued: builder.queued || admitted.waits, timing: admitted.timing };
    match admitted.work {
        None if cell.head.phase.is_active() => body.launch(core, &cell, cx, how),
        None => cell.bury(body.into_body()),
        Some(Work::UnderWay) => cell.bury(body.into_body()),
        Some(Work::New(work)) => {
            // The body is the work's, which is begun also if this run has ended meanwhile: others may have joined.
            cell.bury(());
            let cx = RunContext::new(work.clone());
            tell_start(core, &cx, ());
            if work.end_start() {
                conclude_claimed(cx.cell());
            }
            if work.head.phase.is_active() {
                body.launch(core, &work, cx, how);
            } else {
                work.bury(body.into_body());
            }
        }
    }
    audited(cell, Location::caller())
}

/// Tells observers and hook of the start; the hook's refusal decides the outcome.
fn tell_start(core: &Arc<Core>, cx: &RunContext, hook: impl StartHook) {
    let head = cx.cell().head();
    if core.executor.is_observed() {
        tell_observers(core, head);
    }
    core.executor.count(core, head, RunStep::Start);
    if let Err(message) = call_start_hook(cx, hook) {
        // The starter concludes, whoever wins.
        let _ = cx.cell().claim(Rejection::Failed { failure: Failure::Start { message } });
    }
}

#[inline]
fn call_start_hook<S: StartHook>(cx: &RunContext, hook: S) -> Result<(), Text> {
    if !S::ANY {
        return Ok(());
    }
    call_hook(cx.cell().head(), "start", || hook.call(cx)).and_then(|answer| answer)
}

#[cold]
fn tell_observers(core: &Arc<Core>, head: &Head) {
    tell(core, || Event::RunStarted {
        run: head.id,
        name: head.name.clone(),
        parent: head.parent(),
    });
}
