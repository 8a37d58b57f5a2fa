//! The table of a store: which slices there are, and which reducers answer to which event.
//!
//! It is made once, when the store is built, and then only read: a dispatch is one lookup and the reducers
//! found there, however many slices there are.

use crate::{
    case::{CaseKey, ThunkRef},
    error::{DispatchError, ReadError},
    key::SliceKey,
};
use rustc_hash::FxHashMap;
use std::{
    any::{Any, type_name},
    fmt,
    panic::Location,
};
use trine_core::{CellError, Source, Text, Updates};

/// The reducers of one slice for one kind of event.
pub(crate) trait Handler: Send + Sync {
    #[track_caller]
    fn reduce(&self, cells: &mut Updates<'_>, event: &dyn Any) -> Result<(), CellError>;
}

/// What a store knows of its slices and thunks.
#[derive(Default)]
pub(crate) struct Table {
    /// The slices, by name.
    pub(crate) slices: FxHashMap<&'static str, SliceEntry>,
    /// What is to be done, by kind of event, in the order of the slices.
    pub(crate) handlers: FxHashMap<CaseKey, Vec<Box<dyn Handler>>>,
    /// The thunks that slices have cases for, by name.
    pub(crate) thunks: FxHashMap<Text, ThunkRef>,
}

/// A slice in a store.
pub(crate) struct SliceEntry {
    /// Its cell: a `Source<S>`.
    cell: Box<dyn Any + Send + Sync>,
    /// Where it was made.
    pub(crate) made: &'static Location<'static>,
    /// The type of its state.
    state: &'static str,
}

impl SliceEntry {
    pub(crate) fn new<S: Send + 'static>(
        cell: Source<S>,
        made: &'static Location<'static>,
    ) -> Self {
        Self { cell: Box::new(cell), made, state: type_name::<S>() }
    }
}

impl Table {
    /// The cell of a slice.
    pub(crate) fn cell<S: Send + 'static>(
        &self,
        key: &SliceKey<S>,
    ) -> Result<Source<S>, ReadError> {
        let name = key.name();
        let entry = self.slices.get(name).ok_or(ReadError::NoSuchSlice { slice: name })?;
        entry.cell.downcast_ref().copied().ok_or(ReadError::OtherState {
            slice: name,
            asked: type_name::<S>(),
            found: entry.state,
            made: entry.made,
        })
    }

    /// Runs the reducers for an event; all of them, also when a slice is torn.
    #[track_caller]
    pub(crate) fn reduce(
        &self,
        cells: &mut Updates<'_>,
        key: CaseKey,
        event: &dyn Any,
    ) -> Result<(), DispatchError> {
        let Some(handlers) = self.handlers.get(&key) else { return Ok(()) };
        let mut outcome = Ok(());
        for handler in handlers {
            let done = handler.reduce(cells, event);
            if outcome.is_ok() {
                outcome = done;
            }
        }
        outcome.map_err(DispatchError::Slice)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.slices.keys().collect();
        names.sort_unstable();
        f.debug_struct("Table").field("slices", &names).finish_non_exhaustive()
    }
}
