//! Optimistic updates: what is shown of a slice while a run is under way.
//!
//! A patch lies on the slice (see [`Optimistic`]) from the run's pending event to its end, and both happen in the commits of
//! these events. What others commit meanwhile is seen through it; the patches of other runs stay where they are when this one
//! is taken out.

use super::{AsyncThunk, meta::Meta};
use crate::{
    error::ReadError,
    key::SliceKey,
    store::{Shared, Store, unwrap},
    table::SliceCell,
};
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};
use trine_core::{CellError, Optimistic, Patch, Source, Update, Updates, WeakStore};

/// The cells that show slices with patches on them, by the name of the slice: an `Optimistic<S>` each.
#[derive(Default)]
pub(crate) struct Shown(Mutex<FxHashMap<&'static str, Box<dyn Any + Send>>>);

/// A patch that a thunk has for a slice.
pub(super) trait PatchOf<A, X, M>: Send + Sync {
    /// Finds the slice, outside the lease.
    fn find(
        self: Arc<Self>,
        core: &trine_core::Store,
        shared: &Shared<X>,
    ) -> Result<Box<dyn Place<A, M>>, ReadError>;
}

/// A patch whose slice is found.
pub(super) trait Place<A, M> {
    /// Puts it on the slice, inside the lease.
    fn place(
        self: Box<Self>,
        cells: &mut Updates<'_>,
        store: &WeakStore,
        meta: &Arc<Meta<A, M>>,
    ) -> Result<Box<dyn Placed>, CellError>;
}

/// A patch that lies on its slice.
pub(super) trait Placed: Send {
    /// Takes it off, inside the lease.
    fn settle(self: Box<Self>, cells: &mut Updates<'_>, fulfilled: bool) -> Result<(), CellError>;
}

/// A patch for a slice of state `S`.
struct Of<S, F> {
    /// The slice.
    key: SliceKey<S>,
    /// What it shows.
    patch: F,
    /// Whether it becomes part of the slice when the run is fulfilled.
    stays: bool,
}

impl<A, X, M, S, F> PatchOf<A, X, M> for Of<S, F>
where
    A: Send + Sync + 'static,
    M: Send + Sync + 'static,
    S: Clone + Send + 'static,
    F: Fn(&mut S, &A) + Send + Sync + 'static,
{
    fn find(
        self: Arc<Self>,
        core: &trine_core::Store,
        shared: &Shared<X>,
    ) -> Result<Box<dyn Place<A, M>>, ReadError> {
        let slice = shared.table.slice_cell(&self.key)?;
        let shown = shared.shown.of(core, &self.key, slice.source);
        Ok(Box::new(Found { of: self, slice, shown }))
    }
}

struct Found<S, F> {
    of: Arc<Of<S, F>>,
    slice: SliceCell<S>,
    shown: Optimistic<S>,
}

impl<A, M, S, F> Place<A, M> for Found<S, F>
where
    A: Send + Sync + 'static,
    M: Send + Sync + 'static,
    S: Clone + Send + 'static,
    F: Fn(&mut S, &A) + Send + Sync + 'static,
{
    fn place(
        self: Box<Self>,
        cells: &mut Updates<'_>,
        store: &WeakStore,
        meta: &Arc<Meta<A, M>>,
    ) -> Result<Box<dyn Placed>, CellError> {
        let (of, slice, meta) = (self.of, self.slice, Arc::clone(meta));
        let stays = of.stays;
        let apply = move |state: &mut S| (of.patch)(state, &meta.arg);
        Ok(Box::new(Lying { patch: cells.patch(store, self.shown, apply)?, slice, stays }))
    }
}

struct Lying<S: Clone + Send + 'static> {
    patch: Patch<S>,
    slice: SliceCell<S>,
    stays: bool,
}

impl<S: Clone + Send + 'static> Placed for Lying<S> {
    fn settle(self: Box<Self>, cells: &mut Updates<'_>, fulfilled: bool) -> Result<(), CellError> {
        let Self { patch, slice, stays } = *self;
        if fulfilled && stays {
            cells.confirm(patch)?;
        } else {
            // What is confirmed and lay above it may become part of the slice.
            cells.roll_back(patch)?;
        }
        if slice.followers.any() {
            cells.update(slice.source, |state| {
                slice.followers.look(state);
                Update::Unchanged
            })?;
            slice.followers.tell(cells, true);
        }
        Ok(())
    }
}

