//! Trying again: how often, after how long, after which errors, and at whose expense.

use super::{
    clock::NoClock,
    context::RunContext,
    failure::Failure,
    outcome::Rejection,
    settle::settle,
    statuses::RunStep,
    timing::{pause_until, time_out, within},
};
use crate::{
    event::Event,
    sync::atomic::{AtomicU64, Ordering},
};
use std::{
    fmt,
    future::{Future, pending},
    sync::Arc,
    time::Duration,
};

/// Asked whether an error is worth another attempt.
type Predicate<E> = dyn Fn(&E) -> bool + Send + Sync;

/// How a run tries again when its body returns an error, or takes too long for one attempt: for
/// [`RunBuilder::start_retrying`](crate::RunBuilder::start_retrying).
///
/// A panic is not tried again, and nothing that ends the run from outside.
///
/// ```
/// use std::time::Duration;
/// use trine_core::{Clock, Retry, Store, test::{ManualClock, ManualExecutor}};
///
/// let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
/// let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
/// let retry = Retry::exponential(5, Duration::from_millis(100)).when(|error: &&str| *error == "busy");
/// let run = store.run_builder("fetch").start_retrying(retry, |cx| async move {
///     if cx.attempt() < 3 { Err("busy") } else { Ok("page") }
/// });
/// executor.run_until_stalled();
/// while clock.advance_to_next() {
///     executor.run_until_stalled();
/// }
/// assert!(run.outcome().unwrap().is_fulfilled());
/// assert_eq!(run.attempts(), 3);
/// assert_eq!(clock.now(), Duration::from_millis(300)); // 100, then 200
/// ```
#[must_use = "pass it to `start_retrying`"]
pub struct Retry<E> {
    /// How many attempts at most.
    attempts: u32,
    /// The pause after the first attempt.
    first: Duration,
    /// What each pause is multiplied by for the next.
    factor: u32,
    /// The longest pause.
    longest: Duration,
    /// By how much of itself a pause may be shortened, in 1/1000.
    jitter: u16,
    /// How long after the start an attempt may begin.
    within: Option<Duration>,
    /// How long an attempt may take.
    attempt_timeout: Option<Duration>,
    /// Whose retries these are.
    budget: Option<RetryBudget>,
    /// After which errors.
    when: Option<Arc<Predicate<E>>>,
}

impl<E> Retry<E> {
    /// At most `attempts` attempts, the first one included, with the same pause before each further one.
    pub fn constant(attempts: u32, pause: Duration) -> Self {
        Self {
            attempts,
            first: pause,
            factor: 1,
            longest: Duration::MAX,
            jitter: 0,
            within: None,
            attempt_timeout: None,
            budget: None,
            when: None,
        }
    }

    /// At most `attempts` attempts, the first one included; each pause is twice as long as the one before.
    pub fn exponential(attempts: u32, first_pause: Duration) -> Self {
        Self { factor: 2, ..Self::constant(attempts, first_pause) }
    }

    /// The longest pause; without it, they grow without end.
    pub fn max_pause(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Shortens each pause by a random part of itself, so that those who failed together do not come back together: `1.0`
    /// for anything from nothing to the whole pause, `0.5` for at least half of it. The store's seed
    /// ([`StoreBuilder::seed`](crate::StoreBuilder::seed)) decides what comes.
    pub fn jitter(mut self, part: f64) -> Self {
        // Saturates, also for what is not a number.
        self.jitter = (part.clamp(0.0, 1.0) * 1_000.0) as u16;
        self
    }

    /// No attempt begins later than `time` after the run's start.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// Gives up an attempt that takes longer than `time`: its future is dropped. If there is no further attempt
    /// the run ends as [`Outcome::TimedOut`](crate::Outcome::TimedOut).
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.attempt_timeout = Some(time);
        self
    }

    /// Takes what is tried again from a budget that many runs share.
    pub fn budget(mut self, budget: &RetryBudget) -> Self {
        self.budget = Some(budget.clone());
        self
    }

    /// Tries again only after errors that `worth` says yes to. It is called where the body is polled; if it panics, the
    /// run ends as panicked.
    pub fn when(mut self, worth: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Arc::new(worth));
        self
    }

    /// The same for a body whose errors are of another type, `F`. `look_into` is to find the `E` in one of them and to ask its
    /// second argument, the predicate of [`when`](Self::when), about it: for front ends, whose bodies wrap the
    /// errors of their users.
    pub fn for_errors<F>(
        self,
        look_into: impl Fn(&F, &dyn Fn(&E) -> bool) -> bool + Send + Sync + 'static,
    ) -> Retry<F>
    where
        E: 'static,
    {
        let Self {
            attempts,
            first,
            factor,
            longest,
            jitter,
            within,
            attempt_timeout,
            budget,
            when,
        } = self;
        let when = when.map(|when| -> Arc<Predicate<F>> {
            Arc::new(move |error| look_into(error, &|inner| when(inner)))
        });
        Retry { attempts, first, factor, longest, jitter, within, attempt_timeout, budget, when }
    }

    /// The pause before attempt `next`, the longest it may be.
    fn pause_before(&self, next: u32) -> Duration {
        let grown = self.factor.checked_pow(next.saturating_sub(2));
        let pause = grown.and_then(|grown| self.first.checked_mul(grown));
        pause.unwrap_or(Duration::MAX).min(self.longest)
    }

    /// [`pause_before`](Self::pause_before), shortened at random.
    fn jittered(&self, pause: Duration, random: u64) -> Duration {
        if self.jitter == 0 {
            return pause;
        }
        // In units of 2^-32, so that every pause can be cut exactly alike on every machine.
        let cut = (random >> 32) as u128 * u128::from(self.jitter) / 1_000;
        let cut = pause.as_nanos().saturating_mul(cut) >> 32;
        pause.saturating_sub(Duration::from_nanos(u64::try_from(cut).unwrap_or(u64::MAX)))
    }
}

