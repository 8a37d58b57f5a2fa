//! The callback face of diffs.
//!
//! A subscription to the list's own cell would be handed a copy of the list at each commit. So the callback subscribes to a
//! cell of its own, derived from the list and worth nothing, which changes whenever the list does: that gives it its turn
//! among all other callbacks. What it is told comes from a reader of the diffs, as far as the commit whose turn it is.

use super::{ListCell, diff::ListDiff, stream::ListDiffs};
use crate::{
    cell::{Cell, CellKey, Derived, Never},
    delivery::{Change, SubscriptionGuard},
    error::CellError,
    graph::{Graph, Reader},
    lease,
    store::{Core, Store},
};
use std::{
    num::NonZeroUsize,
    panic::Location,
    sync::{Arc, Weak},
};

impl Store {
    /// Calls `callback` with what each commit has changed in a list, until the guard is dropped. Returns the content that
    /// the first diffs apply to.
    ///
    /// It is called like every callback: once per commit, in commit order, never two at a time, outside every lock; with one
    /// batch, which applied to the list as of the last call makes the list as of this commit. At most `capacity` batches
    /// wait for their turn. If delivery is further behind than that, they fall together into one with a
    /// [`ListDiff::Reset`], as they do for a stream that lags; so they do when a list was torn and is repaired. While the
    /// list is torn, and when it is removed, nothing is told.
    ///
    /// ```
    /// use std::{num::NonZeroUsize, sync::{Arc, Mutex}};
    /// use trine_core::Store;
    ///
    /// let store = Store::new();
    /// let list = store.list(["a", "b"]);
    /// let mirror = Arc::new(Mutex::new(Vec::new()));
    /// let shown = Arc::clone(&mirror);
    /// let (content, guard) = store.subscribe_diffs(list, NonZeroUsize::new(64).unwrap(), move |diffs| {
    ///     let mut shown = shown.lock().unwrap();
    ///     diffs.into_iter().for_each(|diff| diff.apply(&mut shown));
    /// });
    /// *mirror.lock().unwrap() = content;
    /// store.edit(list, |list| list.push("c"));
    /// assert_eq!(*mirror.lock().unwrap(), ["a", "b", "c"]);
    /// # drop(guard);
    /// ```
    ///
    /// For a view, give what comes to a [`ListAdapter`](crate::ListAdapter), the content first, as a `Reset`.
    ///
    /// # Panics
    ///
    /// If the list was removed or belongs to another store, or is torn; if cloning its elements panics; inside a lease.
    #[track_caller]
    pub fn subscribe_diffs<T: Clone + Send + 'static>(
        &self,
        list: ListCell<T>,
        capacity: NonZeroUsize,
        callback: impl FnMut(Vec<ListDiff<T>>) + Send + 'static,
    ) -> (Vec<T>, SubscriptionGuard) {
        match self.try_subscribe_diffs(list, capacity, callback) {
            Ok(subscribed) => subscribed,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`subscribe_diffs`](Self::subscribe_diffs), for a list that may be gone or torn.
    ///
    /// # Errors
    ///
    /// If the list was removed or belongs to another store, or is torn; inside a lease.
    ///
    /// # Panics
    ///
    /// If cloning its elements panics.
    #[track_caller]
    pub fn try_subscribe_diffs<T: Clone + Send + 'static>(
        &self,
        list: ListCell<T>,
        capacity: NonZeroUsize,
        callback: impl FnMut(Vec<ListDiff<T>>) + Send + 'static,
    ) -> Result<(Vec<T>, SubscriptionGuard), CellError> {
        let (core, used) = (self.core(), Location::caller());
        let mut callback = Some(callback);
        // In one lease, so that nothing can be committed in between.
        core.enter(|graph| {
            let (content, diffs) = graph.content_and_diffs(list, capacity, used)?;
            let turn = Turn { core: Arc::downgrade(core), cell: graph.add_turn(list, used)? };
            let cell = turn.cell;
            let mut telling =
                Telling { diffs, callback: callback.take().expect("subscribed once"), turn };
            let place = graph.subscribe(cell, used, |_| {
                Box::new(move |change: &Change<'_, ()>| telling.tell(change))
            })?;
            Ok((content, SubscriptionGuard::new(core, cell, place)))
        })?
    }
}

/// What a subscriber's callback is made of.
struct Telling<T: 'static, F> {
    /// What is to be told.
    diffs: ListDiffs<T>,
    /// The user's code.
    callback: F,
    /// Its turn.
    turn: Turn,
}

impl<T, F: FnMut(Vec<ListDiff<T>>)> Telling<T, F> {
    fn tell(&mut self, change: &Change<'_, ()>) {
        while let Some(batch) = self.diffs.next_until(change.number()) {
            (self.callback)(batch);
        }
        if change.value().is_err_and(CellError::is_disposed) {
            // The list is gone, and this with it. We are called by the deliverer, outside the lease.
            self.turn.end();
        }
    }
}

/// The cell that a callback subscribes to: removed with the callback.
struct Turn {
    core: Weak<Core>,
    cell: Derived<()>,
}

impl Turn {
    fn end(&mut self) {
        let (core, cell) = (std::mem::take(&mut self.core), self.cell.key());
        lease::defer(move || {
            if let Some(core) = core.upgrade() {
                Store::from_core(core).remove_cells([cell]);
            }
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end();
    }
}

impl Graph {
    /// Adds the cell that changes whenever a list does.
    fn add_turn<T: Send + 'static>(
        &mut self,
        list: ListCell<T>,
        used: &'static Location<'static>,
    ) -> Result<Derived<()>, CellError> {
        let index = self.locate(list.key(), used)?;
        let name = self.label(index).name.map(|name| format!("diffs of {name}").into());
        let compute = move |cx: &mut Reader<'_>| cx.with(list, |_| ());
        let key: CellKey = self.add_derived(compute, Never, name, used);
        Ok(Derived::from_key(key))
    }
}
