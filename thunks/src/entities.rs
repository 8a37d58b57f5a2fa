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

mod follow;
mod journal;
mod key;
mod order;
mod trie;
mod views;

pub(crate) use follow::Followers;
pub use key::EntityKey;

use journal::{At, Change, Detail, Found, Journal};
use order::{Order, Place};
use std::{
    cmp::Ordering,
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};
use trie::Trie;
use trine_core::{Update, UpdateResult};

/// Something that is known by a key: what [`Entities`] hold.
///
/// A pair of a key and a value is one, and so is an `Arc` of one.
pub trait Entity: Clone + Send + Sync + 'static {
    /// What it is known by.
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
/// [`Update`], which a reducer may return.
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
        let index = self.index_for(entry);
        if self.order.get(index).is_some_and(|place| place.key == *key) {
            return index;
        }
        // The comparison contradicts itself, or an update has panicked half way.
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

/// Adding and replacing.
impl<E: Entity> Entities<E> {
    /// Adds an entity, unless there is one of its key.
    pub fn add_one(&mut self, entity: E) -> Update {
        let key = entity.key();
        if self.contains(&key) {
            return Update::Unchanged;
        }
        self.insert(key, entity);
        Update::Changed
    }

    /// Adds the entities whose keys there are not.
    pub fn add_many(&mut self, entities: impl IntoIterator<Item = E>) -> Update {
        any(entities.into_iter().map(|entity| self.add_one(entity)))
    }

    /// Adds an entity, or puts it in the place of the one of its key.
    pub fn set_one(&mut self, entity: E) -> Update {
        let key = entity.key();
        if self.contains(&key) {
            self.change(&key, |there| *there = entity);
        } else {
            self.insert(key, entity);
        }
        Update::Changed
    }

    /// Adds or replaces several.
    pub fn set_many(&mut self, entities: impl IntoIterator<Item = E>) -> Update {
        any(entities.into_iter().map(|entity| self.set_one(entity)))
    }

    /// Replaces all of them. Of several with one key, the last one counts, at the place of the first.
    pub fn set_all(&mut self, entities: impl IntoIterator<Item = E>) -> Update {
        let mut fresh = Self { compare: self.compare.clone(), ..Self::new() };
        let mut places = Vec::new();
        for entity in entities {
            let (key, rank) = (entity.key(), fresh.next_rank);
            let before = fresh.map.insert(key.clone(), Entry { entity, rank });
            match before {
                // It keeps its rank.
                Some(Entry { rank, .. }) => {
                    if let Some(entry) = fresh.map.get_mut(&key) {
                        entry.rank = rank;
                    }
                }
                None => {
                    places.push(Place { key, rank });
                    fresh.next_rank += 1;
                }
            }
        }
        if let Some(compare) = &self.compare {
            // Stable: equal ones stay in the order in which they came.
            places.sort_by(|a, b| compare(fresh.at_place(a), fresh.at_place(b)));
        }
        self.order = Order::from_places(places);
        self.map = fresh.map;
        self.next_rank = fresh.next_rank;
        self.note_everything();
        Update::Changed
    }

    /// Adds an entity, or merges it with the one of its key: `merge` is handed what is there, and what has come.
    ///
    /// What the original does, a shallow merge of the fields that are given, is a question of the type here: let the
    /// fields that may be missing be options.
    ///
    /// ```
    /// use trine_thunks::Entities;
    ///
    /// let mut stock = Entities::new().with([("apples", 3)]);
    /// for delivery in [("apples", 4), ("pears", 1)] {
    ///     stock.upsert_one(delivery, |there, (_, count)| there.1 += count);
    /// }
    /// assert_eq!(stock.iter().copied().collect::<Vec<_>>(), [("apples", 7), ("pears", 1)]);
    /// ```
    pub fn upsert_one<R: UpdateResult>(
        &mut self,
        entity: E,
        merge: impl FnOnce(&mut E, E) -> R,
    ) -> Update {
        let key = entity.key();
        if self.contains(&key) {
            return self.update_one(&key, |there| merge(there, entity));
        }
        self.insert(key, entity);
        Update::Changed
    }

    /// Adds or merges several.
    pub fn upsert_many<R: UpdateResult>(
        &mut self,
        entities: impl IntoIterator<Item = E>,
        mut merge: impl FnMut(&mut E, E) -> R,
    ) -> Update {
        any(entities.into_iter().map(|entity| self.upsert_one(entity, &mut merge)))
    }

    /// Adds an entity whose key there is not.
    fn insert(&mut self, key: E::Key, entity: E) {
        let rank = self.next_rank;
        self.next_rank += 1;
        self.insert_ranked(key, Entry { entity, rank });
    }

    fn insert_ranked(&mut self, key: E::Key, entry: Entry<E>) {
        let index = self.index_for(&entry);
        self.order.insert(index, Place { key: key.clone(), rank: entry.rank });
        let noted = self.noting(Detail::Places).then(|| entry.entity.clone());
        self.map.insert(key.clone(), entry);
        self.note(|| Change::Inserted(key, noted.map(|entity| At { index, entity })));
    }
}

/// Updating.
impl<E: Entity> Entities<E> {
    /// Changes the entity of a key, if there is one. `change` may say that it has changed nothing.
    ///
    /// It may change the key: the entity takes the place of the one that had that key.
    pub fn update_one<R: UpdateResult>(
        &mut self,
        key: &E::Key,
        change: impl FnOnce(&mut E) -> R,
    ) -> Update {
        if !self.contains(key) {
            return Update::Unchanged;
        }
        self.change(key, change)
    }

