//! Synergies: ordered groups of atoms, which actions change together.

mod members;
mod tuples;

use crate::{
    atom::Member,
    derived::DerivedAtom,
    draft::{AnyDesk, Pieces, Reading, Shelves},
    memo::Memo,
    place::{At, Place, PlaceError, Site},
    readable::{fail, sealed},
    table::Maker,
};
use std::{fmt, marker::PhantomData, num::NonZeroUsize, panic::Location, sync::Arc};
use trine_core::{
    CellBuilder, CellError, Changes, Derived, Reader, SubscriptionGuard, Text, Transaction, Watch,
    WeakStore,
};

pub use members::{Computed, Single};

/// The error type of a synergy's actions unless another one is chosen with [`Synergy::errors`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An ordered group of atoms.
///
/// Made by [`synergy`]. It holds no state, is cheap to clone, and can be made anywhere.
pub struct Synergy<S, E = BoxError> {
    /// The atoms, nested as they were given.
    pub(crate) atoms: S,
    /// The error type of the actions.
    error: PhantomData<fn() -> E>,
}

/// Groups atoms: `synergy(&COUNT)`, `synergy((&USER, &TOKEN))`, `synergy((&LOGIN, &LOADING))` where `LOGIN` is a
/// synergy itself. The handlers of its actions get a draft for each, in the same order and nesting.
///
/// # Panics
///
/// If an atom is listed twice: two drafts of one atom could only lose one of the two changes. See
/// [`try_synergy`].
#[track_caller]
pub fn synergy<L: AtomList>(atoms: L) -> Synergy<L::Atoms> {
    match try_synergy(atoms) {
        Ok(synergy) => synergy,
        Err(error) => panic!("{error}"),
    }
}

/// Groups atoms, or says which one is listed twice.
///
/// # Errors
///
/// [`DuplicateAtom`], with both positions.
#[track_caller]
pub fn try_synergy<L: AtomList>(atoms: L) -> Result<Synergy<L::Atoms>, DuplicateAtom> {
    let atoms = atoms.into_atoms();
    let mut listed = Vec::new();
    atoms.list(&mut listed);
    for (second, member) in listed.iter().enumerate() {
        if let Some(first) = listed[..second].iter().position(|other| other.is(member)) {
            let (atom, location) = (member.name.clone(), Location::caller());
            return Err(DuplicateAtom { atom, first, second, location });
        }
    }
    Ok(Synergy { atoms, error: PhantomData })
}

/// An atom is listed twice in a synergy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "atom `{atom}` is both number {first} and number {second} of the synergy at {location}: list it once"
)]
pub struct DuplicateAtom {
    /// The atom's name.
    pub atom: Text,
    /// Its first position, from 0, nested synergies counted atom by atom.
    pub first: usize,
    /// Its second position.
    pub second: usize,
    /// The call that made the synergy.
    pub location: &'static Location<'static>,
}

impl<S: Atoms, E> Synergy<S, E> {
    /// Chooses the error type of the actions that are made from here on, instead of [`BoxError`].
    #[must_use]
    pub fn errors<F>(self) -> Synergy<S, F> {
        Synergy { atoms: self.atoms, error: PhantomData }
    }

    /// The values in a place, of one commit: a shared one for each atom, in order.
    ///
    /// ```
    /// use trine_atoms::{Atom, Store, synergy};
    ///
    /// static WIDTH: Atom<u32> = Atom::new("width", || 2);
    /// static HEIGHT: Atom<u32> = Atom::new("height", || 3);
    ///
    /// let size = synergy((&WIDTH, &HEIGHT));
    /// let store = Store::new();
    /// let (width, height) = size.read(&store);
    /// assert_eq!((*width, *height), (2, 3));
    /// ```
    ///
    /// # Panics
    ///
    /// If one of them has no value: no provider lists it, its derivation has failed, its cell is torn. Inside a lease of a
    /// store.
    #[track_caller]
    pub fn read(&self, at: &impl Place) -> S::Values {
        let cells = self.cells(at);
        at.store().batch(|tx| S::values_now(&cells, tx))
    }

