//! What a spawner is given: a future that carries a run on.

use super::{
    any_run::{AnyRun, Step},
    failure::Failure,
    outcome::{AbortedBy, Rejection},
    settle::{conclude, settle},
};
use crate::text::Text;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// A unit of work for a [`Spawn`](crate::Spawn): poll it until it is done.
///
/// The task of a run never panics. Dropping it before it is done ends its run as
/// [`Failure::RuntimeShutDown`](crate::Failure::RuntimeShutDown).
#[must_use = "a task does nothing unless it is polled"]
pub struct Task {
    /// The work; gone when it is done.
    work: Option<Work>,
}

enum Work {
    /// Carries on a run, whose body the run itself owns, so that an abort can drop it.
    Run(Arc<dyn AnyRun>),
    /// Anything else.
    Future(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Task {
    /// A task from any future: for testing a spawner of your own.
    pub fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { work: Some(Work::Future(Box::pin(future))) }
    }

    pub(crate) fn run(cell: Arc<dyn AnyRun>) -> Self {
        Self { work: Some(Work::Run(cell)) }
    }

    /// The name of its run, if it carries one on.
    pub(crate) fn run_name(&self) -> Option<&Text> {
        match &self.work {
            Some(Work::Run(cell)) => Some(&cell.head().name),
            _ => None,
        }
    }

    /// Whether its run has settled, so that polling it does nothing any more.
    pub(crate) fn is_spent(&self) -> bool {
        matches!(&self.work, Some(Work::Run(cell)) if !cell.head().phase.is_active())
    }

    /// Aborts its run, if it carries one on.
    pub(crate) fn abort_run(&self, reason: &'static str) {
        if let Some(Work::Run(cell)) = &self.work {
            let (reason, by) = (Text::from_static(reason), AbortedBy::Registry);
            settle(cell, Rejection::Aborted { reason, by });
        }
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let pending = match &mut self.work {
            Some(Work::Future(future)) => future.as_mut().poll(cx).is_pending(),
            Some(Work::Run(cell)) => match cell.poll_resting_body(cx) {
                Step::Pending | Step::Parked => true,
                Step::Claimed(claim) => {
                    conclude(cell, claim);
                    false
                }
                Step::Over => false,
            },
            None => false,
        };
        if pending {
            return Poll::Pending;
        }
        self.work = None;
        Poll::Ready(())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(Work::Run(cell)) = self.work.take()
            && cell.head().phase.lose_task()
        {
            settle(&cell, Rejection::Failed { failure: Failure::RuntimeShutDown });
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.work {
            Some(Work::Run(cell)) => f.debug_tuple("Task").field(cell.head()).finish(),
            Some(Work::Future(_)) => f.write_str("Task(..)"),
            None => f.write_str("Task(done)"),
        }
    }
}
