//! The state of one run, from its start to the drop of its body.
//!
//! # Two questions, two answers
//!
//! *Who decides the outcome?* An atomic phase goes `ACTIVE -> CLAIMED -> SETTLED`. Whoever wins the step to
//! `CLAIMED`, by compare-and-swap, decides, once; from then on the run's context refuses writes. The winner
//! then tells (`settle.rs`) and publishes. Only `SETTLED` lets waiters see the outcome, so none of them
//! gets ahead of the hook.
//!
//! *Who drops the body?* The body is taken out of its place while it is polled, so that no lock is held meanwhile:
//!
//! ```text
//!   Held ---- rest ----> Resting        Held: the starter or a poller has it on its stack
//!    |  <---- take -----    |           Resting: it waits here for its next poll
//!  reap                    reap         Condemned: whoever has it must drop it
//!    v                      v           Gone: dropped; `stopped` resolves
//!  Condemned --- bury ---> Gone
//! ```
//!
//! A body at rest is dropped by the settler, a held one by its holder when the poll returns. Both happen
//! outside the lock, and `stopped` resolves only after the drop and the publication.
//!
//! The phase is changed to `SETTLED` inside the lock, and waiters look at it inside the lock before they
//! register: no wake-up is lost between the two.

use super::{
    contain::{call_hook, contain, tell},
    engine::Executor,
    family::{Children, Link},
    id::RunId,
    outcome::{Outcome, OutcomeKind, Rejection},
    policy::Group,
    waiters::Waiters,
};
use crate::{
    event::Event,
    sync::{
        Mutex,
        atomic::{AtomicU8, Ordering},
        mutant,
    },
    text::Text,
};
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// A body that has been started.
pub(super) type Body<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Called once with the outcome.
pub(super) type SettleHook<T, E> = Box<dyn FnOnce(&Outcome<T, E>) + Send>;

/// An outcome that any run can have, whatever its types.
pub(super) type Verdict = Rejection<Infallible>;

/// Nothing is decided.
const ACTIVE: u8 = 0;
/// The outcome is decided, and is being told.
const CLAIMED: u8 = 1;
/// Hooks and observers have been told; waiters may see the outcome.
const SETTLED: u8 = 2;

/// What never changes about a run.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Its identity.
    pub(crate) id: RunId,
    /// Its name.
    pub(crate) name: Text,
    /// The run that started it.
    pub(crate) parent: Option<RunId>,
}

/// A run whose types are forgotten: what contexts, tasks, parents and the registry hold.
pub(crate) trait AnyRun: Send + Sync {
    fn facts(&self) -> &Facts;
    fn executor(&self) -> &Arc<Executor>;
    /// Whether nothing is decided yet.
    fn is_active(&self) -> bool;
    fn status(&self) -> RunStatus;
    /// Decides the outcome, unless somebody has. The winner must go on with `settle::conclude`.
    fn claim(&self, verdict: Verdict) -> bool;

    // What the settler does, in this order.
    /// Whether the settler may go on; if not, the starter will, once the start has been told.
    fn may_conclude(&self) -> bool;
    /// Tells the observers and the hook; then takes the children, and takes no more.
    fn announce(&self) -> Vec<Arc<dyn AnyRun>>;
    /// Lets the waiters see the outcome, and leaves the registry and the parent; then drops the body, or has told
    /// its holder to.
    fn publish_and_reap(&self);

    fn add_child(&self, child: Arc<dyn AnyRun>) -> Option<usize>;
    fn remove_child(&self, slot: usize) -> Option<Arc<dyn AnyRun>>;
    /// Leaves the parent.
    fn detach(&self);

