//! A list split into the atoms of its items.
//!
//! Each item is found by its key, however it moves. One derived atom has the place of each key; it runs once per edit of the
//! list, in O(n), and only if somebody looks. An item is derived from that and the list: it runs when the list has been edited,
//! costs one lookup, and is told of only when the item itself is different.

use super::ListAtom;
use crate::{
    derived::{AtomReader, DerivedAtom},
    family::DerivedFamily,
    handle::ReadHandle,
    place::{Here, Place},
};
use std::{collections::HashMap, fmt, hash::Hash, sync::Arc};
use trine_core::{Derived, ListEdit, SubscriptionGuard, Watch};

/// The item atoms of a list, by key. Made by [`ListAtom::split`].
///
/// ```
/// use trine_atoms::{ListAtom, Store};
///
/// #[derive(Clone, PartialEq)]
/// struct Todo { id: u32, title: &'static str, done: bool }
///
/// let todos = ListAtom::dynamic("todos", || vec![
///     Todo { id: 1, title: "wash up", done: false },
///     Todo { id: 2, title: "cook", done: false },
/// ]);
/// let items = todos.split(|todo| todo.id);
///
/// let store = Store::new();
/// assert_eq!(items.keys(&store), [1, 2]);
/// let cook = items.item(&store, 2);
/// let _told = cook.subscribe(|todo| println!("{}", todo.as_ref().map_or("gone", |todo| todo.title)));
/// items.item(&store, 1).update(|todo| todo.done = true).unwrap(); // prints nothing
/// items.move_to(&store, &2, 0); // nor does this
/// cook.update(|todo| todo.title = "bake").unwrap(); // prints "bake"
/// items.remove(&store, &2); // prints "gone"
/// assert!(cook.update(|todo| todo.done = true).is_err());
/// ```
///
/// Of items with one key, the first counts.
pub struct SplitAtom<K, T> {
    list: ListAtom<T>,
    places: DerivedAtom<HashMap<K, usize>>,
    keys: DerivedAtom<Vec<K>>,
    items: DerivedFamily<K, Option<T>>,
}

/// An item of a list, found by its key.
pub struct ItemHandle<K, T> {
    split: SplitAtom<K, T>,
    key: K,
    item: ReadHandle<Derived<Arc<Option<T>>>>,
    place: Here,
}

/// There is no item with this key in the list any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("item {key:?} is not in the list any more: nothing was written")]
pub struct ItemGone<K: fmt::Debug> {
    /// The key.
    pub key: K,
}

impl<T: Clone + PartialEq + Send + Sync + 'static> ListAtom<T> {
    /// The atoms of the items, by what `key` makes of them. It runs inside the lease and must be pure.
    pub fn split<K>(&self, key: impl Fn(&T) -> K + Send + Sync + 'static) -> SplitAtom<K, T>
    where
        K: Clone + Eq + Hash + Send + Sync + 'static,
    {
        let name = &self.about.name;
        let (list, key) = (self.clone(), Arc::new(key));
        let of = Arc::clone(&key);
        let places = DerivedAtom::dynamic(format!("places of {name}"), move |cx| {
            cx.with_list(&list, |items| {
                let mut places = HashMap::with_capacity(items.len());
                for (place, item) in items.iter().enumerate() {
                    places.entry(of(item)).or_insert(place);
                }
                places
            })
        });
        let list = self.clone();
        let keys = DerivedAtom::dynamic(format!("keys of {name}"), move |cx| {
            cx.with_list(&list, |items| items.iter().map(|item| key(item)).collect())
        });
        let (list, known) = (self.clone(), places.clone());
        let find = move |cx: &mut AtomReader<'_, '_>, key: &K| {
            let place = *cx.read(&known).get(key)?;
            cx.with_list(&list, |items| items.get(place).cloned())
        };
        let items = DerivedFamily::dynamic(format!("item of {name}"), find);
        SplitAtom { list: self.clone(), places, keys, items }
    }
}

impl<K, T> SplitAtom<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
{
    /// The keys of the items, in order: told of only when one comes, goes or moves.
    pub fn keys_atom(&self) -> &DerivedAtom<Vec<K>> {
        &self.keys
    }

    /// The keys of the items in a place, in order.
    ///
    /// # Panics
    ///
    /// If no provider lists the list; inside a lease of a store.
    #[track_caller]
    pub fn keys(&self, at: &impl Place) -> Vec<K> {
        self.keys.get(at)
    }

