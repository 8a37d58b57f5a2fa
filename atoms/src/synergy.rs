//! Synergies: ordered groups of atoms, which actions change together.

use crate::{
    atom::{Atom, AtomRef},
    draft::{Draft, Edit, Opening},
};
use std::{fmt, marker::PhantomData, panic::Location, sync::Arc};
use trine_core::{Derived, Reader, Source, Store, Text};

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
    for (second, (id, atom)) in listed.iter().enumerate() {
        if let Some(first) = listed[..second].iter().position(|(other, _)| other == id) {
            let (atom, location) = (atom.clone(), Location::caller());
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

    /// A derived cell in `store`, computed from the values of the atoms: `select` gets a shared value for each.
    ///
    /// It runs when the cell is read or observed and one of the atoms has changed; an equal result stops there.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn derive<R: PartialEq + Send + 'static>(
        &self,
        store: &Store,
        mut select: impl FnMut(S::Values) -> R + Send + 'static,
    ) -> Derived<R> {
        let cells = self.atoms.cells(store);
        store.derived(move |cx| select(S::values(&cells, cx)))
    }

    /// The names of the atoms, for errors and events.
    pub(crate) fn describe(&self) -> String {
        let mut listed = Vec::new();
        self.atoms.list(&mut listed);
        listed.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")
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

/// What can be grouped into a synergy: a reference to an [`Atom`], a [`Synergy`], or a tuple of these. Sealed.
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
    type Edits;
    /// A shared value for each: what selectors get.
    type Values;
    /// A cell for each.
    #[doc(hidden)]
    type Cells: Clone + Send + Sync + 'static;

    #[doc(hidden)]
    fn list(&self, listed: &mut Vec<(u64, Text)>);
    #[doc(hidden)]
    #[track_caller]
    fn cells(&self, store: &Store) -> Self::Cells;
    #[doc(hidden)]
    fn values(cells: &Self::Cells, cx: &mut Reader<'_>) -> Self::Values;
    #[doc(hidden)]
    fn edits(&self, cells: &Self::Cells, opening: &mut Opening<'_, '_>) -> Self::Edits;
    #[doc(hidden)]
    fn drafts(&self, cells: &Self::Cells, opening: &mut Opening<'_, '_>) -> Self::Drafts;
}

mod sealed {
    pub trait Sealed {}
}

/// One atom, as a member of a synergy. Seen in types only.
pub struct Single<T>(AtomRef<T>);

impl<T> Clone for Single<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Single<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Single").field(self.0.name()).finish()
    }
}

impl<T> sealed::Sealed for &Atom<T> {}
impl<T> sealed::Sealed for Single<T> {}
impl<S, E> sealed::Sealed for Synergy<S, E> {}

impl<T: Clone + Send + Sync + 'static> AtomList for &Atom<T> {
    type Atoms = Single<T>;

    fn into_atoms(self) -> Single<T> {
        Single(self.handle())
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
    type Edits = Edit<T>;
    type Values = Arc<T>;
    type Cells = Source<Arc<T>>;

    fn list(&self, listed: &mut Vec<(u64, Text)>) {
        listed.push((self.0.id, self.0.name().clone()));
    }

    #[track_caller]
    fn cells(&self, store: &Store) -> Self::Cells {
        self.0.cell(store)
    }

    fn values(cell: &Self::Cells, cx: &mut Reader<'_>) -> Arc<T> {
        cx.get(*cell)
    }

    fn edits(&self, cell: &Self::Cells, opening: &mut Opening<'_, '_>) -> Edit<T> {
        opening.draft(*cell, self.0.name(), self.0.same())
    }

    fn drafts(&self, cell: &Self::Cells, opening: &mut Opening<'_, '_>) -> Draft<T> {
        opening.draft(*cell, self.0.name(), self.0.same())
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
            type Edits = ($($name::Edits,)+);
            type Values = ($($name::Values,)+);
            type Cells = ($($name::Cells,)+);

            fn list(&self, listed: &mut Vec<(u64, Text)>) {
                $(self.$index.list(listed);)+
            }

            #[track_caller]
            fn cells(&self, store: &Store) -> Self::Cells {
                ($(self.$index.cells(store),)+)
            }

            fn values(cells: &Self::Cells, cx: &mut Reader<'_>) -> Self::Values {
                ($($name::values(&cells.$index, cx),)+)
            }

            fn edits(&self, cells: &Self::Cells, opening: &mut Opening<'_, '_>) -> Self::Edits {
                ($(self.$index.edits(&cells.$index, opening),)+)
            }

            fn drafts(&self, cells: &Self::Cells, opening: &mut Opening<'_, '_>) -> Self::Drafts {
                ($(self.$index.drafts(&cells.$index, opening),)+)
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