    /// Changes several. All changes of one key are made before it is looked at whether the key itself has changed.
    pub fn update_many<R, F>(&mut self, changes: impl IntoIterator<Item = (E::Key, F)>) -> Update
    where
        R: UpdateResult,
        F: FnOnce(&mut E) -> R,
    {
        let mut places: HashMap<E::Key, usize> = HashMap::new();
        let mut by_key: Vec<(E::Key, Vec<F>)> = Vec::new();
        for (key, change) in changes {
            let place = *places.entry(key.clone()).or_insert(by_key.len());
            if place == by_key.len() {
                by_key.push((key, Vec::new()));
            }
            by_key[place].1.push(change);
        }
        any(by_key.into_iter().map(|(key, changes)| {
            self.update_one(&key, |entity| {
                any(changes.into_iter().map(|change| as_update(change(entity).changed())))
            })
        }))
    }

    /// Changes all of them, in order. One for which `change` returns [`Update::Unchanged`] counts as it was.
    pub fn update_all<R: UpdateResult>(&mut self, mut change: impl FnMut(&mut E) -> R) -> Update {
        let keys: Vec<_> = self.keys().cloned().collect();
        any(keys.iter().map(|key| self.update_one(key, &mut change)))
    }

    /// Changes an entity that is there.
    fn change<R: UpdateResult>(
        &mut self,
        key: &E::Key,
        change: impl FnOnce(&mut E) -> R,
    ) -> Update {
        // Where it is must be found while it is still what it was sorted by.
        let sorted = self.compare.is_some();
        let noting = self.noting(Detail::Places);
        let index = if sorted || noting { self.index_of(key) } else { None };
        let Some(entry) = self.map.get_mut(key) else { return Update::Unchanged };
        if !change(&mut entry.entity).changed() {
            return Update::Unchanged;
        }
        let new_key = entry.entity.key();
        if new_key != *key {
            self.rename(key, new_key, index);
            return Update::Changed;
        }
        match index {
            Some(index) if sorted && !self.is_in_place(index) => self.relocate(key, index),
            index => {
                let at = index.filter(|_| noting).and_then(|index| self.noted(key, index));
                self.note(|| Change::Updated(key.clone(), at));
            }
        }
        Update::Changed
    }

    /// Whether the entity at an index, which has changed, still belongs between its neighbours.
    fn is_in_place(&self, index: usize) -> bool {
        let Some(compare) = &self.compare else { return true };
        let from = index.saturating_sub(1);
        let mut around = self
            .order
            .iter_from(from)
            .take(index - from + 2)
            .map(|place| (self.at_place(place), place.rank));
        let Some(mut last) = around.next() else { return true };
        around.all(|next| {
            let ordered = compare(last.0, next.0).then(last.1.cmp(&next.1)) != Ordering::Greater;
            last = next;
            ordered
        })
    }

    /// Brings the entity at an index, which has changed, to where it belongs.
    fn relocate(&mut self, key: &E::Key, from: usize) {
        let place = self.order.remove(from);
        let index = self.map.get(key).map_or(from, |entry| self.index_for(entry));
        self.order.insert(index, place);
        let at = if self.noting(Detail::Places) { self.noted(key, index) } else { None };
        self.note(|| Change::Moved(key.clone(), from, at));
    }

    /// Has the entity of one key, which has changed, be that of another one.
    fn rename(&mut self, old: &E::Key, new: E::Key, index: Option<usize>) {
        let Some(entry) = self.map.remove(old) else { return };
        let index = match index {
            Some(index) => index,
            None => self.place_of_rank(old, entry.rank),
        };
        self.order.remove(index);
        self.note(|| Change::Removed(old.clone(), index));
        self.take_out(&new);
        self.insert_ranked(new, entry);
    }

    /// Where a key of this rank is in a table that is not sorted.
    fn place_of_rank(&self, key: &E::Key, rank: u64) -> usize {
        let index = self.order.before(|place| place.rank.cmp(&rank));
        debug_assert!(self.order.get(index).is_some_and(|place| place.key == *key));
        index
    }
}

/// Removing.
impl<E: Entity> Entities<E> {
    /// Removes the entity of a key, if there is one.
    pub fn remove_one(&mut self, key: &E::Key) -> Update {
        as_update(self.take_out(key).is_some())
    }

    /// Removes the entity of a key, and returns it.
    pub fn take(&mut self, key: &E::Key) -> Option<E> {
        self.take_out(key)
    }

    /// Removes those of several keys.
    pub fn remove_many<'k>(&mut self, keys: impl IntoIterator<Item = &'k E::Key>) -> Update {
        any(keys.into_iter().map(|key| self.remove_one(key)))
    }

    /// Removes those for which `predicate` is true: the original's `removeMany({ where })`.
    pub fn remove_where(&mut self, mut predicate: impl FnMut(&E) -> bool) -> Update {
        let doomed: Vec<_> =
            self.iter().filter(|entity| predicate(entity)).map(Entity::key).collect();
        self.remove_many(&doomed)
    }

    /// Removes all of them.
    pub fn remove_all(&mut self) -> Update {
        if self.is_empty() {
            return Update::Unchanged;
        }
        self.map.clear();
        self.order = Order::new();
        self.note_everything();
        Update::Changed
    }

    fn take_out(&mut self, key: &E::Key) -> Option<E> {
        let index = self.index_of(key)?;
        let entry = self.map.remove(key)?;
        self.order.remove(index);
        self.note(|| Change::Removed(key.clone(), index));
        Some(entry.entity)
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

fn as_update(changed: bool) -> Update {
    if changed { Update::Changed } else { Update::Unchanged }
}

/// Whether any of them has changed anything. All of them are done.
fn any(updates: impl Iterator<Item = Update>) -> Update {
    updates.fold(Update::Unchanged, |all, update| if update.changed() { update } else { all })
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
