//! A version of a table, as the content of a list.

use super::{Entities, Entity, Entry, order::Order, trie::Trie};
use trine_core::ListContent;

/// The entities of a table as they are at one time. It costs no copy, and no user code runs when it is made.
pub(super) struct Version<E: Entity> {
    map: Trie<E::Key, Entry<E>>,
    order: Order<E::Key>,
}

impl<E: Entity> Entities<E> {
    /// This version.
    pub(super) fn version(&self) -> Version<E> {
        Version { map: self.map.clone(), order: self.order.clone() }
    }
}

impl<E: Entity> ListContent<E> for Version<E> {
    fn elements(&self) -> Vec<E> {
        let found = self.order.iter_from(0).filter_map(|place| self.map.get(&place.key));
        found.map(|entry| entry.entity.clone()).collect()
    }
}
