//! Waiting until no run is live.

use super::{
    clock::{Clock, NoClock, Sleep},
    engine::Executor,
    outcome::{AbortedBy, Rejection},
    registry::Runs,
    settle::settle_all,
    waiting::Aborted,
};
use crate::text::Text;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// Resolves when no run is live. Made by [`Runs::idle`].
#[must_use = "futures do nothing unless awaited"]
pub struct Idle {
    /// Which runs.
    runs: Runs,
    /// The place among those who wait until there are none at all.
    slot: Option<usize>,
    /// Of some runs, those that were found live and are waited for, one after the other.
    left: Vec<Aborted>,
}

impl Idle {
    pub(super) fn new(runs: Runs) -> Self {
        Self { runs, slot: None, left: Vec::new() }
    }

    /// Waits until the registry is empty.
    fn poll_all(&mut self, cx: &Context<'_>) -> Poll<()> {
        let Self { runs, slot, .. } = self;
        let executor: &Executor = runs.executor();
        if executor.look(|registry| registry.len() == 0) {
            return Poll::Ready(());
        }
        // Cloned and dropped outside the lock; whether it got empty meanwhile is asked again inside.
        let mut waker = Some(cx.waker().clone());
        let (poll, _old) = executor.look(|registry| {
            if registry.len() == 0 {
                return (Poll::Ready(()), None);
            }
            (Poll::Pending, waker.take().and_then(|waker| registry.idle.put(slot, waker)))
        });
        poll
    }

    /// Waits for each of those that are found, then looks whether there are others by now.
    fn poll_some(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            while let Some(run) = self.left.last_mut() {
                if Pin::new(run).poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.left.pop();
            }
            self.left = self.runs.live().into_iter().map(Aborted::new).collect();
            if self.left.is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl Future for Idle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.runs.is_all() { self.poll_all(cx) } else { self.poll_some(cx) }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        if self.slot.is_some() {
            let slot = &mut self.slot;
            let waker = self.runs.executor().look(|registry| registry.idle.free(slot));
            drop(waker);
        }
    }
}

/// Resolves when no run is live, because all have ended or because they were aborted when the time was up; gives the number
/// of the latter. Made by [`Runs::finish_within`] and [`Runs::shut_down`].
#[must_use = "futures do nothing unless awaited"]
pub struct Drain {
    /// When none is live.
    idle: Idle,
    /// When they are aborted.
    deadline: Option<(Arc<dyn Clock>, Duration)>,
    /// The wait for that.
    timer: Option<Sleep>,
    /// How many were aborted.
    aborted: usize,
}

impl Drain {
    pub(super) fn new(runs: Runs, grace: Duration) -> Result<Self, NoClock> {
        let clock = runs.executor().core().and_then(|core| core.clock.clone());
        let deadline = match clock {
            // Without a store there are no runs.
            _ if grace.is_zero() || runs.executor().core().is_none() => None,
            None => return Err(NoClock::new()),
            Some(clock) => {
                let until = clock.now().saturating_add(grace);
                Some((clock, until))
            }
        };
        Ok(Self { idle: runs.idle(), deadline, timer: None, aborted: 0 })
    }
}

impl Future for Drain {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let Self { idle, deadline, timer, aborted } = &mut *self;
        if Pin::new(&mut *idle).poll(cx).is_ready() {
            return Poll::Ready(*aborted);
        }
        if let Some((clock, until)) = deadline {
            let timer = timer.get_or_insert_with(|| clock.sleep_until(*until));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            *deadline = None;
        }
        loop {
            // Ends start others, in hooks; these have no time left either.
            let now = settle_all(idle.runs.live(), || Rejection::Aborted {
                reason: Text::from_static("the time to finish was up"),
                by: AbortedBy::Shutdown,
            });
            *aborted += now;
            if Pin::new(&mut *idle).poll(cx).is_ready() {
                return Poll::Ready(*aborted);
            }
            if now == 0 {
                // Other threads are ending what is left.
                return Poll::Pending;
            }
        }
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").finish_non_exhaustive()
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("aborted", &self.aborted).finish_non_exhaustive()
    }
}
