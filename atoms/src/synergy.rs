//! Synergies: ordered groups of atoms, which actions change together.

use crate::{
    atom::{Atom, Member},
    derived::{DerivedAtom, WritableAtom},
    draft::{
        AnyDesk, AnyPiece, AnySeen, AnyShelf, Draft, Edit, Facts, FlushError, Given, Piece, Pieces,
        Reading, Shelf, Shelves,
    },
    handle::AtomHandle,
    memo::Memo,
    place::{At, Place, PlaceError, Site},
    readable::{Readable, fail, sealed},
    table::Maker,
};
use std::{any::Any, fmt, marker::PhantomData, num::NonZeroUsize, panic::Location, sync::Arc};
use trine_core::{
    CellBuilder, CellError, Changes, Derived, Reader, Source, SubscriptionGuard, Text, Transaction,
    Watch, WeakStore,
};

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

/// What can be grouped into a synergy: a reference to an [`Atom`] or to an [`AtomHandle`], a [`Synergy`], or a tuple of these;
/// a reference to a [`DerivedAtom`] or [`WritableAtom`] too, of which handlers get the value. Sealed.
pub trait AtomList: sealed::Sealed {
    /// The group.
    type Atoms: Atoms;

    #[doc(hidden)]
    fn into_atoms(self) -> Self::Atoms;
}

/// The atoms of a synergy, in order. Sealed; seen in types only.
pub trait Atoms: sealed::Sealed + Clone + Send + Sync + 'static {
    /// A [`Draft`] for each: what async handlers get.
    type Drafts: Send + 'static;
    /// An [`Edit`] for each: what sync handlers get.
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

/// One atom, as a member of a synergy. Seen in types only.
pub struct Single<T> {
    atom: Atom<T>,
    /// What its drafts go by.
    facts: Arc<Facts<T>>,
    /// What a handle keeps in use.
    kept: Option<Arc<dyn Any + Send + Sync>>,
}

impl<T> Single<T> {
    fn new(atom: Atom<T>, kept: Option<Arc<dyn Any + Send + Sync>>) -> Self {
        let facts = Arc::new(Facts { member: atom.member(), same: atom.same() });
        Self { atom, facts, kept }
    }
}

impl<T> Clone for Single<T> {
    fn clone(&self) -> Self {
        let (atom, facts) = (self.atom.clone(), Arc::clone(&self.facts));
        Self { atom, facts, kept: self.kept.clone() }
    }
}

impl<T> fmt::Debug for Single<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Single").field(self.atom.text()).finish()
    }
}

/// One derived atom, as a member of a synergy: handlers get its value. Seen in types only.
pub struct Computed<T>(DerivedAtom<T>);

impl<T> Clone for Computed<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Computed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Computed").field(&self.0).finish()
    }
}

impl<T> sealed::Sealed for Single<T> {}
impl<T> sealed::Sealed for Computed<T> {}
impl<T> sealed::Sealed for &AtomHandle<T> {}
impl<S, E> sealed::Sealed for Synergy<S, E> {}

impl<T: Clone + Send + Sync + 'static> AtomList for &Atom<T> {
    type Atoms = Single<T>;

    fn into_atoms(self) -> Single<T> {
        Single::new(self.clone(), None)
    }
}

impl<T: Clone + Send + Sync + 'static> AtomList for &AtomHandle<T> {
    type Atoms = Single<T>;

    fn into_atoms(self) -> Single<T> {
        let (atom, kept) = self.as_member();
        Single::new(atom, kept)
    }
}

impl<T: Send + Sync + 'static> AtomList for &DerivedAtom<T> {
    type Atoms = Computed<T>;

    fn into_atoms(self) -> Computed<T> {
        Computed(self.clone())
    }
}

impl<T: Send + Sync + 'static, A, R> AtomList for &WritableAtom<T, A, R> {
    type Atoms = Computed<T>;

    fn into_atoms(self) -> Computed<T> {
        Computed(self.read_only().clone())
    }
}

impl<S, E> sealed::Sealed for &Synergy<S, E> {}

impl<S: Atoms, E> AtomList for &Synergy<S, E> {
    type Atoms = S;

    fn into_atoms(self) -> S {
        self.atoms.clone()
    }
}

impl<S: Atoms, E> AtomList for Synergy<S, E> {
    type Atoms = S;

    fn into_atoms(self) -> S {
        self.atoms
    }
}

