//! The live runs of a store, seen from outside.

use super::{
    any_run::{AnyRun, RunStatus, Verdict},
    clock::NoClock,
    drain::{Drain, Idle},
    engine::Executor,
    group::Key,
    id::RunId,
    outcome::{AbortedBy, Rejection},
    settle::{settle, settle_all},
    waiting::block,
};
use crate::{lease, sync::mutant, text::Text};
use std::{fmt, future::Future, hash::Hash, pin::Pin, sync::Arc, time::Duration};

/// The live runs of a store, or some of them: to list them, to abort them, to wait until there are none. Made by
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
    /// Which of its runs.
    pick: Pick,
}

/// Which runs.
#[derive(Clone)]
enum Pick {
    All,
    Name(Text),
    Key(Text, Key),
    Tag(Text),
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
    /// How far it is.
    pub status: RunStatus,
    /// Whether its outcome is open: not so while its end is being told. Inside a lease the answer is exact, as that of
    /// [`RunContext::is_active`](crate::RunContext::is_active).
    pub is_active: bool,
    /// The attempt that is under way, counted from 1.
    pub attempt: u32,
    /// Its tags.
    pub tags: Vec<Text>,
}

impl Runs {
    pub(super) fn new(executor: Arc<Executor>) -> Self {
        Self { executor, pick: Pick::All }
    }

    /// The runs of this name only.
    #[must_use]
    pub fn named(&self, name: impl Into<Text>) -> Self {
        self.only(Pick::Name(name.into()))
    }

    /// The runs of this name and key only.
    ///
    /// `Eq` of the keys is called by the methods of what this returns, on their thread, outside every lock.
    #[must_use]
    pub fn keyed<K: Hash + Eq + Send + Sync + 'static>(
        &self,
        name: impl Into<Text>,
        key: K,
    ) -> Self {
        self.only(Pick::Key(name.into(), Key::new(key)))
    }

    /// The runs with this tag only.
    #[must_use]
    pub fn tagged(&self, tag: impl Into<Text>) -> Self {
        self.only(Pick::Tag(tag.into()))
    }

    fn only(&self, pick: Pick) -> Self {
        Self { executor: Arc::clone(&self.executor), pick }
    }

    pub(super) fn executor(&self) -> &Arc<Executor> {
        &self.executor
    }

    pub(super) fn is_all(&self) -> bool {
        matches!(self.pick, Pick::All)
    }

    /// The runs, oldest first.
    pub(super) fn live(&self) -> Vec<Arc<dyn AnyRun>> {
        let mut runs = self.executor.live(|run| match &self.pick {
            Pick::All => true,
            Pick::Name(name) | Pick::Key(name, _) => run.head().name == *name,
            Pick::Tag(tag) => run.head().tags().contains(tag),
        });
        // User code, so not under the registry's lock.
        if let Pick::Key(_, key) = &self.pick {
            runs.retain(|run| {
                run.head().group().is_some_and(|group| group.key.as_ref() == Some(key))
            });
        }
        runs
    }

    /// The live runs, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<RunInfo> {
        let inside = lease::held().is_some();
        let info = |run: &Arc<dyn AnyRun>| {
            let head = run.head();
            RunInfo {
                id: head.id,
                name: head.name.clone(),
                parent: head.parent(),
                status: run.status(),
                is_active: if inside { run.is_active_in_lease() } else { head.phase.is_active() },
                attempt: head.attempt(),
                tags: head.tags().to_vec(),
            }
        };
        let live = self.live();
        let list = live.iter().map(info).collect();
        if inside {
            // We may be the last to have one, and its outcome is the user's.
            lease::defer(move || drop(live));
        }
        list
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.is_all() {
            self.executor.look(|registry| registry.len())
        } else {
            self.live().len()
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Aborts a run of the store; returns whether this call settled it. See [`Run::abort`](crate::Run::abort).
    pub fn abort(&self, id: RunId, reason: impl Into<Text>) -> bool {
        let run = self.executor.look(|registry| registry.find(id).map(Arc::clone));
        run.is_some_and(|run| settle(&run, aborted(reason.into())))
    }

    /// Aborts all runs of a name; returns how many this call settled.
    pub fn abort_named(&self, name: &str, reason: impl Into<Text>) -> usize {
        self.named(name.to_owned()).abort_all(reason)
    }

    /// Aborts all; returns how many this call settled.
    pub fn abort_all(&self, reason: impl Into<Text>) -> usize {
        let reason = reason.into();
        settle_all(self.live(), || aborted(reason.clone()))
    }

    /// Resolves when none is live.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing and frees its place.
    pub fn idle(&self) -> Idle {
        Idle::new(self.clone())
    }

    /// Resolves when none is live: waits for `grace`, on the store's clock, then aborts what is left. The future gives the
    /// number of those that had to be aborted, by [`AbortedBy::Shutdown`].
    ///
    /// # Errors
    ///
    /// Without a clock, unless `grace` is zero.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts nothing more.
    pub fn finish_within(&self, grace: Duration) -> Result<Drain, NoClock> {
        Drain::new(self.clone(), grace)
    }

    /// Ends the work of the whole store in good order: from now on new runs fail as
    /// [`Failure::ShuttingDown`](crate::Failure::ShuttingDown), except for children of those that are still live; the
    /// future is that of [`finish_within`](Self::finish_within), of all runs. Cells and subscriptions stay as they are.
    ///
    /// # Errors
    ///
    /// Without a clock, unless `grace` is zero; then nothing is refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts nothing more; new runs are refused all the same.
    pub fn shut_down(&self, grace: Duration) -> Result<Drain, NoClock> {
        let drain = Drain::new(self.only(Pick::All), grace)?;
        if !mutant("new runs are not refused") {
            self.executor.refuse_new_runs();
        }
        Ok(drain)
    }

    /// Blocks this thread until none is live, for at most `timeout`; returns whether it came to that.
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

fn aborted(reason: Text) -> Verdict {
    Rejection::Aborted { reason, by: AbortedBy::Registry }
}
