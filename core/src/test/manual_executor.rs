//! A runtime that does nothing until it is told to.

use crate::{
    executor::{NoRuntime, Spawn, Task},
    sync::Mutex,
};
use rustc_hash::FxHashMap;
use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    num::NonZeroU64,
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Wake, Waker},
};

/// A spawner whose tasks run only when told, on the thread that tells, in the order in which they were spawned and
/// woken: for tests without a runtime.
///
/// Clones share their tasks; a store holds one of them.
///
/// ```
/// use trine_core::{Store, test::ManualExecutor};
///
/// let executor = ManualExecutor::new();
/// let store = Store::with_spawner(executor.clone());
/// let run = store.run_builder("later").queued().start(|_| async { Ok::<_, String>(1) });
/// assert!(!run.is_settled());
/// executor.run_until_stalled();
/// assert!(run.is_settled());
/// ```
#[derive(Clone)]
pub struct ManualExecutor {
    /// What the clones share.
    shared: Arc<Shared>,
}

struct Shared {
    /// The tasks.
    tasks: Mutex<Tasks>,
    /// What tells it from others, if bodies are to become tasks only when they are woken.
    runtime_id: Option<NonZeroU64>,
}

/// Leads to an executor, which it does not keep: its own tasks hold this one.
struct Bound(Weak<Shared>);

/// How many lazy executors there have been. `Relaxed`: only that numbers differ matters.
static LAZY: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct Tasks {
    /// The number of the last task.
    last: u64,
    /// Those that are not done and not being polled.
    resting: FxHashMap<u64, Task>,
    /// The tasks to poll next, oldest first; each at most once.
    ready: VecDeque<u64>,
    /// How many are being polled.
    polled: usize,
}

/// Puts one task back into the line.
struct TaskWaker {
    /// The task.
    number: u64,
    /// The line.
    shared: Weak<Shared>,
}

impl ManualExecutor {
    /// An executor with nothing to do.
    #[must_use]
    pub fn new() -> Self {
        Self::of(None)
    }

    /// An executor whose bodies become tasks only when they are woken, as on tokio, while those of [`new`](Self::new) do as
    /// soon as they are not ready: for tests in which that matters.
    ///
    /// A store has one task of its own here, its driver, which makes the first polls of queued bodies and ends with the store:
    /// see [`Spawn::runtime_id`].
    ///
    /// ```
    /// use std::future::pending;
    /// use trine_core::{Run, Store, test::ManualExecutor};
    ///
    /// let executor = ManualExecutor::lazy();
    /// let store = Store::with_spawner(executor.clone());
    /// let runs: Vec<Run<(), String>> = (0..100).map(|_| store.run("waits", |_| pending())).collect();
    /// assert_eq!(executor.pending(), 1);
    /// # drop(runs);
    /// ```
    #[must_use]
    pub fn lazy() -> Self {
        Self::of(NonZeroU64::new(LAZY.fetch_add(1, Ordering::Relaxed) + 1))
    }

    fn of(runtime_id: Option<NonZeroU64>) -> Self {
        Self { shared: Arc::new(Shared { tasks: Mutex::new(Tasks::default()), runtime_id }) }
    }

    /// Polls the task that is next in line; false when none is ready.
    pub fn run_one(&self) -> bool {
        loop {
            let Some(number) = self.shared.tasks.lock().ready.pop_front() else { return false };
            // A waker may outlive its task.
            if self.poll_task(number) {
                return true;
            }
        }
    }

    /// Polls the task at this place in line, counted from 0, before those that are ahead of it; false when none is there. For
    /// schedules that a test draws.
    pub fn run_nth(&self, place: usize) -> bool {
        let Some(number) = self.shared.tasks.lock().ready.remove(place) else { return false };
        // A waker may outlive its task.
        self.poll_task(number)
    }

    /// Polls one task, in whatever line it is; false when it is done or being polled.
    pub(super) fn run_task(&self, number: u64) -> bool {
        self.shared.tasks.lock().ready.retain(|ready| *ready != number);
        self.poll_task(number)
    }

