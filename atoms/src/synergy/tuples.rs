//! Groups of one to twelve members, in order.

use super::{AtomList, Atoms};
use crate::{
    atom::Member,
    draft::{AnyDesk, AnyPiece, AnySeen, AnyShelf, FlushError, Pieces, Reading, Shelves},
    memo::Memo,
    place::{At, PlaceError, Site},
    readable::sealed,
    table::Maker,
};
use std::sync::Arc;
use trine_core::{CellError, Reader, Text, Transaction};

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
