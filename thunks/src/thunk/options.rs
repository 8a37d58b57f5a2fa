//! What can be said about a thunk beside its body: when it may run, beside whom, how often, for how long.
//!
//! The names are those of [`RunBuilder`], which each run is made with.

use super::{
    AsyncThunk, Definition,
    condition::{Ask, ConditionApi},
    keys::ByKey,
};
use std::{fmt, future::Future, hash::Hash, sync::Arc, time::Duration};
use trine_core::{Policy, Retry, RunBuilder, Text, Wanted};

/// What was said, as far as it is the executor's business.
pub(super) struct Options<E> {
    /// Whom a run excludes.
    pub(super) policy: Policy,
    /// How often runs may come.
    pace: Option<(Pace, Duration)>,
    /// How long a run may take.
    timeout: Option<Duration>,
    /// Whether a run tries again.
    pub(super) retry: Option<Retry<E>>,
    /// Whether even the first poll of a body is the runtime's.
    queued: bool,
    /// What else its runs can be found by.
    pub(super) tags: Vec<Text>,
    /// Whether the end is told of runs that never became pending.
    pub(super) tells_skipped: bool,
    /// How often progress is told at most.
    pub(super) progress_every: Option<Duration>,
}

/// How often runs may come.
#[derive(Clone, Copy)]
enum Pace {
    Debounce,
    DebounceLeading,
    Throttle,
    ThrottleLeading,
}

impl<E> Default for Options<E> {
    fn default() -> Self {
        Self {
            policy: Policy::Parallel,
            pace: None,
            timeout: None,
            retry: None,
            queued: false,
            tags: Vec::new(),
            tells_skipped: false,
            progress_every: None,
        }
    }
}

impl<E> Clone for Options<E> {
    fn clone(&self) -> Self {
        Self { retry: self.retry.clone(), tags: self.tags.clone(), ..*self }
    }
}

impl<E> Options<E> {
    fn is_plain(&self) -> bool {
        self.policy == Policy::Parallel
            && self.pace.is_none()
            && self.timeout.is_none()
            && !self.queued
            && self.tags.is_empty()
    }

    /// Describes a run.
    pub(super) fn apply<'a, T>(&self, mut builder: RunBuilder<'a, T, E>) -> RunBuilder<'a, T, E> {
        if self.is_plain() {
            // A builder is large, and each step moves it.
            return builder;
        }
        builder = builder.policy(self.policy);
        if let Some((pace, time)) = self.pace {
            builder = match pace {
                Pace::Debounce => builder.debounce(time),
                Pace::DebounceLeading => builder.debounce_leading(time),
                Pace::Throttle => builder.throttle(time),
                Pace::ThrottleLeading => builder.throttle_leading(time),
            };
        }
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        if self.queued {
            builder = builder.queued();
        }
        for tag in &self.tags {
            builder = builder.tag(tag.clone());
        }
        builder
    }
}

