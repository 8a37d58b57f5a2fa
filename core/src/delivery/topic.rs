//! The subscribers of one cell.
//!
//! A topic comes to be with the first subscriber of a cell and goes with the last. A commit that changes the cell *stages* its
//! value: one copy for all callbacks, one for the watches, one for each stream. The callbacks are *lent* to the deliverer and
//! called outside the lease; who subscribes or unsubscribes meanwhile is noted beside and merged when they come back.
//! A removal is also counted where the deliverer sees it without the lease, so that a callback whose guard is gone is not
//! called any more.

use super::{Panicked, subscription::Change, watch::Outlet};
use crate::{
    cell::AnyCell,
    commit::{Cause, CommitNumber},
    error::{CellError, CellErrorKind, panic_message},
    graph::{Garbage, Naming},
    store::Core,
    sync::{
        atomic::{AtomicU64, Ordering},
        mutant,
    },
};
use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    task::Waker,
};

/// The count of removals of a topic that is gone.
const CLOSED: u64 = u64::MAX;

/// A subscriber's callback.
pub(super) type Callback<T> = Box<dyn FnMut(&Change<'_, T>) + Send>;

/// The subscribers of a cell of type `T`.
pub(super) struct Topic<T> {
    /// The callbacks; away while a deliverer calls them.
    lent: Option<Box<Lent<T>>>,
    /// Values that are staged but not yet delivered, behind the one that waits with the callbacks.
    staged: VecDeque<Notice<T>>,
    /// Places in the callbacks' list that are free.
    free: Vec<u32>,
    /// The length of the callbacks' list, free places included.
    places: u32,
    /// How many callbacks there are.
    count: usize,
    /// Added while the callbacks are away.
    added: Vec<(u32, Subscriber<T>)>,
    /// Removed while the callbacks are away.
    removed: Vec<u32>,
    /// Counts removals while the callbacks are away, so that the deliverer notices.
    removals: Arc<AtomicU64>,
    /// What the watches of the cell share.
    watch: Option<Weak<dyn Outlet>>,
    /// The buffers of the streams of the cell.
    streams: Vec<Weak<dyn Outlet>>,
}

/// The callbacks of a cell, in the hands of a deliverer.
pub(super) struct Lent<T> {
    /// The list; `None` is a free place.
    subscribers: Vec<Option<Subscriber<T>>>,
    /// What to call them with: the oldest staged value.
    notice: Option<Notice<T>>,
    /// See [`Topic::removals`].
    removals: Arc<AtomicU64>,
    /// The topic's slot in the outbox and its id, to ask it what was removed.
    topic: (u32, u64),
}

/// One callback.
struct Subscriber<T> {
    /// The user's code.
    callback: Callback<T>,
    /// The last commit when it was added: it is told of later ones.
    since: CommitNumber,
}

/// A staged value.
pub(super) struct Notice<T> {
    /// The value, or why the cell has none.
    pub(super) value: Result<T, CellError>,
    /// The commit.
    pub(super) number: CommitNumber,
    /// What led to the commit.
    pub(super) cause: Cause,
    /// How many notifications before it were dropped because the outbox was full.
    pub(super) coalesced: u64,
}

/// The state of a cell, to be staged.
pub(super) struct Staged<'g> {
    /// The cell.
    pub(super) cell: &'g dyn AnyCell,
    /// Names the cell.
    pub(super) naming: &'g Naming<'g>,
    /// Why there is none.
    pub(super) error: Option<&'g CellError>,
    /// The commit.
    pub(super) number: CommitNumber,
    /// What led to it.
    pub(super) cause: &'g Cause,
    /// Whether the outbox is full, so that this replaces an undelivered value.
    pub(super) full: bool,
    /// Whether nothing else is to be told first.
    pub(super) lend: bool,
}

/// What a staged value means for the callbacks.
pub(super) enum Told {
    /// There are none, or they hear of it instead of another value.
    Nobody,
    /// They are to be called when it is their turn.
    Later,
    /// They are to be called next; here they are, lent.
    Now(Box<dyn Callbacks>),
}

