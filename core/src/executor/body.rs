//! Where the body of a run is, and who drops it.
//!
//! ```text
//!   held ---- rest ----> at rest       held: the starter or a poller has it on its stack
//!    |  <---- take -----    |          at rest: it waits in the run for its next poll
//!    |                      |
//!    |  (run has settled)   | reap     by the settler, after the publication
//!    v                      v
//!   bury ---------------> gone         dropped, outside the lock; `stopped` resolves
//! ```
//!
//! A holder that comes back with a body finds out, under the run's lock, whether the run has settled. If so, the settler
//! has found no body to drop, so it is the holder's.
//!
//! After its first poll a body rests without a task, if its runtime can be found again from anywhere (`home.rs`). That poll was
//! made with a waker that is the run itself. A wake-up through it that comes while the body is still being polled is noted,
//! and the holder makes a task at once; one that comes later, under the same lock, finds where the body lives and makes a task there.
//! A task wakes itself from then on, so that further wake-ups through the run mean nothing.

use super::{
    any_run::{AnyRun, End, Step},
    cell::{Body, RunCell, State},
    contain::contain,
    home::HomeId,
    hooks::SettleHook,
    launch::Nested,
    outcome::Outcome,
};
use crate::{event::Event, sync::mutant, text::Text};
use futures_task::{ArcWake, waker_ref};
use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

