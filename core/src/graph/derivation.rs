//! Derivations: a closure and its value, and what a run of the one does to the other.

use super::{Graph, Reader};
use crate::cell::{AnyCell, Equality, Kept, KeptDerived, Ran};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What is in a derived cell.
pub(super) struct DerivedCell<T, F, Q> {
    /// The value; empty if it has never been computed.
    value: Option<T>,
    /// What computes it.
    compute: F,
    /// When two values count as the same.
    equality: Q,
}

impl<T, F, Q> DerivedCell<T, F, Q> {
    pub(super) fn new(compute: F, equality: Q) -> Self {
        Self { value: None, compute, equality }
    }
}

impl<T, F, Q> AnyCell for DerivedCell<T, F, Q>
where
    T: Send + 'static,
    F: FnMut(&mut Reader<'_>) -> T + Send + 'static,
    Q: Equality<T>,
{
    #[inline]
    fn value(&self) -> Option<&dyn Any> {
        match &self.value {
            Some(value) => Some(value),
            None => None,
        }
    }

    fn slot(&mut self) -> &mut dyn Any {
        &mut self.value
    }

    fn keep(&mut self) -> Box<dyn Kept> {
        Box::new(KeptDerived { value: self.value.take(), equality: self.equality })
    }

    fn run(&mut self, graph: &mut Graph, index: u32) -> Ran {
        let mut reader = Reader::begin(graph, index);
        // The closure is the user's; so is the comparison. Neither leaves the graph half changed: edges and
        // value are written by us, before and after.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let value = (self.compute)(&mut reader);
            reader.end();
            let same = self.is(&value);
            (value, same)
        }));
        self.conclude(ran, reader, index)
    }
}

impl<T, F, Q> DerivedCell<T, F, Q>
where
    T: Send + 'static,
    Q: Equality<T>,
{
    /// Whether the cell has this value already.
    #[inline]
    fn is(&self, value: &T) -> bool {
        match &self.value {
            Some(old) => self.equality.same(old, value),
            None => false,
        }
    }

    /// Keeps what a run came to.
    #[inline]
    fn conclude(
        &mut self,
        ran: Result<(T, bool), Box<dyn Any + Send>>,
        mut reader: Reader<'_>,
        index: u32,
    ) -> Ran {
        match ran {
            Ok((value, same)) => self.store(value, same, reader.graph(), index),
            Err(payload) => {
                reader.end();
                reader.graph().panicked = Some(payload);
                Ran::Panicked
            }
        }
    }

    /// Stores the value that a run came to; returns whether it differs from the one before, which the cell may have in
    /// spite of an error.
    #[inline]
    fn store(&mut self, value: T, same: bool, graph: &mut Graph, index: u32) -> Ran {
        let failed = graph.node(index).failed;
        if same && !failed {
            graph.discard(value);
            return Ran::Same;
        }
        let old = self.value.replace(value);
        if graph.in_transaction() && graph.needs_journal(index) {
            let kept = KeptDerived { value: old, equality: self.equality };
            graph.journal_keep(index, Box::new(kept));
        } else if let Some(old) = old {
            graph.discard(old);
        }
        if failed {
            graph.set_error(index, None);
        }
        Ran::Changed
    }
}
