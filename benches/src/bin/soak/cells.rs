//! Writing, reading, and cells that come and go.

use crate::world::{LASTING, World, join, panics};
use std::{num::NonZeroUsize, panic::resume_unwind};
use trine_core::{CellErrorKind, Update};

/// More than a store remembers of the cells that it has removed.
const FORGOTTEN: usize = 1_000;
const ONE: NonZeroUsize = NonZeroUsize::MIN;

impl World {
    pub(crate) fn set(&mut self) {
        let (cell, value) = (self.any(), self.random.next() % 1_000);
        self.store.set(self.sources[cell], value);
        self.model[cell] = value;
    }

    pub(crate) fn set_same(&mut self) {
        let cell = self.any();
        let commit = self.store.set(self.sources[cell], self.model[cell]);
        assert_eq!(commit.number(), None);
    }

    pub(crate) fn read(&mut self) {
        let cell = self.any();
        assert_eq!(self.store.get(self.sources[cell]), self.model[cell]);
        assert_eq!(self.store.get(self.chosen), self.model[self.model[0] as usize % LASTING]);
        if let Some(&last) = self.crowd.derived.back() {
            self.store.try_get(last).expect("sound");
        }
    }

    pub(crate) fn update(&mut self) {
        let length = self.random.below(200);
        self.store.update(self.text, |text| {
            if text.len() == length {
                return Update::Unchanged;
            }
            text.resize(length, 7);
            Update::Changed
        });
    }

    pub(crate) fn tear(&mut self) {
        panics(|| {
            self.store.update(self.text, |text| {
                text.clear();
                half_way();
            })
        });
        let error = self.store.try_get(self.text).expect_err("torn");
        assert!(matches!(error.kind(), CellErrorKind::Torn { .. }));
        self.store.recover(self.text, |text| text.push(1));
    }

    pub(crate) fn updates(&mut self) {
        let (a, b, more) = (self.any(), self.any(), self.random.next() % 5);
        self.store.updates(|cells| {
            cells.update(self.sources[a], |value| *value += more).expect("sound");
            cells.update(self.sources[b], |value| *value += more).expect("sound");
        });
        self.model[a] += more;
        self.model[b] += more;
    }

    pub(crate) fn transaction(&mut self) {
        let (a, b, value) = (self.any(), self.any(), self.random.next() % 1_000);
        let undone = self.random.once_in(3);
        self.store.batch(|tx| {
            tx.set(self.sources[a], value);
            let nested = tx.transaction(|tx| {
                tx.update(self.sources[b], |value| *value += 1);
                tx.get(self.sum);
                if undone { Err(()) } else { Ok(()) }
            });
            assert_eq!(nested.is_err(), undone);
        });
        self.model[a] = value;
        self.model[b] += u64::from(!undone);
    }

    pub(crate) fn failing_transaction(&mut self) {
        let (a, b, value) = (self.any(), self.any(), self.random.next() % 1_000);
        let refused = self.store.transaction(|tx| {
            tx.set(self.sources[a], value);
            tx.update(self.text, |text| text.push(1));
            let sum = tx.get(self.sum);
            tx.set(self.sources[b], sum);
            tx.edit(self.list, |list| list.push(value));
            Err::<(), _>("refused")
        });
        assert_eq!(refused, Err("refused"));
    }

    pub(crate) fn panicking_transaction(&mut self) {
        let cell = self.any();
        panics(|| {
            self.store.batch(|tx| {
                tx.set(self.sources[cell], 1_000_000);
                tx.update(self.text, Vec::clear);
                resume_unwind(Box::new("in a transaction"))
            })
        });
        assert_eq!(self.store.get(self.sources[cell]), self.model[cell]);
    }

    /// The cell that says which cell is chosen.
    pub(crate) fn switch(&mut self) {
        let value = self.random.next() % LASTING as u64;
        self.store.set(self.sources[0], value);
        self.model[0] = value;
    }

    pub(crate) fn fail_and_heal(&mut self) {
        for value in [self.random.next() % 100 * 7, 1] {
            self.store.set(self.sources[1], value);
            self.model[1] = value;
            assert_eq!(self.store.try_get(self.fussy).is_err(), value % 7 == 0);
        }
    }

    pub(crate) fn new_cell(&mut self) {
        let name = if self.random.once_in(2) { "named" } else { "other" };
        let new = self.store.cell(name).source(self.random.next());
        if let Some(old) = join(&mut self.crowd.cells, new) {
            self.store.remove(old).expect("a cell that is there");
        }
    }

    /// A derivation of lasting cells and of younger derivations. The oldest goes, and with it what those that read it are
    /// derived from.
    pub(crate) fn new_derived(&mut self) {
        let (a, b) = (self.any(), self.any());
        let (a, b) = (self.sources[a], self.sources[b]);
        let below = self.crowd.derived.back().copied();
        let new = self.store.derived(move |cx| {
            let own = if cx.get(a) % 2 == 0 { cx.get(b) } else { 0 };
            // The cell below goes first; its reader is as good without.
            own / 2 + below.map_or(0, |below| cx.try_get(below).unwrap_or(0) / 2)
        });
        self.store.get(new);
        if let Some(old) = join(&mut self.crowd.derived, new) {
            self.store.remove(old).expect("a cell that is there");
        }
    }

    /// Makes what lasts as small as it was.
    pub(crate) fn clear_lasting(&mut self) {
        // A cell forgets the streams whose readers have gone when the next one comes.
        let (stream, diffs) = (self.store.changes(self.sum, ONE), self.store.diffs(self.list, ONE));
        drop((stream, diffs));
        self.store.set(self.text, Vec::new());
        self.store.set(self.sources[1], 1);
        self.model[1] = 1;
        self.store.edit(self.list, |list| list.reset([]));
        // The store remembers the names of the cells that were removed last. Now they are these.
        for _ in 0..FORGOTTEN {
            let cell = self.store.source(0_u64);
            self.store.remove(cell).expect("a cell that is there");
        }
    }
}

/// As `panic!`, without the noise of the panic hook.
fn half_way() {
    resume_unwind(Box::new("half way"))
}
