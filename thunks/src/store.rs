//! The store: slices, and what is dispatched to them.

mod build;

pub use build::StoreBuilder;

use crate::{
    dispatch::Dispatch,
    error::{DispatchError, ReadError},
    key::SliceKey,
    pipeline::Pipeline,
    subject::{Subject, sealed::TableRef},
    table::{SliceCell, Table},
    thunk::{Shown, States},
};
use std::{fmt, sync::Arc};
use trine_core::{Derived, ReadOnly, SubscriptionGuard, Update, UpdateResult, Watch, WeakStore};

/// Slices, and what is dispatched to them.
///
/// A handle that is cheap to clone and `Send + Sync`, to a [`trine_core::Store`] and what its slices answer to. `X` is the
/// *extra* value: what thunks need of the world outside, such as the client of a service.
///
/// When the last handle is gone, runs that are under way are aborted.
pub struct Store<X = ()> {
    /// The cells and the executor.
    core: trine_core::Store,
    /// What belongs to this front end.
    shared: Arc<Shared<X>>,
}

/// What all handles of one store share, and its runs too. It holds no store, so that a run keeps none alive.
pub struct Shared<X> {
    /// Slices, cases and thunks.
    pub(crate) table: Table,
    /// What is around the reducers.
    pub(crate) pipeline: Pipeline<X>,
    /// What thunks need of the world.
    pub(crate) extra: X,
    /// The store, for the ends of runs.
    pub(crate) core: WeakStore,
    /// The state cells of thunks.
    pub(crate) states: States,
    /// The slices with patches on them.
    pub(crate) shown: Shown,
}

impl<X> fmt::Debug for Shared<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Store {
    /// Begins a store.
    pub fn builder() -> StoreBuilder {
        StoreBuilder::new()
    }
}

