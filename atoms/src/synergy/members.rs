//! The members of a synergy: an atom, a derived atom, a synergy.

use super::{AtomList, Atoms, Synergy};
use crate::{
    atom::{Atom, Member},
    derived::{DerivedAtom, WritableAtom},
    draft::{AnyDesk, AnyShelf, Draft, Edit, Facts, Given, Piece, Reading, Shelf, Shelves},
    handle::AtomHandle,
    memo::Memo,
    place::{At, PlaceError, Site},
    readable::{Readable, sealed},
    table::Maker,
};
use std::{any::Any, fmt, sync::Arc};
use trine_core::{CellError, Derived, Reader, Source, Text, Transaction};

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
