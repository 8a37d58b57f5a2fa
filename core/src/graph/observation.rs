//! Who is observed: for those who want to know when somebody begins or stops to look at a cell.
//!
//! A cell is *observed* while it has subscribers, or while a cell that has read it is observed. Most stores never ask; the
//! first who does has every cell counted once, and from then on each cell's count is kept: one for its subscribers, one
//! for each edge from an observed cell. A cell whose count leaves or reaches nought passes that on to what it has read, so
//! a change costs what it reaches. Nothing is counted in a store where nobody asks.
//!
//! Who asks is told outside the lease, by a waker, and looks at the count again then. So what comes and goes inside one
//! lease (a derivation gives up its edges and reads the same again) is never told.

use super::{Graph, node::NONE};
use crate::cell::CellKey;
use rustc_hash::FxHashMap;
use std::task::Waker;

/// What is known of who observes.
#[derive(Default)]
pub(crate) struct Observation {
    /// By how many each cell is observed.
    counts: Vec<u32>,
    /// Who wants to know, by cell and number.
    told: FxHashMap<u32, Vec<(u64, Waker)>>,
    /// The number of the last of them.
    last: u64,
    /// Reused: cells whose count changes.
    stack: Vec<u32>,
    /// Reused: who is to be told.
    due: Vec<Waker>,
}

impl Observation {
    fn count(&mut self, index: u32) -> &mut u32 {
        let index = index as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        &mut self.counts[index]
    }

    fn note(&mut self, index: u32) {
        if let Some(told) = self.told.get(&index) {
            self.due.extend(told.iter().map(|(_, waker)| waker.clone()));
        }
    }
}

impl Graph {
    /// Has `waker` woken whenever somebody begins or stops to observe the cell; returns a number for
    /// [`forget_lifecycle`](Self::forget_lifecycle).
    pub(crate) fn tell_lifecycle(&mut self, index: u32, waker: Waker) -> u64 {
        if self.observation.is_none() {
            self.observation = Some(Box::default());
            let all = 0..self.nodes.len() as u32;
            let subscribed: Vec<_> =
                all.filter(|&index| self.node(index).topic().is_some()).collect();
            for index in subscribed {
                self.gain_observer(index);
            }
        }
        let observation = self.observation.as_mut().expect("made above");
        observation.last += 1;
        observation.told.entry(index).or_default().push((observation.last, waker));
        observation.last
    }

    /// Forgets who asked; the waker is to be dropped outside the lease.
    pub(crate) fn forget_lifecycle(&mut self, key: CellKey, number: u64) -> Option<Waker> {
        let index = self.place_of(key)?;
        let observation = self.observation.as_mut()?;
        let told = observation.told.get_mut(&index)?;
        let place = told.iter().position(|(other, _)| *other == number)?;
        let (_, waker) = told.swap_remove(place);
        if told.is_empty() {
            observation.told.remove(&index);
        }
        Some(waker)
    }

    /// Whether the cell is there and observed. Only for cells that somebody asks about.
    pub(crate) fn is_observed(&self, key: CellKey) -> bool {
        let index = self.place_of(key);
        let count = |observation: &Observation| {
            index.and_then(|index| observation.counts.get(index as usize)).copied()
        };
        self.observation.as_deref().and_then(count).unwrap_or(0) > 0
    }

    /// The cell has got subscribers, or an observed cell that reads it.
    pub(crate) fn gain_observer(&mut self, index: u32) {
        let Some(mut observation) = self.observation.take() else { return };
        observation.stack.push(index);
        while let Some(index) = observation.stack.pop() {
            let count = observation.count(index);
            *count += 1;
            if *count == 1 {
                observation.note(index);
                self.push_sources(index, &mut observation.stack);
            }
        }
        // What is read is told before what reads it.
        self.wakers.extend(observation.due.drain(..).rev());
        self.observation = Some(observation);
    }

    /// The cell has lost its subscribers, or an observed cell that read it.
    pub(crate) fn lose_observer(&mut self, index: u32) {
        let Some(mut observation) = self.observation.take() else { return };
        observation.stack.push(index);
        while let Some(index) = observation.stack.pop() {
            let count = observation.count(index);
            *count = count.saturating_sub(1);
            if *count == 0 {
                observation.note(index);
                self.push_sources(index, &mut observation.stack);
            }
        }
        self.wakers.append(&mut observation.due);
        self.observation = Some(observation);
    }

    fn push_sources(&self, index: u32, stack: &mut Vec<u32>) {
        let mut edge = self.node(index).first_source;
        while edge != NONE {
            let next = self.edges.get(edge);
            if next.source != NONE {
                stack.push(next.source);
            }
            edge = next.next_source;
        }
    }

    /// `observer` has read `source`, which it had not before.
    #[cold]
    pub(super) fn note_link(&mut self, observer: u32, source: u32) {
        if self.counts_as_observed(observer) {
            self.gain_observer(source);
        }
    }

    /// `observer` reads `source` no more.
    #[cold]
    pub(super) fn note_unlink(&mut self, observer: u32, source: u32) {
        if self.counts_as_observed(observer) {
            self.lose_observer(source);
        }
    }

    fn counts_as_observed(&mut self, index: u32) -> bool {
        self.observation.as_mut().is_some_and(|observation| *observation.count(index) > 0)
    }

    /// The cell is gone, and its place may be another one's.
    #[cold]
    pub(super) fn forget_observation(&mut self, index: u32) {
        if let Some(observation) = &mut self.observation {
            *observation.count(index) = 0;
            let told = observation.told.remove(&index).unwrap_or_default();
            self.wakers.extend(told.into_iter().map(|(_, waker)| waker));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Store;

    #[test]
    fn nothing_is_counted_in_a_store_where_nobody_asks() {
        let store = Store::new();
        let cell = store.source(1);
        let twice = store.derived(move |cx| cx.get(cell) * 2);
        store.subscribe(twice, |_| {}).detach();
        store.set(cell, 2);
        assert!(store.demand(|graph| graph.observation.is_none()));
    }
}
