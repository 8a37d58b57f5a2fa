//! The outbox: what is to be told, in order, and who tells it.
//!
//! A queue of small items, one per changed cell that has callbacks and one per event, in the order of the commits; the values
//! wait with the cells' topics. Whoever leaves the lease while nobody delivers takes a *parcel* out: all that is left
//! of the oldest commit, with the callbacks lent by their topics. In the common case, one commit and nobody delivering, the
//! callbacks go straight into the parcel and the queue is never touched.
//!
//! Bounds: beyond `capacity` items, a new value takes the place of one that waits, and says how many it stands for. Commits made
//! by callbacks know how deep their causes go, so that a ping-pong without end becomes an error.

use super::{
    Panicked,
    topic::{AnyTopic, Callbacks, Staged, Told},
};
use crate::{
    cell::CellLabel,
    commit::{CommitNumber, Writer},
    error::{CellError, CellErrorKind},
    event::Event,
    graph::{Garbage, Graph},
    lease,
    store::Core,
    sync::mutant,
};
use slab::Slab;
use std::{any::Any, collections::VecDeque, sync::Arc, task::Waker};

/// Everything about delivery that the lease guards.
pub(crate) struct Outbox {
    /// What is to be told, in commit order.
    queue: VecDeque<Item>,
    /// The events among them.
    events: VecDeque<Box<Event>>,
    /// The subscribers of each cell that has any.
    pub(super) topics: Slab<TopicSlot>,
    /// Numbers topics, so that a slot that is used again is not taken for the old one.
    last_topic: u64,
    /// Whether some thread or task is delivering.
    delivering: bool,
    /// The thread that does, or did last.
    deliverer: usize,
    /// A parcel to be used again. If nobody is delivering and nothing is queued, the callbacks of a commit are lent
    /// to it at once: then it goes before the queue.
    spare: Option<Box<Parcel>>,
    /// Whether there is anything in the spare parcel.
    packed: bool,
    /// The commit whose callbacks are being called.
    current: Option<CommitNumber>,
    /// How many threads wait for their own commit.
    waiting: usize,
    /// From this length of the queue on, notifications of one subscriber coalesce.
    capacity: usize,
    /// How many commits deep callbacks may answer each other.
    causal_limit: u32,
    /// The commits made by callbacks since the outbox was last empty: number, cause, cell.
    causes: Vec<(CommitNumber, CommitNumber, Option<CellLabel>)>,
}

/// The subscribers of one cell.
pub(super) struct TopicSlot {
    /// Which topic: see [`Outbox::last_topic`].
    pub(super) id: u64,
    /// The subscribers.
    pub(super) topic: Box<dyn AnyTopic>,
}

/// Something to tell.
#[derive(Clone, Copy)]
struct Item {
    /// The commit, or the last one before the event.
    number: CommitNumber,
    /// How many commits deep its causes go.
    depth: u32,
    /// The slot and the id of the topic whose oldest staged value is meant; without one, the oldest event.
    topic: Option<(u32, u64)>,
}

/// What is to be done outside the lease, taken out of it: wake, drop, and tell what is due of one commit.
pub(crate) struct Parcel {
    /// Woken first.
    pub(super) wakers: Vec<Waker>,
    /// Dropped next.
    pub(super) garbage: Vec<Garbage>,
    /// Told last, in this order; if there is any, nobody else delivers meanwhile.
    due: Vec<Due>,
    /// The commit.
    pub(super) number: CommitNumber,
    /// How many commits deep its causes go.
    pub(super) depth: u32,
    /// The last commit when a thread that left the lease took it: that thread's own, if it made one.
    pub(super) newest: CommitNumber,
}

/// Something to tell, taken out of the lease.
enum Due {
    /// The callbacks of a cell, lent, with the value to call them with; the slot and the id of their topic.
    Callbacks(Box<dyn Callbacks>, u32, u64),
    /// An event.
    Event(Box<Event>),
}

/// What a deliverer does next.
pub(super) enum Next {
    /// This.
    Parcel(Box<Parcel>),
    /// Nothing: all is told.
    Empty,
    /// Nothing: the waiting threads are woken, and one of them goes on.
    ToWaiter,
    /// Nothing: the spawner goes on.
    ToSpawner,
}

