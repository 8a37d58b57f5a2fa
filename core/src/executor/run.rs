//! The handle of a run.

use super::{
    any_run::{AnyRun, RunStatus, TypedRun},
    id::RunId,
    outcome::{AbortedBy, Outcome, Rejection},
    settle::settle,
    waiting::{RunOutcome, RunResult, Stopped, block, release},
};
use crate::text::Text;
use std::{fmt, future::IntoFuture, ops::Deref, sync::Arc, time::Duration};

/// The handle of a run: to look at it, to wait for it, to abort it.
///
/// Awaiting it gives the [`Outcome`], [`result`](Self::result) gives a `Result`. Dropping it detaches the run, which goes
/// on; [`abort_on_drop`](Self::abort_on_drop) ties it to a scope.
///
/// ```
/// # #[cfg(feature = "tokio")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use trine_core::{Outcome, Store};
///
/// let store = Store::new();
/// let run = store.run("load", |_| async {
///     tokio::task::yield_now().await;
///     Ok::<_, String>("page")
/// });
/// run.abort("left the page");
/// match run.await {
///     Outcome::Aborted { reason, .. } => assert_eq!(reason, "left the page"),
///     other => panic!("{other:?}"),
/// }
/// # });
/// ```
pub struct Run<T, E> {
    /// The run.
    cell: Arc<dyn TypedRun<T, E>>,
}

impl<T, E> Run<T, E> {
    pub(super) fn new(cell: Arc<dyn TypedRun<T, E>>) -> Self {
        Self { cell }
    }

    /// The identity of the run.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.cell.head().id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.cell.head().name
    }

    /// The run that started it.
    #[must_use]
    pub fn parent(&self) -> Option<RunId> {
        self.cell.head().parent()
    }

    /// How many attempts were begun: 1, unless the run was started with
    /// [`start_retrying`](crate::RunBuilder::start_retrying).
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.cell.head().attempt()
    }

    /// How far it is.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.cell.status()
    }

    /// Whether its outcome is out: observers and hook have been told.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.status(), RunStatus::Settled(_))
    }

    /// Its outcome, if it is out.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome<T, E>> {
        self.cell.outcome()
    }

    /// Settles the run as aborted; returns whether this call did.
    ///
    /// When it returns `true`, the terminal event is out, the settle hook was called, and the run's children are aborted: all on this
    /// thread. The body is dropped before this returns, unless another thread (or this one, further up its stack) is
    /// polling it: then it is dropped when that poll returns, and [`stopped`](Self::stopped) tells when.
    ///
    /// Inside a lease the decision is made at once, so that the run's context writes nothing any more; the rest
    /// happens as the thread leaves the lease. Likewise while the run's start hook is being called: the end is told, by the
    /// starting thread, right after the hook.
    ///
    /// It returns `false` when the run had settled, or when somebody else is settling it right now; it does not wait for
    /// them, so that hooks may abort each other's runs.
    pub fn abort(&self, reason: impl Into<Text>) -> bool {
        self.abort_by(reason.into(), AbortedBy::Handle)
    }

    /// Resolves to the payload, or to what happened instead.
    ///
    /// Any number of them may wait for one run.
    ///
    /// # Errors
    ///
    /// The future gives every outcome but `Fulfilled` as a [`Rejection`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the run goes on, and another one can be made.
    pub fn result(&self) -> RunResult<T, E> {
        RunResult::new(Arc::clone(&self.cell))
    }

    /// Resolves once the run has settled and its body is dropped: what the body owned is free.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn stopped(&self) -> Stopped {
        Stopped::new(Arc::clone(&self.cell) as Arc<dyn AnyRun>)
    }

    /// Blocks this thread until the run has settled, for at most `timeout`: for render loops and tests.
    ///
    /// A runtime that needs this very thread makes no progress meanwhile. Inside a lease it does not wait at
    /// all, since others may need the lease to get there.
    #[must_use]
    pub fn wait_blocking(&self, timeout: Duration) -> Option<Outcome<T, E>> {
        let mut waiting = RunOutcome::new(Arc::clone(&self.cell));
        block(timeout, |cx| waiting.poll_outcome(cx))
    }

    /// Ties the run to a scope: it is aborted when the guard is dropped.
    pub fn abort_on_drop(self) -> AbortOnDropGuard<T, E> {
        self.cell.care();
        AbortOnDropGuard { run: self, armed: true }
    }

    /// Lets the run go on without its handle, like dropping that, and says so: nobody waits for its end, and nobody need.
    ///
    /// The [`RunAudit`](crate::test::RunAudit) of the test kit finds handles that are dropped without it.
    pub fn detach(self) {
        self.cell.care();
    }

    /// Says that somebody looks after the run though this handle may be dropped: a settle hook, say. Nothing else changes;
    /// see [`detach`](Self::detach).
    pub fn attend(&self) {
        self.cell.care();
    }

    /// Lets the run outlive its parent.
    pub fn detach_from_parent(&self) {
        self.cell.detach();
    }

    fn abort_by(&self, reason: Text, by: AbortedBy) -> bool {
        let cell = Arc::clone(&self.cell) as Arc<dyn AnyRun>;
        settle(&cell, Rejection::Aborted { reason, by })
    }
}

impl<T, E> IntoFuture for Run<T, E> {
    type Output = Outcome<T, E>;
    type IntoFuture = RunOutcome<T, E>;

    fn into_future(self) -> RunOutcome<T, E> {
        RunOutcome::new(Arc::clone(&self.cell))
    }
}

impl<T, E> IntoFuture for &Run<T, E> {
    type Output = Outcome<T, E>;
    type IntoFuture = RunOutcome<T, E>;

    fn into_future(self) -> RunOutcome<T, E> {
        RunOutcome::new(Arc::clone(&self.cell))
    }
}

impl<T, E> Drop for Run<T, E> {
    fn drop(&mut self) {
        release(|| Arc::clone(&self.cell) as Arc<dyn AnyRun>);
    }
}

impl<T, E> fmt::Debug for Run<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id().get())
            .field("name", self.name())
            .field("status", &self.status())
            .finish()
    }
}

/// Aborts its run when it is dropped. Made by [`Run::abort_on_drop`].
#[must_use = "dropping the guard aborts the run"]
pub struct AbortOnDropGuard<T, E> {
    /// The run.
    run: Run<T, E>,
    /// Whether to abort.
    armed: bool,
}

impl<T, E> AbortOnDropGuard<T, E> {
    /// Lets the run go on without the guard.
    pub fn detach(mut self) {
        self.armed = false;
    }
}

impl<T, E> Deref for AbortOnDropGuard<T, E> {
    type Target = Run<T, E>;

    fn deref(&self) -> &Run<T, E> {
        &self.run
    }
}

impl<T, E> Drop for AbortOnDropGuard<T, E> {
    fn drop(&mut self) {
        if self.armed {
            self.run.abort_by(Text::from_static("its guard was dropped"), AbortedBy::Guard);
        }
    }
}

impl<T, E> fmt::Debug for AbortOnDropGuard<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortOnDropGuard")
            .field("run", &self.run)
            .field("armed", &self.armed)
            .finish()
    }
}
