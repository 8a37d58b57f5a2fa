//! The executor: one engine for every async body.
//!
//! The life of a run, with the files in the order visited:
//!
//! | file | step |
//! |---|---|
//! | `builder.rs`, `hooks.rs` | a front end describes the run: name, parent, policy, key, pace, times, hooks |
//! | `wanted.rs`, `policy.rs`, `pace.rs`, `group.rs` | is it wanted, and may it start beside those of its name and key, at once or later? |
//! | `start.rs`, `admit.rs` | registration, admission, start event and hook |
//! | `launch.rs`, `local.rs` | the first poll on the caller's stack; bodies that never leave their thread |
//! | `inline.rs` | such a poll without a run |
//! | `shared.rs` | runs without a body, which end as the run does whose work they share |
//! | `context.rs`, `writes.rs` | what the body is given |
//! | `timing.rs`, `retry.rs` | what is put around the body: a pause before it, a limit, further attempts |
//! | `statuses.rs` and its folder, `audit.rs` | cells that follow runs, and handles that nobody has cared for |
//! | `clock.rs`, `tokio_clock.rs` | what time it is |
//! | `home.rs`, `driver.rs` | where bodies live without a task: those that nobody has woken, and those in line for their first poll |
//! | `spawn.rs`, `tokio.rs`, `task.rs` | a body that was woken goes on elsewhere |
//! | `cell.rs`, `any_run.rs` | the state of the run, and the run with its types forgotten |
//! | `phase.rs` | how far it is: what threads agree on |
//! | `body.rs` | where its body is, and who drops it |
//! | `family.rs` | its children |
//! | `settle.rs`, `ending.rs` | from a decided outcome to a dropped body |
//! | `succession.rs` | the ends of superseded runs come before the starts of their successors |
//! | `outcome.rs`, `failure.rs` | how it ended |
//! | `run.rs`, `waiting.rs`, `waiters.rs` | who asked, and who waits |
//! | `engine.rs`, `registry.rs`, `drain.rs` | what a store knows of its live runs, and the wait until there are none |
//!
//! Locks: a run's own, the registry's, the groups', the homes'. No user code runs under any of them, with one
//! exception: keys are compared under the groups' lock, inside the lease, like every other comparator. They nest in one
//! order only: lease, groups, run, registry or homes. Never two runs' at a time.

mod admit;
mod any_run;
mod audit;
mod body;
mod builder;
mod cell;
mod clock;
mod contain;
mod context;
mod drain;
mod driver;
mod ending;
mod engine;
mod failure;
mod family;
mod group;
mod home;
mod hooks;
mod id;
mod inline;
mod launch;
mod local;
mod outcome;
mod pace;
mod phase;
mod policy;
mod registry;
mod retry;
mod run;
mod settle;
mod shared;
mod spawn;
mod start;
mod statuses;
mod succession;
mod task;
mod timing;
#[cfg(feature = "tokio")]
mod tokio;
#[cfg(feature = "tokio")]
mod tokio_clock;
mod waiters;
mod waiting;
mod wanted;
mod writes;

#[cfg(test)]
mod tests;

pub use any_run::RunStatus;
pub use audit::LooseRun;
pub use builder::RunBuilder;
pub use clock::{Clock, NoClock, Sleep};
pub use context::RunContext;
pub use drain::{Drain, Idle};
pub use failure::{Failure, StoreDropped};
pub use hooks::{SettleHook, StartHook};
pub use id::RunId;
pub use inline::BodyPanicked;
pub use local::{LocalSpawn, LocalTask};
pub use outcome::{AbortedBy, Outcome, OutcomeKind, Rejection};
pub use policy::Policy;
pub use registry::{RunInfo, Runs};
pub use retry::{Retry, RetryBudget};
pub use run::{AbortOnDropGuard, Run};
pub use spawn::{NoRuntime, Spawn};
pub use statuses::RunsStatus;
pub(crate) use statuses::status_inside;
pub use task::Task;
#[cfg(feature = "tokio")]
pub use tokio::TokioSpawner;
#[cfg(feature = "tokio")]
pub use tokio_clock::TokioClock;
pub use waiting::{Aborted, RunOutcome, RunResult, Stopped};
pub use wanted::Wanted;
pub use writes::ContextError;

pub(crate) use audit::AuditLog;
pub(crate) use clock::default_clock;
pub(crate) use engine::Executor;
pub(crate) use spawn::default_spawner;
use start::start_plain;

use crate::{lease, store::Store, text::Text};
use std::{borrow::Cow, future::Future, sync::Arc};

/// Runs.
impl Store {
    /// Starts a run: calls `body` and polls its future for the first time before this returns, so that its synchronous prefix
    /// runs at once and a body that is ready at once needs no runtime.
    ///
    /// The first poll happens on this thread, the later ones on the store's [`Spawn`]. Never panics:
    /// what prevents the run is its outcome, see [`RunBuilder::start`].
    ///
    /// ```
    /// use trine_core::Store;
    ///
    /// let store = Store::new();
    /// let run = store.run("greet", |cx| async move { Ok::<_, String>(cx.name().to_string()) });
    /// assert_eq!(run.outcome().unwrap().into_result().unwrap().as_str(), "greet");
    /// ```
    #[track_caller]
    pub fn run<T, E, B, F>(&self, name: impl Into<Text>, body: B) -> Run<T, E>
    where
        B: FnOnce(RunContext) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        if lease::held().is_some() {
            return self.run_builder(name).start(body);
        }
        start_plain(self.core(), (name.into(), false), None, ((), ()), launch::Anywhere(body))
    }

    /// Describes a run before it starts: parent, policy, hooks.
    pub fn run_builder<T, E>(&self, name: impl Into<Text>) -> RunBuilder<'_, T, E> {
        let executor = Cow::Borrowed(&self.core().executor);
        RunBuilder::new(Some(Cow::Borrowed(self)), executor, name.into())
    }

    /// The clock that runs are timed with; `None` if the store was given none and the feature `tokio` is off.
    #[must_use]
    pub fn clock(&self) -> Option<Arc<dyn Clock>> {
        self.core().clock.clone()
    }

    /// The live runs of this store.
    #[must_use]
    pub fn runs(&self) -> Runs {
        Runs::new(Arc::clone(&self.core().executor))
    }
}
