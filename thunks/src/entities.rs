//! Entities: a table of things that are known by a key, in an order. The original's entity adapter.
//!
//! ```
//! use trine_thunks::{Action, Entities, Entity, EntityKey, SliceKey, Store, action};
//!
//! #[derive(Clone, PartialEq)]
//! struct Book { id: u32, title: String, lent: bool }
//!
//! impl Entity for Book {
//!     type Key = u32;
//!     fn key(&self) -> u32 { self.id }
//! }
//!
//! struct Library { books: Entities<Book>, open: bool }
//!
//! static LIBRARY: SliceKey<Library> = SliceKey::new("library");
//! static BOOKS: EntityKey<Library, Book> = LIBRARY.entities(|library| &library.books);
//!
//! struct Arrived(Book);
//! impl Action for Arrived {}
//! struct Lent(u32);
//! impl Action for Lent {}
//!
//! let library = LIBRARY
//!     .slice(|| Library { books: Entities::sorted_by(|a: &Book, b| a.title.cmp(&b.title)), open: true })
//!     // Operations return an `Update`: if nothing is different, nobody is told.
//!     .on(action::<Arrived>(), |library, arrived| library.books.add_one(arrived.0.clone()))
//!     .on(action::<Lent>(), |library, lent| library.books.update_one(&lent.0, |book| book.lent = true));
//! let store = Store::builder().slice(library).build()?;
//!
//! for (id, title) in [(1, "Walden"), (2, "Emma"), (3, "Dracula")] {
//!     store.dispatch(Arrived(Book { id, title: title.to_owned(), lent: false }));
//! }
//! let titles = |library: &Library| library.books.iter().map(|book| book.title.clone()).collect::<Vec<_>>();
//! assert_eq!(store.read(&LIBRARY, titles), ["Dracula", "Emma", "Walden"]);
//!
//! // A view of one book: what happens to the others does not concern it.
//! let lent = store.select_entity(&BOOKS, 2, |book| book.lent);
//! let guard = store.subscribe(lent, |lent| println!("Emma is lent: {lent:?}"));
//! store.dispatch(Lent(1)); // prints nothing, and computes nothing
//! store.dispatch(Lent(2)); // prints "Emma is lent: Some(true)"
//! # drop(guard);
//! # assert!(store.read(&LIBRARY, |library| library.open));
//! # Ok::<(), trine_thunks::BuildError>(())
//! ```
//!
//! # What things cost
//!
//! With n entities in the table:
//!
//! | what | costs |
//! |---|---|
//! | read, add, replace, update or remove one; its index; the one at an index | O(log n) |
//! | the same in a [sorted](Entities::sorted_by) table | O(log n) comparisons; an update that leaves an entity between its neighbours moves nothing |
//! | clone the table | O(1): the clones share what they have in common, and a change copies what it changes |
//! | compare two versions | what is different, if the order is the same |
//! | what one dispatch does to the views | O(1) per entity that it changes, and nothing for views of others |
//! | what one dispatch does to the diffs | O(log n) per entity that it changes, wherever it is in the list; no copy of the list |
//!
//! So a subscriber of a whole table is handed a version of its own at no cost worth mentioning, an
//! [atomic](crate::Slice::atomic) slice of entities is affordable, and what was there before can be kept.
//!
//! # Views
//!
//! | view | is told |
//! |---|---|
//! | [`Store::select_entity`](crate::Store::select_entity), [`Store::entity_selector`](crate::Store::entity_selector) | of one entity |
//! | [`Store::entity_diffs`](crate::Store::entity_diffs) | what to do to the rows of a list: inserts, removes, moves |
//! | [`Store::select`](crate::Store::select) | of the slice, as with every other slice |
//!
//! A table that has no such views keeps no account of what changes.

mod change;
mod follow;
mod journal;
mod key;
mod order;
mod trie;
mod version;
mod views;

pub(crate) use follow::Followers;
pub use key::EntityKey;

use journal::{At, Change, Detail, Found, Journal};
use order::{Order, Place};
use std::{
    cmp::Ordering,
    fmt,
    hash::Hash,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};
