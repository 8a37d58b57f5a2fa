//! What the lines of execution of a cascade share: who is still there, and what all must know.
//!
//! A cascade is at rest when no line is left. Each line holds a [`Presence`], which is counted when the line comes to
//! be, before the line that forked it can end, and counted off when the line is dropped: done, cut off or
//! aborted. So the count reaches zero once.
//!
//! No user code runs inside the lock: runs are started and aborted, and wakers woken and dropped, outside of it.

use super::{CascadeId, Conclusion, Ending, waiters::Waiters};
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::{
    context::AppCtx,
    envelope::Chain,
    error::{CascadeError, Cause, CutError, HopBudgetError},
    handler::contain,
    kernel::Core,
    observe::{Place, What},
    sync::{Mutex, mutant},
};
use rustc_hash::FxHashMap;
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};
use trine_core::{Clock, Failure, NoClock, Outcome, Run, RunBuilder, RunContext, Store, Text};

/// What the lines of execution of a cascade share.
pub(crate) struct Shared {
    /// The kernel.
    core: Arc<Core>,
    /// The cascade.
    id: CascadeId,
    /// The signal that it began with.
    entry: AppCtx,
    /// What that came with.
    chain: Chain,
    /// Until when.
    deadline: Option<Box<Deadline>>,
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

/// When a cascade's time is up.
pub(crate) struct Deadline {
    /// How long it may take.
    pub(crate) timeout: Duration,
    /// When that is over, on this clock; none if there is no clock, and so no time.
    pub(crate) at: Option<(Arc<dyn Clock>, Duration)>,
}

struct State {
    /// How many lines there are.
    lines: usize,
    /// Whether the last one is about to go, so that there is nothing to end any more.
    resting: bool,
    /// The live runs of the lines, by a number that is never used again: a run may be over before its start has
    /// returned. Empty places are of runs that are just being started, or aborted.
    runs: LiveRuns,
    /// The number of the last run.
    last_run: u64,
    /// How the cascade was ended before it came to rest by itself.
    ended: Option<Ending>,
    /// Those who wait for rest.
    waiters: Waiters,
}

/// The live runs of a cascade: almost always one, which needs no allocation.
#[derive(Default)]
struct LiveRuns {
    one: Option<(u64, Option<CascadeRun>)>,
    more: Option<Box<FxHashMap<u64, Option<CascadeRun>>>>,
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
        entry: (AppCtx, Chain),
        deadline: Option<Box<Deadline>>,
        spent: u32,
        first: Option<Conclusion>,
    ) -> Presence {
        let (entry, chain) = entry;
        let state = State {
            lines: 1,
            resting: false,
            runs: LiveRuns::default(),
            last_run: 0,
            ended: None,
            waiters: Waiters::default(),
        };
        let shared = Self {
            core,
            id,
            entry,
            chain,
            deadline,
            spent: AtomicU32::new(spent),
            conclusion: first.map_or_else(OnceLock::new, OnceLock::from),
            over: AtomicBool::new(false),
            state: Mutex::new(state),
        };
        Presence { shared: Arc::new(shared) }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
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

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        if self.over.load(Ordering::Relaxed) {
            return true;
        }
        let Some(deadline) = &self.deadline else { return false };
        deadline.is_past() && {
            self.time_out();
            true
        }
    }

    /// How it came to rest, once it has.
    pub(crate) fn ending(&self) -> Option<Ending> {
        let state = self.state.lock();
        (state.lines == 0).then(|| state.ended.clone().unwrap_or(Ending::Completed))
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.state.lock().lines == 0
    }

    /// Makes a place for the run of a line that is about to be started; returns its number.
    pub(crate) fn announce_run(&self) -> u64 {
        self.state.lock().announce_run()
    }

