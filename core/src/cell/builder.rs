//! How a cell is made when a plain `store.source(value)` does not say enough.

use super::{Derived, Source, Workshop};
use crate::graph::Reader;
use std::{panic::Location, sync::Arc};

/// When two values of a cell count as the same, so that writing one over the other is no change.
///
/// The comparison runs inside the lease and must be pure.
pub trait Equality<T>: Copy + Send + 'static {
    /// Whether a write of `new` over `old` is no change.
    fn same(self, old: &T, new: &T) -> bool;

    /// The comparison as a function.
    fn comparator(self) -> fn(&T, &T) -> bool;
}

/// Values are the same when they are equal by `PartialEq`: the default.
#[derive(Debug, Clone, Copy)]
pub struct ByValue;

/// No two values are the same: every write counts.
#[derive(Debug, Clone, Copy)]
pub struct Never;

impl<T: PartialEq> Equality<T> for ByValue {
    #[inline]
    fn same(self, old: &T, new: &T) -> bool {
        old == new
    }

    fn comparator(self) -> fn(&T, &T) -> bool {
        T::eq
    }
}

impl<T> Equality<T> for Never {
    #[inline]
    fn same(self, _: &T, _: &T) -> bool {
        false
    }

    fn comparator(self) -> fn(&T, &T) -> bool {
        |_, _| false
    }
}

impl<T: 'static> Equality<T> for fn(&T, &T) -> bool {
    #[inline]
    fn same(self, old: &T, new: &T) -> bool {
        self(old, new)
    }

    fn comparator(self) -> fn(&T, &T) -> bool {
        self
    }
}

/// A cell in the making: a name for errors and events, and a rule for equality.
///
/// ```
/// use trine_core::Store;
///
/// let store = Store::new();
/// let clicks = store.cell("clicks").source(0_u32);
/// let shown = store.cell("shown").derived(move |cx| format!("{} clicks", cx.get(clicks)));
/// assert_eq!(store.get(shown), "0 clicks");
/// ```
#[derive(Debug)]
#[must_use = "a builder makes no cell until `source` or `derived` is called"]
pub struct CellBuilder<'s, Q = ByValue> {
    pub(crate) workshop: Workshop<'s>,
    pub(crate) name: Arc<str>,
    equality: Q,
}

impl<'s> CellBuilder<'s> {
    pub(crate) fn new(workshop: Workshop<'s>, name: Arc<str>) -> Self {
        Self { workshop, name, equality: ByValue }
    }

    /// Values are the same when `same` says so, instead of by `PartialEq`.
    pub fn equality<T>(self, same: fn(&T, &T) -> bool) -> CellBuilder<'s, fn(&T, &T) -> bool> {
        CellBuilder { workshop: self.workshop, name: self.name, equality: same }
    }

    /// Every write counts as a change; the type needs no `PartialEq`.
    pub fn always_different(self) -> CellBuilder<'s, Never> {
        CellBuilder { workshop: self.workshop, name: self.name, equality: Never }
    }
}

impl<'s, Q> CellBuilder<'s, Q> {
    /// Where it is made, the name, and the rule for equality.
    pub(crate) fn into_parts(self) -> (Workshop<'s>, Arc<str>, Q) {
        (self.workshop, self.name, self.equality)
    }
}

impl<Q> CellBuilder<'_, Q> {
    /// Makes a cell that is written.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn source<T: Send + 'static>(mut self, value: T) -> Source<T>
    where
        Q: Equality<T>,
    {
        let same = self.equality.comparator();
        self.workshop.make_source(value, same, Some(self.name), Location::caller())
    }

    /// Makes a cell that is written, and whose in-place updates are all or nothing: they work on a copy of the value,
    /// which takes its place when the update has come to its end. A panic changes nothing and tears nothing, at the
    /// price of a copy per update.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn atomic_source<T: Clone + Send + 'static>(mut self, value: T) -> Source<T>
    where
        Q: Equality<T>,
    {
        let (same, created) = (self.equality.comparator(), Location::caller());
        self.workshop.make_atomic(value, same, Some(self.name), created)
    }

    /// Makes a cell that is computed. The closure runs when the cell is first read.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn derived<T: Send + 'static>(
        mut self,
        compute: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
    ) -> Derived<T>
    where
        Q: Equality<T>,
    {
        self.workshop.make_derived(compute, self.equality, Some(self.name), Location::caller())
    }
}