use trie::Trie;

/// Something that is known by a key: what [`Entities`] hold.
///
/// A pair of a key and a value is one, and so is an `Arc` of one.
pub trait Entity: Clone + Send + Sync + 'static {
    /// What it is known by. As of every key of a map: its `Clone`, `Hash` and `Eq` must not panic.
    type Key: Clone + Hash + Eq + Send + Sync + 'static;

    /// What this one is known by: the original's `selectId`. It runs inside the lease and must be pure.
    fn key(&self) -> Self::Key;
}

impl<K: Clone + Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Entity
    for (K, V)
{
    type Key = K;

    fn key(&self) -> K {
        self.0.clone()
    }
}

impl<E: Entity> Entity for Arc<E> {
    type Key = E::Key;

    fn key(&self) -> E::Key {
        E::key(self)
    }
}

/// How two entities compare.
type Compare<E> = Arc<dyn Fn(&E, &E) -> Ordering + Send + Sync>;

/// Entities by key, in an order: that in which they came, or a sorted one. See the [module](self).
///
/// It is a value: part of the state of a slice, and cheap to clone. Operations tell whether anything is different, as an
/// [`Update`](crate::Update), which a reducer may return.
pub struct Entities<E: Entity> {
    /// The entities.
    map: Trie<E::Key, Entry<E>>,
    /// Their order.
    order: Order<E::Key>,
    /// The rank of the next one that comes.
    next_rank: u64,
    /// What they are sorted by, if they are.
    compare: Option<Compare<E>>,
    /// What has changed, if anybody wants to know.
    journal: Mutex<Option<Box<Journal<E>>>>,
}

/// An entity, and when it came.
#[derive(Clone)]
struct Entry<E> {
    entity: E,
    rank: u64,
}

impl<E: PartialEq> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.entity == other.entity
    }
}

impl<E: Entity> Entities<E> {
    /// An empty table, in the order in which entities come.
    #[must_use]
    pub fn new() -> Self {
        Self {
            map: Trie::new(),
            order: Order::new(),
            next_rank: 0,
            compare: None,
            journal: Mutex::new(None),
        }
    }

    /// An empty table that is sorted: the original's `sortComparer`. Equal entities are in the order in which they came.
    ///
    /// `compare` runs inside the lease and must be pure.
    #[must_use]
    pub fn sorted_by(compare: impl Fn(&E, &E) -> Ordering + Send + Sync + 'static) -> Self {
        Self { compare: Some(Arc::new(compare)), ..Self::new() }
    }

    /// An empty table that is sorted by what `key` returns.
    #[must_use]
    pub fn sorted_by_key<K: Ord>(key: impl Fn(&E) -> K + Send + Sync + 'static) -> Self {
        Self::sorted_by(move |a, b| key(a).cmp(&key(b)))
    }

    /// The table with these entities besides.
    #[must_use]
    pub fn with(mut self, entities: impl IntoIterator<Item = E>) -> Self {
        self.set_many(entities);
        self
    }
}

/// Reading.
impl<E: Entity> Entities<E> {
    /// The entity of a key: the original's `selectById`.
    #[must_use]
    pub fn get(&self, key: &E::Key) -> Option<&E> {
        self.map.get(key).map(|entry| &entry.entity)
    }

    /// Whether there is one of this key.
    #[must_use]
    pub fn contains(&self, key: &E::Key) -> bool {
        self.map.get(key).is_some()
    }

