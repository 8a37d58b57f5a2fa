//! Callback subscriptions.
//!
//! Adding one pulls the cell, so that from then on a commit finds it by marking, and puts the callback into the cell's topic
//! with the number of the last commit: it hears of later ones. The guard knows the callback's place, so ending it costs the
//! same however many others there are. The last one to go takes the topic with it, and the cell is lazy again.

use super::{Told, callbacks::Callback, topic::Topic};
use crate::{
    cell::{Cell, CellKey},
    commit::{Cause, CommitNumber},
    error::CellError,
    event::Event,
    graph::Graph,
    lease,
    store::{Core, Store},
    sync::{atomic::Ordering, mutant},
};
use std::{
    fmt,
    sync::{Arc, Weak},
};

/// One change of a cell, as its subscribers hear of it.
pub struct Change<'n, T> {
    /// The value, or why the cell has none.
    pub(super) value: &'n Result<T, CellError>,
    /// The commit.
    pub(super) told: &'n Told,
    /// How many changes before it are left out.
    pub(super) coalesced: u64,
}

impl<'n, T> Change<'n, T> {
    /// The value as of this commit, or why the cell has none: its derivation failed, or it is torn.
    ///
    /// # Errors
    ///
    /// Those of [`Store::try_get`](crate::Store::try_get).
    pub fn value(&self) -> Result<&'n T, &'n CellError> {
        self.value.as_ref()
    }

    /// The number of the commit.
    pub fn number(&self) -> CommitNumber {
        self.told.number
    }

    /// What led to the commit.
    pub fn cause(&self) -> Cause {
        self.told.cause
    }

    /// How many changes before this one were left out because more notifications were queued than the store
    /// keeps. 0 unless subscribers are slower than writers for long.
    pub fn coalesced(&self) -> u64 {
        self.coalesced
    }
}

impl<T: fmt::Debug> fmt::Debug for Change<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("value", &self.value)
            .field("number", &self.told.number)
            .finish_non_exhaustive()
    }
}

/// Keeps a subscription; dropping it ends it.
///
/// Once the drop has returned the callback is not called again, except that a call in progress on another
/// thread goes on to its end; the drop does not wait for it.
#[must_use = "the subscription ends when the guard is dropped; `detach` keeps it for as long as the cell lives"]
pub struct SubscriptionGuard {
    /// The store; weak, since a subscription does not keep it alive.
    core: Weak<Core>,
    /// The cell, for the event feed.
    cell: CellKey,
    /// Where the callback is.
    place: Place,
}

/// Where a callback is: the topic's slot, its id, and the place in it.
pub(crate) type Place = (u32, u64, u32);

/// Goes with the last handle of a watch or a stream: where somebody wants to know who is observed, a cell that it was the
/// last to observe is so no more at once, and not only when it next changes.
#[derive(Clone)]
pub(crate) struct Leaving {
    core: Weak<Core>,
    cell: CellKey,
}

impl Leaving {
    pub(crate) fn new(graph: &Graph, cell: CellKey) -> Self {
        Self { core: graph.home.clone(), cell }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let Some(store) = self.core.upgrade().map(Store::from_core) else { return };
        if store.core().has_lifecycles.load(Ordering::Relaxed) {
            let cell = self.cell;
            lease::defer(move || {
                let _ = store.core().enter(|graph| graph.retire_if_idle(cell));
            });
        }
    }
}

impl SubscriptionGuard {
    pub(crate) fn new(core: &Arc<Core>, cell: impl Cell, place: Place) -> Self {
        Self { core: Arc::downgrade(core), cell: cell.key(), place }
    }

    /// Lets the subscription live for as long as its cell.
    pub fn detach(mut self) {
        self.core = Weak::new();
    }
}

impl Drop for SubscriptionGuard {
    fn drop(&mut self) {
        let (core, cell, (slot, id, place)) =
            (std::mem::take(&mut self.core), self.cell, self.place);
        if core.strong_count() == 0 {
            return;
        }
        lease::defer(move || {
            let Some(core) = core.upgrade() else { return };
            let _ = core.enter(|graph| graph.unsubscribe(cell, slot, id, place));
        });
    }
}

impl fmt::Debug for SubscriptionGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionGuard").field("cell", &self.cell.id).finish_non_exhaustive()
    }
}

