//! Who waits for a cascade to come to rest: almost always one, which needs no allocation.

use slab::Slab;
use std::{mem, task::Waker};

/// The wakers of those who wait, each in a slot of its own.
#[derive(Default)]
pub(super) struct Waiters {
    /// Slot 0.
    one: Option<Waker>,
    /// The slots from 1 on.
    more: Option<Box<Slab<Waker>>>,
}

impl Waiters {
    /// Puts a waker into `slot`, which is made if there is none; returns what was there.
    pub(super) fn put(&mut self, slot: &mut Option<usize>, waker: Waker) -> Option<Waker> {
        match *slot {
            Some(0) => self.one.replace(waker),
            Some(slot) => Some(mem::replace(self.more.as_mut()?.get_mut(slot - 1)?, waker)),
            None if self.one.is_none() => {
                *slot = Some(0);
                self.one.replace(waker)
            }
            None => {
                *slot = Some(self.more.get_or_insert_default().insert(waker) + 1);
                None
            }
        }
    }

    /// Frees a slot; returns the waker that was there, if it is still.
    pub(super) fn take(&mut self, slot: usize) -> Option<Waker> {
        match slot {
            0 => self.one.take(),
            slot => self.more.as_mut()?.try_remove(slot - 1),
        }
    }

    /// All of them.
    pub(super) fn into_wakers(self) -> impl Iterator<Item = Waker> {
        let more = self.more.into_iter().flat_map(|more| *more);
        self.one.into_iter().chain(more.map(|(_, waker)| waker))
    }
}
