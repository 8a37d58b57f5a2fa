//! Undo and redo, over several atoms, one action at a time.
//!
//! A history watches its atoms and keeps a snapshot of all of them for each step: values are shared, so a snapshot is a
//! reference count per atom. A step is what one call of an action has changed: all commits of one run that follow each other are
//! one step, so an action that has shown its progress is undone as a whole, and one that has failed and taken all of that back is
//! no step. A write without an action is a step of its own.
//!
//! It is told of commits like any subscriber, and so may be behind. To undo, it waits for those that another thread is
//! delivering. In a callback there is nothing to wait for: then it takes in what is there as one step, inside the lease, and leaves
//! out what it is told later of the commits up to its own.

use crate::{
    place::Place,
    synergy::{Atoms, BoxError, Synergy},
};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use trine_core::{
    CellError, CommitNumber, Derived, ReadOnly, RunId, Source, SubscriptionGuard, Transaction,
    WeakStore, after_lease,
};

/// The past of some atoms, one action at a time: made by [`Synergy::history`].
///
/// ```
/// use trine_atoms::{Atom, Store, synergy};
///
/// static ITEMS: Atom<Vec<String>> = Atom::new("items", Vec::new);
/// static INPUT: Atom<String> = Atom::new("input", String::new);
///
/// let add = synergy((&ITEMS, &INPUT)).action(|(mut items, mut input), ()| {
///     items.push(std::mem::take(&mut *input));
/// });
///
/// let store = Store::new();
/// INPUT.set(&store, "milk".to_owned());
/// let history = synergy((&ITEMS, &INPUT)).history(&store);
/// add.run(&store, ());
/// assert!(history.undo().unwrap()); // both atoms, in one commit
/// assert_eq!((ITEMS.get(&store).len(), INPUT.get(&store).as_str()), (0, "milk"));
/// assert!(history.redo().unwrap());
/// assert_eq!(ITEMS.get(&store), ["milk"]);
/// assert!(!history.redo().unwrap()); // nothing is left
/// ```
///
/// It remembers for as long as there is a handle to it, and never holds the store.
pub struct History<S: Atoms> {
    shared: Arc<Shared<S>>,
}

/// How far a history goes back, and forth: for the buttons of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistoryDepth {
    /// How many steps can be undone.
    pub undo: usize,
    /// How many steps that were undone can be done again.
    pub redo: usize,
}

struct Shared<S: Atoms> {
    store: WeakStore,
    /// The atoms' cells.
    cells: S::Cells,
    /// What is told when one of them changes.
    observed: Derived<S::Values>,
    /// For views.
    depth: Source<HistoryDepth>,
    steps: Mutex<Steps<S::Values>>,
    /// Set once, when everything else is there.
    subscription: Mutex<Option<SubscriptionGuard>>,
}

/// How often it is waited for what others deliver.
const ROUNDS: u32 = 100;

/// What is remembered. No user code runs under its lock; what is forgotten is dropped outside.
struct Steps<V> {
    /// What the atoms were before each step, the last one last.
    past: VecDeque<Step<V>>,
    /// What they were before each undoing.
    future: Vec<Step<V>>,
    /// What they are, as far as is known.
    present: V,
    /// The number of the last commit that is taken in whether it was told or not.
    settled: u64,
    /// How many steps are remembered.
    limit: usize,
}

/// A step.
struct Step<V> {
    /// What the atoms were on its other side.
    values: V,
    /// The run that made it.
    run: Option<RunId>,
}