impl Shown {
    fn of<S: Clone + Send + 'static>(
        &self,
        core: &trine_core::Store,
        key: &SliceKey<S>,
        base: Source<S>,
    ) -> Optimistic<S> {
        let known = || {
            let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            shown.get(key.name()).and_then(|shown| shown.downcast_ref::<Optimistic<S>>()).copied()
        };
        let lives = |shown: &Optimistic<S>| !matches!(core.try_with(*shown, |_| ()), Err(error) if error.is_disposed());
        if let Some(shown) = known().filter(lives) {
            return shown;
        }
        // Outside the lock: making a cell takes the lease.
        let name = format!("{} with patches", key.name());
        let shown = core.cell(name).always_different().optimistic(base);
        if let Some(other) = known().filter(lives) {
            let _ = core.remove(shown);
            return other;
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.name(), Box::new(shown));
        shown
    }
}

/// Optimistic updates.
impl<A, T, E, X, M> AsyncThunk<A, T, E, X, M>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    /// Shows `patch` on a slice while a run is under way: those who read [`Store::optimistic`] see it from the pending event
    /// on. When the run is fulfilled it becomes part of the slice, in the commit of that event and before its cases; when the
    /// run ends in any other way, it is gone without a trace. May be called several times, also for one slice.
    ///
    /// The patch is rebased over whatever else is committed meanwhile, so it is called again and again, inside the lease, and
    /// must be pure. Several runs' patches lie on each other in the order in which they became pending; one that is fulfilled
    /// while an uncertain one is below it becomes part of the slice when that one has ended.
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// static TODOS: SliceKey<Vec<&str>> = SliceKey::new("todos");
    ///
    /// let add = AsyncThunk::new("todos/add", |todo: &'static str, _: ThunkApi| async move {
    ///     tokio::task::yield_now().await;
    ///     if todo.is_empty() { Err("nothing to do") } else { Ok(()) }
    /// })
    /// .optimistic(&TODOS, |todos, todo| todos.push(todo));
    ///
    /// let store = Store::builder().slice(TODOS.slice(Vec::new)).build().unwrap();
    /// let shown = store.optimistic(&TODOS);
    /// let (bad, good) = (store.dispatch(add.with("")), store.dispatch(add.with("tea")));
    /// assert_eq!(store.get(shown), ["", "tea"]);
    /// assert_eq!(store.get(&TODOS), [""; 0]);
    /// good.await;
    /// bad.await;
    /// assert_eq!(store.get(&TODOS), ["tea"]);
    /// # }
    /// ```
    #[must_use]
    pub fn optimistic<S: Clone + Send + 'static>(
        self,
        slice: &SliceKey<S>,
        patch: impl Fn(&mut S, &A) + Send + Sync + 'static,
    ) -> Self {
        self.patched(Of { key: *slice, patch, stays: true })
    }

    /// [`optimistic`](Self::optimistic) with a patch that is gone when the run ends, in whatever way: for slices whose
    /// [`fulfilled`](Self::fulfilled) case says what the answer was. Case and patch change places in one commit.
    #[must_use]
    pub fn provisional<S: Clone + Send + 'static>(
        self,
        slice: &SliceKey<S>,
        patch: impl Fn(&mut S, &A) + Send + Sync + 'static,
    ) -> Self {
        self.patched(Of { key: *slice, patch, stays: false })
    }

    fn patched(self, patch: impl PatchOf<A, X, M> + 'static) -> Self {
        self.with_option(|definition| definition.patches.push(Arc::new(patch)))
    }
}

impl<X: Send + Sync + 'static> Store<X> {
    /// A slice with the patches of runs that are under way: see [`AsyncThunk::optimistic`]. The slice itself is what is known.
    ///
    /// # Panics
    ///
    /// If the store has no such slice; inside a lease.
    #[track_caller]
    pub fn optimistic<S: Clone + Send + 'static>(&self, key: &SliceKey<S>) -> Optimistic<S> {
        let base = unwrap(self.shared().table.cell(key));
        self.shared().shown.of(self.core(), key, base)
    }
}
