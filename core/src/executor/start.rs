//! From the call to the first poll.
//!
//! The order is a promise to the front ends, which hang their lifecycle events on it:
//!
//! 1. the run is registered. Admission (`admit.rs`): outside a lease, with a store, a live parent, the condition's and the policy's
//!    consent. Of a refused run no start is told and no start hook called; its outcome is told like any other;
//! 2. the run that it supersedes is settled, hook included;
//! 3. `RunStarted`, then the start hook. Who decides the run's end meanwhile leaves the telling to the starter;
//! 4. unless the run was aborted or failed meanwhile: the body is called and polled once, here (`launch.rs`);
//! 5. a body that is not ready rests in its run, and a task that will poll it again at once goes to the spawner. The
//!    first poll was made with a waker that wakes nobody; the task's first poll makes up for it.
//!

use super::{
    admit::{Asked, Work, admit, refuse},
    any_run::{About, Head},
    audit::audited,
    builder::{RunBuilder, StartHook},
    cell::RunCell,
    contain::{call_hook, tell},
    context::RunContext,
    failure::Failure,
    group::Group,
    launch::{Anywhere, How, Launch},
    outcome::Rejection,
    phase::Phase,
    policy::Policy,
    run::Run,
    settle::{conclude, conclude_claimed},
    statuses::RunStep,
};
use crate::{
    event::Event,
    lease,
    store::{Core, Store},
    text::Text,
};
use std::{future::Future, panic::Location, sync::Arc};

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
        return start(store.run_builder(name), Anywhere(body));
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
        return Run::new(cell);
    }
    let cx = RunContext::new(cell.clone());
    Anywhere(body).launch(core, &cell, cx, How::default());
    Run::new(cell)
}

/// Starts a run.
#[track_caller]
pub(super) fn start<T, E>(builder: RunBuilder<'_, T, E>, body: impl Launch<T, E>) -> Run<T, E>
where
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
        signal: builder.signal,
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
    for (old, claim) in admitted.superseded.into_runs() {
        conclude(&old, claim);
    }
    for next in admitted.next {
        next.grant();
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
        None if cell.head.phase.is_active() => body.launch(core, &cell, cx, how),
        None => cell.bury(body.into_body()),
        Some(Work::UnderWay) => cell.bury(body.into_body()),
        Some(Work::New(work)) => {
            // The body is the work's, which is begun also if this run has ended meanwhile: others may have joined.
            cell.bury(());
            let cx = RunContext::new(work.clone());
            tell_start(core, &cx, None);
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
