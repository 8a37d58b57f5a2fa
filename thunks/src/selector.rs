//! Selectors with a parameter: one cell for each argument that they are asked for.

use crate::{
    key::SliceKey,
    store::{Store, unwrap},
};
use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::{Cell, CellKey, Derived, WeakStore, after_lease};

/// Counts a run.
pub(crate) type Counter = Box<dyn Fn() + Send>;
/// Makes the cell of an argument.
type Make<A, R> = dyn Fn(&trine_core::Store, &A, &dyn Fn() -> Counter) -> Derived<R> + Send + Sync;
/// Takes leave of the cell of an argument.
type Forget<A> = dyn Fn(&A, CellKey) + Send + Sync;

/// A selector with a parameter: for each argument a derived cell, computed when it is read or has subscribers, and again
/// only when what it has read is different. Made by [`Store::selector`] and
/// [`Store::entity_selector`](crate::Store::entity_selector).
///
/// It remembers the cells by argument, so that the same argument is the same cell. Its cells are removed with it: keep it
/// as long as they are used. It does not keep the store alive.
#[must_use = "the cells of a selector are removed when it is dropped"]
pub struct Selector<A: 'static, R: Send + 'static> {
    /// The store.
    core: WeakStore,
    /// Makes a cell.
    make: Box<Make<A, R>>,
    /// Takes leave of one.
    forget: Box<Forget<A>>,
    /// The cells. Touched inside the lease only, since arguments are compared by user code.
    cells: Mutex<HashMap<A, Derived<R>>>,
    /// How often any of them was computed. Relaxed: a count.
    runs: Arc<AtomicU64>,
}

impl<X: Send + Sync + 'static> Store<X> {
    /// Makes a selector with a parameter.
    ///
    /// `select` runs inside the lease and must be pure.
    ///
    /// ```
    /// # use trine_thunks::{Action, SliceKey, Store, action};
    /// # struct Joined(&'static str);
    /// # impl Action for Joined {}
    /// static NAMES: SliceKey<Vec<&str>> = SliceKey::new("names");
    /// let names = NAMES.slice(Vec::new).on(action::<Joined>(), |names, joined| names.push(joined.0));
    /// let store = Store::builder().slice(names).build()?;
    ///
    /// let longer_than = store.selector(&NAMES, |names, length: &usize| {
    ///     names.iter().filter(|name| name.len() > *length).count()
    /// });
    /// store.dispatch(Joined("Ada"));
    /// store.dispatch(Joined("Grace"));
    /// assert_eq!(store.get(longer_than.at(&2)), 2);
    /// assert_eq!(store.get(longer_than.at(&3)), 1);
    /// assert_eq!(store.get(longer_than.at(&3)), 1);
    /// assert_eq!(longer_than.recomputations(), 2);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the store has no such slice.
    #[track_caller]
    pub fn selector<S, A, R>(
        &self,
        key: &SliceKey<S>,
        select: impl Fn(&S, &A) -> R + Send + Sync + 'static,
    ) -> Selector<A, R>
    where
        S: Send + 'static,
        A: Clone + Hash + Eq + Send + Sync + 'static,
        R: PartialEq + Send + 'static,
    {
        let cell = unwrap(self.find(key));
        let select = Arc::new(select);
        let make = move |core: &trine_core::Store, arg: &A, count: &dyn Fn() -> Counter| {
            let (select, arg, count) = (Arc::clone(&select), arg.clone(), count());
            core.derived(move |cx| {
                count();
                cx.with(cell, |state| select(state, &arg))
            })
        };
        Selector::new(self.core(), make, |_, _| ())
    }
}

impl<A, R> Selector<A, R>
where
    A: Clone + Hash + Eq + Send + Sync + 'static,
    R: Send + 'static,
{
    pub(crate) fn new(
        core: &trine_core::Store,
        make: impl Fn(&trine_core::Store, &A, &dyn Fn() -> Counter) -> Derived<R>
        + Send
        + Sync
        + 'static,
        forget: impl Fn(&A, CellKey) + Send + Sync + 'static,
    ) -> Self {
        Self {
            core: core.downgrade(),
            make: Box::new(make),
            forget: Box::new(forget),
            cells: Mutex::new(HashMap::new()),
            runs: Arc::default(),
        }
    }

    /// The cell of an argument. It is made when it is first asked for.
    ///
    /// # Panics
    ///
    /// If the store is gone; inside a lease.
    #[track_caller]
    pub fn at(&self, arg: &A) -> Derived<R> {
        let core = self.core.upgrade().expect("the store of a selector is there");
        let (found, _) = core.updates(|_| self.cells().get(arg).copied());
        if let Some(cell) = found {
            return cell;
        }
        let count = || -> Counter {
            let runs = Arc::clone(&self.runs);
            Box::new(move || {
                runs.fetch_add(1, Ordering::Relaxed);
            })
        };
        let made = (self.make)(&core, arg, &count);
        let (cell, _) = core.updates(|_| *self.cells().entry(arg.clone()).or_insert(made));
        if cell != made {
            // Somebody else was faster.
            core.updates(|_| (self.forget)(arg, made.key()));
            let _ = core.remove(made);
        }
        cell
    }

    /// Removes the cell of an argument; whether there was one. Who still has a handle to it finds it
    /// [disposed](trine_core::CellErrorKind::Disposed).
    ///
    /// # Panics
    ///
    /// Inside a lease.
    #[track_caller]
    pub fn forget(&self, arg: &A) -> bool {
        let Some(core) = self.core.upgrade() else { return false };
        let (removed, _) = core.updates(|_| {
            let removed = self.cells().remove(arg);
            if let Some(cell) = removed {
                (self.forget)(arg, cell.key());
            }
            removed
        });
        removed.is_some_and(|cell| core.remove(cell).is_ok())
    }

    /// How often any of its cells was computed.
    #[must_use]
    pub fn recomputations(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// How many cells it has made and not removed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells().len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<A, R: Send + 'static> Selector<A, R> {
    fn cells(&self) -> MutexGuard<'_, HashMap<A, Derived<R>>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A, R: Send + 'static> Drop for Selector<A, R> {
    fn drop(&mut self) {
        let cells = std::mem::take(self.cells.get_mut().unwrap_or_else(PoisonError::into_inner));
        let core = self.core.clone();
        after_lease(move || {
            // Those who follow entities notice that the cells are gone.
            if let Some(core) = core.upgrade() {
                for cell in cells.values() {
                    let _ = core.remove(*cell);
                }
            }
            drop(cells);
        });
    }
}

impl<A, R: Send + 'static> fmt::Debug for Selector<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selector")
            .field("cells", &self.cells().len())
            .field("recomputations", &self.runs)
            .finish_non_exhaustive()
    }
}
