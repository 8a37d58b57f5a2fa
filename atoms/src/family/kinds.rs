//! How the three kinds of families make their entries.

use super::{AsyncFamily, AtomFamily, DerivedFamily, Kind};
use crate::{
    definition::{About, Call},
    derived::{AsyncAtomReader, AtomReader},
    memo::Memo,
    place::Site,
    reset::Reset,
    table::Maker,
};
use std::{hash::Hash, sync::Arc};
use trine_core::{AsyncDerived, AsyncReader, Derived, Source};

impl<K, T> Kind for AtomFamily<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Key = K;
    type Cell = Source<Arc<T>>;

    fn about(&self) -> &About {
        &self.about
    }

    fn make(&self, key: &K, maker: &mut Maker<'_, '_>, _site: &Arc<Site>) -> Source<Arc<T>> {
        let value = Arc::new(self.initial(key));
        maker.cell(&self.about.name).equality(self.same).source(value)
    }

    fn keeps(&self) -> bool {
        self.keeps
    }

    fn reset(&self, key: &K, cell: Source<Arc<T>>) -> Option<Reset> {
        let value = Arc::new(self.initial(key));
        // It may have gone meanwhile.
        Some(Box::new(move |tx| _ = tx.try_set(cell, value)))
    }
}

impl<K, T> Kind for DerivedFamily<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    type Key = K;
    type Cell = Derived<Arc<T>>;

    fn about(&self) -> &About {
        &self.about
    }

    fn make(&self, key: &K, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> Derived<Arc<T>> {
        let (key, compute) = (key.clone(), self.compute.clone());
        let (site, mut memo) = (Arc::clone(site), Memo::default());
        maker.cell(&self.about.name).equality(self.same).derived(move |cx| {
            memo.begin();
            let mut cx = AtomReader::new(cx, &site, &mut memo);
            let value = match &compute {
                Call::Plain(compute) => compute(&mut cx, &key),
                Call::Closure(compute) => compute(&mut cx, &key),
            };
            memo.end();
            Arc::new(value)
        })
    }

    fn keeps(&self) -> bool {
        self.keeps
    }
}

impl<K, T, E> Kind for AsyncFamily<K, T, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    type Key = K;
    type Cell = AsyncDerived<T, E>;

    fn about(&self) -> &About {
        &self.about
    }

    fn make(&self, key: &K, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> AsyncDerived<T, E> {
        let (key, body) = (key.clone(), self.body.clone());
        let read = AsyncAtomReader::maker(site);
        let body = move |cx: AsyncReader| match &body {
            Call::Plain(body) => body(read(cx), key.clone()),
            Call::Closure(body) => body(read(cx), key.clone()),
        };
        maker.cell(&self.about.name).equality(self.same).derived_async(body)
    }

    fn reset(&self, _key: &K, cell: AsyncDerived<T, E>) -> Option<Reset> {
        // It may have gone meanwhile.
        Some(Box::new(move |tx| _ = tx.try_forget(cell)))
    }

    fn keeps(&self) -> bool {
        self.keeps
    }
}
