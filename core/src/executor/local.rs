//! Bodies that never leave their thread, because they own what must not.
//!
//! A run can be looked at, aborted and waited for from any thread, so what it owns can be sent. A body that cannot is
//! therefore owned by its task, on a set of tasks that stays on one thread. For the run it is a body that somebody holds
//! all the time: whoever ends the run wakes the task, which finds that out and drops it.

use super::{
    any_run::{AnyRun, End},
    cell::RunCell,
    contain::contain,
    context::RunContext,
    failure::Failure,
    home::judge,
    hooks::SettleHook,
    launch::{How, Launch, Nested, Watched, may_nest},
    outcome::{Outcome, Rejection},
    settle::{conclude, settle},
    spawn::NoRuntime,
};
use crate::store::Core;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// A set of tasks that stays on one thread, as the executor sees it: for bodies that are not `Send`.
///
/// With the feature `tokio`, tokio's `LocalSet` is one. To implement it for another one, say that of a browser or of a user
/// interface:
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use trine_core::{LocalSpawn, LocalTask, NoRuntime, Store};
///
/// #[derive(Default)]
/// struct Page(RefCell<Vec<LocalTask>>);
///
/// impl LocalSpawn for Page {
///     fn spawn_local(&self, task: LocalTask) -> Result<(), NoRuntime> {
///         self.0.borrow_mut().push(task);
///         Ok(())
///     }
/// }
///
/// let (store, page) = (Store::new(), Page::default());
/// let shown = Rc::new(RefCell::new(0));
/// let mine = Rc::clone(&shown);
/// let run = store.run_builder("show").start_local(&page, |_| async move {
///     *mine.borrow_mut() += 1;
///     Ok::<_, String>(())
/// });
/// assert!(run.is_settled());
/// assert_eq!(*shown.borrow(), 1);
/// ```
pub trait LocalSpawn {
    /// Sees to it that `task` is polled until it is done, soon, on this thread, but not on the caller's stack.
    ///
    /// A set that drops a task before it is done ends that run as
    /// [`Failure::RuntimeShutDown`](crate::Failure::RuntimeShutDown).
    ///
    /// # Errors
    ///
    /// [`NoRuntime`], and the task may be dropped.
    fn spawn_local(&self, task: LocalTask) -> Result<(), NoRuntime>;

    /// Calls `poll` once, before it returns, inside the context that tasks of the set are polled in. The default just
    /// calls it.
    fn enter_local(&self, poll: &mut dyn FnMut()) {
        poll();
    }
}

/// A unit of work for a [`LocalSpawn`]: poll it until it is done.
///
/// It never panics.
#[must_use = "a task does nothing unless it is polled"]
pub struct LocalTask {
    /// The work.
    work: Pin<Box<dyn Future<Output = ()>>>,
}

impl Future for LocalTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.work.as_mut().poll(cx)
    }
}

impl fmt::Debug for LocalTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTask").finish_non_exhaustive()
    }
}

/// A body that is to be polled by this thread only.
pub(super) struct Here<'s, S, B> {
    /// Where it goes on.
    pub(super) spawner: &'s S,
    /// The body.
    pub(super) body: B,
}

impl<T, E, S, B, F> Launch<T, E> for Here<'_, S, B>
where
    S: LocalSpawn,
    B: FnOnce(RunContext) -> F + 'static,
    F: Future<Output = Result<T, E>> + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    type Body = B;

    fn launch<H>(self, core: &Core, cell: &Arc<RunCell<T, E, H>>, cx: RunContext, how: How)
    where
        H: SettleHook<T, E>,
    {
        let Self { spawner, body } = self;
        let body: LocalBody<T, E> = match how.timing {
            None => Box::pin(async move { body(cx).await }),
            Some(timing) => Box::pin(timing.apply(cx, body)),
        };
        let mut work = LocalWork { cell: Arc::clone(cell), body: Some(body) };
        let mut pending = true;
        if !how.queued && may_nest() {
            let mut poll = || {
                let _nested = Nested::enter();
                let mut cx = Context::from_waker(Waker::noop());
                pending = work.poll_body(&mut cx, None).is_pending();
            };
            let watched = Watched::begin(core);
            let entered = contain(|| spawner.enter_local(&mut || core.spawner.enter(&mut poll)));
            watched.end(&cell.head.name, Some(cell.head.id));
            if let Err(message) = entered {
                let erased: Arc<dyn AnyRun> = cell.clone();
                settle(&erased, Rejection::Panicked { message });
            }
        } else {
            cell.head.phase.begin_queue();
            cell.rest_elsewhere(None);
        }
        // If another thread is telling its end, the task drops the body once that is out.
        if pending && !cell.head.phase.is_settled() {
            let task = LocalTask { work: Box::pin(work) };
            let erased: Arc<dyn AnyRun> = cell.clone();
            judge(&erased, contain(|| spawner.spawn_local(task)));
        }
    }

    fn into_body(self) -> B {
        self.body
    }
}

type LocalBody<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

/// A run's body with the run, on its thread.
struct LocalWork<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    /// The run.
    cell: Arc<RunCell<T, E, H>>,
    /// The body; gone when it is dropped.
    body: Option<LocalBody<T, E>>,
}

impl<T, E, H> LocalWork<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    /// Polls the body; ready when there is nothing more to poll.
    fn poll_body(&mut self, cx: &mut Context<'_>, waker: Option<Waker>) -> Poll<()> {
        let Some(body) = &mut self.body else { return Poll::Ready(()) };
        let cell = &self.cell;
        let polled = if cell.head.phase.is_active() {
            contain(|| body.as_mut().poll(cx))
        } else {
            Ok(Poll::Pending)
        };
        let outcome = match polled {
            // Whoever settles the run wakes the task.
            Ok(Poll::Pending) if cell.rest_elsewhere(waker) => return Poll::Pending,
            Ok(Poll::Pending) => None,
            Ok(Poll::Ready(result)) => Some(result.into()),
            Err(message) => Some(Outcome::Panicked { message }),
        };
        if let Some(outcome) = outcome
            && let End::Claimed(claim) = cell.end_with(outcome, &mut None)
        {
            let erased: Arc<dyn AnyRun> = cell.clone();
            conclude(&erased, claim);
        }
        cell.bury(self.body.take());
        Poll::Ready(())
    }
}

impl<T, E, H> Future for LocalWork<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.cell.waits_to_be_polled(cx) {
            return Poll::Pending;
        }
        let waker = cx.waker().clone();
        self.poll_body(cx, Some(waker))
    }
}

impl<T, E, H> Drop for LocalWork<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    fn drop(&mut self) {
        let lost = self.cell.head.phase.lose_task();
        if self.body.is_none() {
            return;
        }
        if lost {
            let erased: Arc<dyn AnyRun> = self.cell.clone();
            settle(&erased, Rejection::Failed { failure: Failure::RuntimeShutDown });
        }
        self.cell.bury(self.body.take());
    }
}
