//! The state of one run, from its start to the drop of its body.
//!
//! Two questions, two answers.
//!
//! *Who decides the outcome?* Whoever sets `CLAIMED` in the run's [`Phase`](super::phase::Phase), once; from then on the
//! run's context refuses writes. The winner then tells (`settle.rs`, `ending.rs`) and publishes. Only `SETTLED` lets
//! waiters see the outcome, so none of them gets ahead of the hook.
//!
//! *Who drops the body?* The body is taken out of its place while it is polled (`body.rs`), so that no lock is held
//! meanwhile. A body at rest is dropped by the settler, a held one by its holder when the poll returns and the run has
//! settled. Both happen outside the lock, and `stopped` resolves only after the drop and the publication.
//!
//! What a run may have but seldom has is boxed: `About` never changes, `Kin` does.

use super::{
    any_run::{AnyRun, End, Head, RunStatus, Step, TypedRun, Verdict},
    contain::contain,
    family::Kin,
    home::HomeId,
    hooks::SettleHook,
    outcome::Outcome,
    phase::Claim,
    shared::Share,
    waiters::Waiters,
};
use crate::{sync::Mutex, text::Text};
use std::{
    any::Any,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// A body that has been started.
pub(super) type Body<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// All about one run.
pub(super) struct RunCell<T, E, H = ()> {
    /// What every run has.
    pub(super) head: Head,
    /// What changes.
    pub(super) state: Mutex<State<T, E, H>>,
}

pub(super) struct State<T, E, H> {
    /// The outcome, from the claim on.
    pub(super) outcome: Option<Outcome<T, E>>,
    /// To be called with it.
    pub(super) on_settle: Option<H>,
    /// The body at rest; away while it is polled, and once it is dropped.
    pub(super) body: Option<Body<T, E>>,
    /// Wakes the task, so that it ends with the run.
    pub(super) task: Option<Waker>,
    /// Where the body rests that has no task.
    pub(super) home: Option<HomeId>,
    /// Those who wait for the outcome or for the end of the body.
    pub(super) waiters: Waiters,
    /// Parent and children.
    pub(super) kin: Option<Box<Kin>>,
    /// Those that share this run's work, or the work that this run shares.
    pub(super) share: Option<Box<Share<T, E>>>,
}

impl<T, E, H> RunCell<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    /// A run that is about to start: its body is held by the starter.
    pub(super) fn new(head: Head, on_settle: H) -> Self {
        Self {
            head,
            state: Mutex::new(State {
                outcome: None,
                on_settle: Some(on_settle),
                body: None,
                task: None,
                home: None,
                waiters: Waiters::default(),
                kin: None,
                share: None,
            }),
        }
    }

    /// Notes that the start has been told; returns whether the starter must go on with the end.
    pub(super) fn end_start(&self) -> bool {
        let phase = &self.head.phase;
        if !phase.is_starting() {
            return false;
        }
        let _lock = self.state.lock();
        phase.end_start()
    }

    /// Polls with `done`, and if it is not, registers the waker under `slot`, once `note` has said so to whoever does not
    /// take the lock.
    fn poll_until(
        &self,
        slot: &mut Option<usize>,
        cx: &Context<'_>,
        done: impl Fn() -> bool,
        note: impl FnOnce(),
    ) -> Poll<()> {
        if done() {
            return Poll::Ready(());
        }
        if slot.is_some() && self.state.lock().waiters.holds(*slot, cx.waker()) {
            return Poll::Pending;
        }
        // Cloned and dropped outside the lock: both are user code.
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        note();
        // It may have happened before that, and then nobody will wake us.
        if done() && !crate::sync::mutant("looked before it registered") {
            drop(state);
            return Poll::Ready(());
        }
        let old = state.waiters.put(slot, waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl<T, E, H> AnyRun for RunCell<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    fn head(&self) -> &Head {
        &self.head
    }

    fn status(&self) -> RunStatus {
        if self.head.phase.is_settled()
            && let Some(outcome) = &self.state.lock().outcome
        {
            return RunStatus::Settled(outcome.kind());
        }
        if self.head.phase.is_queued() { RunStatus::Queued } else { RunStatus::Running }
    }

    fn claim(&self, verdict: Verdict) -> Claim {
        self.decide(verdict.into_outcome())
    }

    fn displace(&self, verdict: Verdict) -> Claim {
        let mut state = self.state.lock();
        self.head.phase.displace();
        let claim = self.claim_locked();
        if claim.won() {
            state.outcome = Some(verdict.into_outcome());
        }
        claim
    }

    fn is_active_in_lease(&self) -> bool {
        if self.head.looks_anew() {
            let _lock = self.state.lock();
            self.head.look();
        }
        self.head.phase.is_active()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn hold(&self) {
        self.head.phase.hold();
    }

    fn grant(self: Arc<Self>) {
        let (task, home) = {
            let mut state = self.state.lock();
            self.head.phase.grant();
            (state.task.take(), state.home)
        };
        if let Some(task) = task {
            let _ = contain(|| task.wake());
        }
        if let Some(home) = home
            && !crate::sync::mutant("whose turn has come is not lined up")
        {
            let executor = Arc::clone(&self.head.executor);
            executor.line_up(home, self);
        }
    }

    fn end(&self, verdict: Verdict) -> End {
        self.end_with(verdict.into_outcome(), &mut None)
    }

    fn conclude_quietly(&self) -> bool {
        let mut state = self.state.lock();
        let phase = &self.head.phase;
        let quiet = !H::ANY
            && state.kin.is_none()
            && state.share.is_none()
            && (phase.is_displaced()
                || self.head.joined().is_none() && !self.head.may_be_written_elsewhere())
            && !self.head.executor.is_observed()
            && !self.head.executor.follows(&self.head.name);
        if quiet {
            let left = self.publish(&mut state);
            drop(state);
            self.reap(left);
        }
        quiet
    }

    fn announce(&self) -> Vec<Arc<dyn AnyRun>> {
        self.tell_end()
    }

    fn teller(&self) -> Option<usize> {
        let _lock = self.state.lock();
        self.head.teller().filter(|_| !self.head.phase.is_settled())
    }

    fn publish_and_reap(&self) {
        let left = self.publish(&mut self.state.lock());
        self.reap(left);
    }

    fn last_words(&self) -> Option<Text> {
        match &self.state.lock().outcome {
            Some(Outcome::Aborted { reason, .. }) => Some(reason.clone()),
            _ => None,
        }
    }

    fn add_child(&self, child: Arc<dyn AnyRun>) -> Option<usize> {
        let mut state = self.state.lock();
        if !self.head.phase.is_active() && !crate::sync::mutant("settled runs take children") {
            return None;
        }
        Some(state.kin.get_or_insert_default().add_child(child))
    }

    fn remove_child(&self, slot: usize) -> Option<Arc<dyn AnyRun>> {
        self.state.lock().kin.as_mut()?.remove_child(slot)
    }

    fn detach(&self) {
        let link = self.state.lock().kin.as_mut().and_then(|kin| kin.link.take());
        if let Some(link) = link {
            link.cut();
        }
    }

    fn followers(&self) -> Vec<Arc<dyn AnyRun>> {
        let state = self.state.lock();
        state.share.iter().flat_map(|share| share.followers()).collect()
    }

    fn poll_resting_body(&self, cx: &mut Context<'_>) -> Step {
        self.poll_by_task(cx)
    }

    fn poll_queued(self: Arc<Self>) -> Step {
        self.poll_by_driver()
    }

    fn lives_at(&self, home: HomeId) -> bool {
        self.state.lock().home == Some(home)
    }

    fn poll_settled(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        // Who settles takes the lock.
        self.poll_until(slot, cx, || self.head.phase.is_settled(), || ())
    }

    fn poll_stopped(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        let phase = &self.head.phase;
        self.poll_until(slot, cx, || phase.is_stopped(), || phase.begin_wait())
    }

    fn forget_waiter(&self, slot: &mut Option<usize>) {
        if slot.is_some() {
            let waker = self.state.lock().waiters.free(slot);
            drop(waker);
        }
    }
}

impl<T, E, H> TypedRun<T, E> for RunCell<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    fn end_as(&self, outcome: Outcome<T, E>) -> End {
        self.end_with(outcome, &mut None)
    }

    fn outcome(&self) -> Option<Outcome<T, E>> {
        if !self.head.phase.is_settled() {
            return None;
        }
        self.state.lock().outcome.clone()
    }
}
