//! Delivery: how subscribers hear of commits.
//!
//! A commit hands, inside the lease, the new value of every changed cell to its subscribers, once per cell
//! (`topic.rs`). Callbacks are called outside the lease, by one thread at a time, in commit order (this file). All of them
//! are on one desk (`desk.rs`), which that thread takes with it together with what is due of one commit; what happens to
//! subscriptions meanwhile is noted beside and done when the desk is back, so no lock is held while a callback runs. What
//! is committed meanwhile waits in the outbox (`outbox.rs`).
//!
//! Whoever commits while nobody delivers becomes the deliverer. It delivers its own commit and at most
//! [`HANDOVER`] others, then passes on: to a thread that waits for its own commit, else to the spawner, else,
//! where there is neither, to itself. So a thread that commits does a bounded amount of other threads' work.
//!
//! Wakers (of a [`Watch`](crate::Watch), say) do not queue: the committing thread wakes them as soon as it has
//! let go of the lease.

mod bystander;
mod callbacks;
mod desk;
mod outbox;
mod staging;
mod stream;
mod subscription;
mod topic;
mod watch;

pub(crate) use bystander::set_aside;
pub(crate) use desk::Exit;
pub(crate) use outbox::Outbox;
pub(crate) use staging::Told;
pub use stream::{Changes, Missed};
pub(crate) use subscription::Leaving;
pub use subscription::{Change, SubscriptionGuard};
pub(crate) use watch::{Outlet, let_go};
pub use watch::{Watch, WatchClosed, WatchRef};

use crate::{
    commit::CommitNumber,
    event::Event,
    executor::Task,
    graph::{Garbage, Graph},
    lease::Reentrant,
    store::{Core, PanicPolicy},
    sync::{mutant, thread_locals},
};
use desk::{Desk, Loose};
use outbox::Next;
use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::Arc,
};

/// How many commits of other threads a deliverer delivers before it passes on. (Models of a few threads cannot make that
/// many.)
const HANDOVER: u32 = if cfg!(any(trine_loom, trine_shuttle)) { 1 } else { 64 };

thread_locals! {
    /// The store whose callback this thread is in, by the address of its core; 0 if it is in none.
    static IN_STORE: Cell<usize> = Cell::new(0);
    /// The commit whose callback it is.
    static IN_COMMIT: Cell<u64> = Cell::new(0);
    /// How many commits, each caused by a callback of the one before, led to one that this thread makes now.
    static DEPTH: Cell<u32> = Cell::new(0);
}

/// Marks the thread as being in a callback for as long as it lives.
struct InCallback {
    /// What surrounds it: a callback may use another store.
    outer: (usize, u64, u32),
}

impl InCallback {
    #[inline]
    fn enter(store: usize, told: &Told) -> Self {
        let outer = (
            IN_STORE.with(|place| place.replace(store)),
            IN_COMMIT.with(|place| place.replace(told.number.0)),
            DEPTH.with(|place| place.replace(told.depth + 1)),
        );
        Self { outer }
    }
}

impl Drop for InCallback {
    #[inline]
    fn drop(&mut self) {
        let (store, commit, depth) = self.outer;
        IN_STORE.with(|place| place.set(store));
        IN_COMMIT.with(|place| place.set(commit));
        DEPTH.with(|place| place.set(depth));
    }
}

/// How many commits, each caused by a callback of the one before, led to one that this thread makes now.
#[inline]
pub(crate) fn depth_here() -> u32 {
    DEPTH.with(Cell::get)
}

/// The commit whose callback this thread is in, if it is one of the store whose core is at `store`.
#[inline]
pub(crate) fn callback_of(store: usize) -> Option<CommitNumber> {
    (IN_STORE.with(Cell::get) == store).then(|| CommitNumber(IN_COMMIT.with(Cell::get)))
}