    /// Polls a task that was taken out of the line.
    fn poll_task(&self, number: u64) -> bool {
        let mut task = {
            let mut tasks = self.shared.tasks.lock();
            let Some(task) = tasks.resting.remove(&number) else { return false };
            tasks.polled += 1;
            task
        };
        let waker =
            Waker::from(Arc::new(TaskWaker { number, shared: Arc::downgrade(&self.shared) }));
        let polled = Polled { shared: &self.shared };
        let pending = Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_pending();
        drop(polled);
        if pending {
            self.shared.tasks.lock().resting.insert(number, task);
        }
        true
    }

    /// Takes a task; returns its number, which says how many were taken before it.
    pub(super) fn take_on(&self, task: Task) -> u64 {
        let mut tasks = self.shared.tasks.lock();
        tasks.last += 1;
        let number = tasks.last;
        tasks.resting.insert(number, task);
        tasks.ready.push_back(number);
        number
    }

    /// Ends a task: aborts its run for `reason`, or drops its future. Does nothing if it is done or being polled.
    pub(super) fn cancel_task(&self, number: u64, reason: &'static str) {
        // Out of the lock first: what follows is user code.
        let task = self.shared.tasks.lock().resting.remove(&number);
        if let Some(task) = task {
            task.abort_run(reason);
            drop(task);
        }
    }

    /// The tasks that are not done and not being polled, oldest first.
    pub(super) fn resting_tasks(&self) -> Vec<u64> {
        let mut numbers: Vec<_> = self.shared.tasks.lock().resting.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// The tasks among them that are ready to be polled, oldest first.
    pub(super) fn ready_tasks(&self) -> Vec<u64> {
        let tasks = self.shared.tasks.lock();
        let live = |number: &&u64| tasks.resting.contains_key(number);
        let mut numbers: Vec<_> = tasks.ready.iter().filter(live).copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Whether a resting task belongs to a run that has settled, so that polling it does nothing any more.
    pub(super) fn is_spent(&self, number: u64) -> bool {
        self.shared.tasks.lock().resting.get(&number).is_some_and(Task::is_spent)
    }

    /// Polls until no task is ready; returns how many polls that took.
    pub fn run_until_stalled(&self) -> usize {
        std::iter::from_fn(|| self.run_one().then_some(())).count()
    }

    /// How many tasks are not done.
    #[must_use]
    pub fn pending(&self) -> usize {
        let tasks = self.shared.tasks.lock();
        tasks.resting.len() + tasks.polled
    }

    /// How many tasks are ready to be polled.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.shared.tasks.lock().ready.len()
    }

    /// Drops all tasks, like the shutdown of a runtime; returns how many.
    pub fn shut_down(&self) -> usize {
        let dropped = {
            let mut tasks = self.shared.tasks.lock();
            tasks.ready.clear();
            std::mem::take(&mut tasks.resting)
        };
        let mut dropped: Vec<_> = dropped.into_iter().collect();
        dropped.sort_unstable_by_key(|(number, _)| *number);
        dropped.into_iter().map(|(_, task)| drop(task)).count()
    }
}

impl Default for ManualExecutor {
    fn default() -> Self {
        Self::new()
    }
}

impl Spawn for ManualExecutor {
    fn spawn(&self, task: Task) -> Result<(), NoRuntime> {
        self.take_on(task);
        Ok(())
    }

    fn runtime_id(&self) -> Option<NonZeroU64> {
        self.shared.runtime_id
    }

    fn bound(&self) -> Option<Box<dyn Spawn>> {
        Some(Box::new(Bound(Arc::downgrade(&self.shared))))
    }
}

impl Spawn for Bound {
    fn spawn(&self, task: Task) -> Result<(), NoRuntime> {
        let shared = self.0.upgrade().ok_or_else(NoRuntime::new)?;
        ManualExecutor { shared }.spawn(task)
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(shared) = self.shared.upgrade() {
            let mut tasks = shared.tasks.lock();
            if !tasks.ready.contains(&self.number) {
                tasks.ready.push_back(self.number);
            }
        }
    }
}

/// Counts a task that is being polled, a panicking one too.
struct Polled<'a> {
    /// Where it is counted.
    shared: &'a Shared,
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.shared.tasks.lock().polled -= 1;
    }
}

impl fmt::Debug for ManualExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualExecutor")
            .field("pending", &self.pending())
            .field("ready", &self.ready())
            .finish()
    }
}
