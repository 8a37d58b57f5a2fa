//! The futures that wait for a run, and waiting for one without a runtime.

use super::{
    any_run::{AnyRun, TypedRun},
    contain::contain,
    outcome::{Outcome, Rejection},
};
use crate::{
    lease,
    sync::{Condvar, Mutex},
};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

/// One who waits for a run, whatever its types; frees its slot when it is dropped.
struct Waiter {
    /// The run.
    cell: Arc<dyn AnyRun>,
    /// Its place among those who wait.
    slot: Option<usize>,
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.cell.forget_waiter(&mut self.slot);
        release(|| Arc::clone(&self.cell));
    }
}

/// Sees to it that dropping a handle does not drop its run inside a lease: the last one drops the outcome, which is
/// user code. To be called in the handle's own drop.
pub(super) fn release(cell: impl FnOnce() -> Arc<dyn AnyRun>) {
    if lease::held().is_some() {
        let cell = cell();
        lease::defer(move || {
            let _ = contain(|| drop(cell));
        });
    }
}

/// Resolves to the [`Outcome`] of a run. Made by awaiting a [`Run`](crate::Run).
///
/// # Cancel safety
///
/// Dropping it loses nothing: the run goes on. (What of the run itself was moved into it is gone: await `&run` to keep that.)
#[must_use = "futures do nothing unless awaited; drop the run itself to detach it"]
pub struct RunOutcome<T, E> {
    /// The run.
    cell: Arc<dyn TypedRun<T, E>>,
    /// Its place among those who wait.
    slot: Option<usize>,
}

impl<T, E> RunOutcome<T, E> {
    pub(super) fn new(cell: Arc<dyn TypedRun<T, E>>) -> Self {
        Self { cell, slot: None }
    }

    pub(super) fn poll_outcome(&mut self, cx: &Context<'_>) -> Poll<Outcome<T, E>> {
        let Self { cell, slot } = self;
        let outcome = match cell.outcome() {
            None if cell.poll_settled(slot, cx).is_ready() => cell.outcome(),
            outcome => outcome,
        };
        let Some(outcome) = outcome else { return Poll::Pending };
        // Nobody is woken any more: the slot need not be given back.
        *slot = None;
        Poll::Ready(outcome)
    }
}

impl<T, E> Future for RunOutcome<T, E> {
    type Output = Outcome<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_outcome(cx)
    }
}

impl<T, E> Drop for RunOutcome<T, E> {
    fn drop(&mut self) {
        if self.slot.is_some() {
            self.cell.forget_waiter(&mut self.slot);
        }
        release(|| Arc::clone(&self.cell) as Arc<dyn AnyRun>);
    }
}

/// Resolves to the payload of a run, or to what happened instead. Made by [`Run::result`](crate::Run::result).
#[must_use = "futures do nothing unless awaited"]
pub struct RunResult<T, E> {
    /// What it waits for.
    outcome: RunOutcome<T, E>,
}

impl<T, E> RunResult<T, E> {
    pub(super) fn new(cell: Arc<dyn TypedRun<T, E>>) -> Self {
        Self { outcome: RunOutcome::new(cell) }
    }
}

impl<T, E> Future for RunResult<T, E> {
    type Output = Result<Arc<T>, Rejection<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.outcome.poll_outcome(cx).map(Outcome::into_result)
    }
}

/// Resolves when the body of a run is dropped. Made by [`Run::stopped`](crate::Run::stopped).
#[must_use = "futures do nothing unless awaited"]
pub struct Stopped {
    /// The run.
    waiter: Waiter,
}

impl Stopped {
    pub(super) fn new(cell: Arc<dyn AnyRun>) -> Self {
        Self { waiter: Waiter { cell, slot: None } }
    }
}

impl Future for Stopped {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Waiter { cell, slot } = &mut self.waiter;
        cell.poll_stopped(slot, cx)
    }
}

/// Resolves when a run has settled. Made by [`RunContext::aborted`](crate::RunContext::aborted).
#[must_use = "futures do nothing unless awaited"]
pub struct Aborted {
    /// The run.
    waiter: Waiter,
}

impl Aborted {
    pub(super) fn new(cell: Arc<dyn AnyRun>) -> Self {
        Self { waiter: Waiter { cell, slot: None } }
    }
}

impl Future for Aborted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Waiter { cell, slot } = &mut self.waiter;
        cell.poll_settled(slot, cx)
    }
}

/// Wakes a thread that blocks.
struct Parked {
    /// Whether it was woken.
    woken: Mutex<bool>,
    /// Told when it is.
    changed: Condvar,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock() = true;
        self.changed.notify_all();
    }
}

/// Polls until it is ready, blocking in between, for at most `timeout`. Inside a lease it polls once.
pub(super) fn block<R>(
    timeout: Duration,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
) -> Option<R> {
    if lease::held().is_some() {
        return ready(poll(&mut Context::from_waker(Waker::noop())));
    }
    let parked = Arc::new(Parked { woken: Mutex::new(false), changed: Condvar::new() });
    let waker = Waker::from(Arc::clone(&parked));
    let mut cx = Context::from_waker(&waker);
    // Beyond what an `Instant` can hold, there is no limit.
    let deadline = Instant::now().checked_add(timeout);
    loop {
        if let Poll::Ready(value) = poll(&mut cx) {
            return Some(value);
        }
        let mut woken = parked.woken.lock();
        while !*woken {
            let Some(deadline) = deadline else {
                woken = parked.changed.wait(woken);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(woken);
                return ready(poll(&mut cx));
            }
            woken = parked.changed.wait_timeout(woken, left).0;
        }
        *woken = false;
    }
}

fn ready<R>(poll: Poll<R>) -> Option<R> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl<T, E> fmt::Debug for RunOutcome<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunOutcome").field(&self.cell.head().id).finish()
    }
}

impl<T, E> fmt::Debug for RunResult<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunResult").field(&self.outcome.cell.head().id).finish()
    }
}

impl fmt::Debug for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stopped").field(&self.waiter.cell.head().id).finish()
    }
}

impl fmt::Debug for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Aborted").field(&self.waiter.cell.head().id).finish()
    }
}