/// A [`Topic`], whatever its type.
pub(super) trait AnyTopic: Any + Send {
    /// Keeps the state of the cell for its subscribers; returns when callbacks have to be called.
    fn stage(
        &mut self,
        staged: &Staged<'_>,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) -> Told;

    /// Gives the callbacks away, together with the oldest staged value.
    fn lend(&mut self) -> Box<dyn Callbacks>;

    /// Takes the callbacks back.
    fn give_back(&mut self, callbacks: Box<dyn Callbacks>, garbage: &mut Vec<Garbage>);

    /// Removes a callback, which is dropped outside the lease.
    fn unsubscribe(&mut self, place: u32, garbage: &mut Vec<Garbage>);

    /// The places that were freed while the callbacks are away.
    fn removed(&self) -> Vec<u32>;

    /// Whether nobody is subscribed.
    fn is_idle(&self) -> bool;

    /// The cell is gone.
    fn close(&mut self, wakers: &mut Vec<Waker>, garbage: &mut Vec<Garbage>);
}

/// A [`Lent`], whatever its type.
pub(crate) trait Callbacks: Any + Send {
    /// Calls every callback that is due.
    fn call(&mut self, core: &Arc<Core>, panicked: &mut Panicked);
}

impl<T: Clone + Send + 'static> Topic<T> {
    /// A topic without subscribers, to be put at `slot` with the id `id`.
    pub(super) fn new(slot: u32, id: u64) -> Self {
        let removals = Arc::new(AtomicU64::new(0));
        let lent = Lent {
            subscribers: Vec::new(),
            notice: None,
            removals: Arc::clone(&removals),
            topic: (slot, id),
        };
        Self {
            lent: Some(Box::new(lent)),
            staged: VecDeque::new(),
            free: Vec::new(),
            places: 0,
            count: 0,
            added: Vec::new(),
            removed: Vec::new(),
            removals,
            watch: None,
            streams: Vec::new(),
        }
    }

    /// Adds a callback; returns its place.
    pub(super) fn subscribe(&mut self, callback: Callback<T>, since: CommitNumber) -> u32 {
        let place = self.free.pop().unwrap_or(self.places);
        self.places = self.places.max(place + 1);
        self.count += 1;
        let subscriber = Subscriber { callback, since };
        match &mut self.lent {
            Some(lent) => put(&mut lent.subscribers, place, subscriber),
            None => self.added.push((place, subscriber)),
        }
        place
    }

    /// Does to the callbacks, which are back, what happened to them while they were away.
    #[cold]
    fn merge(&mut self, garbage: &mut Vec<Garbage>) {
        let Some(lent) = &mut self.lent else { return };
        for (place, subscriber) in self.added.drain(..) {
            put(&mut lent.subscribers, place, subscriber);
        }
        if mutant("removed callbacks are kept") {
            self.removed.clear();
        }
        for place in self.removed.drain(..) {
            if let Some(removed) = lent.subscribers.get_mut(place as usize).and_then(Option::take) {
                garbage.push(Box::new(removed.callback));
            }
            self.free.push(place);
        }
    }

    /// What the watches of the cell share, if there are any.
    pub(super) fn watch(&mut self) -> &mut Option<Weak<dyn Outlet>> {
        &mut self.watch
    }

    /// The buffers of the streams of the cell; those whose reader has gone are forgotten.
    pub(super) fn streams(&mut self) -> &mut Vec<Weak<dyn Outlet>> {
        self.streams.retain(|stream| stream.strong_count() > 0);
        &mut self.streams
    }
}

fn put<T>(list: &mut Vec<Option<T>>, place: u32, value: T) {
    let place = place as usize;
    if place == list.len() {
        list.push(Some(value));
    } else {
        if place > list.len() {
            list.resize_with(place + 1, || None);
        }
        list[place] = Some(value);
    }
}

