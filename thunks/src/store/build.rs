//! How a store is put together.

use super::{Shared, Store};
use crate::{
    case::ThunkRef,
    error::BuildError,
    key::SliceKey,
    listener::Listener,
    middleware::Middleware,
    pipeline::Pipeline,
    slice::{AnySlice, Slice},
    table::Table,
    thunk::{AsyncThunk, Shown, States},
};
use rustc_hash::FxHashMap;
use std::{
    any::{Any, type_name},
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
    /// States that slices begin with instead of their own.
    preloaded: Vec<Preloaded>,
    /// The layers around the reducers.
    middleware: Vec<Arc<dyn Middleware<X>>>,
    /// The listeners.
    listeners: Vec<Listener<X>>,
}

/// A state that a slice is to begin with.
struct Preloaded {
    /// The slice.
    slice: &'static str,
    /// The state.
    state: Box<dyn Any + Send>,
    /// Its type.
    type_name: &'static str,
    /// The call that gave it.
    given: &'static Location<'static>,
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
    /// The action creators.
    creators: FxHashMap<&'static str, &'static Location<'static>>,
}

impl StoreBuilder {
    pub(super) fn new() -> Self {
        Self {
            core: None,
            extra: (),
            slices: Vec::new(),
            thunks: Vec::new(),
            preloaded: Vec::new(),
            middleware: Vec::new(),
            listeners: Vec::new(),
        }
    }
}

impl<X> StoreBuilder<X> {
    /// The extra value: what thunks need of the world outside. They get it from
    /// [`ThunkApi::extra`](crate::ThunkApi::extra).
    ///
    /// # Panics
    ///
    /// If middleware or listeners were added before: they are for a store with another extra value.
    #[track_caller]
    pub fn extra<Y>(self, extra: Y) -> StoreBuilder<Y> {
        let Self { core, slices, thunks, preloaded, middleware, listeners, .. } = self;
        assert!(
            middleware.is_empty() && listeners.is_empty(),
            "the extra value comes before middleware and listeners, which may use it"
        );
        let (middleware, listeners) = (Vec::new(), Vec::new());
        StoreBuilder { core, extra, slices, thunks, preloaded, middleware, listeners }
    }

    /// Adds a layer around the reducers: see [the module](crate::middleware). The first one is the outermost.
    pub fn middleware(mut self, middleware: impl Middleware<X>) -> Self {
        self.middleware.push(Arc::new(middleware));
        self
    }

    /// Adds a listener: see [the module](crate::listener). It is there as long as the store.
    pub fn listener(mut self, listener: Listener<X>) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Adds a slice.
    pub fn slice<S: Send + 'static>(mut self, slice: Slice<S>) -> Self {
        self.slices.push(Box::new(slice));
        self
    }

    /// Makes a thunk known that no slice has a case for, so that [`build`](Self::build) can tell if another one has its name.
    pub fn thunk<A, T, E, Y, M>(mut self, thunk: &AsyncThunk<A, T, E, Y, M>) -> Self {
        self.thunks.push(thunk.refers().clone());
        self
    }

    /// Has a slice begin with `state` instead of its own initial state, which is not made then: for what was saved, or was
    /// sent along with a page. The original's `preloadedState`.
    ///
    /// ```
    /// use trine_thunks::{SliceKey, Store};
    ///
    /// static VISITS: SliceKey<u32> = SliceKey::new("visits");
    /// let store = Store::builder().slice(VISITS.slice(|| 0)).preloaded(&VISITS, 41).build()?;
    /// assert_eq!(store.get(&VISITS), 41);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    #[track_caller]
    pub fn preloaded<S: Send + 'static>(mut self, key: &SliceKey<S>, state: S) -> Self {
        self.preloaded.push(Preloaded {
            slice: key.name(),
            state: Box::new(state),
            type_name: type_name::<S>(),
            given: Location::caller(),
        });
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
    /// If two slices, two cases of one slice, two thunks or two action creators would collide: the error names both places.
    /// If a state was [preloaded](Self::preloaded) for a slice that there is not.
    ///
    /// # Panics
    ///
    /// If the initial state of a slice does; inside a lease of the store that it is built on.
    #[track_caller]
    pub fn build(self) -> Result<Store<X>, BuildError> {
        let core = self.core.unwrap_or_default();
        let mut preloaded = self.preloaded;
        for Preloaded { slice, state, type_name, given } in &preloaded {
            let fits = |candidate: &dyn AnySlice| {
                candidate.name() == *slice && candidate.state() == (**state).type_id()
            };
            if !self.slices.iter().any(|slice| fits(&**slice)) {
                let (slice, state) = (*slice, *type_name);
                return Err(BuildError::NothingToPreload { slice, state, given });
            }
        }
        let (thunks, taking) = take_names(&core, &self.slices, self.thunks)?;
        let mut slices = Vec::new();
        for slice in self.slices {
            let name = slice.name();
            // The last one that was given.
            let found = preloaded.iter().rposition(|preloaded| preloaded.slice == name);
            let state = found.map(|index| preloaded.swap_remove(index).state);
            slices.push((name, slice.install(&core, state)));
        }
        taking.keep();
        let table = Table::new(slices, thunks);
        let pipeline = Pipeline::new();
        for middleware in self.middleware {
            pipeline.layers.add(middleware);
            pipeline.note_added();
        }
        for listener in self.listeners {
            pipeline.listeners.add(listener);
            pipeline.note_added();
        }
        let shared = Shared {
            table,
            pipeline,
            extra: self.extra,
            core: core.downgrade(),
            states: States::default(),
            shown: Shown::default(),
        };
        Ok(Store { core, shared: Arc::new(shared) })
    }
}