    /// Calls `callback` with the values whenever one of them has changed: once per commit, outside every lock, with all of that
    /// commit; see [`Store::subscribe`](trine_core::Store::subscribe).
    ///
    /// # Panics
    ///
    /// If no provider lists one of the atoms; inside a lease of a store.
    #[track_caller]
    pub fn subscribe(
        &self,
        at: &impl Place,
        mut callback: impl FnMut(&S::Values) + Send + 'static,
    ) -> SubscriptionGuard {
        at.store().subscribe(self.observed(at), move |values| callback(values))
    }

    /// Watches the values: those of the last commit for render loops, a future of the next change; see [`Store::watch`](trine_core::Store::watch).
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn watch(&self, at: &impl Place) -> Watch<S::Values> {
        at.store().watch(self.observed(at))
    }

    /// The values to come, in order, as a stream that holds at most `capacity` of them; see [`Store::changes`](trine_core::Store::changes).
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn changes(&self, at: &impl Place, capacity: NonZeroUsize) -> Changes<S::Values> {
        at.store().changes(self.observed(at), capacity)
    }

    /// An atom that is computed from the values: `select` gets a shared one for each, and may be read in any place.
    ///
    /// ```
    /// use trine_atoms::{Atom, Store, synergy};
    ///
    /// static WIDTH: Atom<u32> = Atom::new("width", || 2);
    /// static HEIGHT: Atom<u32> = Atom::new("height", || 3);
    ///
    /// let area = synergy((&WIDTH, &HEIGHT)).select("area", |(width, height)| *width * *height);
    /// assert_eq!(area.get(&Store::new()), 6);
    /// ```
    pub fn select<R: PartialEq + Send + Sync + 'static>(
        &self,
        name: impl Into<Text>,
        select: impl Fn(S::Values) -> R + Send + Sync + 'static,
    ) -> DerivedAtom<R> {
        let atoms = self.atoms.clone();
        DerivedAtom::dynamic(name, move |cx| select(cx.values(&atoms)))
    }

    /// A derived cell of the core, computed from the values that the atoms have in a place: `select` gets a shared one for each.
    ///
    /// It runs when the cell is read or observed and one of the atoms has changed; an equal result stops there. The cell is
    /// there until it is removed, or the store dropped.
    ///
    /// # Panics
    ///
    /// If no provider lists one of the atoms; inside a lease of a store.
    #[track_caller]
    pub fn derive<R: PartialEq + Send + 'static>(
        &self,
        at: &impl Place,
        mut select: impl FnMut(S::Values) -> R + Send + 'static,
    ) -> Derived<R> {
        let cells = self.cells(at);
        at.store().derived(move |cx| select(S::values(&cells, cx)))
    }

    /// A cell of all values, which is removed when nobody observes it any more.
    #[track_caller]
    fn observed(&self, at: &impl Place) -> Derived<S::Values> {
        let (store, cells) = (at.store(), self.cells(at));
        let builder: CellBuilder<'_> = store.cell(self.describe());
        // It runs when one of them has changed, and then it is another one.
        let cell = builder.always_different().derived(move |cx| S::values(&cells, cx));
        let weak = store.downgrade();
        store.while_observed(cell, move || RemoveGuard { store: weak.clone(), cell }).detach();
        cell
    }

    #[track_caller]
    pub(crate) fn cells(&self, at: &impl Place) -> S::Cells {
        match self.atoms.cells(at.at()) {
            Ok(cells) => cells,
            Err(error) => fail(&error),
        }
    }

    /// The names of the atoms, for errors and events.
    pub(crate) fn describe(&self) -> String {
        let mut listed = Vec::new();
        self.atoms.list(&mut listed);
        listed.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Removes a cell that is there for those who observe it.
struct RemoveGuard<T: Send + 'static> {
    store: WeakStore,
    cell: Derived<T>,
}

