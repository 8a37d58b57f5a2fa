//! Why a derivation ran: which of the cells that it had read has changed.
//!
//! The graph itself has no use for that, so it is kept beside, and only while somebody observes the event feed: when each cell
//! last changed, and when each derivation last ran.

use super::{Graph, node::NONE};
use crate::{cell::CellLabel, event::Event};
use rustc_hash::FxHashMap;

/// What happened when, as far as it was observed.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    /// Counts what happens.
    clock: u64,
    /// When cells last changed.
    changed: FxHashMap<u32, u64>,
    /// When derivations last ran.
    ran: FxHashMap<u32, u64>,
}

impl Causes {
    /// Forgets a cell whose place is free from now on.
    pub(super) fn forget(&mut self, index: u32) {
        self.changed.remove(&index);
        self.ran.remove(&index);
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

impl Graph {
    /// Notes that a cell has changed.
    #[cold]
    pub(super) fn note_change(&mut self, index: u32) {
        let now = self.causes.tick();
        self.causes.changed.insert(index, now);
    }

    /// Notes that a derivation has run, and tells the observers.
    #[cold]
    pub(super) fn note_run(&mut self, index: u32, changed: bool) {
        let because = self.cause_of(index);
        let now = self.causes.tick();
        self.causes.ran.insert(index, now);
        if changed {
            self.note_change(index);
        }
        self.note(|graph| Event::Recomputed { cell: graph.label(index), changed, because });
    }

    /// The first cell that a derivation read and that had changed since the run before. Up to that read the two runs were
    /// the same, so that what it has read now will do to find it.
    fn cause_of(&self, index: u32) -> Option<CellLabel> {
        let before = *self.causes.ran.get(&index)?;
        let mut next = self.node(index).first_source;
        while next != NONE {
            let edge = self.edges.get(next);
            if self.causes.changed.get(&edge.source).is_some_and(|changed| *changed > before) {
                return Some(self.label(edge.source));
            }
            next = edge.next_source;
        }
        None
    }
}
