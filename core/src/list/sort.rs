//! The view in another order.
//!
//! Two sequences, the list and the view, whose elements know each other's nodes: nodes stay the same while others come and go,
//! so a removal finds its place in the view without a comparison, and an insertion by binary search.

use super::{adapter::ListAdapter, diff::ListDiff, sequence::Sequence};
use std::{cmp::Ordering, fmt};

/// A view of a list in the order of a comparison; elements that are equal stay in the order of the list, as with
/// [`slice::sort_by`]. It keeps a copy of each element, and where each is in both orders.
///
/// If the comparison is not a total order, the order of the view is unspecified.
#[derive(Clone)]
pub struct ListSort<T, C> {
    compare: C,
    /// The list: for each element its node in the view.
    list: Sequence<u32>,
    /// The view: each element, and its node in the list.
    view: Sequence<(T, u32)>,
}

impl<T, C: FnMut(&T, &T) -> Ordering> ListSort<T, C> {
    /// A view in the order of `compare`, which should depend on the elements alone.
    pub fn new(compare: C) -> Self {
        Self { compare, list: Sequence::new(), view: Sequence::new() }
    }

    /// Where in the view an element belongs that is at `index` of the list, and not in the view.
    fn place(&mut self, value: &T, index: usize) -> usize {
        let Self { compare, list, view } = self;
        view.partition_point(|(other, node)| match compare(other, value) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => list.index_of(*node) < index,
        })
    }

    /// Puts an element into the view that is in the list already, as `node` at `index`.
    fn put_in(&mut self, value: T, node: u32, index: usize) -> usize {
        let place = self.place(&value, index);
        *self.list.get_mut(node) = self.view.insert(place, (value, node), false);
        place
    }

    /// Takes the element of a list's node out of the view.
    fn take_out(&mut self, node: u32) -> (usize, T) {
        let in_view = *self.list.get(node);
        let place = self.view.index_of(in_view);
        (place, self.view.remove(in_view).0)
    }

    fn reset(&mut self, values: Vec<T>) -> Vec<T>
    where
        T: Clone,
    {
        let mut sorted: Vec<(T, u32)> = values.into_iter().zip(0..).collect();
        sorted.sort_by(|(a, _), (b, _)| (self.compare)(a, b));
        let values = sorted.iter().map(|(value, _)| value.clone()).collect();
        let mut in_view = vec![0; sorted.len()];
        for (&(_, node), place) in sorted.iter().zip(0..) {
            in_view[node as usize] = place;
        }
        // Nodes that a sequence is filled with are numbered through.
        self.list.fill(in_view.into_iter().map(|place| (place, false)));
        self.view.fill(sorted.into_iter().map(|element| (element, false)));
        values
    }
}

impl<T: Clone, C: FnMut(&T, &T) -> Ordering> ListAdapter<T> for ListSort<T, C> {
    type Item = T;

    fn adapt(&mut self, diff: ListDiff<T>, view: &mut Vec<ListDiff<T>>) {
        match diff {
            ListDiff::Push { value } => {
                let index = self.list.len();
                self.adapt(ListDiff::Insert { index, value }, view);
            }
            ListDiff::Insert { index, value } => {
                let node = self.list.insert(index, 0, false);
                let place = self.put_in(value.clone(), node, index);
                view.push(ListDiff::Insert { index: place, value });
            }
            ListDiff::Remove { index } => {
                let node = self.list.at(index);
                let (place, _) = self.take_out(node);
                self.list.remove(node);
                view.push(ListDiff::Remove { index: place });
            }
            ListDiff::Move { from, to } => {
                let node = self.list.at(from);
                let (old, value) = self.take_out(node);
                self.list.remove(node);
                let node = self.list.insert(to, 0, false);
                let new = self.put_in(value, node, to);
                if old != new {
                    view.push(ListDiff::Move { from: old, to: new });
                }
            }
            ListDiff::Set { index, value } => {
                let node = self.list.at(index);
                let (old, _) = self.take_out(node);
                let new = self.put_in(value.clone(), node, index);
                if old != new {
                    view.push(ListDiff::Move { from: old, to: new });
                }
                view.push(ListDiff::Set { index: new, value });
            }
            ListDiff::Truncate { len: 0 } | ListDiff::Clear => {
                if self.list.len() > 0 {
                    view.push(ListDiff::Clear);
                }
                self.list.clear();
                self.view.clear();
            }
            ListDiff::Truncate { len } => {
                for last in (len..self.list.len()).rev() {
                    self.adapt(ListDiff::Remove { index: last }, view);
                }
            }
            ListDiff::Reset { values } => {
                view.push(ListDiff::Reset { values: self.reset(values) });
            }
        }
    }
}

impl<T, C> fmt::Debug for ListSort<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListSort").field("elements", &self.list.len()).finish_non_exhaustive()
    }
}
