//! What an entry that is named by its key can do in a derivation or a transaction.

use super::{AsyncFamily, AtomFamily, DerivedFamily, Keyed};
use crate::{
    derived::Writable,
    readable::{Owned, Readable},
};
use std::{hash::Hash, sync::Arc};
use trine_core::AsyncState;

impl<K, T: Clone> Owned for Keyed<'_, AtomFamily<K, T>, K>
where
    Self: Readable<Shared = Arc<T>, Value = T>,
{
    fn own(shared: &Arc<T>) -> T {
        T::clone(shared)
    }
}

impl<K, T: Clone> Owned for Keyed<'_, DerivedFamily<K, T>, K>
where
    Self: Readable<Shared = Arc<T>, Value = T>,
{
    fn own(shared: &Arc<T>) -> T {
        T::clone(shared)
    }
}

impl<K, T, E> Owned for Keyed<'_, AsyncFamily<K, T, E>, K>
where
    Self: Readable<Shared = AsyncState<T, E>, Value = AsyncState<T, E>>,
{
    fn own(shared: &AsyncState<T, E>) -> AsyncState<T, E> {
        shared.clone()
    }
}

impl<K, T> Writable for Keyed<'_, AtomFamily<K, T>, K>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Argument = T;
    type Written = ();

    #[track_caller]
    fn write_in(&self, cx: &mut crate::AtomWriter<'_, '_>, value: T) {
        let cell = cx.find(self);
        cx.transaction().set(cell, Arc::new(value));
    }
}
