//! How a store is configured.

use super::{Core, Store, extension::Extensions, slow_lease::SlowLease};
use crate::{
    delivery::Outbox,
    executor::{Clock, Executor, Spawn, default_clock, default_spawner},
    feed::Feed,
    graph::Graph,
    lease::Lease,
    sync::{Condvar, atomic::AtomicBool},
};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Weak},
    time::Duration,
};

/// What becomes of a panic in a callback, an observer, a waker or the `Drop` of a value.
///
/// Either way the others are called first and the store goes on. The start and the end of a run are exceptions: what
/// callbacks panic with then, on account of a front end's lifecycle events say, is no failure of the run, and under
/// `Resume` it is told as [`Event::Failed`](crate::Event::Failed). (With `panic = "abort"` a panic ends the
/// process, and nothing can be isolated.)
pub enum PanicPolicy {
    /// The first panic goes on in the thread that delivered, when everything has been delivered: the default.
    Resume,
    /// The function is told each panic's message, when everything has been delivered.
    Report(Box<dyn Fn(&str) + Send + Sync>),
}

/// Configures a [`Store`].
#[must_use = "a builder makes no store until `build` is called"]
pub struct StoreBuilder {
    max_depth: usize,
    outbox_capacity: usize,
    causal_limit: u32,
    slow_lease: Option<Duration>,
    slow_poll: Option<Duration>,
    on_panic: PanicPolicy,
    spawner: Box<dyn Spawn>,
    clock: Option<Arc<dyn Clock>>,
    seed: Option<u64>,
}

impl StoreBuilder {
    pub(super) fn new() -> Self {
        Self {
            max_depth: 1_000,
            outbox_capacity: 65_536,
            causal_limit: 100,
            slow_lease: None,
            slow_poll: None,
            on_panic: PanicPolicy::Resume,
            spawner: default_spawner(),
            clock: None,
            seed: None,
        }
    }

    /// How many derivations the first read of a cell may nest before it is the error
    /// [`TooDeep`](crate::CellErrorKind::TooDeep); 1,000 by default. Each takes some of the thread's stack. Later
    /// reads do not nest.
    pub fn max_depth(mut self, derivations: usize) -> Self {
        self.max_depth = derivations;
        self
    }

    /// How many notifications may wait for delivery before those of one subscriber coalesce; 65,536 by default.
    pub fn outbox_capacity(mut self, notifications: usize) -> Self {
        self.outbox_capacity = notifications;
        self
    }

    /// How many commits deep callbacks may answer each other's writes before a write is the error
    /// [`CausalLoop`](crate::CellErrorKind::CausalLoop); 100 by default.
    pub fn causal_limit(mut self, commits: u32) -> Self {
        self.causal_limit = commits;
        self
    }

    /// Reports code that holds the lease for `bound` or longer: a warning through `tracing`, once per place that takes
    /// the lease. Off by default, since it reads the clock twice per lease.
    pub fn slow_lease(mut self, bound: Duration) -> Self {
        self.slow_lease = Some(bound);
        self
    }

    /// Reports bodies that block: a warning through `tracing` when the first poll of a run, which is made on its caller's
    /// stack, takes `bound` or longer on the store's clock. Off by default, since it reads the clock twice per run.
    pub fn slow_poll(mut self, bound: Duration) -> Self {
        self.slow_poll = Some(bound);
        self
    }

    /// What becomes of a panic in a callback.
    pub fn on_panic(mut self, policy: PanicPolicy) -> Self {
        self.on_panic = policy;
        self
    }

    /// Where bodies go on that are not ready at once. By default that is the tokio runtime in whose context the
    /// store is used then, if the feature `tokio` is on; else nowhere.
    pub fn spawner(mut self, spawner: impl Spawn) -> Self {
        self.spawner = Box::new(spawner);
        self
    }

    /// The clock that runs are timed with. By default that is tokio's, if the feature `tokio` is on; else there is none.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// What the jitter of [retries](crate::Retry::jitter) is drawn with: with the same seed, and the same order of things,
    /// the same comes. By default it differs from store to store.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Makes the store.
    pub fn build(self) -> Store {
        // A hasher's keys are the random numbers that the standard library has.
        let seed = self.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
        let outbox = Outbox::new(self.outbox_capacity, self.causal_limit);
        Store::from_core(Arc::new_cyclic(|core: &Weak<Core>| Core {
            lease: Lease::new(Graph::new(self.max_depth, outbox, core.clone())),
            delivery_waiters: Condvar::new(),
            feed: Feed::new(),
            on_panic: self.on_panic,
            has_lifecycles: AtomicBool::new(false),
            slow_lease: self.slow_lease.map(SlowLease::new),
            extensions: Extensions::default(),
            executor: Arc::new(Executor::new(core.clone(), seed)),
            spawner: self.spawner,
            slow_poll: self.slow_poll,
            clock: self.clock.or_else(default_clock),
        }))
    }
}

impl fmt::Debug for StoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("max_depth", &self.max_depth)
            .field("outbox_capacity", &self.outbox_capacity)
            .field("causal_limit", &self.causal_limit)
            .field("slow_lease", &self.slow_lease)
            .field("on_panic", &self.on_panic)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PanicPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resume => "Resume",
            Self::Report(_) => "Report",
        })
    }
}
