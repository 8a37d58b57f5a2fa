//! Store, derived graph, subscriptions and executor: the shared core of Trine.
//!
//! The front ends `trine-atoms`, `trine-thunks` and `trine-tao` are vocabularies over this crate. It can be used on its own:
//!
//! ```
//! use trine_core::Store;
//!
//! let store = Store::new();
//! let price = store.cell("price").source(20);
//! let count = store.cell("count").source(2);
//! let total = store.cell("total").derived(move |cx| cx.get(price) * cx.get(count));
//!
//! let guard = store.subscribe(total, |total| println!("now {total}"));
//! store.set(count, 3); // prints "now 60"
//!
//! let refused = store.transaction(|tx| {
//!     tx.set(price, 1_000);
//!     if tx.get(total) > 500 { Err("too expensive") } else { Ok(()) }
//! });
//! assert_eq!(refused, Err("too expensive")); // nothing has changed, nobody was told
//!
//! let run = store.run("restock", move |cx| async move { cx.set(count, 10) });
//! assert!(run.outcome().unwrap().is_fulfilled()); // it was ready at once, so it needed no runtime
//! assert_eq!(store.get(total), 200);
//! # drop(guard);
//! ```
//!
//! # What there is
//!
//! - [`Store`]: one cheap handle, `Send + Sync`. Stores are independent; there are no globals.
//! - [`Source`] and [`Derived`] cells, read with [`Store::get`]. Derivations are lazy, find their dependencies anew at each
//!   run, run at most once per commit, and never see half a commit.
//! - Writes: [`Store::set`], [`Store::update`] in place, [`Store::updates`] of several cells, [`Store::transaction`] with
//!   all or nothing. Each is one commit; commits are totally ordered.
//! - Subscriptions: [`Store::subscribe`] calls back, once per commit, in order, outside every lock; [`Store::changes`]
//!   is a bounded stream that says what it has lost; [`Store::watch`] keeps the last value for render loops and tasks.
//! - Lists: [`Store::list`] makes a vector cell that is edited in place; [`Store::diffs`] is a bounded stream of what has
//!   changed in it, with filtered, mapped and sorted views that stay incremental; [`Store::subscribe_diffs`] calls back.
//! - Runs: [`Store::run`] starts an async body with its first poll inline; a [`Run`] has one typed [`Outcome`], can be
//!   aborted for real, and ends its children with it.
//! - [`Store::derived_async`] makes a cell that is computed by a body which may wait, and keeps its last good value meanwhile.
//! - [`Store::run_compensated`]: a run whose writes are undone if it fails; [`Store::optimistic`]: a cell that shows changes
//!   before they are known, and takes back those that turn out wrong.
//! - [`Store::while_observed`]: work that is done only while somebody looks, directly or through what is derived.
//! - [`Store::status_of`]: what the runs of a name are doing, as a cell.
//! - [`Store::scope`]: owners of cells, subscriptions and runs that end together.
//! - [`Store::observe`]: the event feed, for logs and tools; [`Store::observe_values`]: what cells were and are, in it.
//! - [`mod@test`]: an executor and a clock that are driven by hand, a log of what ran, and [`test::explore`], which plays bodies
//!   in every order.
//!
//! # What runs where
//!
//! | your code | runs | it may |
//! |---|---|---|
//! | derivations, the closures of `with`, `update`, `updates`, `transaction`, comparisons, `Clone` of values | inside the store's lease, on the thread that reads or writes | be pure: use what it was handed, never a store |
//! | callbacks, observers | outside every lock, on the thread that delivers: the one that commits, unless another one is delivering | do anything; writes commit at once, their callbacks queue behind this one |
//! | wakers, the `Drop` of replaced values | outside every lock, on the thread that commits | do anything |
//! | async bodies | outside every lock; first poll on the caller's thread, then where the [`Spawn`]er polls | do anything |
//!
//! Code inside a lease that uses a store is refused with [`Reentrant`], which names both places. A panic in it harms at most
//! the cell that it was working on: see [`CellErrorKind`].
//!
//! # Features
//!
//! - `tokio` (default): the spawner for tokio runtimes. Without it, bring your own [`Spawn`].

mod async_derived;
mod cell;
mod commit;
mod compensation;
mod delivery;
mod error;
mod event;
mod executor;
mod feed;
mod graph;
mod lease;
mod lifecycle;
mod list;
mod optimistic;
mod scope;
mod store;
mod sync;
pub mod test;
mod text;

pub use async_derived::{AsyncDerived, AsyncPolicy, AsyncReader, AsyncState};
pub use cell::{
    ByValue, Cell, CellBuilder, CellKey, CellLabel, Derived, Equality, Never, ReadOnly, Source,
};
pub use commit::{Cause, Commit, CommitNumber, Transaction, Update, UpdateResult, Updates};
pub use compensation::{Compensation, Recorded, Undone};
pub use delivery::{Change, Changes, Missed, SubscriptionGuard, Watch, WatchClosed, WatchRef};
pub use error::{CellError, CellErrorKind};
pub use event::Event;
pub use executor::{
    AbortOnDropGuard, Aborted, AbortedBy, BodyPanicked, Clock, ContextError, Drain, Failure, Idle,
    LocalSpawn, LocalTask, NoClock, NoRuntime, Outcome, OutcomeKind, Policy, Rejection, Retry,
    RetryBudget, Run, RunBuilder, RunContext, RunId, RunInfo, RunOutcome, RunResult, RunStatus,
    Runs, RunsStatus, SettleHook, Sleep, Spawn, StartHook, Stopped, StoreDropped, Task, Wanted,
};
#[cfg(feature = "tokio")]
pub use executor::{TokioClock, TokioSpawner};
pub use feed::ObserverGuard;
pub use graph::Reader;
pub use lease::{Reentrant, after_lease};
pub use lifecycle::LifecycleGuard;
pub use list::{
    ListAdapter, ListCell, ListContent, ListDiff, ListDiffs, ListEdit, ListFilter, ListMap,
    ListRelay, ListSort, ListView, Then,
};
pub use optimistic::{Optimistic, Patch};
pub use scope::{Scope, ScopeEnded};
pub use store::{PanicPolicy, Store, StoreBuilder, WeakStore};
pub use text::Text;

/// The README's samples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
