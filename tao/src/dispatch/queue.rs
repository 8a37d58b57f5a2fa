//! Signals in a row: almost always none or one.

use crate::observe::Place;
use std::collections::VecDeque;

/// Signals, first in, first out. A single one needs no allocation.
#[derive(Default)]
pub(super) struct Queue {
    /// The oldest, unless `rest` came to be first.
    first: Option<Place>,
    /// The others; nothing, as long as there were none.
    rest: Option<VecDeque<Place>>,
}

impl Queue {
    #[inline]
    pub(super) fn push(&mut self, place: Place) {
        if self.is_empty() {
            self.first = Some(place);
        } else {
            self.rest.get_or_insert_default().push_back(place);
        }
    }

    /// Puts back what was popped last, or what is to come before all others.
    pub(super) fn push_front(&mut self, place: Place) {
        if let Some(second) = self.first.replace(place) {
            self.rest.get_or_insert_default().push_front(second);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Place> {
        self.first.take().or_else(|| self.rest.as_mut()?.pop_front())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The oldest.
    pub(super) fn first(&self) -> Option<&Place> {
        self.first.as_ref().or_else(|| self.rest.as_ref()?.front())
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.as_ref().map_or(0, VecDeque::len)
    }

    /// Takes out all but the `mark` oldest.
    pub(super) fn split_off(&mut self, mark: usize) -> Vec<Place> {
        let first = if mark == 0 { self.first.take() } else { None };
        let kept = mark - usize::from(self.first.is_some());
        let rest = self.rest.iter_mut().flat_map(|rest| rest.drain(kept..));
        first.into_iter().chain(rest).collect()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
