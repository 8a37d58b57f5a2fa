//! Delivery: how subscribers hear of commits.
//!
//! A commit stages, inside the lease, the new value of every changed cell that has subscribers, once per cell
//! (`topic.rs`), and queues the cell in the outbox (`outbox.rs`). Callbacks are called outside the lease, by one
//! thread at a time, in commit order (this file). The callbacks of all cells that a commit changed are lent to
//! the thread that calls them, in one parcel; what happens to the subscriptions meanwhile is kept beside and
//! merged when they come back, so no lock is held while a callback runs.
//!
//! Whoever commits while nobody delivers becomes the deliverer. It delivers its own commit and at most
//! [`HANDOVER`] others, then passes on: to a thread that waits for its own commit, else to the spawner, else,
//! where there is neither, to itself. So a thread that commits does a bounded amount of other threads' work.
//!
//! Wakers (of a [`Watch`](crate::Watch), say) do not queue: the committing thread wakes them as soon as it has
//! let go of the lease.

mod bystander;
mod outbox;
mod stream;
mod subscription;
mod topic;
mod watch;

pub(crate) use bystander::set_aside;
pub(crate) use outbox::{Outbox, Parcel};
pub use stream::{Changes, Missed};
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
use outbox::Next;
use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

/// How many commits of other threads a deliverer delivers before it passes on. (Models of a few threads cannot make that
/// many.)
const HANDOVER: u32 = if cfg!(any(trine_loom, trine_shuttle)) { 1 } else { 64 };

/// The callback that surrounds the calling thread.
#[derive(Debug, Clone, Copy)]
struct Surrounding {
    /// Which store's: the address of its core.
    store: usize,
    /// The commit whose callback it is.
    number: CommitNumber,
    /// How many commits, each caused by a callback of the one before, led to that one.
    depth: u32,
}

thread_locals! {
    /// The callback that this thread is in.
    static SURROUNDING: Cell<Option<Surrounding>> = Cell::new(None);
}

/// Marks the thread as being in a callback for as long as it lives.
struct InCallback {
    /// What surrounds it: a callback may use another store.
    outer: Option<Surrounding>,
}

impl InCallback {
    fn enter(store: usize, number: CommitNumber, depth: u32) -> Self {
        let inner = Surrounding { store, number, depth };
        Self { outer: SURROUNDING.with(|current| current.replace(Some(inner))) }
    }
}

impl Drop for InCallback {
    fn drop(&mut self) {
        SURROUNDING.with(|current| current.set(self.outer));
    }
}

impl Graph {
    /// Takes what is to be done after the lease; in the common case there is nothing.
    #[inline]
    pub(crate) fn leave(&mut self) -> Option<Box<Parcel>> {
        if self.outbox.is_due() || !self.wakers.is_empty() || !self.garbage.is_empty() {
            self.pack()
        } else {
            None
        }
    }

    fn pack(&mut self) -> Option<Box<Parcel>> {
        let mut parcel = self.outbox.start();
        if let Some(parcel) = &mut parcel {
            parcel.newest = CommitNumber(self.last_commit);
        }
        if !self.wakers.is_empty() || !self.garbage.is_empty() {
            let parcel = parcel.get_or_insert_with(Parcel::empty);
            std::mem::swap(&mut parcel.wakers, &mut self.wakers);
            std::mem::swap(&mut parcel.garbage, &mut self.garbage);
        }
        parcel
    }
}

/// How many commits deep something is that this thread does now.
#[inline]
pub(crate) fn depth_here() -> u32 {
    SURROUNDING.with(Cell::get).map_or(0, |surrounding| surrounding.depth + 1)
}

impl Core {
    /// Does what was left to do after a lease.
    pub(crate) fn finish(self: &Arc<Self>, mut parcel: Box<Parcel>) {
        let mut panicked = Panicked::default();
        if !parcel.wakers.is_empty() {
            for waker in parcel.wakers.drain(..) {
                panicked.catch(|| waker.wake());
            }
        }
        panicked.drop_all(&mut parcel.garbage);
        if !parcel.is_empty() {
            let own = parcel.newest;
            self.deliver(parcel, own, &mut panicked);
        }
        self.report(panicked);
    }

