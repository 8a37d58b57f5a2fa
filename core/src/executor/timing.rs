//! Waiting before a body, and waiting for it no longer than so long: both on the store's clock.
//!
//! A timer is made in the second poll at the earliest. The first is made on the caller's stack, where there may be no
//! runtime that a timer could live in, and is repeated at once by the run's task; a body that is ready in it needs no
//! timer.

use super::{
    clock::{Clock, Sleep},
    context::RunContext,
    outcome::{AbortedBy, Rejection},
    settle::settle,
};
use crate::text::Text;
use std::{
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

/// Resolves when a run is to be aborted, to the reason.
pub(super) type Signal = Pin<Box<dyn Future<Output = Text> + Send>>;

/// What was said about a body and time, or about its end.
pub(super) struct Timing {
    /// The store's clock, if there is anything to time.
    pub(super) clock: Option<Arc<dyn Clock>>,
    /// When the body may begin.
    pub(super) begin: Option<Duration>,
    /// How long it may take from then on.
    pub(super) timeout: Option<Duration>,
    /// What ends it from outside.
    pub(super) signal: Option<Signal>,
}

impl Timing {
    /// `body`, timed, and ended from outside.
    pub(super) async fn apply<T, F>(
        mut self,
        cx: RunContext,
        body: impl FnOnce(RunContext) -> F,
    ) -> T
    where
        F: Future<Output = T>,
    {
        match self.signal.take() {
            None => self.time(cx, body).await,
            Some(signal) => unless(&cx.clone(), signal, self.time(cx, body)).await,
        }
    }

    async fn time<T, F>(self, cx: RunContext, body: impl FnOnce(RunContext) -> F) -> T
    where
        F: Future<Output = T>,
    {
        let Self { clock, begin, timeout, .. } = self;
        let Some(clock) = clock else { return body(cx).await };
        if let Some(begin) = begin {
            pause_until(&*clock, begin).await;
        }
        let Some(timeout) = timeout else { return body(cx).await };
        match within(&*clock, timeout, body(cx.clone())).await {
            Some(value) => value,
            None => time_out(&cx, timeout).await,
        }
    }
}

/// `work`, unless `signal` comes first: then the run is aborted, and its body dropped.
async fn unless<T>(cx: &RunContext, mut signal: Signal, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let done = poll_fn(|poll| match signal.as_mut().poll(poll) {
        Poll::Ready(reason) => Poll::Ready(Err(reason)),
        Poll::Pending => work.as_mut().poll(poll).map(Ok),
    });
    match done.await {
        Ok(value) => value,
        Err(reason) => {
            settle(cx.cell(), Rejection::Aborted { reason, by: AbortedBy::Signal });
            pending().await
        }
    }
}

/// Ends the run as timed out; never ready, since the run's body is dropped then.
pub(super) async fn time_out<T>(cx: &RunContext, after: Duration) -> T {
    settle(cx.cell(), Rejection::TimedOut { after, attempt: cx.attempt() });
    pending().await
}

/// Resolves when it is `until`.
pub(super) fn pause_until(clock: &dyn Clock, until: Duration) -> impl Future<Output = ()> {
    let mut timer = Timer { until, sleep: None, polled: false };
    poll_fn(move |cx| timer.poll(clock, cx))
}

/// What `body` comes to, unless that takes longer than `limit`.
pub(super) async fn within<F: Future>(
    clock: &dyn Clock,
    limit: Duration,
    body: F,
) -> Option<F::Output> {
    let mut body = pin!(body);
    let until = clock.now().saturating_add(limit);
    let mut timer = Timer { until, sleep: None, polled: false };
    poll_fn(|cx| match body.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => timer.poll(clock, cx).map(|()| None),
    })
    .await
}

/// Waits for a time, but not in its first poll.
struct Timer {
    /// The time.
    until: Duration,
    /// The wait, once begun.
    sleep: Option<Sleep>,
    /// Whether it was polled.
    polled: bool,
}

impl Timer {
    fn poll(&mut self, clock: &dyn Clock, cx: &mut std::task::Context<'_>) -> Poll<()> {
        if !std::mem::replace(&mut self.polled, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.sleep.get_or_insert_with(|| clock.sleep_until(self.until)).as_mut().poll(cx)
    }
}
