//! The table of a store: which slices there are, and which reducers answer to which event.
//!
//! It is made when the store is built, and then only read: a dispatch is one lookup and the reducers found there, however
//! many slices there are. Slices that join later have a table of their own beside it, which is replaced as a whole
//! whenever one joins; a store without any does not look there.

use crate::{
    action::AnyAction,
    case::{CaseKey, ThunkRef},
    entities::Followers,
    error::{DispatchError, ReadError},
    key::SliceKey,
    slice::Installed,
};
use rustc_hash::FxHashMap;
use std::{
    any::{Any, type_name},
    fmt,
    panic::Location,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};
use trine_core::{CellError, RunContext, Source, Text, Updates};

/// Something that has happened, as reducers are told of it.
pub(crate) struct Occurrence<'a> {
    /// What cases are shown.
    pub(crate) event: &'a dyn Any,
    /// What matchers are shown.
    pub(crate) action: &'a dyn AnyAction,
}

/// The reducers of one slice for one kind of event.
pub(crate) trait Handler: Send + Sync {
    #[track_caller]
    fn reduce(&self, cells: &mut Updates<'_>, occurrence: &Occurrence<'_>)
    -> Result<(), CellError>;

    /// The same as a commit of its own; false, and nothing is done, if parts of the slice are followed.
    fn reduce_alone(
        &self,
        core: &trine_core::Store,
        occurrence: &Occurrence<'_>,
        caller: &'static Location<'static>,
    ) -> Result<bool, CellError>;

    /// The same for an event of a run, if `ready` has nothing against it, which is asked inside the lease. Also false, and nothing is
    /// done, if there is an error: the long way finds it again, and says what is to be said of it.
    fn reduce_alone_if(
        &self,
        way: Way<'_>,
        occurrence: &Occurrence<'_>,
        caller: &'static Location<'static>,
        ready: &dyn Fn() -> bool,
    ) -> bool;
}

/// How a single reducer gets at its slice.
pub(crate) enum Way<'a> {
    /// In any case.
    Store(&'a trine_core::Store),
    /// Unless the run is over.
    Run(&'a RunContext),
}

/// What a store knows of its slices and thunks.
#[derive(Default)]
pub(crate) struct Table {
    /// What it was built with.
    built: Part,
    /// Whether any slices have joined. Relaxed: whoever is told by other means that one has joined sees it.
    any_late: AtomicBool,
    /// The slices that have joined.
    late: RwLock<Arc<Part>>,
}

/// A part of a table that is only read.
#[derive(Default, Clone)]
struct Part {
    /// The slices, by name.
    slices: FxHashMap<&'static str, SliceEntry>,
    /// What is to be done, by kind of event, in the order of the slices.
    handlers: FxHashMap<CaseKey, Vec<Arc<dyn Handler>>>,
    /// What is to be done for kinds of events that are not listed.
    otherwise: Vec<Arc<dyn Handler>>,
    /// The thunks that slices have cases for, by name.
    thunks: FxHashMap<Text, ThunkRef>,
}

/// Where the state of a slice is, and who follows parts of it.
pub(crate) struct SliceCell<S> {
    /// The state.
    pub(crate) source: Source<S>,
    /// Who follows its entities.
    pub(crate) followers: Arc<Followers<S>>,
}

impl<S> Clone for SliceCell<S> {
    fn clone(&self) -> Self {
        Self { source: self.source, followers: Arc::clone(&self.followers) }
    }
}

/// A slice in a store.
#[derive(Clone)]
pub(crate) struct SliceEntry {
    /// Its cell: a `SliceCell<S>`.
    cell: Arc<dyn Any + Send + Sync>,
    /// Where it was made.
    made: &'static Location<'static>,
    /// The type of its state.
    state: &'static str,
}

impl SliceEntry {
    pub(crate) fn new<S: Send + 'static>(
        cell: SliceCell<S>,
        made: &'static Location<'static>,
    ) -> Self {
        Self { cell: Arc::new(cell), made, state: type_name::<S>() }
    }
}

impl Part {
    fn add(&mut self, name: &'static str, slice: Installed) {
        let Installed { entry, handlers, otherwise } = slice;
        for (key, handler) in &handlers {
            let all = self.handlers.entry(*key);
            // Those that answer to everything, so far, answer to this too.
            all.or_insert_with(|| self.otherwise.clone()).push(Arc::clone(handler));
        }
        if let Some(otherwise) = otherwise {
            for (key, all) in &mut self.handlers {
                if !handlers.contains_key(key) {
                    all.push(Arc::clone(&otherwise));
                }
            }
            self.otherwise.push(otherwise);
        }
        self.slices.insert(name, entry);
    }

