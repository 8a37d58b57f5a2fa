//! The entities by key: a hash trie whose versions share what they have in common.
//!
//! A *hash array mapped trie* (Bagwell, "Ideal Hash Trees", 2001): five bits of the key's hash choose one of 32 children
//! at each level, and a node keeps only the children that it has, with a bitmap of which they are. A hundred thousand
//! entities are some four levels deep. Nodes are counted references, so a clone of the trie is one of its root; a change
//! goes down to its place, and copies on its way the nodes that another version shares, and no others. What nobody
//! shares is changed in place.
//!
//! The shape depends on the content alone, as long as the hashes are those of one seed: a removal leaves no node
//! with a single leaf behind. So two versions of one trie are compared without looking at what they share.

use std::{
    borrow::Borrow,
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
};

/// Bits of the hash per level.
const BITS: u32 = 5;

/// A map from keys to values, cheap to clone.
#[derive(Clone)]
pub(super) struct Trie<K, V> {
    /// The top; nothing if it is empty.
    root: Option<Node<K, V>>,
    /// How many there are.
    len: usize,
    /// The seed of the hashes: random, since keys may come from strangers.
    seed: RandomState,
}

/// A part of the trie.
enum Node<K, V> {
    /// Up to 32 parts, told apart by five bits of the hash.
    Branch(Arc<Branch<K, V>>),
    /// One entry.
    Leaf(Arc<Leaf<K, V>>),
    /// Entries whose hashes are equal in all 64 bits.
    Bucket(Arc<Vec<Leaf<K, V>>>),
}

struct Branch<K, V> {
    /// Which of the 32 children there are.
    bitmap: u32,
    /// Those that there are, in order.
    children: Vec<Node<K, V>>,
}

#[derive(Clone)]
struct Leaf<K, V> {
    hash: u64,
    key: K,
    value: V,
}

impl<K, V> Clone for Node<K, V> {
    fn clone(&self) -> Self {
        match self {
            Self::Branch(branch) => Self::Branch(Arc::clone(branch)),
            Self::Leaf(leaf) => Self::Leaf(Arc::clone(leaf)),
            Self::Bucket(bucket) => Self::Bucket(Arc::clone(bucket)),
        }
    }
}

impl<K, V> Clone for Branch<K, V> {
    fn clone(&self) -> Self {
        Self { bitmap: self.bitmap, children: self.children.clone() }
    }
}

/// Which child of a branch a hash belongs to, as a bit.
fn bit(hash: u64, shift: u32) -> u32 {
    1 << ((hash >> shift) & 31)
}

impl<K, V> Branch<K, V> {
    /// Where the child of this bit is, or would be.
    fn position(&self, bit: u32) -> usize {
        (self.bitmap & (bit - 1)).count_ones() as usize
    }

    fn has(&self, bit: u32) -> bool {
        self.bitmap & bit != 0
    }
}

impl<K, V> Trie<K, V> {
    pub(super) fn new() -> Self {
        Self { root: None, len: 0, seed: RandomState::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Forgets all entries, but not the seed.
    pub(super) fn clear(&mut self) {
        self.root = None;
        self.len = 0;
    }
}

impl<K: Hash + Eq, V> Trie<K, V> {
    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_hashed(key, self.seed.hash_one(key))
    }

    fn get_hashed<Q: Eq + ?Sized>(&self, key: &Q, hash: u64) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (mut node, mut shift) = (self.root.as_ref()?, 0);
        loop {
            match node {
                Node::Branch(branch) => {
                    let bit = bit(hash, shift);
                    if !branch.has(bit) {
                        return None;
                    }
                    node = &branch.children[branch.position(bit)];
                    shift += BITS;
                }
                Node::Leaf(leaf) => return (leaf.key.borrow() == key).then_some(&leaf.value),
                Node::Bucket(bucket) => {
                    let found = bucket.iter().find(|leaf| leaf.key.borrow() == key);
                    return found.map(|leaf| &leaf.value);
                }
            }
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Trie<K, V> {
    /// The value of a key, to be changed: what other versions share is copied.
    pub(super) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let hash = self.seed.hash_one(key);
        // Looked up first: nothing is copied on the way to a key that is not there.
        self.get_hashed(key, hash)?;
        let (mut node, mut shift) = (self.root.as_mut()?, 0);
        loop {
            match node {
                Node::Branch(branch) => {
                    let branch = Arc::make_mut(branch);
                    let position = branch.position(bit(hash, shift));
                    node = branch.children.get_mut(position)?;
                    shift += BITS;
                }
                Node::Leaf(leaf) => return Some(&mut Arc::make_mut(leaf).value),
                Node::Bucket(bucket) => {
                    let leaves = Arc::make_mut(bucket).iter_mut();
                    let found = { leaves }.find(|leaf| leaf.key.borrow() == key);
                    return found.map(|leaf| &mut leaf.value);
                }
            }
        }
    }

    /// Adds an entry, or replaces its value; returns the one before.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let hash = self.seed.hash_one(&key);
        let leaf = Leaf { hash, key, value };
        let replaced = match &mut self.root {
            Some(root) => insert(root, 0, leaf),
            none @ None => {
                *none = Some(Node::Leaf(Arc::new(leaf)));
                None
            }
        };
        self.len += usize::from(replaced.is_none());
        replaced
    }

    /// Removes an entry; returns its value.
    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let hash = self.seed.hash_one(key);
        self.get_hashed(key, hash)?;
        let removed = match remove(self.root.as_mut()?, 0, hash, key) {
            Removed::Done(value) => value,
            Removed::Whole => value_of(self.root.take()?)?,
        };
        self.len -= 1;
        Some(removed)
    }
}

