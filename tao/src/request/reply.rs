//! The future of the answer.

use super::{
    Request,
    ask::{Ask, End},
    error::{RequestError, RequestErrorKind},
};
use crate::{cascade::Cascade, context::AppCtx, kernel::Kernel};
use std::{
    convert::Infallible,
    fmt,
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use trine_core::{AbortOnDropGuard, Outcome, Run};

/// The answer to a [`Request`] that was made: a future, and a look at what is there.
///
/// Dropping it gives the request up; what its signal has led to goes on, unless
/// [`abort_unanswered`](Request::abort_unanswered) was said.
///
/// # Cancel safety
///
/// Polling it does nothing but wait, so it may be polled in a `select!` by reference.
#[must_use = "the answer is thrown away with its reply"]
pub struct Reply {
    /// What is shared with the cascades.
    ask: Arc<Ask>,
    /// What the signal has led to.
    cascade: Cascade,
    /// Whether the answer was taken, so that there is nothing to give up.
    is_done: bool,
    /// The run that tells the time; it ends with this.
    _timer: Option<AbortOnDropGuard<(), Infallible>>,
    /// Whether the cascade ends with a request that has no answer.
    abort_unanswered: bool,
}

impl Reply {
    pub(super) fn start(request: Request) -> Self {
        let Request { place, signal, responses, timeout, abort_unanswered, chain, asked } = request;
        let ask = Ask::new(place, signal.clone(), asked, responses);
        let cascade = place.set(signal, chain, Arc::clone(&ask));
        let timer = timeout.filter(|_| !ask.has_ended()).map(|timeout| {
            let cut = abort_unanswered.then(|| cascade.clone());
            time(place.kernel(), &ask, cut, timeout).abort_on_drop()
        });
        Self { ask, cascade, is_done: false, _timer: timer, abort_unanswered }
    }

    /// The cascade of the signal that was set.
    #[must_use]
    pub fn cascade(&self) -> &Cascade {
        &self.cascade
    }

    /// The answer or the error, if one is there.
    #[must_use]
    pub fn answer(&self) -> Option<Result<AppCtx, RequestError>> {
        self.ask.ending().map(|end| self.result(end))
    }

    fn result(&self, end: End) -> Result<AppCtx, RequestError> {
        end.map_err(|kind| {
            let kind = match (kind, self.cascade.ended()) {
                (RequestErrorKind::TimedOut { after }, _) => RequestErrorKind::TimedOut { after },
                // Whatever is noted came of it, except for what had ended the cascade itself.
                (RequestErrorKind::Unanswered, Some(reason)) => RequestErrorKind::Aborted(reason),
                (kind, _) => kind,
            };
            let Ask { signal, responses, asked, .. } = &*self.ask;
            RequestError::new(signal.trigram().clone(), responses.clone(), asked, kind)
        })
    }
}

/// Ends the request after `timeout`, from a run of its own, so that it does not matter where the answer is awaited.
fn time(
    kernel: &Kernel,
    ask: &Arc<Ask>,
    cut: Option<Cascade>,
    timeout: Duration,
) -> Run<(), Infallible> {
    let ask = Arc::downgrade(ask);
    kernel
        .store()
        .run_builder("tao request timeout")
        .queued()
        .timeout(timeout)
        .on_settle(move |outcome: &Outcome<(), Infallible>| {
            let Some(ask) = ask.upgrade() else { return };
            match outcome {
                Outcome::TimedOut { .. } => {
                    if ask.time_out(timeout)
                        && let Some(cascade) = cut
                    {
                        cascade.abort("its request has timed out");
                    }
                }
                Outcome::Failed { failure } => ask.not_timed(failure.clone()),
                _ => {}
            }
        })
        .start(|_| pending())
}

impl Future for Reply {
    type Output = Result<AppCtx, RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let end = ready!(self.ask.poll(cx));
        self.is_done = true;
        Poll::Ready(self.result(end))
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.is_done && self.ask.give_up() && self.abort_unanswered {
            self.cascade.abort("its request was given up");
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("signal", &self.ask.signal)
            .field("responses", &self.ask.responses)
            .field("answer", &self.answer())
            .finish_non_exhaustive()
    }
}
