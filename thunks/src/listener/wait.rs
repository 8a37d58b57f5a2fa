//! Waiting for an action.
//!
//! A wait is registered when it is made, so that nothing is missed between that and the first poll. Whoever dispatches asks
//! the predicates, outside every lock, and leaves what they waited for with the wait.

use super::kept::Transition;
use crate::{action::AnyAction, store::Shared};
use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use trine_core::{Sleep, after_lease};

use super::build::Heard;

/// Whether somebody has waited for this.
pub(super) type Test<X> = Box<dyn Fn(&Transition<'_, X>) -> bool + Send + Sync>;

/// Somebody who waits.
pub(super) struct Wait<X> {
    /// What for.
    pub(super) test: Test<X>,
    /// What has come of it.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What has happened.
    found: Option<Arc<dyn AnyAction>>,
    /// Whom to wake.
    waker: Option<Waker>,
}

impl<X> Wait<X> {
    pub(super) fn new(test: Test<X>) -> Self {
        Self { test, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has been answered.
    pub(super) fn is_over(&self) -> bool {
        self.state().found.is_some()
    }

    /// Answers.
    pub(super) fn answer(&self, action: &Arc<dyn AnyAction>) {
        let waker = {
            let mut state = self.state();
            if state.found.is_some() {
                return;
            }
            state.found = Some(Arc::clone(action));
            state.waker.take()
        };
        if let Some(waker) = waker {
            // A waker belongs to a runtime, which reports its own panics: who dispatches has nothing to do with them.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Arc<dyn AnyAction>> {
        // Cloned and dropped outside the lock: wakers are foreign.
        let waker = cx.waker().clone();
        let mut state = self.state();
        if let Some(found) = &state.found {
            return Poll::Ready(Arc::clone(found));
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

/// Resolves with the next action that was waited for. Made by [`ListenerApi::take`](crate::ListenerApi::take).
///
/// # Cancel safety
///
/// Dropping it forgets one who waits, and nothing else. Polled again after it has resolved, it gives the same action.
#[must_use = "futures do nothing unless polled"]
pub struct Take<E: ?Sized, X: Send + Sync + 'static = ()> {
    /// Where it is registered.
    shared: Arc<Shared<X>>,
    wait: Arc<Wait<X>>,
    event: PhantomData<fn() -> Box<E>>,
}

impl<E: ?Sized, X: Send + Sync + 'static> Take<E, X> {
    pub(super) fn new(shared: &Arc<Shared<X>>, test: Test<X>) -> Self {
        let wait = Arc::new(Wait::new(test));
        shared.pipeline.listeners.add_wait(&wait);
        shared.pipeline.note_added();
        Self { shared: Arc::clone(shared), wait, event: PhantomData }
    }
}

impl<E: ?Sized, X: Send + Sync + 'static> Future for Take<E, X> {
    type Output = Heard<E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Heard<E>> {
        self.wait.poll(cx).map(Heard::new)
    }
}

impl<E: ?Sized, X: Send + Sync + 'static> Drop for Take<E, X> {
    fn drop(&mut self) {
        self.shared.pipeline.listeners.remove_wait(&self.wait);
        self.shared.pipeline.note_removed();
        if Arc::strong_count(&self.wait) == 1 {
            // What it holds is the user's.
            let wait = Arc::clone(&self.wait);
            after_lease(move || drop(wait));
        }
    }
}

/// Resolves with the next action that was waited for, or with nothing when the time is over. Made by
/// [`ListenerApi::take_within`](crate::ListenerApi::take_within).
///
/// # Cancel safety
///
/// As [`Take`].
#[must_use = "futures do nothing unless polled"]
pub struct TakeWithin<E: ?Sized, X: Send + Sync + 'static = ()> {
    pub(super) take: Take<E, X>,
    pub(super) sleep: Sleep,
}

impl<E: ?Sized, X: Send + Sync + 'static> Future for TakeWithin<E, X> {
    type Output = Option<Heard<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Heard<E>>> {
        if let Poll::Ready(heard) = Pin::new(&mut self.take).poll(cx) {
            return Poll::Ready(Some(heard));
        }
        self.sleep.as_mut().poll(cx).map(|()| None)
    }
}

impl<E: ?Sized, X: Send + Sync + 'static> fmt::Debug for Take<E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Take").field("over", &self.wait.is_over()).finish_non_exhaustive()
    }
}

impl<E: ?Sized, X: Send + Sync + 'static> fmt::Debug for TakeWithin<E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakeWithin").field("take", &self.take).finish_non_exhaustive()
    }
}
