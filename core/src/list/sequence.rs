//! A sequence that is changed anywhere in O(log n): what the views keep of their lists.
//!
//! A treap in an arena: a binary tree in which the order from left to right is that of the sequence, and each node has a
//! random priority that is not smaller than those of its children, so that the expected depth is O(log n) whatever
//! the order of the insertions. Each node counts what is below it, so an index is found on the way down; and each
//! knows its parent, so the index of a node is found on the way up. Nodes also carry a weight of 0 or 1, which is
//! summed up likewise.

/// No node.
const NIL: u32 = u32::MAX;

/// A sequence of elements, each known by a node that stays the same while others come and go.
#[derive(Clone)]
pub(super) struct Sequence<V> {
    nodes: Vec<Node<V>>,
    /// Nodes that are free.
    free: Vec<u32>,
    /// The top of the tree.
    root: u32,
    /// The state of the random numbers.
    random: u64,
}

#[derive(Clone)]
struct Node<V> {
    /// The element; `None` in a free node.
    value: Option<V>,
    parent: u32,
    left: u32,
    right: u32,
    priority: u32,
    /// How many nodes there are in the tree below, this one included.
    count: u32,
    /// The sum of their weights.
    sum: u32,
    /// The weight of this one.
    weight: bool,
}

impl<V> Sequence<V> {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), free: Vec::new(), root: NIL, random: 0x9E37_79B9_7F4A_7C15 }
    }

    /// How many elements there are.
    pub(super) fn len(&self) -> usize {
        self.count(self.root) as usize
    }

    /// The sum of all weights.
    pub(super) fn total_weight(&self) -> usize {
        self.sum(self.root) as usize
    }

    /// Removes all elements.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.free.clear();
        self.root = NIL;
    }

    /// Replaces all elements, in O(n). Their nodes are numbered through from 0.
    pub(super) fn fill(&mut self, elements: impl Iterator<Item = (V, bool)>) {
        self.clear();
        // The right edge of the tree, from the top. What hangs off to the left of it is done.
        let mut edge: Vec<u32> = Vec::new();
        for (value, weight) in elements {
            let new = self.add(value, weight);
            let mut below = NIL;
            while let Some(&last) = edge.last()
                && self.node(last).priority < self.node(new).priority
            {
                self.recount(last);
                below = last;
                edge.pop();
            }
            self.set_left(new, below);
            if let Some(&last) = edge.last() {
                self.set_right(last, new);
            }
            edge.push(new);
        }
        self.root = edge.first().copied().unwrap_or(NIL);
        if self.root != NIL {
            self.node_mut(self.root).parent = NIL;
        }
        while let Some(last) = edge.pop() {
            self.recount(last);
        }
    }

    /// Puts an element in front of the one at `index`, or to the end; returns its node.
    #[track_caller]
    pub(super) fn insert(&mut self, index: usize, value: V, weight: bool) -> u32 {
        assert!(index <= self.len(), "insert at index {index} of a list of length {}", self.len());
        let new = self.add(value, weight);
        if self.root == NIL {
            self.root = new;
            return new;
        }
        let (mut at, mut index) = (self.root, index as u32);
        loop {
            let before = self.count(self.node(at).left);
            let node = self.node_mut(at);
            node.count += 1;
            node.sum += u32::from(weight);
            let side = if index <= before {
                &mut node.left
            } else {
                index -= before + 1;
                &mut node.right
            };
            if *side == NIL {
                *side = new;
                break;
            }
            at = *side;
        }
        self.node_mut(new).parent = at;
        while at != NIL && self.node(at).priority < self.node(new).priority {
            self.rotate_up(new);
            at = self.node(new).parent;
        }
        new
    }

    /// Removes an element.
    pub(super) fn remove(&mut self, node: u32) -> V {
        loop {
            let Node { left, right, .. } = *self.node(node);
            let child = match (left, right) {
                (NIL, NIL) => break,
                (child, NIL) | (NIL, child) => child,
                _ if self.node(left).priority > self.node(right).priority => left,
                _ => right,
            };
            self.rotate_up(child);
        }
        let Node { parent, weight, .. } = *self.node(node);
        self.replace_child(parent, node, NIL);
        let mut above = parent;
        while above != NIL {
            let node = self.node_mut(above);
            node.count -= 1;
            node.sum -= u32::from(weight);
            above = node.parent;
        }
        self.free.push(node);
        self.node_mut(node).value.take().expect("the node is in use")
    }

    /// The node at `index`.
    #[track_caller]
    pub(super) fn at(&self, index: usize) -> u32 {
        assert!(index < self.len(), "index {index} of a list of length {}", self.len());
        let (mut at, mut index) = (self.root, index as u32);
        loop {
            let node = self.node(at);
            let before = self.count(node.left);
            if index == before {
                return at;
            }
            at = if index < before {
                node.left
            } else {
                index -= before + 1;
                node.right
            };
        }
    }

    /// Where a node is.
    pub(super) fn index_of(&self, node: u32) -> usize {
        let mut index = self.count(self.node(node).left);
        let mut at = node;
        loop {
            let parent = self.node(at).parent;
            if parent == NIL {
                return index as usize;
            }
            if self.node(parent).right == at {
                index += self.count(self.node(parent).left) + 1;
            }
            at = parent;
        }
    }

    /// The sum of the weights of the first `index` elements.
    pub(super) fn weight_before(&self, index: usize) -> usize {
        let (mut at, mut index, mut sum) = (self.root, index as u32, 0);
        while at != NIL {
            let node = self.node(at);
            let before = self.count(node.left);
            at = if index <= before {
                node.left
            } else {
                index -= before + 1;
                sum += self.sum(node.left) + u32::from(node.weight);
                node.right
            };
        }
        sum as usize
    }

    /// How many elements there are at the beginning for which `before` returns true, if it returns false for all others.
    pub(super) fn partition_point(&self, mut before: impl FnMut(&V) -> bool) -> usize {
        let (mut at, mut index) = (self.root, 0);
        while at != NIL {
            let node = self.node(at);
            at = if before(self.get(at)) {
                index += self.count(node.left) + 1;
                node.right
            } else {
                node.left
            };
        }
        index as usize
    }

    pub(super) fn get(&self, node: u32) -> &V {
        self.node(node).value.as_ref().expect("the node is in use")
    }

    pub(super) fn get_mut(&mut self, node: u32) -> &mut V {
        self.node_mut(node).value.as_mut().expect("the node is in use")
    }

    pub(super) fn weight(&self, node: u32) -> bool {
        self.node(node).weight
    }

    pub(super) fn set_weight(&mut self, node: u32, weight: bool) {
        let old = std::mem::replace(&mut self.node_mut(node).weight, weight);
        let mut at = node;
        while at != NIL {
            let node = self.node_mut(at);
            node.sum = node.sum + u32::from(weight) - u32::from(old);
            at = node.parent;
        }
    }

    fn node(&self, node: u32) -> &Node<V> {
        &self.nodes[node as usize]
    }

    fn node_mut(&mut self, node: u32) -> &mut Node<V> {
        &mut self.nodes[node as usize]
    }

    fn count(&self, node: u32) -> u32 {
        if node == NIL { 0 } else { self.node(node).count }
    }

    fn sum(&self, node: u32) -> u32 {
        if node == NIL { 0 } else { self.node(node).sum }
    }

    /// A node that is in no tree.
    fn add(&mut self, value: V, weight: bool) -> u32 {
        // Xorshift: the same numbers in every run, so that a count of comparisons can be repeated.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let node = Node {
            value: Some(value),
            parent: NIL,
            left: NIL,
            right: NIL,
            priority: (self.random >> 32) as u32,
            count: 1,
            sum: u32::from(weight),
            weight,
        };
        if let Some(free) = self.free.pop() {
            *self.node_mut(free) = node;
            return free;
        }
        let new = u32::try_from(self.nodes.len()).ok().filter(|&new| new != NIL);
        self.nodes.push(node);
        new.expect("a list that is viewed holds fewer than 2^32 elements")
    }

    fn set_left(&mut self, node: u32, child: u32) {
        self.node_mut(node).left = child;
        if child != NIL {
            self.node_mut(child).parent = node;
        }
    }

    fn set_right(&mut self, node: u32, child: u32) {
        self.node_mut(node).right = child;
        if child != NIL {
            self.node_mut(child).parent = node;
        }
    }

    fn replace_child(&mut self, parent: u32, old: u32, new: u32) {
        if parent == NIL {
            self.root = new;
        } else if self.node(parent).left == old {
            self.node_mut(parent).left = new;
        } else {
            self.node_mut(parent).right = new;
        }
        if new != NIL {
            self.node_mut(new).parent = parent;
        }
    }

    /// Puts a node in the place of its parent, which goes below it; the order stays.
    fn rotate_up(&mut self, child: u32) {
        let parent = self.node(child).parent;
        self.replace_child(self.node(parent).parent, parent, child);
        if self.node(parent).left == child {
            self.set_left(parent, self.node(child).right);
            self.set_right(child, parent);
        } else {
            self.set_right(parent, self.node(child).left);
            self.set_left(child, parent);
        }
        self.recount(parent);
        self.recount(child);
    }

    fn recount(&mut self, node: u32) {
        let Node { left, right, weight, .. } = *self.node(node);
        let count = self.count(left) + self.count(right) + 1;
        let sum = self.sum(left) + self.sum(right) + u32::from(weight);
        let node = self.node_mut(node);
        (node.count, node.sum) = (count, sum);
    }
}