impl<T: Clone + Send + 'static> AnyTopic for Topic<T> {
    fn stage(
        &mut self,
        staged: &Staged<'_>,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) -> Told {
        let &Staged { cell, naming, error, number, cause, full, lend } = staged;
        if let Some(watch) = self.watch.as_ref().and_then(Weak::upgrade) {
            watch.publish(cell, naming, error, number, wakers, garbage);
            watch.let_go(garbage);
        }
        for stream in self.streams.iter().filter_map(Weak::upgrade) {
            stream.publish(cell, naming, error, number, wakers, garbage);
            stream.let_go(garbage);
        }
        if self.count == 0 {
            return Told::Nobody;
        }
        let value = match error {
            Some(error) => Err(error.clone()),
            None => copy_of(cell, naming, garbage),
        };
        let waits = self.lent.as_deref_mut().map(|lent| &mut lent.notice);
        match waits {
            Some(free @ None) => {
                *free = Some(Notice { value, number, cause: *cause, coalesced: 0 });
                return if lend { Told::Now(self.lend()) } else { Told::Later };
            }
            Some(Some(waiting)) if full && self.staged.is_empty() => {
                garbage.push(waiting.coalesce(value, staged));
                return Told::Nobody;
            }
            _ => {}
        }
        if full && let Some(waiting) = self.staged.back_mut() {
            garbage.push(waiting.coalesce(value, staged));
            return Told::Nobody;
        }
        self.staged.push_back(Notice { value, number, cause: *cause, coalesced: 0 });
        Told::Later
    }

    fn lend(&mut self) -> Box<dyn Callbacks> {
        let lent = self.lent.take().expect("one deliverer at a time");
        self.removals.store(0, Ordering::Relaxed);
        lent
    }

    fn give_back(&mut self, callbacks: Box<dyn Callbacks>, garbage: &mut Vec<Garbage>) {
        let callbacks: Box<dyn Any> = callbacks;
        let mut lent: Box<Lent<T>> = callbacks.downcast().expect("came from this topic");
        if !self.staged.is_empty() {
            lent.notice = self.staged.pop_front();
        }
        self.lent = Some(lent);
        if !self.added.is_empty() || !self.removed.is_empty() {
            self.merge(garbage);
        }
    }

    fn unsubscribe(&mut self, place: u32, garbage: &mut Vec<Garbage>) {
        self.count -= 1;
        match &mut self.lent {
            Some(lent) => {
                if let Some(removed) = lent.subscribers[place as usize].take() {
                    garbage.push(Box::new(removed.callback));
                }
                self.free.push(place);
            }
            None => {
                self.removed.push(place);
                // Release: pairs with the deliverer's Acquire. The list itself is read under the lease.
                self.removals.fetch_add(1, Ordering::Release);
            }
        }
    }

    fn removed(&self) -> Vec<u32> {
        self.removed.clone()
    }

    fn is_idle(&self) -> bool {
        let mut outlets = self.watch.iter().chain(&self.streams);
        self.count == 0 && outlets.all(|outlet| outlet.strong_count() == 0)
    }

    fn close(&mut self, wakers: &mut Vec<Waker>, garbage: &mut Vec<Garbage>) {
        // Release: as in `unsubscribe`. Whoever has the callbacks now finds the topic gone.
        self.removals.store(CLOSED, Ordering::Release);
        for outlet in self.watch.iter().chain(&self.streams).filter_map(Weak::upgrade) {
            outlet.close(wakers, garbage);
            outlet.let_go(garbage);
        }
    }
}

impl<T: Clone + Send + 'static> Callbacks for Lent<T> {
    fn call(&mut self, core: &Arc<Core>, panicked: &mut Panicked) {
        self.call_all(core, panicked);
        // Here, where no lease is held. In place: a notice is large.
        if std::mem::needs_drop::<T>() {
            let told = self.notice.take();
            panicked.catch(|| drop(told));
        } else {
            self.notice = None;
        }
    }
}

impl<T: Send + 'static> Lent<T> {
    #[inline]
    fn call_all(&mut self, core: &Arc<Core>, panicked: &mut Panicked) {
        let Some(notice) = &self.notice else { return };
        let change = Change::new(notice);
        let mut seen = 0;
        for place in 0..self.subscribers.len() {
            // Acquire: pairs with the Release of the removal. A removal that happened before this call counts.
            let removals = self.removals.load(Ordering::Acquire);
            if removals != seen && !mutant("removals go unnoticed") {
                seen = removals;
                let (slot, id) = self.topic;
                let Some(removed) = core.in_lease(|graph| graph.outbox.removed(slot, id)) else {
                    return;
                };
                for removed in removed {
                    let gone = self.subscribers.get_mut(removed as usize).and_then(Option::take);
                    panicked.catch(|| drop(gone));
                }
            }
            if let Some(subscriber) = &mut self.subscribers[place]
                && subscriber.since < notice.number
            {
                panicked.catch(|| (subscriber.callback)(&change));
            }
        }
    }
}

impl<T: Send + 'static> Notice<T> {
    /// Takes the place of a notification that was not told; returns the value that nobody will hear of.
    #[cold]
    fn coalesce(&mut self, value: Result<T, CellError>, staged: &Staged<'_>) -> Garbage {
        (self.number, self.cause) = (staged.number, *staged.cause);
        self.coalesced += 1;
        Box::new(std::mem::replace(&mut self.value, value))
    }
}

/// A copy of a cell's value. `Clone` is the user's code; a panic in it becomes what the subscribers hear.
pub(super) fn copy_of<T: Clone + Send + 'static>(
    cell: &dyn AnyCell,
    naming: &Naming<'_>,
    garbage: &mut Vec<Garbage>,
) -> Result<T, CellError> {
    let value = cell.value_as::<T>().expect("a changed cell has a value");
    catch_unwind(AssertUnwindSafe(|| value.clone())).map_err(|payload| {
        let (cell, message) = (naming.label(), panic_message(&*payload));
        garbage.push(payload);
        CellError::new(CellErrorKind::CloneFailed { cell, message })
    })
}
