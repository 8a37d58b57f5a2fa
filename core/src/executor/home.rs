//! Where bodies live that nobody has woken: no task until there is something to do.
//!
//! Most bodies that are not ready at once are woken once or twice, if at all: many are superseded or aborted before. A
//! task for each would be made, polled, and woken again to be dropped. So a body rests in its run instead, and was given a waker
//! that is the run itself (`body.rs`). Its first wake-up makes the task that goes on with it; who ends the run before takes the
//! body out and drops it, and there is no task at all.
//!
//! That leaves two things to be known of the runtime that such a body belongs to: how to get a task there, from whatever
//! thread wakes it, and whether it is there at all, since its end is the end of its bodies. Both are a *home*: one for each
//! runtime on which bodies of a store live, with a spawner that is bound to it, and a *driver*, which is a task of the runtime that
//! does nothing but wait. A runtime that ends drops the driver, and that ends the runs that live there. Bodies whose first poll is not
//! the caller's wait in the line of their home, and the driver makes that poll (`driver.rs`).
//!
//! Who parks a body and who takes the home away meet under the run's lock: the one writes where the body lives, then looks whether the
//! home is there; the other takes the home out of the list, then looks through the runs for those that live there. So at
//! least one of them finds the other.
//!
//! A spawner that has no [`Spawn::runtime_id`] has no homes: its bodies become tasks at once.

use super::{
    any_run::{AnyRun, Verdict},
    contain::contain,
    driver::Driver,
    engine::Executor,
    failure::Failure,
    outcome::Rejection,
    settle::{settle, settle_all},
    spawn::{NoRuntime, Spawn},
    task::Task,
};
use crate::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mutant,
    },
    text::Text,
};
use std::{
    collections::VecDeque,
    mem,
    num::NonZeroU64,
    sync::{Arc, Weak},
    task::Waker,
};

/// Tells runtimes apart.
pub(super) type HomeId = NonZeroU64;

/// The homes of a store's bodies.
pub(super) struct Homes {
    /// The one that was asked for last, if it is there; 0 for none. Written under the lock of `list`. `Acquire`, with
    /// `Release`: who reads an identity here has the driver's spawning behind him.
    last: AtomicU64,
    /// All that are there.
    list: Mutex<Vec<Arc<Home>>>,
}

/// A runtime on which bodies of the store live.
pub(super) struct Home {
    /// Which one.
    id: HomeId,
    /// Leads to it from any thread.
    spawner: Box<dyn Spawn>,
    /// Who waits there.
    line: Mutex<Line>,
}

/// Those that wait for their first poll, and those who make it.
#[derive(Default)]
struct Line {
    /// The runs, oldest first.
    runs: VecDeque<Arc<dyn AnyRun>>,
    /// The drivers that sleep.
    asleep: Vec<(usize, Waker)>,
    /// How many drivers have been spawned or woken and have not looked into the line since.
    due: usize,
    /// How many drivers there have been.
    drivers: usize,
    /// Whether nobody comes any more.
    closed: bool,
}

/// How many drivers are kept that have nothing to do.
const ASLEEP: usize = 4;

/// What a driver is to do next.
pub(super) enum Next {
    /// To poll this one.
    Poll(Arc<dyn AnyRun>),
    /// To call another one, and to come again.
    Double(Call),
    /// To sleep.
    Sleep,
    /// To end.
    Leave,
}

/// Whom to call.
pub(super) enum Call {
    /// A driver that sleeps.
    Wake(Waker),
    /// A new one, of this number.
    Spawn(usize),
}

impl Homes {
    pub(super) fn new() -> Self {
        Self { last: AtomicU64::new(0), list: Mutex::new(Vec::new()) }
    }

    /// Whether a home is there. The caller holds the lock of the run that is to live there.
    #[inline]
    pub(super) fn has(&self, id: HomeId) -> bool {
        self.last.load(Ordering::Acquire) == id.get()
            || self.find(id).is_some()
            || mutant("bodies move into homes that are gone")
    }

