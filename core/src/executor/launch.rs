//! The first poll of a body, and how it goes on elsewhere.
//!
//! A body may start runs whose bodies start runs. Their first polls nest on one stack, so beyond
//! [`INLINE_DEPTH`] of them the body is left to the spawner.

use super::{
    any_run::{AnyRun, Step},
    cell::{Body, RunCell},
    clock::Clock,
    contain::contain,
    context::RunContext,
    home::judge,
    hooks::SettleHook,
    id::RunId,
    outcome::Rejection,
    settle::{conclude, settle},
    task::Task,
    timing::Timing,
};
use crate::{store::Core, sync::thread_locals};
use std::{cell::Cell, future::Future, sync::Arc, time::Duration};

/// How many first polls may nest on one stack.
const INLINE_DEPTH: u32 = 32;

thread_locals! {
    /// How many first polls this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// How a body is to be begun.
#[derive(Default)]
pub(super) struct How {
    /// Whether even its first poll is the spawner's.
    pub(super) queued: bool,
    /// What is to be waited for, and for how long.
    pub(super) timing: Option<Timing>,
}

/// A body that is to be begun; where it may be polled depends on its type.
pub(super) trait Launch<T, E> {
    /// What there is to drop if it is not begun.
    type Body: 'static;

    /// Begins the body of a run that is active.
    fn launch<H>(self, core: &Core, cell: &Arc<RunCell<T, E, H>>, cx: RunContext, how: How)
    where
        H: SettleHook<T, E>;

    fn into_body(self) -> Self::Body;
}

/// A body that may be polled by any thread.
pub(super) struct Anywhere<B>(pub(super) B);

impl<T, E, B, F> Launch<T, E> for Anywhere<B>
where
    B: FnOnce(RunContext) -> F + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    type Body = B;

    #[inline]
    fn launch<H>(self, core: &Core, cell: &Arc<RunCell<T, E, H>>, cx: RunContext, how: How)
    where
        H: SettleHook<T, E>,
    {
        let body = self.0;
        if !how.queued && may_nest() {
            return match how.timing {
                None => poll_inline(core, cell, move || Box::pin(body(cx))),
                Some(timing) => poll_inline(core, cell, move || Box::pin(timing.apply(cx, body))),
            };
        }
        queue(
            core,
            cell,
            match how.timing {
                None => Box::pin(async move { body(cx).await }),
                Some(timing) => Box::pin(timing.apply(cx, body)),
            },
        );
    }

    fn into_body(self) -> B {
        self.0
    }
}

/// Whether another first poll may be made on this stack.
pub(super) fn may_nest() -> bool {
    DEPTH.with(Cell::get) < INLINE_DEPTH
}

/// Leaves the body to its home, or to a task.
fn queue<T, E, H>(core: &Core, cell: &Arc<RunCell<T, E, H>>, body: Body<T, E>)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    // A spawner that panics here will be asked again for a task.
    let home = contain(|| core.executor.home(&*core.spawner)).unwrap_or(None);
    if cell.queue_at(body, home) == Step::Pending {
        spawn(core, cell);
    }
}

/// Calls the body, by `make`, and polls it for the first time.
fn poll_inline<T, E, H>(
    core: &Core,
    cell: &Arc<RunCell<T, E, H>>,
    make: impl FnOnce() -> Body<T, E> + Send + 'static,
) where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    let mut make = Some(make);
    let mut step = Step::Pending;
    let mut poll = || {
        if let Some(make) = make.take() {
            step = cell.poll_new_body(make, || core.executor.home(&*core.spawner));
        }
    };
    let watched = Watched::begin(core);
    let entered = contain(|| core.spawner.enter(&mut poll));
    watched.end(&cell.head.name, Some(cell.head.id));
    if let Some(make) = make {
        // The spawner did not poll: it panicked, or does not keep its contract. The task will.
        step = cell.queue_at(Box::pin(async move { make().await }), None);
    }
    if let Err(message) = entered {
        let erased: Arc<dyn AnyRun> = cell.clone();
        settle(&erased, Rejection::Panicked { message });
    }
    match step {
        Step::Pending if cell.head.phase.is_active() => spawn(core, cell),
        Step::Claimed(claim) => {
            let erased: Arc<dyn AnyRun> = cell.clone();
            conclude(&erased, claim);
        }
        Step::Pending | Step::Parked | Step::Over => {}
    }
}

fn spawn<T, E, H>(core: &Core, cell: &Arc<RunCell<T, E, H>>)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    let run: Arc<dyn AnyRun> = cell.clone();
    let answer = contain(|| core.spawner.spawn(Task::run(Arc::clone(&run))));
    judge(&run, answer);
}

/// Looks how long a first poll takes, if that is asked for.
pub(super) struct Watched<'a>(Option<(&'a dyn Clock, Duration, Duration)>);

impl<'a> Watched<'a> {
    #[inline]
    pub(super) fn begin(core: &'a Core) -> Self {
        let (Some(bound), Some(clock)) = (core.slow_poll, core.clock.as_deref()) else {
            return Self(None);
        };
        Self(Some((clock, bound, clock.now())))
    }

    #[inline]
    pub(super) fn end(self, name: &str, run: Option<RunId>) {
        if let Some((clock, bound, began)) = self.0 {
            report_if_slow(clock.now().saturating_sub(began), bound, name, run);
        }
    }
}

#[cold]
fn report_if_slow(took: Duration, bound: Duration, name: &str, run: Option<RunId>) {
    if took >= bound {
        tracing::warn!(
            run = run.map(RunId::get),
            name = %name,
            ?took,
            "the first poll of a body held up its caller: slow work belongs behind an `.await`"
        );
    }
}

/// Counts a first poll for as long as it lives.
pub(super) struct Nested;

impl Nested {
    #[inline]
    pub(super) fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Nested {
    #[inline]
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}
