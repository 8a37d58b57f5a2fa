//! Describing a run before it starts.

use super::{
    any_run::AnyRun,
    context::RunContext,
    engine::Executor,
    group::Key,
    hooks::{SettleHook, StartHook},
    launch::Anywhere,
    local::{Here, LocalSpawn},
    outcome::Outcome,
    pace::Pace,
    policy::Policy,
    retry::{Retry, attempts},
    run::Run,
    start::start,
    timing::Signal,
    wanted::Wanted,
};
use crate::{store::Store, text::Text};
use std::{
    borrow::Cow,
    fmt,
    future::{Future, IntoFuture},
    hash::Hash,
    marker::PhantomData,
    sync::Arc,
    time::Duration,
};

/// Asked on the starting thread whether the run is wanted.
pub(super) type Condition<'a> = Box<dyn FnOnce() -> Wanted + 'a>;

/// A run that is about to start: made by [`Store::run_builder`] and [`RunContext::run_builder`].
///
/// ```
/// use trine_core::{Policy, Store};
///
/// let store = Store::new();
/// let run = store
///     .run_builder("search")
///     .policy(Policy::Latest)
///     .key("users")
///     .on_settle(|outcome| println!("{}", outcome.kind()))
///     .start(|_| async { Ok::<_, String>(vec!["ada", "grace"]) });
/// assert!(run.is_settled());
/// ```
///
/// The last two type parameters are the hooks; `()` is none.
#[must_use = "nothing runs until `start` is called"]
pub struct RunBuilder<'a, T, E, S = (), H = ()> {
    /// The store, unless it is gone.
    pub(super) store: Option<Cow<'a, Store>>,
    /// The engine of the store.
    pub(super) executor: Cow<'a, Arc<Executor>>,
    /// The name.
    pub(super) name: Text,
    /// The run that starts it.
    pub(super) parent: Option<Arc<dyn AnyRun>>,
    /// Whether it outlives its parent.
    pub(super) detached: bool,
    /// Whether its first poll is the task's.
    pub(super) queued: bool,
    /// Whether it counts attempts.
    pub(super) retries: bool,
    /// Whom it excludes.
    pub(super) policy: Policy,
    /// What tells it apart from runs of the same name.
    pub(super) key: Option<Key>,
    /// Asked before the policy.
    pub(super) condition: Option<Condition<'a>>,
    /// What is asked for seldom.
    pub(super) terms: Option<Box<Terms>>,
    /// Called before the body.
    pub(super) on_start: S,
    /// Called with the outcome.
    pub(super) on_settle: H,
    /// What the body comes to.
    pub(super) result: PhantomData<fn() -> (T, E)>,
}

/// What is asked for seldom.
#[derive(Default)]
pub(super) struct Terms {
    /// How often runs of its name and key may come.
    pub(super) pace: Option<Pace>,
    /// How long it may take.
    pub(super) timeout: Option<Duration>,
    /// What ends it from outside.
    pub(super) signal: Option<Signal>,
    /// What else it can be found by.
    pub(super) tags: Vec<Text>,
}

impl<'a, T, E> RunBuilder<'a, T, E> {
    #[inline]
    pub(super) fn new(
        store: Option<Cow<'a, Store>>,
        executor: Cow<'a, Arc<Executor>>,
        name: Text,
    ) -> Self {
        Self {
            store,
            executor,
            name,
            parent: None,
            detached: false,
            queued: false,
            retries: false,
            policy: Policy::Parallel,
            key: None,
            condition: None,
            terms: None,
            on_start: (),
            on_settle: (),
            result: PhantomData,
        }
    }
}

impl<'a, T, E, S, H> RunBuilder<'a, T, E, S, H> {
    fn terms(&mut self) -> &mut Terms {
        self.terms.get_or_insert_default()
    }

