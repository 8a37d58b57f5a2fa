//! The entries that a family has in a place.
//!
//! The table holds its entries weakly: an entry is there for as long as somebody uses it, who has an `Arc` of it (a handle, a
//! subscription, a derivation that has read it). The last one to go takes the entry out of the table and has its cell
//! removed. A family that keeps its entries has the table use them too.
//!
//! Keys are the user's: their `Hash`, `Eq`, `Clone` and `Drop` run under no lock. So entries are filed under the hash of their
//! key, those with the same hash are compared outside the lock, and whoever adds one looks again whether another one has
//! come meanwhile.

use super::Kind;
use crate::{
    place::{Site, Table},
    reset::Reset,
    table::Maker,
};
use rustc_hash::FxHashMap;
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};
use trine_core::{Cell, CellKey, WeakStore, after_lease};

/// The entries of a family in a place.
pub(super) struct Members<F: Kind> {
    /// The family; known once it has been used here.
    family: OnceLock<F>,
    /// Keys may come from outside, so the hash is seeded.
    hasher: RandomState,
    /// The entries, by the hash of their key.
    filed: Mutex<Filed<F>>,
}

type Filed<F> = FxHashMap<u64, Bucket<F>>;

/// The entries whose keys have one hash.
enum Bucket<F: Kind> {
    One(Held<F>),
    Many(Vec<Held<F>>),
}

/// An entry, as the table has it.
enum Held<F: Kind> {
    Weak(Weak<Slot<F>>),
    Strong(Arc<Slot<F>>),
}

/// An entry: for as long as somebody has it, its cell is there.
pub(crate) struct Slot<F: Kind> {
    /// Taken out when it is dropped.
    key: Option<F::Key>,
    hash: u64,
    pub(super) cell: F::Cell,
    /// Where it is filed.
    table: Weak<Members<F>>,
    store: WeakStore,
    /// Whether its cell was removed on purpose.
    removed: AtomicBool,
}

impl<F: Kind> Default for Members<F> {
    fn default() -> Self {
        let filed = Mutex::new(FxHashMap::default());
        Self { family: OnceLock::new(), hasher: RandomState::new(), filed }
    }
}

impl<F: Kind> Held<F> {
    fn live(&self) -> Option<Arc<Slot<F>>> {
        match self {
            Self::Weak(slot) => slot.upgrade(),
            Self::Strong(slot) => Some(Arc::clone(slot)),
        }
    }

    fn address(&self) -> usize {
        match self {
            Self::Weak(slot) => slot.as_ptr().addr(),
            Self::Strong(slot) => Arc::as_ptr(slot).addr(),
        }
    }
}

impl<F: Kind> Bucket<F> {
    fn all(&self) -> &[Held<F>] {
        match self {
            Self::One(held) => std::slice::from_ref(held),
            Self::Many(all) => all,
        }
    }

    /// Takes out the entry at an address; returns whether none is left.
    fn take(&mut self, address: usize, taken: &mut Vec<Held<F>>) -> bool {
        match self {
            Self::One(held) => held.address() == address,
            Self::Many(all) => {
                if let Some(place) = all.iter().position(|held| held.address() == address) {
                    taken.push(all.swap_remove(place));
                }
                all.is_empty()
            }
        }
    }

    fn add(&mut self, held: Held<F>) {
        match self {
            Self::Many(all) => all.push(held),
            Self::One(_) => {
                let one = std::mem::replace(self, Self::Many(Vec::with_capacity(2)));
                if let (Self::Many(all), Self::One(first)) = (self, one) {
                    all.extend([first, held]);
                }
            }
        }
    }
}

impl<F: Kind> Members<F> {
    fn lock(&self) -> MutexGuard<'_, Filed<F>> {
        self.filed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those whose key has this hash and that are in use.
    fn candidates(&self, hash: u64) -> Vec<Arc<Slot<F>>> {
        let filed = self.lock();
        let bucket = filed.get(&hash).map_or(&[][..], Bucket::all);
        bucket.iter().filter_map(Held::live).collect()
    }

    /// The entry of a key, if it is in use.
    pub(super) fn find(&self, key: &F::Key) -> Option<Arc<Slot<F>>> {
        self.candidates(self.hasher.hash_one(key)).into_iter().find(|slot| slot.key() == key)
    }