impl Outbox {
    pub(crate) fn new(capacity: usize, causal_limit: u32) -> Self {
        Self {
            queue: VecDeque::new(),
            events: VecDeque::new(),
            topics: Slab::new(),
            last_topic: 0,
            delivering: false,
            deliverer: 0,
            spare: None,
            packed: false,
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

    /// Adds a topic, made with its slot and its id; returns the slot.
    pub(super) fn open_topic(&mut self, make: impl FnOnce(u32, u64) -> Box<dyn AnyTopic>) -> u32 {
        self.last_topic += 1;
        let entry = self.topics.vacant_entry();
        let (slot, id) = (entry.key() as u32, self.last_topic);
        entry.insert(TopicSlot { id, topic: make(slot, id) });
        slot
    }

    /// Removes a topic; its subscribers are to be dropped outside the lease.
    pub(crate) fn close_topic(
        &mut self,
        slot: u32,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) -> impl Any + Send + use<> {
        let mut topic = self.topics.remove(slot as usize).topic;
        topic.close(wakers, garbage);
        topic
    }

    /// Closes every watch, since the store is gone.
    pub(crate) fn close_all(&mut self) -> Vec<Waker> {
        let (mut wakers, mut garbage) = (Vec::new(), Vec::new());
        for (_, entry) in &mut self.topics {
            entry.topic.close(&mut wakers, &mut garbage);
        }
        wakers
    }

    /// The topic in a slot, if it is still that one.
    pub(super) fn topic(&mut self, slot: u32, id: u64) -> Option<&mut Box<dyn AnyTopic>> {
        self.topics
            .get_mut(slot as usize)
            .filter(|entry| entry.id == id)
            .map(|entry| &mut entry.topic)
    }

    /// The callbacks that were removed from a topic while a deliverer has them; `None` if all were.
    pub(super) fn removed(&mut self, slot: u32, id: u64) -> Option<Vec<u32>> {
        self.topic(slot, id).map(|topic| topic.removed())
    }

    /// Queues an event.
    pub(crate) fn push_event(&mut self, event: Event, last_commit: u64, depth: u32) {
        let number = CommitNumber(last_commit);
        self.events.push_back(Box::new(event));
        self.queue.push_back(Item { number, depth, topic: None });
    }

    /// Remembers that a callback of one commit made another.
    #[cold]
    pub(crate) fn note_cause(
        &mut self,
        number: CommitNumber,
        writer: &Writer,
        cell: Option<CellLabel>,
    ) {
        if let Some(cause) = writer.cause.callback_of {
            self.causes.push((number, cause, cell));
        }
    }

    /// The error of a write that callbacks have caused without end, with the cells along the way.
    #[cold]
    pub(crate) fn causal_loop(&self, cell: CellLabel, writer: &Writer) -> CellError {
        let mut cells = vec![cell];
        let mut commit = writer.cause.callback_of;
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
        let (used, limit) = (writer.cause.location, self.causal_limit);
        CellError::new(CellErrorKind::CausalLoop { used, cells, limit })
    }

    /// Whether there is something to deliver and nobody does.
    #[inline]
    pub(super) fn is_due(&self) -> bool {
        (self.packed || !self.queue.is_empty()) && (!self.delivering || mutant("two deliverers"))
    }

    /// Makes the calling thread the deliverer if there is something to deliver and nobody does.
    pub(super) fn start(&mut self) -> Option<Box<Parcel>> {
        if !self.is_due() {
            return None;
        }
        self.delivering = true;
        self.deliverer = lease::this_thread();
        self.next_parcel()
    }

    /// The next parcel for the deliverer, all that is left of one commit; `None` ends the delivery.
    fn next_parcel(&mut self) -> Option<Box<Parcel>> {
        let mut parcel = self.spare.take().unwrap_or_else(Parcel::empty);
        self.packed = false;
        while let Some(&Item { number, depth, topic }) = self.queue.front() {
            if parcel.due.is_empty() {
                (parcel.number, parcel.depth) = (number, depth);
            } else if (parcel.number, parcel.depth) != (number, depth) {
                break;
            }
            self.queue.pop_front();
            match topic {
                Some((slot, id)) => {
                    // Gone if the cell was removed after the commit.
                    if let Some(topic) = self.topic(slot, id) {
                        parcel.due.push(Due::Callbacks(topic.lend(), slot, id));
                    }
                }
                None => parcel.due.extend(self.events.pop_front().map(Due::Event)),
            }
        }
        if parcel.due.is_empty() {
            self.spare = Some(parcel);
            self.end_delivery();
            return None;
        }
        self.current = Some(parcel.number);
        Some(parcel)
    }

    /// Nothing is left to tell.
    fn end_delivery(&mut self) {
        self.delivering = false;
        self.current = None;
        if !self.causes.is_empty() {
            self.causes.clear();
        }
    }

    /// What the deliverer does after a parcel of commit `last`.
    pub(super) fn next(&mut self, last: CommitNumber, spent: bool) -> Next {
        let same_commit = self.queue.front().is_some_and(|item| item.number == last);
        if spent && !same_commit && !self.queue.is_empty() {
            // Free for anyone to take: the one that it is meant for, or whoever commits before that.
            self.delivering = false;
            self.current = None;
            return if self.waiting > 0 { Next::ToWaiter } else { Next::ToSpawner };
        }
        if self.queue.is_empty() {
            self.end_delivery();
            return Next::Empty;
        }
        match self.next_parcel() {
            Some(parcel) => Next::Parcel(parcel),
            None => Next::Empty,
        }
    }

    /// Merges lent callbacks back. What is to be dropped outside the lease goes to `garbage`.
    pub(super) fn give_back(&mut self, mut parcel: Box<Parcel>, garbage: &mut Vec<Garbage>) {
        while let Some(due) = parcel.due.pop() {
            match due {
                Due::Callbacks(callbacks, slot, id) => match self.topic(slot, id) {
                    Some(topic) => topic.give_back(callbacks, garbage),
                    None => garbage.push(callbacks),
                },
                Due::Event(event) => garbage.push(event),
            }
        }
        self.spare = Some(parcel);
    }

    pub(super) fn has_waiters(&self) -> bool {
        self.waiting > 0
    }

    /// Whether the callbacks of a commit, and of those before it, have been called.
    pub(super) fn is_delivered(&self, number: CommitNumber) -> bool {
        let queued = self.queue.front().is_some_and(|item| item.number <= number);
        let under_way = self.current.is_some_and(|current| current <= number);
        !queued && (!under_way || mutant("a call under way counts as done"))
    }

    /// For a thread that waits for a commit, called at each wake-up: `None` to wait on, `Some(None)` when the
    /// commit has been delivered, `Some(Some(_))` when the thread has become the deliverer.
    pub(super) fn wait_for(
        &mut self,
        number: CommitNumber,
        first: bool,
    ) -> Option<Option<Box<Parcel>>> {
        if !first {
            self.waiting -= 1;
        }
        // Even if its own commit is done: it may have been woken because the delivery was passed on to it.
        if let Some(parcel) = self.start() {
            return Some(Some(parcel));
        }
        if self.delivering && self.deliverer == lease::this_thread() {
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

impl Parcel {
    pub(super) fn empty() -> Box<Self> {
        let (wakers, garbage, due) = (Vec::new(), Vec::new(), Vec::new());
        let none = CommitNumber(0);
        Box::new(Self { wakers, garbage, due, number: none, depth: 0, newest: none })
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// Calls the callbacks and the observers.
    pub(super) fn tell(&mut self, core: &Arc<Core>, panicked: &mut Panicked) {
        for due in &mut self.due {
            match due {
                Due::Callbacks(callbacks, ..) => callbacks.call(core, panicked),
                Due::Event(event) => core.feed.tell(event, panicked),
            }
        }
    }
}

impl Graph {
    /// Hands the state of a cell to the subscribers in `slot`.
    pub(crate) fn stage_topic(
        &mut self,
        slot: u32,
        index: u32,
        number: CommitNumber,
        writer: &Writer,
    ) {
        let error = if self.node(index).failed { self.error(index) } else { None };
        let (cell, naming, outbox, garbage, wakers) = self.for_staging(index);
        let depth = writer.depth;
        let first = !outbox.delivering && outbox.queue.is_empty();
        let lend = first
            && (!outbox.packed
                || outbox
                    .spare
                    .as_ref()
                    .is_some_and(|parcel| (parcel.number, parcel.depth) == (number, depth)));
        let full = outbox.queue.len() >= outbox.capacity;
        let cause = &writer.cause;
        let naming = &naming;
        let staged = Staged { cell, naming, error: error.as_ref(), number, cause, full, lend };
        let entry = &mut outbox.topics[slot as usize];
        match entry.topic.stage(&staged, wakers, garbage) {
            Told::Nobody => {}
            Told::Later => {
                let topic = Some((slot, entry.id));
                outbox.queue.push_back(Item { number, depth, topic });
            }
            Told::Now(callbacks) => {
                let parcel = outbox.spare.get_or_insert_with(Parcel::empty);
                (parcel.number, parcel.depth) = (number, depth);
                parcel.due.push(Due::Callbacks(callbacks, slot, entry.id));
                outbox.packed = true;
            }
        }
    }
}
