//! The store: one cheap handle.

use crate::{event::Event, lease::Lease};
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
#[derive(Debug)]
pub(crate) struct Core {
    /// Cells and graph.
    lease: Lease<()>,
}

impl Store {
    /// A store of its own.
    pub fn new() -> Self {
        Self { core: Arc::new(Core { lease: Lease::new(()) }) }
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
