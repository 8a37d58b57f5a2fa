//! How a run ends: deciding, telling, publishing. Who calls this in which order is in `settle.rs`.

use super::{
    any_run::{AnyRun, End},
    cell::{Body, RunCell, State},
    contain::{call_hook, contain, tell},
    family::Link,
    hooks::SettleHook,
    outcome::Outcome,
    phase::Claim,
    statuses::RunStep,
    waiters::WakeList,
};
use crate::{event::Event, lease};
use std::{sync::Arc, task::Waker};

/// What is left to do when the outcome can be seen and the locks are free.
#[must_use]
pub(super) struct Left<T, E> {
    /// Out of the parent.
    link: Option<Link>,
    /// Out of the registry.
    registered: Option<Arc<dyn AnyRun>>,
    /// Who waited until no run is live.
    idle: Option<WakeList>,
    /// Who waited for this one.
    waiters: Option<WakeList>,
    /// Wakes the task.
    task: Option<Waker>,
    /// To be dropped.
    body: Option<Body<T, E>>,
}

impl<T, E, H> RunCell<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    /// Claims the run. The caller holds its lock.
    #[inline]
    pub(super) fn claim_locked(&self) -> Claim {
        let claim = self.head.phase.claim();
        if claim.won() && !claim.is_owed() {
            self.head.note_teller();
        }
        claim
    }

    /// Decides the outcome, unless somebody has.
    pub(super) fn decide(&self, outcome: Outcome<T, E>) -> Claim {
        let mut state = self.state.lock();
        let claim = self.claim_locked();
        if claim.won() {
            state.outcome = Some(outcome);
            return claim;
        }
        drop(state);
        self.lose(outcome);
        claim
    }

    /// Decides the outcome, and where nobody has to be told of it but those who wait, settles in the same breath. Takes
    /// the body, if there is one, unless somebody else has decided.
    pub(super) fn end_with(&self, outcome: Outcome<T, E>, body: &mut Option<Body<T, E>>) -> End {
        let mut state = self.state.lock();
        let claim = self.claim_locked();
        if !claim.won() {
            drop(state);
            self.lose(outcome);
            return End::Lost;
        }
        let alone = claim.is_plain()
            && state.kin.is_none()
            && state.share.is_none()
            && self.head.joined().is_none()
            && !self.head.may_be_written_elsewhere()
            && !self.head.executor.is_observed()
            && !self.head.executor.follows(&self.head.name)
            && lease::held().is_none();
        // Who asks meanwhile for the reason of an abort is to find it.
        let keeps = matches!(outcome, Outcome::Fulfilled { .. } | Outcome::Rejected { .. });
        if !alone || H::ANY && !keeps {
            state.outcome = Some(outcome);
            if body.is_some() {
                state.body = body.take();
            }
            return End::Claimed(claim);
        }
        if H::ANY {
            let hook = state.on_settle.take();
            drop(state);
            self.call_settle_hook(hook, &outcome);
            // Nobody has added anything but waiters: the outcome is decided.
            state = self.state.lock();
        }
        state.outcome = Some(outcome);
        // What `publish` and `reap` do, without what such a run has not got.
        self.head.phase.settle();
        let (registered, idle) = self.head.executor.unregister(self.head.id);
        let waiters = state.waiters.take();
        let task = state.task.take();
        let body = body.take().or_else(|| state.body.take());
        drop(state);
        wake(waiters, idle, task);
        drop(registered);
        if let Some(body) = body {
            self.bury(body);
        }
        End::Settled
    }

    #[inline]
    fn call_settle_hook(&self, hook: Option<H>, outcome: &Outcome<T, E>) {
        if H::ANY
            && let Some(hook) = hook
            && let Err(message) = call_hook(&self.head, "end", || hook.call(outcome))
        {
            self.failed("the settle hook", message);
        }
    }

    /// Drops an outcome that came too late.
    #[cold]
    fn lose(&self, outcome: Outcome<T, E>) {
        self.contained("the drop of a late result", || drop(outcome));
    }

    /// Tells the observers and the hook, and lets those go on who wait for this; then takes the children.
    pub(super) fn tell_end(&self) -> Vec<Arc<dyn AnyRun>> {
        let (outcome, hook, share, has_kin) = {
            let mut state = self.state.lock();
            let (hook, share) = (state.on_settle.take(), state.share.take());
            let executor = &self.head.executor;
            let observed = executor.is_observed() || executor.follows(&self.head.name);
            let told = H::ANY || share.is_some() || observed;
            let outcome = if told { state.outcome.clone() } else { None };
            // Who is not there by now does not come any more: the outcome is decided.
            (outcome, hook, share, state.kin.is_some())
        };
        self.let_writers_finish();
        if let Some(outcome) = &outcome
            && (self.head.executor.is_observed() || self.head.executor.follows(&self.head.name))
            && let Some(core) = self.head.executor.core()
        {
            tell(&core, || Event::RunSettled {
                run: self.head.id,
                name: self.head.name.clone(),
                outcome: outcome.kind(),
                attempts: self.head.attempt(),
            });
            self.head.executor.count(&core, &self.head, RunStep::End(outcome.kind()));
        }
        if let Some(outcome) = &outcome {
            self.call_settle_hook(hook, outcome);
        }
        if let (Some(share), Some(outcome)) = (share, outcome) {
            share.end(&outcome);
        }
        // After the end was told: a successor that comes before waits for that.
        for next in self.leave_group() {
            next.grant();
        }
        if !has_kin {
            return Vec::new();
        }
        self.state.lock().kin.as_mut().map(|kin| kin.take_children()).unwrap_or_default()
    }

    /// Sees to it that the commit of a writer who saw the run active comes before the end.
    fn let_writers_finish(&self) {
        // Displaced: that was inside a lease, after the claim.
        let phase = &self.head.phase;
        if self.head.may_be_written_elsewhere()
            && !phase.is_displaced()
            && let Some(core) = self.head.executor.core()
        {
            core.serialize(|| {});
        }
    }

    /// Leaves the group; returns those whose turn it is now.
    fn leave_group(&self) -> Vec<Arc<dyn AnyRun>> {
        let executor = &self.head.executor;
        match self.head.joined() {
            Some(group) if !self.head.phase.is_displaced() => executor
                .core()
                .map_or_else(Vec::new, |core| executor.leave(&core, group, self.head.id)),
            _ => Vec::new(),
        }
    }

    /// Lets those who ask see the outcome, and leaves the registry.
    pub(super) fn publish(&self, state: &mut State<T, E, H>) -> Left<T, E> {
        self.head.phase.settle();
        // Inside the run's lock, so that who sees the outcome finds the run gone from the registry. The order is
        // run, then registry; the registry never locks a run.
        let (registered, idle) = self.head.executor.unregister(self.head.id);
        Left {
            link: state.kin.as_mut().and_then(|kin| kin.link.take()),
            registered,
            idle,
            waiters: state.waiters.take(),
            task: state.task.take(),
            body: state.body.take(),
        }
    }

    /// Does what is left: wakes, and drops the body if it is not held.
    pub(super) fn reap(&self, left: Left<T, E>) {
        if let Some(link) = left.link {
            link.cut();
        }
        wake(left.waiters, left.idle, left.task);
        drop(left.registered);
        if let Some(body) = left.body {
            self.bury(body);
        }
    }
}

/// Wakes those who waited, and has the task find out that its run is over.
#[inline]
fn wake(waiters: Option<WakeList>, idle: Option<WakeList>, task: Option<Waker>) {
    if let Some(waiters) = waiters {
        waiters.wake();
    }
    if let Some(idle) = idle {
        idle.wake();
    }
    if let Some(task) = task {
        // There is nobody to tell of a panic: a waker belongs to a runtime, which reports its own.
        let _ = contain(|| task.wake());
    }
}
