//! What a body is given.

use super::{
    any_run::AnyRun,
    builder::RunBuilder,
    failure::{Failure, StoreDropped},
    id::RunId,
    outcome::{AbortedBy, Rejection},
    run::Run,
    settle::settle,
    waiting::{Aborted, release},
};
use crate::{
    lease,
    store::{Core, Store},
    text::Text,
};
use std::{
    borrow::Cow,
    fmt,
    future::Future,
    sync::{Arc, Weak},
};

/// What a body is given: its identity, its store, and the means to start children.
///
/// It holds the store weakly, so a run never keeps its store alive. Once the run has settled, it is inert: it writes
/// nothing and starts no children, even if a helper task still has a clone of it.
///
/// ```
/// use trine_core::{RunContext, Store};
///
/// let store = Store::new();
/// let run = store.run("outer", |cx: RunContext| async move {
///     let inner = cx.run("inner", |_| async { Ok::<_, String>(20) });
///     let half = inner.result().await.map_err(|error| error.to_string())?;
///     Ok::<_, String>(*half + 22)
/// });
/// assert_eq!(run.outcome().unwrap().into_result().map(|sum| *sum), Ok(42));
/// ```
#[derive(Clone)]
pub struct RunContext {
    /// The run.
    cell: Arc<dyn AnyRun>,
}

impl RunContext {
    pub(super) fn new(cell: Arc<dyn AnyRun>) -> Self {
        Self { cell }
    }

    pub(super) fn cell(&self) -> &Arc<dyn AnyRun> {
        &self.cell
    }

    /// The identity of the run.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.cell.head().id
    }

    /// The name of the run.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.cell.head().name
    }

    /// The run that started this one.
    #[must_use]
    pub fn parent(&self) -> Option<RunId> {
        self.cell.head().parent()
    }

    /// The attempt that is under way, counted from 1: see [`RunBuilder::start_retrying`].
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.cell.head().attempt()
    }

    /// The store.
    ///
    /// Keep the handle only as long as it is used: across an `.await` it keeps the store alive.
    ///
    /// # Errors
    ///
    /// [`StoreDropped`] when the last handle is gone.
    pub fn store(&self) -> Result<Store, StoreDropped> {
        self.core().upgrade().map(Store::from_core).ok_or(StoreDropped)
    }

    /// The store's inside, for the write methods; they ask [`is_active`](Self::is_active) inside the lease.
    pub(crate) fn core(&self) -> &Weak<Core> {
        self.cell.head().executor.weak_core()
    }

    /// Whether the outcome is still open.
    ///
    /// Inside the store's lease the answer is exact: a write that is made because of it comes before the terminal event.
    #[must_use]
    pub fn is_active(&self) -> bool {
        if lease::held().is_some() {
            self.cell.is_active_in_lease()
        } else {
            self.cell.head().phase.is_active()
        }
    }

    /// Aborts the run; returns whether this call settled it. See [`Run::abort`].
    ///
    /// A body that calls this goes on until it next awaits, and is dropped then.
    pub fn abort(&self, reason: impl Into<Text>) -> bool {
        let verdict = Rejection::Aborted { reason: reason.into(), by: AbortedBy::Body };
        settle(&self.cell, verdict)
    }

    /// Ends the run as [`Outcome::Skipped`](crate::Outcome::Skipped); returns whether this call settled it. For conditions
    /// that have to wait, which the body asks before its work; what [`RunBuilder::condition`] is for needs no body.
    ///
    /// A body that calls this goes on until it next awaits, and is dropped then.
    pub fn skip(&self, reason: impl Into<Text>) -> bool {
        settle(&self.cell, Rejection::Skipped { reason: reason.into() })
    }

    /// Ends the run as [`Outcome::Failed`](crate::Outcome::Failed), since it cannot go on; returns whether this call settled
    /// it. Its body is dropped when it next awaits.
    pub fn fail(&self, failure: Failure) -> bool {
        settle(&self.cell, Rejection::Failed { failure })
    }

    /// Resolves when the run has settled, in whatever way: for helpers that the body has spawned by other means.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing and frees its place.
    pub fn aborted(&self) -> Aborted {
        Aborted::new(Arc::clone(&self.cell))
    }

    /// The reason that the run was aborted for, if it was: for helpers that find themselves [aborted](Self::aborted).
    #[must_use]
    pub fn abort_reason(&self) -> Option<Text> {
        self.cell.last_words()
    }

    /// Starts a child: a run that is aborted when this one settles. See [`Store::run`].
    #[track_caller]
    pub fn run<T, E, B, F>(&self, name: impl Into<Text>, body: B) -> Run<T, E>
    where
        B: FnOnce(RunContext) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        self.run_builder(name).start(body)
    }

    /// Describes a child before it starts. See [`Store::run_builder`].
    pub fn run_builder<T, E>(&self, name: impl Into<Text>) -> RunBuilder<'_, T, E> {
        let store = self.store().ok().map(Cow::Owned);
        RunBuilder::new(store, Cow::Borrowed(&self.cell.head().executor), name.into())
            .child_of(self)
    }
}

impl Drop for RunContext {
    fn drop(&mut self) {
        release(|| Arc::clone(&self.cell));
    }
}

impl fmt::Debug for RunContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunContext").field(self.cell.head()).finish()
    }
}