    /// Starts the run of a line, which was [announced](Self::announce_run) under this number. If it ends without having come to the
    /// line's end, and not because the cascade was ended, `on_cut` is told why.
    pub(crate) fn start<B, F>(
        self: &Arc<Self>,
        number: u64,
        builder: RunBuilder<'_, (), Infallible>,
        on_cut: impl FnOnce(Cause) + Send + 'static,
        body: B,
    ) where
        B: FnOnce(RunContext) -> F + Send + 'static,
        F: Future<Output = Result<(), Infallible>> + Send + 'static,
    {
        let shared = Arc::clone(self);
        let builder = builder.on_settle(move |outcome| {
            let run = shared.state.lock().runs.remove(number);
            drop(run);
            if let Some(cause) = cut(outcome)
                && !shared.is_over()
            {
                on_cut(cause);
            }
        });
        let run = builder.start(body);
        // The hook hears of its end.
        run.attend();
        let (run, ended) = {
            let mut state = self.state.lock();
            let ended = state.ended.clone();
            match state.runs.place(number) {
                Some(place) if ended.is_none() => {
                    *place = Some(run);
                    return;
                }
                _ => (run, ended),
            }
        };
        if let Some(ending) = ended {
            run.abort(ending.to_string());
        }
    }

    /// Has a run watch the clock until the cascade has come to rest, if its time is limited.
    pub(crate) fn watch_deadline(self: &Arc<Self>, store: &Store) {
        let Some(deadline) = &self.deadline else { return };
        let Some((clock, at)) = &deadline.at else { return };
        let mut up = clock.sleep_until(*at);
        let shared = Arc::clone(self);
        let run: CascadeRun = store.run("tao timeout", move |_| async move {
            let mut rest = pin!(super::Settled::new(Some(Arc::clone(&shared))));
            let is_up = poll_fn(|cx| match rest.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(false),
                Poll::Pending => up.as_mut().poll(cx).map(|()| true),
            });
            if is_up.await {
                shared.time_out();
            }
            Ok(())
        });
        // It has nothing to tell; and if it cannot run, the line cannot either, and that is told.
        run.attend();
    }

    /// Notes that the first line was cut off.
    pub(crate) fn cut(&self, cause: Cause) -> CutError {
        let error = CutError { signal: self.entry.trigram().clone(), cause };
        self.core.report(&self.place(), &error.clone().into());
        let _ = self.conclusion.set(Conclusion::Failed(Arc::new(error.clone().into())));
        error
    }

    /// Why it was ended, if it was.
    pub(crate) fn ended(&self) -> Option<Text> {
        self.state.lock().ended.as_ref().map(|ending| Text::from(ending.to_string()))
    }

    /// Ends the cascade; returns whether there was something to end.
    pub(crate) fn abort(&self, reason: Text) -> bool {
        let Some(runs) = self.take_runs(&Ending::Aborted(reason.clone())) else { return false };
        self.core.observers().tell(&self.place(), What::Aborted(&reason));
        self.abort_runs(runs, reason);
        true
    }

    /// Ends the cascade for want of a budget, at this place; returns the error if that is news.
    #[cold]
    pub(crate) fn exhaust(&self, place: &Place, error: HopBudgetError) -> Option<CascadeError> {
        let ending = Ending::HopBudget(error.clone());
        let runs = self.take_runs(&ending)?;
        self.abort_runs(runs, Text::from(ending.to_string()));
        let error = CascadeError::from(error);
        self.core.report(place, &error);
        Some(error)
    }

    /// Ends the cascade because its time is up.
    #[cold]
    fn time_out(&self) {
        let Some(deadline) = &self.deadline else { return };
        let ending = Ending::TimedOut(deadline.timeout);
        let Some(runs) = self.take_runs(&ending) else { return };
        let cause = match &deadline.at {
            Some(_) => Cause::Aborted(Text::from(ending.to_string())),
            None => Cause::NotRun(Failure::NoClock(NoClock::new())),
        };
        let error = CutError { signal: self.entry.trigram().clone(), cause };
        self.core.report(&self.place(), &error.into());
        self.abort_runs(runs, Text::from(ending.to_string()));
    }

    fn take_runs(&self, ending: &Ending) -> Option<Vec<CascadeRun>> {
        let mut state = self.state.lock();
        if state.lines == 0 || state.resting || state.ended.is_some() {
            return None;
        }
        state.ended = Some(ending.clone());
        self.over.store(true, Ordering::Relaxed);
        let mut runs: Vec<_> = state.runs.places().filter_map(Option::take).collect();
        drop(state);
        // Oldest first, for whoever observes.
        runs.sort_unstable_by_key(Run::id);
        Some(runs)
    }

    fn abort_runs(&self, runs: Vec<CascadeRun>, reason: Text) {
        let _ = self.conclusion.get_or_init(|| {
            let cause = Cause::Aborted(reason.clone());
            let signal = self.entry.trigram().clone();
            Conclusion::Failed(Arc::new(CutError { signal, cause }.into()))
        });
        for run in runs {
            run.abort(reason.clone());
        }
    }

    fn place(&self) -> Place {
        Place::entry(self.id, self.entry.clone(), self.chain.clone())
    }

    pub(super) fn poll_rest(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        // Wakers are user code: cloned before the lock, dropped after it.
        let waker = cx.waker().clone();
        let _old = {
            let mut state = self.state.lock();
            if state.lines == 0 {
                return Poll::Ready(());
            }
            state.waiters.put(slot, waker)
        };
        Poll::Pending
    }

    pub(super) fn forget_waiter(&self, slot: usize) {
        let waker = self.state.lock().waiters.take(slot);
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

impl LiveRuns {
    fn announce(&mut self, number: u64) {
        match self.one {
            None => self.one = Some((number, None)),
            Some(_) => drop(self.more.get_or_insert_default().insert(number, None)),
        }
    }

    fn place(&mut self, number: u64) -> Option<&mut Option<CascadeRun>> {
        match &mut self.one {
            Some((own, place)) if *own == number => Some(place),
            _ => self.more.as_mut()?.get_mut(&number),
        }
    }

    fn remove(&mut self, number: u64) -> Option<CascadeRun> {
        match &self.one {
            Some((own, _)) if *own == number => self.one.take()?.1,
            _ => self.more.as_mut()?.remove(&number)?,
        }
    }

    fn places(&mut self) -> impl Iterator<Item = &mut Option<CascadeRun>> {
        self.one
            .iter_mut()
            .map(|(_, place)| place)
            .chain(self.more.iter_mut().flat_map(|more| more.values_mut()))
    }
}

impl State {
    /// Makes a place for a run that is about to be started.
    fn announce_run(&mut self) -> u64 {
        self.last_run += 1;
        self.runs.announce(self.last_run);
        self.last_run
    }
}

impl Deadline {
    fn is_past(&self) -> bool {
        self.at.as_ref().is_none_or(|(clock, at)| clock.now() >= *at)
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
    /// A line more, which is about to be started in a run of its own; that has the number. To be called by a line that is there itself.
    pub(crate) fn announce(shared: &Arc<Shared>) -> (u64, Self) {
        let mut state = shared.state.lock();
        state.lines += 1;
        (state.announce_run(), Self { shared: Arc::clone(shared) })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if state.lines > 1 {
            state.lines -= 1;
            return;
        }
        // The last line: nobody else can make one. Who observes learns of it before who waits.
        let observers = self.shared.core.observers();
        if observers.hear_of_signals() {
            state.resting = !mutant("a cascade is ended as it comes to rest");
            let ending = state.ended.clone().unwrap_or(Ending::Completed);
            drop(state);
            observers.tell(&self.shared.place(), What::Rested(&ending));
            state = self.shared.state.lock();
        }
        state.lines = 0;
        if mutant("rest wakes nobody") {
            return;
        }
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        for waker in waiters.into_wakers() {
            // A waker belongs to a runtime, which reports its own panics; a drop must not.
            let _ = contain(|| waker.wake());
        }
    }
}
