//! Slices: a part of the state, and the reducers that change it.

use crate::{
    case::{Case, CaseInfo, CaseKey, Matcher, sealed::Matched},
    error::BuildError,
    table::{Handler, SliceEntry},
};
use rustc_hash::FxHashMap;
use std::{any::Any, fmt, panic::Location, sync::Arc};
use trine_core::{Source, UpdateResult, Updates};

/// A reducer whose event type is forgotten. Tells whether it has changed the state.
type Reducer<S> = Arc<dyn Fn(&mut S, &dyn Any) -> bool + Send + Sync>;

/// A part of the state, and the reducers that change it. Made by [`SliceKey::slice`](crate::SliceKey::slice).
///
/// A reducer is a function over `&mut State` and the event; it changes the state in place. Reducers run inside the store's
/// lease, so they must be pure: no store, no waiting. A reducer that finds nothing to do may return
/// [`Update::Unchanged`](trine_core::Update::Unchanged), and nobody is told.
///
/// For one event, the slice's case runs first, then its matchers in the order in which they were added. All
/// slices that have a case for an event change in one commit.
///
/// If a reducer panics, the state that it was changing is *torn*: reading it is an error that says so, until
/// [`Store::recover`](crate::Store::recover) repairs it. The other slices are not affected.
#[must_use = "a slice does nothing until a store is built with it"]
pub struct Slice<S> {
    /// The name.
    name: &'static str,
    /// Where `slice` was called.
    made: &'static Location<'static>,
    /// Makes the initial state.
    initial: Box<dyn FnOnce() -> S + Send>,
    /// The cases, in the order in which they were added.
    cases: Vec<Entry<S>>,
    /// The cases of the matchers, in the order in which they were added.
    matchers: Vec<Entry<S>>,
}

/// A reducer and what it answers to.
struct Entry<S> {
    /// The case.
    info: CaseInfo,
    /// The call that added it.
    added: &'static Location<'static>,
    /// What it does.
    reducer: Reducer<S>,
}

impl<S: Send + 'static> Slice<S> {
    pub(crate) fn new(
        name: &'static str,
        initial: impl FnOnce() -> S + Send + 'static,
        made: &'static Location<'static>,
    ) -> Self {
        Self { name, made, initial: Box::new(initial), cases: Vec::new(), matchers: Vec::new() }
    }

    /// Adds a reducer for one kind of event.
    ///
    /// A slice has at most one for each: a second one is an error of
    /// [`StoreBuilder::build`](crate::StoreBuilder::build) that names both places.
    #[track_caller]
    pub fn on<C: Case, R: UpdateResult>(
        mut self,
        case: C,
        reducer: impl Fn(&mut S, &C::Event) -> R + Send + Sync + 'static,
    ) -> Self {
        let reducer: Reducer<S> = Arc::new(move |state, event| {
            event.downcast_ref().is_some_and(|event| reducer(state, event).changed())
        });
        self.cases.push(Entry { info: case.info(), added: Location::caller(), reducer });
        self
    }

    /// Adds a reducer for several kinds of events, which runs after the slice's own case for the event.
    #[track_caller]
    pub fn on_any<M: Matcher, R: UpdateResult>(
        mut self,
        matcher: M,
        reducer: impl Fn(&mut S, &<M as Matcher>::Event) -> R + Send + Sync + 'static,
    ) -> Self {
        let reducer = Arc::new(reducer);
        for Matched { info, show } in matcher.cases() {
            let reducer = Arc::clone(&reducer);
            let reducer: Reducer<S> = Arc::new(move |state, event| {
                show(event).is_some_and(|event| reducer(state, &event).changed())
            });
            self.matchers.push(Entry { info, added: Location::caller(), reducer });
        }
        self
    }
}

impl<S> fmt::Debug for Slice<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cases: Vec<_> = self.cases.iter().map(|entry| &entry.info.name).collect();
        f.debug_struct("Slice")
            .field("name", &self.name)
            .field("cases", &cases)
            .finish_non_exhaustive()
    }
}

/// A slice whose type is forgotten: what a store builder keeps.
pub(crate) trait AnySlice: Send {
    fn name(&self) -> &'static str;
    fn made(&self) -> &'static Location<'static>;
    /// What the slice has cases for.
    fn cases(&self) -> Vec<CaseInfo>;
    /// Whether no two cases collide.
    fn check(&self) -> Result<(), BuildError>;
    /// Makes the cell, and what is to be done for each kind of event.
    fn install(self: Box<Self>, core: &trine_core::Store) -> Installed;
}

/// A slice that has its cell.
pub(crate) struct Installed {
    /// The slice's line in the table.
    pub(crate) entry: SliceEntry,
    /// What is to be done.
    pub(crate) handlers: Vec<(CaseKey, Box<dyn Handler>)>,
}

impl<S: Send + 'static> AnySlice for Slice<S> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn made(&self) -> &'static Location<'static> {
        self.made
    }

    fn cases(&self) -> Vec<CaseInfo> {
        self.cases.iter().chain(&self.matchers).map(|entry| entry.info.clone()).collect()
    }

    fn check(&self) -> Result<(), BuildError> {
        let mut seen = FxHashMap::default();
        for entry in &self.cases {
            if let Some(first) = seen.insert(entry.info.key, entry.added) {
                return Err(BuildError::DuplicateCase {
                    slice: self.name,
                    case: entry.info.name.clone(),
                    first,
                    second: entry.added,
                });
            }
        }
        Ok(())
    }

    fn install(self: Box<Self>, core: &trine_core::Store) -> Installed {
        let cell = core.cell(self.name).always_different().source((self.initial)());
        let mut handlers: Vec<(CaseKey, SliceHandler<S>)> = Vec::new();
        // Cases first: they run before the matchers.
        for Entry { info, reducer, .. } in self.cases.into_iter().chain(self.matchers) {
            match handlers.iter_mut().find(|(key, _)| *key == info.key) {
                Some((_, handler)) => handler.reducers.push(reducer),
                None => handlers.push((info.key, SliceHandler { cell, reducers: vec![reducer] })),
            }
        }
        Installed {
            entry: SliceEntry::new(cell, self.made),
            handlers: handlers
                .into_iter()
                .map(|(key, handler)| (key, Box::new(handler) as Box<dyn Handler>))
                .collect(),
        }
    }
}

/// The reducers of one slice for one kind of event.
struct SliceHandler<S> {
    /// The slice's cell.
    cell: Source<S>,
    /// The case, then the matchers.
    reducers: Vec<Reducer<S>>,
}

impl<S: Send + 'static> Handler for SliceHandler<S> {
    #[track_caller]
    fn reduce(
        &self,
        cells: &mut Updates<'_>,
        event: &dyn Any,
    ) -> Result<(), trine_core::CellError> {
        cells.update(self.cell, |state| {
            let changed = self
                .reducers
                .iter()
                .fold(false, |changed, reducer| reducer(state, event) | changed);
            if changed { trine_core::Update::Changed } else { trine_core::Update::Unchanged }
        })
    }
}
