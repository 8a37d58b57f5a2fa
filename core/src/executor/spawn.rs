//! Where bodies go on that are not ready at once: the seam to a runtime.

use super::task::Task;
use std::num::NonZeroU64;

/// A runtime, as the executor sees it.
///
/// The store asks its spawner only for a body that was not ready at its first poll, so synchronous use
/// needs none. A spawner that can tell its [runtime](Self::runtime_id) is asked once for each runtime, and then when a body is woken for the
/// first time, on the thread that wakes it. Implement it to run on another runtime than tokio:
///
/// ```
/// use trine_core::{NoRuntime, Spawn, Store, Task};
///
/// struct Threads;
///
/// impl Spawn for Threads {
///     fn spawn(&self, task: Task) -> Result<(), NoRuntime> {
///         std::thread::spawn(move || futures_util::future::FutureExt::now_or_never(task));
///         Ok(())
///     }
/// }
///
/// let store = Store::with_spawner(Threads);
/// ```
pub trait Spawn: Send + Sync + 'static {
    /// Sees to it that `task` is polled until it is done, soon and on any thread, but not on the caller's stack.
    ///
    /// A spawner that drops a task before it is done ends that run as
    /// [`Failure::RuntimeShutDown`](crate::Failure::RuntimeShutDown).
    ///
    /// # Errors
    ///
    /// [`NoRuntime`], and the task may be dropped.
    fn spawn(&self, task: Task) -> Result<(), NoRuntime>;

    /// Calls `poll` once, on this thread and before it returns, inside the runtime's context, so that timers and
    /// sockets can be made in it, and exempt from the runtime's cooperative budget.
    ///
    /// Without a runtime it just calls it, as the default does.
    fn enter(&self, poll: &mut dyn FnMut()) {
        poll();
    }

    /// Which runtime [`spawn`](Self::spawn) leads to from this thread at this moment: a number that no other runtime has that
    /// it may lead to, before or after. Asked for each body that is not ready at once, so it should be cheap.
    ///
    /// With it, bodies of a store become tasks only when they are woken, and those that begin
    /// [queued](crate::RunBuilder::queued) are polled for the first time by one task for all: the *driver*, which the store
    /// spawns once for each runtime and which lives as long as both of them. Dropping the driver, as a runtime does that
    /// ends, ends the runs of that store that wait there as
    /// [`Failure::RuntimeShutDown`](crate::Failure::RuntimeShutDown).
    ///
    /// `None`, as the default, has each body become a task as soon as it is not ready.
    fn runtime_id(&self) -> Option<NonZeroU64> {
        None
    }

    /// A spawner that leads to that very runtime from any thread, also one that is in no runtime. Asked once for each
    /// [`runtime_id`](Self::runtime_id).
    ///
    /// `None`, as the default, has each body become a task as soon as it is not ready.
    fn bound(&self) -> Option<Box<dyn Spawn>> {
        None
    }
}

/// There is no runtime to wait on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no runtime to go on with a body that is not ready at once: start the run inside a tokio runtime, \
     or make the store with `Store::with_spawner(TokioSpawner::new(handle))` or a `Spawn` of your own"
)]
#[non_exhaustive]
pub struct NoRuntime {}

impl NoRuntime {
    /// The error.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}

impl Default for NoRuntime {
    fn default() -> Self {
        Self::new()
    }
}

/// The spawner of a store that was given none.
#[cfg(feature = "tokio")]
pub(crate) fn default_spawner() -> Box<dyn Spawn> {
    Box::new(super::tokio::TokioSpawner::current())
}

/// The spawner of a store that was given none.
#[cfg(not(feature = "tokio"))]
pub(crate) fn default_spawner() -> Box<dyn Spawn> {
    Box::new(Nowhere)
}

/// The spawner that always answers [`NoRuntime`].
#[cfg(not(feature = "tokio"))]
struct Nowhere;

#[cfg(not(feature = "tokio"))]
impl Spawn for Nowhere {
    fn spawn(&self, _task: Task) -> Result<(), NoRuntime> {
        Err(NoRuntime::new())
    }
}
