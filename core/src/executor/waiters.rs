//! Who waits for a run: one slot per waiter, freed when the waiter is dropped.
//!
//! A waker is user code: cloning, dropping and waking it happen outside every lock of the executor. A
//! slot outlives a wake-up, so that the waiter's key stays good until the waiter itself gives it back.

use super::contain::contain;
use slab::Slab;
use std::{mem, task::Waker};

/// The wakers of those who wait, behind the lock of what they wait for. The common case, a single waiter, takes
/// no allocation.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// Slot 0. Once woken it holds a waker that wakes nobody.
    first: Option<Waker>,
    /// The slots from 1 on, likewise.
    rest: Option<Box<Slab<Waker>>>,
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
        let own = match slot {
            None => None,
            Some(0) => self.first.as_ref(),
            Some(key) => self.rest.as_ref().and_then(|rest| rest.get(key - 1)),
        };
        own.is_some_and(|own| own.will_wake(waker))
    }

    /// Puts `waker` into `slot`, which is made if there is none; returns what was there.
    pub(super) fn put(&mut self, slot: &mut Option<usize>, waker: Waker) -> Option<Waker> {
        match *slot {
            Some(0) => self.first.replace(waker),
            Some(key) => {
                let own = self.rest.as_mut()?.get_mut(key - 1)?;
                Some(mem::replace(own, waker))
            }
            None if self.first.is_none() => {
                *slot = Some(0);
                self.first.replace(waker)
            }
            None => {
                *slot = Some(self.rest.get_or_insert_default().insert(waker) + 1);
                None
            }
        }
    }

    /// Frees `slot`; returns the waker that was in it.
    pub(super) fn free(&mut self, slot: &mut Option<usize>) -> Option<Waker> {
        match slot.take()? {
            0 => self.first.take(),
            key => self.rest.as_mut()?.try_remove(key - 1),
        }
    }

    /// Takes all wakers, if there are any.
    #[inline]
    pub(super) fn take(&mut self) -> Option<WakeList> {
        if self.first.is_none() && self.rest.is_none() {
            return None;
        }
        Some(self.take_all())
    }

    fn take_all(&mut self) -> WakeList {
        let spent = |waker: &mut Waker| mem::replace(waker, Waker::noop().clone());
        let first = self.first.as_mut().map(spent);
        let rest = match &mut self.rest {
            None => Vec::new(),
            Some(rest) => rest.iter_mut().map(|(_, waker)| spent(waker)).collect(),
        };
        WakeList { first, rest }
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.len())
    }
}

impl WakeList {
    /// Wakes them all, one that panics too. To be called outside every lock.
    pub(super) fn wake(self) {
        // There is nobody to tell of a panic: a waker belongs to a runtime, which reports its own.
        if let Some(first) = self.first {
            let _ = contain(|| first.wake());
        }
        for waker in self.rest {
            let _ = contain(|| waker.wake());
        }
    }
}
