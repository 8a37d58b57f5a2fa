//! Putting a listener together.

use super::{
    api::ListenerApi,
    entry::{ListenerError, OnError, Predicate, RaisedBy, Start},
    kept::{Keeper, Transition},
};
use crate::{
    action::AnyAction,
    case::Case,
    key::SliceKey,
    matcher::{Matcher, Test, matching},
};
use std::{
    fmt,
    future::Future,
    hash::Hash,
    marker::PhantomData,
    ops::Deref,
    panic::Location,
    sync::{Arc, OnceLock},
    time::Duration,
};
use trine_core::{Outcome, Policy, RunBuilder, Text};

/// What a listener has heard: an event of the case that it listens to, or any action. Derefs to it. It is shared, and
/// cheap to clone.
pub struct Heard<E: ?Sized> {
    action: Arc<dyn AnyAction>,
    event: PhantomData<fn() -> Box<E>>,
}

impl<E: ?Sized> Heard<E> {
    pub(super) fn new(action: Arc<dyn AnyAction>) -> Self {
        Self { action, event: PhantomData }
    }

    /// The action, of whatever type: to look at it in another way, or to keep it.
    #[must_use]
    pub fn action(&self) -> &Arc<dyn AnyAction> {
        &self.action
    }
}

impl<E: 'static> Deref for Heard<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.action.event().downcast_ref().expect("the listener's matcher has seen to the type")
    }
}

impl Deref for Heard<dyn AnyAction> {
    type Target = dyn AnyAction;

    fn deref(&self) -> &dyn AnyAction {
        &*self.action
    }
}

impl<E: ?Sized> Clone for Heard<E> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.action))
    }
}

/// What an effect may return: nothing, or a `Result` whose error is [reported](ListenerBuilder::on_error). Sealed.
pub trait EffectResult: sealed::EffectResult {}

impl<R: sealed::EffectResult> EffectResult for R {}

mod sealed {
    use trine_core::Text;

    pub trait EffectResult: Send + 'static {
        fn into_result(self) -> Result<(), Text>;
    }
}

impl sealed::EffectResult for () {
    fn into_result(self) -> Result<(), Text> {
        Ok(())
    }
}

impl<E: fmt::Display + Send + 'static> sealed::EffectResult for Result<(), E> {
    fn into_result(self) -> Result<(), Text> {
        self.map_err(|error| Text::from(error.to_string()))
    }
}

/// What is done because something has happened: see the [module](super). Added to a store with
/// [`StoreBuilder::listener`](crate::StoreBuilder::listener) or [`Store::listen`](crate::Store::listen).
#[must_use = "a listener hears nothing until it is added to a store"]
pub struct Listener<X = ()> {
    pub(super) name: Option<Text>,
    pub(super) made: &'static Location<'static>,
    pub(super) matcher: Box<dyn Test>,
    pub(super) predicate: Option<Predicate<X>>,
    pub(super) keepers: Vec<Arc<dyn Keeper>>,
    pub(super) start: Start<X>,
    pub(super) on_error: Option<OnError>,
}

impl Listener {
    /// Begins a listener to one kind of event.
    #[track_caller]
    pub fn on<X, C>(case: C) -> ListenerBuilder<C::Event, X>
    where
        X: Send + Sync + 'static,
        C: Case + Send + Sync + 'static,
    {
        ListenerBuilder::new(Box::new(case))
    }

    /// Begins a listener to several kinds of events, which are shown as [`dyn AnyAction`](AnyAction).
    ///
    /// ```
    /// # use trine_thunks::{AsyncThunk, Listener, ListenerApi, Store, ThunkApi, any_of};
    /// let (load, save) = (
    ///     AsyncThunk::new("load", |(), _: ThunkApi| async { Ok::<_, ()>(()) }),
    ///     AsyncThunk::new("save", |(), _: ThunkApi| async { Err::<(), _>(()) }),
    /// );
    /// let failures = Listener::on_any(any_of((load.rejected(), save.rejected())))
    ///     .run(|failed, _: ListenerApi| async move { println!("{} failed", failed.action_type()) });
    /// let store = Store::builder().listener(failures).build()?;
    /// store.dispatch(save.with(())); // prints "save/rejected failed"
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    #[track_caller]
    pub fn on_any<X, M>(matcher: M) -> ListenerBuilder<dyn AnyAction, X>
    where
        X: Send + Sync + 'static,
        M: Matcher + Send + Sync + 'static,
    {
        ListenerBuilder::new(Box::new(matcher))
    }

    /// Begins a listener to whatever the predicate is true for. It is asked at each dispatch.
    #[track_caller]
    pub fn when<X: Send + Sync + 'static>(
        predicate: impl Fn(&Transition<'_, X>) -> bool + Send + Sync + 'static,
    ) -> ListenerBuilder<dyn AnyAction, X> {
        ListenerBuilder::new(Box::new(matching(|_| true))).when(predicate)
    }
}

