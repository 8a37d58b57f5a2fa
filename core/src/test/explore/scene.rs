//! What a scenario plays on: a spawner, a clock, and the names of the tasks.

use super::super::{ManualClock, ManualExecutor};
use crate::{
    event::Event,
    executor::{NoRuntime, OutcomeKind, Spawn, Task},
    store::{Store, StoreBuilder},
    sync::Mutex,
};
use rustc_hash::FxHashMap;
use std::{cell::RefCell, fmt, future::Future, mem, sync::Arc};

/// A check that is made in the end.
type Check = Box<dyn FnOnce()>;

/// What one schedule of an [`Explorer`](super::Explorer) plays on.
pub struct Scene {
    /// Where tasks go on.
    spawner: SceneSpawner,
    /// The clock that the schedule moves.
    clock: ManualClock,
    /// The stores that were made here: they live until the end.
    stores: RefCell<Vec<Store>>,
    /// What must hold in the end.
    checks: RefCell<Vec<Check>>,
    /// What has gone wrong that nobody could be told: the panic of a run.
    failed: Arc<Mutex<Option<String>>>,
}

/// The spawner of a scene: gives each task a name that is the same whenever the scenario is played.
#[derive(Clone)]
struct SceneSpawner {
    /// Has the tasks.
    executor: ManualExecutor,
    /// Their names.
    names: Arc<Mutex<Names>>,
}

#[derive(Default)]
struct Names {
    /// The name of each task, and whether it is a body of the scene.
    by_task: FxHashMap<u64, (String, bool)>,
    /// How many tasks wanted each name.
    wanted: FxHashMap<String, u32>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let names = Arc::new(Mutex::new(Names::default()));
        Self {
            spawner: SceneSpawner { executor: ManualExecutor::new(), names },
            clock: ManualClock::new(),
            stores: RefCell::default(),
            checks: RefCell::default(),
            failed: Arc::new(Mutex::new(None)),
        }
    }

    /// A store whose runs go on when the schedule says so, and whose clock is the schedule's. It lives until the end of the
    /// schedule, and a run of it that panics fails the schedule.
    #[must_use]
    pub fn store(&self) -> Store {
        let store = self.builder().build();
        let failed = Arc::clone(&self.failed);
        let observer = store.observe(move |event| {
            if let Event::RunSettled { name, outcome: OutcomeKind::Panicked, .. } = event {
                failed.lock().get_or_insert_with(|| format!("the run `{name}` panicked"));
            }
        });
        observer.detach();
        self.stores.borrow_mut().push(store.clone());
        store
    }

    /// Begins a store that plays along, to be configured further. It lives as long as its handles, and its runs may panic.
    pub fn builder(&self) -> StoreBuilder {
        Store::builder().spawner(self.spawner.clone()).clock(self.clock.clone())
    }

    /// A spawner whose tasks go on when the schedule says so, for what is not a store.
    #[must_use]
    pub fn spawner(&self) -> impl Spawn + Clone + use<> {
        self.spawner.clone()
    }

    /// The schedule's clock.
    #[must_use]
    pub fn clock(&self) -> ManualClock {
        self.clock.clone()
    }

    /// Adds a body, which begins when the schedule says so. In the schedule it goes by `name`, tasks of runs by the names
    /// of the runs; the second one of a name by `name#2`.
    pub fn spawn(&self, name: &str, body: impl Future<Output = ()> + Send + 'static) {
        self.spawner.take_on(Task::new(body), name, true);
    }

    /// Adds a check that is made when nothing can go on any more, after those that were added before it.
    pub fn finally(&self, check: impl FnOnce() + 'static) {
        self.checks.borrow_mut().push(Box::new(check));
    }

    pub(super) fn executor(&self) -> &ManualExecutor {
        &self.spawner.executor
    }

    /// The name of a task in the schedule.
    pub(super) fn name(&self, task: u64) -> String {
        let names = self.spawner.names.lock();
        names.by_task.get(&task).map_or_else(|| format!("task-{task}"), |(name, _)| name.clone())
    }

    /// Whether a task is one of the scene's own bodies.
    pub(super) fn is_body(&self, task: u64) -> bool {
        self.spawner.names.lock().by_task.get(&task).is_some_and(|(_, body)| *body)
    }

    pub(super) fn take_checks(&self) -> Vec<Check> {
        mem::take(&mut self.checks.borrow_mut())
    }

    pub(super) fn take_failure(&self) -> Option<String> {
        self.failed.lock().take()
    }
}

impl SceneSpawner {
    fn take_on(&self, task: Task, name: &str, body: bool) {
        // A name is one word in a schedule.
        let mut name: String =
            name.chars().map(|c| if c.is_whitespace() || c == '!' { '-' } else { c }).collect();
        if name.is_empty() || name == "+" {
            name = format!("task{name}");
        }
        let number = self.executor.take_on(task);
        let mut names = self.names.lock();
        let wanted = names.wanted.entry(name.clone()).or_insert(0);
        *wanted += 1;
        let name = if *wanted == 1 { name } else { format!("{name}#{wanted}") };
        names.by_task.insert(number, (name, body));
    }
}

impl Spawn for SceneSpawner {
    fn spawn(&self, task: Task) -> Result<(), NoRuntime> {
        let name = task.run_name().map_or_else(|| "task".to_owned(), ToString::to_string);
        self.take_on(task, &name, false);
        Ok(())
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene")
            .field("executor", &self.spawner.executor)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