    /// The item of a key in a place, whether there is one now or not.
    ///
    /// # Panics
    ///
    /// As [`keys`](Self::keys).
    #[track_caller]
    pub fn item(&self, at: &impl Place, key: K) -> ItemHandle<K, T> {
        let item = self.items.entry(at, key.clone());
        ItemHandle { split: self.clone(), key, item, place: Here::new(at.at()) }
    }

    /// Removes the item of a key from the list in a place; returns it, if there was one.
    ///
    /// # Panics
    ///
    /// As [`ListAtom::edit`].
    #[track_caller]
    pub fn remove(&self, at: &impl Place, key: &K) -> Option<T> {
        self.change(at, key, |list, place| place.map(|place| list.remove(place)))
    }

    /// Puts an item before the one with a key, or at the end if there is none.
    ///
    /// # Panics
    ///
    /// As [`ListAtom::edit`].
    #[track_caller]
    pub fn insert_before(&self, at: &impl Place, key: &K, item: T) {
        self.change(at, key, |list, place| match place {
            Some(place) => list.insert(place, item),
            None => list.push(item),
        });
    }

    /// Moves the item of a key to an index, or to the end if that is beyond; returns whether there is one.
    ///
    /// # Panics
    ///
    /// As [`ListAtom::edit`].
    #[track_caller]
    pub fn move_to(&self, at: &impl Place, key: &K, index: usize) -> bool {
        self.change(at, key, |list, place| {
            if let Some(place) = place {
                list.move_item(place, index.min(list.len() - 1));
            }
            place.is_some()
        })
    }

    /// Edits the list, with the place of an item.
    #[track_caller]
    fn change<R>(
        &self,
        at: &impl Place,
        key: &K,
        change: impl FnOnce(&mut ListEdit<'_, T>, Option<usize>) -> R,
    ) -> R {
        let changed = crate::transaction(at, |cx| {
            let place = cx.read(&self.places).get(key).copied();
            Ok::<_, std::convert::Infallible>(cx.edit(&self.list, |list| change(list, place)))
        });
        let Ok(value) = changed;
        value
    }
}

impl<K, T> ItemHandle<K, T>
where
    K: Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
{
    /// The item; `None` if it is not in the list.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[must_use]
    #[track_caller]
    pub fn get(&self) -> Option<T> {
        Option::clone(&self.item.read())
    }

    /// Writes the item; an equal one is no change. (A new key makes it another item.)
    ///
    /// # Errors
    ///
    /// If it is not in the list any more.
    ///
    /// # Panics
    ///
    /// As [`ListAtom::edit`].
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), ItemGone<K>> {
        self.update(|item| {
            if *item != value {
                *item = value;
            }
        })
    }

    /// Updates the item.
    ///
    /// # Errors
    ///
    /// If it is not in the list any more; `update` is not called then.
    ///
    /// # Panics
    ///
    /// If `update` panics; nothing has changed then. Otherwise as [`ListAtom::edit`].
    #[track_caller]
    pub fn update(&self, update: impl FnOnce(&mut T)) -> Result<(), ItemGone<K>> {
        self.split.change(&self.place, &self.key, |list, place| {
            let place = place.ok_or_else(|| ItemGone { key: self.key.clone() })?;
            let mut item = list[place].clone();
            update(&mut item);
            if item != list[place] {
                list.set(place, item);
            }
            Ok(())
        })
    }

    /// Calls `callback` with every new state of the item: `None` when it has gone.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn subscribe(
        &self,
        mut callback: impl FnMut(&Option<T>) + Send + 'static,
    ) -> SubscriptionGuard {
        self.item.subscribe(move |item| callback(item))
    }

    /// Watches the item.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn watch(&self) -> Watch<Arc<Option<T>>> {
        self.item.watch()
    }
}

impl<K, T> ItemHandle<K, T> {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// The list's items.
    #[must_use]
    pub fn list(&self) -> &SplitAtom<K, T> {
        &self.split
    }
}

impl<K, T> Clone for SplitAtom<K, T> {
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
            places: self.places.clone(),
            keys: self.keys.clone(),
            items: self.items.clone(),
        }
    }
}

impl<K: Clone, T> Clone for ItemHandle<K, T> {
    fn clone(&self) -> Self {
        let (split, key) = (self.split.clone(), self.key.clone());
        Self { split, key, item: self.item.clone(), place: self.place.clone() }
    }
}

impl<K, T> fmt::Debug for SplitAtom<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SplitAtom").field(&self.list).finish()
    }
}

impl<K: fmt::Debug, T> fmt::Debug for ItemHandle<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemHandle")
            .field("list", &self.split.list)
            .field("key", &self.key)
            .finish()
    }
}
