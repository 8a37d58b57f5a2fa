//! A cell's place in the graph.
//!
//! Propagation walks over many of these and looks at little of each, so a node is as small as a cache line; what only
//! few cells have (a name, an error) is kept beside.

use crate::cell::AnyCell;
use std::panic::Location;

/// No node, no edge, no topic, no journal entry.
pub(crate) const NONE: u32 = u32::MAX;

/// One cell.
pub(crate) struct Node {
    /// Who the node is; a handle with another id is dead.
    pub(super) id: u64,
    /// The value, and the closure of a derived cell. Away while that runs; never there in a free place.
    pub(crate) cell: Option<Box<dyn AnyCell>>,
    /// The call that made the cell.
    pub(super) created: &'static Location<'static>,
    /// The first of the edges to those who read this node.
    pub(super) first_observer: u32,
    /// The last of them.
    pub(super) last_observer: u32,
    /// The first of the edges to what the last run read.
    pub(super) first_source: u32,
    /// The place of the subscribers in the outbox, if there are any.
    pub(super) topic: u32,
    /// The derivation run that read the node last.
    pub(super) read_by: u32,
    /// Where in the journal the node's last entry is, if it has any.
    pub(crate) journaled: u32,
    /// Whether the value can be trusted.
    pub(super) colour: Colour,
    /// Whether the cell is a derived one.
    pub(crate) derived: bool,
    /// Whether the cell has an error, kept in [`Graph::errors`](super::Graph).
    pub(crate) failed: bool,
    /// Whether an in-place update works on a copy: see [`Graph::copiers`](super::Graph).
    pub(crate) atomic: bool,
    /// Whether a pull is looking at the node's sources right now.
    pub(super) visiting: bool,
    /// Whether the node is in [`Graph::affected`](super::Graph).
    pub(crate) queued: bool,
    /// Whether a derived cell with subscribers has become different since they were last told.
    pub(crate) changed: bool,
    /// Whether the commit under way has the node on its list of changed ones.
    pub(crate) listed: bool,
}

/// Whether a node's value can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Colour {
    /// Yes.
    Clean,
    /// Only if no source turns out to have changed.
    Check,
    /// No: a source has changed, or it has never been computed.
    Dirty,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Node>() == 64, "a node is a cache line");

impl Node {
    pub(super) fn new(
        id: u64,
        cell: Box<dyn AnyCell>,
        derived: bool,
        created: &'static Location<'static>,
    ) -> Self {
        let colour = if derived { Colour::Dirty } else { Colour::Clean };
        Self { id, cell: Some(cell), colour, derived, ..Self::vacant(created) }
    }

    /// What is in a free place.
    pub(super) fn vacant(removed: &'static Location<'static>) -> Self {
        Self {
            id: 0,
            cell: None,
            created: removed,
            first_observer: NONE,
            last_observer: NONE,
            first_source: NONE,
            topic: NONE,
            read_by: 0,
            journaled: NONE,
            colour: Colour::Clean,
            derived: false,
            failed: false,
            atomic: false,
            visiting: false,
            queued: false,
            changed: false,
            listed: false,
        }
    }

    /// What is in the cell. Not for a derivation that is running.
    #[inline]
    pub(crate) fn cell(&self) -> &dyn AnyCell {
        &**self.cell.as_ref().expect("the cell is at home")
    }

    /// See [`cell`](Self::cell).
    #[inline]
    pub(crate) fn cell_mut(&mut self) -> &mut dyn AnyCell {
        &mut **self.cell.as_mut().expect("the cell is at home")
    }

    /// The place of the subscribers in the outbox, if there are any.
    #[inline]
    pub(crate) fn topic(&self) -> Option<u32> {
        (self.topic != NONE).then_some(self.topic)
    }

    #[inline]
    pub(crate) fn set_topic(&mut self, topic: Option<u32>) {
        self.topic = topic.unwrap_or(NONE);
        self.changed = false;
    }

    /// Whether anything is derived from the cell.
    #[inline]
    pub(super) fn has_observers(&self) -> bool {
        self.first_observer != NONE
    }

    /// Whether nothing depends on the cell, and nobody is subscribed to it.
    #[inline]
    pub(crate) fn is_lonely(&self) -> bool {
        self.first_observer == NONE && self.topic == NONE
    }
}
