//! Store, derived graph, subscriptions and executor: the shared core of Trine.

mod event;
mod executor;
mod lease;
mod store;
mod sync;

pub use event::{Cause, CellLabel, CommitNumber, Event};
pub use executor::{OutcomeKind, RunId};
pub use lease::Reentrant;
pub use store::{Store, WeakStore};
