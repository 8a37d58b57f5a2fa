//! What front ends keep in a store: a table by type.

use super::Store;
use crate::sync::Mutex;
use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

/// The tables of the front ends, by type.
pub(crate) struct Extensions(Mutex<FxHashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Default for Extensions {
    fn default() -> Self {
        Self(Mutex::new(FxHashMap::default()))
    }
}

impl Store {
    /// The store's own value of type `X`, made with `Default` when it is first asked for: where a front end keeps
    /// what belongs to the store but is no cell (which definition has which cell, say).
    ///
    /// It takes no lease. The value lives as long as the store.
    pub fn extension<X: Default + Send + Sync + 'static>(&self) -> Arc<X> {
        let key = TypeId::of::<X>();
        let found = self.core().extensions.0.lock().get(&key).cloned();
        let extension = found.unwrap_or_else(|| {
            // `Default` is foreign code: not under the lock. Whoever is first wins.
            let fresh: Arc<dyn Any + Send + Sync> = Arc::new(X::default());
            let mut table = self.core().extensions.0.lock();
            Arc::clone(table.entry(key).or_insert(fresh))
        });
        extension.downcast().expect("the key is the type")
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").field("count", &self.0.lock().len()).finish()
    }
}
