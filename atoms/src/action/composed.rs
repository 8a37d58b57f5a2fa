//! Sync actions made of sync actions.

use super::{
    home::Home,
    sync::{Action, Performs},
};
use crate::{
    atom::Member,
    derived::AtomWriter,
    draft::{Caller, FlushError, Pieces},
    middleware::Flush,
    place::Site,
    readable::{Owned, Readable},
};
use std::{any::Any, fmt, sync::Arc};
use trine_core::{Text, Transaction, Updates};

/// The inside of a composed action: see [`Action::compose`].
pub struct Composition<'c, 'g> {
    tx: &'c mut Transaction<'g>,
    site: &'c Arc<Site>,
    stash: &'c mut Stash,
}

/// What the actions of a transaction have in hand, in the order in which they ran: to be dropped when that is over.
#[derive(Default)]
pub(super) struct Stash {
    pieces: Vec<Box<dyn AnyPieces>>,
}

/// The pieces of one action, of a type of their own.
trait AnyPieces {
    fn pieces(&mut self) -> &mut dyn Pieces;
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<P: Pieces + 'static> AnyPieces for P {
    fn pieces(&mut self) -> &mut dyn Pieces {
        self
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl Stash {
    /// Keeps the pieces of an action.
    pub(super) fn keep<P: Pieces + 'static>(&mut self, pieces: P) -> &mut P {
        self.pieces.push(Box::new(pieces));
        let last = self.pieces.last_mut().expect("put there just now");
        (**last).as_any().downcast_mut().expect("put there just now")
    }

    /// Shows what the actions together change.
    pub(super) fn show(&mut self, flush: &mut Flush) {
        for pieces in &mut self.pieces {
            flush.add((**pieces).pieces());
        }
    }

    /// Writes what was shown, if all atoms are as the actions have found them; says whether they are.
    pub(super) fn write(
        &mut self,
        up: &mut Updates<'_>,
        flush: &Flush,
        caller: Caller,
    ) -> Result<bool, FlushError> {
        up.called_at(caller);
        // What later actions found is what earlier ones had written.
        let mut known: Vec<Member> = Vec::new();
        let mut as_found = true;
        for pieces in &mut self.pieces {
            (**pieces).pieces().each(&mut |piece| {
                if !known.iter().any(|known| known.is(piece.member())) {
                    known.push(piece.member().clone());
                    as_found &= piece.is_as_found(up)?;
                }
                Ok(())
            })?;
        }
        if as_found {
            flush.write(up)?;
        }
        Ok(as_found)
    }
}

/// A closure over a composition.
struct Composed<H, R> {
    handler: H,
    failed: fn(&R) -> bool,
}

impl<A: Clone + 'static, R: 'static> Action<A, R> {
    /// Makes a sync action of others: they run one after the other in one transaction, each sees what those before it have
    /// written, and all of it becomes visible at once, or nothing if `handler` panics.
    ///
    /// That is how a sync action calls another one. Since each has drafts of its own, one after the other, no update can be lost.
    ///
    /// ```
    /// use trine_atoms::{Action, Atom, Store, synergy};
    ///
    /// static CASH: Atom<i64> = Atom::new("cash", || 100);
    /// static BANK: Atom<i64> = Atom::new("bank", || 0);
    ///
    /// let take = synergy(&CASH).action(|mut cash, amount: i64| *cash -= amount);
    /// let give = synergy(&BANK).action(|mut bank, amount: i64| *bank += amount);
    /// let deposit = Action::try_compose(move |tx, amount: i64| {
    ///     tx.run(&take, amount);
    ///     tx.run(&give, amount);
    ///     if tx.get(&CASH) < 0 { Err("that much is not there") } else { Ok(()) }
    /// });
    ///
    /// let store = Store::new();
    /// deposit.run(&store, 30).unwrap();
    /// assert_eq!(deposit.run(&store, 500), Err("that much is not there")); // and nothing has changed
    /// assert_eq!((CASH.get(&store), BANK.get(&store)), (70, 30));
    /// assert_eq!(store.last_commit().get(), 1);
    /// ```
    ///
    /// `handler` runs inside the lease: it must be pure, and must not use the store.
    pub fn compose(
        handler: impl Fn(&mut Composition<'_, '_>, A) -> R + Send + Sync + 'static,
    ) -> Self {
        Self::composed(handler, |_| false)
    }