impl Core {
    /// Adds a callback to a cell, which `callback` makes from a look at the cell's value as of now.
    #[track_caller]
    pub(crate) fn subscribe<C: Cell>(
        self: &Arc<Self>,
        cell: C,
        used: &'static std::panic::Location<'static>,
        callback: impl FnOnce(Option<&C::Value>) -> Callback<C::Value>,
    ) -> Result<SubscriptionGuard, CellError>
    where
        C::Value: Clone,
    {
        let place = self.enter(|graph| graph.subscribe(cell, used, callback))??;
        Ok(SubscriptionGuard::new(self, cell, place))
    }

    /// The same, before the callbacks of other cells.
    pub(crate) fn subscribe_first<C: Cell>(
        self: &Arc<Self>,
        cell: C,
        used: &'static std::panic::Location<'static>,
        callback: Callback<C::Value>,
    ) -> Result<SubscriptionGuard, CellError>
    where
        C::Value: Clone,
    {
        let place = self.enter(|graph| {
            let place = graph.subscribe(cell, used, |_| callback)?;
            graph.put_first(place);
            Ok::<_, CellError>(place)
        })??;
        Ok(SubscriptionGuard::new(self, cell, place))
    }
}

impl Graph {
    /// Has the callbacks of a topic come before those of others.
    pub(crate) fn put_first(&mut self, (slot, ..): Place) {
        self.outbox.topic_in(slot).first = true;
    }

    /// Adds a callback to a cell; returns its place.
    pub(crate) fn subscribe<C: Cell>(
        &mut self,
        cell: C,
        used: &'static std::panic::Location<'static>,
        callback: impl FnOnce(Option<&C::Value>) -> Callback<C::Value>,
    ) -> Result<Place, CellError>
    where
        C::Value: Clone,
    {
        let index = self.observe(cell.key(), used)?;
        self.note(|graph| Event::Subscribed { cell: graph.label(index), location: used });
        let since = CommitNumber(self.last_commit + u64::from(mutant("subscribed too late")));
        let callback = callback(self.peek::<C>(index));
        let (slot, topic) = self.topic_of::<C::Value>(index);
        let id = topic.id;
        Ok((slot, id, self.outbox.subscribe(slot, callback, since)))
    }

    /// Pulls a cell that is about to get subscribers. A failed derivation is no obstacle: it can be subscribed
    /// to, and its recovery is told.
    pub(super) fn observe(
        &mut self,
        key: CellKey,
        used: &'static std::panic::Location<'static>,
    ) -> Result<u32, CellError> {
        let index = self.locate(key, used)?;
        self.pull(index)?;
        Ok(index)
    }

    /// The subscribers of a cell, made if there are none, and their slot.
    pub(super) fn topic_of<T: Clone + Send + 'static>(&mut self, index: u32) -> (u32, &mut Topic) {
        let slot = match self.node(index).topic() {
            Some(slot) => slot,
            None => {
                let slot = self.outbox.open_topic::<T>();
                self.node_mut(index).set_topic(Some(slot));
                self.gain_observer(index);
                slot
            }
        };
        (slot, self.outbox.topic_in(slot))
    }

    fn unsubscribe(&mut self, cell: CellKey, slot: u32, id: u64, place: u32) {
        if self.outbox.unsubscribe(slot, id, place, &mut self.garbage) {
            self.drop_topic(cell.index);
        }
        if let Some(index) = self.place_of(cell) {
            self.note(|graph| Event::Unsubscribed { cell: graph.label(index) });
        }
    }

    /// Removes the topic of a cell whose last watch or stream has gone.
    fn retire_if_idle(&mut self, cell: CellKey) {
        if let Some(index) = self.place_of(cell)
            && let Some(slot) = self.node(index).topic()
            && self.outbox.is_idle(slot)
        {
            self.drop_topic(index);
        }
    }

    /// Removes the topic of a cell that has lost its last subscriber, so that it is lazy again.
    pub(crate) fn drop_topic(&mut self, index: u32) {
        if let Some(slot) = self.node(index).topic() {
            self.node_mut(index).set_topic(None);
            self.lose_observer(index);
            self.outbox.close_topic(slot, &mut self.wakers, &mut self.garbage);
        }
    }
}