impl<S: Atoms, E> Synergy<S, E> {
    /// Remembers from now on what actions and others do to the atoms in a place, to undo it. Derived atoms in the synergy
    /// follow by themselves.
    ///
    /// # Panics
    ///
    /// If one of the atoms has no value: no provider lists it, it is torn. Inside a lease of a store.
    #[track_caller]
    pub fn history(&self, at: &impl Place) -> History<S> {
        let store = at.store();
        let cells = self.cells(at);
        let watched = cells.clone();
        let observed = store.cell(format!("history of {}", self.describe()));
        let observed = observed.always_different().derived(move |cx| S::values(&watched, cx));
        let depth = store.cell("depth of a history").source(HistoryDepth::default());
        let shared = Arc::new_cyclic(|this: &Weak<Shared<S>>| {
            let this = this.clone();
            let subscription = store.subscribe_first(observed, move |change| {
                if let (Some(shared), Ok(values)) = (this.upgrade(), change.value()) {
                    shared.told(values, change.number(), change.cause().run);
                }
            });
            // Subscribed already, so nothing is missed; what comes twice is known again.
            let present = store.get(observed);
            let steps = Steps {
                past: VecDeque::new(),
                future: Vec::new(),
                present,
                settled: 0,
                limit: usize::MAX,
            };
            Shared {
                store: store.downgrade(),
                cells,
                observed,
                depth,
                steps: Mutex::new(steps),
                subscription: Mutex::new(Some(subscription)),
            }
        });
        History { shared }
    }
}

impl<S: Atoms> History<S> {
    /// Remembers at most so many steps; older ones are forgotten. All, if nothing is said.
    #[must_use]
    pub fn limit(self, steps: usize) -> Self {
        let mut known = self.shared.lock();
        known.limit = steps;
        let forgotten = known.forget();
        drop(known);
        drop(forgotten);
        self
    }

    /// Puts back what the atoms were before the last step, in one commit; returns whether there was one.
    ///
    /// Actions that are under way notice like any other write: what they have read, modified and written meanwhile is a
    /// [`Conflict`](crate::Conflict).
    ///
    /// # Errors
    ///
    /// If the store is gone, or one of the atoms. Inside a lease.
    pub fn undo(&self) -> Result<bool, BoxError> {
        self.shared.travel(|steps| steps.past.pop_back(), |steps, step| steps.future.push(step))
    }

    /// Does again what was undone last; returns whether there was anything. A change in between has made that impossible.
    ///
    /// # Errors
    ///
    /// As [`undo`](Self::undo).
    pub fn redo(&self) -> Result<bool, BoxError> {
        self.shared.travel(|steps| steps.future.pop(), |steps, step| steps.past.push_back(step))
    }

    /// How many steps there are to undo and to redo, as a cell.
    #[must_use]
    pub fn depth(&self) -> ReadOnly<HistoryDepth> {
        self.shared.depth.read_only()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut steps = self.shared.lock();
        let forgotten = (std::mem::take(&mut steps.past), std::mem::take(&mut steps.future));
        drop(steps);
        drop(forgotten);
        self.shared.show();
    }
}

impl<V> Steps<V> {
    /// What is beyond the limit, to be dropped.
    fn forget(&mut self) -> Vec<Step<V>> {
        let beyond = self.past.len().saturating_sub(self.limit);
        self.past.drain(..beyond).collect()
    }

    fn depth(&self) -> HistoryDepth {
        HistoryDepth { undo: self.past.len(), redo: self.future.len() }
    }
}

impl<V: Clone> Steps<V> {
    /// A step was made; returns what is forgotten.
    fn record(
        &mut self,
        values: V,
        run: Option<RunId>,
        is_same: fn(&V, &V) -> bool,
    ) -> Vec<Step<V>> {
        let mut forgotten: Vec<_> = self.future.drain(..).collect();
        let before = std::mem::replace(&mut self.present, values);
        let same_run = run.is_some() && self.past.back().is_some_and(|last| last.run == run);
        if same_run && forgotten.is_empty() {
            // The run's first commit is where it is undone to.
            forgotten.push(Step { values: before, run });
            if self.past.back().is_some_and(|last| is_same(&last.values, &self.present)) {
                // One that has failed, and has taken back what it had shown, is no step.
                forgotten.extend(self.past.pop_back());
            }
        } else {
            self.past.push_back(Step { values: before, run });
        }
        forgotten.extend(self.forget());
        forgotten
    }
}

