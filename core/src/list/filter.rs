//! The view of the elements that pass a test.
//!
//! Where an element is in the view is how many before it passed: the sum of the weights before it, O(log n) in a
//! [`Sequence`] whose weights say who has passed.

use super::{adapter::ListAdapter, diff::ListDiff, sequence::Sequence};
use std::fmt;

/// A view of the elements of a list that pass a test. It keeps one bit per element, and tests an element when it comes or
/// is replaced, never when it moves or others do.
#[derive(Clone)]
pub struct ListFilter<P> {
    keep: P,
    /// For each element whether it is in the view: that is its weight.
    elements: Sequence<()>,
}

impl<P> ListFilter<P> {
    /// A view of the elements for which `keep` returns true, which should depend on the element alone.
    pub fn new<T>(keep: P) -> Self
    where
        P: FnMut(&T) -> bool,
    {
        Self { keep, elements: Sequence::new() }
    }

    /// Takes an element out; returns where it was in the view, if it was.
    fn take_out(&mut self, index: usize) -> Option<usize> {
        let place = self.elements.weight_before(index);
        let element = self.elements.at(index);
        let kept = self.elements.weight(element);
        self.elements.remove(element);
        kept.then_some(place)
    }

    /// Puts an element in; returns where it is in the view, if it is.
    fn put_in(&mut self, index: usize, kept: bool) -> Option<usize> {
        self.elements.insert(index, (), kept);
        kept.then(|| self.elements.weight_before(index))
    }
}

impl<T, P: FnMut(&T) -> bool> ListAdapter<T> for ListFilter<P> {
    type Item = T;

    fn adapt(&mut self, diff: ListDiff<T>, view: &mut Vec<ListDiff<T>>) {
        match diff {
            ListDiff::Push { value } => {
                let kept = (self.keep)(&value);
                if self.put_in(self.elements.len(), kept).is_some() {
                    view.push(ListDiff::Push { value });
                }
            }
            ListDiff::Insert { index, value } => {
                let kept = (self.keep)(&value);
                if let Some(index) = self.put_in(index, kept) {
                    view.push(ListDiff::Insert { index, value });
                }
            }
            ListDiff::Remove { index } => {
                if let Some(index) = self.take_out(index) {
                    view.push(ListDiff::Remove { index });
                }
            }
            ListDiff::Move { from, to } => {
                let from = self.take_out(from);
                let to = self.put_in(to, from.is_some());
                if let (Some(from), Some(to)) = (from, to)
                    && from != to
                {
                    view.push(ListDiff::Move { from, to });
                }
            }
            ListDiff::Set { index, value } => {
                let keeps = (self.keep)(&value);
                let element = self.elements.at(index);
                let kept = self.elements.weight(element);
                self.elements.set_weight(element, keeps);
                let index = self.elements.weight_before(index);
                match (kept, keeps) {
                    (true, true) => view.push(ListDiff::Set { index, value }),
                    (true, false) => view.push(ListDiff::Remove { index }),
                    (false, true) => view.push(ListDiff::Insert { index, value }),
                    (false, false) => {}
                }
            }
            ListDiff::Truncate { len } => {
                let before = self.elements.total_weight();
                for last in (len..self.elements.len()).rev() {
                    let element = self.elements.at(last);
                    self.elements.remove(element);
                }
                let len = self.elements.total_weight();
                if len < before {
                    view.push(if len == 0 { ListDiff::Clear } else { ListDiff::Truncate { len } });
                }
            }
            ListDiff::Clear => {
                if self.elements.total_weight() > 0 {
                    view.push(ListDiff::Clear);
                }
                self.elements.clear();
            }
            ListDiff::Reset { values } => {
                let kept: Vec<bool> = values.iter().map(&mut self.keep).collect();
                self.elements.fill(kept.iter().map(|&kept| ((), kept)));
                let values = values.into_iter().zip(kept).filter_map(|(v, kept)| kept.then_some(v));
                view.push(ListDiff::Reset { values: values.collect() });
            }
        }
    }
}

impl<P> fmt::Debug for ListFilter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListFilter")
            .field("elements", &self.elements.len())
            .field("kept", &self.elements.total_weight())
            .finish_non_exhaustive()
    }
}
