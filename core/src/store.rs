//! The store: one cheap handle to everything.
//!
//! All handles share a [`Core`]: the lease with everything behind it, and beside it what needs no lease, such as the observers, the
//! executor and the tables of front ends. Every operation enters the lease once, through [`Core::enter`], and leaves with
//! what it has left to do outside: wakers, values to drop, callbacks to call. What users call is grouped by what it does:
//! `reads.rs`, `writes.rs`, and where a part of the core has methods of its own on the store (lists, runs), with that part.

mod build;
mod extension;
mod reads;
mod slow_lease;
mod writes;

pub use build::{PanicPolicy, StoreBuilder};
use extension::Extensions;
use slow_lease::SlowLease;

use crate::{
    cell::{ByValue, CellBuilder, Derived, Equality, Source, Workshop},
    commit::CommitNumber,
    event::Event,
    executor::{Clock, Executor, Spawn},
    feed::{Feed, ObserverGuard},
    graph::{Graph, Reader},
    lease::{self, Lease, Reentrant},
    sync::{Condvar, atomic::AtomicBool},
};
use std::{
    fmt,
    panic::Location,
    sync::{Arc, Weak},
    time::Duration,
};

/// A store: cells, what is derived from them, who listens, and the work that is under way.
///
/// The handle is cheap to clone and `Send + Sync`. Stores are independent of each other; there are no globals.
/// When the last handle is dropped, runs that are still under way are aborted.
///
/// ```
/// use trine_core::Store;
///
/// let store = Store::new();
/// let price = store.source(20);
/// let count = store.source(2);
/// let total = store.derived(move |cx| cx.get(price) * cx.get(count));
///
/// let guard = store.subscribe(total, |total| println!("total: {total}"));
/// store.set(count, 3); // prints "total: 60"
/// store.batch(|tx| {
///     tx.set(price, 10);
///     tx.set(count, 6); // still 60: nobody is told
/// });
/// # drop(guard);
/// ```
///
/// # Threads
///
/// One lock, the *lease*, guards all cells of a store. Derivations and the closures of updates and transactions
/// run inside it and must be pure; they are handed what they may use. Using a store from inside a lease is
/// [`Reentrant`], with both places named, and never a deadlock. (Blocking there on another thread that uses the
/// store is one, and nothing can detect it.) Callbacks, wakers and the `Drop` of replaced values run outside.
#[derive(Clone)]
pub struct Store {
    core: Arc<Core>,
}

/// A handle that does not keep the store alive.
#[derive(Clone)]
pub struct WeakStore {
    core: Weak<Core>,
}

/// What all handles of one store share.
pub(crate) struct Core {
    /// Cells, graph and outbox.
    pub(crate) lease: Lease<Graph>,
    /// Where threads wait for the delivery of their commits; goes with the lease.
    pub(crate) delivery_waiters: Condvar,
    /// The observers of events.
    pub(crate) feed: Feed,
    /// What becomes of panics in callbacks.
    pub(crate) on_panic: PanicPolicy,
    /// Whether anybody has ever asked who is observed. Relaxed: who asks later is told of what comes later.
    pub(crate) has_lifecycles: AtomicBool,
    /// What reports leases that are held for long, if that was asked for.
    slow_lease: Option<SlowLease>,
    /// What front ends keep in the store.
    extensions: Extensions,
    /// Where bodies run.
    pub(crate) executor: Arc<Executor>,
    /// Where they go on when they are not ready at once.
    pub(crate) spawner: Box<dyn Spawn>,
    /// How long the first poll of a run may take before it is reported, if that was asked for.
    pub(crate) slow_poll: Option<Duration>,
    /// What time it is, if anybody knows.
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl Store {
    /// A store with the defaults of [`StoreBuilder`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A store that is to be configured.
    pub fn builder() -> StoreBuilder {
        StoreBuilder::new()
    }

    /// A store whose bodies go on with `spawner` when they are not ready at once.
    pub fn with_spawner(spawner: impl Spawn) -> Self {
        Self::builder().spawner(spawner).build()
    }

    pub(crate) fn from_core(core: Arc<Core>) -> Self {
        Self { core }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// A handle that does not keep the store alive.
    pub fn downgrade(&self) -> WeakStore {
        WeakStore { core: Arc::downgrade(&self.core) }
    }

    /// Makes a cell that is written. A write of an equal value is no change.
    ///
    /// The cell lives until it is [removed](Self::remove) or the store is gone.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`].
    #[track_caller]
    pub fn source<T: PartialEq + Send + 'static>(&self, value: T) -> Source<T> {
        Workshop::Store(self).make_source(value, ByValue.comparator(), None, Location::caller())
    }

    /// Makes a cell that is computed from others. The closure runs when the cell is first read, and again only
    /// when something that it read has changed.
    ///
    /// It runs inside the lease and must be pure: it reads through `cx`, and nothing else.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`].
    #[track_caller]
    pub fn derived<T: PartialEq + Send + 'static>(
        &self,
        compute: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
    ) -> Derived<T> {
        Workshop::Store(self).make_derived(compute, ByValue, None, Location::caller())
    }

