//! The outbox: what is to be told, in order, and who tells it.
//!
//! If the desk (`desk.rs`) is at home and nothing waits, a commit puts what it has to tell on it right away, and leaves the
//! lease with it: that is the common case. Otherwise its values wait with the cells' topics (`topic.rs`), and a queue of
//! small items, one per changed cell that has callbacks and one per event, keeps their order. Whoever leaves the lease
//! while the desk is at home loads it with all that is left of the oldest commit.
//!
//! Bounds: beyond `capacity` items, a new value takes the place of one that waits, and says how many it stands for. Commits made
//! by callbacks know how deep their causes go, so that a ping-pong without end becomes an error.

use super::{Told, callbacks::Callback, desk::Desk, topic::Topic};
use crate::{
    cell::CellLabel,
    commit::CommitNumber,
    error::{CellError, CellErrorKind},
    event::Event,
    graph::Garbage,
    lease,
    sync::{
        atomic::{AtomicU64, Ordering},
        mutant,
    },
};
use slab::Slab;
use std::{collections::VecDeque, panic::Location, sync::Arc, task::Waker};

/// Everything about delivery that the lease guards.
pub(crate) struct Outbox {
    /// What is to be told, in commit order, after what is on the desk.
    pub(super) queue: VecDeque<Item>,
    /// The events among them.
    pub(super) events: VecDeque<Box<Event>>,
    /// The subscribers of each cell that has any.
    pub(super) topics: Slab<Topic>,
    /// Numbers topics, so that a slot that is used again is not taken for the old one.
    last_topic: u64,
    /// The callbacks; away while they are called.
    pub(super) desk: Option<Box<Desk>>,
    /// Whether there is anything to tell on the desk.
    pub(super) packed: bool,
    /// The topics that callbacks were added to or removed from, and those that were closed, while the desk is away.
    touched: Vec<u32>,
    /// See [`Desk::removals`].
    removals: Arc<AtomicU64>,
    /// The thread that delivers, or did last.
    deliverer: usize,
    /// The commit whose callbacks are being called.
    current: Option<CommitNumber>,
    /// How many threads wait for their own commit.
    waiting: usize,
    /// From this length of the queue on, notifications of one subscriber coalesce.
    pub(super) capacity: usize,
    /// How many commits deep callbacks may answer each other.
    causal_limit: u32,
    /// The commits made by callbacks since the outbox was last empty: number, cause, cell.
    causes: Vec<(CommitNumber, CommitNumber, Option<CellLabel>)>,
}

/// Something that waits to be told.
#[derive(Clone, Copy)]
pub(super) struct Item {
    /// The commit, or the last one before the event.
    pub(super) told: Told,
    /// The slot and the id of the topic whose oldest staged value is meant; without one, the oldest event.
    pub(super) topic: Option<(u32, u64)>,
}

/// What a deliverer does next.
pub(super) enum Next {
    /// Delivers this.
    Desk(Box<Desk>),
    /// Nothing: all is told.
    Empty,
    /// Nothing: the waiting threads are woken, and one of them goes on.
    ToWaiter,
    /// Nothing: the spawner goes on.
    ToSpawner,
}

impl Outbox {
    pub(crate) fn new(capacity: usize, causal_limit: u32) -> Self {
        let removals = Arc::new(AtomicU64::new(0));
        Self {
            queue: VecDeque::new(),
            events: VecDeque::new(),
            topics: Slab::new(),
            last_topic: 0,
            desk: Some(Desk::new(Arc::clone(&removals))),
            packed: false,
            touched: Vec::new(),
            removals,
            deliverer: 0,
            current: None,
            waiting: 0,
            capacity,
            causal_limit,
            causes: Vec::new(),
        }
    }

    pub(crate) fn causal_limit(&self) -> u32 {
        self.causal_limit
    }

