//! How a store is put together.

use super::{Shared, Store};
use crate::{
    case::ThunkRef,
    error::BuildError,
    slice::{AnySlice, Slice},
    table::Table,
    thunk::AsyncThunk,
};
use rustc_hash::FxHashMap;
use std::{
    fmt,
    panic::Location,
    sync::{Arc, Mutex, PoisonError},
};
use trine_core::Text;

/// A store in the making. Made by [`Store::builder`].
#[must_use = "a builder makes no store until `build` is called"]
pub struct StoreBuilder<X = ()> {
    /// The store to build on; a new one if none was given.
    core: Option<trine_core::Store>,
    /// What thunks need of the world.
    extra: X,
    /// The slices.
    slices: Vec<Box<dyn AnySlice>>,
    /// Thunks that were named without a case.
    thunks: Vec<ThunkRef>,
}

/// The names taken on one core store, by all stores that were built on it.
#[derive(Default)]
struct Names(Mutex<Taken>);

#[derive(Default, Clone)]
struct Taken {
    /// The slices, and where each was made.
    slices: FxHashMap<&'static str, &'static Location<'static>>,
    /// The thunks.
    thunks: FxHashMap<Text, ThunkRef>,
}

impl StoreBuilder {
    pub(super) fn new() -> Self {
        Self { core: None, extra: (), slices: Vec::new(), thunks: Vec::new() }
    }
}

impl<X> StoreBuilder<X> {
    /// The extra value: what thunks need of the world outside. They get it from
    /// [`ThunkApi::extra`](crate::ThunkApi::extra).
    pub fn extra<Y>(self, extra: Y) -> StoreBuilder<Y> {
        StoreBuilder { core: self.core, extra, slices: self.slices, thunks: self.thunks }
    }

    /// Adds a slice.
    pub fn slice<S: Send + 'static>(mut self, slice: Slice<S>) -> Self {
        self.slices.push(Box::new(slice));
        self
    }

    /// Makes a thunk known that no slice has a case for, so that [`build`](Self::build) can tell if another one has its name.
    pub fn thunk<A, T, E, Y>(mut self, thunk: &AsyncThunk<A, T, E, Y>) -> Self {
        self.thunks.push(thunk.refers().clone());
        self
    }

    /// Builds on a store that exists: to configure it, or to share it with other front ends.
    pub fn on(mut self, core: trine_core::Store) -> Self {
        self.core = Some(core);
        self
    }

    /// Makes the store, and the initial state of each slice.
    ///
    /// # Errors
    ///
    /// If two slices, two cases of one slice, or two thunks would collide. The error names both places.
    ///
    /// # Panics
    ///
    /// If the initial state of a slice does; inside a lease of the store that it is built on.
    #[track_caller]
    pub fn build(self) -> Result<Store<X>, BuildError> {
        let core = self.core.unwrap_or_default();
        let (thunks, taking) = take_names(&core, &self.slices, self.thunks)?;
        let mut table = Table { thunks, ..Table::default() };
        for slice in self.slices {
            let name = slice.name();
            let installed = slice.install(&core);
            table.slices.insert(name, installed.entry);
            for (key, handler) in installed.handlers {
                table.handlers.entry(key).or_default().push(handler);
            }
        }
        taking.keep();
        Ok(Store { core, shared: Arc::new(Shared { table, extra: self.extra }) })
    }
}

/// Gives names back when it goes out of scope, since an initial state may panic.
struct TakingGuard {
    /// Where they were taken.
    names: Arc<Names>,
    /// The slices.
    slices: Vec<&'static str>,
    /// The thunks.
    thunks: Vec<Text>,
}

impl TakingGuard {
    /// Lets the names stay taken.
    fn keep(mut self) {
        self.slices.clear();
        self.thunks.clear();
    }
}

impl Drop for TakingGuard {
    fn drop(&mut self) {
        let mut taken = self.names.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.slices.retain(|slice, _| !self.slices.contains(slice));
        taken.thunks.retain(|thunk, _| !self.thunks.contains(thunk));
    }
}

/// Takes the names of slices and thunks, all or none; returns the thunks.
fn take_names(
    core: &trine_core::Store,
    slices: &[Box<dyn AnySlice>],
    thunks: Vec<ThunkRef>,
) -> Result<(FxHashMap<Text, ThunkRef>, TakingGuard), BuildError> {
    let all = core.extension::<Names>();
    let mut names = all.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = names.clone();
    let mut own = FxHashMap::default();
    let mut new = Vec::new();
    for slice in slices {
        slice.check()?;
        if let Some(first) = taken.slices.insert(slice.name(), slice.made()) {
            return Err(BuildError::DuplicateSlice {
                slice: slice.name(),
                first,
                second: slice.made(),
            });
        }
    }
    let with_cases = slices.iter().flat_map(|slice| slice.cases()).filter_map(|case| case.thunk);
    for thunk in with_cases.chain(thunks) {
        match taken.thunks.insert(thunk.name.clone(), thunk.clone()) {
            Some(first) if first.id != thunk.id => {
                return Err(BuildError::DuplicateThunk {
                    thunk: thunk.name,
                    first: first.made,
                    second: thunk.made,
                });
            }
            first => {
                if first.is_none() {
                    new.push(thunk.name.clone());
                }
                own.insert(thunk.name.clone(), thunk);
            }
        }
    }
    *names = taken;
    drop(names);
    let slices = slices.iter().map(|slice| slice.name()).collect();
    Ok((own, TakingGuard { names: all, slices, thunks: new }))
}

impl<X> fmt::Debug for StoreBuilder<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slices: Vec<_> = self.slices.iter().map(|slice| slice.name()).collect();
        f.debug_struct("StoreBuilder").field("slices", &slices).finish_non_exhaustive()
    }
}
