//! The value of a cell, behind one type for the whole graph.

use std::any::Any;

/// The value of a cell of type `T`, and when two values count as the same.
pub(crate) struct ValueCell<T> {
    /// The value; empty only in a derived cell that has never been computed.
    pub(crate) value: Option<T>,
    /// Whether a write of the second over the first is no change.
    pub(crate) same: fn(&T, &T) -> bool,
}

/// A [`ValueCell`] whose type is known to the handle only.
pub(crate) trait AnyValue: Any + Send {
    /// Whether `other`, of the same type, holds the same value.
    fn same_as(&self, other: &dyn AnyValue) -> bool;

    /// A cell of the same type, without a value.
    fn empty(&self) -> Box<dyn AnyValue>;

    /// Whether dropping it may run code of the user's.
    fn has_drop(&self) -> bool;

    /// If this is not an old value but what makes it from the present one: does so, and returns true.
    fn undo(&mut self, _value: &mut dyn AnyValue) -> bool {
        false
    }
}

impl<T: Send + 'static> AnyValue for ValueCell<T> {
    fn same_as(&self, other: &dyn AnyValue) -> bool {
        match (&self.value, &<dyn AnyValue>::downcast_ref::<T>(other).value) {
            (Some(mine), Some(theirs)) => (self.same)(mine, theirs),
            (None, None) => true,
            _ => false,
        }
    }

    fn empty(&self) -> Box<dyn AnyValue> {
        Box::new(Self { value: None, same: self.same })
    }

    fn has_drop(&self) -> bool {
        std::mem::needs_drop::<T>()
    }
}

/// What is in the place of a cell that was removed.
pub(crate) struct NoValue;

impl AnyValue for NoValue {
    fn same_as(&self, _: &dyn AnyValue) -> bool {
        true
    }

    fn empty(&self) -> Box<dyn AnyValue> {
        Box::new(Self)
    }

    fn has_drop(&self) -> bool {
        false
    }
}

impl dyn AnyValue {
    /// The cell behind the trait object. A handle and its cell are made together, so the type fits.
    #[inline]
    pub(crate) fn downcast_ref<T: Send + 'static>(&self) -> &ValueCell<T> {
        (self as &dyn Any).downcast_ref().expect("a cell has the type of its handle")
    }

    /// See [`downcast_ref`](Self::downcast_ref).
    #[inline]
    pub(crate) fn downcast_mut<T: Send + 'static>(&mut self) -> &mut ValueCell<T> {
        (self as &mut dyn Any).downcast_mut().expect("a cell has the type of its handle")
    }
}