impl<E> Clone for Retry<E> {
    fn clone(&self) -> Self {
        Self { budget: self.budget.clone(), when: self.when.clone(), ..*self }
    }
}

/// How many attempts beyond their first ones many runs may make together, so that retries do not finish off a service that
/// is failing already.
///
/// It begins full. Each retry takes 1; each attempt that is fulfilled gives back a part. Clones share it.
#[derive(Clone)]
pub struct RetryBudget {
    /// What the clones share.
    shared: Arc<Balance>,
}

struct Balance {
    /// What is left, in parts. `Relaxed`: nothing else hangs on it.
    left: AtomicU64,
    /// How many parts are a retry.
    retry: u64,
    /// How many parts there may be.
    full: u64,
}

impl RetryBudget {
    /// A budget of `retries`; it takes so many successes to earn one of them back.
    #[must_use]
    pub fn new(retries: u32, successes_per_retry: u32) -> Self {
        let retry = u64::from(successes_per_retry.max(1));
        let full = u64::from(retries) * retry;
        Self { shared: Arc::new(Balance { left: AtomicU64::new(full), retry, full }) }
    }

    /// How many retries are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.shared.left.load(Ordering::Relaxed) / self.shared.retry
    }

    fn take(&self) -> bool {
        self.change(|left| left.checked_sub(self.shared.retry))
    }

    fn give(&self) {
        self.change(|left| (left < self.shared.full).then_some(left + 1));
    }

    fn change(&self, change: impl FnMut(u64) -> Option<u64>) -> bool {
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        self.shared.left.fetch_update(set, get, change).is_ok()
    }
}

/// What one attempt came to.
enum Attempt<T, E> {
    Ended(Result<T, E>),
    TimedOut(Duration),
}

/// Calls `body` until it is fulfilled or not worth trying again.
pub(super) async fn attempts<T, E, F>(
    cx: RunContext,
    retry: Retry<E>,
    mut body: impl FnMut(RunContext) -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let Some(clock) = cx.core().upgrade().and_then(|core| core.clock.clone()) else {
        settle(cx.cell(), Rejection::Failed { failure: Failure::NoClock(NoClock::new()) });
        return pending().await;
    };
    let begun = clock.now();
    let mut attempt = 1;
    loop {
        let body = body(cx.clone());
        let ended = match retry.attempt_timeout {
            None => Attempt::Ended(body.await),
            Some(limit) => match within(&*clock, limit, body).await {
                Some(result) => Attempt::Ended(result),
                None => Attempt::TimedOut(limit),
            },
        };
        let worth = match &ended {
            Attempt::Ended(Ok(_)) => {
                if let Some(budget) = &retry.budget {
                    budget.give();
                }
                false
            }
            Attempt::Ended(Err(error)) => retry.when.as_ref().is_none_or(|when| when(error)),
            Attempt::TimedOut(_) => true,
        };
        if worth && attempt < retry.attempts {
            let pause_for = retry.pause_before(attempt + 1);
            let pause_for = retry.jittered(pause_for, cx.cell().head().executor.random());
            let next = clock.now().saturating_add(pause_for);
            let in_time = retry.within.is_none_or(|within| next <= begun.saturating_add(within));
            if in_time && retry.budget.as_ref().is_none_or(RetryBudget::take) {
                // Dropped before the pause: it may be large, or hold what the next attempt needs.
                drop(ended);
                pause_until(&*clock, next).await;
                attempt += 1;
                begin(&cx, attempt);
                continue;
            }
        }
        return match ended {
            Attempt::Ended(result) => result,
            Attempt::TimedOut(limit) => time_out(&cx, limit).await,
        };
    }
}

/// Notes and tells that another attempt begins.
fn begin(cx: &RunContext, attempt: u32) {
    let head = cx.cell().head();
    head.set_attempt(attempt);
    if head.executor.is_observed() {
        head.executor.tell(|| Event::RunRetried { run: head.id, name: head.name.clone(), attempt });
    }
    // Those that share it make the same attempt.
    let sharing = cx.cell().followers();
    for run in sharing.iter().chain([cx.cell()]) {
        let head = run.head();
        head.set_attempt(attempt);
        if head.executor.follows(&head.name)
            && let Some(core) = head.executor.core()
        {
            head.executor.count(&core, head, RunStep::Retry);
        }
    }
}

impl<E> fmt::Debug for Retry<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("attempts", &self.attempts)
            .field("first", &self.first)
            .field("factor", &self.factor)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget").field("left", &self.left()).finish_non_exhaustive()
    }
}