    /// The same run, with another start hook and another settle hook.
    #[inline]
    pub(crate) fn with_hooks<S2, H2>(
        self,
        hooks: impl FnOnce(S, H) -> (S2, H2),
    ) -> RunBuilder<'a, T, E, S2, H2> {
        let (on_start, on_settle) = hooks(self.on_start, self.on_settle);
        RunBuilder {
            store: self.store,
            executor: self.executor,
            name: self.name,
            parent: self.parent,
            detached: self.detached,
            queued: self.queued,
            retries: self.retries,
            policy: self.policy,
            key: self.key,
            condition: self.condition,
            terms: self.terms,
            on_start,
            on_settle,
            result: PhantomData,
        }
    }

    /// Makes it a child of the run of `cx`: when that run settles in any way, this one is aborted.
    ///
    /// A child of a run that has settled is not started; it ends as
    /// [`Outcome::Aborted`] by [`AbortedBy::Parent`](crate::AbortedBy::Parent).
    #[inline]
    pub fn child_of(mut self, cx: &RunContext) -> Self {
        self.parent = Some(Arc::clone(cx.cell()));
        self
    }

    /// Lets it outlive its parent, which is then only a note of where it came from.
    #[inline]
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    /// Leaves even the first poll to the runtime: no part of the body runs on the caller's stack.
    ///
    /// Queued bodies of a store are polled for the first time in the order in which they came, by one task of the runtime. One that
    /// blocks in that poll holds up its thread of the runtime, as any task does, and not those behind it where the runtime has other
    /// threads. From its first wake-up on each is a task of its own.
    #[inline]
    pub fn queued(mut self) -> Self {
        self.queued = true;
        self
    }

    /// What to do when a run of the same name and key is active. [`Policy::Parallel`] if never called.
    #[inline]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// What tells this run apart from others of the same name, for the policy.
    ///
    /// `Hash` is called now; `Eq` inside the store's lease, so it must be pure.
    pub fn key<K: Hash + Eq + Send + Sync + 'static>(mut self, key: K) -> Self {
        self.key = Some(Key::new(key));
        self
    }

    /// What else the run can be found by in the store's [`Runs`](crate::Runs). May be called several times.
    pub fn tag(mut self, tag: impl Into<Text>) -> Self {
        self.terms().tags.push(tag.into());
        self
    }

    /// Ends the run as [`Outcome::TimedOut`] when its body is not done `time` after it was begun. With
    /// [retries](Self::start_retrying), that is the time for all attempts and the pauses between them.
    ///
    /// Like every other time, it is taken on the store's [`Clock`](crate::Clock); without one, the run fails as
    /// [`Failure::NoClock`](crate::Failure::NoClock).
    pub fn timeout(mut self, time: Duration) -> Self {
        self.terms().timeout = Some(time);
        self
    }

    /// Has the body wait until no other run of the same name and key has come for `quiet`; one that comes before supersedes
    /// this one.
    ///
    /// The start of the run is told now. As with every pace, a run whose body has begun goes on when another one
    /// comes; [`Policy::Latest`] ends it. Not for [`Policy::Shared`].
    pub fn debounce(mut self, quiet: Duration) -> Self {
        self.terms().pace = Some(Pace::Debounce(quiet));
        self
    }

    /// Starts at once if no other run of the same name and key has come for `quiet`, and else is skipped.
    pub fn debounce_leading(mut self, quiet: Duration) -> Self {
        self.terms().pace = Some(Pace::DebounceLeading(quiet));
        self
    }

    /// Begins at most one body of the same name and key per `time`: at once, or else when `time` has passed since the last
    /// one was begun. A run that comes while another one waits so supersedes that.
    pub fn throttle(mut self, time: Duration) -> Self {
        self.terms().pace = Some(Pace::Throttle(time));
        self
    }

    /// Starts at once, unless another run of the same name and key was begun less than `time` ago: then it is skipped.
    pub fn throttle_leading(mut self, time: Duration) -> Self {
        self.terms().pace = Some(Pace::ThrottleLeading(time));
        self
    }

    /// Asks `condition` on the starting thread, outside the lease, whether the run is wanted at all, before the policy is
    /// looked at. If it says no the run is [`Outcome::Skipped`], and supersedes nobody; if it panics, the run ends as
    /// [`Failure::Start`](crate::Failure::Start). It is not asked for a run that is refused for another reason.
    ///
    /// It says `true` or `false`, or a [`Wanted`] that has a reason. One that has to wait is asked by the body, which then
    /// calls [`RunContext::skip`].
    pub fn condition<W: Into<Wanted>>(mut self, condition: impl FnOnce() -> W + 'a) -> Self {
        self.condition = Some(Box::new(|| condition().into()));
        self
    }

    /// Aborts the run, by [`AbortedBy::Signal`](crate::AbortedBy::Signal), when `signal` resolves, with what it resolves to
    /// as the reason: a cancellation token of a request that the run belongs to, say.
    ///
    /// It is polled once before anything else: if it is ready the run does not start at all. Later it is polled with the
    /// body, before it, where that is polled; so a body that waits for its turn under [`Policy::Queue`] or
    /// [`Policy::Limit`] is aborted when that comes, before it is called. It is dropped with the body, however the run
    /// ends: nothing stays registered with it. Not for [`Policy::Shared`].
    pub fn abort_when<F>(mut self, signal: F) -> Self
    where
        F: IntoFuture<Output: Into<Text>, IntoFuture: Send + 'static>,
    {
        let signal = signal.into_future();
        self.terms().signal = Some(Box::pin(async move { signal.await.into() }));
        self
    }

    /// Calls `hook` on the starting thread once the run is registered and its start was told, before the body is called.
    ///
    /// If it returns an error or panics, the run ends as [`Failure::Start`](crate::Failure::Start), and if it aborts
    /// the run, as that, told once the hook has returned; either way the body is never called. It is not called for a
    /// run that is refused.
    #[inline]
    pub fn on_start<M: Into<Text>>(
        self,
        hook: impl FnOnce(&RunContext) -> Result<(), M>,
    ) -> RunBuilder<'a, T, E, impl StartHook, H> {
        let hook = |cx: &RunContext| hook(cx).map_err(Into::into);
        self.with_hooks(|_, on_settle| (hook, on_settle))
    }

    /// Calls `hook` exactly once with the outcome, refusals included, on the thread that settles the run: outside the
    /// lease, after the terminal event, before any waiter is woken and before [`Run::abort`] returns.
    ///
    /// A panic in it is reported to the event feed and changes nothing.
    #[inline]
    pub fn on_settle<F>(self, hook: F) -> RunBuilder<'a, T, E, S, F>
    where
        F: FnOnce(&Outcome<T, E>) + Send + 'static,
    {
        self.with_hooks(|on_start, _| (on_start, hook))
    }

    /// Starts the run: calls `body` and polls its future for the first time, before this returns, on this thread,
    /// outside the lease, inside the runtime's context. If it is not ready, it goes on with the store's
    /// [`Spawn`](crate::Spawn) once it is woken.
    ///
    /// The body is left to the spawner from the start when the builder is [`queued`](Self::queued), and when 32 bodies are
    /// being polled for the first time on this stack already.
    ///
    /// Never panics, and never blocks on other runs but for a moment, as [`Policy::Latest`] says; everything that prevents the run is its outcome:
    ///
    /// - called inside a lease: [`Failure::Reentrant`](crate::Failure::Reentrant), told when the lease ends;
    /// - the store is gone: [`Failure::StoreDropped`](crate::Failure::StoreDropped);
    /// - the body is not ready and there is no runtime: [`Failure::NoRuntime`](crate::Failure::NoRuntime);
    /// - the parent has settled: [`Outcome::Aborted`]; the condition or the policy says no: [`Outcome::Skipped`].
    #[track_caller]
    pub fn start<B, F>(self, body: B) -> Run<T, E>
    where
        B: FnOnce(RunContext) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        S: StartHook,
        H: SettleHook<T, E>,
    {
        start(self, Anywhere(body))
    }

    /// [`start`](Self::start) for a body that is not `Send`: it stays on this thread, and goes on with `spawner` when it is
    /// not ready at once. The run itself can be watched, awaited and aborted from anywhere; an abort from another
    /// thread settles the run at once, and has its body dropped here.
    ///
    /// If `spawner` refuses, the run fails as [`Failure::NoRuntime`](crate::Failure::NoRuntime).
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use std::rc::Rc;
    /// use tokio::{runtime::Builder, task::{LocalSet, yield_now}};
    /// use trine_core::Store;
    ///
    /// let (store, tasks) = (Store::new(), LocalSet::new());
    /// let text = Rc::new("not to be sent");
    /// let run = store.run_builder("local").start_local(&tasks, |_| async move {
    ///     yield_now().await;
    ///     Ok::<_, String>(text.len())
    /// });
    /// let runtime = Builder::new_current_thread().build().unwrap();
    /// assert_eq!(*tasks.block_on(&runtime, run.result()).unwrap(), 14);
    /// # }
    /// ```
    #[track_caller]
    pub fn start_local<B, F>(self, spawner: &impl LocalSpawn, body: B) -> Run<T, E>
    where
        B: FnOnce(RunContext) -> F + 'static,
        F: Future<Output = Result<T, E>> + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        S: StartHook,
        H: SettleHook<T, E>,
    {
        start(self, Here { spawner, body })
    }

    /// [`start`](Self::start) for a body that is called again when an attempt was not successful, as `retry` says.
    ///
    /// All attempts are one run, with one start, one outcome, and one context, which tells the
    /// [attempt](RunContext::attempt). Each further one is an [`Event::RunRetried`](crate::Event::RunRetried). `body` is
    /// called where the run is polled.
    #[track_caller]
    pub fn start_retrying<B, F>(mut self, retry: Retry<E>, body: B) -> Run<T, E>
    where
        B: FnMut(RunContext) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        S: StartHook,
        H: SettleHook<T, E>,
    {
        self.retries = true;
        self.start(move |cx| attempts(cx, retry, body))
    }
}

impl<T, E, S, H> fmt::Debug for RunBuilder<'_, T, E, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunBuilder")
            .field("name", &self.name)
            .field("parent", &self.parent.as_ref().map(|parent| parent.head().id))
            .field("detached", &self.detached)
            .field("queued", &self.queued)
            .field("policy", &self.policy)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
