//! What a derivation remembers of the places of what it reads.
//!
//! Which cell a definition has, seen from one place, stays the same for as long as that cell lives. So a derivation looks it
//! up once; when it reads the same things in the same order as last time, which is the rule, finding each is one comparison.

use rustc_hash::FxHashMap;
use std::{any::Any, sync::Arc};
use trine_core::CellKey;

/// From this many on, those that are not met in order are found by hashing.
const MANY: usize = 16;

/// The cells that a derivation has found so far. Named in sealed traits only.
#[derive(Default)]
pub struct Memo {
    /// By definition, in the order of first use.
    known: Vec<(u64, CellKey)>,
    /// Where in `known` a definition is, if there are many.
    places: FxHashMap<u64, usize>,
    /// Where in `known` the next read is if it is the same as last time.
    next: usize,
    /// Entries of families that this run has read, which keeps them in use.
    kept: Vec<Arc<dyn Any + Send + Sync>>,
    /// How many of them were met again by this run.
    again: usize,
}

impl Memo {
    /// A run begins.
    pub(crate) fn begin(&mut self) {
        (self.next, self.again) = (0, 0);
    }

    /// A run has ended: what it has not read is let go.
    pub(crate) fn end(&mut self) {
        self.kept.truncate(self.again);
    }

    #[inline]
    pub(crate) fn recall(&mut self, id: u64) -> Option<CellKey> {
        if let Some((known, key)) = self.known.get(self.next)
            && *known == id
        {
            self.next += 1;
            return Some(*key);
        }
        self.search(id)
    }

    fn search(&mut self, id: u64) -> Option<CellKey> {
        let place = if self.known.len() > MANY {
            self.places.get(&id).copied()
        } else {
            self.known.iter().position(|(known, _)| *known == id)
        }?;
        self.next = place + 1;
        Some(self.known[place].1)
    }

    pub(crate) fn remember(&mut self, id: u64, key: CellKey) {
        self.next = self.known.len() + 1;
        self.known.push((id, key));
        if self.known.len() == MANY + 1 {
            self.places = self.known.iter().enumerate().map(|(n, (id, _))| (*id, n)).collect();
        } else if self.known.len() > MANY {
            self.places.insert(id, self.known.len() - 1);
        }
    }

    /// Forgets everything: a cell is gone.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.places.clear();
        self.next = 0;
    }

    /// Keeps what another one has kept.
    pub(crate) fn keep_all(&mut self, other: Self) {
        self.kept.extend(other.kept);
    }

    /// Keeps an entry of a family in use until a run does not read it any more.
    pub(crate) fn keep(&mut self, entry: &Arc<impl Any + Send + Sync>) {
        let address = Arc::as_ptr(entry).addr();
        let known = self.kept[self.again..]
            .iter()
            .position(|kept| Arc::as_ptr(kept).cast::<u8>().addr() == address);
        match known {
            Some(place) => self.kept.swap(self.again, self.again + place),
            None => {
                let last = self.kept.len();
                self.kept.push(Arc::clone(entry) as _);
                self.kept.swap(self.again, last);
            }
        }
        self.again += 1;
    }
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memo").field("known", &self.known.len()).finish_non_exhaustive()
    }
}
