//! Store, derived graph, subscriptions and executor: the shared core of Trine.

mod event;
mod executor;
mod lease;
mod store;
mod sync;
pub mod test;
mod text;

pub use event::{Cause, CellLabel, CommitNumber, Event};
#[cfg(feature = "tokio")]
pub use executor::TokioSpawner;
pub use executor::{
    AbortOnDropGuard, Aborted, AbortedBy, Failure, Idle, NoRuntime, Outcome, OutcomeKind, Policy,
    Rejection, Run, RunBuilder, RunContext, RunId, RunInfo, RunOutcome, RunResult, RunStatus, Runs,
    Spawn, Stopped, StoreDropped, Task,
};
pub use lease::Reentrant;
pub use store::{Store, WeakStore};
pub use text::Text;
