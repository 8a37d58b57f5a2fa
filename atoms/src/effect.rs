//! Effects: what is to be done whenever atoms change.
//!
//! An effect runs when it is made, and after each commit that changes one of its atoms: after everything derived is up to date,
//! and before any subscriber hears of the commit. It may write, which is a commit of its own; what it has begun it can have
//! cleaned up before its next run, and when it ends.
//!
//! It is a cell that is computed from the atoms, and a callback of that cell, which comes first. Since callbacks of one cell
//! never run at the same time, neither does an effect; and since the core follows what caused a commit through callbacks, effects that
//! answer each other, or themselves, are stopped: see [`EffectError::Loop`]. The first run is the callback of a commit as well, so
//! that this holds for it.

use crate::{
    action::Action,
    atom::Atom,
    draft::FlushError,
    middleware::message_of,
    place::{At, Kept, Place, PlaceError},
    readable::{Owned, Readable, fail},
    synergy::{Atoms, BoxError, Synergy},
};
use std::{
    fmt, mem,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use trine_core::{
    CellError, CellErrorKind, CommitNumber, Derived, Event, Source, Store, SubscriptionGuard, Text,
    WeakStore, after_lease,
};

/// Undoes what a run of an effect has begun.
type Cleanup = Box<dyn FnOnce() + Send>;

impl<S: Atoms, E> Synergy<S, E> {
    /// Runs `effect` with the values of the atoms: now, and whenever one of them has changed, once per commit, before any
    /// subscriber hears of it. It ends when the guard is dropped.
    ///
    /// It runs outside every lock, never two runs at a time, on the thread that delivers the commit: the one that has written,
    /// unless another one is delivering. An error that it returns, or a panic, does not end it: it runs again at the
    /// next change; the error is told to the event feed, and [`EffectGuard::error`] has it.
    ///
    /// ```
    /// use trine_atoms::{Atom, Store, synergy};
    ///
    /// static CELSIUS: Atom<i32> = Atom::new("celsius", || 0);
    /// static ALARM: Atom<bool> = Atom::new("alarm", || false);
    ///
    /// let store = Store::new();
    /// let watchdog = synergy(&CELSIUS).effect(&store, "watchdog", |celsius, cx| {
    ///     if *celsius > 90 {
    ///         cx.set(&ALARM, true)?;
    ///     }
    ///     Ok(())
    /// });
    /// let view = CELSIUS.subscribe(&store, {
    ///     let store = store.clone();
    ///     move |celsius| assert_eq!(ALARM.get(&store), *celsius > 90) // the effect came first
    /// });
    /// CELSIUS.set(&store, 95);
    /// assert!(ALARM.get(&store));
    /// # drop((view, watchdog));
    /// ```
    ///
    /// # Panics
    ///
    /// If no provider lists one of the atoms; inside a lease of a store.
    #[track_caller]
    pub fn effect(
        &self,
        at: &impl Place,
        name: impl Into<Text>,
        effect: impl FnMut(S::Values, &mut EffectContext<'_>) -> Result<(), BoxError> + Send + 'static,
    ) -> EffectGuard {
        let (at, name) = (at.at(), name.into());
        let cells = match self.atoms.cells(at) {
            Ok(cells) => cells,
            Err(error) => fail(&error),
        };
        let begun = at.store.cell(format!("beginning of effect `{name}`")).source(false);
        let cell = at.store.cell(format!("effect `{name}`"));
        let cell =
            cell.always_different().derived(move |cx| cx.get(begun).then(|| S::values(&cells, cx)));
        let shared = Arc::new(Shared { name, state: Mutex::default() });
        let mut running =
            Running { shared: Arc::clone(&shared), place: at.keep(), effect, runs: 0 };
        let store = at.store.downgrade();
        let subscription = at.store.subscribe_first(cell, move |change| {
            let values = change.value().cloned().map_err(Clone::clone);
            if let Some(store) = store.upgrade() {
                running.run(values, change.number(), &store);
            }
        });
        let store = at.store.downgrade();
        let guard = EffectGuard {
            shared,
            store,
            cells: (begun, Derived::from_key(trine_core::Cell::key(cell))),
            subscription: Some(subscription),
        };
        at.store.set(begun, true).delivered();
        guard
    }
}

/// What an effect and its guard share.
struct Shared {
    /// For errors.
    name: Text,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether it runs no more.
    ended: bool,
    /// What is to be done before the next run, the last one first.
    cleanups: Vec<Cleanup>,
    /// Why its last run failed, if it did.
    error: Option<Arc<EffectError>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cleans up, outside the lock. All is done, whatever panics; that is reported.
    fn clean_up(&self, cleanups: Vec<Cleanup>, store: Option<&Store>) {
        for cleanup in cleanups.into_iter().rev() {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(cleanup))
                && let Some(store) = store
            {
                store.emit(|| Event::Failed {
                    what: Text::from(format!("cleanup of effect `{}`", self.name)),
                    message: message_of(&*payload),
                });
            }
        }
    }
}

/// The callback.
struct Running<F> {
    shared: Arc<Shared>,
    place: Kept,
    effect: F,
    /// How often it has run.
    runs: u64,
}

impl<F> Running<F> {
    fn run<V>(&mut self, values: Result<Option<V>, CellError>, number: CommitNumber, store: &Store)
    where
        F: FnMut(V, &mut EffectContext<'_>) -> Result<(), BoxError>,
    {
        let due = mem::take(&mut self.shared.lock().cleanups);
        self.shared.clean_up(due, Some(store));
        let mut panicked = None;
        let done = match values {
            Ok(None) => return,
            Ok(Some(values)) => {
                self.runs += 1;
                let mut cx = EffectContext {
                    at: self.place.at(store),
                    name: &self.shared.name,
                    number,
                    runs: self.runs,
                    shared: &self.shared,
                };
                let run = AssertUnwindSafe(|| (self.effect)(values, &mut cx));
                match catch_unwind(run) {
                    Ok(done) => done.map_err(EffectError::of),
                    Err(payload) => {
                        let (effect, message) = (self.shared.name.clone(), message_of(&*payload));
                        panicked = Some(payload);
                        Err(EffectError::Panicked { effect, message })
                    }
                }
            }
            Err(error) => Err(EffectError::Cell(error)),
        };
        let error = done.err().map(Arc::new);
        if let Some(error) = &error
            && panicked.is_none()
        {
            store.emit(|| Event::Failed {
                what: Text::from(format!("effect `{}`", self.shared.name)),
                message: Text::from(error.to_string()),
            });
        }
        let mut state = self.shared.lock();
        let replaced = mem::replace(&mut state.error, error);
        // Ended meanwhile: nobody else will clean up.
        let cleanups = if state.ended { mem::take(&mut state.cleanups) } else { Vec::new() };
        drop(state);
        drop(replaced);
        self.shared.clean_up(cleanups, Some(store));
        if let Some(payload) = panicked {
            // Reported like that of any callback.
            resume_unwind(payload);
        }
    }
}

/// What an effect is given besides the values: reads that it does not depend on, and writes.
pub struct EffectContext<'e> {
    at: At<'e>,
    name: &'e Text,
    number: CommitNumber,
    runs: u64,
    shared: &'e Shared,
}

impl EffectContext<'_> {
    /// Which run of the effect this is, counted from 1.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// The commit that it runs after.
    #[must_use]
    pub fn number(&self) -> CommitNumber {
        self.number
    }

    /// The value of an atom that the effect does not depend on.
    ///
    /// # Panics
    ///
    /// If it has none; see [`Atom::read`].
    #[track_caller]
    pub fn peek<A: Owned + Readable>(&self, atom: &A) -> A::Value {
        let cell = atom.cell_at(self.at).unwrap_or_else(|error| fail(&error));
        A::own(&self.at.store.get(cell))
    }

    /// Writes an atom, in a commit of its own: its effects run and its subscribers are told after those of the commit that
    /// this effect runs after.
    ///
    /// # Errors
    ///
    /// [`EffectError::Loop`] if effects and callbacks answer each other's writes without end; if no provider lists the atom.
    #[track_caller]
    pub fn set<T: Clone + Send + Sync + 'static>(
        &mut self,
        atom: &Atom<T>,
        value: T,
    ) -> Result<(), EffectError> {
        let cell = atom.cell_at(self.at)?;
        let done = self.at.store.try_set(cell, Arc::new(value));
        done.map(drop_copy).map_err(|error| self.refused(error))
    }

    /// Updates an atom; see [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set); if the atom is torn.
    ///
    /// # Panics
    ///
    /// If `update` panics.
    #[track_caller]
    pub fn update<T: Clone + Send + Sync + 'static>(
        &mut self,
        atom: &Atom<T>,
        update: impl FnOnce(&mut T),
    ) -> Result<(), EffectError> {
        let cell = atom.cell_at(self.at)?;
        let done = self.at.store.try_update(cell, |value| update(Arc::make_mut(value)));
        done.map(drop_copy).map_err(|error| self.refused(error))
    }

    /// Runs a sync action in the place of the effect.
    ///
    /// # Errors
    ///
    /// As [`Action::try_run`]; [`EffectError::Loop`] as [`set`](Self::set).
    #[track_caller]
    pub fn run<A: Clone + 'static, R: 'static>(
        &mut self,
        action: &Action<A, R>,
        argument: A,
    ) -> Result<R, EffectError> {
        match action.run_from(self.at, argument, Location::caller()) {
            Ok(value) => Ok(value),
            Err(FlushError::Cell(error)) => Err(self.refused(error)),
            Err(FlushError::Place(error)) => Err(EffectError::Place(error)),
            Err(error) => Err(EffectError::Failed(error.into())),
        }
    }

    /// Has something done before the effect runs next, and when it ends; the last one that was said first. If it panics, the
    /// event feed is told, and the others are done all the same.
    pub fn on_cleanup(&mut self, cleanup: impl FnOnce() + Send + 'static) {
        self.shared.lock().cleanups.push(Box::new(cleanup));
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.at.store
    }

    fn refused(&self, error: CellError) -> EffectError {
        match error.kind() {
            CellErrorKind::CausalLoop { cells, limit, .. } => EffectError::Loop {
                effect: self.name.clone(),
                atoms: {
                    let mut atoms: Vec<Text> = Vec::new();
                    for cell in cells {
                        let name = Text::from(cell.to_string());
                        if !atoms.contains(&name) {
                            atoms.push(name);
                        }
                    }
                    atoms
                },
                limit: *limit,
            },
            _ => EffectError::Cell(error),
        }
    }
}

