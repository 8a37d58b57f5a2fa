//! What changes a table: adding and replacing, updating, removing.

use super::journal::{At, Change, Detail};
use super::order::{Order, Place};
use super::{Entities, Entity, Entry};
use std::{
    cmp::Ordering,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};
use trine_core::{Update, UpdateResult};

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
        self.insert_at(index, key, entry);
    }

    /// Inserts at a place. What is the user's and may panic comes before the first change.
    fn insert_at(&mut self, index: usize, key: E::Key, entry: Entry<E>) {
        let noted = self.noting(Detail::Places).then(|| entry.entity.clone());
        let place = Place { key: key.clone(), rank: entry.rank };
        self.map.insert(key.clone(), entry);
        self.order.insert(index, place);
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
        let found = catch_unwind(AssertUnwindSafe(|| {
            self.map.get(key).map_or(from, |entry| self.index_for(entry))
        }));
        // If it cannot be told where it belongs, it stays where it was.
        let index = *found.as_ref().unwrap_or(&from);
        self.order.insert(index, place);
        if let Err(payload) = found {
            resume_unwind(payload);
        }
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
        let found = catch_unwind(AssertUnwindSafe(|| self.index_for(&entry)));
        // If it cannot be told where it belongs, it is where it was.
        let index = *found.as_ref().unwrap_or(&index.min(self.order.len()));
        self.insert_at(index, new, entry);
        if let Err(payload) = found {
            resume_unwind(payload);
        }
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

fn as_update(changed: bool) -> Update {
    if changed { Update::Changed } else { Update::Unchanged }
}

/// Whether any of them has changed anything. All of them are done.
fn any(updates: impl Iterator<Item = Update>) -> Update {
    updates.fold(Update::Unchanged, |all, update| if update.changed() { update } else { all })
}