    #[cold]
    fn find(&self, id: HomeId) -> Option<Arc<Home>> {
        self.list.lock().iter().find(|home| home.id == id).map(Arc::clone)
    }

    fn add(&self, home: &Arc<Home>) -> bool {
        let mut list = self.list.lock();
        let new = list.iter().all(|other| other.id != home.id);
        if new {
            list.push(Arc::clone(home));
        }
        self.last.store(home.id.get(), Ordering::Release);
        new
    }

    fn remove(&self, home: &Arc<Home>) {
        let mut list = self.list.lock();
        list.retain(|other| !Arc::ptr_eq(other, home));
        if self.last.load(Ordering::Relaxed) == home.id.get() {
            self.last.store(0, Ordering::Release);
        }
    }

    /// Ends the drivers, since the store is gone. To be called outside the lease.
    pub(super) fn close(&self) {
        let homes = {
            let mut list = self.list.lock();
            self.last.store(0, Ordering::Release);
            mem::take(&mut *list)
        };
        homes.iter().for_each(|home| home.close());
    }
}

impl Executor {
    /// The home that bodies which are begun on this thread live in; nothing if they are to become tasks at once.
    #[inline]
    pub(super) fn home(self: &Arc<Self>, spawner: &dyn Spawn) -> Option<HomeId> {
        let id = spawner.runtime_id()?;
        if self.homes.last.load(Ordering::Acquire) == id.get() {
            return Some(id);
        }
        self.open_home(id, spawner)
    }

    #[cold]
    fn open_home(self: &Arc<Self>, id: HomeId, spawner: &dyn Spawn) -> Option<HomeId> {
        if let Some(home) = self.homes.find(id) {
            // Unless it has gone meanwhile; it is not put back then.
            let list = self.homes.list.lock();
            let there = list.iter().any(|other| Arc::ptr_eq(other, &home));
            if there {
                self.homes.last.store(id.get(), Ordering::Release);
            }
            return there.then_some(id);
        }
        let line = Mutex::new(Line::default());
        let home = Arc::new(Home { id, spawner: spawner.bound()?, line });
        if self.homes.add(&home) {
            home.line.lock().due = 1;
            if !home.spawn_driver(0, Arc::downgrade(self)) {
                self.abandon(&home);
            }
        }
        self.homes.has(id).then_some(id)
    }

    /// Has a run that lives in a home go on as a task there.
    pub(super) fn spawn_at(&self, id: HomeId, run: &Arc<dyn AnyRun>) {
        match self.homes.find(id) {
            None => runtime_is_gone(run),
            Some(home) => home.spawn(run),
        }
    }

    /// Puts a run into the line of its home.
    pub(super) fn line_up(self: &Arc<Self>, id: HomeId, run: Arc<dyn AnyRun>) {
        match self.homes.find(id) {
            None => runtime_is_gone(&run),
            Some(home) => home.line_up(run, self),
        }
    }

    /// Gives up a home whose runtime is gone, and ends those that live there.
    #[cold]
    pub(super) fn abandon(&self, home: &Arc<Home>) {
        self.homes.remove(home);
        home.close();
        if mutant("bodies outlive their homes") {
            return;
        }
        let mut left = self.live(|_| true);
        // Outside the registry's lock, since it takes theirs.
        left.retain(|run| run.lives_at(home.id));
        settle_all(left, shut_down);
    }
}

impl Home {
    /// Has a run go on as a task.
    pub(super) fn spawn(&self, run: &Arc<dyn AnyRun>) {
        let answer = contain(|| self.spawner.spawn(Task::run(Arc::clone(run))));
        judge(run, answer);
    }

    /// Spawns a driver; returns whether the runtime has taken it.
    pub(super) fn spawn_driver(self: &Arc<Self>, number: usize, executor: Weak<Executor>) -> bool {
        let driver = Driver::new(Arc::clone(self), executor, number);
        matches!(contain(|| self.spawner.spawn(Task::new(driver))), Ok(Ok(())))
    }