fn drop_copy<T: Copy>(_: T) {}

impl fmt::Debug for EffectContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EffectContext")
            .field("name", self.name)
            .field("runs", &self.runs)
            .finish_non_exhaustive()
    }
}

/// Why a run of an effect failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EffectError {
    /// Effects and callbacks answer each other's writes without end: the write that was one too many was refused.
    #[error(
        "effect `{effect}` and others answer each other's writes without end, more than {limit} commits deep, on {}: \
         let one of them stop when nothing is left to change",
        atoms.join(", ")
    )]
    Loop {
        /// The effect that made the write.
        effect: Text,
        /// The atoms that were written along the way, the last one first.
        atoms: Vec<Text>,
        /// How deep it may go.
        limit: u32,
    },
    /// One of the atoms cannot be read or written.
    #[error(transparent)]
    Cell(#[from] CellError),
    /// One of the atoms has no value in the place of the effect.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The effect returned this error.
    #[error(transparent)]
    Failed(BoxError),
    /// The effect panicked. It runs again at the next change.
    #[error("effect `{effect}` panicked: {message}")]
    Panicked {
        /// The effect.
        effect: Text,
        /// The panic's message.
        message: Text,
    },
}

impl EffectError {
    /// What an effect returned: one of these, or an error of its own.
    fn of(error: BoxError) -> Self {
        match error.downcast() {
            Ok(own) => *own,
            Err(other) => Self::Failed(other),
        }
    }
}