impl<T: Clone + Send + Sync + 'static> Atoms for Single<T> {
    type Drafts = Draft<T>;
    type Edits<'a> = Edit<'a, T>;
    type Values = Arc<T>;
    type Cells = Source<Arc<T>>;
    type Pieces = Piece<T>;
    type Shelves = Shelf<T>;

    fn list(&self, listed: &mut Vec<Member>) {
        listed.push(self.atom.member());
    }

    #[inline]
    #[track_caller]
    fn cells(&self, at: At<'_>) -> Result<Self::Cells, PlaceError> {
        self.atom.cell_at(at)
    }

    #[track_caller]
    fn cells_in(
        &self,
        site: &Arc<Site>,
        maker: &mut Maker<'_, '_>,
        memo: &mut Memo,
    ) -> Result<Self::Cells, PlaceError> {
        self.atom.cell_in(site, maker, memo)
    }

    fn values(cell: &Self::Cells, cx: &mut Reader<'_>) -> Arc<T> {
        cx.get(*cell)
    }

    #[track_caller]
    fn values_now(cell: &Self::Cells, tx: &mut Transaction<'_>) -> Arc<T> {
        tx.get(*cell)
    }

    #[inline]
    fn open(&self, cell: &Self::Cells, reading: &mut impl Reading) -> Result<Piece<T>, CellError> {
        Piece::open(&self.facts, *cell, reading)
    }

    #[inline]
    fn edits(piece: &mut Piece<T>) -> Edit<'_, T> {
        Edit::new(piece)
    }

    fn shelves() -> Shelf<T> {
        Shelf::new()
    }

    fn drafts(piece: Piece<T>, desk: &Arc<dyn AnyDesk>, next: &mut usize) -> Draft<T> {
        Draft::new(piece, desk, next)
    }

    fn collect(&self, shelf: &mut Shelf<T>) -> Result<Piece<T>, Text> {
        shelf.collect().ok_or_else(|| self.atom.text().clone())
    }

    fn is_same(one: &Arc<T>, other: &Arc<T>) -> bool {
        Arc::ptr_eq(one, other)
    }

    fn put(cell: &Self::Cells, value: &Arc<T>, tx: &mut Transaction<'_>) {
        tx.set(*cell, Arc::clone(value));
    }
}

impl<T: Clone + Send + Sync + 'static> Shelves for Shelf<T> {
    const COUNT: usize = 1;

    fn at(&mut self, _place: usize) -> &mut dyn AnyShelf {
        self
    }
}

impl<T: Send + Sync + 'static> Atoms for Computed<T> {
    type Drafts = Arc<T>;
    type Edits<'a> = Arc<T>;
    type Values = Arc<T>;
    type Cells = Derived<Arc<T>>;
    type Pieces = Given<T>;
    type Shelves = NoShelf;

    fn list(&self, listed: &mut Vec<Member>) {
        listed.push(Member::of(self.0.about_it()));
    }

    #[track_caller]
    fn cells(&self, at: At<'_>) -> Result<Self::Cells, PlaceError> {
        self.0.cell_at(at)
    }

    #[track_caller]
    fn cells_in(
        &self,
        site: &Arc<Site>,
        maker: &mut Maker<'_, '_>,
        memo: &mut Memo,
    ) -> Result<Self::Cells, PlaceError> {
        self.0.cell_in(site, maker, memo)
    }

    fn values(cell: &Self::Cells, cx: &mut Reader<'_>) -> Arc<T> {
        cx.get(*cell)
    }

    #[track_caller]
    fn values_now(cell: &Self::Cells, tx: &mut Transaction<'_>) -> Arc<T> {
        tx.get(*cell)
    }

    #[inline]
    fn open(&self, cell: &Self::Cells, reading: &mut impl Reading) -> Result<Given<T>, CellError> {
        Given::open(self.0.about_it().name.clone(), *cell, reading)
    }

    fn edits(given: &mut Given<T>) -> Arc<T> {
        given.value()
    }

    fn shelves() -> NoShelf {
        NoShelf
    }

    fn drafts(given: Given<T>, _desk: &Arc<dyn AnyDesk>, _next: &mut usize) -> Arc<T> {
        given.value()
    }

    fn collect(&self, _shelf: &mut NoShelf) -> Result<Given<T>, Text> {
        Ok(Given::taken())
    }

    fn is_same(_: &Arc<T>, _: &Arc<T>) -> bool {
        true
    }

    fn put(_: &Self::Cells, _: &Arc<T>, _: &mut Transaction<'_>) {}
}

/// A derived atom needs no shelf, since nothing of it comes back. Named in sealed traits only.
#[derive(Debug)]
pub struct NoShelf;