    /// Runs the reducers for an event; all of them, also when a slice is torn.
    #[inline]
    #[track_caller]
    fn reduce(
        &self,
        cells: &mut Updates<'_>,
        key: CaseKey,
        occurrence: &Occurrence<'_>,
    ) -> Result<(), DispatchError> {
        let mut outcome = Ok(());
        for handler in self.handlers.get(&key).unwrap_or(&self.otherwise) {
            let done = handler.reduce(cells, occurrence);
            if outcome.is_ok() {
                outcome = done;
            }
        }
        outcome.map_err(DispatchError::Slice)
    }
}

impl Table {
    /// The table of a store that is built with these slices.
    pub(crate) fn new(
        slices: Vec<(&'static str, Installed)>,
        thunks: FxHashMap<Text, ThunkRef>,
    ) -> Self {
        let mut built = Part { thunks, ..Part::default() };
        for (name, slice) in slices {
            built.add(name, slice);
        }
        Self { built, ..Self::default() }
    }

    /// Adds a slice that joins later.
    pub(crate) fn join(
        &self,
        name: &'static str,
        slice: Installed,
        thunks: FxHashMap<Text, ThunkRef>,
    ) {
        let mut late = self.late.write().unwrap_or_else(PoisonError::into_inner);
        let mut part = Part::clone(&late);
        part.add(name, slice);
        part.thunks.extend(thunks);
        *late = Arc::new(part);
        self.any_late.store(true, Ordering::Relaxed);
    }

    /// The slices that have joined, if there are any.
    #[inline]
    fn late(&self) -> Option<Arc<Part>> {
        if self.any_late.load(Ordering::Relaxed) { Some(self.read_late()) } else { None }
    }

    #[cold]
    fn read_late(&self) -> Arc<Part> {
        Arc::clone(&self.late.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The cell of a slice.
    pub(crate) fn cell<S: Send + 'static>(
        &self,
        key: &SliceKey<S>,
    ) -> Result<Source<S>, ReadError> {
        self.look_up(key, |cell| cell.source)
    }

    /// The cell of a slice, and who follows it.
    pub(crate) fn slice_cell<S: Send + 'static>(
        &self,
        key: &SliceKey<S>,
    ) -> Result<SliceCell<S>, ReadError> {
        self.look_up(key, SliceCell::clone)
    }

    fn look_up<S: Send + 'static, R>(
        &self,
        key: &SliceKey<S>,
        take: impl FnOnce(&SliceCell<S>) -> R,
    ) -> Result<R, ReadError> {
        let name = key.name();
        let late;
        let entry = match self.built.slices.get(name) {
            Some(entry) => entry,
            None => {
                late = self.late();
                let found = late.as_ref().and_then(|late| late.slices.get(name));
                found.ok_or(ReadError::NoSuchSlice { slice: name })?
            }
        };
        entry.cell.downcast_ref().map(take).ok_or(ReadError::OtherState {
            slice: name,
            asked: type_name::<S>(),
            found: entry.state,
            made: entry.made,
        })
    }

    /// How many slices have joined.
    pub(crate) fn late_slices(&self) -> usize {
        self.late().map_or(0, |late| late.slices.len())
    }

    /// The other thunk of the same name that slices have cases for, if there is one.
    pub(crate) fn namesake(&self, thunk: &ThunkRef) -> Option<ThunkRef> {
        let other = |part: &Part| {
            part.thunks.get(&thunk.name).filter(|known| known.id != thunk.id).cloned()
        };
        other(&self.built).or_else(|| self.late().and_then(|late| other(&late)))
    }

    /// The reducers for an event, if there are some of one slice only: then its change can be a commit of its own.
    #[inline]
    pub(crate) fn alone(&self, key: CaseKey) -> Option<&dyn Handler> {
        if self.any_late.load(Ordering::Relaxed) {
            return None;
        }
        match self.built.handlers.get(&key).unwrap_or(&self.built.otherwise)[..] {
            [ref handler] => Some(&**handler),
            _ => None,
        }
    }

    /// Runs the reducers for an event; all of them, also when a slice is torn.
    #[inline]
    #[track_caller]
    pub(crate) fn reduce(
        &self,
        cells: &mut Updates<'_>,
        key: CaseKey,
        occurrence: &Occurrence<'_>,
    ) -> Result<(), DispatchError> {
        let outcome = self.built.reduce(cells, key, occurrence);
        match self.late() {
            Some(late) => outcome.and(late.reduce(cells, key, occurrence)),
            None => outcome,
        }
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let late = self.late();
        let late = late.iter().flat_map(|late| late.slices.keys());
        let mut names: Vec<_> = self.built.slices.keys().chain(late).collect();
        names.sort_unstable();
        f.debug_struct("Table").field("slices", &names).finish_non_exhaustive()
    }
}
