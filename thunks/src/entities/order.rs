//! The order of the entities: a sequence of keys whose versions share what they have in common.
//!
//! A weight-balanced tree (Nievergelt and Reingold, 1972; the parameters are those that Hirai and Yamamoto have proved,
//! "Balancing weight-balanced trees", 2011): each node knows how many are below it, which both balances the tree and
//! tells the index of a key, so that what happens at a place can be told as a place in a list. As in the trie, nodes are
//! counted references, and those that another version shares are copied when they have to change.
//!
//! No user code runs while the tree is changed: places are searched for first.

use std::{cmp::Ordering, sync::Arc};

/// How much heavier than its sibling a part may be.
const DELTA: usize = 3;
/// How heavy the inner grandchild may be for a single rotation.
const GAMMA: usize = 2;

/// A sequence of keys, cheap to clone.
pub(super) struct Order<K> {
    root: Link<K>,
}

type Link<K> = Option<Arc<Node<K>>>;

/// A key in the sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place<K> {
    /// The key.
    pub(super) key: K,
    /// When it came: later ones have higher numbers.
    pub(super) rank: u64,
}

#[derive(Clone)]
struct Node<K> {
    place: Place<K>,
    /// How many there are below, this one included.
    size: usize,
    left: Link<K>,
    right: Link<K>,
}

impl<K> Clone for Order<K> {
    fn clone(&self) -> Self {
        Self { root: self.root.clone() }
    }
}

fn size<K>(link: &Link<K>) -> usize {
    link.as_ref().map_or(0, |node| node.size)
}

/// One more than the size, so that nothing weighs something.
fn weight<K>(link: &Link<K>) -> usize {
    size(link) + 1
}

impl<K> Order<K> {
    pub(super) const fn new() -> Self {
        Self { root: None }
    }

    pub(super) fn len(&self) -> usize {
        size(&self.root)
    }

    /// Whether both are one version.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.root, &other.root) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        }
    }

    /// The one at an index.
    pub(super) fn get(&self, mut index: usize) -> Option<&Place<K>> {
        let mut link = &self.root;
        while let Some(node) = link {
            let before = size(&node.left);
            link = match index.cmp(&before) {
                Ordering::Equal => return Some(&node.place),
                Ordering::Less => &node.left,
                Ordering::Greater => {
                    index -= before + 1;
                    &node.right
                }
            };
        }
        None
    }

    /// How many are in front of what `compare` says: it tells how a place compares to that.
    pub(super) fn before(&self, mut compare: impl FnMut(&Place<K>) -> Ordering) -> usize {
        let (mut link, mut index) = (&self.root, 0);
        while let Some(node) = link {
            link = if compare(&node.place) == Ordering::Less {
                index += size(&node.left) + 1;
                &node.right
            } else {
                &node.left
            };
        }
        index
    }

    /// The places from `index` on.
    pub(super) fn iter_from(&self, index: usize) -> Iter<'_, K> {
        let mut iter = Iter { stack: Vec::new(), left: self.len().saturating_sub(index) };
        let (mut link, mut index) = (&self.root, index);
        while let Some(node) = link {
            let before = size(&node.left);
            if index <= before {
                iter.stack.push(node);
                link = &node.left;
            } else {
                index -= before + 1;
                link = &node.right;
            }
        }
        iter
    }
}

impl<K: Clone> Order<K> {
    /// The sequence of these.
    pub(super) fn from_places(places: Vec<Place<K>>) -> Self {
        fn build<K>(count: usize, places: &mut impl Iterator<Item = Place<K>>) -> Link<K> {
            if count == 0 {
                return None;
            }
            let left = build(count / 2, places);
            let place = places.next()?;
            let right = build(count - count / 2 - 1, places);
            Some(Arc::new(Node { place, size: count, left, right }))
        }
        Self { root: build(places.len(), &mut places.into_iter()) }
    }

    /// Puts one in front of the one at `index`, or to the end.
    pub(super) fn insert(&mut self, index: usize, place: Place<K>) {
        insert(&mut self.root, index, place);
    }

    /// Removes the one at an index, which must be there.
    pub(super) fn remove(&mut self, index: usize) -> Place<K> {
        remove(&mut self.root, index)
    }
}

fn insert<K: Clone>(link: &mut Link<K>, index: usize, place: Place<K>) {
    let Some(node) = link else {
        *link = Some(Arc::new(Node { place, size: 1, left: None, right: None }));
        return;
    };
    let node = Arc::make_mut(node);
    node.size += 1;
    let before = size(&node.left);
    if index <= before {
        insert(&mut node.left, index, place);
    } else {
        insert(&mut node.right, index - before - 1, place);
    }
    balance(link);
}

fn remove<K: Clone>(link: &mut Link<K>, index: usize) -> Place<K> {
    let node = Arc::make_mut(link.as_mut().expect("the index is within the sequence"));
    let before = size(&node.left);
    let removed = match index.cmp(&before) {
        Ordering::Less => {
            node.size -= 1;
            remove(&mut node.left, index)
        }
        Ordering::Greater => {
            node.size -= 1;
            remove(&mut node.right, index - before - 1)
        }
        Ordering::Equal => {
            let (left, right) = (node.left.take(), node.right.take());
            match (left, right) {
                (Some(left), Some(right)) => {
                    node.size -= 1;
                    (node.left, node.right) = (Some(left), Some(right));
                    // The neighbour on the heavier side takes its place.
                    let neighbour = if size(&node.left) > size(&node.right) {
                        remove(&mut node.left, before - 1)
                    } else {
                        remove(&mut node.right, 0)
                    };
                    std::mem::replace(&mut node.place, neighbour)
                }
                (only, None) | (None, only) => {
                    let removed = node.place.clone();
                    *link = only;
                    return removed;
                }
            }
        }
    };
    balance(link);
    removed
}

