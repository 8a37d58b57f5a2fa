//! Where cells are made: in a store, or inside a lease that is held already.
//!
//! A front end whose definitions are made into cells on first use meets definitions that it does not know yet wherever
//! there is something to read: in derivations and transactions too. There the lease is held, and what is handed to them
//! makes cells with it.

use super::{CellKey, Derived, Equality, Source};
use crate::{
    executor::{RunsStatus, status_inside},
    graph::{Graph, Reader},
    store::{Store, WeakStore},
    text::Text,
};
use std::{fmt, panic::Location, sync::Arc};

/// Where a cell is made.
pub(crate) enum Workshop<'s> {
    /// Outside the lease.
    Store(&'s Store),
    /// Inside it.
    Lease(&'s mut Graph),
}

impl Workshop<'_> {
    #[track_caller]
    fn demand<R>(&mut self, f: impl FnOnce(&mut Graph) -> R) -> R {
        match self {
            Self::Store(store) => store.demand(f),
            Self::Lease(graph) => f(graph),
        }
    }

    /// The store that the cells are for.
    pub(crate) fn store(&self) -> WeakStore {
        match self {
            Self::Store(store) => store.downgrade(),
            Self::Lease(graph) => WeakStore::from_core(graph.home.clone()),
        }
    }

    /// Notes which other cell belongs to a cell that was made here.
    #[track_caller]
    pub(crate) fn set_companion(&mut self, cell: CellKey, companion: CellKey) {
        self.demand(|graph| graph.set_companion(cell, companion));
    }

    #[track_caller]
    pub(crate) fn make_source<T: Send + 'static>(
        &mut self,
        value: T,
        same: fn(&T, &T) -> bool,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> Source<T> {
        Source::from_key(self.demand(|graph| graph.add_source(value, same, name, created)))
    }

    #[track_caller]
    pub(super) fn make_atomic<T: Clone + Send + 'static>(
        &mut self,
        value: T,
        same: fn(&T, &T) -> bool,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> Source<T> {
        Source::from_key(self.demand(|graph| graph.add_atomic(value, same, name, created)))
    }

    /// The cell of what the runs of a name are doing.
    #[track_caller]
    pub(crate) fn status_of(&mut self, name: Text) -> Derived<RunsStatus> {
        match self {
            Self::Store(store) => store.status_of(name),
            Self::Lease(graph) => status_inside(graph, name, Location::caller()),
        }
    }

    #[track_caller]
    pub(crate) fn make_derived<T: Send + 'static>(
        &mut self,
        compute: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
        equality: impl Equality<T>,
        name: Option<Arc<str>>,
        created: &'static Location<'static>,
    ) -> Derived<T> {
        Derived::from_key(self.demand(|graph| graph.add_derived(compute, equality, name, created)))
    }
}

impl fmt::Debug for Workshop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Store(_) => "Store",
            Self::Lease(_) => "Lease",
        })
    }
}
