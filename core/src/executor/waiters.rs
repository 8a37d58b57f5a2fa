//! Who waits for a run: one slot per waiter, freed when the waiter is dropped.
//!
//! A waker is user code: cloning, dropping and waking it happen outside every lock of the executor. A
//! slot outlives a wake-up, so that the waiter's key stays good until the waiter itself gives it back.

use super::contain::contain;
use slab::Slab;
use std::task::Waker;

/// The wakers of those who wait, behind the lock of what they wait for.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// A slot per waiter; empty once woken.
    slots: Slab<Option<Waker>>,
}

/// Wakers taken out of their slots, to be woken once the lock is free.
#[derive(Debug, Default)]
#[must_use = "those who wait must be woken"]
pub(super) struct WakeList {
    /// The common case: a single waiter, without an allocation.
    first: Option<Waker>,
    /// The others.
    rest: Vec<Waker>,
}

impl Waiters {
    /// Whether the waiter of `slot` would be woken through `waker` already.
    pub(super) fn holds(&self, slot: Option<usize>, waker: &Waker) -> bool {
        slot.and_then(|key| self.slots.get(key)?.as_ref()).is_some_and(|own| own.will_wake(waker))
    }

    /// Puts `waker` into `slot`, which is made if there is none; returns what was there.
    pub(super) fn put(&mut self, slot: &mut Option<usize>, waker: Waker) -> Option<Waker> {
        match *slot {
            Some(key) => self.slots[key].replace(waker),
            None => {
                *slot = Some(self.slots.insert(Some(waker)));
                None
            }
        }
    }

    /// Frees `slot`; returns the waker that was in it.
    pub(super) fn free(&mut self, slot: &mut Option<usize>) -> Option<Waker> {
        slot.take().and_then(|key| self.slots.remove(key))
    }

    /// Takes all wakers.
    #[inline]
    pub(super) fn take(&mut self) -> WakeList {
        if self.slots.is_empty() { WakeList::default() } else { self.take_all() }
    }

    fn take_all(&mut self) -> WakeList {
        let mut list = WakeList::default();
        for waker in self.slots.iter_mut().filter_map(|(_, slot)| slot.take()) {
            list.push(waker);
        }
        list
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}

impl WakeList {
    pub(super) fn push(&mut self, waker: Waker) {
        match self.first {
            None => self.first = Some(waker),
            Some(_) => self.rest.push(waker),
        }
    }

    /// Wakes them all, one that panics too. To be called outside every lock.
    #[inline]
    pub(super) fn wake(self) {
        if self.first.is_some() {
            self.wake_all();
        }
    }

    fn wake_all(self) {
        for waker in self.first.into_iter().chain(self.rest) {
            // There is nobody to tell: a waker belongs to a runtime, which reports its own panics.
            let _ = contain(|| waker.wake());
        }
    }
}
