//! The spawner for tokio runtimes.

use super::{
    local::{LocalSpawn, LocalTask},
    spawn::{NoRuntime, Spawn},
    task::Task,
};
use rustc_hash::FxHasher;
use std::{
    future::{Future, poll_fn},
    hash::{Hash, Hasher},
    num::NonZeroU64,
    pin::pin,
    task::{Context, Poll, Waker},
};
use tokio::{
    runtime::Handle,
    task::{LocalSet, coop::unconstrained},
};

/// Runs bodies on a tokio runtime, multi-thread or current-thread.
///
/// ```
/// use trine_core::{Store, TokioSpawner};
///
/// let runtime = tokio::runtime::Runtime::new().unwrap();
/// let store = Store::with_spawner(TokioSpawner::new(runtime.handle().clone()));
/// // Started from a thread that tokio knows nothing of:
/// let run = store.run("later", |_| async {
///     tokio::task::yield_now().await;
///     Ok::<_, String>("done")
/// });
/// assert_eq!(*runtime.block_on(run.result()).unwrap(), "done");
/// ```
#[derive(Debug, Clone)]
pub struct TokioSpawner {
    /// The runtime; without one, the one that the thread is in at each use.
    handle: Option<Handle>,
}

impl TokioSpawner {
    /// Spawns on the runtime of `handle`, from any thread.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        Self { handle: Some(handle) }
    }

    /// Spawns on the runtime that the calling thread is in at the time of each use: the default of a store.
    #[must_use]
    pub fn current() -> Self {
        Self { handle: None }
    }
}

/// What tokio tells runtimes apart by, as a number: it shows the number to hashers only. The hash of one word by this hasher
/// is another word for each.
fn number_of(handle: &Handle) -> Option<NonZeroU64> {
    let mut hasher = FxHasher::default();
    handle.id().hash(&mut hasher);
    NonZeroU64::new(hasher.finish())
}

impl Spawn for TokioSpawner {
    fn spawn(&self, task: Task) -> Result<(), NoRuntime> {
        match &self.handle {
            Some(handle) => drop(handle.spawn(task)),
            None => drop(Handle::try_current().map_err(|_| NoRuntime::new())?.spawn(task)),
        }
        Ok(())
    }

    fn enter(&self, poll: &mut dyn FnMut()) {
        // Without a handle the thread is in its runtime already, or there is none.
        let _context = self.handle.as_ref().map(Handle::enter);
        // The budget of the task that we are in must not make a ready body pending: tokio lifts it for a future only.
        let unlimited = unconstrained(poll_fn(|_| {
            poll();
            Poll::Ready(())
        }));
        let _ = pin!(unlimited).poll(&mut Context::from_waker(Waker::noop()));
    }

    fn runtime_id(&self) -> Option<NonZeroU64> {
        match &self.handle {
            Some(handle) => number_of(handle),
            None => number_of(&Handle::try_current().ok()?),
        }
    }

    fn bound(&self) -> Option<Box<dyn Spawn>> {
        let handle = match &self.handle {
            Some(handle) => handle.clone(),
            None => Handle::try_current().ok()?,
        };
        Some(Box::new(Self::new(handle)))
    }
}

impl LocalSpawn for LocalSet {
    fn spawn_local(&self, task: LocalTask) -> Result<(), NoRuntime> {
        drop(Self::spawn_local(self, task));
        Ok(())
    }

    fn enter_local(&self, poll: &mut dyn FnMut()) {
        let _context = self.enter();
        poll();
    }
}
