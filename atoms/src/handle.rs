//! Handles: an atom in a place.

use crate::{atom::Atom, place::Site};
use std::{any::Any, fmt, num::NonZeroUsize, sync::Arc};
use trine_core::{
    Cell, CellError, Changes, Commit, LifecycleGuard, Source, Store, SubscriptionGuard, Text,
    UpdateResult, Watch,
};

/// An atom in a place: [`Atom::at`] makes it, and so do families for their entries.
///
/// It reads and writes like the atom, without a place to be named, and can be a member of a
/// [`synergy`](crate::synergy()). A handle to an entry of a family keeps that in use.
pub struct AtomHandle<T> {
    store: Store,
    cell: Source<Arc<T>>,
    atom: Atom<T>,
    site: Arc<Site>,
    /// What it keeps in use.
    kept: Option<Arc<dyn Any + Send + Sync>>,
}

impl<T: Clone + Send + Sync + 'static> AtomHandle<T> {
    pub(crate) fn new(
        store: Store,
        cell: Source<Arc<T>>,
        atom: Atom<T>,
        site: Arc<Site>,
        kept: Option<Arc<dyn Any + Send + Sync>>,
    ) -> Self {
        Self { store, cell, atom, site, kept }
    }

    /// The atom, which has this cell wherever it is used, and what it keeps in use.
    pub(crate) fn as_member(&self) -> (Atom<T>, Option<Arc<dyn Any + Send + Sync>>) {
        let atom = &self.atom;
        let pinned =
            Atom::pinned(self.name().clone(), atom.init(), atom.same(), Cell::key(self.cell));
        (pinned, self.kept.clone())
    }

    /// The value.
    ///
    /// # Panics
    ///
    /// If the cell is gone or torn; inside a lease of a store.
    #[track_caller]
    pub fn get(&self) -> T {
        T::clone(&self.read())
    }

    /// The value, shared instead of cloned.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn read(&self) -> Arc<T> {
        self.store.get(self.cell)
    }

    /// The value, shared, or why there is none.
    ///
    /// # Errors
    ///
    /// If the cell is gone (its scope has ended, its family has removed it) or torn; inside a lease of a store.
    #[track_caller]
    pub fn try_read(&self) -> Result<Arc<T>, CellError> {
        self.store.try_get(self.cell)
    }

    /// Writes the value; a commit, unless it is equal to the old one. [Middleware](mod@crate::middleware) does not see it.
    ///
    /// # Panics
    ///
    /// If the cell is gone; inside a lease of a store; if callbacks answer each other's writes without end.
    #[track_caller]
    pub fn set(&self, value: T) -> Commit<'_> {
        self.store.set(self.cell, Arc::new(value))
    }

    /// Writes the value, or says why that cannot be.
    ///
    /// # Errors
    ///
    /// Where [`set`](Self::set) panics.
    #[track_caller]
    pub fn try_set(&self, value: T) -> Result<Commit<'_>, CellError> {
        self.store.try_set(self.cell, Arc::new(value))
    }

    /// Updates the value; see [`Atom::update`].
    ///
    /// # Panics
    ///
    /// If `update` panics; then the atom is torn until it is set. Otherwise as [`set`](Self::set).
    #[track_caller]
    pub fn update<R: UpdateResult>(&self, update: impl FnOnce(&mut T) -> R) -> Commit<'_> {
        self.store.update(self.cell, |value| update(Arc::make_mut(value)))
    }

    /// Writes the value that the atom begins with here.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    #[track_caller]
    pub fn reset(&self) -> Commit<'_> {
        self.store.set(self.cell, self.initial())
    }

    /// The value that the atom begins with here.
    pub(crate) fn initial(&self) -> Arc<T> {
        let about = crate::readable::Readable::about_it(&self.atom);
        let home = self.site.home_of(about).map_or(&self.site, |home| home);
        self.atom.initial(home)
    }

    /// Calls `callback` with every new value; see [`Store::subscribe`]. For as long as the subscription lasts, an entry of a
    /// family is in use.
    ///
    /// # Panics
    ///
    /// If the cell is gone; inside a lease of a store.
    #[track_caller]
    pub fn subscribe(&self, mut callback: impl FnMut(&T) + Send + 'static) -> SubscriptionGuard {
        let kept = self.kept.clone();
        self.store.subscribe(self.cell, move |value| {
            let _kept = &kept;
            callback(value);
        })
    }

    /// Watches the value; see [`Store::watch`]. A watch does not keep an entry of a family in use.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn watch(&self) -> Watch<Arc<T>> {
        self.store.watch(self.cell)
    }

    /// The values to come, in order, as a stream that holds at most `capacity` of them. It does not keep an entry of a family
    /// in use.
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn changes(&self, capacity: NonZeroUsize) -> Changes<Arc<T>> {
        self.store.changes(self.cell, capacity)
    }

    /// Calls `begin` when somebody begins to observe the atom here, and drops what that returned when nobody does any more;
    /// see [`Store::while_observed`].
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn while_observed<G: Send + 'static>(
        &self,
        begin: impl FnMut() -> G + Send + 'static,
    ) -> LifecycleGuard {
        self.store.while_observed(self.cell, begin)
    }

    /// The atom's cell here.
    #[must_use]
    pub fn cell(&self) -> Source<Arc<T>> {
        self.cell
    }
}

