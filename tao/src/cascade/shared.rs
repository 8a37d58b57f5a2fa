//! What the lines of execution of a cascade share: who is still there, and what all must know.
//!
//! A cascade is at rest when no line is left. Each line holds a [`Presence`], which is counted when the line comes to
//! be, before the line that forked it can end, and counted off when the line is dropped: done, cut off or
//! aborted. So the count reaches zero once.
//!
//! No user code runs inside the lock: runs are started and aborted, and wakers woken and dropped, outside of it.

use super::{CascadeId, Conclusion};
use crate::{
    context::AppCtx,
    error::{Cause, CutError},
    handler::contain,
    kernel::Core,
    observe::{Place, What},
    sync::Mutex,
};
use rustc_hash::FxHashMap;
use slab::Slab;
use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};
use trine_core::{Outcome, Run, RunBuilder, RunContext, Text};

/// What the lines of execution of a cascade share.
pub(crate) struct Shared {
    /// The kernel.
    core: Arc<Core>,
    /// The cascade.
    id: CascadeId,
    /// The signal that it began with.
    entry: AppCtx,
    /// How many chained signals there were. Only counted up: each line needs a number of its own, no order.
    spent: AtomicU32,
    /// What the first signal came to.
    conclusion: OnceLock<Conclusion>,
    /// Whether the cascade was ended. Lines look at it before each dispatch; `Relaxed`, since one more dispatch on another thread
    /// is no different from one that came just before the end.
    over: AtomicBool,
    /// What changes.
    state: Mutex<State>,
}

struct State {
    /// How many lines there are.
    lines: usize,
    /// The live runs of the lines, by a number that is never used again: a run may be over before its start has
    /// returned. Empty places are of runs that are just being started, or aborted.
    runs: FxHashMap<u64, Option<CascadeRun>>,
    /// The number of the last run.
    last_run: u64,
    /// Why the cascade was ended.
    ended: Option<Text>,
    /// Those who wait for rest.
    waiters: Slab<Waker>,
}

/// The run that carries a line.
type CascadeRun = Run<(), Infallible>;

/// A line that is there.
pub(crate) struct Presence {
    shared: Arc<Shared>,
}

impl Shared {
    /// What the lines of a cascade share, seen by its first line, which is there.
    pub(crate) fn begin(
        core: Arc<Core>,
        id: CascadeId,
        entry: AppCtx,
        spent: u32,
        first: Option<Conclusion>,
    ) -> Presence {
        let state = State {
            lines: 1,
            runs: FxHashMap::default(),
            last_run: 0,
            ended: None,
            waiters: Slab::new(),
        };
        let shared = Self {
            core,
            id,
            entry,
            spent: AtomicU32::new(spent),
            conclusion: first.map_or_else(OnceLock::new, OnceLock::from),
            over: AtomicBool::new(false),
            state: Mutex::new(state),
        };
        Presence { shared: Arc::new(shared) }
    }

    pub(crate) fn entry(&self) -> &AppCtx {
        &self.entry
    }

    /// Counts one more chained signal; returns its number.
    pub(crate) fn spend(&self) -> u32 {
        self.spent.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Notes what the first signal came to.
    pub(crate) fn conclude(&self, conclusion: &Conclusion) {
        let _ = self.conclusion.set(conclusion.clone());
    }

    pub(crate) fn conclusion(&self) -> Option<Conclusion> {
        self.conclusion.get().cloned()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.state.lock().lines == 0
    }

    /// Starts the run of a line. If it ends without having come to the line's end, and not because the
    /// cascade was ended, `on_cut` is told why.
    pub(crate) fn start<B, F>(
        self: &Arc<Self>,
        builder: RunBuilder<'_, (), Infallible>,
        on_cut: impl FnOnce(Cause) + Send + 'static,
        body: B,
    ) where
        B: FnOnce(RunContext) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let number = self.state.lock().announce_run();
        let shared = Arc::clone(self);
        let builder = builder.on_settle(move |outcome| {
            let run = shared.state.lock().runs.remove(&number);
            drop(run);
            if let Some(cause) = cut(outcome)
                && !shared.is_over()
            {
                on_cut(cause);
            }
        });
        let run = builder.start(move |run| {
            let body = body(run);
            async move {
                body.await;
                Ok(())
            }
        });
        // The hook hears of its end.
        run.attend();
        let (run, ended) = {
            let mut state = self.state.lock();
            let ended = state.ended.clone();
            match state.runs.get_mut(&number) {
                Some(place) if ended.is_none() => {
                    *place = Some(run);
                    return;
                }
                _ => (run, ended),
            }
        };
        if let Some(reason) = ended {
            run.abort(reason);
        }
    }

