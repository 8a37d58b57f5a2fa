//! Reading a store.

use super::Store;
use crate::{
    cell::Cell,
    delivery::{Change, Changes, SubscriptionGuard, Watch},
    error::CellError,
};
use std::{num::NonZeroUsize, panic::Location};

impl Store {
    /// The value of a cell, up to date.
    ///
    /// # Panics
    ///
    /// If the cell has no value: it was removed or belongs to another store, is torn, or its derivation failed.
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[inline]
    #[track_caller]
    pub fn get<C: Cell>(&self, cell: C) -> C::Value
    where
        C::Value: Clone,
    {
        match self.try_get(cell) {
            Ok(value) => value,
            Err(error) => fail(&error),
        }
    }

    /// The value of a cell, up to date, or why it has none.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store, is torn, or its derivation failed; inside a lease.
    #[inline]
    #[track_caller]
    pub fn try_get<C: Cell>(&self, cell: C) -> Result<C::Value, CellError>
    where
        C::Value: Clone,
    {
        self.try_with(cell, C::Value::clone)
    }

    /// Looks at the value of a cell without cloning it. `read` runs inside the lease and must be pure.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn with<C: Cell, R>(&self, cell: C, read: impl FnOnce(&C::Value) -> R) -> R {
        match self.try_with(cell, read) {
            Ok(value) => value,
            Err(error) => fail(&error),
        }
    }

    /// Looks at the value of a cell without cloning it, or says why it has none.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    #[inline]
    #[track_caller]
    pub fn try_with<C: Cell, R>(
        &self,
        cell: C,
        read: impl FnOnce(&C::Value) -> R,
    ) -> Result<R, CellError> {
        let used = Location::caller();
        self.core().enter(|graph| graph.read(cell, used, read))?
    }

    /// Evaluates cells however deep their first reads nest, where a plain read would be
    /// [`TooDeep`](crate::CellErrorKind::TooDeep). Cells that fail keep their error for whoever reads them.
    ///
    /// # Panics
    ///
    /// If a cell was removed; inside a lease.
    #[track_caller]
    pub fn warm<C: Cell>(&self, cells: impl IntoIterator<Item = C>) {
        let used = Location::caller();
        for cell in cells {
            let located = self.demand(|graph| {
                let index = graph.locate(cell.key(), used)?;
                graph.warm(index);
                Ok::<_, CellError>(())
            });
            if let Err(error) = located {
                fail(&error);
            }
        }
    }

    /// Calls `callback` with every new value of a cell, until the guard is dropped.
    ///
    /// One call per commit that changes the cell, in commit order, never two at a time, outside every lock. It
    /// is not called for the present value, and nothing is missed between a read in a transaction and a
    /// subscription. Changes that leave the cell without a value (its derivation failed) are not told; see
    /// [`subscribe_changes`](Self::subscribe_changes). A write from inside the callback commits at once; the
    /// callbacks that it causes are called after this one.
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn subscribe<C: Cell>(
        &self,
        cell: C,
        mut callback: impl FnMut(&C::Value) + Send + 'static,
    ) -> SubscriptionGuard
    where
        C::Value: Clone,
    {
        self.subscribe_changes(cell, move |change| {
            if let Ok(value) = change.value() {
                callback(value);
            }
        })
    }

    /// Like [`subscribe`](Self::subscribe), with the commit and its cause, and with errors.
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn subscribe_changes<C: Cell>(
        &self,
        cell: C,
        callback: impl FnMut(&Change<'_, C::Value>) + Send + 'static,
    ) -> SubscriptionGuard
    where
        C::Value: Clone,
    {
        match self.try_subscribe_changes(cell, callback) {
            Ok(guard) => guard,
            Err(error) => fail(&error),
        }
    }

    /// Like [`subscribe_changes`](Self::subscribe_changes), for what is to be done before anybody else hears of a commit: the
    /// callbacks of this cell, all of them from now on, are called before those of the other cells that the commit has
    /// changed. Among cells that come first, the order is that of the commit. Watches and streams do not wait for them.
    ///
    /// ```
    /// use trine_core::{Store, test::Log};
    ///
    /// let (store, log) = (Store::new(), Log::new());
    /// let price = store.source(20);
    /// let dear = store.derived(move |cx| cx.get(price) > 100);
    /// let (view, rule) = (log.clone(), log.clone());
    /// store.subscribe(price, move |price| view.note(format!("shown: {price}"))).detach();
    /// store.subscribe_first(dear, move |_| rule.note("a rule")).detach();
    /// store.set(price, 200);
    /// log.is(["a rule", "shown: 200"]);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn subscribe_first<C: Cell>(
        &self,
        cell: C,
        callback: impl FnMut(&Change<'_, C::Value>) + Send + 'static,
    ) -> SubscriptionGuard
    where
        C::Value: Clone,
    {
        match self.core().subscribe_first(cell, Location::caller(), Box::new(callback)) {
            Ok(guard) => guard,
            Err(error) => fail(&error),
        }
    }

    /// Like [`subscribe`](Self::subscribe), with the value before: `callback(old, new)`. The subscription keeps a copy of
    /// the value, so each change costs one clone more: O(size).
    ///
    /// Changes that leave the cell without a value are left out; the next one is told with the last good value, if there
    /// has been one.
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn subscribe_diff<C: Cell>(
        &self,
        cell: C,
        mut callback: impl FnMut(&C::Value, &C::Value) + Send + 'static,
    ) -> SubscriptionGuard
    where
        C::Value: Clone,
    {
        let subscribed = self.core().subscribe(cell, Location::caller(), |now| {
            let mut old = now.cloned();
            Box::new(move |change: &Change<'_, C::Value>| {
                let Ok(new) = change.value() else { return };
                if let Some(old) = &old {
                    callback(old, new);
                }
                old = Some(new.clone());
            })
        });
        match subscribed {
            Ok(guard) => guard,
            Err(error) => fail(&error),
        }
    }

    /// Like [`subscribe_changes`](Self::subscribe_changes), for a cell that may be gone.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn try_subscribe_changes<C: Cell>(
        &self,
        cell: C,
        callback: impl FnMut(&Change<'_, C::Value>) + Send + 'static,
    ) -> Result<SubscriptionGuard, CellError>
    where
        C::Value: Clone,
    {
        self.core().subscribe(cell, Location::caller(), |_| Box::new(callback))
    }

    /// The changes of a cell from now on, in order, as a stream that holds at most `capacity` of them.
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn changes<C: Cell>(&self, cell: C, capacity: NonZeroUsize) -> Changes<C::Value>
    where
        C::Value: Clone,
    {
        match self.core().changes(cell, capacity, Location::caller()) {
            Ok(changes) => changes,
            Err(error) => fail(&error),
        }
    }

    /// Watches a cell: its last value without a lease, and a future of the next change.
    ///
    /// # Panics
    ///
    /// If the cell has no value now; inside a lease.
    #[track_caller]
    pub fn watch<C: Cell>(&self, cell: C) -> Watch<C::Value>
    where
        C::Value: Clone + Sync,
    {
        match self.try_watch(cell) {
            Ok(watch) => watch,
            Err(error) => fail(&error),
        }
    }

    /// Watches a cell, or says why it has no value to start with.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    #[track_caller]
    pub fn try_watch<C: Cell>(&self, cell: C) -> Result<Watch<C::Value>, CellError>
    where
        C::Value: Clone + Sync,
    {
        self.core().watch(cell, Location::caller())
    }
}

#[cold]
#[track_caller]
pub(super) fn fail(error: &CellError) -> ! {
    panic!("{error}")
}
