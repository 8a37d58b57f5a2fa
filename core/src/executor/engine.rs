//! The engine of one store: its counter, and the runs that are live.
//!
//! The spawner is not here but in the store: a spawner owns tasks, tasks own runs, and runs own the engine.

use super::{
    cell::AnyRun,
    contain::{contain, tell},
    failure::{Failure, StoreDropped},
    id::RunId,
    outcome::Rejection,
    policy::Groups,
    settle::settle_all,
    waiters::{Waiters, WakeList},
};
use crate::{
    event::Event,
    lease,
    store::Core,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use rustc_hash::FxHashMap;
use std::{
    fmt, mem,
    sync::{Arc, Weak},
};

/// The engine of one store. Runs hold it strongly, and the store only through it, weakly.
pub(crate) struct Executor {
    /// The store.
    core: Weak<Core>,
    /// The last identity given. `Relaxed`: only its own order counts.
    last_id: AtomicU64,
    /// The live runs.
    registry: Mutex<Registry>,
    /// Who excludes whom; locked inside the lease only, see `policy.rs`.
    pub(super) groups: Mutex<Groups>,
}

/// The live runs, and who waits until there are none.
#[derive(Default)]
pub(super) struct Registry {
    /// From their start to the publication of their outcome.
    pub(super) runs: FxHashMap<RunId, Arc<dyn AnyRun>>,
    /// Who waits until `runs` is empty.
    pub(super) idle: Waiters,
}

impl Executor {
    pub(crate) fn new(core: Weak<Core>) -> Self {
        Self {
            core,
            last_id: AtomicU64::new(0),
            registry: Mutex::new(Registry::default()),
            groups: Mutex::new(Groups::default()),
        }
    }

    /// The store, if a handle to it is left.
    pub(super) fn core(&self) -> Option<Arc<Core>> {
        self.core.upgrade()
    }

    /// The store, weakly.
    pub(super) fn weak_core(&self) -> &Weak<Core> {
        &self.core
    }

    pub(super) fn next_id(&self) -> RunId {
        RunId::new(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Tells the store's observers, if there is a store.
    #[cold]
    pub(super) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(core) = self.core() {
            tell(&core, event);
        }
    }

    pub(super) fn register(&self, run: Arc<dyn AnyRun>) {
        self.registry.lock().runs.insert(run.facts().id, run);
    }

    /// Takes a run out; returns it, and whom to wake, both for after the locks are free.
    pub(super) fn unregister(&self, id: RunId) -> (Option<Arc<dyn AnyRun>>, WakeList) {
        let mut registry = self.registry.lock();
        let run = registry.runs.remove(&id);
        let idle = if run.is_some() && registry.runs.is_empty() {
            registry.idle.take()
        } else {
            WakeList::default()
        };
        (run, idle)
    }

    /// Looks at the live runs. `look` must not call user code or lock a run.
    pub(super) fn look<R>(&self, look: impl FnOnce(&mut Registry) -> R) -> R {
        look(&mut self.registry.lock())
    }

    /// The live runs that `pick` picks, oldest first.
    pub(super) fn live(&self, pick: impl Fn(&dyn AnyRun) -> bool) -> Vec<Arc<dyn AnyRun>> {
        let mut live: Vec<_> = self.look(|registry| {
            registry.runs.values().filter(|run| pick(&***run)).map(Arc::clone).collect()
        });
        live.sort_unstable_by_key(|run| run.facts().id);
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
        let groups = mem::take(&mut *self.groups.lock());
        let _ = contain(|| drop(groups));
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.look(|registry| registry.runs.len());
        f.debug_struct("Executor").field("live", &live).finish_non_exhaustive()
    }
}