impl<K, V: PartialEq> Trie<K, V>
where
    K: Hash + Eq,
{
    /// Whether both have the same entries. What they share is not looked at.
    pub(super) fn same(&self, other: &Self) -> bool {
        let (Some(one), Some(two)) = (&self.root, &other.root) else {
            return self.len == other.len;
        };
        self.len == other.len && (same(one, two) || !self.is_akin(other) && self.equals(other))
    }

    /// Whether both have hashes of one seed, and so one shape where they have the same content.
    fn is_akin(&self, other: &Self) -> bool {
        self.seed.hash_one(0_u64) == other.seed.hash_one(0_u64)
    }

    /// Whether every entry is in the other one, which has as many.
    fn equals(&self, other: &Self) -> bool {
        fn all<K, V>(node: &Node<K, V>, test: &mut impl FnMut(&Leaf<K, V>) -> bool) -> bool {
            match node {
                Node::Branch(branch) => branch.children.iter().all(|child| all(child, test)),
                Node::Leaf(leaf) => test(leaf),
                Node::Bucket(bucket) => bucket.iter().all(test),
            }
        }
        let mut test = |leaf: &Leaf<K, V>| other.get(&leaf.key) == Some(&leaf.value);
        self.root.as_ref().is_none_or(|root| all(root, &mut test))
    }
}

/// Whether two parts at the same place have the same entries, if they have one shape.
fn same<K: Eq, V: PartialEq>(one: &Node<K, V>, two: &Node<K, V>) -> bool {
    match (one, two) {
        (Node::Branch(one), Node::Branch(two)) => {
            Arc::ptr_eq(one, two)
                || one.bitmap == two.bitmap
                    && one.children.iter().zip(&two.children).all(|(one, two)| same(one, two))
        }
        (Node::Leaf(one), Node::Leaf(two)) => {
            Arc::ptr_eq(one, two) || one.key == two.key && one.value == two.value
        }
        (Node::Bucket(one), Node::Bucket(two)) => {
            let in_two = |leaf: &Leaf<K, V>| {
                two.iter().any(|other| other.key == leaf.key && other.value == leaf.value)
            };
            Arc::ptr_eq(one, two) || one.len() == two.len() && one.iter().all(in_two)
        }
        _ => false,
    }
}

/// Adds a leaf below a node at this depth.
fn insert<K: Eq + Clone, V: Clone>(
    node: &mut Node<K, V>,
    shift: u32,
    leaf: Leaf<K, V>,
) -> Option<V> {
    match node {
        Node::Branch(branch) => {
            let branch = Arc::make_mut(branch);
            let bit = bit(leaf.hash, shift);
            let position = branch.position(bit);
            if branch.has(bit) {
                return insert(&mut branch.children[position], shift + BITS, leaf);
            }
            branch.bitmap |= bit;
            branch.children.insert(position, Node::Leaf(Arc::new(leaf)));
            None
        }
        Node::Leaf(there) if there.key == leaf.key => {
            Some(std::mem::replace(&mut Arc::make_mut(there).value, leaf.value))
        }
        Node::Leaf(there) => {
            let (there, hash) = (Node::Leaf(Arc::clone(there)), there.hash);
            *node = join(there, hash, leaf, shift);
            None
        }
        Node::Bucket(bucket) if bucket[0].hash == leaf.hash => {
            let bucket = Arc::make_mut(bucket);
            if let Some(there) = bucket.iter_mut().find(|there| there.key == leaf.key) {
                return Some(std::mem::replace(&mut there.value, leaf.value));
            }
            bucket.push(leaf);
            None
        }
        Node::Bucket(bucket) => {
            let (there, hash) = (Node::Bucket(Arc::clone(bucket)), bucket[0].hash);
            *node = join(there, hash, leaf, shift);
            None
        }
    }
}

