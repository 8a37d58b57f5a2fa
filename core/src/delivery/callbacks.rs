//! The callbacks of one cell, and the value that they are called with.

use super::{
    Panicked, Told,
    subscription::Change,
    topic::{Staged, copy_of},
};
use crate::{
    cell::AnyCell,
    commit::CommitNumber,
    error::CellError,
    graph::{Garbage, Naming},
    store::Core,
    sync::{
        atomic::{AtomicU64, Ordering},
        mutant,
    },
};
use std::any::Any;

/// A subscriber's callback.
pub(super) type Callback<T> = Box<dyn FnMut(&Change<'_, T>) + Send>;

/// The callbacks of a cell of type `T`.
pub(super) struct Callbacks<T> {
    /// The list; `None` is a free place.
    list: Vec<Option<Subscriber<T>>>,
    /// The free places that a newcomer may have.
    free: Vec<u32>,
    /// What to call them with next: the value, or why the cell has none.
    value: Option<Result<T, CellError>>,
    /// What that belongs to, if it is not what the desk says.
    late: Option<Box<Late>>,
}

/// One callback.
struct Subscriber<T> {
    /// The user's code.
    callback: Callback<T>,
    /// The last commit when it was added: it is told of later ones.
    since: CommitNumber,
}

/// A value that is told instead of others, since the outbox was full.
pub(super) struct Late {
    /// The commit that brought it.
    pub(super) told: Told,
    /// How many are left out.
    pub(super) coalesced: u64,
}

/// [`Callbacks`], whatever their type.
pub(super) trait AnyCallbacks: Any + Send {
    /// Keeps a copy of the cell's value, or of its error, to be told next.
    fn stage(
        &mut self,
        cell: &dyn AnyCell,
        naming: &Naming<'_>,
        error: Option<&CellError>,
        garbage: &mut Vec<Garbage>,
    );

    /// Takes over a value that had to wait.
    fn accept(&mut self, staged: Staged);

    /// Calls every callback that is due. They are those of the topic in `slot` with this id.
    fn call(&mut self, slot: u32, id: u64, telling: &mut Telling<'_>);

    /// Removes a callback, which is dropped outside the lease.
    fn remove(&mut self, place: u32, garbage: &mut Vec<Garbage>);

    /// Adds what was added to `others` meanwhile.
    fn merge(&mut self, others: Box<dyn AnyCallbacks>);
}

/// One commit, as its callbacks are called.
pub(super) struct Telling<'d> {
    /// The commit.
    pub(super) told: &'d Told,
    /// Counts the removals of callbacks of all cells while they are away.
    pub(super) removals: &'d AtomicU64,
    /// How many there were when they went away.
    pub(super) removed_before: u64,
    /// Where to ask which.
    pub(super) core: &'d Core,
    /// What callbacks panic with.
    pub(super) panicked: &'d mut Panicked,
}

/// What has been removed from a list of callbacks while it is told.
enum Removed {
    /// Nothing since the last time.
    Nothing,
    /// At least these places.
    Places(Vec<u32>),
    /// All.
    All,
}

impl Telling<'_> {
    /// What has been removed from a topic since `seen` removals. One that happened before this call counts.
    #[inline]
    fn removed(&self, topic: (u32, u64), seen: &mut u64) -> Removed {
        // Acquire: pairs with the Release of the removal. The list itself is read under the lease.
        let count = self.removals.load(Ordering::Acquire);
        if count == *seen || mutant("removals go unnoticed") {
            return Removed::Nothing;
        }
        *seen = count;
        self.ask(topic)
    }

    #[cold]
    fn ask(&self, (slot, id): (u32, u64)) -> Removed {
        match self.core.in_lease(|graph| graph.outbox.removed(slot, id)) {
            Some(places) => Removed::Places(places),
            None => Removed::All,
        }
    }
}

impl<T> Callbacks<T> {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), free: Vec::new(), value: None, late: None }
    }

    /// Adds a callback: at `place`, or where there is room. Returns the place.
    pub(super) fn add(
        &mut self,
        place: Option<u32>,
        callback: Callback<T>,
        since: CommitNumber,
    ) -> u32 {
        let place = place.or_else(|| self.free.pop()).unwrap_or(self.list.len() as u32);
        self.put(place, Subscriber { callback, since });
        place
    }

    fn put(&mut self, place: u32, subscriber: Subscriber<T>) {
        let index = place as usize;
        if index >= self.list.len() {
            self.list.resize_with(index, || None);
            self.list.push(Some(subscriber));
        } else {
            self.list[index] = Some(subscriber);
        }
    }
}

impl<T: Clone + Send + 'static> AnyCallbacks for Callbacks<T> {
    fn stage(
        &mut self,
        cell: &dyn AnyCell,
        naming: &Naming<'_>,
        error: Option<&CellError>,
        garbage: &mut Vec<Garbage>,
    ) {
        self.value = Some(match error {
            Some(error) => Err(error.clone()),
            None => copy_of(cell, naming, garbage),
        });
    }

    fn accept(&mut self, staged: Staged) {
        let Staged { value, late } = staged;
        let value = value.map(|value| *value.downcast().expect("a topic has the type of its cell"));
        (self.value, self.late) = (Some(value), late);
    }

    fn call(&mut self, slot: u32, id: u64, telling: &mut Telling<'_>) {
        if self.late.is_some() {
            self.call_late((slot, id), telling);
        } else {
            self.call_each(telling.told, 0, (slot, id), telling);
        }
        // Here, where no lease is held.
        if std::mem::needs_drop::<T>() {
            let told = self.value.take();
            telling.panicked.catch(|| drop(told));
        } else {
            self.value = None;
        }
    }

    fn remove(&mut self, place: u32, garbage: &mut Vec<Garbage>) {
        if let Some(removed) = self.list.get_mut(place as usize).and_then(Option::take) {
            garbage.push(Box::new(removed.callback));
        }
        self.free.push(place);
    }

    fn merge(&mut self, others: Box<dyn AnyCallbacks>) {
        let others: Box<dyn Any> = others;
        let others: Box<Self> = others.downcast().expect("the callbacks of one cell");
        for (place, subscriber) in others.list.into_iter().enumerate() {
            if let Some(subscriber) = subscriber {
                self.put(place as u32, subscriber);
            }
        }
    }
}

impl<T> Callbacks<T> {
    #[inline(always)]
    fn call_each(
        &mut self,
        told: &Told,
        coalesced: u64,
        topic: (u32, u64),
        telling: &mut Telling<'_>,
    ) {
        let Some(value) = &self.value else { return };
        let mut seen = telling.removed_before;
        let change = Change { value, told, coalesced };
        for place in 0..self.list.len() {
            match telling.removed(topic, &mut seen) {
                Removed::Nothing => {}
                Removed::All => return,
                Removed::Places(places) => {
                    for place in places {
                        let gone = self.list.get_mut(place as usize).and_then(Option::take);
                        telling.panicked.catch(|| drop(gone));
                    }
                }
            }
            if let Some(subscriber) = &mut self.list[place]
                && subscriber.since < told.number
            {
                telling.panicked.catch(|| (subscriber.callback)(&change));
            }
        }
    }

    /// Calls the callbacks with a value that is told instead of others.
    #[cold]
    fn call_late(&mut self, topic: (u32, u64), telling: &mut Telling<'_>) {
        if let Some(late) = self.late.take() {
            self.call_each(&late.told, late.coalesced, topic, telling);
        }
    }
}