/// Restores the balance of a node of which one side has become lighter or heavier by one.
fn balance<K: Clone>(link: &mut Link<K>) {
    let Some(node) = link else { return };
    let (left, right) = (weight(&node.left), weight(&node.right));
    if left + right <= 3 {
        return;
    }
    if right > DELTA * left {
        let node = Arc::make_mut(node);
        if let Some(child) = &node.right
            && weight(&child.left) >= GAMMA * weight(&child.right)
        {
            rotate_right(&mut node.right);
        }
        rotate_left(link);
    } else if left > DELTA * right {
        let node = Arc::make_mut(node);
        if let Some(child) = &node.left
            && weight(&child.right) >= GAMMA * weight(&child.left)
        {
            rotate_left(&mut node.left);
        }
        rotate_right(link);
    }
}

/// Lifts the right child above its parent.
fn rotate_left<K: Clone>(link: &mut Link<K>) {
    let Some(mut top) = link.take() else { return };
    let Some(mut child) = Arc::make_mut(&mut top).right.take() else { return };
    let (parent, lifted) = (Arc::make_mut(&mut top), Arc::make_mut(&mut child));
    parent.right = lifted.left.take();
    parent.size = size(&parent.left) + size(&parent.right) + 1;
    lifted.left = Some(top);
    lifted.size = size(&lifted.left) + size(&lifted.right) + 1;
    *link = Some(child);
}

/// Lifts the left child above its parent.
fn rotate_right<K: Clone>(link: &mut Link<K>) {
    let Some(mut top) = link.take() else { return };
    let Some(mut child) = Arc::make_mut(&mut top).left.take() else { return };
    let (parent, lifted) = (Arc::make_mut(&mut top), Arc::make_mut(&mut child));
    parent.left = lifted.right.take();
    parent.size = size(&parent.left) + size(&parent.right) + 1;
    lifted.right = Some(top);
    lifted.size = size(&lifted.left) + size(&lifted.right) + 1;
    *link = Some(child);
}

/// The places of a sequence, one after the other.
pub(super) struct Iter<'a, K> {
    /// Those whose right sides are still to come, the next one last.
    stack: Vec<&'a Node<K>>,
    /// How many are to come.
    left: usize,
}

impl<'a, K> Iterator for Iter<'a, K> {
    type Item = &'a Place<K>;

    fn next(&mut self) -> Option<&'a Place<K>> {
        let node = self.stack.pop()?;
        self.left -= 1;
        let mut link = &node.right;
        while let Some(below) = link {
            self.stack.push(below);
            link = &below.left;
        }
        Some(&node.place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K> ExactSizeIterator for Iter<'_, K> {}

impl<K> Clone for Iter<'_, K> {
    fn clone(&self) -> Self {
        Self { stack: self.stack.clone(), left: self.left }
    }
}

#[cfg(test)]
mod tests {
    use super::{DELTA, Link, Order, Place, size, weight};
    use proptest::prelude::*;

    fn place(rank: u64) -> Place<u64> {
        Place { key: rank, rank }
    }

    fn check(link: &Link<u64>) -> usize {
        let Some(node) = link else { return 0 };
        let (left, right) = (weight(&node.left), weight(&node.right));
        assert!(left + right <= 3 || left <= DELTA * right && right <= DELTA * left, "balanced");
        assert_eq!(size(link), check(&node.left) + check(&node.right) + 1, "the size is right");
        node.size
    }

    proptest! {
        #[test]
        fn an_order_is_a_vector_that_stays_balanced_and_older_versions_stay(
            begin in 0..40_usize,
            steps in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..5), 0..200),
        ) {
            let places: Vec<_> = (0..begin as u64).map(|number| place(1_000 + number)).collect();
            let (mut order, mut vec) = (Order::from_places(places.clone()), places);
            let mut versions = Vec::new();
            for (number, (index, step)) in steps.into_iter().enumerate() {
                if step < 3 || vec.is_empty() {
                    let index = index.index(vec.len() + 1);
                    order.insert(index, place(number as u64));
                    vec.insert(index, place(number as u64));
                } else {
                    let index = index.index(vec.len());
                    prop_assert_eq!(order.remove(index), vec.remove(index));
                }
                check(&order.root);
                if number % 10 == 0 {
                    versions.push((order.clone(), vec.clone()));
                }
            }
            versions.push((order, vec));
            for (order, vec) in &versions {
                prop_assert_eq!(order.len(), vec.len());
                for from in [0, vec.len() / 3, vec.len(), vec.len() + 1] {
                    let rest: Vec<_> = order.iter_from(from).cloned().collect();
                    prop_assert_eq!(&rest[..], vec.get(from..).unwrap_or_default());
                }
                for (index, place) in vec.iter().enumerate() {
                    prop_assert_eq!(order.get(index), Some(place));
                }
                prop_assert_eq!(order.get(vec.len()), None);
            }
        }
    }
}