impl<S: Atoms> Shared<S> {
    /// A commit was told.
    fn told(&self, values: &S::Values, number: CommitNumber, run: Option<RunId>) {
        let mut steps = self.lock();
        // Taken in already, a change of a derived atom, or one of its own.
        if number.get() <= steps.settled || S::is_same(&steps.present, values) {
            return;
        }
        let forgotten = steps.record(values.clone(), run, S::is_same);
        drop(steps);
        drop(forgotten);
        self.show();
    }

    /// Takes a step from one side, and leaves the way back on the other.
    fn travel(
        &self,
        take: impl Fn(&mut Steps<S::Values>) -> Option<Step<S::Values>>,
        leave: impl Fn(&mut Steps<S::Values>, Step<S::Values>),
    ) -> Result<bool, BoxError> {
        let store = self.store.upgrade().ok_or("the store of the history is gone")?;
        for round in 0..ROUNDS {
            store.delivered();
            // Out here, so that what it holds in the end is dropped outside the lease.
            let mut forgotten = Vec::new();
            let done = store.transaction_with_commit(|tx| {
                self.step(tx, round + 1 == ROUNDS, &take, &leave, &mut forgotten)
            });
            let done = match done {
                Ok((Some(done), commit)) => {
                    let number = commit.number().unwrap_or_else(|| store.last_commit());
                    let mut steps = self.lock();
                    steps.settled = steps.settled.max(number.get());
                    Ok(done)
                }
                Ok((None, _)) => continue,
                Err(error) => Err(error.into()),
            };
            drop(forgotten);
            self.show();
            return done;
        }
        unreachable!("in the last round, what is there is taken in");
    }

    /// Takes one step, inside the lease; `None` if something else is to be told first.
    fn step(
        &self,
        tx: &mut Transaction<'_>,
        take_in: bool,
        take: impl Fn(&mut Steps<S::Values>) -> Option<Step<S::Values>>,
        leave: impl Fn(&mut Steps<S::Values>, Step<S::Values>),
        forgotten: &mut Vec<Step<S::Values>>,
    ) -> Result<Option<bool>, CellError> {
        let now = tx.try_get(self.observed)?;
        let mut steps = self.lock();
        if !S::is_same(&steps.present, &now) {
            if !take_in {
                return Ok(None);
            }
            forgotten.extend(steps.record(now.clone(), None, S::is_same));
        }
        let Some(step) = take(&mut steps) else { return Ok(Some(false)) };
        drop(steps);
        // Comparisons of the atoms are user code: not under the lock.
        S::put(&self.cells, &step.values, tx);
        // What is equal was left as it was.
        let there = tx.try_get(self.observed)?;
        let mut steps = self.lock();
        forgotten.push(Step { values: std::mem::replace(&mut steps.present, there), run: None });
        leave(&mut steps, Step { values: now, run: None });
        drop(steps);
        forgotten.push(step);
        Ok(Some(true))
    }

    /// Tells views how far it goes.
    fn show(&self) {
        if let Some(store) = self.store.upgrade() {
            let depth = self.lock().depth();
            // The store may be removing it.
            let _ = store.try_set(self.depth, depth);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Steps<S::Values>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Atoms> Drop for Shared<S> {
    fn drop(&mut self) {
        let subscription =
            self.subscription.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        drop(subscription);
        let (store, observed, depth) = (self.store.clone(), self.observed, self.depth);
        after_lease(move || {
            if let Some(store) = store.upgrade() {
                let _ = (store.remove(observed), store.remove(depth));
            }
        });
    }
}

impl<S: Atoms> Clone for History<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S: Atoms> fmt::Debug for History<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("History").field(&self.shared.lock().depth()).finish()
    }
}