    /// Polls a body at rest, as its task does.
    fn poll_resting_body(&self, cx: &mut Context<'_>) -> Step;
    /// Notes that the task is gone; returns whether that is to end the run.
    fn lose_task(&self) -> bool;

    fn poll_settled(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()>;
    fn poll_stopped(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()>;
    fn forget_waiter(&self, slot: &mut Option<usize>);
}

/// A run whose body is forgotten: what handles hold.
pub(super) trait TypedRun<T, E>: AnyRun {
    /// The outcome, once published.
    fn outcome(&self) -> Option<Outcome<T, E>>;
}

/// What became of one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// The body rests and waits to be polled again.
    Pending,
    /// The poll decided the outcome: go on with `settle::conclude`.
    Claimed,
    /// Somebody else decided the outcome: there is nothing to do.
    Over,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunStatus {
    /// Registered; its body was not polled yet.
    Queued,
    /// Its body was polled; the outcome is not out.
    Running,
    /// It has an outcome of this kind.
    Settled(OutcomeKind),
}

/// All about one run.
pub(super) struct RunCell<T, E> {
    /// What never changes.
    facts: Facts,
    /// The engine that it runs on; holds the store weakly.
    executor: Arc<Executor>,
    /// The runs that it excludes.
    group: Option<Group>,
    /// `ACTIVE`, `CLAIMED` or `SETTLED`. The claim is `AcqRel` and reads are `Acquire`, so that who sees a step sees what
    /// led to it; everything else is behind the lock.
    phase: AtomicU8,
    /// What changes.
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    /// The outcome, from the claim on; away while it is told.
    outcome: Option<Outcome<T, E>>,
    /// To be called with it.
    on_settle: Option<SettleHook<T, E>>,
    /// The body, or who has it.
    place: Place<T, E>,
    /// Whether the start is still being told: nobody may tell the end before.
    starting: bool,
    /// Whether the end was decided meanwhile, so that the starter owes its telling.
    owed: bool,
    /// Whether the body waits for its very first poll, which is its task's.
    queued: bool,
    /// Whether the spawner is being asked; a task that is lost meanwhile is judged by the spawner's answer.
    spawning: bool,
    /// Whether the task was dropped while the spawner was being asked.
    lost: bool,
    /// Wakes the task, so that it ends with the run.
    task: Option<Waker>,
    /// Those who wait for the outcome or for the end of the body.
    waiters: Waiters,
    /// To be aborted when this run settles.
    children: Children,
    /// The place in the parent.
    link: Option<Link>,
}

/// Where the body is.
enum Place<T, E> {
    /// On the stack of the starter or of a poller.
    Held,
    /// Here, until its next poll.
    Resting(Body<T, E>),
    /// On somebody's stack, who must drop it.
    Condemned,
    /// Dropped.
    Gone,
}

impl<T, E> RunCell<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// A run that is about to start: its body is held by the starter.
    pub(super) fn new(
        facts: Facts,
        executor: Arc<Executor>,
        group: Option<Group>,
        on_settle: Option<SettleHook<T, E>>,
    ) -> Self {
        Self {
            facts,
            executor,
            group,
            phase: AtomicU8::new(ACTIVE),
            state: Mutex::new(State {
                outcome: None,
                on_settle,
                place: Place::Held,
                starting: true,
                owed: false,
                queued: false,
                spawning: false,
                lost: false,
                task: None,
                waiters: Waiters::default(),
                children: Children::default(),
                link: None,
            }),
        }
    }

    pub(super) fn group(&self) -> Option<&Group> {
        self.group.as_ref()
    }

    /// Makes `self` a child of `parent`; false when the parent has settled.
    pub(super) fn adopt(self: &Arc<Self>, parent: Arc<dyn AnyRun>) -> bool {
        let Some(slot) = parent.add_child(Arc::clone(self) as Arc<dyn AnyRun>) else {
            return false;
        };
        // The parent may be settling right now, and have aborted us: then the slot is empty and the link harmless.
        self.state.lock().link = Some(Link::new(parent, slot));
        true
    }

    /// Polls a held body and lets it rest, or drops it when it is done.
    pub(super) fn poll_held_body(&self, mut body: Body<T, E>, cx: &mut Context<'_>) -> Step {
        let outcome = match contain(|| body.as_mut().poll(cx)) {
            Ok(Poll::Pending) => {
                return if self.rest(body) { Step::Pending } else { Step::Over };
            }
            Ok(Poll::Ready(result)) => result.into(),
            Err(message) => Outcome::Panicked { message },
        };
        if self.win() {
            // A finished body is dropped like an aborted one: by the settler, after the terminal event. Nobody can have
            // condemned it, since we are the settler.
            let mut state = self.state.lock();
            state.outcome = Some(outcome);
            state.place = Place::Resting(body);
            return Step::Claimed;
        }
        self.lose(outcome);
        self.rest(body);
        Step::Over
    }

    /// Puts a held body to rest; false when the run is over, so that it will not be polled again.
    pub(super) fn rest(&self, body: Body<T, E>) -> bool {
        let mut state = self.state.lock();
        if !matches!(state.place, Place::Condemned) {
            state.place = Place::Resting(body);
            drop(state);
            return self.is_active();
        }
        drop(state);
        self.bury(body);
        false
    }

    /// Puts a body to rest that is to be polled by its task only.
    pub(super) fn queue(&self, body: Body<T, E>) -> bool {
        self.state.lock().queued = true;
        self.rest(body)
    }

    /// Drops the body of a run that is over, or what the starter has of it, and says so.
    pub(super) fn bury<B>(&self, body: B) {
        self.contained("the drop of the body", || drop(body));
        let wake = {
            let mut state = self.state.lock();
            state.place = Place::Gone;
            if mutant("the drop of the body wakes nobody") {
                return;
            }
            state.waiters.take()
        };
        wake.wake();
    }

    /// Notes that the start has been told; returns whether the starter must go on with `settle::conclude`.
    pub(super) fn end_start(&self) -> bool {
        let mut state = self.state.lock();
        state.starting = false;
        state.owed
    }

    /// Notes that the spawner is being asked.
    pub(super) fn begin_spawn(&self) {
        self.state.lock().spawning = true;
    }

    /// Notes that the spawner has answered; returns whether it dropped the task meanwhile.
    pub(super) fn end_spawn(&self) -> bool {
        let mut state = self.state.lock();
        state.spawning = false;
        state.lost
    }

    /// Calls user code whose panic must not get further than the event feed.
    pub(super) fn contained(&self, what: &'static str, f: impl FnOnce()) {
        if let Err(message) = contain(f) {
            self.failed(what, message);
        }
    }

    /// Tells the event feed what user code of this run has panicked with.
    #[cold]
    fn failed(&self, what: &'static str, message: Text) {
        let Facts { id, name, .. } = &self.facts;
        let what = format!("{what} of {id} `{name}`").into();
        self.executor.tell(|| Event::Failed { what, message });
    }

    /// Decides the outcome, unless somebody has.
    fn decide(&self, outcome: Outcome<T, E>) -> bool {
        let won = self.win();
        if won {
            self.state.lock().outcome = Some(outcome);
        } else {
            self.lose(outcome);
        }
        won
    }

    /// Claims the decision.
    fn win(&self) -> bool {
        self.phase.compare_exchange(ACTIVE, CLAIMED, Ordering::AcqRel, Ordering::Acquire).is_ok()
            || mutant("everybody decides")
    }

    /// Drops an outcome that came too late.
    fn lose(&self, outcome: Outcome<T, E>) {
        self.contained("the drop of a late result", || drop(outcome));
    }

    fn poll_until(
        &self,
        slot: &mut Option<usize>,
        cx: &Context<'_>,
        done: impl Fn(&State<T, E>) -> bool,
    ) -> Poll<()> {
        let state = self.state.lock();
        if done(&state) {
            return Poll::Ready(());
        }
        if state.waiters.holds(*slot, cx.waker()) {
            return Poll::Pending;
        }
        drop(state);
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        // It may have happened while the waker was cloned outside the lock.
        if done(&state) && !mutant("looked before it registered") {
            drop(state);
            return Poll::Ready(());
        }
        let old = state.waiters.put(slot, waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl<T, E> AnyRun for RunCell<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn executor(&self) -> &Arc<Executor> {
        &self.executor
    }

    fn is_active(&self) -> bool {
        self.phase.load(Ordering::Acquire) == ACTIVE
    }

    fn status(&self) -> RunStatus {
        let state = self.state.lock();
        match &state.outcome {
            Some(outcome) if self.phase.load(Ordering::Acquire) == SETTLED => {
                RunStatus::Settled(outcome.kind())
            }
            _ if state.queued => RunStatus::Queued,
            _ => RunStatus::Running,
        }
    }

    fn claim(&self, verdict: Verdict) -> bool {
        self.decide(match verdict {
            Rejection::Rejected { error } => match *error {},
            Rejection::Failed { failure } => Outcome::Failed { failure },
            Rejection::Aborted { reason, by } => Outcome::Aborted { reason, by },
            Rejection::Skipped { reason } => Outcome::Skipped { reason },
            Rejection::Superseded { by } => Outcome::Superseded { by },
            Rejection::Panicked { message } => Outcome::Panicked { message },
        })
    }

    fn may_conclude(&self) -> bool {
        let mut state = self.state.lock();
        state.owed = state.starting;
        !state.starting || mutant("the end does not wait for the start")
    }

    fn announce(&self) -> Vec<Arc<dyn AnyRun>> {
        let core = self.executor.core();
        let observed = core.as_ref().is_some_and(|core| core.feed.is_observed());
        let (outcome, hook) = {
            let mut state = self.state.lock();
            let hook = state.on_settle.take();
            let told = observed || hook.is_some();
            (if told { state.outcome.take() } else { None }, hook)
        };
        if let Some(core) = &core {
            // A writer who saw the run active is inside the lease, or was: its commit comes before the terminal event.
            match &self.group {
                None => core.serialize(|| {}),
                Some(group) => self.executor.leave(core, group, self.facts.id),
            }
            if let Some(outcome) = &outcome {
                tell(core, || Event::RunSettled {
                    run: self.facts.id,
                    name: self.facts.name.clone(),
                    outcome: outcome.kind(),
                });
            }
        }
        if let (Some(hook), Some(outcome)) = (hook, &outcome) {
            let called = match &core {
                None => contain(|| hook(outcome)),
                Some(core) => call_hook(core, &self.facts, "end", || hook(outcome)),
            };
            if let Err(message) = called {
                self.failed("the settle hook", message);
            }
        }
        let mut state = self.state.lock();
        if outcome.is_some() {
            state.outcome = outcome;
        }
        state.children.close()
    }

    fn publish_and_reap(&self) {
        let (link, registered, idle, waiters, task, place) = {
            let mut state = self.state.lock();
            self.phase.store(SETTLED, Ordering::Release);
            // Inside the lock, so that who sees the outcome finds the run gone from the registry. The order is
            // run, then registry; the registry never locks a run.
            let (registered, idle) = self.executor.unregister(self.facts.id);
            let place = match state.place {
                Place::Gone => Place::Gone,
                _ => std::mem::replace(&mut state.place, Place::Condemned),
            };
            let (link, task) = (state.link.take(), state.task.take());
            (link, registered, idle, state.waiters.take(), task, place)
        };
        if let Some(link) = link {
            link.cut();
        }
        waiters.wake();
        idle.wake();
        if let Some(task) = task {
            let _ = contain(|| task.wake());
        }
        drop(registered);
        if let Place::Resting(body) = place {
            self.bury(body);
        }
    }

    fn add_child(&self, child: Arc<dyn AnyRun>) -> Option<usize> {
        self.state.lock().children.add(child)
    }

    fn remove_child(&self, slot: usize) -> Option<Arc<dyn AnyRun>> {
        self.state.lock().children.remove(slot)
    }

    fn detach(&self) {
        let link = self.state.lock().link.take();
        if let Some(link) = link {
            link.cut();
        }
    }

    fn poll_resting_body(&self, cx: &mut Context<'_>) -> Step {
        let mut waker = None;
        let mut state = self.state.lock();
        if !state.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            // Cloning it is user code.
            drop(state);
            waker = Some(cx.waker().clone());
            state = self.state.lock();
        }
        if !self.is_active() {
            return Step::Over;
        }
        let place = std::mem::replace(&mut state.place, Place::Held);
        let Place::Resting(body) = place else {
            state.place = place;
            return Step::Over;
        };
        state.queued = false;
        let old = match waker {
            Some(waker) => state.task.replace(waker),
            None => None,
        };
        drop(state);
        drop(old);
        self.poll_held_body(body, cx)
    }

    fn lose_task(&self) -> bool {
        let mut state = self.state.lock();
        state.lost = true;
        !state.spawning
    }

    fn poll_settled(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        if self.phase.load(Ordering::Acquire) == SETTLED {
            return Poll::Ready(());
        }
        self.poll_until(slot, cx, |_| self.phase.load(Ordering::Acquire) == SETTLED)
    }

    fn poll_stopped(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        self.poll_until(slot, cx, |state| {
            matches!(state.place, Place::Gone) && self.phase.load(Ordering::Acquire) == SETTLED
        })
    }

    fn forget_waiter(&self, slot: &mut Option<usize>) {
        if slot.is_some() {
            let waker = self.state.lock().waiters.free(slot);
            drop(waker);
        }
    }
}

impl<T, E> TypedRun<T, E> for RunCell<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn outcome(&self) -> Option<Outcome<T, E>> {
        if self.phase.load(Ordering::Acquire) != SETTLED {
            return None;
        }
        self.state.lock().outcome.clone()
    }
}
