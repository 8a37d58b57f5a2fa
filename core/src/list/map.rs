//! The view of what a function makes of the elements.

use super::{adapter::ListAdapter, diff::ListDiff};
use std::fmt;

/// A view of what a function makes of the elements of a list. It keeps nothing: a diff costs a call per element in it.
#[derive(Clone)]
pub struct ListMap<F> {
    f: F,
}

impl<F> ListMap<F> {
    /// A view by `f`, which should give equal things for equal elements.
    pub fn new<T, U>(f: F) -> Self
    where
        F: FnMut(T) -> U,
    {
        Self { f }
    }
}

impl<T, U, F: FnMut(T) -> U> ListAdapter<T> for ListMap<F> {
    type Item = U;

    fn adapt(&mut self, diff: ListDiff<T>, view: &mut Vec<ListDiff<U>>) {
        view.push(diff.map(&mut self.f));
    }
}

impl<F> fmt::Debug for ListMap<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListMap").finish_non_exhaustive()
    }
}
