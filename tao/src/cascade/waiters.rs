//! Who waits for a cascade to come to rest: almost always one, which needs no allocation.

use slab::Slab;
use std::{mem, task::Waker};

/// The wakers of those who wait, each in a slot of its own.
#[derive(Default)]
pub(super) struct Waiters {
    /// Slot 0.
    one: Option<Waker>,
    /// The slots from 1 on.
    more: Slab<Waker>,
}

impl Waiters {
    /// Puts a waker into `slot`, which is made if there is none; returns what was there.
    pub(super) fn put(&mut self, slot: &mut Option<usize>, waker: Waker) -> Option<Waker> {
        match *slot {
            Some(0) => self.one.replace(waker),
            Some(slot) => Some(mem::replace(self.more.get_mut(slot - 1)?, waker)),
            None if self.one.is_none() => {
                *slot = Some(0);
                self.one.replace(waker)
            }
            None => {
                *slot = Some(self.more.insert(waker) + 1);
                None
            }
        }
    }

    /// Frees a slot; returns the waker that was there, if it is still.
    pub(super) fn take(&mut self, slot: usize) -> Option<Waker> {
        match slot {
            0 => self.one.take(),
            slot => self.more.try_remove(slot - 1),
        }
    }

    /// All of them.
    pub(super) fn into_wakers(self) -> impl Iterator<Item = Waker> {
        self.one.into_iter().chain(self.more.into_iter().map(|(_, waker)| waker))
    }
}
