//! Which cell a definition has in a place.
//!
//! A cell is made when its definition is first used in a place. For an atom that takes its initial value, which user code
//! makes: under no lock, so two threads may both make one, and the first counts. That code may use other atoms. Atoms that
//! need each other's initial value have none; a thread remembers which cells it is making, and says so.
//!
//! The cell is an ordinary one, and may be removed from the store like any other (the end of a scope that has adopted it,
//! say). Then the definition is as if it had never been used there: its next use makes a new cell. Whether a cell is
//! still there is looked at only after something was removed from the store.
//!
//! # The short way
//!
//! The tables are behind locks, and an atom is looked up at each use. So each thread remembers the last cells that it has
//! found, by definition, place, and the store's number of removals, which no other store has: while that is the same, the
//! cell is there. A hit costs two comparisons and takes no lock.

use crate::{
    definition::About,
    place::{At, PlaceError, Site},
    reset::Reset,
};
use rustc_hash::FxHashMap;
use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};
use trine_core::{CellBuilder, CellError, CellKey, Reader, Store, Text, Transaction, after_lease};

/// The cells of a place, by the definitions' identity.
#[derive(Default)]
pub(crate) struct Cells(Mutex<FxHashMap<u64, Entry>>);

/// The cell of a definition.
struct Entry {
    key: CellKey,
    /// The store's count of removals when the cell was last known to be there.
    seen_at: u64,
    /// The atom, if it is one: for those who go through all of them.
    atom: Option<Arc<dyn AnyAtom>>,
}

/// An atom that has a cell in some place, whatever its type.
pub(crate) trait AnyAtom: Send + Sync {
    fn name(&self) -> &Text;

    /// Whether it has a value of its own, rather than one that follows from others.
    fn is_state(&self) -> bool {
        true
    }

    /// The initial value, made outside the lease; what it returns writes that, or has it computed again.
    fn reset(&self, site: &Site, key: CellKey) -> Reset;
}

impl Cells {
    fn lock(&self) -> MutexGuard<'_, FxHashMap<u64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A cell, and whether it is known to be there.
    fn find(&self, id: u64, removals: Option<u64>) -> Option<(CellKey, bool)> {
        let entries = self.lock();
        entries.get(&id).map(|entry| (entry.key, Some(entry.seen_at) == removals))
    }

    /// Notes that a cell is there.
    fn confirm(&self, id: u64, key: CellKey, removals: u64) {
        if let Some(entry) = self.lock().get_mut(&id).filter(|entry| entry.key == key) {
            entry.seen_at = removals;
        }
    }

    /// Notes that a cell is gone.
    fn forget(&self, id: u64, key: CellKey) {
        let mut entries = self.lock();
        if entries.get(&id).is_some_and(|entry| entry.key == key) {
            let gone = entries.remove(&id);
            drop(entries);
            // A definition made at run time may hold values of the user's.
            drop(gone);
        }
    }

    /// Adds a cell unless another thread was first; returns the one that counts.
    fn add(&self, id: u64, entry: Entry) -> CellKey {
        self.lock().entry(id).or_insert(entry).key
    }

    #[cfg(feature = "serde")]
    pub(crate) fn has(&self, id: u64) -> bool {
        self.lock().contains_key(&id)
    }

    /// All cells.
    pub(crate) fn keys(&self) -> Vec<CellKey> {
        self.lock().values().map(|entry| entry.key).collect()
    }

    /// All atoms that have a cell.
    pub(crate) fn atoms(&self) -> Vec<(Arc<dyn AnyAtom>, CellKey)> {
        let entries = self.lock();
        entries.values().filter_map(|entry| Some((entry.atom.clone()?, entry.key))).collect()
    }
}

/// What a cell is made with: outside the lease, or inside it.
#[allow(missing_debug_implementations, reason = "named in sealed traits only")]
pub enum Maker<'m, 'g> {
    Store(&'m Store),
    Reader(&'m mut Reader<'g>),
    Transaction(&'m mut Transaction<'g>),
}

impl Maker<'_, '_> {
    /// Begins a cell.
    pub(crate) fn cell(&mut self, name: &Text) -> CellBuilder<'_> {
        match self {
            Self::Store(store) => store.cell(name.as_str()),
            Self::Reader(cx) => cx.cell(name.as_str()),
            Self::Transaction(tx) => tx.cell(name.as_str()),
        }
    }

    /// Looks whether a cell can be read.
    fn look<C: trine_core::Cell>(&mut self, cell: C) -> Result<(), CellError> {
        match self {
            Self::Store(store) => store.try_with(cell, |_| ()),
            Self::Reader(cx) => cx.try_with(cell, |_| ()),
            Self::Transaction(tx) => tx.try_with(cell, |_| ()),
        }
    }

    fn removals(&self) -> Option<u64> {
        match self {
            Self::Store(store) => Some(store.removals()),
            _ => None,
        }
    }
}

/// A definition whose cells are found in tables.
pub(crate) trait Tabled {
    type Cell: trine_core::Cell + 'static;

