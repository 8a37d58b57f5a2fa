//! A graph of `alien-signals`, of which there is one per process.

use alien_signals::{Computed, Signal, computed, effect, end_batch, signal, start_batch};

/// A graph.
#[derive(Clone)]
pub(crate) struct Graph;

/// A cell that is written.
pub(crate) type Source<T> = Signal<T>;
/// A cell that is computed.
pub(crate) type Derived<T> = Computed<T>;

/// What reads cells.
pub(crate) struct Reader;

/// Anything that can be read.
pub(crate) trait Cell: Copy + 'static {
    type Value;
    fn read(self) -> Self::Value;
}

impl<T: Clone + 'static> Cell for Signal<T> {
    type Value = T;

    fn read(self) -> T {
        self.get()
    }
}

impl<T: Clone + 'static> Cell for Computed<T> {
    type Value = T;

    fn read(self) -> T {
        self.get()
    }
}

/// A cell of numbers that a derivation reads.
pub(crate) trait Input: Cell<Value = i64> {}

impl<C: Cell<Value = i64>> Input for C {}

impl Reader {
    #[expect(clippy::needless_pass_by_ref_mut, reason = "as on the other side")]
    pub(crate) fn get<C: Cell>(&mut self, cell: C) -> C::Value {
        cell.read()
    }
}

impl Graph {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn source(&self, value: i64) -> Source<i64> {
        signal(value)
    }

    pub(crate) fn derived<T: Clone + PartialEq + 'static>(
        &self,
        compute: impl Fn(&mut Reader) -> T + 'static,
    ) -> Derived<T> {
        computed(move |_: Option<&T>| compute(&mut Reader))
    }

    pub(crate) fn observe(&self, cell: Derived<i64>, observer: impl Fn(i64) + 'static) {
        let _keep = effect(move || observer(cell.get()));
    }

    pub(crate) fn get(&self, cell: impl Input) -> i64 {
        cell.read()
    }

    pub(crate) fn set(&self, cell: Source<i64>, value: i64) {
        cell.set(value);
    }

    pub(crate) fn set_all(&self, cells: &[Source<i64>], values: &[i64]) {
        start_batch();
        for (cell, &value) in cells.iter().zip(values) {
            cell.set(value);
        }
        end_batch();
    }
}
