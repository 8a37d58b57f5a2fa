//! Staging: how the news of a commit reaches those who are to be told, inside the lease.
//!
//! Watches and streams get it at once. For the callbacks the value is put on the desk, if that is at home and nothing waits before
//! it; otherwise it is left with the topic, and an item in the queue keeps its place.

use super::{
    desk::Desk,
    outbox::{Item, Outbox},
};
use crate::{
    commit::{Cause, CommitNumber},
    error::CellError,
    event::Event,
    graph::Graph,
    sync::mutant,
};
use std::panic::Location;

/// A commit, as it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// Its number.
    pub(crate) number: CommitNumber,
    /// What led to it.
    pub(crate) cause: Cause,
    /// How many commits deep its causes go.
    pub(crate) depth: u32,
}

impl Told {
    /// No commit.
    pub(super) const NOTHING: Self = Self::event(0, 0);

    /// What an event is told with: the last commit, without a cause.
    const fn event(last_commit: u64, depth: u32) -> Self {
        let cause = Cause { location: Location::caller(), run: None, callback_of: None };
        Self { number: CommitNumber(last_commit), cause, depth }
    }
}

impl Outbox {
    /// Has an event told.
    pub(crate) fn push_event(&mut self, event: Event, last_commit: u64, depth: u32) {
        let (told, event) = (Told::event(last_commit, depth), Box::new(event));
        match self.free_desk(&told) {
            Some(desk) => desk.add_event(event, &told),
            None => {
                self.events.push_back(event);
                self.queue.push_back(Item { told, topic: None });
            }
        }
    }

    /// The desk, if what is told of a commit can be put on it.
    #[inline]
    fn free_desk(&mut self, told: &Told) -> Option<&mut Desk> {
        if !self.queue.is_empty() {
            return None;
        }
        let desk = self.desk.as_deref_mut().filter(|desk| desk.takes(told))?;
        self.packed = true;
        Some(desk)
    }
}

impl Graph {
    /// Hands the state of a cell to its subscribers, if it has any.
    #[inline]
    pub(crate) fn stage(&mut self, index: u32, told: &Told) {
        let node = self.node(index);
        if let Some(slot) = node.topic() {
            self.stage_topic(slot, index, node.failed, told);
        }
    }

    /// Hands the state of a cell to the subscribers in `slot`.
    #[inline]
    pub(crate) fn stage_topic(&mut self, slot: u32, index: u32, failed: bool, told: &Told) {
        if failed {
            self.stage_error(slot, index, told);
        } else {
            self.stage_state(slot, index, None, told);
        }
    }

    #[cold]
    fn stage_error(&mut self, slot: u32, index: u32, told: &Told) {
        let error = self.error(index);
        self.stage_state(slot, index, error.as_ref(), told);
    }

    fn stage_state(&mut self, slot: u32, index: u32, error: Option<&CellError>, told: &Told) {
        let (cell, naming, outbox, garbage, wakers) = self.for_staging(index);
        let topic = &mut outbox.topics[slot as usize];
        if topic.has_outlets() {
            topic.publish(cell, &naming, error, told.number, wakers, garbage);
        }
        if topic.count == 0 {
            return;
        }
        let (id, first) = (topic.id, topic.first);
        if let Some(desk) = outbox.free_desk(told) {
            if let Some(Some(callbacks)) = desk.callbacks.get_mut(slot as usize) {
                callbacks.stage(cell, &naming, error, garbage);
                if first {
                    desk.add_first(slot, id, told);
                } else {
                    desk.add_callbacks(slot, id, told);
                }
            }
            return;
        }
        if mutant("what is told meanwhile is lost") {
            return;
        }
        let full = outbox.queue.len() >= outbox.capacity;
        if !outbox.topics[slot as usize].stage(cell, &naming, error, told, full, garbage) {
            outbox.queue.push_back(Item { told: *told, topic: Some((slot, id)) });
        }
    }
}
