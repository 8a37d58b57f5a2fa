//! Sync actions: one transaction, no executor.
//!
//! A call opens the atoms, runs the handler and writes what has changed, all in one lease. What can fail, the handler and the
//! atoms' comparisons, comes before the first write, so nothing has to be undone and no old value copied.
//!
//! With middleware, which must not run inside the lease, a call is three steps: the handler, on the inside of a transaction that
//! is rolled back; the middleware; and the writes, if the atoms are still what the handler was given. If they are not, the
//! handler runs again.

use super::{composed::Stash, home::Home};
use crate::{
    draft::{Caller, FlushError, Pieces, for_each},
    memo::Memo,
    middleware::{Chain, Flush, FlushKind, Hooks, ROUNDS},
    place::{At, Place, Site},
    synergy::{Atoms, Synergy},
    table::Maker,
};
use std::{convert::Infallible, fmt, panic::Location, sync::Arc};
use trine_core::{Text, Transaction};

/// A sync action: it changes several atoms in one transaction.
///
/// Made by [`Synergy::action`], [`Synergy::try_action`] or [`Action::compose`]; cheap to clone, and can be a field of a
/// struct or a static (in a `LazyLock`).
///
/// ```
/// use trine_atoms::{Action, Atom, Store, synergy};
///
/// static ITEMS: Atom<Vec<String>> = Atom::new("items", Vec::new);
/// static INPUT: Atom<String> = Atom::new("input", String::new);
///
/// let add: Action<()> = synergy((&ITEMS, &INPUT)).action(|(mut items, mut input), ()| {
///     items.push(std::mem::take(&mut *input));
/// });
///
/// let store = Store::new();
/// INPUT.set(&store, "milk".to_owned());
/// add.run(&store, ()); // one commit: nobody sees the item added and the input still there
/// assert_eq!(ITEMS.get(&store), ["milk"]);
/// assert_eq!(INPUT.get(&store), "");
/// ```
pub struct Action<A, R = ()> {
    /// What it does.
    body: Arc<dyn Performs<A, R>>,
    /// For errors, events and middleware.
    name: Text,
}