    /// Begins a cell with a name, which errors and events will use, and perhaps a rule for equality.
    pub fn cell(&self, name: impl Into<Arc<str>>) -> CellBuilder<'_> {
        CellBuilder::new(Workshop::Store(self), name.into())
    }

    /// Has `observer` told of everything that happens in the store, in order, until the guard is dropped.
    ///
    /// Observers are called like callbacks: outside the lease, one at a time. They are handed nothing to change
    /// anything with, and a panic in one of them is contained like that of a callback. Without observers events
    /// cost one branch.
    pub fn observe(&self, observer: impl FnMut(&Event) + Send + 'static) -> ObserverGuard {
        self.core.feed.add(Arc::downgrade(&self.core), Box::new(observer))
    }

    /// Tells the observers of an event: for front ends, whose dispatches and signals are events too. The event
    /// is made only if anybody observes.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`], if anybody observes.
    #[inline]
    #[track_caller]
    pub fn emit(&self, event: impl FnOnce() -> Event) {
        self.core.emit(event);
    }

    /// Whether anybody [observes](Self::observe) the store. For front ends that would otherwise prepare what only an event
    /// needs; an answer may be out of date at once, so nothing but events may hang on it.
    #[inline]
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.core.feed.is_observed()
    }

    /// The number of the last commit.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`].
    #[track_caller]
    pub fn last_commit(&self) -> CommitNumber {
        CommitNumber(self.demand(|graph| graph.last_commit))
    }

    /// How many cells there are.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`].
    #[track_caller]
    pub fn cell_count(&self) -> usize {
        self.demand(|graph| graph.len())
    }

    /// Runs `f` inside the lease; panics if the thread holds one.
    #[track_caller]
    pub(crate) fn demand<R>(&self, f: impl FnOnce(&mut Graph) -> R) -> R {
        match self.core.enter(f) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl WeakStore {
    pub(crate) fn from_core(core: Weak<Core>) -> Self {
        Self { core }
    }

    /// The store, if a handle to it is left.
    pub fn upgrade(&self) -> Option<Store> {
        self.core.upgrade().map(|core| Store { core })
    }
}

impl Core {
    /// Runs `f` inside the lease, then does what it left to do.
    #[inline]
    #[track_caller]
    pub(crate) fn enter<R>(
        self: &Arc<Self>,
        f: impl FnOnce(&mut Graph) -> R,
    ) -> Result<R, Reentrant> {
        self.enter_at(Location::caller(), f)
    }

    /// [`enter`](Self::enter), for a call at `here`.
    #[inline]
    pub(crate) fn enter_at<R>(
        self: &Arc<Self>,
        here: &'static Location<'static>,
        f: impl FnOnce(&mut Graph) -> R,
    ) -> Result<R, Reentrant> {
        let (value, exit) = self.lease.with_at(here, |graph| {
            if self.slow_lease.is_some() {
                graph.start_clock();
            }
            let value = f(graph);
            (value, graph.leave())
        })?;
        if let Some(exit) = exit {
            self.finish(exit, here);
        }
        Ok(value)
    }

    /// Reports that a lease was held for long, if it was.
    #[cold]
    pub(crate) fn report_slow_lease(&self, held: Duration, location: &'static Location<'static>) {
        if let Some(slow) = &self.slow_lease {
            slow.report(held, location);
        }
    }

    /// Runs `f` inside the lease and leaves what it left to do to somebody else. No lease may be held.
    #[track_caller]
    pub(crate) fn in_lease<R>(&self, f: impl FnOnce(&mut Graph) -> R) -> R {
        match self.lease.with(f) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs `f` inside the lease, so that no commit is under way meanwhile. No lease may be held.
    pub(crate) fn serialize<R>(&self, f: impl FnOnce() -> R) -> R {
        self.in_lease(|_| f())
    }
}

impl Drop for Store {
    #[inline]
    fn drop(&mut self) {
        // The last handle drops all values, and wakes those who watch them: not inside the lease of another store.
        if lease::held().is_some() {
            let core = Arc::clone(&self.core);
            lease::defer(move || drop(core));
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.executor.close();
        // Watches outlive the store: whoever waits on one learns that nothing will come.
        let wakers = self.lease.get_mut().outbox.close_all();
        for waker in wakers {
            waker.wake();
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl fmt::Debug for WeakStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakStore").finish_non_exhaustive()
    }
}
