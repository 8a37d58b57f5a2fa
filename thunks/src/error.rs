//! What can go wrong, and what to do about it.

use std::{any::Any, panic::Location};
use trine_core::{CellError, ContextError, Reentrant, RunId, StoreDropped, Text};

/// Why a store could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two slices have one name.
    #[error(
        "two slices are called `{slice}`, made at {first} and at {second}: give one of them another key"
    )]
    DuplicateSlice {
        /// The name.
        slice: &'static str,
        /// Where the first was made.
        first: &'static Location<'static>,
        /// Where the second was made.
        second: &'static Location<'static>,
    },
    /// A slice has two cases for one kind of event.
    #[error(
        "slice `{slice}` has two cases for `{case}`, added at {first} and at {second}: \
         make them one, or use `on_any` for what is to happen besides"
    )]
    DuplicateCase {
        /// The slice.
        slice: &'static str,
        /// What both are for.
        case: Text,
        /// Where the first was added.
        first: &'static Location<'static>,
        /// Where the second was added.
        second: &'static Location<'static>,
    },
    /// A slice has two reducers for what it has no case for.
    #[error(
        "slice `{slice}` has two reducers for everything else, added with `otherwise` at {first} and at {second}: \
         make them one"
    )]
    DuplicateDefault {
        /// The slice.
        slice: &'static str,
        /// Where the first was added.
        first: &'static Location<'static>,
        /// Where the second was added.
        second: &'static Location<'static>,
    },
    /// Two action creators have one name.
    #[error(
        "two action creators are called `{action}`, made at {first} and at {second}: \
         share one, or give one of them another name"
    )]
    DuplicateAction {
        /// The name.
        action: &'static str,
        /// Where the first was made.
        first: &'static Location<'static>,
        /// Where the second was made.
        second: &'static Location<'static>,
    },
    /// A state was given for a slice that the store was built without, or whose state is of another type.
    #[error(
        "an initial state of type `{state}` was given at {given} for slice `{slice}`, which the store does not have, or \
         has with a state of another type: add the slice, and use its key"
    )]
    NothingToPreload {
        /// The slice.
        slice: &'static str,
        /// The type of the state.
        state: &'static str,
        /// Where it was given.
        given: &'static Location<'static>,
    },
    /// Two thunks have one type prefix.
    #[error(
        "two thunks are called `{thunk}`, made at {first} and at {second}: if they are meant to be one, \
         make it once and share it (it is cheap to clone), else give one of them another name"
    )]
    DuplicateThunk {
        /// The type prefix.
        thunk: Text,
        /// Where the first was made.
        first: &'static Location<'static>,
        /// Where the second was made.
        second: &'static Location<'static>,
    },
}

/// Why something could not be dispatched.
///
/// A thunk can always be dispatched: whatever prevents its run is the run's
/// [`Outcome`](trine_core::Outcome).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// A reducer, a selector or other code that must be pure has dispatched.
    #[error(transparent)]
    Reentrant(#[from] Reentrant),
    /// A slice could not be changed: it is torn, or callbacks answer each other's dispatches without end. The other
    /// slices have changed.
    #[error(transparent)]
    Slice(CellError),
    /// The run through whose api it was dispatched is over.
    #[error("{run} is over and dispatches nothing more")]
    RunSettled {
        /// The run.
        run: RunId,
    },
    /// A middleware answers what it is handed by dispatching, and so without end.
    #[error(
        "`{action}` was dispatched by a middleware inside {limit} others: one of them answers what it has dispatched itself"
    )]
    TooDeep {
        /// The action.
        action: Text,
        /// How many calls of middleware may nest on one stack.
        limit: usize,
    },
    /// The last handle to the store is gone.
    #[error(transparent)]
    StoreDropped(#[from] StoreDropped),
}

/// The message of a panic.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> Text {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Text::from(*text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Text::from(text.clone())
    } else {
        Text::from_static("a panic whose payload is not a string")
    }
}

impl From<CellError> for DispatchError {
    fn from(error: CellError) -> Self {
        match error.kind() {
            trine_core::CellErrorKind::Reentrant(error) => Self::Reentrant(*error),
            _ => Self::Slice(error),
        }
    }
}

impl From<ContextError> for DispatchError {
    fn from(error: ContextError) -> Self {
        match error {
            ContextError::Settled { run, .. } => Self::RunSettled { run },
            ContextError::StoreDropped(error) => Self::StoreDropped(error),
            ContextError::Cell(error) => error.into(),
            // The enum may grow; what it grows by is about cells or runs, and no more than its text is known here.
            other => panic!("{other}"),
        }
    }
}

/// Why a slice could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store was built without the slice.
    #[error("the store has no slice `{slice}`: add it with `.slice(..)` when the store is built")]
    NoSuchSlice {
        /// The name.
        slice: &'static str,
    },
    /// The slice of that name has a state of another type.
    #[error(
        "slice `{slice}`, made at {made}, holds `{found}`, not `{asked}`: use the key that it was made with"
    )]
    OtherState {
        /// The name.
        slice: &'static str,
        /// The type of the key's state.
        asked: &'static str,
        /// The type of the slice's state.
        found: &'static str,
        /// Where the slice was made.
        made: &'static Location<'static>,
    },
    /// The state cannot be read: it is torn, or the store is used from inside a reducer.
    #[error(transparent)]
    Cell(#[from] CellError),
    /// The last handle to the store is gone.
    #[error(transparent)]
    StoreDropped(#[from] StoreDropped),
}