    /// How many there are: the original's `selectTotal`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entities, in order: the original's `selectAll`.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &E> + Clone {
        self.iter_from(0)
    }

    /// The entities from an index on: for a page, or what is to be seen of a long list.
    pub fn iter_from(&self, index: usize) -> impl ExactSizeIterator<Item = &E> + Clone {
        self.order.iter_from(index).map(|place| self.at_place(place))
    }

    /// Their keys, in order: the original's `selectIds`.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &E::Key> + Clone {
        self.order.iter_from(0).map(|place| &place.key)
    }

    /// Those of the keys that there are, in the order of the keys: the original's `selectByIds`.
    pub fn get_many<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k E::Key>,
    ) -> impl Iterator<Item = &E> {
        keys.into_iter().filter_map(|key| self.get(key))
    }

    /// The entity at an index.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<&E> {
        self.order.get(index).map(|place| self.at_place(place))
    }

    /// Where the entity of a key is.
    #[must_use]
    pub fn index_of(&self, key: &E::Key) -> Option<usize> {
        self.map.get(key).map(|entry| self.place_of(key, entry))
    }

    fn at_place(&self, place: &Place<E::Key>) -> &E {
        self.get(&place.key).expect("what is in the order is in the table")
    }

    /// Where an entity of the table is.
    fn place_of(&self, key: &E::Key, entry: &Entry<E>) -> usize {
        let by_order = catch_unwind(AssertUnwindSafe(|| self.index_for(entry)));
        let found = by_order
            .ok()
            .filter(|index| self.order.get(*index).is_some_and(|place| place.key == *key));
        if let Some(index) = found {
            return index;
        }
        // The comparison contradicts itself or panics, or an update has panicked half way.
        let found = self.order.iter_from(0).position(|place| place.key == *key);
        found.expect("what is in the table is in the order")
    }

    /// Where an entity belongs.
    fn index_for(&self, entry: &Entry<E>) -> usize {
        self.order.before(|place| match &self.compare {
            Some(compare) => {
                let by_value = compare(self.at_place(place), &entry.entity);
                by_value.then(place.rank.cmp(&entry.rank))
            }
            None => place.rank.cmp(&entry.rank),
        })
    }
}

/// What followers are told.
impl<E: Entity> Entities<E> {
    /// Whether this much is noted.
    fn noting(&mut self, detail: Detail) -> bool {
        let journal = self.journal.get_mut().unwrap_or_else(PoisonError::into_inner);
        journal.as_ref().is_some_and(|journal| journal.detail >= detail)
    }

    fn note(&mut self, change: impl FnOnce() -> Change<E>) {
        let len = self.map.len();
        let journal = self.journal.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = journal {
            journal.note(len, change);
        }
    }

    fn note_everything(&mut self) {
        let journal = self.journal.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = journal {
            journal.note_everything();
        }
    }

    /// An entity and its index.
    fn noted(&self, key: &E::Key, index: usize) -> Option<At<E>> {
        self.get(key).map(|entity| At { index, entity: entity.clone() })
    }

    /// What has changed since `mark`, which becomes that of now; the changes are put into a list that was empty.
    fn changes_since(&self, mark: &mut u64, detail: Detail, changes: &mut Vec<Change<E>>) -> Found {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let journal = journal.get_or_insert_with(|| Box::new(Journal::begin(detail)));
        journal.take(detail, mark, changes)
    }
}

impl<E: Entity> Default for Entities<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Entity> Clone for Entities<E> {
    fn clone(&self) -> Self {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            map: self.map.clone(),
            order: self.order.clone(),
            next_rank: self.next_rank,
            compare: self.compare.clone(),
            // The copy may be what the state goes on with.
            journal: Mutex::new(journal.clone()),
        }
    }
}

/// Tables are equal if they have the same entities in the same order. What two versions share is not looked at.
impl<E: Entity + PartialEq> PartialEq for Entities<E> {
    fn eq(&self, other: &Self) -> bool {
        let same_order = || self.order.is(&other.order) || self.keys().eq(other.keys());
        self.len() == other.len() && same_order() && self.map.same(&other.map)
    }
}

impl<E: Entity + Eq> Eq for Entities<E> {}

/// In the order in which they come.
impl<E: Entity> FromIterator<E> for Entities<E> {
    fn from_iter<I: IntoIterator<Item = E>>(entities: I) -> Self {
        let mut table = Self::new();
        table.set_all(entities);
        table
    }
}

impl<E: Entity> Extend<E> for Entities<E> {
    fn extend<I: IntoIterator<Item = E>>(&mut self, entities: I) {
        self.set_many(entities);
    }
}

impl<E: Entity + fmt::Debug> fmt::Debug for Entities<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
