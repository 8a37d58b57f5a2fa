//! Atoms: definitions of pieces of state.
//!
//! An atom holds no state. It is a name, an identity and a way to make the initial value; each store that uses
//! it has a cell of its own for it, made on first use (`table.rs`). So atoms are plain statics that actions and
//! views refer to, and two stores never affect each other.

use crate::table;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::{Commit, Source, Store, SubscriptionGuard, Text, UpdateResult, Watch};

/// The definition of a piece of state.
///
/// ```
/// use trine_atoms::{Atom, Store};
///
/// static VISITS: Atom<u32> = Atom::new("visits", || 0);
///
/// let store = Store::new();
/// VISITS.set(&store, 1);
/// VISITS.update(&store, |visits| *visits += 1);
/// assert_eq!(VISITS.get(&store), 2);
/// ```
///
/// A value is kept in an `Arc`, so that readers, drafts and subscribers share it; changing it while it is shared
/// clones it.
pub struct Atom<T> {
    /// The identity; 0 until it is first asked for.
    id: AtomicU64,
    /// What can be copied out of a reference to the atom.
    definition: Definition<T>,
}

/// What an atom is, apart from its identity.
struct Definition<T> {
    /// The name, for errors and events.
    name: Text,
    /// Makes the initial value.
    init: Init<T>,
    /// When a write is no change.
    same: fn(&Arc<T>, &Arc<T>) -> bool,
}

enum Init<T> {
    /// For statics.
    Function(fn() -> T),
    /// For atoms made at run time.
    Closure(Arc<dyn Fn() -> T + Send + Sync>),
}

/// Identities of atoms, unique in the process; an atom is in a store's table under its identity.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl<T: PartialEq> Atom<T> {
    /// An atom whose initial value `init` makes, once per store, when the atom is first used there. Writing an
    /// equal value is no change.
    ///
    /// `init` runs outside the lease and may use other atoms. An atom whose initial value needs itself has none: its first use
    /// panics with the names of the atoms in the circle.
    pub const fn new(name: &'static str, init: fn() -> T) -> Self {
        Self::with(Text::from_static(name), Init::Function(init), |a, b| {
            Arc::ptr_eq(a, b) || a == b
        })
    }

    /// An atom made at run time, whose initial value may depend on what is at hand.
    ///
    /// Each call makes a different atom, whatever the name.
    pub fn dynamic(name: impl Into<Text>, init: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let same = |a: &Arc<T>, b: &Arc<T>| Arc::ptr_eq(a, b) || a == b;
        Self::with(name.into(), Init::Closure(Arc::new(init)), same)
    }
}

impl<T> Atom<T> {
    /// An atom for values that cannot be compared, or only at great cost: every write is a change.
    pub const fn by_identity(name: &'static str, init: fn() -> T) -> Self {
        Self::with(Text::from_static(name), Init::Function(init), |a, b| Arc::ptr_eq(a, b))
    }

    const fn with(name: Text, init: Init<T>, same: fn(&Arc<T>, &Arc<T>) -> bool) -> Self {
        Self { id: AtomicU64::new(0), definition: Definition { name, init, same } }
    }

    /// The name, for errors and events.
    pub fn name(&self) -> &Text {
        &self.definition.name
    }

    /// What actions and synergies keep of an atom.
    pub(crate) fn handle(&self) -> AtomRef<T> {
        AtomRef { id: self.id(), definition: self.definition.clone() }
    }

    fn id(&self) -> u64 {
        // Relaxed: whoever reads an identity reads nothing else on the strength of it.
        let known = self.id.load(Ordering::Relaxed);
        if known != 0 {
            return known;
        }
        let fresh = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        match self.id.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(known) => known,
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Atom<T> {
    /// The value in `store`.
    ///
    /// # Panics
    ///
    /// If the cell is torn (see [`update`](Self::update)); inside a lease of a store.
    #[track_caller]
    pub fn get(&self, store: &Store) -> T {
        T::clone(&self.read(store))
    }

    /// The value in `store`, shared instead of cloned.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn read(&self, store: &Store) -> Arc<T> {
        store.get(self.cell(store))
    }

    /// Writes the value in `store`; a commit, unless it is equal to the old one.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store; if callbacks answer each other's writes without end.
    #[track_caller]
    pub fn set<'s>(&self, store: &'s Store, value: T) -> Commit<'s> {
        store.set(self.cell(store), Arc::new(value))
    }

    /// Updates the value in `store` in place, or in a clone if it is shared with a reader. It counts as changed
    /// unless `update` returns [`Update::Unchanged`](trine_core::Update::Unchanged).
    ///
    /// # Panics
    ///
    /// If `update` panics; then the atom is torn until it is set. Otherwise as [`set`](Self::set).
    #[track_caller]
    pub fn update<'s, R: UpdateResult>(
        &self,
        store: &'s Store,
        update: impl FnOnce(&mut T) -> R,
    ) -> Commit<'s> {
        store.update(self.cell(store), |value| update(Arc::make_mut(value)))
    }

    /// Calls `callback` with every new value in `store`; see
    /// [`Store::subscribe`](trine_core::Store::subscribe).
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn subscribe(
        &self,
        store: &Store,
        mut callback: impl FnMut(&T) + Send + 'static,
    ) -> SubscriptionGuard {
        store.subscribe(self.cell(store), move |value| callback(value))
    }

    /// Watches the value in `store`; see [`Store::watch`](trine_core::Store::watch).
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn watch(&self, store: &Store) -> Watch<Arc<T>> {
        store.watch(self.cell(store))
    }

    /// The atom's cell in `store`: for transactions, derivations, and to mix atoms with the other front ends.
    ///
    /// It may be removed like any cell. Whatever used that cell has lost it then; the atom itself begins anew in this
    /// store, with its initial value, when it is next used.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn cell(&self, store: &Store) -> Source<Arc<T>> {
        table::cell(store, self.id(), || self.handle())
    }
}

/// A copy of an atom's definition, with the same identity.
pub(crate) struct AtomRef<T> {
    /// The identity.
    pub(crate) id: u64,
    definition: Definition<T>,
}

impl<T> AtomRef<T> {
    pub(crate) fn name(&self) -> &Text {
        &self.definition.name
    }

    /// When a write is no change.
    pub(crate) fn same(&self) -> fn(&Arc<T>, &Arc<T>) -> bool {
        self.definition.same
    }
}

impl<T: Clone + Send + Sync + 'static> AtomRef<T> {
    /// The atom's cell in `store`.
    #[track_caller]
    pub(crate) fn cell(&self, store: &Store) -> Source<Arc<T>> {
        table::cell(store, self.id, || self.clone())
    }

    /// Makes the atom's cell.
    #[track_caller]
    pub(crate) fn make_cell(&self, store: &Store) -> Source<Arc<T>> {
        let value = match &self.definition.init {
            Init::Function(init) => init(),
            Init::Closure(init) => init(),
        };
        let cell = store.cell(self.definition.name.as_str()).equality(self.definition.same);
        cell.source(Arc::new(value))
    }
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        let init = match &self.init {
            Init::Function(init) => Init::Function(*init),
            Init::Closure(init) => Init::Closure(Arc::clone(init)),
        };
        Self { name: self.name.clone(), init, same: self.same }
    }
}

impl<T> Clone for AtomRef<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, definition: self.definition.clone() }
    }
}

impl<T> fmt::Debug for Atom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Atom").field(&self.name()).finish()
    }
}
