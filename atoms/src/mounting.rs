//! Mounting: what an atom does while somebody observes it.

use crate::place::Site;
use std::{fmt, sync::Arc};
use trine_core::{Source, Store, WeakStore, after_lease};

/// An atom that somebody has begun to observe: what [`Atom::on_mount`](crate::Atom::on_mount) is handed to write it with,
/// now and later. It does not keep the store alive.
pub struct Mounted<T> {
    store: WeakStore,
    cell: Source<Arc<T>>,
    site: Arc<Site>,
}

/// Work of an atom that somebody has begun to observe.
pub(crate) type MountClosure<T> = dyn Fn(Mounted<T>) -> Unmount + Send + Sync;

/// What is done when nobody observes an atom any more.
#[must_use = "return it from `on_mount`"]
pub struct Unmount(Option<Box<dyn FnOnce() + Send>>);

impl<T: Clone + Send + Sync + 'static> Mounted<T> {
    /// Calls `mount` and its end as the cell begins and ceases to be observed.
    pub(crate) fn follow(
        cell: Source<Arc<T>>,
        site: &Arc<Site>,
        mount: impl Fn(Self) -> Unmount + Send + 'static,
    ) {
        let site = Arc::clone(site);
        // The cell may have been made inside a lease.
        after_lease(move || {
            let Some(store) = site.store() else { return };
            let (weak, site) = (store.downgrade(), Arc::clone(&site));
            let begin = move || {
                let mounted = Self { store: weak.clone(), cell, site: Arc::clone(&site) };
                Ending(Some(mount(mounted)))
            };
            if let Ok(guard) = store.try_while_observed(cell, begin) {
                guard.detach();
            }
        });
    }

    /// The place that it is mounted in.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn cell(&self) -> Source<Arc<T>> {
        self.cell
    }

    /// The value; `None` if the store was dropped, or the atom's cell is gone.
    #[must_use]
    #[track_caller]
    pub fn get(&self) -> Option<T> {
        self.store.upgrade()?.try_with(self.cell, |value| T::clone(value)).ok()
    }

    /// Writes the value; returns whether there was anything to write it to.
    #[track_caller]
    pub fn set(&self, value: T) -> bool {
        let store = self.store.upgrade();
        store.is_some_and(|store| store.try_set(self.cell, Arc::new(value)).is_ok())
    }

    /// Updates the value; returns whether there was anything to update.
    ///
    /// # Panics
    ///
    /// If `update` panics; then the atom is torn until it is set.
    #[track_caller]
    pub fn update(&self, update: impl FnOnce(&mut T)) -> bool {
        let store = self.store.upgrade();
        let update = |value: &mut Arc<T>| update(Arc::make_mut(value));
        store.is_some_and(|store| store.try_update(self.cell, update).is_ok())
    }

    /// The store, unless it was dropped.
    #[must_use]
    pub fn store(&self) -> Option<Store> {
        self.store.upgrade()
    }
}

impl Unmount {
    /// Calls `end`.
    pub fn new(end: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(end)))
    }

    /// Drops `guard`: a subscription, say.
    pub fn dropping(guard: impl Send + 'static) -> Self {
        Self::new(move || drop(guard))
    }

    /// Does nothing.
    pub const fn nothing() -> Self {
        Self(None)
    }
}

/// Does what is to be done at the end.
struct Ending(Option<Unmount>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(end) = self.0.take().and_then(|unmount| unmount.0) {
            end();
        }
    }
}

impl<T> Clone for Mounted<T> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), cell: self.cell, site: Arc::clone(&self.site) }
    }
}

impl<T> fmt::Debug for Mounted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mounted").field(&self.cell).finish()
    }
}

impl fmt::Debug for Unmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unmount")
    }
}