    /// Adds a topic; returns its slot.
    pub(super) fn open_topic<T: Clone + Send + 'static>(&mut self) -> u32 {
        self.last_topic += 1;
        self.topics.insert(Topic::new::<T>(self.last_topic)) as u32
    }

    /// Removes a topic; its callbacks are to be dropped outside the lease.
    pub(crate) fn close_topic(
        &mut self,
        slot: u32,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) {
        self.topics[slot as usize].close(wakers, garbage);
        match &mut self.desk {
            Some(desk) => {
                garbage.extend(desk.callbacks(slot).take().map(|callbacks| callbacks as Garbage));
                garbage.push(Box::new(self.topics.remove(slot as usize)));
            }
            None => {
                // The slot is not used again before the callbacks are back.
                self.touch(slot);
                self.note_removal();
            }
        }
    }

    /// Something has happened to the callbacks of a topic that are away.
    fn touch(&mut self, slot: u32) {
        if self.touched.last() != Some(&slot) {
            self.touched.push(slot);
        }
    }

    fn note_removal(&self) {
        // Release: pairs with the deliverer's Acquire.
        self.removals.fetch_add(1, Ordering::Release);
    }

    /// Closes every watch and stream, since the store is gone.
    pub(crate) fn close_all(&mut self) -> Vec<Waker> {
        let (mut wakers, mut garbage) = (Vec::new(), Vec::new());
        for (_, topic) in &mut self.topics {
            topic.close(&mut wakers, &mut garbage);
        }
        wakers
    }

    /// The topic in a slot that is known to be taken.
    #[inline]
    pub(super) fn topic_in(&mut self, slot: u32) -> &mut Topic {
        &mut self.topics[slot as usize]
    }

    /// Whether the topic in a slot that is known to be taken has nobody who is subscribed.
    #[inline]
    pub(crate) fn is_idle(&self, slot: u32) -> bool {
        let topic = &self.topics[slot as usize];
        topic.count == 0 && topic.is_idle()
    }

    /// The topic in a slot, if it is still that one.
    fn topic(&mut self, slot: u32, id: u64) -> Option<&mut Topic> {
        self.topics.get_mut(slot as usize).filter(|topic| topic.id == id && !topic.closed)
    }

    /// Adds a callback to a topic; returns its place.
    pub(super) fn subscribe<T: Clone + Send + 'static>(
        &mut self,
        slot: u32,
        callback: Callback<T>,
        since: CommitNumber,
    ) -> u32 {
        if self.desk.is_none() {
            self.touch(slot);
        }
        let home = self.desk.as_deref_mut().map(|desk| desk.callbacks(slot));
        self.topics[slot as usize].subscribe(home, callback, since)
    }

    /// Removes a callback, if its topic is still there; returns whether that has no subscribers any more.
    pub(super) fn unsubscribe(
        &mut self,
        slot: u32,
        id: u64,
        place: u32,
        garbage: &mut Vec<Garbage>,
    ) -> bool {
        let Some(topic) =
            self.topics.get_mut(slot as usize).filter(|topic| topic.id == id && !topic.closed)
        else {
            return false;
        };
        let home = self.desk.as_deref_mut().map(|desk| desk.callbacks(slot));
        let is_away = home.is_none();
        topic.unsubscribe(home, place, garbage);
        let idle = topic.is_idle();
        if is_away {
            self.touch(slot);
            self.note_removal();
        }
        idle
    }

    /// The callbacks that were removed from a topic while a deliverer has them; `None` if all were.
    pub(super) fn removed(&mut self, slot: u32, id: u64) -> Option<Vec<u32>> {
        let topic = self.topic(slot, id)?;
        Some(topic.away.as_ref().map_or_else(Vec::new, |away| away.removed.clone()))
    }

    /// Remembers that a callback of one commit made another.
    #[cold]
    pub(crate) fn note_cause(&mut self, told: &Told, cell: Option<CellLabel>) {
        if let Some(cause) = told.cause.callback_of {
            self.causes.push((told.number, cause, cell));
        }
    }

    /// The error of a write that callbacks have caused without end, with the cells along the way.
    #[cold]
    pub(crate) fn causal_loop(
        &self,
        cell: CellLabel,
        used: &'static Location<'static>,
        mut commit: Option<CommitNumber>,
    ) -> CellError {
        let mut cells = vec![cell];
        while let Some((_, cause, label)) = commit
            .and_then(|commit| self.causes.iter().rev().find(|(number, ..)| *number == commit))
        {
            if let Some(label) = label
                && !cells.contains(label)
            {
                cells.push(label.clone());
            }
            commit = Some(*cause);
        }
        CellError::new(CellErrorKind::CausalLoop { used, cells, limit: self.causal_limit })
    }

    /// Whether there is something to deliver and nobody does.
    #[inline]
    pub(super) fn is_due(&self) -> bool {
        self.packed || !self.queue.is_empty() && self.desk.is_some()
    }

    /// Makes the calling thread the deliverer of what is on the desk, if that is all there is.
    #[inline]
    pub(super) fn start_at_once(&mut self) -> Option<Box<Desk>> {
        if !self.packed || !self.queue.is_empty() {
            return None;
        }
        let mut desk = self.desk.take()?;
        self.deliverer = lease::this_thread();
        self.packed = false;
        self.current = Some(desk.told.number);
        desk.leave();
        Some(desk)
    }

    /// Makes the calling thread the deliverer if there is something to deliver and nobody does.
    pub(super) fn start(&mut self) -> Option<Box<Desk>> {
        if !self.is_due() {
            return None;
        }
        self.deliverer = lease::this_thread();
        self.take_desk()
    }

    /// Takes the desk, with all that is left of one commit; without anything to tell it stays, and the delivery ends.
    fn take_desk(&mut self) -> Option<Box<Desk>> {
        let mut desk = self.desk.take()?;
        if !self.queue.is_empty() {
            self.load(&mut desk);
        }
        if desk.due.is_empty() {
            self.desk = Some(desk);
            self.end_delivery();
            return None;
        }
        self.packed = false;
        self.current = Some(desk.told.number);
        desk.leave();
        Some(desk)
    }

    /// Puts what is next in the queue on the desk: as much as there is of one commit.
    fn load(&mut self, desk: &mut Desk) {
        while let Some(Item { told, topic }) = self.queue.front().copied() {
            if !desk.takes(&told) {
                return;
            }
            self.queue.pop_front();
            match topic {
                None => {
                    if let Some(event) = self.events.pop_front() {
                        desk.add_event(event, &told);
                    }
                }
                Some((slot, id)) => {
                    // Gone if the cell was removed after the commit.
                    let staged = self
                        .topic(slot, id)
                        .and_then(|topic| Some((topic.staged.pop_front()?, topic.first)));
                    if let (Some((staged, first)), Some(callbacks)) = (staged, desk.callbacks(slot))
                    {
                        callbacks.accept(staged);
                        if first {
                            desk.add_first(slot, id, &told);
                        } else {
                            desk.add_callbacks(slot, id, &told);
                        }
                    }
                }
            }
        }
    }

    /// Nothing is left to tell.
    #[inline]
    pub(super) fn end_delivery(&mut self) {
        self.current = None;
        if !self.causes.is_empty() {
            self.causes.clear();
        }
    }

    /// What the deliverer does after it has told what it had of commit `last`.
    pub(super) fn next(&mut self, last: CommitNumber, spent: bool) -> Next {
        if self.queue.is_empty() {
            self.end_delivery();
            return Next::Empty;
        }
        let same_commit = self.queue.front().is_some_and(|item| item.told.number == last);
        if spent && !same_commit {
            // Free for anyone to take: the one that it is meant for, or whoever commits before that.
            self.current = None;
            return if self.waiting > 0 { Next::ToWaiter } else { Next::ToSpawner };
        }
        match self.take_desk() {
            Some(desk) => Next::Desk(desk),
            None => Next::Empty,
        }
    }

    /// Takes the desk back. What is to be dropped outside the lease goes to `garbage`.
    #[inline]
    pub(super) fn give_back(&mut self, mut desk: Box<Desk>, garbage: &mut Vec<Garbage>) {
        if !self.touched.is_empty() {
            self.merge(&mut desk, garbage);
        }
        self.desk = Some(desk);
    }

    /// Whether, with the desk back, the delivery is at its end and nobody waits for that.
    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.queue.is_empty() && self.waiting == 0 && self.causes.is_empty()
    }

    /// Does to the callbacks, which are back, what happened to them while they were away.
    #[cold]
    fn merge(&mut self, desk: &mut Desk, garbage: &mut Vec<Garbage>) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for slot in touched {
            let callbacks = desk.callbacks(slot);
            if self.topics[slot as usize].closed {
                garbage.extend(callbacks.take().map(|callbacks| callbacks as Garbage));
                garbage.push(Box::new(self.topics.remove(slot as usize)));
                continue;
            }
            let Some(mut away) = self.topics[slot as usize].away.take() else { continue };
            match (&mut *callbacks, away.added.take()) {
                (Some(callbacks), Some(added)) => callbacks.merge(added),
                (none @ None, added) => *none = added,
                (Some(_), None) => {}
            }
            if mutant("removed callbacks are kept") {
                continue;
            }
            for place in away.removed {
                if let Some(callbacks) = callbacks {
                    callbacks.remove(place, garbage);
                }
            }
        }
    }

    pub(super) fn has_waiters(&self) -> bool {
        self.waiting > 0
    }

    /// Whether the callbacks of a commit, and of those before it, have been called.
    pub(super) fn is_delivered(&self, number: CommitNumber) -> bool {
        let queued = self.queue.front().is_some_and(|item| item.told.number <= number);
        let under_way = self.current.is_some_and(|current| current <= number);
        !queued && (!under_way || mutant("a call under way counts as done"))
    }

    /// For a thread that waits for a commit, called at each wake-up: `None` to wait on, `Some(None)` when the
    /// commit has been delivered, `Some(Some(_))` when the thread has become the deliverer.
    pub(super) fn wait_for(
        &mut self,
        number: CommitNumber,
        first: bool,
    ) -> Option<Option<Box<Desk>>> {
        if !first {
            self.waiting -= 1;
        }
        // Even if its own commit is done: it may have been woken because the delivery was passed on to it.
        if let Some(desk) = self.start() {
            return Some(Some(desk));
        }
        if self.desk.is_none() && self.deliverer == lease::this_thread() {
            // Somewhere below on this very stack: a callback, a waker or a drop that waits would wait for itself.
            return Some(None);
        }
        if self.is_delivered(number) {
            return Some(None);
        }
        self.waiting += 1;
        None
    }
}