impl<T, E, H> RunCell<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    /// Has `make` call the body, polls that for the first time, on the starter's stack, and lets it rest, or drops it when it is
    /// done. `home` says where it may rest without a task.
    #[inline]
    pub(super) fn poll_new_body(
        self: &Arc<Self>,
        make: impl FnOnce() -> Body<T, E>,
        home: impl FnOnce() -> Option<HomeId>,
    ) -> Step {
        // Outside of what is contained: the body is dropped after its panic is told, not while it unwinds.
        let mut body = None;
        let polled = {
            let _nested = Nested::enter();
            contain(|| {
                let body: &mut Body<T, E> = body.insert(make());
                body.as_mut().poll(&mut Context::from_waker(&waker_ref(self)))
            })
        };
        let outcome = match polled {
            Ok(Poll::Ready(result)) => Outcome::from(result),
            Ok(Poll::Pending) => {
                let home = home();
                return body.map_or(Step::Over, |body| self.park(body, home));
            }
            Err(message) => Outcome::Panicked { message },
        };
        self.end_held_body(outcome, body)
    }

    /// Polls a queued body for the first time, as the driver of its home does.
    pub(super) fn poll_by_driver(self: &Arc<Self>) -> Step {
        let (body, home) = {
            let mut state = self.state.lock();
            if !self.head.phase.is_active() {
                return Step::Over;
            }
            (state.body.take(), state.home.take())
        };
        let Some(mut body) = body else { return Step::Over };
        self.head.phase.end_queue();
        let polled = contain(|| body.as_mut().poll(&mut Context::from_waker(&waker_ref(self))));
        let outcome = match polled {
            Ok(Poll::Ready(result)) => Outcome::from(result),
            Ok(Poll::Pending) => return self.park(body, home),
            Err(message) => Outcome::Panicked { message },
        };
        self.end_held_body(outcome, Some(body))
    }

    /// Puts a held body to rest in its home, if it has one and was not woken while it was polled.
    fn park(&self, body: Body<T, E>, home: Option<HomeId>) -> Step {
        let phase = &self.head.phase;
        let mut state = self.state.lock();
        if phase.is_settled() {
            drop(state);
            self.bury(body);
            return Step::Over;
        }
        state.body = Some(body);
        phase.begin_rest();
        if !phase.is_active() {
            return Step::Over;
        }
        if phase.is_woken() && !mutant("wake-ups during the first poll are lost") {
            return Step::Pending;
        }
        self.move_in(&mut state, home)
    }

    /// Puts a body to rest that is not to be polled by the caller: in the line of its home, or for its task.
    pub(super) fn queue_at(self: &Arc<Self>, body: Body<T, E>, home: Option<HomeId>) -> Step {
        let phase = &self.head.phase;
        phase.begin_queue();
        let mut state = self.state.lock();
        if phase.is_settled() {
            drop(state);
            self.bury(body);
            return Step::Over;
        }
        state.body = Some(body);
        phase.begin_rest();
        if !phase.is_active() {
            return Step::Over;
        }
        let step = self.move_in(&mut state, home);
        // One that waits for its turn is put into the line when that comes.
        if step == Step::Parked && !phase.is_held() {
            drop(state);
            if let Some(home) = home {
                self.head.executor.line_up(home, self.clone());
            }
        }
        step
    }

    /// Has the body that rests live in `home`, without a task, if that is there.
    fn move_in(&self, state: &mut State<T, E, H>, home: Option<HomeId>) -> Step {
        // Written before the look: who takes the home away looks at the run after that.
        state.home = home;
        if home.is_some_and(|home| self.head.executor.homes.has(home)) {
            return Step::Parked;
        }
        state.home = None;
        Step::Pending
    }

    /// Polls a held body and lets it rest, or drops it when it is done. A body that rests `keeps` a
    /// clone of the waker, unless its run has that already.
    pub(super) fn poll_held_body(
        &self,
        mut body: Body<T, E>,
        cx: &mut Context<'_>,
        keeps: bool,
    ) -> Step {
        let outcome = match contain(|| body.as_mut().poll(cx)) {
            Ok(Poll::Pending) => {
                // Cloned outside the lock, since that is user code; and only now: whoever settles the run while its body is
                // held is noticed when that comes back.
                let waker = keeps.then(|| cx.waker().clone());
                return if self.rest(body, waker) { Step::Pending } else { Step::Over };
            }
            Ok(Poll::Ready(result)) => result.into(),
            Err(message) => Outcome::Panicked { message },
        };
        self.end_held_body(outcome, Some(body))
    }

    /// Ends the run as its body has. A finished body is dropped like an aborted one: by the settler, after the terminal
    /// event.
    #[inline]
    fn end_held_body(&self, outcome: Outcome<T, E>, mut body: Option<Body<T, E>>) -> Step {
        match self.end_with(outcome, &mut body) {
            End::Settled => Step::Over,
            End::Claimed(claim) => Step::Claimed(claim),
            End::Lost => {
                if let Some(body) = body {
                    self.rest(body, None);
                }
                Step::Over
            }
        }
    }

    /// Puts a held body to rest; false when the run is over, so that it will not be polled again.
    pub(super) fn rest(&self, body: Body<T, E>, waker: Option<Waker>) -> bool {
        let mut state = self.state.lock();
        if self.head.phase.is_settled() {
            drop(state);
            self.bury(body);
            return false;
        }
        state.body = Some(body);
        self.head.phase.begin_rest();
        let old = waker.and_then(|waker| state.task.replace(waker));
        drop(state);
        drop(old);
        self.head.phase.is_active()
    }

    /// Notes that a body rests with its own task, which `waker` wakes; false when the run is over, so that nobody will.
    pub(super) fn rest_elsewhere(&self, waker: Option<Waker>) -> bool {
        let mut state = self.state.lock();
        if self.head.phase.is_settled() {
            return false;
        }
        self.head.phase.begin_rest();
        let old = waker.and_then(|waker| state.task.replace(waker));
        drop(state);
        drop(old);
        true
    }

    /// Whether the body is not to be polled yet; if so, the task is woken when it is.
    pub(super) fn waits_to_be_polled(&self, cx: &Context<'_>) -> bool {
        if self.head.phase.is_held() && self.waits_for_turn(cx) {
            return true;
        }
        self.head.phase.end_queue();
        false
    }

    /// Polls a body at rest, as its task does.
    pub(super) fn poll_by_task(&self, cx: &mut Context<'_>) -> Step {
        if self.head.phase.is_held() && self.waits_for_turn(cx) {
            return Step::Pending;
        }
        let (body, known) = {
            let mut state = self.state.lock();
            if !self.head.phase.is_active() {
                return Step::Over;
            }
            let known = state.task.as_ref().is_some_and(|task| task.will_wake(cx.waker()));
            (state.body.take(), known)
        };
        let Some(body) = body else { return Step::Over };
        self.head.phase.end_queue();
        self.poll_held_body(body, cx, !known)
    }

    /// Registers the task of a body that waits for its turn; false if there is nothing to wait for any more.
    #[cold]
    fn waits_for_turn(&self, cx: &Context<'_>) -> bool {
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        // It may have come while the waker was cloned outside the lock.
        if (!self.head.phase.is_held() || !self.head.phase.is_active())
            && !mutant("looked for its turn before it registered")
        {
            return false;
        }
        let old = state.task.replace(waker);
        drop(state);
        drop(old);
        true
    }

    /// Drops the body of a run that is over, or what the starter has of it, and says so.
    pub(super) fn bury<B>(&self, body: B) {
        self.contained("the drop of the body", || drop(body));
        if !self.head.phase.bury() || mutant("the drop of the body wakes nobody") {
            return;
        }
        let waiters = self.state.lock().waiters.take();
        if let Some(waiters) = waiters {
            waiters.wake();
        }
    }

    /// Calls user code whose panic must not get further than the event feed.
    pub(super) fn contained(&self, what: &'static str, f: impl FnOnce()) {
        if let Err(message) = contain(f) {
            self.failed(what, message);
        }
    }

    /// Tells the event feed what user code of this run has panicked with.
    #[cold]
    pub(super) fn failed(&self, what: &'static str, message: Text) {
        let what = format!("{what} of {:?}", self.head).into();
        self.head.executor.tell(|| Event::Failed { what, message });
    }
}

/// Wakes the body of a run that has no task yet.
///
/// A waker that is kept after the end keeps neither body nor store: the run has given away the one, and holds the other weakly.
impl<T, E, H> ArcWake for RunCell<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    fn wake_by_ref(run: &Arc<Self>) {
        let phase = &run.head.phase;
        if phase.is_woken() || !phase.is_active() {
            return;
        }
        let home = {
            let mut state = run.state.lock();
            // Nobody can wake what was never polled: a body in the line stays there.
            if phase.is_queued() {
                return;
            }
            phase.wake();
            state.home.take()
        };
        if let Some(home) = home {
            let erased: Arc<dyn AnyRun> = run.clone();
            run.head.executor.spawn_at(home, &erased);
        }
    }
}
