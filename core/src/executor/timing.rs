//! Waiting before a body, and waiting for it no longer than so long: both on the store's clock.
//!
//! A timer is made in the second poll at the earliest. The first is made on the caller's stack, where there may be no
//! runtime that a timer could live in, and is repeated at once by the run's task; a body that is ready in it needs no
//! timer.

use super::{
    clock::{Clock, Sleep},
    context::RunContext,
    outcome::Rejection,
    settle::settle,
};
use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

/// What was said about a body and time.
pub(super) struct Timing {
    /// The store's clock.
    pub(super) clock: Arc<dyn Clock>,
    /// When the body may begin.
    pub(super) begin: Option<Duration>,
    /// How long it may take from then on.
    pub(super) timeout: Option<Duration>,
}

impl Timing {
    /// `body`, timed.
    pub(super) async fn apply<T, F>(self, cx: RunContext, body: impl FnOnce(RunContext) -> F) -> T
    where
        F: Future<Output = T>,
    {
        let Self { clock, begin, timeout } = self;
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