impl<T: Send + 'static> Drop for RemoveGuard<T> {
    fn drop(&mut self) {
        if let Some(store) = self.store.upgrade() {
            let _ = store.remove(self.cell);
        }
    }
}

impl<S: Clone, E> Clone for Synergy<S, E> {
    fn clone(&self) -> Self {
        Self { atoms: self.atoms.clone(), error: PhantomData }
    }
}

impl<S: Atoms, E> fmt::Debug for Synergy<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Synergy").field(&self.describe()).finish()
    }
}

/// What can be grouped into a synergy: a reference to an [`Atom`](crate::Atom) or to an [`AtomHandle`](crate::AtomHandle),
/// a [`Synergy`], or a tuple of these; a reference to a [`DerivedAtom`] or [`WritableAtom`](crate::WritableAtom) too, of
/// which handlers get the value. Sealed.
pub trait AtomList: sealed::Sealed {
    /// The group.
    type Atoms: Atoms;

    #[doc(hidden)]
    fn into_atoms(self) -> Self::Atoms;
}

/// The atoms of a synergy, in order. Sealed; seen in types only.
pub trait Atoms: sealed::Sealed + Clone + Send + Sync + 'static {
    /// A [`Draft`](crate::Draft) for each: what async handlers get.
    type Drafts: Send + 'static;
    /// An [`Edit`](crate::Edit) for each: what sync handlers get.
    type Edits<'a>;
    /// A shared value for each: what selectors get.
    type Values: Clone + Send + Sync + 'static;
    /// A cell for each.
    #[doc(hidden)]
    type Cells: Clone + Send + Sync + 'static;

    #[doc(hidden)]
    fn list(&self, listed: &mut Vec<Member>);
    #[doc(hidden)]
    #[track_caller]
    fn cells(&self, at: At<'_>) -> Result<Self::Cells, PlaceError>;
    #[doc(hidden)]
    #[track_caller]
    fn cells_in(
        &self,
        site: &Arc<Site>,
        maker: &mut Maker<'_, '_>,
        memo: &mut Memo,
    ) -> Result<Self::Cells, PlaceError>;
    #[doc(hidden)]
    fn values(cells: &Self::Cells, cx: &mut Reader<'_>) -> Self::Values;
    #[doc(hidden)]
    #[track_caller]
    fn values_now(cells: &Self::Cells, tx: &mut Transaction<'_>) -> Self::Values;
    /// What a call has in hand of each.
    #[doc(hidden)]
    type Pieces: Pieces + 'static;
    /// What an action knows of each while it is with the handler.
    #[doc(hidden)]
    type Shelves: Shelves + 'static;

    /// Opens each, in one lease.
    #[doc(hidden)]
    fn open(
        &self,
        cells: &Self::Cells,
        reading: &mut impl Reading,
    ) -> Result<Self::Pieces, CellError>;
    #[doc(hidden)]
    fn edits(pieces: &mut Self::Pieces) -> Self::Edits<'_>;
    #[doc(hidden)]
    fn drafts(pieces: Self::Pieces, desk: &Arc<dyn AnyDesk>, next: &mut usize) -> Self::Drafts;
    /// Takes the pieces from their shelves, or gives the name of an atom whose draft has not come back.
    #[doc(hidden)]
    fn collect(&self, shelves: &mut Self::Shelves) -> Result<Self::Pieces, Text>;
    #[doc(hidden)]
    fn shelves() -> Self::Shelves;
    /// Whether both are the same values, and not only equal ones.
    #[doc(hidden)]
    fn is_same(one: &Self::Values, other: &Self::Values) -> bool;
    /// Writes the values of atoms; derived ones follow.
    #[doc(hidden)]
    fn put(cells: &Self::Cells, values: &Self::Values, tx: &mut Transaction<'_>);
}