/// Describes a run of the effect.
type Describe<E> =
    dyn for<'a> Fn(&Heard<E>, RunBuilder<'a, (), Text>) -> RunBuilder<'a, (), Text> + Send + Sync;

/// A listener that is not complete: [`run`](Self::run) makes it one.
#[must_use = "a listener is made by `run`"]
pub struct ListenerBuilder<E: ?Sized + 'static, X = ()> {
    name: Option<Text>,
    made: &'static Location<'static>,
    matcher: Box<dyn Test>,
    predicate: Option<Predicate<X>>,
    keepers: Vec<Arc<dyn Keeper>>,
    describe: Vec<Box<Describe<E>>>,
    on_error: Option<OnError>,
}

impl<E: ?Sized + 'static, X: Send + Sync + 'static> ListenerBuilder<E, X> {
    #[track_caller]
    fn new(matcher: Box<dyn Test>) -> Self {
        Self {
            name: None,
            made: Location::caller(),
            matcher,
            predicate: None,
            keepers: Vec::new(),
            describe: Vec::new(),
            on_error: None,
        }
    }

    /// What errors, events and lists of runs call it; otherwise the place where it was made.
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Keeps the state of a slice from before and from right after each action that somebody may hear, for predicates, and for
    /// [`before`](ListenerApi::before) and [`after`](ListenerApi::after) in the effect.
    ///
    /// The price is two clones of the state per such action, however many listeners keep it. [`Entities`](crate::Entities) are
    /// cheap to clone.
    ///
    /// ```
    /// # use std::sync::{Arc, Mutex};
    /// # use trine_thunks::{Action, Listener, ListenerApi, SliceKey, Store, action};
    /// # struct Paid(u32);
    /// # impl Action for Paid {}
    /// static BALANCE: SliceKey<u32> = SliceKey::new("balance");
    /// let balance = BALANCE.slice(|| 100).on(action::<Paid>(), |balance, paid| *balance -= paid.0);
    ///
    /// # let said = Arc::new(Mutex::new(Vec::new()));
    /// # let says = Arc::clone(&said);
    /// # let warn = move |text: String| says.lock().unwrap().push(text);
    /// let low = Listener::on(action::<Paid>())
    ///     .keeping(&BALANCE)
    ///     .when(|change| *change.before(&BALANCE) >= 20 && *change.after(&BALANCE) < 20)
    ///     .run(move |_, api: ListenerApi| {
    ///         let warn = warn.clone();
    ///         async move { warn(format!("{} left", api.after(&BALANCE))) }
    ///     });
    /// let store = Store::builder().slice(balance).listener(low).build()?;
    /// for price in [50, 35, 5] {
    ///     store.dispatch(Paid(price));
    /// }
    /// # assert_eq!(*said.lock().unwrap(), ["15 left"]);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    pub fn keeping<S: Clone + Send + Sync + 'static>(mut self, key: &SliceKey<S>) -> Self {
        self.keepers.push(Arc::new(*key));
        self
    }

    /// Hears only that for which `predicate` is true besides. It runs on the dispatching thread, outside the lease. One that panics
    /// is reported, and counts as false.
    pub fn when(
        mut self,
        predicate: impl Fn(&Transition<'_, X>) -> bool + Send + Sync + 'static,
    ) -> Self {
        let predicate: Predicate<X> = match self.predicate.take() {
            None => Box::new(predicate),
            Some(first) => Box::new(move |change| first(change) && predicate(change)),
        };
        self.predicate = Some(predicate);
        self
    }

    /// What to do when the effect is under way already: see [`Policy`].
    pub fn policy(self, policy: Policy) -> Self {
        self.describe(move |_, builder| builder.policy(policy))
    }

    /// Lets only the latest run of the effect count: it supersedes the one under way. [`Policy::Latest`].
    pub fn latest(self) -> Self {
        self.policy(Policy::Latest)
    }

    /// Does not hear while the effect is under way. [`Policy::Leading`].
    pub fn leading(self) -> Self {
        self.policy(Policy::Leading)
    }

    /// What tells runs of the effect apart, for the policy and the pace.
    pub fn key<K: Hash + Eq + Send + Sync + 'static>(
        self,
        key: impl Fn(&Heard<E>) -> K + Send + Sync + 'static,
    ) -> Self {
        self.describe(move |heard, builder| builder.key(key(heard)))
    }

    /// What else runs of the effect can be found by.
    pub fn tag(self, tag: impl Into<Text>) -> Self {
        let tag = tag.into();
        self.describe(move |_, builder| builder.tag(tag.clone()))
    }

    /// Ends an effect that takes longer. See [`RunBuilder::timeout`].
    pub fn timeout(self, time: Duration) -> Self {
        self.describe(move |_, builder| builder.timeout(time))
    }

    /// Waits until nothing has been heard for `quiet`. See [`RunBuilder::debounce`].
    pub fn debounce(self, quiet: Duration) -> Self {
        self.describe(move |_, builder| builder.debounce(quiet))
    }

    /// Hears something only if nothing has been heard for `quiet`. See [`RunBuilder::debounce_leading`].
    pub fn debounce_leading(self, quiet: Duration) -> Self {
        self.describe(move |_, builder| builder.debounce_leading(quiet))
    }

    /// Begins the effect at most once per `time`. See [`RunBuilder::throttle`].
    pub fn throttle(self, time: Duration) -> Self {
        self.describe(move |_, builder| builder.throttle(time))
    }

    /// Hears nothing for `time` after something was heard. See [`RunBuilder::throttle_leading`].
    pub fn throttle_leading(self, time: Duration) -> Self {
        self.describe(move |_, builder| builder.throttle_leading(time))
    }

    /// Calls `on_error` with what goes wrong: errors that the effect returns, panics, what keeps it from running. Without one, that
    /// is an [`Event::Failed`](trine_core::Event::Failed). Being aborted, superseded or skipped is nothing wrong.
    pub fn on_error(mut self, on_error: impl Fn(&ListenerError) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Box::new(on_error));
        self
    }

    fn describe<D>(mut self, describe: D) -> Self
    where
        D: for<'a> Fn(&Heard<E>, RunBuilder<'a, (), Text>) -> RunBuilder<'a, (), Text>
            + Send
            + Sync
            + 'static,
    {
        self.describe.push(Box::new(describe));
        self
    }

    /// The listener with its effect: what is done with what was heard.
    ///
    /// Its first part runs inside `dispatch`, outside the lease, up to where it first waits.
    pub fn run<F, R>(
        self,
        effect: impl Fn(Heard<E>, ListenerApi<X>) -> F + Send + Sync + 'static,
    ) -> Listener<X>
    where
        F: Future<Output = R> + Send + 'static,
        R: EffectResult,
    {
        let (effect, describe) = (Arc::new(effect), self.describe);
        let start: Start<X> = Box::new(move |store, entry, action, kept| {
            let heard = Heard::new(Arc::clone(action));
            let mut builder = store.core().run_builder::<(), Text>(entry.name.clone());
            for describe in &describe {
                builder = describe(&heard, builder);
            }
            let run = Arc::new(OnceLock::new());
            let (started, ended) = (Arc::clone(entry), Arc::clone(entry));
            let (starting, core) = (Arc::clone(&run), store.core().downgrade());
            let (shared, entry) = (Arc::clone(store.shared()), Arc::clone(entry));
            let (kept, effect) = (Arc::clone(kept), Arc::clone(&effect));
            builder
                .on_start(move |cx| {
                    let _ = starting.set(cx.id());
                    started.active().push(cx.id());
                    Ok::<_, Text>(())
                })
                .on_settle(move |outcome| {
                    if let Some(run) = run.get() {
                        ended.active().retain(|active| active != run);
                    }
                    if let (Some(message), Some(core)) = (failure(outcome), core.upgrade()) {
                        ended.report(&core, RaisedBy::Effect, message);
                    }
                })
                .start(move |cx| {
                    let api = ListenerApi::new(cx, shared, entry, kept);
                    let effect = effect(heard, api);
                    async move { sealed::EffectResult::into_result(effect.await) }
                });
        });
        let Self { name, made, matcher, predicate, keepers, on_error, .. } = self;
        Listener { name, made, matcher, predicate, keepers, start, on_error }
    }
}

/// What has gone wrong, if anything has.
fn failure(outcome: &Outcome<(), Text>) -> Option<Text> {
    match outcome {
        Outcome::Fulfilled { .. }
        | Outcome::Aborted { .. }
        | Outcome::Superseded { .. }
        | Outcome::Skipped { .. } => None,
        Outcome::Rejected { error } => Some(Text::clone(error)),
        other => {
            let rejection = other.clone().into_result().err()?;
            Some(Text::from(rejection.to_string()))
        }
    }
}

impl<E: ?Sized> fmt::Debug for Heard<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Heard").field(&self.action).finish()
    }
}

impl<X> fmt::Debug for Listener<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("name", &self.name)
            .field("made", &format_args!("{}", self.made))
            .finish_non_exhaustive()
    }
}

impl<E: ?Sized, X> fmt::Debug for ListenerBuilder<E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerBuilder")
            .field("name", &self.name)
            .field("made", &format_args!("{}", self.made))
            .finish_non_exhaustive()
    }
}
