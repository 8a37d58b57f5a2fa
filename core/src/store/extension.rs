//! What front ends keep in a store: a table by type.

use super::Store;
use crate::{
    graph::next_id,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

/// What front ends keep in a store, and what they need to know to keep it up to date.
pub(crate) struct Extensions {
    /// Their tables, by type.
    tables: Mutex<FxHashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Another number after each removal of cells, and never one that another store has. Relaxed: a table that is asked on
    /// another thread while a cell is removed may as well have been asked before.
    removals: AtomicU64,
}

impl Default for Extensions {
    fn default() -> Self {
        Self { tables: Mutex::new(FxHashMap::default()), removals: AtomicU64::new(next_id()) }
    }
}

impl Extensions {
    /// Notes that cells were removed.
    pub(super) fn note_removal(&self) {
        self.removals.store(next_id(), Ordering::Relaxed);
    }
}

impl Store {
    /// The store's own value of type `X`, made with `Default` when it is first asked for: where a front end keeps
    /// what belongs to the store but is no cell (which definition has which cell, say).
    ///
    /// It takes no lease. The value lives as long as the store.
    pub fn extension<X: Default + Send + Sync + 'static>(&self) -> Arc<X> {
        let key = TypeId::of::<X>();
        let found = self.core().extensions.tables.lock().get(&key).cloned();
        let extension = found.unwrap_or_else(|| {
            // `Default` is foreign code: not under the lock. Whoever is first wins.
            let fresh: Arc<dyn Any + Send + Sync> = Arc::new(X::default());
            let mut table = self.core().extensions.tables.lock();
            Arc::clone(table.entry(key).or_insert(fresh))
        });
        extension.downcast().expect("the key is the type")
    }

    /// A number that is another one after each removal of cells from this store, and never the number of another store: a
    /// front end that keeps handles to cells has to look whether they are there only when it has changed.
    ///
    /// It takes no lease.
    pub fn removals(&self) -> u64 {
        self.core().extensions.removals.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").field("count", &self.tables.lock().len()).finish()
    }
}