    /// Delivers until the outbox is empty or the work is passed on. What is told of `own` counts as nobody else's work.
    fn deliver(
        self: &Arc<Self>,
        mut parcel: Box<Parcel>,
        own: CommitNumber,
        panicked: &mut Panicked,
    ) {
        let mut last = parcel.number;
        let mut others = u32::from(last != own);
        loop {
            {
                let _in_callback = InCallback::enter(self.address(), parcel.number, parcel.depth);
                parcel.tell(self, panicked);
            }
            let (mut waiters, mut garbage) = (false, Vec::new());
            let next = self.in_lease(|graph| {
                graph.outbox.give_back(parcel, &mut graph.garbage);
                if !graph.garbage.is_empty() {
                    garbage = std::mem::take(&mut graph.garbage);
                }
                waiters = graph.outbox.has_waiters();
                graph.outbox.next(last, others >= HANDOVER)
            });
            if waiters && !mutant("waiters are not woken") {
                self.delivery_waiters.notify_all();
            }
            panicked.drop_all(&mut garbage);
            parcel = match next {
                Next::Parcel(parcel) => parcel,
                Next::Empty | Next::ToWaiter => return,
                Next::ToSpawner => match self.pass_on() {
                    Some(parcel) => parcel,
                    None => return,
                },
            };
            if parcel.number != last && parcel.number != own {
                others += 1;
            }
            last = parcel.number;
        }
    }

    /// Passes the delivery on to the spawner. Without one there is nobody else, and the next parcel comes back.
    fn pass_on(self: &Arc<Self>) -> Option<Box<Parcel>> {
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
        if SURROUNDING.with(Cell::get).is_some_and(|callback| callback.store == self.address()) {
            return Ok(());
        }
        while let Some(parcel) = self
            .lease
            .wait(&self.delivery_waiters, |graph, first| graph.outbox.wait_for(number, first))?
        {
            let mut panicked = Panicked::default();
            self.deliver(parcel, number, &mut panicked);
            self.report(panicked);
            // What is left is passed on. Who asks `wait_for` again would be the one to take it.
            if self.in_lease(|graph| graph.outbox.is_delivered(number)) {
                break;
            }
        }
        Ok(())
    }

    /// The commit whose callback surrounds the caller, and the depth of a commit made there.
    #[inline]
    pub(crate) fn surrounding(&self) -> (Option<CommitNumber>, u32) {
        match SURROUNDING.with(Cell::get) {
            None => (None, 0),
            Some(Surrounding { store, number, depth }) => {
                ((store == self.address()).then_some(number), depth + 1)
            }
        }
    }

    /// Tells this store from others.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Does with the panics of user code what the store's policy says.
    #[inline]
    pub(crate) fn report(&self, panicked: Panicked) {
        if let Some(payload) = panicked.first {
            self.report_panics(payload, panicked.rest);
        }
    }

    #[cold]
    fn report_panics(&self, first: Box<dyn Any + Send>, rest: Vec<Box<dyn Any + Send>>) {
        match &self.on_panic {
            PanicPolicy::Resume if std::thread::panicking() => {}
            PanicPolicy::Resume => {
                if let Some(payload) = bystander::put(self.address(), first) {
                    resume_unwind(payload);
                }
            }
            PanicPolicy::Report(report) => {
                for payload in std::iter::once(first).chain(rest) {
                    report(&crate::error::panic_message(&*payload));
                }
            }
        }
    }
}

/// Collects the panics of user code while the rest goes on.
#[derive(Default)]
pub(crate) struct Panicked {
    /// The first one: the one that goes on.
    first: Option<Box<dyn Any + Send>>,
    /// The others. Kept to be reported, and since dropping what a panic carries is user code as well.
    rest: Vec<Box<dyn Any + Send>>,
}

impl Panicked {
    #[inline]
    pub(crate) fn catch(&mut self, user_code: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(user_code)) {
            match self.first {
                None => self.first = Some(payload),
                Some(_) => self.rest.push(payload),
            }
        }
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
            let (_, depth) = self.surrounding();
            let event = event();
            let pushed =
                self.enter(|graph| graph.outbox.push_event(event, graph.last_commit, depth));
            if let Err(error) = pushed {
                panic!("{error}");
            }
        }
    }
}