impl Graph {
    /// Takes what is to be done after the lease; in the common case there is nothing.
    #[inline]
    pub(crate) fn leave(&mut self) -> Option<Exit> {
        if !self.wakers.is_empty() || !self.garbage.is_empty() || self.timed() {
            return self.pack();
        }
        if !self.outbox.is_due() {
            return None;
        }
        match self.outbox.start_at_once() {
            Some(mut desk) => {
                desk.newest = CommitNumber(self.last_commit);
                Some(Exit::Desk(desk))
            }
            None => self.pack(),
        }
    }

    fn pack(&mut self) -> Option<Exit> {
        let held = self.stop_clock();
        let mut desk = self.outbox.start();
        if let Some(desk) = &mut desk {
            desk.newest = CommitNumber(self.last_commit);
        }
        if self.wakers.is_empty() && self.garbage.is_empty() && held.is_none() {
            return desk.map(Exit::Desk);
        }
        let mut exit = desk.map_or_else(|| Exit::Loose(Box::default()), Exit::Laden);
        let loose = match &mut exit {
            Exit::Desk(desk) | Exit::Laden(desk) => &mut desk.loose,
            Exit::Loose(loose) => loose,
        };
        std::mem::swap(&mut loose.wakers, &mut self.wakers);
        std::mem::swap(&mut loose.garbage, &mut self.garbage);
        loose.held = held;
        Some(exit)
    }
}

impl Core {
    /// Does what was left to do after a lease that was taken at `location`.
    pub(crate) fn finish(self: &Arc<Self>, exit: Exit, location: &'static Location<'static>) {
        let mut panicked = Panicked::default();
        match exit {
            Exit::Desk(desk) => {
                let own = desk.newest;
                self.deliver(desk, own, &mut panicked);
            }
            Exit::Laden(mut desk) => {
                let own = desk.newest;
                self.tidy(&mut desk.loose, location, &mut panicked);
                self.deliver(desk, own, &mut panicked);
            }
            Exit::Loose(mut loose) => self.tidy(&mut loose, location, &mut panicked),
        }
        self.report(panicked);
    }

    /// Wakes, drops and reports.
    fn tidy(
        &self,
        loose: &mut Loose,
        location: &'static Location<'static>,
        panicked: &mut Panicked,
    ) {
        if !loose.wakers.is_empty() {
            for waker in loose.wakers.drain(..) {
                panicked.catch(|| waker.wake());
            }
        }
        panicked.drop_all(&mut loose.garbage);
        if let Some(held) = loose.held.take() {
            self.report_slow_lease(held, location);
        }
    }

    /// Delivers until the outbox is empty or the work is passed on. What is told of `own` counts as nobody else's work.
    fn deliver(self: &Arc<Self>, mut desk: Box<Desk>, own: CommitNumber, panicked: &mut Panicked) {
        let mut last = desk.told.number;
        let mut others = u32::from(last != own);
        loop {
            {
                let _in_callback = InCallback::enter(self.address(), &desk.told);
                desk.tell(self, panicked);
            }
            let mut rest = None;
            self.in_lease(|graph| {
                graph.outbox.give_back(desk, &mut graph.garbage);
                if graph.garbage.is_empty() && graph.outbox.is_done() {
                    graph.outbox.end_delivery();
                } else {
                    let waiters = graph.outbox.has_waiters();
                    let garbage = std::mem::take(&mut graph.garbage);
                    rest = Some((graph.outbox.next(last, others >= HANDOVER), waiters, garbage));
                }
            });
            let Some((next, waiters, mut garbage)) = rest else { return };
            if waiters && !mutant("waiters are not woken") {
                self.delivery_waiters.notify_all();
            }
            panicked.drop_all(&mut garbage);
            desk = match next {
                Next::Desk(desk) => desk,
                Next::Empty | Next::ToWaiter => return,
                Next::ToSpawner => match self.pass_on() {
                    Some(desk) => desk,
                    None => return,
                },
            };
            if desk.told.number != last && desk.told.number != own {
                others += 1;
            }
            last = desk.told.number;
        }
    }