/// A node with what is there and a new leaf, whose keys differ.
fn join<K: Clone, V: Clone>(
    there: Node<K, V>,
    hash: u64,
    leaf: Leaf<K, V>,
    shift: u32,
) -> Node<K, V> {
    if hash == leaf.hash {
        // A bucket has its own hash and does not come here.
        let mut leaves = Vec::with_capacity(2);
        if let Node::Leaf(there) = there {
            leaves.push(Arc::unwrap_or_clone(there));
        }
        leaves.push(leaf);
        return Node::Bucket(Arc::new(leaves));
    }
    let (old, new) = (bit(hash, shift), bit(leaf.hash, shift));
    let children = if old == new {
        vec![join(there, hash, leaf, shift + BITS)]
    } else {
        let leaf = Node::Leaf(Arc::new(leaf));
        if old < new { vec![there, leaf] } else { vec![leaf, there] }
    };
    Node::Branch(Arc::new(Branch { bitmap: old | new, children }))
}

/// What a removal has come to.
enum Removed<V> {
    /// It is done.
    Done(V),
    /// The node is the leaf, and its owner has to remove it.
    Whole,
}

/// The value of a leaf.
fn value_of<K: Clone, V: Clone>(node: Node<K, V>) -> Option<V> {
    match node {
        Node::Leaf(leaf) => Some(Arc::unwrap_or_clone(leaf).value),
        Node::Branch(_) | Node::Bucket(_) => None,
    }
}

/// Removes the entry of a key that is there.
fn remove<K, V, Q>(node: &mut Node<K, V>, shift: u32, hash: u64, key: &Q) -> Removed<V>
where
    K: Borrow<Q> + Clone,
    V: Clone,
    Q: Eq + ?Sized,
{
    match node {
        Node::Leaf(_) => Removed::Whole,
        Node::Bucket(bucket) => {
            let bucket = Arc::make_mut(bucket);
            let found = bucket.iter().position(|leaf| leaf.key.borrow() == key);
            let removed = bucket.swap_remove(found.expect("the key is there")).value;
            if let [last] = &bucket[..] {
                *node = Node::Leaf(Arc::new(last.clone()));
            }
            Removed::Done(removed)
        }
        Node::Branch(branch) => {
            let branch = Arc::make_mut(branch);
            let bit = bit(hash, shift);
            let position = branch.position(bit);
            let removed = match remove(&mut branch.children[position], shift + BITS, hash, key) {
                Removed::Done(removed) => removed,
                Removed::Whole => {
                    branch.bitmap &= !bit;
                    value_of(branch.children.remove(position)).expect("it is a leaf")
                }
            };
            // What is alone takes the place of the branch, as if the other had never been there.
            if let [last @ (Node::Leaf(_) | Node::Bucket(_))] = &branch.children[..] {
                *node = last.clone();
            }
            Removed::Done(removed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trie;
    use proptest::prelude::*;
    use std::{
        collections::HashMap,
        hash::{Hash, Hasher},
    };

    /// A key whose hash says little.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Key(u8);

    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            (self.0 % 7).hash(state);
        }
    }

    proptest! {
        #[test]
        fn a_trie_with_colliding_hashes_is_a_map_and_older_versions_stay(
            steps in prop::collection::vec((any::<u8>(), 0_u8..4), 0..200),
        ) {
            let (mut trie, mut map) = (Trie::new(), HashMap::new());
            let mut versions = Vec::new();
            for (number, (key, step)) in steps.into_iter().enumerate() {
                match step {
                    0 | 1 => prop_assert_eq!(trie.insert(Key(key), number), map.insert(key, number)),
                    2 => prop_assert_eq!(trie.remove(&Key(key)), map.remove(&key)),
                    _ => {
                        versions.push((trie.clone(), map.clone()));
                        if let Some(value) = trie.get_mut(&Key(key)) {
                            *value += 1_000;
                        }
                        map.entry(key).and_modify(|value| *value += 1_000);
                    }
                }
                prop_assert_eq!(trie.len(), map.len());
            }
            versions.push((trie, map));
            for (trie, map) in &versions {
                for key in 0..=255 {
                    prop_assert_eq!(trie.get(&Key(key)), map.get(&key));
                }
                for (other, others) in &versions {
                    prop_assert_eq!(trie.same(other), map == others);
                }
                let mut anew = Trie::new();
                for (key, value) in map {
                    anew.insert(Key(*key), *value);
                }
                prop_assert!(trie.same(&anew), "with another seed");
                prop_assert!(anew.same(trie), "with another seed");
            }
        }
    }
}