/// Keeps an effect going. Dropping it ends the effect and cleans up after it; a run that is under way on another thread comes to
/// its end, and is cleaned up after then.
#[must_use = "the effect ends when this is dropped; `detach` lets it go on for as long as there is the store"]
pub struct EffectGuard {
    shared: Arc<Shared>,
    store: WeakStore,
    /// The cells that it is made of.
    cells: (Source<bool>, Derived<()>),
    subscription: Option<SubscriptionGuard>,
}

impl EffectGuard {
    /// Lets the effect go on for as long as there is the store.
    pub fn detach(mut self) {
        if let Some(subscription) = self.subscription.take() {
            subscription.detach();
        }
    }

    /// Why its last run failed, if it did.
    #[must_use]
    pub fn error(&self) -> Option<Arc<EffectError>> {
        self.shared.lock().error.clone()
    }
}

impl Drop for EffectGuard {
    fn drop(&mut self) {
        let Some(subscription) = self.subscription.take() else { return };
        drop(subscription);
        let (shared, store, cells) = (Arc::clone(&self.shared), self.store.clone(), self.cells);
        after_lease(move || {
            let mut state = shared.lock();
            state.ended = true;
            let cleanups = mem::take(&mut state.cleanups);
            drop(state);
            let store = store.upgrade();
            if let Some(store) = &store {
                let (begun, cell) = cells;
                let _ = (store.remove(cell), store.remove(begun));
            }
            shared.clean_up(cleanups, store.as_ref());
        });
    }
}

impl fmt::Debug for EffectGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EffectGuard").field(&self.shared.name).finish()
    }
}