    /// The entry of a key, made if it is not in use.
    #[track_caller]
    pub(super) fn get(
        self: &Arc<Self>,
        family: &F,
        key: &F::Key,
        site: &Arc<Site>,
        maker: &mut Maker<'_, '_>,
    ) -> Arc<Slot<F>> {
        let hash = self.hasher.hash_one(key);
        let mut known = self.candidates(hash);
        if let Some(found) = known.iter().position(|slot| slot.key() == key) {
            return known.swap_remove(found);
        }
        self.family.get_or_init(|| family.clone());
        let key = key.clone();
        let cell = family.make(&key, maker, site);
        let store = site.store().map(|store| store.downgrade()).expect("reached from a store");
        let (table, removed) = (Arc::downgrade(self), AtomicBool::new(false));
        let slot = Arc::new(Slot { key: Some(key), hash, cell, table, store, removed });
        loop {
            let mut filed = self.lock();
            let bucket = filed.get(&hash).map_or(&[][..], Bucket::all);
            let strangers: Vec<_> = bucket
                .iter()
                .filter_map(Held::live)
                .filter(|live| !known.iter().any(|known| Arc::ptr_eq(known, live)))
                .collect();
            if strangers.is_empty() {
                let held = match family.keeps() {
                    true => Held::Strong(Arc::clone(&slot)),
                    false => Held::Weak(Arc::downgrade(&slot)),
                };
                match filed.get_mut(&hash) {
                    Some(bucket) => bucket.add(held),
                    None => _ = filed.insert(hash, Bucket::One(held)),
                }
                return slot;
            }
            drop(filed);
            // Another thread was first with this key, or one of the same hash.
            if let Some(found) = strangers.iter().find(|stranger| stranger.key() == slot.key()) {
                return Arc::clone(found);
            }
            known.extend(strangers);
        }
    }

    /// All entries in use.
    pub(super) fn all(&self) -> Vec<Arc<Slot<F>>> {
        self.lock().values().flat_map(Bucket::all).filter_map(Held::live).collect()
    }

    /// How many entries are in use.
    pub(super) fn len(&self) -> usize {
        self.lock().values().map(|bucket| bucket.all().len()).sum()
    }

    /// Takes an entry out.
    fn forget(&self, hash: u64, address: usize) {
        let mut taken = Vec::new();
        let mut filed = self.lock();
        let emptied = filed.get_mut(&hash).is_some_and(|bucket| bucket.take(address, &mut taken));
        let bucket = if emptied { filed.remove(&hash) } else { None };
        drop(filed);
        // The last use of an entry may be ours: not under the lock.
        drop((taken, bucket));
    }

    /// Takes an entry out, and its cell from the store, whoever uses it.
    pub(super) fn remove(&self, slot: &Arc<Slot<F>>) -> bool {
        if slot.removed.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.forget(slot.hash, Arc::as_ptr(slot).addr());
        slot.store.upgrade().is_some_and(|store| store.remove(slot.cell).is_ok())
    }
}

impl<F: Kind> Table for Members<F> {
    fn cells(&self, keys: &mut Vec<CellKey>) {
        keys.extend(self.all().iter().map(|slot| slot.cell.key()));
    }

    fn resets(&self, resets: &mut Vec<Reset>) {
        if let Some(family) = self.family.get() {
            let all = self.all();
            resets.extend(all.iter().filter_map(|slot| family.reset(slot.key(), slot.cell)));
        }
    }
}

impl<F: Kind> Slot<F> {
    pub(super) fn key(&self) -> &F::Key {
        self.key.as_ref().expect("there until it is dropped")
    }
}

impl<F: Kind> Drop for Slot<F> {
    fn drop(&mut self) {
        if let Some(table) = self.table.upgrade() {
            table.forget(self.hash, std::ptr::from_ref(self).addr());
        }
        let (store, cell, key) = (self.store.clone(), self.cell, self.key.take());
        let removed = *self.removed.get_mut();
        // It may be a derivation that has let go of it; and a key is the user's.
        after_lease(move || {
            if !removed && let Some(store) = store.upgrade() {
                let _ = store.remove(cell);
            }
            drop(key);
        });
    }
}