impl Shelves for NoShelf {
    const COUNT: usize = 0;

    fn at(&mut self, _place: usize) -> &mut dyn AnyShelf {
        unreachable!("a derived atom has no draft that could come back")
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt)+))+) => {$(
        impl<$($name: sealed::Sealed),+> sealed::Sealed for ($($name,)+) {}

        impl<$($name: AtomList),+> AtomList for ($($name,)+) {
            type Atoms = ($($name::Atoms,)+);

            fn into_atoms(self) -> Self::Atoms {
                ($(self.$index.into_atoms(),)+)
            }
        }

        impl<$($name: Atoms),+> Atoms for ($($name,)+) {
            type Drafts = ($($name::Drafts,)+);
            type Edits<'a> = ($($name::Edits<'a>,)+);
            type Values = ($($name::Values,)+);
            type Cells = ($($name::Cells,)+);
            type Pieces = ($($name::Pieces,)+);
            type Shelves = ($($name::Shelves,)+);

            fn list(&self, listed: &mut Vec<Member>) {
                $(self.$index.list(listed);)+
            }

            #[inline]
            #[track_caller]
            fn cells(&self, at: At<'_>) -> Result<Self::Cells, PlaceError> {
                Ok(($(self.$index.cells(at)?,)+))
            }

            #[track_caller]
            fn cells_in(
                &self,
                site: &Arc<Site>,
                maker: &mut Maker<'_, '_>,
                memo: &mut Memo,
            ) -> Result<Self::Cells, PlaceError> {
                Ok(($(self.$index.cells_in(site, maker, memo)?,)+))
            }

            #[track_caller]
            fn values_now(cells: &Self::Cells, tx: &mut Transaction<'_>) -> Self::Values {
                ($($name::values_now(&cells.$index, tx),)+)
            }

            fn values(cells: &Self::Cells, cx: &mut Reader<'_>) -> Self::Values {
                ($($name::values(&cells.$index, cx),)+)
            }

            #[inline]
            fn open(
                &self,
                cells: &Self::Cells,
                reading: &mut impl Reading,
            ) -> Result<Self::Pieces, CellError> {
                Ok(($(self.$index.open(&cells.$index, reading)?,)+))
            }

            #[inline]
            fn edits(pieces: &mut Self::Pieces) -> Self::Edits<'_> {
                ($($name::edits(&mut pieces.$index),)+)
            }

            fn shelves() -> Self::Shelves {
                ($($name::shelves(),)+)
            }

            fn drafts(
                pieces: Self::Pieces,
                desk: &Arc<dyn AnyDesk>,
                next: &mut usize,
            ) -> Self::Drafts {
                ($($name::drafts(pieces.$index, desk, next),)+)
            }

            fn collect(&self, shelves: &mut Self::Shelves) -> Result<Self::Pieces, Text> {
                Ok(($(self.$index.collect(&mut shelves.$index)?,)+))
            }

            fn is_same(one: &Self::Values, other: &Self::Values) -> bool {
                $($name::is_same(&one.$index, &other.$index) &&)+ true
            }

            fn put(cells: &Self::Cells, values: &Self::Values, tx: &mut Transaction<'_>) {
                $($name::put(&cells.$index, &values.$index, tx);)+
            }
        }

        impl<$($name: Pieces),+> Pieces for ($($name,)+) {
            #[inline]
            fn each(
                &mut self,
                visit: &mut dyn FnMut(&mut dyn AnyPiece) -> Result<(), FlushError>,
            ) -> Result<(), FlushError> {
                $(self.$index.each(visit)?;)+
                Ok(())
            }

            fn given(&self, seen: &mut Vec<Arc<dyn AnySeen>>) {
                $(self.$index.given(seen);)+
            }
        }

        impl<$($name: Shelves),+> Shelves for ($($name,)+) {
            const COUNT: usize = 0 $(+ $name::COUNT)+;

            #[allow(unused_assignments, reason = "the last one is not read")]
            fn at(&mut self, place: usize) -> &mut dyn AnyShelf {
                let mut place = place;
                $(
                    if place < $name::COUNT {
                        return self.$index.at(place);
                    }
                    place -= $name::COUNT;
                )+
                unreachable!("a draft has a place among those of its action")
            }
        }
    )+};
}

tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 F 4)
    (A 0 B 1 C 2 D 3 F 4 G 5)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8 K 9)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8 K 9 L 10)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8 K 9 L 10 M 11)
}
