//! One call of an async action.

use super::{
    ActionError,
    handed::{HandOut, Handed},
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use trine_core::{Outcome, Run, RunId, RunOutcome, RunStatus, Stopped, Text};

/// One call of an async action. Dropping it lets the action go on; see
/// [`abort`](Self::abort).
#[must_use = "the action goes on when this is dropped; await it, or `detach` to say that its end does not matter"]
pub struct ActionRun<R, E> {
    run: Run<Handed<R>, Handed<ActionError<E>>>,
    /// How the result comes out.
    hand_out: HandOut<R, E>,
}

impl<R, E> ActionRun<R, E> {
    pub(super) fn new(
        run: Run<Handed<R>, Handed<ActionError<E>>>,
        hand_out: HandOut<R, E>,
    ) -> Self {
        Self { run, hand_out }
    }

    /// The identity of the run.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.run.id()
    }

    /// Whether the action is under way, and how it ended.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.run.status()
    }

    /// Aborts the action: it ends now, its handler stops where it is, what it had not flushed is discarded, and
    /// what it had flushed for the time being is undone. Returns whether it was still under way.
    pub fn abort(&self, reason: impl Into<Text>) -> bool {
        self.run.abort(reason)
    }

    /// Resolves when the handler is gone; after an abort that can be later, if it was busy on another thread.
    pub fn stopped(&self) -> Stopped {
        self.run.stopped()
    }

    /// Waits for the end on this thread, at most for `timeout`; `None` if it has not come by then.
    #[must_use]
    pub fn wait_blocking(self, timeout: Duration) -> Option<Result<R, ActionError<E>>> {
        self.run.wait_blocking(timeout).map(|outcome| conclude(self.hand_out, outcome))
    }

    /// Lets the action go on without anybody waiting for its end.
    pub fn detach(self) {
        self.run.detach();
    }
}

/// What became of the action.
fn conclude<R, E>(
    hand_out: HandOut<R, E>,
    outcome: Outcome<Handed<R>, Handed<ActionError<E>>>,
) -> Result<R, ActionError<E>> {
    Err(match outcome {
        Outcome::Fulfilled { payload } => return Ok((hand_out.value)(&payload)),
        Outcome::Rejected { error } => (hand_out.error)(&error),
        Outcome::Failed { failure } => ActionError::Failed(failure),
        Outcome::Aborted { reason, by } => ActionError::Aborted { reason, by },
        Outcome::Skipped { reason } => ActionError::Skipped { reason },
        Outcome::Superseded { by } => ActionError::Superseded { by },
        Outcome::TimedOut { after, attempt } => ActionError::TimedOut { after, attempt },
        Outcome::Panicked { message } => ActionError::Panicked { message },
        // There is none; the enum may grow.
        other => ActionError::Panicked { message: format!("an unknown end: {other:?}").into() },
    })
}

impl<R, E> IntoFuture for ActionRun<R, E> {
    type Output = Result<R, ActionError<E>>;
    type IntoFuture = ActionRunFuture<R, E>;

    fn into_future(self) -> ActionRunFuture<R, E> {
        ActionRunFuture { outcome: (&self.run).into_future(), hand_out: self.hand_out }
    }
}

/// The future of an [`ActionRun`]. Dropping it lets the action go on.
#[must_use = "futures do nothing unless awaited"]
pub struct ActionRunFuture<R, E> {
    outcome: RunOutcome<Handed<R>, Handed<ActionError<E>>>,
    hand_out: HandOut<R, E>,
}

impl<R, E> Future for ActionRunFuture<R, E> {
    type Output = Result<R, ActionError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(cx));
        Poll::Ready(conclude(self.hand_out, outcome))
    }
}

impl<R, E> fmt::Debug for ActionRun<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ActionRun").field(&self.run).finish()
    }
}

impl<R, E> fmt::Debug for ActionRunFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionRunFuture").finish_non_exhaustive()
    }
}
