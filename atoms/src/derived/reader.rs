//! What a derivation is handed to read other atoms with.

use crate::{
    memo::Memo,
    place::Site,
    readable::{Owned, Readable, fail},
    synergy::Atoms,
    table::Maker,
};
use std::{fmt, sync::Arc};
use trine_core::{Cell, CellError, Reader};

/// Reads atoms for a derivation, and remembers which: what the last run has read decides when the next one is due.
///
/// Every atom is looked up from the place that the derivation is computed for. One that has not been used there yet begins
/// now, with its initial value.
pub struct AtomReader<'r, 'g> {
    cx: &'r mut Reader<'g>,
    site: &'r Arc<Site>,
    memo: &'r mut Memo,
}

impl<'r, 'g> AtomReader<'r, 'g> {
    pub(crate) fn new(cx: &'r mut Reader<'g>, site: &'r Arc<Site>, memo: &'r mut Memo) -> Self {
        Self { cx, site, memo }
    }

    /// The value of an atom.
    ///
    /// # Panics
    ///
    /// If it has none: the derivation ends here, and the error becomes that of the derived atom. Use
    /// [`try_read`](Self::try_read) to go on instead.
    #[track_caller]
    pub fn get<A: Owned>(&mut self, atom: &A) -> A::Value {
        A::own(&self.read(atom))
    }

    /// The value of an atom, shared instead of cloned.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn read<A: Readable>(&mut self, atom: &A) -> A::Shared {
        match self.try_read(atom) {
            Ok(value) => value,
            // As it is, so that it becomes the error of the derived atom.
            Err(error) => std::panic::resume_unwind(Box::new(error)),
        }
    }

    /// The value of an atom, shared, or why it has none.
    ///
    /// # Errors
    ///
    /// If its derivation has failed, it is torn, or part of a cycle.
    ///
    /// # Panics
    ///
    /// If no provider lists the atom.
    #[track_caller]
    pub fn try_read<A: Readable>(&mut self, atom: &A) -> Result<A::Shared, CellError> {
        let cell = self.find(atom);
        match self.cx.try_get(cell) {
            Err(error) if error.is_disposed() => {
                // It was removed, so the atom begins anew.
                self.memo.forget();
                let cell = self.find(atom);
                self.cx.try_get(cell)
            }
            read => read,
        }
    }

    /// Looks at the value of an atom.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn with<A: Readable<Shared = Arc<T>>, T, R>(
        &mut self,
        atom: &A,
        read: impl FnOnce(&T) -> R,
    ) -> R {
        read(&self.read(atom))
    }

    /// The value of a cell of the core, or of another front end.
    ///
    /// # Panics
    ///
    /// As [`Reader::get`].
    #[track_caller]
    pub fn get_cell<C: Cell>(&mut self, cell: C) -> C::Value
    where
        C::Value: Clone,
    {
        self.cx.get(cell)
    }

    /// A value for each atom of a synergy.
    #[track_caller]
    pub(crate) fn values<S: Atoms>(&mut self, atoms: &S) -> S::Values {
        match atoms.cells_in(self.site, &mut Maker::Reader(self.cx), self.memo) {
            Ok(cells) => S::values(&cells, self.cx),
            Err(error) => fail(&error),
        }
    }

    /// The reader of the core: to look at cells without cloning their values.
    pub fn cells(&mut self) -> &mut Reader<'g> {
        self.cx
    }

    #[track_caller]
    pub(crate) fn find<A: Readable>(&mut self, atom: &A) -> A::Cell {
        match atom.cell_in(self.site, &mut Maker::Reader(self.cx), self.memo) {
            Ok(cell) => cell,
            Err(error) => fail(&error),
        }
    }
}

impl fmt::Debug for AtomReader<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomReader")
            .field("cell", &self.cx)
            .field("place", &self.site)
            .finish_non_exhaustive()
    }
}