    fn about(&self) -> &About;
    /// The handle to the cell with this identity.
    fn of_key(&self, key: CellKey) -> Self::Cell;
    /// Makes the cell.
    fn make(&self, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> Self::Cell;
    /// What comes after, outside the lease if possible.
    fn made(&self, _cell: Self::Cell, _site: &Arc<Site>) {}
    /// The atom, if it is one.
    fn atom(&self) -> Option<Arc<dyn AnyAtom>> {
        None
    }
}

/// The cell of a definition in a place, made if this is its first use there, or if it was removed.
#[inline]
#[track_caller]
pub(crate) fn cell<D: Tabled>(definition: &D, at: At<'_>) -> Result<D::Cell, PlaceError> {
    let recall = Recall {
        id: definition.about().id.get(),
        site: at.site.map_or(0, |site| site.id),
        removals: at.store.removals(),
    };
    let ended = at.site.is_some_and(|site| site.ended.load(Ordering::Relaxed));
    match recall.hit().filter(|_| !ended) {
        Some(key) => Ok(definition.of_key(key)),
        None => {
            let cell = cell_in(definition, &at.site(), &mut Maker::Store(at.store))?;
            recall.keep(trine_core::Cell::key(cell));
            Ok(cell)
        }
    }
}

/// The same, from inside a lease as well.
#[track_caller]
pub(crate) fn cell_in<D: Tabled>(
    definition: &D,
    site: &Arc<Site>,
    maker: &mut Maker<'_, '_>,
) -> Result<D::Cell, PlaceError> {
    let about = definition.about();
    let (id, home) = (about.id.get(), site.home_of(about)?);
    let removals = maker.removals();
    match home.cells.find(id, removals) {
        Some((key, true)) => return Ok(definition.of_key(key)),
        Some((key, false)) => match maker.look(definition.of_key(key)) {
            Err(error) if error.is_disposed() => home.cells.forget(id, key),
            // Inside a lease nothing can be found out, and whoever uses the cell is told so.
            Err(error) if error.is_reentrant() => return Ok(definition.of_key(key)),
            _ => {
                if let Some(removals) = removals {
                    home.cells.confirm(id, key, removals);
                }
                return Ok(definition.of_key(key));
            }
        },
        None => {}
    }
    let made = {
        let _making = Making::begin(home, id, &about.name);
        definition.make(maker, home)
    };
    let key = trine_core::Cell::key(made);
    let entry = Entry { key, seen_at: removals.unwrap_or(0), atom: definition.atom() };
    let counts = home.cells.add(id, entry);
    if counts == key {
        definition.made(made, home);
    } else {
        // Another thread was first. This one may hold the lease.
        let store = site.store();
        after_lease(move || {
            if let Some(store) = store {
                let _ = store.remove(made);
            }
        });
    }
    Ok(definition.of_key(counts))
}

/// What a thread remembers of a lookup.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Recall {
    /// The definition.
    id: u64,
    /// The provider, or 0 for the store itself.
    site: u64,
    /// The store, and what it has removed.
    removals: u64,
}

/// How many lookups a thread remembers.
const REMEMBERED: usize = 64;

thread_local! {
    static RECALLED: [Cell<Option<(Recall, CellKey)>>; REMEMBERED] =
        const { [const { Cell::new(None) }; REMEMBERED] };
    /// The cells that this thread is making, the innermost last: the place, the definition's identity and name.
    static MAKING: RefCell<Vec<(u64, u64, Text)>> = const { RefCell::new(Vec::new()) };
}

impl Recall {
    #[inline]
    fn slot(self) -> usize {
        // Definitions are numbered one after the other: those of an app do not meet.
        (self.id ^ self.site.wrapping_mul(31)) as usize % REMEMBERED
    }

    #[inline]
    fn hit(self) -> Option<CellKey> {
        RECALLED.with(|slots| match slots[self.slot()].get() {
            Some((recall, key)) if recall == self => Some(key),
            _ => None,
        })
    }

    fn keep(self, key: CellKey) {
        RECALLED.with(|slots| slots[self.slot()].set(Some((self, key))));
    }
}

/// Marks the thread as making the cell of a definition for as long as it lives.
struct Making;

impl Making {
    #[track_caller]
    fn begin(site: &Site, id: u64, name: &Text) -> Self {
        let circle = MAKING.with_borrow_mut(|making| {
            let known = making.iter().position(|(other, atom, _)| (*other, *atom) == (site.id, id));
            let Some(first) = known else {
                making.push((site.id, id, name.clone()));
                return None;
            };
            let names = making[first..].iter().map(|(.., name)| format!("`{name}` -> "));
            Some(names.collect::<String>())
        });
        if let Some(circle) = circle {
            panic!(
                "the initial values of atoms need each other in a circle: {circle}`{name}`; \
                 let one of them begin with a value of its own"
            );
        }
        Self
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        MAKING.with_borrow_mut(Vec::pop);
    }
}