/// What a sync action does.
pub(super) trait Performs<A, R>: Send + Sync {
    /// A call without middleware.
    fn run(&self, home: Home<'_>, argument: A, caller: Caller) -> Result<R, FlushError>;

    /// A part of a transaction. What it has written and what it returns are to be dropped when that is over.
    fn perform(
        &self,
        tx: &mut Transaction<'_>,
        site: &Arc<Site>,
        argument: A,
        stash: &mut Stash,
    ) -> Result<R, FlushError>;

    /// Whether what it returned is an error, so that it has changed nothing.
    fn failed(&self, value: &R) -> bool;
}

/// A handler over drafts.
struct OverDrafts<S: Atoms, H, R> {
    atoms: S,
    handler: H,
    /// Whether what the handler returned is an error.
    failed: fn(&R) -> bool,
}

impl<S: Atoms, E> Synergy<S, E> {
    /// Makes a sync action. `handler` gets a draft for each atom, and the argument of [`Action::run`].
    ///
    /// It runs inside the lease: it must be pure, and must not use the store. A panic in it changes nothing. It is called
    /// once for each call of the action, unless there is [middleware](crate::middleware()) and others write meanwhile: that is
    /// what the argument is `Clone` for. One that is not goes into an `Arc`.
    pub fn action<A, R>(
        &self,
        handler: impl Fn(S::Edits<'_>, A) -> R + Send + Sync + 'static,
    ) -> Action<A, R>
    where
        A: Clone + 'static,
        R: 'static,
    {
        self.make_action(handler, |_| false)
    }

    /// Makes a sync action that can fail: an `Err` changes nothing. Otherwise as [`action`](Self::action).
    pub fn try_action<A, R, F>(
        &self,
        handler: impl Fn(S::Edits<'_>, A) -> Result<R, F> + Send + Sync + 'static,
    ) -> Action<A, Result<R, F>>
    where
        A: Clone + 'static,
        R: 'static,
        F: 'static,
    {
        self.make_action(handler, Result::is_err)
    }

    fn make_action<A, R>(
        &self,
        handler: impl Fn(S::Edits<'_>, A) -> R + Send + Sync + 'static,
        failed: fn(&R) -> bool,
    ) -> Action<A, R>
    where
        A: Clone + 'static,
        R: 'static,
    {
        let atoms = self.atoms.clone();
        let name = Text::from(format!("action on {}", self.describe()));
        Action { body: Arc::new(OverDrafts { atoms, handler, failed }), name }
    }
}

impl<S, H, A, R> Performs<A, R> for OverDrafts<S, H, R>
where
    S: Atoms,
    H: for<'a> Fn(S::Edits<'a>, A) -> R + Send + Sync,
    A: 'static,
    R: 'static,
{
    fn run(&self, home: Home<'_>, argument: A, caller: Caller) -> Result<R, FlushError> {
        let cells = home.with_place(|at| Ok(self.atoms.cells(at)?))?;
        // Out here, so that what it holds in the end is dropped outside the lease.
        let mut pieces = None;
        home.updates(&mut None, |up| {
            let pieces = pieces.insert(self.atoms.open(&cells, up)?);
            up.called_at(caller);
            let value = (self.handler)(S::edits(pieces), argument);
            if !(self.failed)(&value) {
                for_each(pieces, |piece| piece.prepare_unchallenged());
                pieces.each(&mut |piece| piece.write_away(up))?;
            }
            Ok(value)
        })
    }

    fn perform(
        &self,
        tx: &mut Transaction<'_>,
        site: &Arc<Site>,
        argument: A,
        stash: &mut Stash,
    ) -> Result<R, FlushError> {
        let mut maker = Maker::Transaction(tx);
        let cells = self.atoms.cells_in(site, &mut maker, &mut Memo::default())?;
        let pieces = stash.keep(self.atoms.open(&cells, tx)?);
        let value = (self.handler)(S::edits(pieces), argument);
        if !(self.failed)(&value) {
            for_each(pieces, |piece| piece.prepare_unchallenged());
            pieces.each(&mut |piece| piece.write_in(tx))?;
        }
        Ok(value)
    }

    fn failed(&self, value: &R) -> bool {
        (self.failed)(value)
    }
}

impl<A: Clone + 'static, R: 'static> Action<A, R> {
    pub(super) fn new(body: Arc<dyn Performs<A, R>>, name: Text) -> Self {
        Self { body, name }
    }

    /// Gives the action a name, for events and middleware.
    #[must_use]
    pub fn named(mut self, name: impl Into<Text>) -> Self {
        self.name = name.into();
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Runs the action: its changes are committed, and their subscribers told, before this returns.
    ///
    /// # Panics
    ///
    /// If the handler panics; if middleware refuses. Nothing is changed then. Inside a lease of a store, as in the handler of
    /// another sync action: see [`compose`](Self::compose). If no provider lists one of the atoms.
    #[track_caller]
    pub fn run(&self, at: &impl Place, argument: A) -> R {
        match self.run_at(Home::Place(at.at()), argument, Location::caller()) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`run`](Self::run), for stores with middleware, and for code that may be running inside a lease.
    ///
    /// # Errors
    ///
    /// [`FlushError::Vetoed`] if middleware refuses; [`FlushError::Cell`] if one of the atoms is torn, inside a lease, and
    /// if callbacks answer each other's writes without end; [`FlushError::Place`] if no provider lists one of the atoms. Nothing
    /// is changed then.
    ///
    /// # Panics
    ///
    /// If the handler panics.
    #[track_caller]
    pub fn try_run(&self, at: &impl Place, argument: A) -> Result<R, FlushError> {
        self.run_at(Home::Place(at.at()), argument, Location::caller())
    }

    /// A call in a place.
    pub(crate) fn run_from(
        &self,
        at: At<'_>,
        argument: A,
        caller: Caller,
    ) -> Result<R, FlushError> {
        self.run_at(Home::Place(at), argument, caller)
    }

    pub(super) fn run_at(
        &self,
        home: Home<'_>,
        argument: A,
        caller: Caller,
    ) -> Result<R, FlushError> {
        match home.with_place(|at| Ok(Hooks::chain(at)))? {
            None => self.body.run(home, argument, caller),
            Some(chain) => {
                let site = home.with_place(|at| Ok(at.site()))?;
                self.run_watched(home, &site, &argument, caller, &chain)
            }
        }
    }

    /// A call with middleware.
    fn run_watched(
        &self,
        home: Home<'_>,
        site: &Arc<Site>,
        argument: &A,
        caller: Caller,
        chain: &Chain,
    ) -> Result<R, FlushError> {
        for _ in 0..ROUNDS {
            let (argument, mut stash) = (argument.clone(), Stash::default());
            // Rolled back: an error, whatever it comes to.
            let tried = home.transaction(|tx| {
                Err::<Infallible, _>(self.body.perform(tx, site, argument, &mut stash))
            })?;
            let Err(value) = tried;
            let value = value?;
            if self.body.failed(&value) {
                return Ok(value);
            }
            let mut flush = Flush::new(self.name.clone(), home.run(), FlushKind::Sync, caller);
            stash.show(&mut flush);
            flush.tidy();
            chain.judge(&mut flush)?;
            flush.tidy();
            let mut number = None;
            if home.updates(&mut number, |up| stash.write(up, &flush, caller))? {
                chain.committed(&flush, number);
                return Ok(value);
            }
        }
        Err(FlushError::Unsettled { atoms: self.name.clone(), rounds: ROUNDS })
    }

    pub(super) fn body(&self) -> &dyn Performs<A, R> {
        &*self.body
    }
}

impl<A, R> Clone for Action<A, R> {
    fn clone(&self) -> Self {
        Self { body: Arc::clone(&self.body), name: self.name.clone() }
    }
}

impl<A, R> fmt::Debug for Action<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Action").field(&self.name).finish()
    }
}