    fn line_up(self: &Arc<Self>, run: Arc<dyn AnyRun>, executor: &Arc<Executor>) {
        let call = {
            let mut line = self.line.lock();
            if line.closed {
                drop(line);
                return runtime_is_gone(&run);
            }
            line.runs.push_back(run);
            line.call()
        };
        if let Some(call) = call {
            self.call(call, || Arc::downgrade(executor));
        }
    }

    /// Calls a driver.
    pub(super) fn call(self: &Arc<Self>, call: Call, executor: impl FnOnce() -> Weak<Executor>) {
        match call {
            // There is nobody to tell of a panic: a waker belongs to a runtime, which reports its own.
            Call::Wake(waker) => drop(contain(|| waker.wake())),
            Call::Spawn(number) => drop(self.spawn_driver(number, executor())),
        }
    }

    /// What driver `number` is to do next; `arrives` if it has not looked since it was called. Without a waker it is not put to
    /// sleep, but told to come again with one.
    pub(super) fn next(
        &self,
        number: usize,
        arrives: bool,
        waker: &mut Option<Waker>,
    ) -> Option<Next> {
        // Dropped outside the lock, since it is the runtime's.
        let _old;
        let mut line = self.line.lock();
        if arrives {
            match line.asleep.iter().position(|(asleep, _)| *asleep == number) {
                // Nobody has called.
                Some(place) => _old = line.asleep.swap_remove(place),
                None if mutant("a driver that has come is still expected") => {}
                None => line.due = line.due.saturating_sub(1),
            }
        }
        if line.closed {
            return Some(Next::Leave);
        }
        if line.runs.len() > 1
            && let Some(call) = line.call()
        {
            line.due += 1;
            return Some(Next::Double(call));
        }
        if let Some(run) = line.runs.pop_front() {
            return Some(Next::Poll(run));
        }
        if line.asleep.len() >= ASLEEP {
            return Some(Next::Leave);
        }
        let waker = waker.take()?;
        line.asleep.push((number, waker));
        Some(Next::Sleep)
    }

    /// Notes that a driver has had its share, and will be polled again.
    pub(super) fn pause(&self) {
        self.line.lock().due += 1;
    }

    /// Lets nobody in any more, and has the drivers end.
    fn close(&self) {
        let (runs, asleep) = {
            let mut line = self.line.lock();
            line.closed = true;
            (mem::take(&mut line.runs), mem::take(&mut line.asleep))
        };
        for (_, waker) in asleep {
            let _ = contain(|| waker.wake());
        }
        drop(runs);
    }
}

impl Line {
    /// Whom to call, so that somebody looks into the line soon who is not polling a body.
    fn call(&mut self) -> Option<Call> {
        if self.due > 0 {
            return None;
        }
        self.due += 1;
        Some(match self.asleep.pop() {
            Some((_, waker)) => Call::Wake(waker),
            None => {
                self.drivers += 1;
                Call::Spawn(self.drivers)
            }
        })
    }
}

/// Ends the run if the spawner has not taken its task.
pub(super) fn judge(run: &Arc<dyn AnyRun>, answer: Result<Result<(), NoRuntime>, Text>) {
    let lost = run.head().phase.end_spawn();
    let verdict = match answer {
        Ok(Ok(())) if !lost => return,
        Ok(Ok(())) => shut_down(),
        Ok(Err(error)) => Rejection::Failed { failure: Failure::NoRuntime(error) },
        Err(message) => Rejection::Panicked { message },
    };
    settle(run, verdict);
}

#[cold]
fn runtime_is_gone(run: &Arc<dyn AnyRun>) {
    settle(run, shut_down());
}

fn shut_down() -> Verdict {
    Rejection::Failed { failure: Failure::RuntimeShutDown }
}