    /// Passes the delivery on to the spawner. Without one there is nobody else, and the desk comes back.
    fn pass_on(self: &Arc<Self>) -> Option<Box<Desk>> {
        let core = Arc::downgrade(self);
        let go_on = async move {
            if let Some(core) = core.upgrade() {
                // Whoever leaves the lease while nobody delivers becomes the deliverer.
                let _ = core.enter(|_| ());
            }
        };
        if mutant("nobody is passed on to") || self.spawner.spawn(Task::new(go_on)).is_ok() {
            return None;
        }
        self.in_lease(|graph| graph.outbox.start())
    }

    /// Waits until the callbacks of a commit have been called, calling them if nobody else does.
    pub(crate) fn wait_delivered(self: &Arc<Self>, number: CommitNumber) -> Result<(), Reentrant> {
        if callback_of(self.address()).is_some() {
            return Ok(());
        }
        while let Some(desk) = self
            .lease
            .wait(&self.delivery_waiters, |graph, first| graph.outbox.wait_for(number, first))?
        {
            let mut panicked = Panicked::default();
            self.deliver(desk, number, &mut panicked);
            self.report(panicked);
            // What is left is passed on. Who asks `wait_for` again would be the one to take it.
            if self.in_lease(|graph| graph.outbox.is_delivered(number)) {
                break;
            }
        }
        Ok(())
    }

    /// Tells this store from others.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Does with the panics of user code what the store's policy says.
    #[inline]
    pub(crate) fn report(&self, panicked: Panicked) {
        if let Some(payloads) = panicked.payloads {
            self.report_panics(*payloads);
        }
    }

    #[cold]
    fn report_panics(&self, payloads: Vec<Box<dyn Any + Send>>) {
        match &self.on_panic {
            PanicPolicy::Resume if std::thread::panicking() => {}
            PanicPolicy::Resume => {
                if let Some(first) = payloads.into_iter().next()
                    && let Some(payload) = bystander::put(self.address(), first)
                {
                    resume_unwind(payload);
                }
            }
            PanicPolicy::Report(report) => {
                for payload in payloads {
                    report(&crate::error::panic_message(&*payload));
                }
            }
        }
    }
}

/// Collects the panics of user code while the rest goes on.
#[derive(Default)]
pub(crate) struct Panicked {
    /// What they carried, the first one first. Kept to be reported, and since dropping it is user code as well.
    #[allow(clippy::box_collection, reason = "there are none, and then this is to be small")]
    payloads: Option<Box<Vec<Box<dyn Any + Send>>>>,
}

impl Panicked {
    #[inline]
    pub(crate) fn catch(&mut self, user_code: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(user_code)) {
            self.keep(payload);
        }
    }

    #[cold]
    fn keep(&mut self, payload: Box<dyn Any + Send>) {
        self.payloads.get_or_insert_default().push(payload);
    }

    /// Drops what must not be dropped inside the lease.
    #[inline(always)]
    fn drop_all(&mut self, garbage: &mut Vec<Garbage>) {
        if !garbage.is_empty() {
            self.drop_each(garbage);
        }
    }

    #[inline(never)]
    fn drop_each(&mut self, garbage: &mut Vec<Garbage>) {
        for garbage in garbage.drain(..) {
            self.catch(|| drop(garbage));
        }
    }
}

impl Core {
    /// Tells the observers, if there are any. Not for use inside a lease, where events are noted in the graph.
    #[inline]
    #[track_caller]
    pub(crate) fn emit(self: &Arc<Self>, event: impl FnOnce() -> Event) {
        if self.feed.is_observed() {
            let event = event();
            let pushed =
                self.enter(|graph| graph.outbox.push_event(event, graph.last_commit, depth_here()));
            if let Err(error) = pushed {
                panic!("{error}");
            }
        }
    }
}