/// Options. Each makes the thunk another one if it was cloned before: clones stay what they are.
impl<A, T, E, X, M> AsyncThunk<A, T, E, X, M>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    /// Asks `condition` before each run whether it is wanted: a `bool`, or a [`Wanted`] that says why not. If it is not, no
    /// event is told (but see [`dispatch_skipped`](Self::dispatch_skipped)), no other run is superseded, and the run's
    /// outcome is [`Skipped`](trine_core::Outcome::Skipped).
    ///
    /// It is asked on the dispatching thread, outside the lease, before anything else happens, and may read the state. If it
    /// panics the outcome is [`Failed`](trine_core::Outcome::Failed).
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi, Wanted};
    ///
    /// static LOADED: SliceKey<Vec<u32>> = SliceKey::new("loaded");
    /// let fetch = AsyncThunk::new("fetch", |id: u32, _: ThunkApi| async move { Ok::<_, String>(id) })
    ///     .condition(|id, api| match api.read(&LOADED, |loaded| loaded.contains(id)) {
    ///         true => Wanted::no("loaded already"),
    ///         false => Wanted::Yes,
    ///     });
    /// let loaded = LOADED.slice(Vec::new).on(fetch.fulfilled(), |loaded, run| loaded.push(**run.payload()));
    /// let store = Store::builder().slice(loaded).build().unwrap();
    /// assert!(store.dispatch(fetch.with(7)).outcome().unwrap().is_fulfilled());
    /// assert!(store.dispatch(fetch.with(7)).outcome().unwrap().is_skipped());
    /// ```
    #[must_use]
    pub fn condition<W: Into<Wanted>>(
        self,
        condition: impl Fn(&A, &ConditionApi<'_, X>) -> W + Send + Sync + 'static,
    ) -> Self {
        let ask = Ask::Now(Arc::new(move |arg, api| condition(arg, api).into()));
        self.with_option(|definition| definition.condition = Some(ask))
    }

    /// [`condition`](Self::condition) that may have to wait. The run becomes pending when it has said yes: before `dispatch`
    /// returns, if it is ready at once.
    ///
    /// It is asked by the run, after the policy was looked at: a run that waits for its condition is under way, may be
    /// superseded, and is interrupted by an abort, which then is its outcome whatever the condition would have said. An
    /// abort leaves it without any event, as it never became pending. Of the condition's panic the outcome is
    /// [`Failed`](trine_core::Outcome::Failed).
    #[must_use]
    pub fn condition_async<W, F>(
        self,
        condition: impl Fn(A, ConditionApi<'static, X>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        W: Into<Wanted>,
        F: Future<Output = W> + Send + 'static,
    {
        let ask = Ask::Later(Arc::new(move |arg, api| {
            let wanted = condition(arg, api);
            Box::pin(async move { wanted.await.into() })
        }));
        self.with_option(|definition| definition.condition = Some(ask))
    }

    /// Tells the slices' [`rejected`](Self::rejected) cases also of runs that never became pending: skipped by condition or
    /// policy, aborted before, failed before. The original's `dispatchConditionRejection`.
    #[must_use]
    pub fn dispatch_skipped(self) -> Self {
        self.with_option(|definition| definition.options.tells_skipped = true)
    }

    /// What to do when a run is dispatched while others of this thunk, and of its [`key`](Self::key), are under way.
    ///
    /// | policy | elsewhere called | the new run |
    /// |---|---|---|
    /// | [`Policy::Parallel`] | | runs beside the others; the default |
    /// | [`Policy::Latest`] | take latest, switch | supersedes them: their rejected events are out before its pending event |
    /// | [`Policy::Leading`] | take leading, exhaust | is skipped, without any event |
    /// | [`Policy::Queue`] | | is pending, and its body called when its turn comes; skipped beyond so many that wait |
    /// | [`Policy::Limit`] | semaphore | likewise, with so many at a time and any number waiting |
    /// | [`Policy::Shared`] | deduplication | gets what the one under way comes to; the body goes on until the last of them is aborted |
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        self.with_option(|definition| definition.options.policy = policy)
    }

    /// Short for [`policy`](Self::policy) with [`Policy::Latest`]: only the latest run counts.
    ///
    /// Dispatches do not wait for each other: if another thread is starting or ending the earlier run at this very moment,
    /// that thread tells its end, perhaps a little later. Reducers that go by
    /// [`is_cancelled`](super::Rejected::is_cancelled) or the request id do not mind.
    #[must_use]
    pub fn latest(self) -> Self {
        self.policy(Policy::Latest)
    }

    /// Short for [`policy`](Self::policy) with [`Policy::Leading`]: a new run is skipped while one is under way.
    #[must_use]
    pub fn leading(self) -> Self {
        self.policy(Policy::Leading)
    }

    /// What tells runs apart for policies and times: runs of different keys do not exclude each other. Also for
    /// [`Store::runs_of_key`](crate::Store::runs_of_key) and [`Store::state_of_key`](crate::Store::state_of_key).
    ///
    /// `key` is called on the dispatching thread, once for each run, outside the lease. If it panics the outcome is [`Failed`](trine_core::Outcome::Failed). `Eq` is
    /// called inside the lease, so it must be pure.
    #[must_use]
    pub fn key<K: Hash + Eq + fmt::Debug + Clone + Send + Sync + 'static>(
        self,
        key: impl Fn(&A) -> K + Send + Sync + 'static,
    ) -> Self {
        self.with_option(|definition| definition.key = Some(Arc::new(ByKey::new(key))))
    }

    /// What else all its runs can be found by: see [`Store::runs`](crate::Store::runs) and
    /// [`Store::pending_of_tag`](crate::Store::pending_of_tag). May be called several times.
    #[must_use]
    pub fn tag(self, tag: impl Into<Text>) -> Self {
        self.with_option(|definition| definition.options.tags.push(tag.into()))
    }

    /// Ends a run as [`TimedOut`](trine_core::Outcome::TimedOut) when its body is not done `time` after it was begun, all
    /// attempts included. See [`RunBuilder::timeout`]; the limit of one attempt is [`Retry::attempt_timeout`].
    #[must_use]
    pub fn timeout(self, time: Duration) -> Self {
        self.with_option(|definition| definition.options.timeout = Some(time))
    }

    /// Calls the body again when it returns an error, as `retry` says. All attempts are one run, with one pending event and one
    /// terminal event, which tells how many [attempts](super::Rejected::attempts) there were; the body is told by
    /// [`ThunkApi::attempt`](super::ThunkApi::attempt).
    ///
    /// ```
    /// use std::time::Duration;
    /// use trine_core::{Clock, test::{ManualClock, ManualExecutor}};
    /// use trine_thunks::{AsyncThunk, Retry, Store, ThunkApi};
    ///
    /// let fetch = AsyncThunk::new("fetch", |(): (), api: ThunkApi| async move {
    ///     if api.attempt() < 3 { Err("busy") } else { Ok("page") }
    /// })
    /// .retry(Retry::exponential(5, Duration::from_millis(100)).when(|error| *error == "busy"));
    ///
    /// let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    /// let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    /// let store = Store::builder().on(core).build().unwrap();
    /// let run = store.dispatch(fetch.with(()));
    /// executor.run_until_stalled();
    /// while clock.advance_to_next() {
    ///     executor.run_until_stalled();
    /// }
    /// assert!(run.outcome().unwrap().is_fulfilled());
    /// assert_eq!(clock.now(), Duration::from_millis(300));
    /// ```
    #[must_use]
    pub fn retry(self, retry: Retry<E>) -> Self {
        self.with_option(|definition| definition.options.retry = Some(retry))
    }

    /// Has the body wait until no other run has come for `quiet`; one that comes before supersedes this one. See
    /// [`RunBuilder::debounce`].
    #[must_use]
    pub fn debounce(self, quiet: Duration) -> Self {
        self.with_pace(Pace::Debounce, quiet)
    }

    /// Starts a run at once if no other one has come for `quiet`, and else skips it. See
    /// [`RunBuilder::debounce_leading`].
    #[must_use]
    pub fn debounce_leading(self, quiet: Duration) -> Self {
        self.with_pace(Pace::DebounceLeading, quiet)
    }

    /// Begins at most one body per `time`; of the runs that come meanwhile, the last one waits. See
    /// [`RunBuilder::throttle`].
    #[must_use]
    pub fn throttle(self, time: Duration) -> Self {
        self.with_pace(Pace::Throttle, time)
    }

    /// Starts a run at once, unless one was begun less than `time` ago: then it is skipped. See
    /// [`RunBuilder::throttle_leading`].
    #[must_use]
    pub fn throttle_leading(self, time: Duration) -> Self {
        self.with_pace(Pace::ThrottleLeading, time)
    }

    /// Leaves even the first poll of the body to the runtime: no part of it runs before `dispatch` returns. The run is pending
    /// by then all the same.
    #[must_use]
    pub fn queued(self) -> Self {
        self.with_option(|definition| definition.options.queued = true)
    }

    /// Tells [progress](super::ThunkApi::report) at most once per `time`: what is reported in between replaces what was
    /// reported before it and has not been told yet. What is left is told before the end of the run.
    #[must_use]
    pub fn progress_every(self, time: Duration) -> Self {
        self.with_option(|definition| definition.options.progress_every = Some(time))
    }

    fn with_pace(self, pace: Pace, time: Duration) -> Self {
        self.with_option(|definition| definition.options.pace = Some((pace, time)))
    }

    pub(super) fn with_option(mut self, set: impl FnOnce(&mut Definition<A, T, E, X, M>)) -> Self {
        match Arc::get_mut(&mut self.definition) {
            Some(definition) => set(definition),
            None => {
                // There are clones, and they stay what they are: this is another thunk.
                let mut definition = self.definition.copy();
                set(&mut definition);
                self.definition = Arc::new(definition);
            }
        }
        self
    }
}