impl<X> Store<X> {
    /// Adds a slice to a store that exists: one whose module is loaded when it is first needed. The original's `inject`.
    ///
    /// Its state begins now. It is told of what is dispatched from now on, after the slices that are there.
    ///
    /// ```
    /// use trine_thunks::{Action, SliceKey, Store, action};
    ///
    /// struct Clicked;
    /// impl Action for Clicked {}
    /// static CLICKS: SliceKey<u32> = SliceKey::new("clicks");
    ///
    /// let store = Store::builder().build()?;
    /// store.dispatch(Clicked); // nobody is there yet
    /// store.add_slice(CLICKS.slice(|| 0).on(action::<Clicked>(), |clicks, _| *clicks += 1))?;
    /// store.dispatch(Clicked);
    /// assert_eq!(store.get(&CLICKS), 1);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`StoreBuilder::build`]: also if there is a slice of that name already.
    ///
    /// # Panics
    ///
    /// If its initial state does; inside a lease.
    #[track_caller]
    pub fn add_slice<S: Send + 'static>(&self, slice: Slice<S>) -> Result<(), BuildError> {
        let slices: [Box<dyn AnySlice>; 1] = [Box::new(slice)];
        let (thunks, taking) = take_names(&self.core, &slices, Vec::new())?;
        for slice in slices {
            let name = slice.name();
            self.shared.table.join(name, slice.install(&self.core, None), thunks.clone());
        }
        taking.keep();
        Ok(())
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
    /// The action creators.
    creators: Vec<&'static str>,
}

impl TakingGuard {
    /// Lets the names stay taken.
    fn keep(mut self) {
        self.slices.clear();
        self.thunks.clear();
        self.creators.clear();
    }
}

impl Drop for TakingGuard {
    fn drop(&mut self) {
        let mut taken = self.names.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.slices.retain(|slice, _| !self.slices.contains(slice));
        taken.thunks.retain(|thunk, _| !self.thunks.contains(thunk));
        taken.creators.retain(|creator, _| !self.creators.contains(creator));
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
    let mut new_creators = Vec::new();
    let cases = slices.iter().flat_map(|slice| slice.cases());
    for (action, second) in cases.filter_map(|case| case.creator) {
        match taken.creators.insert(action, second) {
            Some(first) if first != second => {
                return Err(BuildError::DuplicateAction { action, first, second });
            }
            Some(_) => {}
            None => new_creators.push(action),
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
    Ok((own, TakingGuard { names: all, slices, thunks: new, creators: new_creators }))
}

impl<X> fmt::Debug for StoreBuilder<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slices: Vec<_> = self.slices.iter().map(|slice| slice.name()).collect();
        f.debug_struct("StoreBuilder").field("slices", &slices).finish_non_exhaustive()
    }
}
