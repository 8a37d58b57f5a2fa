//! The journal: what has happened to a table since its followers looked last.
//!
//! It is kept only in a table that is followed. A reducer may do anything to the state, also put another table in its
//! place, or a copy that was taken earlier. So a journal carries a *mark*, a number that occurs once in the process, and is
//! the continuation of what its follower knows only if that has seen the same mark; if not, all of it counts as changed.

use super::Entity;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something that was done to an entity.
#[derive(Clone)]
pub(super) enum Change<E: Entity> {
    /// It came.
    Inserted(E::Key, Option<At<E>>),
    /// It is different, or replaced, and where it was.
    Updated(E::Key, Option<At<E>>),
    /// It is different, and went from an index to another place.
    Moved(E::Key, usize, Option<At<E>>),
    /// It went from an index.
    Removed(E::Key, usize),
}

/// An entity in the list.
#[derive(Clone)]
pub(super) struct At<E> {
    /// Its index.
    pub(super) index: usize,
    /// The entity.
    pub(super) entity: E,
}

/// How much is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Which entities are different.
    Keys,
    /// What that does to the list.
    Places,
}

/// What has happened since the mark was set.
#[derive(Clone)]
pub(super) struct Journal<E: Entity> {
    /// The state that the changes begin with.
    mark: u64,
    /// How much is noted.
    pub(super) detail: Detail,
    /// The changes, unless everything is different.
    changes: Vec<Change<E>>,
    /// Whether everything counts as changed.
    whole: bool,
}

/// What a follower finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing is different.
    Nothing,
    /// The changes.
    Changes,
    /// The changes, but not what they do to the list: that was not noted so far.
    ChangesOfKeys,
    /// Everything may be different.
    Everything,
}

impl<E: Entity> Journal<E> {
    /// A journal of a table that was not followed so far.
    pub(super) fn begin(detail: Detail) -> Self {
        Self { mark: 0, detail, changes: Vec::new(), whole: true }
    }

    /// Notes a change, in a table of `len` entities.
    pub(super) fn note(&mut self, len: usize, change: impl FnOnce() -> Change<E>) {
        if self.whole {
            return;
        }
        if self.changes.len() > len.max(64) {
            // Whoever follows is better off looking at everything; and nobody may come at all.
            return self.note_everything();
        }
        self.changes.push(change());
    }

    pub(super) fn note_everything(&mut self) {
        self.changes.clear();
        self.whole = true;
    }

    /// Hands over the changes since `mark`, which becomes that of now, in exchange for an empty list.
    pub(super) fn take(
        &mut self,
        detail: Detail,
        mark: &mut u64,
        changes: &mut Vec<Change<E>>,
    ) -> Found {
        let (known, noted) = (self.mark == *mark && !self.whole, self.detail >= detail);
        if known && noted && self.changes.is_empty() {
            return Found::Nothing;
        }
        (self.mark, self.whole, self.detail) = (next_mark(), false, detail);
        *mark = self.mark;
        std::mem::swap(&mut self.changes, changes);
        self.changes.clear();
        match (known, noted) {
            (true, true) => Found::Changes,
            (true, false) => Found::ChangesOfKeys,
            (false, _) => Found::Everything,
        }
    }
}

/// A number that was never returned before. Only uniqueness matters, so no ordering does.
fn next_mark() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
