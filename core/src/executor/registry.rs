//! The live runs of a store, seen from outside.

use super::{
    any_run::{AnyRun, Verdict},
    engine::Executor,
    id::RunId,
    outcome::{AbortedBy, Rejection},
    settle::{settle, settle_all},
    waiting::block,
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

/// The live runs of a store: to list them, to abort them, to wait until there are none. Made by
/// [`Store::runs`](crate::Store::runs).
///
/// A run is live from its start until its outcome is out.
///
/// ```
/// # #[cfg(feature = "tokio")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use trine_core::Store;
///
/// let store = Store::new();
/// store.run("poll", |_| std::future::pending::<Result<(), String>>());
/// assert_eq!(store.runs().list()[0].name, "poll");
/// assert_eq!(store.runs().abort_named("poll", "window closed"), 1);
/// store.runs().idle().await;
/// # });
/// ```
#[derive(Clone)]
pub struct Runs {
    /// The engine of the store.
    executor: Arc<Executor>,
}

/// A live run, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunInfo {
    /// Its identity.
    pub id: RunId,
    /// Its name.
    pub name: Text,
    /// The run that started it.
    pub parent: Option<RunId>,
}

impl Runs {
    pub(super) fn new(executor: Arc<Executor>) -> Self {
        Self { executor }
    }

    /// The live runs, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<RunInfo> {
        let info = |run: Arc<dyn AnyRun>| {
            let head = run.head();
            RunInfo { id: head.id, name: head.name.clone(), parent: head.parent() }
        };
        self.executor.live(|_| true).into_iter().map(info).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.executor.look(|registry| registry.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Aborts a run; returns whether this call settled it. See [`Run::abort`](crate::Run::abort).
    pub fn abort(&self, id: RunId, reason: impl Into<Text>) -> bool {
        let run = self.executor.look(|registry| registry.find(id).map(Arc::clone));
        run.is_some_and(|run| settle(&run, aborted(reason.into())))
    }

    /// Aborts all runs of a name; returns how many this call settled.
    pub fn abort_named(&self, name: &str, reason: impl Into<Text>) -> usize {
        let reason = reason.into();
        let runs = self.executor.live(|run| run.head().name == *name);
        settle_all(runs, || aborted(reason.clone()))
    }

    /// Aborts all runs; returns how many this call settled.
    pub fn abort_all(&self, reason: impl Into<Text>) -> usize {
        let reason = reason.into();
        settle_all(self.executor.live(|_| true), || aborted(reason.clone()))
    }

    /// Resolves when no run is live.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing and frees its place.
    pub fn idle(&self) -> Idle {
        Idle { executor: Arc::clone(&self.executor), slot: None }
    }

    /// Blocks this thread until no run is live, for at most `timeout`; returns whether it came to that.
    ///
    /// A runtime that needs this very thread makes no progress meanwhile. Inside a lease it does not wait at all.
    #[must_use]
    pub fn wait_blocking(&self, timeout: Duration) -> bool {
        let mut idle = self.idle();
        block(timeout, |cx| Pin::new(&mut idle).poll(cx)).is_some()
    }
}

impl fmt::Debug for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

/// Resolves when no run is live. Made by [`Runs::idle`].
#[must_use = "futures do nothing unless awaited"]
pub struct Idle {
    /// The engine of the store.
    executor: Arc<Executor>,
    /// The place among those who wait.
    slot: Option<usize>,
}

impl Future for Idle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { executor, slot } = &mut *self;
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
}

impl Drop for Idle {
    fn drop(&mut self) {
        if self.slot.is_some() {
            let slot = &mut self.slot;
            let waker = self.executor.look(|registry| registry.idle.free(slot));
            drop(waker);
        }
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").finish_non_exhaustive()
    }
}

fn aborted(reason: Text) -> Verdict {
    Rejection::Aborted { reason, by: AbortedBy::Registry }
}
