//! The desk: what a deliverer takes out of the lease, and brings back.
//!
//! On it are the callbacks of all cells, so that lending them is moving one pointer, and what is due of one commit. While
//! the desk is away nobody else can deliver: that is what makes callbacks never run two at a time.

use super::{
    Panicked, Told,
    callbacks::{AnyCallbacks, Telling},
};
use crate::{
    commit::CommitNumber,
    event::Event,
    graph::Garbage,
    store::Core,
    sync::atomic::{AtomicU64, Ordering},
};
use std::{collections::VecDeque, sync::Arc, task::Waker, time::Duration};

/// The callbacks of all cells, and what is to be told next.
pub(crate) struct Desk {
    /// By the slot of their topic.
    pub(super) callbacks: Vec<Option<Box<dyn AnyCallbacks>>>,
    /// To be told, in this order, of one commit.
    pub(super) due: Vec<Due>,
    /// Where in `due` those end that come before all others.
    pub(super) firsts: usize,
    /// The events among them.
    pub(super) events: VecDeque<Box<Event>>,
    /// That commit.
    pub(super) told: Told,
    /// The last commit when a thread that left the lease took the desk: that thread's own, if it made one.
    pub(super) newest: CommitNumber,
    /// What else is to be done, before.
    pub(super) loose: Loose,
    /// Counts the removals of callbacks while the desk is away, so that the deliverer notices.
    pub(super) removals: Arc<AtomicU64>,
    /// How many there were when the desk went.
    pub(super) removed_before: u64,
}

/// What is to be done after a lease besides delivering.
#[derive(Default)]
pub(crate) struct Loose {
    /// Woken first.
    pub(super) wakers: Vec<Waker>,
    /// Dropped next.
    pub(super) garbage: Vec<Garbage>,
    /// How long the lease was held, if anybody wants to know.
    pub(crate) held: Option<Duration>,
}

/// What leaves a lease.
pub(crate) enum Exit {
    /// The desk, and nothing else to do: whoever has it delivers.
    Desk(Box<Desk>),
    /// The desk, and more to be done before.
    Laden(Box<Desk>),
    /// Nothing to deliver, or somebody else does.
    Loose(Box<Loose>),
}

/// Something to tell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    /// The callbacks of a cell: the slot and the id of its topic.
    Callbacks(u32, u64),
    /// The next one of the events.
    Event,
}

impl Desk {
    pub(super) fn new(removals: Arc<AtomicU64>) -> Box<Self> {
        Box::new(Self {
            callbacks: Vec::new(),
            due: Vec::new(),
            firsts: 0,
            events: VecDeque::new(),
            told: Told::NOTHING,
            newest: CommitNumber(0),
            loose: Loose::default(),
            removals,
            removed_before: 0,
        })
    }

    /// Whether what is told of a commit can be told together with what is due already.
    #[inline]
    pub(super) fn takes(&self, told: &Told) -> bool {
        self.due.is_empty() || (self.told.number, self.told.depth) == (told.number, told.depth)
    }

    /// Has the callbacks of a topic called.
    #[inline]
    pub(super) fn add_callbacks(&mut self, slot: u32, id: u64, told: &Told) {
        // Events know of no cause.
        if self.due.len() == self.events.len() {
            self.told = *told;
        }
        self.due.push(Due::Callbacks(slot, id));
    }

    /// The same for callbacks that come before those of other cells; events that are due already stay in front.
    #[cold]
    pub(super) fn add_first(&mut self, slot: u32, id: u64, told: &Told) {
        if self.due.len() == self.events.len() {
            self.told = *told;
        }
        let events = self.due[self.firsts..].iter().take_while(|due| matches!(due, Due::Event));
        let place = self.firsts + events.count();
        self.due.insert(place, Due::Callbacks(slot, id));
        self.firsts = place + 1;
    }

    /// Has an event told.
    pub(super) fn add_event(&mut self, event: Box<Event>, told: &Told) {
        if self.due.is_empty() {
            self.told = *told;
        }
        self.events.push_back(event);
        self.due.push(Due::Event);
    }

    /// Where the callbacks of a topic are.
    #[inline]
    pub(super) fn callbacks(&mut self, slot: u32) -> &mut Option<Box<dyn AnyCallbacks>> {
        let slot = slot as usize;
        if slot >= self.callbacks.len() {
            self.callbacks.resize_with(slot + 1, || None);
        }
        &mut self.callbacks[slot]
    }

    /// Calls the callbacks and the observers.
    #[inline]
    pub(super) fn tell(&mut self, core: &Core, panicked: &mut Panicked) {
        let Self { callbacks, due, firsts, events, told, removals, removed_before, .. } = self;
        let removed_before = *removed_before;
        let mut telling = Telling { told, removals, removed_before, core, panicked };
        for &due in &*due {
            match due {
                Due::Callbacks(slot, id) => {
                    if let Some(Some(callbacks)) = callbacks.get_mut(slot as usize) {
                        callbacks.call(slot, id, &mut telling);
                    }
                }
                Due::Event => {
                    if let Some(event) = events.pop_front() {
                        core.feed.tell(&event, telling.panicked);
                        telling.panicked.catch(|| drop(event));
                    }
                }
            }
        }
        due.clear();
        *firsts = 0;
    }

    /// The desk is about to leave the lease.
    #[inline]
    pub(super) fn leave(&mut self) {
        // Relaxed: removals are counted inside the lease.
        self.removed_before = self.removals.load(Ordering::Relaxed);
    }
}
