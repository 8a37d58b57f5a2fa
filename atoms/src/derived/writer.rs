//! What writes to atoms in one transaction, and what can be written so.

use crate::{
    atom::Atom,
    memo::Memo,
    place::{At, Place, Site},
    readable::{Owned, Readable, fail},
    table::Maker,
};
use std::{fmt, sync::Arc};
use trine_core::{CellError, Transaction, UpdateResult};

/// What can be written: atoms, and the kinds that turn a write into others. Sealed.
pub trait Writable: crate::readable::sealed::Sealed {
    /// What is written.
    type Argument;
    /// What comes of it.
    type Written;

    #[doc(hidden)]
    #[track_caller]
    fn write_in(&self, cx: &mut AtomWriter<'_, '_>, argument: Self::Argument) -> Self::Written;

    /// Whether what came of it means that nothing was to be written.
    #[doc(hidden)]
    fn undoes(&self, _written: &Self::Written) -> bool {
        false
    }
}

/// Reads and writes atoms in one transaction: all of it becomes visible together, or nothing.
///
/// Handed to the function of a [`WritableAtom`](crate::WritableAtom) or [`WriteAtom`](crate::WriteAtom), which runs inside the
/// lease and must be pure. It sees its own writes, and what is derived from them. Every atom is looked up from the place that
/// is written to.
pub struct AtomWriter<'w, 'g> {
    tx: &'w mut Transaction<'g>,
    site: &'w Arc<Site>,
    memo: Memo,
}

/// Writes in a transaction of its own.
#[track_caller]
pub(crate) fn write<W: Writable>(atom: &W, at: At<'_>, argument: W::Argument) -> W::Written {
    let site = at.site();
    let written = at.store.transaction(|tx| {
        let written = atom.write_in(&mut AtomWriter::new(tx, &site), argument);
        if atom.undoes(&written) { Err(written) } else { Ok(written) }
    });
    written.unwrap_or_else(|undone| undone)
}

/// Writes several atoms as one commit: `body` sees its own writes, everybody else sees all of them or none. An `Err` or a
/// panic changes nothing.
///
/// `body` runs inside the lease and must be pure. For what is done again and again, make an
/// [`Action`](crate::Action) or a [`WriteAtom`](crate::WriteAtom).
///
/// ```
/// use trine_atoms::{Atom, Store, transaction};
///
/// static FROM: Atom<i32> = Atom::new("from", || 100);
/// static TO: Atom<i32> = Atom::new("to", || 0);
///
/// let store = Store::new();
/// let refused = transaction(&store, |cx| {
///     cx.update(&FROM, |balance| *balance -= 150);
///     cx.update(&TO, |balance| *balance += 150);
///     if cx.get(&FROM) < 0 { Err("not enough") } else { Ok(()) }
/// });
/// assert_eq!(refused, Err("not enough"));
/// assert_eq!((FROM.get(&store), TO.get(&store)), (100, 0));
/// ```
///
/// # Errors
///
/// What `body` returned.
///
/// # Panics
///
/// If `body` panics; inside a lease of a store.
#[track_caller]
pub fn transaction<R, E>(
    at: &impl Place,
    body: impl FnOnce(&mut AtomWriter<'_, '_>) -> Result<R, E>,
) -> Result<R, E> {
    let site = at.at().site();
    at.store().transaction(|tx| body(&mut AtomWriter::new(tx, &site)))
}

impl<'w, 'g> AtomWriter<'w, 'g> {
    pub(crate) fn new(tx: &'w mut Transaction<'g>, site: &'w Arc<Site>) -> Self {
        Self { tx, site, memo: Memo::default() }
    }

    /// The value of an atom, this transaction's writes included.
    ///
    /// # Panics
    ///
    /// If it has none; the transaction is rolled back.
    #[track_caller]
    pub fn get<A: Owned>(&mut self, atom: &A) -> A::Value {
        A::own(&self.read(atom))
    }

    /// The value of an atom, shared.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn read<A: Readable>(&mut self, atom: &A) -> A::Shared {
        let cell = self.find(atom);
        self.tx.get(cell)
    }

    /// The value of an atom, shared, or why it has none.
    ///
    /// # Errors
    ///
    /// If its derivation has failed, or it is torn.
    ///
    /// # Panics
    ///
    /// If no provider lists the atom.
    #[track_caller]
    pub fn try_read<A: Readable>(&mut self, atom: &A) -> Result<A::Shared, CellError> {
        let cell = self.find(atom);
        self.tx.try_get(cell)
    }

    /// Writes an atom, of whatever kind: what a [`WritableAtom`](crate::WritableAtom) makes of it joins this transaction.
    ///
    /// # Panics
    ///
    /// If its cell is gone; the transaction is rolled back.
    #[track_caller]
    pub fn set<W: Writable>(&mut self, atom: &W, argument: W::Argument) -> W::Written {
        let site = self.site;
        let written = self.tx.transaction(|tx| {
            let written = atom.write_in(&mut AtomWriter::new(tx, site), argument);
            if atom.undoes(&written) { Err(written) } else { Ok(written) }
        });
        written.unwrap_or_else(|undone| undone)
    }

    /// Updates an atom.
    ///
    /// # Panics
    ///
    /// If `update` panics, or its cell is gone; the transaction is rolled back.
    #[track_caller]
    pub fn update<T, R: UpdateResult>(&mut self, atom: &Atom<T>, update: impl FnOnce(&mut T) -> R)
    where
        T: Clone + Send + Sync + 'static,
    {
        let cell = self.find(atom);
        self.tx.update(cell, |value| update(Arc::make_mut(value)));
    }

    /// Writes the value that an atom begins with here. Its function runs inside the lease, and must be pure.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    #[track_caller]
    pub fn reset<T: Clone + Send + Sync + 'static>(&mut self, atom: &Atom<T>) {
        let cell = self.find(atom);
        let home = self.site.home_of(atom.about_it()).map_or(self.site, |home| home);
        self.tx.set(cell, atom.initial(home));
    }

    /// The transaction: to use cells of the core, or of another front end.
    pub fn transaction(&mut self) -> &mut Transaction<'g> {
        self.tx
    }

    #[track_caller]
    pub(crate) fn find<A: Readable>(&mut self, atom: &A) -> A::Cell {
        // A cell that has gone since is not met: nobody else writes meanwhile.
        match atom.cell_in(self.site, &mut Maker::Transaction(self.tx), &mut self.memo) {
            Ok(cell) => cell,
            Err(error) => fail(&error),
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Writable for Atom<T> {
    type Argument = T;
    type Written = ();

    #[track_caller]
    fn write_in(&self, cx: &mut AtomWriter<'_, '_>, value: T) {
        let cell = cx.find(self);
        cx.tx.set(cell, Arc::new(value));
    }
}

impl fmt::Debug for AtomWriter<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomWriter").field("place", &self.site).finish_non_exhaustive()
    }
}
