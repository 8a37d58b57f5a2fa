//! Store, derived graph, subscriptions and executor: the shared core of Trine.

mod cell;
mod commit;
mod delivery;
mod error;
mod event;
mod executor;
mod feed;
mod graph;
mod lease;
mod store;
mod sync;
pub mod test;
mod text;

pub use cell::{ByValue, Cell, CellBuilder, CellKey, CellLabel, Derived, Equality, Never, Source};
pub use commit::{Cause, Commit, CommitNumber, Transaction, Update, UpdateResult, Updates};
pub use delivery::{Change, SubscriptionGuard, Watch, WatchClosed, WatchRef};
pub use error::{CellError, CellErrorKind};
pub use event::Event;
#[cfg(feature = "tokio")]
pub use executor::TokioSpawner;
pub use executor::{
    AbortOnDropGuard, Aborted, AbortedBy, ContextError, Failure, Idle, NoRuntime, Outcome,
    OutcomeKind, Policy, Rejection, Run, RunBuilder, RunContext, RunId, RunInfo, RunOutcome,
    RunResult, RunStatus, Runs, Spawn, Stopped, StoreDropped, Task,
};
pub use feed::ObserverGuard;
pub use graph::Reader;
pub use lease::Reentrant;
pub use store::{PanicPolicy, Store, StoreBuilder, WeakStore};
pub use text::Text;
