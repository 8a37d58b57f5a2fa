//! The identity of a run.

use std::{fmt, num::NonZeroU64};

/// The identity of a run: sequential in its store, starting at 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    /// Its number.
    number: NonZeroU64,
    /// Its place in the registry while it is live; so finding it takes no table.
    slot: u32,
}

impl RunId {
    /// The identity of the run after `last` runs, in the registry's `slot`.
    pub(super) fn after(last: u64, slot: usize) -> Self {
        Self {
            number: NonZeroU64::MIN.saturating_add(last),
            slot: u32::try_from(slot).unwrap_or(u32::MAX),
        }
    }

    /// The number as an integer.
    #[must_use]
    pub fn get(self) -> u64 {
        self.number.get()
    }

    pub(super) fn slot(self) -> usize {
        self.slot as usize
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunId").field(&self.get()).finish()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.number)
    }
}