    fn composed(
        handler: impl Fn(&mut Composition<'_, '_>, A) -> R + Send + Sync + 'static,
        failed: fn(&R) -> bool,
    ) -> Self {
        let name = Text::from_static("composed action");
        Self::new(Arc::new(Composed { handler, failed }), name)
    }
}

impl<A: Clone + 'static, R: 'static, F: 'static> Action<A, Result<R, F>> {
    /// [`compose`](Self::compose) for what can fail: an `Err` changes nothing.
    pub fn try_compose(
        handler: impl Fn(&mut Composition<'_, '_>, A) -> Result<R, F> + Send + Sync + 'static,
    ) -> Self {
        Self::composed(handler, Result::is_err)
    }
}

impl<H, A, R> Performs<A, R> for Composed<H, R>
where
    H: Fn(&mut Composition<'_, '_>, A) -> R + Send + Sync,
    A: 'static,
    R: 'static,
{
    fn run(&self, home: Home<'_>, argument: A, _caller: Caller) -> Result<R, FlushError> {
        let site = home.with_place(|at| Ok(at.site()))?;
        // Out here, so that what it holds in the end is dropped outside the lease.
        let mut stash = Stash::default();
        let ended = home.transaction(|tx| match self.perform(tx, &site, argument, &mut stash) {
            Ok(value) if !(self.failed)(&value) => Ok(value),
            rolled_back => Err(rolled_back),
        })?;
        ended.or_else(|rolled_back| rolled_back)
    }

    fn perform(
        &self,
        tx: &mut Transaction<'_>,
        site: &Arc<Site>,
        argument: A,
        stash: &mut Stash,
    ) -> Result<R, FlushError> {
        Ok((self.handler)(&mut Composition { tx, site, stash }, argument))
    }

    fn failed(&self, value: &R) -> bool {
        (self.failed)(value)
    }
}

impl Composition<'_, '_> {
    /// Runs an action here: it sees what was written so far, and what it writes is seen from here on. If it returns an `Err`, it has
    /// changed nothing.
    ///
    /// # Panics
    ///
    /// If its handler panics, or one of its atoms is torn; the whole composition changes nothing then, unless the panic is
    /// caught.
    pub fn run<A: Clone + 'static, R: 'static>(&mut self, action: &Action<A, R>, argument: A) -> R {
        match self.try_run(action, argument) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// [`FlushError::Cell`] if one of its atoms is torn. It has changed nothing then.
    ///
    /// # Panics
    ///
    /// If its handler panics.
    pub fn try_run<A: Clone + 'static, R: 'static>(
        &mut self,
        action: &Action<A, R>,
        argument: A,
    ) -> Result<R, FlushError> {
        let (body, site, stash) = (action.body(), self.site, &mut *self.stash);
        let ended = self.tx.transaction(|tx| match body.perform(tx, site, argument, stash) {
            Ok(value) if !body.failed(&value) => Ok(value),
            rolled_back => Err(rolled_back),
        });
        ended.or_else(|rolled_back| rolled_back)
    }

    /// The value of an atom, what was written so far included.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn get<A: Owned>(&mut self, atom: &A) -> A::Value {
        A::own(&self.read(atom))
    }

    /// The value of an atom, what was written so far included, shared.
    ///
    /// # Panics
    ///
    /// If it has none: it is torn, its derivation has failed, or no provider lists it.
    #[track_caller]
    pub fn read<A: Readable>(&mut self, atom: &A) -> A::Shared {
        AtomWriter::new(self.tx, self.site).read(atom)
    }
}

impl fmt::Debug for Composition<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composition")
            .field("actions", &self.stash.pieces.len())
            .finish_non_exhaustive()
    }
}
