//! Slices and async thunks: Redux Toolkit's model of state with typed outcomes and real cancellation.

mod action;
mod case;
mod dispatch;
mod error;
mod key;
mod slice;
mod store;
mod subject;
mod table;
mod thunk;

pub use action::{Action, ActionCase, action};
pub use case::{Case, Matcher};
pub use dispatch::Dispatch;
pub use error::{BuildError, DispatchError, ReadError};
pub use key::SliceKey;
pub use slice::Slice;
pub use store::{Store, StoreBuilder};
pub use subject::Subject;
pub use thunk::{
    AsyncThunk, ConditionApi, Fulfilled, LifecycleCase, Pending, Rejected, Settled, SettledMatcher,
    ThunkApi, ThunkCall,
};
