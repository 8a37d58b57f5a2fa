//! A graph of Trine.

use trine_core::{Cell, Reader, Store, Transaction};
pub(crate) use trine_core::{Derived, Source};

/// A cell of numbers that a derivation reads.
pub(crate) trait Input: Cell<Value = i64> + Send + 'static {}

impl<C: Cell<Value = i64> + Send + 'static> Input for C {}

/// A graph.
#[derive(Clone)]
pub(crate) struct Graph {
    store: Store,
}

impl Graph {
    pub(crate) fn new() -> Self {
        Self { store: Store::new() }
    }

    pub(crate) fn source(&self, value: i64) -> Source<i64> {
        self.store.source(value)
    }

    pub(crate) fn derived<T: PartialEq + Send + 'static>(
        &self,
        compute: impl Fn(&mut Reader<'_>) -> T + Send + 'static,
    ) -> Derived<T> {
        self.store.derived(compute)
    }

    pub(crate) fn observe(&self, cell: Derived<i64>, observer: impl Fn(i64) + Send + 'static) {
        self.store.subscribe(cell, move |value| observer(*value)).detach();
    }

    pub(crate) fn get(&self, cell: impl Input) -> i64 {
        self.store.get(cell)
    }

    pub(crate) fn set(&self, cell: Source<i64>, value: i64) {
        self.store.set(cell, value);
    }

    pub(crate) fn set_all(&self, cells: &[Source<i64>], values: &[i64]) {
        self.store.batch(|tx: &mut Transaction<'_>| {
            for (&cell, &value) in cells.iter().zip(values) {
                tx.set(cell, value);
            }
        });
    }
}
