//! What every kind of family offers: its entries are listed, removed, read, and named for a derivation.

use super::{AsyncFamily, AtomFamily, DerivedFamily, Keyed, Kind, members, slot, slot_at};
use crate::{
    atom::Member,
    definition::About,
    memo::Memo,
    place::{At, Place, PlaceError, Site},
    provider::Provides,
    readable::{Readable, sealed},
    table::Maker,
};
use std::{fmt, hash::Hash, sync::Arc};
use trine_core::{AsyncState, Cell, Text};

macro_rules! families {
    ($([$($generics:ident)*] $family:ty, $value:ty, $shared:ty, $same:expr;)*) => {$(
        impl<K, $($generics),*> $family {
            /// The name, for errors and events.
            pub fn name(&self) -> &Text {
                &self.about.name
            }

            /// Its entries stay though nobody uses them, until they are [removed](Self::remove).
            #[must_use]
            pub const fn kept(mut self) -> Self {
                self.keeps = true;
                self
            }

            /// The entry of a key, for a derivation: `cx.get(&FAMILY.of(7))`. The entry is in use for as long as the
            /// derivation reads it.
            pub fn of(&self, key: K) -> Keyed<'_, Self, K> {
                Keyed { family: self, key }
            }
        }

        impl<K, $($generics),*> $family
        where
            K: Clone + Eq + Hash + Send + Sync + 'static,
            Self: Kind<Key = K>,
        {
            /// The keys of the entries that are in use in a place, in no order.
            ///
            /// # Panics
            ///
            /// If no provider lists the family.
            #[track_caller]
            pub fn keys(&self, at: &impl Place) -> Vec<K> {
                members(self, at.at()).all().iter().map(|slot| slot.key().clone()).collect()
            }

            /// How many entries are in use in a place.
            ///
            /// # Panics
            ///
            /// If no provider lists the family.
            #[track_caller]
            pub fn len(&self, at: &impl Place) -> usize {
                members(self, at.at()).len()
            }

            /// Whether no entry is in use in a place.
            ///
            /// # Panics
            ///
            /// If no provider lists the family.
            #[track_caller]
            pub fn is_empty(&self, at: &impl Place) -> bool {
                self.len(at) == 0
            }

            /// Removes the entry of a key, whoever uses it: handles to it are dead, its subscriptions end, and the next use of
            /// the key begins anew. Returns whether there was one.
            ///
            /// # Panics
            ///
            /// If no provider lists the family; inside a lease of a store.
            #[track_caller]
            pub fn remove(&self, at: &impl Place, key: &K) -> bool {
                let members = members(self, at.at());
                members.find(key).is_some_and(|slot| members.remove(&slot))
            }

            /// Removes the entries for whose key `keep` is false; returns how many. `keep` is called outside every lock.
            ///
            /// # Panics
            ///
            /// As [`remove`](Self::remove).
            #[track_caller]
            pub fn retain(&self, at: &impl Place, mut keep: impl FnMut(&K) -> bool) -> usize {
                let members = members(self, at.at());
                let all = members.all().into_iter();
                all.filter(|slot| !keep(slot.key()) && members.remove(slot)).count()
            }
        }

        impl<K, $($generics),*> Readable for Keyed<'_, $family, K>
        where
            K: Clone + Eq + Hash + Send + Sync + 'static,
            $family: Kind<Key = K>,
            <$family as Kind>::Cell: Cell<Value = $shared>,
            $shared: Clone + Send + Sync + 'static,
        {
            type Shared = $shared;
            type Value = $value;
            type Cell = <$family as Kind>::Cell;

            #[track_caller]
            fn cell_at(&self, at: At<'_>) -> Result<Self::Cell, PlaceError> {
                Ok(slot_at(self.family, &self.key, at)?.0.cell)
            }

            #[track_caller]
            fn cell_in(
                &self,
                site: &Arc<Site>,
                maker: &mut Maker<'_, '_>,
                memo: &mut Memo,
            ) -> Result<Self::Cell, PlaceError> {
                let (slot, _) = slot(self.family, &self.key, site, maker)?;
                memo.keep(&slot);
                Ok(slot.cell)
            }

            fn about_it(&self) -> &About {
                &self.family.about
            }

            fn sameness(&self) -> fn(&$shared, &$shared) -> bool {
                let same: fn(&$family) -> fn(&$shared, &$shared) -> bool = $same;
                same(self.family)
            }
        }

        impl<K, $($generics),*> sealed::Sealed for &$family {}

        impl<K, $($generics),*> Provides for &$family {
            fn list_provided(&self, listed: &mut Vec<Member>) {
                listed.push(Member::of(&self.about));
            }
        }

        impl<K, $($generics),*> fmt::Debug for $family {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($family)).field(&self.about.name).finish()
            }
        }
    )*};
}

families! {
    [T] AtomFamily<K, T>, T, Arc<T>, |family| family.same;
    [T] DerivedFamily<K, T>, T, Arc<T>, |family| family.same;
    [T E] AsyncFamily<K, T, E>, AsyncState<T, E>, AsyncState<T, E>, |_| AsyncState::eq;
}