impl<X: Send + Sync + 'static> Store<X> {
    /// Dispatches an action or a thunk.
    ///
    /// An *action* is reduced when this returns: all slices that have a case for it have changed in one commit, and
    /// their subscribers have been told (unless another thread is delivering to them at this moment, which then
    /// tells them too). An action that no slice has a case for changes nothing and tells nobody. In this order: the
    /// [middleware](crate::middleware), the reducers, the subscribers, the [listeners](crate::listener). It may be dispatched from
    /// any thread, also by subscribers, middleware and listeners; by a reducer it is
    /// [`Reentrant`](DispatchError::Reentrant).
    ///
    /// A *thunk* is started, and its [`Run`](trine_core::Run) returned. In this order, all before this returns: its condition is asked; a run that it
    /// supersedes is rejected; it is pending, and subscribers are told; the first part of its body runs, up
    /// to where it has to wait. A body that does not wait at all has settled by then.
    ///
    /// # Panics
    ///
    /// With an action: if a reducer panics, after the other slices have changed; where
    /// [`try_dispatch`](Self::try_dispatch) gives an error. With a thunk: only if its `key` function panics; everything else
    /// is the outcome of its run.
    #[track_caller]
    pub fn dispatch<D: Dispatch<X>>(&self, what: D) -> <D as Dispatch<X>>::Output {
        match self.try_dispatch(what) {
            Ok(output) => output,
            Err(error) => panic!("{error}"),
        }
    }

    /// Dispatches an action or a thunk, or says why it cannot be dispatched.
    ///
    /// # Errors
    ///
    /// With an action: if the caller is a reducer or other code that must be pure; if a slice with a case for it is torn; if
    /// callbacks answer each other's dispatches without end. With a thunk: never.
    ///
    /// # Panics
    ///
    /// If a reducer panics, after the other slices have changed.
    #[track_caller]
    pub fn try_dispatch<D: Dispatch<X>>(
        &self,
        what: D,
    ) -> Result<<D as Dispatch<X>>::Output, DispatchError> {
        what.in_store(self)
    }

    /// Looks at the state of a slice, or at the value of a cell. `read` runs inside the lease and must be pure.
    ///
    /// ```
    /// # use trine_thunks::{SliceKey, Store};
    /// static NAMES: SliceKey<Vec<&str>> = SliceKey::new("names");
    /// let store = Store::builder().slice(NAMES.slice(|| vec!["Ada"])).build()?;
    /// assert_eq!(store.read(&NAMES, |names| names.len()), 1);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Where [`try_read`](Self::try_read) gives an error.
    #[track_caller]
    pub fn read<S: Subject, R>(&self, subject: S, read: impl FnOnce(&S::Value) -> R) -> R {
        unwrap(self.try_read(subject, read))
    }

    /// Looks at the state of a slice, or says why it cannot be read.
    ///
    /// # Errors
    ///
    /// If the store has no such slice, or one with another type of state; if the state is torn; inside a
    /// reducer or other code that must be pure.
    #[track_caller]
    pub fn try_read<S: Subject, R>(
        &self,
        subject: S,
        read: impl FnOnce(&S::Value) -> R,
    ) -> Result<R, ReadError> {
        Ok(self.core.try_with(self.find(subject)?, read)?)
    }

    /// The state of a slice or the value of a cell, cloned.
    ///
    /// # Panics
    ///
    /// Where [`try_read`](Self::try_read) gives an error.
    #[track_caller]
    pub fn get<S: Subject>(&self, subject: S) -> S::Value
    where
        S::Value: Clone,
    {
        self.read(subject, S::Value::clone)
    }

    /// Makes a selector: a cell that is derived from a slice. It is computed when it is read or has subscribers,
    /// at most once per commit that changes the slice, and those who subscribe to it are told only when its value differs.
    ///
    /// The cell lives until it is removed from the core store: make a selector once, not at each use. One that reads several slices is
    /// a derived cell over their [cells](Self::cell).
    ///
    /// ```
    /// # use trine_thunks::{Action, SliceKey, Store, action};
    /// # struct Joined(&'static str);
    /// # impl Action for Joined {}
    /// static NAMES: SliceKey<Vec<&str>> = SliceKey::new("names");
    /// let names = NAMES.slice(Vec::new).on(action::<Joined>(), |names, joined| names.push(joined.0));
    /// let store = Store::builder().slice(names).build()?;
    ///
    /// let count = store.select(&NAMES, |names| names.len());
    /// let guard = store.subscribe(count, |count| println!("{count} names"));
    /// store.dispatch(Joined("Ada")); // prints "1 names"
    /// # drop(guard);
    ///
    /// let names = store.cell(&NAMES);
    /// let greeting = store.core().derived(move |cx| {
    ///     format!("{} are {}", cx.get(count), cx.with(names, |names| names.join(", ")))
    /// });
    /// assert_eq!(store.get(greeting), "1 are Ada");
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the store has no such slice; inside a lease.
    #[track_caller]
    pub fn select<S, R>(
        &self,
        key: &SliceKey<S>,
        mut select: impl FnMut(&S) -> R + Send + 'static,
    ) -> Derived<R>
    where
        S: Send + 'static,
        R: PartialEq + Send + 'static,
    {
        let cell = self.cell(key);
        self.core.derived(move |cx| cx.with(cell, &mut select))
    }

    /// The cell of a slice: for derived cells over several slices, and for the other front ends.
    ///
    /// # Panics
    ///
    /// If the store has no such slice.
    #[track_caller]
    #[must_use]
    pub fn cell<S: Send + 'static>(&self, key: &SliceKey<S>) -> ReadOnly<S> {
        unwrap(self.find(key))
    }

    /// Calls `callback` with every new state of a slice or value of a cell, until the guard is dropped. See
    /// [`trine_core::Store::subscribe`].
    ///
    /// Each call is handed a value that was cloned in the commit. For a large state subscribe to
    /// [selectors](Self::select) instead.
    ///
    /// # Panics
    ///
    /// If the store has no such slice; inside a lease.
    #[track_caller]
    pub fn subscribe<S: Subject>(
        &self,
        subject: S,
        callback: impl FnMut(&S::Value) + Send + 'static,
    ) -> SubscriptionGuard
    where
        S::Value: Clone,
    {
        self.core.subscribe(unwrap(self.find(subject)), callback)
    }

    /// Watches a slice or a cell: its last value without a lease, and a future of the next change. See
    /// [`trine_core::Store::watch`].
    ///
    /// # Panics
    ///
    /// If the store has no such slice, or its state is torn; inside a lease.
    #[track_caller]
    pub fn watch<S: Subject>(&self, subject: S) -> Watch<S::Value>
    where
        S::Value: Clone + Sync,
    {
        self.core.watch(unwrap(self.find(subject)))
    }

    /// Repairs the state of a slice that a reducer has left torn by panicking: `salvage` is handed what is there.
    ///
    /// It is meant for that alone; what the app does to a slice goes through its cases.
    ///
    /// # Panics
    ///
    /// If the store has no such slice; if `salvage` panics; inside a lease.
    #[track_caller]
    pub fn recover<S: Send + 'static, R: UpdateResult>(
        &self,
        key: &SliceKey<S>,
        salvage: impl FnOnce(&mut S) -> R,
    ) {
        let cell = unwrap(self.slice_cell(key));
        self.core.recover(cell.source, salvage);
        self.core.updates(|cells| {
            // Views of entities do not know what has happened to them.
            if cell.followers.any() {
                let looked = cells.update(cell.source, |state| {
                    cell.followers.look(state);
                    Update::Unchanged
                });
                cell.followers.tell(cells, looked.is_ok());
            }
        });
    }

    /// The extra value that the store was built with.
    #[must_use]
    pub fn extra(&self) -> &X {
        &self.shared.extra
    }

    pub(crate) fn find<S: Subject>(&self, subject: S) -> Result<S::Cell, ReadError> {
        subject.find(&TableRef(&self.shared.table))
    }

    pub(crate) fn slice_cell<S: Send + 'static>(
        &self,
        key: &SliceKey<S>,
    ) -> Result<SliceCell<S>, ReadError> {
        self.shared.table.slice_cell(key)
    }
}

impl<X> Store<X> {
    /// The store underneath: for its event feed, its list of runs, and other front ends.
    #[must_use]
    pub fn core(&self) -> &trine_core::Store {
        &self.core
    }

    pub(crate) fn from_parts(core: trine_core::Store, shared: Arc<Shared<X>>) -> Self {
        Self { core, shared }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<X>> {
        &self.shared
    }
}

#[track_caller]
pub(crate) fn unwrap<T>(result: Result<T, ReadError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

impl<X> Clone for Store<X> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<X> fmt::Debug for Store<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("table", &self.shared.table).finish_non_exhaustive()
    }
}
