//! The engine of one store: its counter, and the runs that are live.
//!
//! The spawner is not here but in the store: a spawner owns tasks, tasks own runs, and runs own the engine.

use super::{
    any_run::AnyRun,
    audit::Auditor,
    contain::{contain, tell},
    failure::{Failure, StoreDropped},
    group::Groups,
    home::Homes,
    id::RunId,
    outcome::Rejection,
    settle::settle_all,
    statuses::Statuses,
    succession::Waits,
    waiters::{Waiters, WakeList},
};
use crate::{
    event::Event,
    lease,
    store::Core,
    sync::{Mutex, atomic::AtomicBool},
};
use slab::Slab;
use std::{
    fmt, mem,
    sync::{
        Arc, Weak,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

/// Somebody observes the store. Kept by the feed.
const OBSERVED: u8 = 1;
/// There are status cells.
const COUNTED: u8 = 1 << 1;
/// The store is audited.
const AUDITED: u8 = 1 << 2;

/// The engine of one store. Runs hold it strongly, and the store only through it, weakly.
pub(crate) struct Executor {
    /// The store.
    core: Weak<Core>,
    /// Who wants to hear of runs: [`OBSERVED`], [`COUNTED`], [`AUDITED`]. Read without a handle to the store. `Relaxed`: a
    /// stale answer only means that something beside the change is told or not.
    wanted_by: AtomicU8,
    /// Status cells.
    pub(super) statuses: Statuses,
    /// The audit of the test kit.
    pub(super) auditor: Mutex<Auditor>,
    /// What is drawn next for jitter. `Relaxed`: any order of draws will do.
    random: AtomicU64,
    /// Whether new runs are refused.
    closing: AtomicBool,
    /// The live runs.
    registry: Mutex<Registry>,
    /// Who excludes whom; locked inside the lease only, see `group.rs`.
    pub(super) groups: Mutex<Groups>,
    /// Which threads wait for the ends that others are telling.
    pub(super) waits: Mutex<Waits>,
    /// Where bodies live that have no task.
    pub(super) homes: Homes,
}

/// The live runs, and who waits until there are none.
#[derive(Default)]
pub(super) struct Registry {
    /// From their start to the publication of their outcome; a run's identity knows its slot.
    runs: Slab<Arc<dyn AnyRun>>,
    /// How many have been registered so far.
    count: u64,
    /// Who waits until `runs` is empty.
    pub(super) idle: Waiters,
}

impl Executor {
    pub(crate) fn new(core: Weak<Core>, seed: u64) -> Self {
        Self {
            core,
            wanted_by: AtomicU8::new(0),
            statuses: Statuses::default(),
            auditor: Mutex::new(Auditor::default()),
            random: AtomicU64::new(seed),
            closing: AtomicBool::new(false),
            registry: Mutex::new(Registry::default()),
            groups: Mutex::new(Groups::default()),
            waits: Mutex::new(Waits::default()),
            homes: Homes::new(),
        }
    }

    /// The store, if a handle to it is left.
    pub(super) fn core(&self) -> Option<Arc<Core>> {
        self.core.upgrade()
    }

    /// What tells the store from others, also when it is gone.
    pub(super) fn address(&self) -> usize {
        self.core.as_ptr().addr()
    }

    /// The store, weakly.
    pub(super) fn weak_core(&self) -> &Weak<Core> {
        &self.core
    }

    /// Whether anybody observes the store, so that every step of a run is told.
    #[inline]
    pub(super) fn is_observed(&self) -> bool {
        self.wanted_by.load(Ordering::Relaxed) & OBSERVED != 0
    }

    /// Whether there are status cells.
    #[inline]
    pub(super) fn is_counted(&self) -> bool {
        self.wanted_by.load(Ordering::Relaxed) & COUNTED != 0
    }

    /// Whether the store is audited.
    #[inline]
    pub(super) fn is_audited(&self) -> bool {
        self.wanted_by.load(Ordering::Relaxed) & AUDITED != 0
    }

    fn want(&self, bit: u8, wanted: bool) {
        if wanted {
            self.wanted_by.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.wanted_by.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// Notes whether there are status cells.
    pub(super) fn set_counted(&self, counted: bool) {
        self.want(COUNTED, counted);
    }

    /// Notes whether the store is audited.
    pub(super) fn set_audited(&self, audited: bool) {
        self.want(AUDITED, audited);
    }

    /// The next random number: Sebastiano Vigna's SplitMix64, which needs no lock.
    pub(super) fn random(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let state = self.random.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Whether new runs are refused.
    pub(super) fn is_closing(&self) -> bool {
        // Acquire: with the registry's lock, who sees that there are no runs after closing sees none later.
        self.closing.load(Ordering::Acquire)
    }

    /// Refuses new runs from now on.
    pub(super) fn refuse_new_runs(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Notes whether anybody observes the store.
    pub(crate) fn set_observed(&self, observed: bool) {
        self.want(OBSERVED, observed);
    }

    /// Tells the store's observers, if there is a store.
    #[cold]
    pub(super) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(core) = self.core() {
            tell(&core, event);
        }
    }

    /// Gives a run its identity and its place. `make` must not call user code.
    pub(super) fn register<R: AnyRun + 'static>(
        &self,
        make: impl FnOnce(RunId) -> Arc<R>,
    ) -> Arc<R> {
        let mut registry = self.registry.lock();
        let id = RunId::after(registry.count, registry.runs.vacant_key());
        let run = make(id);
        registry.count += 1;
        registry.runs.insert(Arc::clone(&run) as Arc<dyn AnyRun>);
        run
    }

    /// Takes a run out; returns it, and whom to wake, both for after the locks are free.
    ///
    /// To be called once for each run: its slot may be another run's afterwards.
    #[inline]
    pub(super) fn unregister(&self, id: RunId) -> (Option<Arc<dyn AnyRun>>, Option<WakeList>) {
        let mut registry = self.registry.lock();
        debug_assert!(registry.find(id).is_some(), "{id} is not registered");
        let run = registry.runs.try_remove(id.slot());
        let idle = if registry.runs.is_empty() { registry.idle.take() } else { None };
        (run, idle)
    }

    /// Looks at the live runs. `look` must not call user code or lock a run.
    pub(super) fn look<R>(&self, look: impl FnOnce(&mut Registry) -> R) -> R {
        look(&mut self.registry.lock())
    }

    /// The live runs that `pick` picks, oldest first.
    pub(super) fn live(&self, pick: impl Fn(&dyn AnyRun) -> bool) -> Vec<Arc<dyn AnyRun>> {
        let mut live: Vec<_> = self.look(|registry| {
            registry
                .runs
                .iter()
                .map(|(_, run)| run)
                .filter(|run| pick(&***run))
                .map(Arc::clone)
                .collect()
        });
        live.sort_unstable_by_key(|run| run.head().id);
        live
    }

    /// Ends all runs, because the last handle to the store is gone.
    pub(crate) fn close(self: &Arc<Self>) {
        if lease::held().is_some() {
            let this = Arc::clone(self);
            return lease::defer(move || this.end_all());
        }
        self.end_all();
    }

    fn end_all(&self) {
        let verdict = || Rejection::Failed { failure: Failure::StoreDropped(StoreDropped) };
        settle_all(self.live(|_| true), verdict);
        self.homes.close();
        let groups = mem::take(&mut *self.groups.lock());
        let _ = contain(|| drop(groups));
    }
}

impl Registry {
    /// The live run of an identity.
    pub(super) fn find(&self, id: RunId) -> Option<&Arc<dyn AnyRun>> {
        self.runs.get(id.slot()).filter(|run| run.head().id == id)
    }

    /// How many runs are live.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.look(|registry| registry.len());
        f.debug_struct("Executor").field("live", &live).finish_non_exhaustive()
    }
}