impl<T> AtomHandle<T> {
    /// The atom's name.
    #[must_use]
    pub fn name(&self) -> &Text {
        self.atom.text()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl<T> Clone for AtomHandle<T> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            cell: self.cell,
            atom: self.atom.clone(),
            site: Arc::clone(&self.site),
            kept: self.kept.clone(),
        }
    }
}

impl<T> fmt::Debug for AtomHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomHandle").field("atom", self.name()).field("cell", &self.cell).finish()
    }
}

/// A derived atom in a place, or an entry of a family of them, which it keeps in use.
pub struct ReadHandle<C> {
    store: Store,
    cell: C,
    name: Text,
    /// What it keeps in use.
    kept: Option<Arc<dyn Any + Send + Sync>>,
}

impl<C: Cell> ReadHandle<C>
where
    C::Value: Clone,
{
    pub(crate) fn new(
        store: Store,
        cell: C,
        name: Text,
        kept: Option<Arc<dyn Any + Send + Sync>>,
    ) -> Self {
        Self { store, cell, name, kept }
    }

    /// The value, shared.
    ///
    /// # Panics
    ///
    /// If there is none: the derivation has failed, the cell is gone. Inside a lease of a store.
    #[track_caller]
    pub fn read(&self) -> C::Value {
        self.store.get(self.cell)
    }

    /// The value, shared, or why there is none.
    ///
    /// # Errors
    ///
    /// If the derivation has failed, or the cell is gone; inside a lease of a store.
    #[track_caller]
    pub fn try_read(&self) -> Result<C::Value, CellError> {
        self.store.try_get(self.cell)
    }

    /// Calls `callback` with every new value; see [`Store::subscribe`]. For as long as the subscription lasts, an entry of a
    /// family is in use.
    ///
    /// # Panics
    ///
    /// If the cell is gone; inside a lease of a store.
    #[track_caller]
    pub fn subscribe(
        &self,
        mut callback: impl FnMut(&C::Value) + Send + 'static,
    ) -> SubscriptionGuard {
        let kept = self.kept.clone();
        self.store.subscribe(self.cell, move |value| {
            let _kept = &kept;
            callback(value);
        })
    }

    /// Watches the value; see [`Store::watch`]. A watch does not keep an entry of a family in use.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn watch(&self) -> Watch<C::Value>
    where
        C::Value: Sync,
    {
        self.store.watch(self.cell)
    }

    /// The values to come, in order, as a stream that holds at most `capacity` of them. It does not keep an entry of a family
    /// in use.
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn changes(&self, capacity: NonZeroUsize) -> Changes<C::Value> {
        self.store.changes(self.cell, capacity)
    }

    /// The cell.
    #[must_use]
    pub fn cell(&self) -> C {
        self.cell
    }

    /// The atom's name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.name
    }
}

impl<C: Clone> Clone for ReadHandle<C> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            cell: self.cell.clone(),
            name: self.name.clone(),
            kept: self.kept.clone(),
        }
    }
}

impl<C: fmt::Debug> fmt::Debug for ReadHandle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHandle").field("atom", &self.name).field("cell", &self.cell).finish()
    }
}
