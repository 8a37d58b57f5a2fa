//! The store: one cheap handle.

use crate::{
    event::Event,
    executor::{Executor, Spawn, default_spawner},
    lease::Lease,
};
use std::sync::{Arc, Weak};

/// A store.
#[derive(Debug, Clone)]
pub struct Store {
    core: Arc<Core>,
}

/// A handle that does not keep the store alive.
#[derive(Debug, Clone)]
pub struct WeakStore {
    core: Weak<Core>,
}

/// What all handles of one store share.
pub(crate) struct Core {
    /// Cells and graph.
    lease: Lease<()>,
    /// Where bodies run.
    pub(crate) executor: Arc<Executor>,
    /// Where they go on when they are not ready at once.
    pub(crate) spawner: Box<dyn Spawn>,
}

impl Store {
    /// A store of its own.
    pub fn new() -> Self {
        Self::build(default_spawner())
    }

    /// A store whose bodies go on with `spawner` when they are not ready at once.
    pub fn with_spawner(spawner: impl Spawn) -> Self {
        Self::build(Box::new(spawner))
    }

    fn build(spawner: Box<dyn Spawn>) -> Self {
        let core = Arc::new_cyclic(|core| Core {
            lease: Lease::new(()),
            executor: Arc::new(Executor::new(core.clone())),
            spawner,
        });
        Self { core }
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
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl WeakStore {
    /// The store, if a handle to it is left.
    pub fn upgrade(&self) -> Option<Store> {
        self.core.upgrade().map(|core| Store { core })
    }
}

impl Core {
    /// Runs `f` inside the lease, so that no commit is under way meanwhile. Must not be called with a lease held.
    pub(crate) fn serialize<R>(&self, f: impl FnOnce() -> R) -> R {
        match self.lease.with(|_| f()) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Tells the observers.
    pub(crate) fn emit(&self, _event: impl FnOnce() -> Event) {}
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("executor", &self.executor).finish_non_exhaustive()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.executor.close();
    }
}