    /// Notes that the first line was cut off.
    pub(crate) fn cut(&self, cause: Cause) -> CutError {
        let error = CutError { signal: self.entry.trigram().clone(), cause };
        self.core.report(&self.place(), &error.clone().into());
        let _ = self.conclusion.set(Conclusion::Failed(error.clone().into()));
        error
    }

    /// Why it was ended, if it was.
    pub(crate) fn ended(&self) -> Option<Text> {
        self.state.lock().ended.clone()
    }

    /// Ends the cascade; returns whether there was something to end.
    pub(crate) fn abort(&self, reason: Text) -> bool {
        let Some(runs) = self.take_runs(&reason) else { return false };
        self.core.observers().tell(&self.place(), What::Aborted(&reason));
        self.abort_runs(runs, reason);
        true
    }

    /// Ends the cascade for want of a budget; returns whether that is news.
    pub(crate) fn end(&self) -> bool {
        let reason = Text::from_static("the cascade's hop budget is spent");
        let Some(runs) = self.take_runs(&reason) else { return false };
        self.abort_runs(runs, reason);
        true
    }

    fn take_runs(&self, reason: &Text) -> Option<Vec<CascadeRun>> {
        let mut state = self.state.lock();
        if state.lines == 0 || state.ended.is_some() {
            return None;
        }
        state.ended = Some(reason.clone());
        self.over.store(true, Ordering::Relaxed);
        let mut runs: Vec<_> = state.runs.values_mut().filter_map(Option::take).collect();
        drop(state);
        // Oldest first, for whoever observes.
        runs.sort_unstable_by_key(Run::id);
        Some(runs)
    }

    fn abort_runs(&self, runs: Vec<CascadeRun>, reason: Text) {
        let _ = self.conclusion.get_or_init(|| {
            let cause = Cause::Aborted(reason.clone());
            let signal = self.entry.trigram().clone();
            Conclusion::Failed(CutError { signal, cause }.into())
        });
        for run in runs {
            run.abort(reason.clone());
        }
    }

    fn place(&self) -> Place {
        Place::entry(self.id, self.entry.clone())
    }

    pub(super) fn poll_rest(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        // Wakers are user code: cloned before the lock, dropped after it.
        let waker = cx.waker().clone();
        let _old = {
            let mut state = self.state.lock();
            if state.lines == 0 {
                return Poll::Ready(());
            }
            match *slot {
                Some(slot) => Some(std::mem::replace(&mut state.waiters[slot], waker)),
                None => {
                    *slot = Some(state.waiters.insert(waker));
                    None
                }
            }
        };
        Poll::Pending
    }

    pub(super) fn forget_waiter(&self, slot: usize) {
        let waker = self.state.lock().waiters.try_remove(slot);
        drop(waker);
    }

    pub(super) fn wait_blocking(self: &Arc<Self>, timeout: Duration) -> bool {
        let mut rest = pin!(super::Settled::new(Some(Arc::clone(self))));
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        // Beyond what an `Instant` can hold, there is no limit.
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if rest.as_mut().poll(&mut cx).is_ready() {
                return true;
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => return false,
                Some(left) => thread::park_timeout(left),
            }
        }
    }
}

impl State {
    /// Makes a place for a run that is about to be started.
    fn announce_run(&mut self) -> u64 {
        self.last_run += 1;
        self.runs.insert(self.last_run, None);
        self.last_run
    }
}

/// Wakes a thread that blocks.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Why a run did not come to its end.
fn cut(outcome: &Outcome<(), Infallible>) -> Option<Cause> {
    match outcome {
        Outcome::Fulfilled { .. } => None,
        Outcome::Failed { failure } => Some(Cause::NotRun(failure.clone())),
        Outcome::Aborted { reason, .. } => Some(Cause::Aborted(reason.clone())),
        Outcome::Panicked { message } => Some(Cause::Panicked(message.clone())),
        other => Some(Cause::Aborted(Text::from(format!("{} run", other.kind())))),
    }
}

impl Presence {
    /// A line more. To be called by a line that is there itself.
    pub(crate) fn enter(shared: &Arc<Shared>) -> Self {
        shared.state.lock().lines += 1;
        Self { shared: Arc::clone(shared) }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let waiters = {
            let mut state = self.shared.state.lock();
            state.lines -= 1;
            if state.lines > 0 {
                return;
            }
            std::mem::take(&mut state.waiters)
        };
        for (_, waker) in waiters {
            // A waker belongs to a runtime, which reports its own panics; a drop must not.
            let _ = contain(|| waker.wake());
        }
    }
}
