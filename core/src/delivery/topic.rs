//! The subscribers of one cell, as far as the lease guards them.
//!
//! A topic comes to be with the first subscriber of a cell and goes with the last. A commit that changes the cell copies its
//! value: once for all callbacks, once for the watches, once for each stream. The callbacks themselves are on the desk
//! (`desk.rs`), which a deliverer takes with it. Who subscribes or unsubscribes meanwhile is noted here, and that is done when
//! the desk is back. A removal is also counted where the deliverer sees it without the lease, so that a callback whose guard
//! is gone is not called any more.

use super::{
    Told,
    callbacks::{AnyCallbacks, Callback, Callbacks, Late},
    watch::Outlet,
};
use crate::{
    cell::AnyCell,
    commit::CommitNumber,
    error::{CellError, CellErrorKind, panic_message},
    graph::{Garbage, Naming},
};
use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    task::Waker,
};

/// Copies a cell's value. `Clone` is the user's code.
type Copy = fn(&dyn AnyCell, &Naming<'_>, &mut Vec<Garbage>) -> Result<Garbage, CellError>;

/// The subscribers of a cell.
pub(super) struct Topic {
    /// Which topic: a slot that is used again is not to be taken for the old one.
    pub(super) id: u64,
    /// How many callbacks there are.
    pub(super) count: u32,
    /// The places that callbacks have or had.
    places: u32,
    /// Copies the cell's value.
    copy: Copy,
    /// Values that wait for their turn.
    pub(super) staged: VecDeque<Staged>,
    /// What the watches of the cell share.
    watch: Option<Arc<dyn Outlet>>,
    /// The buffers of the streams of the cell.
    streams: Vec<Weak<dyn Outlet>>,
    /// What happened to the callbacks while the desk is away, if anything did.
    pub(super) away: Option<Box<Away>>,
    /// Whether its callbacks come before those of other cells.
    pub(super) first: bool,
    /// Whether the cell is gone, or has nobody who is subscribed.
    pub(super) closed: bool,
}

/// What happened to the callbacks of a cell while the desk is away.
#[derive(Default)]
pub(super) struct Away {
    /// Added.
    pub(super) added: Option<Box<dyn AnyCallbacks>>,
    /// The places of those removed, some of which may have been added.
    pub(super) removed: Vec<u32>,
}

/// A value that waits for its turn.
pub(super) struct Staged {
    /// The value, or why the cell has none.
    pub(super) value: Result<Garbage, CellError>,
    /// If it is told instead of others.
    pub(super) late: Option<Box<Late>>,
}

impl Topic {
    /// A topic without subscribers, of a cell of type `T`.
    pub(super) fn new<T: Clone + Send + 'static>(id: u64) -> Self {
        Self {
            id,
            count: 0,
            places: 0,
            copy: |cell, naming, garbage| {
                copy_of::<T>(cell, naming, garbage).map(|value| Box::new(value) as Garbage)
            },
            staged: VecDeque::new(),
            watch: None,
            streams: Vec::new(),
            away: None,
            first: false,
            closed: false,
        }
    }

    /// Adds a callback to those that are at home, or else beside; returns its place.
    pub(super) fn subscribe<T: Clone + Send + 'static>(
        &mut self,
        home: Option<&mut Option<Box<dyn AnyCallbacks>>>,
        callback: Callback<T>,
        since: CommitNumber,
    ) -> u32 {
        self.count += 1;
        let (callbacks, place) = match home {
            Some(callbacks) => (callbacks, None),
            None => (&mut self.away.get_or_insert_default().added, Some(self.places)),
        };
        let callbacks: &mut dyn AnyCallbacks =
            &mut **callbacks.get_or_insert_with(|| Box::new(Callbacks::<T>::new()));
        let callbacks: &mut dyn Any = callbacks;
        let callbacks: &mut Callbacks<T> =
            callbacks.downcast_mut().expect("a topic has the type of its cell");
        let place = callbacks.add(place, callback, since);
        self.places = self.places.max(place + 1);
        place
    }

    /// Removes a callback, from those that are at home or else when they are back.
    pub(super) fn unsubscribe(
        &mut self,
        home: Option<&mut Option<Box<dyn AnyCallbacks>>>,
        place: u32,
        garbage: &mut Vec<Garbage>,
    ) {
        self.count -= 1;
        match home {
            Some(Some(callbacks)) => callbacks.remove(place, garbage),
            Some(None) => {}
            None => self.away.get_or_insert_default().removed.push(place),
        }
    }

    /// Whether there are watches or streams, or have been.
    #[inline]
    pub(super) fn has_outlets(&self) -> bool {
        self.watch.is_some() || !self.streams.is_empty()
    }

    /// Hands the state of the cell to its watches and streams.
    pub(super) fn publish(
        &mut self,
        cell: &dyn AnyCell,
        naming: &Naming<'_>,
        error: Option<&CellError>,
        number: CommitNumber,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) {
        if let Some(watch) = &self.watch {
            if Arc::strong_count(watch) > 1 {
                watch.publish(cell, naming, error, number, wakers, garbage);
            }
            // The last watch may have gone long ago, or just now.
            if Arc::strong_count(watch) == 1 {
                garbage.extend(self.watch.take().map(|watch| Box::new(watch) as Garbage));
            }
        }
        for stream in self.streams.iter().filter_map(Weak::upgrade) {
            stream.publish(cell, naming, error, number, wakers, garbage);
            stream.let_go(garbage);
        }
    }

    /// Keeps the state of the cell until the callbacks can be told; returns whether they hear of it instead of another
    /// value, since the outbox is full.
    pub(super) fn stage(
        &mut self,
        cell: &dyn AnyCell,
        naming: &Naming<'_>,
        error: Option<&CellError>,
        told: &Told,
        full: bool,
        garbage: &mut Vec<Garbage>,
    ) -> bool {
        let value = match error {
            Some(error) => Err(error.clone()),
            None => (self.copy)(cell, naming, garbage),
        };
        if full && let Some(waiting) = self.staged.back_mut() {
            let coalesced = 1 + waiting.late.as_ref().map_or(0, |late| late.coalesced);
            waiting.late = Some(Box::new(Late { told: *told, coalesced }));
            match std::mem::replace(&mut waiting.value, value) {
                Ok(untold) => garbage.push(untold),
                Err(untold) => garbage.push(Box::new(untold)),
            }
            return true;
        }
        self.staged.push_back(Staged { value, late: None });
        false
    }

    /// What the watches of the cell share, if there are any.
    pub(super) fn watch(&mut self) -> &mut Option<Arc<dyn Outlet>> {
        &mut self.watch
    }

    /// The buffers of the streams of the cell; those whose reader has gone are forgotten.
    pub(super) fn streams(&mut self) -> &mut Vec<Weak<dyn Outlet>> {
        self.streams.retain(|stream| stream.strong_count() > 0);
        &mut self.streams
    }

    /// Whether nobody is subscribed.
    pub(super) fn is_idle(&self) -> bool {
        self.count == 0
            && self.watch.as_ref().is_none_or(|watch| Arc::strong_count(watch) == 1)
            && self.streams.iter().all(|stream| stream.strong_count() == 0)
    }

    /// The cell is gone: its watches and streams learn of it.
    pub(super) fn close(&mut self, wakers: &mut Vec<Waker>, garbage: &mut Vec<Garbage>) {
        self.closed = true;
        if let Some(watch) = &self.watch {
            watch.close(wakers, garbage);
        }
        for stream in self.streams.iter().filter_map(Weak::upgrade) {
            stream.close(wakers, garbage);
            stream.let_go(garbage);
        }
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
