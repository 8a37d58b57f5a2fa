//! Actions: what changes the atoms of a synergy.

mod asynchronous;
mod error;
mod run;

pub use asynchronous::AsyncAction;
pub use error::ActionError;
pub use run::{ActionRun, ActionRunFuture};

use crate::{
    draft::{Desk, Opening},
    place::{At, Place},
    readable::fail,
    synergy::{Atoms, Synergy},
};
use std::{convert::Infallible, fmt, sync::Arc};

/// A sync action: it changes several atoms in one transaction.
///
/// Made by [`Synergy::action`] or [`Synergy::try_action`]; cheap to clone, and can be a field of a struct or a
/// static (in a `LazyLock`).
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
    /// Runs the handler in a transaction.
    run: Arc<Handler<A, R>>,
    /// The atoms' names.
    atoms: Arc<str>,
}

/// Runs a handler in a transaction of a store.
type Handler<A, R> = dyn Fn(At<'_>, A) -> R + Send + Sync;

impl<S: Atoms, E> Synergy<S, E> {
    /// Makes a sync action. `handler` gets a draft for each atom, and the argument of [`Action::run`].
    ///
    /// It runs inside the lease: it must be pure, and must not use the store. A panic in it changes nothing.
    pub fn action<A: 'static, R: 'static>(
        &self,
        handler: impl Fn(S::Edits, A) -> R + Send + Sync + 'static,
    ) -> Action<A, R> {
        let atoms = self.atoms.clone();
        self.describe_action(move |at, argument| {
            let done = run(&atoms, at, |edits| Ok::<_, Infallible>(handler(edits, argument)));
            let Ok(value) = done;
            value
        })
    }

    /// Makes a sync action that can fail: an `Err` changes nothing.
    ///
    /// It runs inside the lease: it must be pure, and must not use the store. A panic in it changes nothing either.
    pub fn try_action<A: 'static, R: 'static, F: 'static>(
        &self,
        handler: impl Fn(S::Edits, A) -> Result<R, F> + Send + Sync + 'static,
    ) -> Action<A, Result<R, F>> {
        let atoms = self.atoms.clone();
        self.describe_action(move |at, argument| run(&atoms, at, |edits| handler(edits, argument)))
    }

    fn describe_action<A, R>(
        &self,
        run: impl Fn(At<'_>, A) -> R + Send + Sync + 'static,
    ) -> Action<A, R> {
        Action { run: Arc::new(run), atoms: self.describe().into() }
    }
}

/// Runs a sync handler in a transaction.
#[track_caller]
fn run<S: Atoms, R, F>(
    atoms: &S,
    at: At<'_>,
    handler: impl FnOnce(S::Edits) -> Result<R, F>,
) -> Result<R, F> {
    let store = at.store;
    let cells = atoms.cells(at).unwrap_or_else(|error| fail(&error));
    // Made here, so that what it holds in the end is dropped outside the lease.
    let desk = Arc::new(Desk::new(store, None));
    store.transaction(|tx| {
        let mut opening = Opening { tx: &mut *tx, desk: Arc::clone(&desk) };
        let value = handler(atoms.edits(&cells, &mut opening))?;
        if let Some(atom) = desk.escaped() {
            panic!("the draft of `{atom}` was moved out of its handler: its changes would be lost");
        }
        // The lease is held since the drafts were opened, so nobody else has written.
        desk.write(tx).unwrap_or_else(|error| panic!("{error}"));
        Ok(value)
    })
}

impl<A, R> Action<A, R> {
    /// Runs the action: its changes are committed, and their subscribers told, before this returns.
    ///
    /// # Panics
    ///
    /// If the handler panics, or moves a draft elsewhere; nothing is changed then. If no provider lists one of the atoms.
    /// Inside a lease of a store.
    pub fn run(&self, at: &impl Place, argument: A) -> R {
        (self.run)(at.at(), argument)
    }
}

impl<A, R> Clone for Action<A, R> {
    fn clone(&self) -> Self {
        Self { run: Arc::clone(&self.run), atoms: Arc::clone(&self.atoms) }
    }
}

impl<A, R> fmt::Debug for Action<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action").field("atoms", &self.atoms).finish_non_exhaustive()
    }
}
