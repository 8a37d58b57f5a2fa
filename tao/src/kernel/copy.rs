//! A kernel that begins with the handlers of another one.

use super::{Core, Kernel, Observers, table::Table};
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::{envelope::Reducers, sync::RwLock};
use std::sync::{Arc, OnceLock};

impl Kernel {
    /// A kernel of its own, on the same store, with the handlers and the configuration that this one has now: for a feature that is tried
    /// out, a tenant, a test.
    ///
    /// From then on the two have nothing to do with each other. The copied handlers stay for as long as the copy lives; they keep
    /// their identities. Observers, chain reducers and channels are not copied, nor are adapters such as bridges, since these belong to the kernel
    /// that they were made for.
    ///
    /// ```
    /// use trine_tao::{AppCtx, Kernel, Store};
    ///
    /// let tao = Kernel::new(&Store::new());
    /// let guard = tao.on_inline(("App", "Enter", "Portal"), |_| ());
    /// let copy = tao.copy();
    /// drop(guard);
    /// assert_eq!((tao.pattern_count(), copy.pattern_count()), (0, 1));
    /// ```
    #[must_use]
    pub fn copy(&self) -> Self {
        let own = &*self.core;
        let table = own.table.read().copy();
        let core = Core {
            store: own.store.clone(),
            table: RwLock::new(table),
            observers: Observers::default(),
            reducers: Reducers::default(),
            numbers: own.numbers.copy(),
            last_cascade: AtomicU64::new(0),
            has_rules: own.has_rules,
            rules: own.rules.clone(),
            hop_budget: own.hop_budget,
            borders: AtomicBool::new(false),
            last_border: AtomicU32::new(0),
            crossing_budget: own.crossing_budget,
            #[cfg(feature = "wire")]
            departures: crate::wire::Departures::default(),
            node: OnceLock::new(),
            shuffle: own
                .shuffle
                .as_ref()
                .map(|state| AtomicU64::new(state.load(Ordering::Relaxed))),
        };
        Self { core: Arc::new(core), store: self.store.clone() }
    }
}

impl Table {
    /// A table with the same handlers, but for those of adapters.
    fn copy(&self) -> Self {
        let mut copy = Self::default();
        for info in self.registered().filter(|info| !info.is_adapter()) {
            if let Some(handler) = self.handler(info.id()) {
                copy.insert(info.clone(), &handler);
            }
        }
        copy
    }
}
