//! The kernel: where handlers are registered and signals are set.

mod builder;
mod copy;
mod guard;
mod interner;
mod inventory;
mod newcomer;
mod numbers;
mod observers;
mod set;
mod snapshot;
mod space;
mod table;

pub use builder::KernelBuilder;
pub use guard::HandlerGuard;
pub use inventory::HandlerInfo;
pub use observers::ObserverGuard;
pub use set::CascadeBuilder;
pub use space::{Level, Space};

pub(crate) use newcomer::Newcomer;
pub(crate) use snapshot::Snapshot;
pub(crate) use table::{AnyHandler, Table};

use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::{
    cascade::{Cascade, CascadeId, Conclusion},
    context::AppCtx,
    dispatch,
    envelope::Reducers,
    error::{CascadeError, Cause},
    handler::{Contained, Contexts, Phase, Response, Verdict, contain},
    journey::Entrance,
    observe::{HandlerEvent, Observation, Place, What},
    sync::RwLock,
    typed::Listen,
};
use numbers::Numbers;
use observers::Observers;
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, OnceLock, Weak},
};
use trine_core::{Event, Store, WeakStore};

/// The TAO of an app: its handlers, and the way to set signals.
///
/// The handle is cheap to clone and `Send + Sync`; clones share everything. Async work runs on the executor of
/// the [`Store`] that the kernel was made for, which the handle keeps alive.
///
/// # Handlers
///
/// A handler is a function of an [`AppCtx`], or an async one: every `on_` method takes both. What it may return is
/// listed at [`Answer`](crate::Answer). Handlers of one phase run in no particular order; whoever needs an order chains.
/// Each registration returns a guard, and the handler goes with it.
///
/// A handler that captures a kernel keeps it alive for as long as it is registered; to avoid that circle, capture
/// a [`WeakKernel`].
///
/// # Threads
///
/// [`set`](Self::set) runs intercepts and inline handlers on the calling thread, outside of all locks, until one of
/// them has to wait; from there on, they run on the store's runtime. Async handlers always do.
#[derive(Clone)]
pub struct Kernel {
    /// What the handles and the cascades share.
    core: Arc<Core>,
    /// Where async work runs; cascades hold it weakly.
    store: Store,
}

/// A handle that keeps neither the kernel's handlers nor its store alive.
#[derive(Clone)]
pub struct WeakKernel {
    core: Weak<Core>,
}

/// What the handles and the cascades of a kernel share.
pub(crate) struct Core {
    /// Held weakly, so that dropping the last handle to it ends what is under way.
    store: WeakStore,
    /// The handlers.
    table: RwLock<Table>,
    /// Those who look on.
    observers: Observers,
    /// Who derives what chained signals bring along.
    reducers: Reducers,
    /// The numbers of the handlers.
    numbers: Numbers,
    /// The number of the last cascade. Only ever counted up: no order with other memory is needed.
    last_cascade: AtomicU64,
    /// What to do about mistakes.
    rules: space::Rules,
    /// Whether signals have to be looked at for that.
    has_rules: bool,
    /// How many chained signals a cascade may have.
    hop_budget: u32,
    /// Whether signals may come from other kernels or go to them. Set once, by the first bridge; `Relaxed`, since a signal that is
    /// set at the same moment may as well have been set before.
    borders: AtomicBool,
    /// The number of the last adapter that signals come in by. Only ever counted up, like those above.
    last_border: AtomicU32,
    /// How many times what one signal leads to may be carried over to other kernels.
    crossing_budget: u32,
    /// The requests that were sent to other processes.
    #[cfg(feature = "wire")]
    departures: crate::wire::Departures,
    /// What it is called among other kernels, other processes too: a number drawn when it is needed.
    node: OnceLock<u64>,
    /// The state of the generator that shuffles, in a kernel that does. Each draw is one atomic addition.
    shuffle: Option<AtomicU64>,
}

impl Kernel {
    /// A kernel without handlers, whose async work runs on the executor of `store`.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self::builder(store).build()
    }

    /// A kernel that is to be configured.
    pub fn builder(store: &Store) -> KernelBuilder {
        KernelBuilder::new(store)
    }

    /// Lets `handler` decide whether the signals that match `pattern` reach the other phases.
    ///
    /// Of every dispatch, all intercepts are asked before anything else happens; [`Verdict`] says whose
    /// word counts. An error or a panic is never a pass.
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use trine_tao::{AppCtx, Conclusion, Kernel, Verdict};
    ///
    /// let tao = Kernel::new(&store);
    /// let _gate = tao.on_intercept(("*", "*", "Admin"), |cx| {
    ///     if cx.orient_datum::<String>().is_ok_and(|user| user == "root") {
    ///         Verdict::Pass
    ///     } else {
    ///         Verdict::halt("not allowed")
    ///     }
    /// });
    /// let cascade = tao.set(AppCtx::new("User", "Delete", "Admin"));
    /// let Some(Conclusion::Halted { reason, .. }) = cascade.outcome() else { panic!() };
    /// assert_eq!(reason, "not allowed");
    /// ```
    #[track_caller]
    pub fn on_intercept<P, H, R, M>(&self, pattern: P, handler: H) -> HandlerGuard
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Verdict, M>,
    {
        self.register(Newcomer::gate(&self.core, pattern, handler))
    }

    /// Lets `handler` react to the signals that match `pattern` out of band.
    ///
    /// When the intercepts have let a signal pass, it is queued in an execution context of its own, a run of the store's
    /// executor, before the first inline handler runs. It is never polled on the caller's stack, and nobody waits for
    /// it. The contexts that it returns are dispatched in that same execution context, to handlers
    /// of all types. Errors of it and of everything that follows from it never reach the caller: they are
    /// [observed](Self::observe).
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use trine_tao::{AppCtx, Kernel};
    ///
    /// let tao = Kernel::new(&store);
    /// let _fork = tao.on_async(("App", "Enter", "Portal"), |_| AppCtx::new("Session", "Find", "Portal"));
    /// ```
    #[track_caller]
    pub fn on_async<P, H, R, M>(&self, pattern: P, handler: H) -> HandlerGuard
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.register(Newcomer::reaction(&self.core, Phase::Async, pattern, handler))
    }

    /// Lets `handler` react to the signals that match `pattern` in line.
    ///
    /// The inline handlers of a dispatch run one after the other, the next one when the one before is done; an
    /// error or a panic in one of them is [observed](Self::observe) and changes nothing for the others.
    /// The contexts that they return are dispatched when all have run.
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use trine_tao::{AppCtx, BoxError, Kernel};
    ///
    /// let tao = Kernel::new(&store);
    /// let _sync = tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal"));
    /// let _async = tao.on_inline(("User", "Find", "Portal"), |cx| async move {
    ///     let id: u32 = cx.action_datum::<String>()?.parse()?;
    ///     Ok(AppCtx::new("User", "Enter", "Portal").term(id))
    /// });
    /// ```
    #[track_caller]
    pub fn on_inline<P, H, R, M>(&self, pattern: P, handler: H) -> HandlerGuard
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.register(Newcomer::reaction(&self.core, Phase::Inline, pattern, handler))
    }

    /// Sets a signal: dispatches it to the handlers that match now, and everything that they chain to.
    ///
    /// With handlers that are ready at once, all of it has happened when this returns, and no runtime is needed.
    /// What has to wait (an async handler, an inline handler that awaits something) goes on with the store's
    /// runtime, as do cascades that are set inside handlers of cascades, more than 32 deep. Never blocks, never panics because of
    /// a handler, and returns nothing of what handlers did: those are observations.
    ///
    /// Dropping the returned handle detaches: the cascade goes on.
    pub fn set(&self, context: impl Into<AppCtx>) -> Cascade {
        self.enter(Entrance::set(&self.core, context.into(), None, None))
    }

    /// Dispatches what has entered, and everything that follows.
    #[inline]
    pub(crate) fn enter(&self, entrance: Entrance) -> Cascade {
        dispatch::set(&self.core, &self.store, entrance)
    }

    /// Shows `observer` everything that happens in this kernel, until the guard is dropped.
    ///
    /// It is called at each waypoint, on the thread where it happens, outside of all locks, perhaps by several threads at
    /// a time. It is handed nothing to change anything with, a panic in it is reported through `tracing` and changes
    /// nothing, and without observers an observation costs one branch.
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use trine_tao::{AppCtx, Kernel, What};
    ///
    /// let tao = Kernel::new(&store);
    /// let _guard = tao.observe(|observation| {
    ///     if let What::Unhandled = observation.what {
    ///         println!("nobody handles {}", observation.context);
    ///     }
    /// });
    /// tao.set(AppCtx::new("User", "Fnid", "Portal")); // prints "nobody handles {User,Fnid,Portal}"
    /// ```
    pub fn observe(
        &self,
        observer: impl Fn(&Observation<'_>) + Send + Sync + 'static,
    ) -> ObserverGuard {
        let observer = Contained::new(observer);
        self.core.observers.add(&self.core, Arc::new(move |what: &_| observer(what)))
    }

    /// Shows `observer` every handler that is registered in this kernel or removed from it, and those that no signal of its
    /// [space](KernelBuilder::space) can reach, until the guard is dropped.
    ///
    /// It is called outside of all locks, and a panic in it changes nothing, as with [`observe`](Self::observe).
    pub fn observe_handlers(
        &self,
        observer: impl Fn(&HandlerEvent<'_>) + Send + Sync + 'static,
    ) -> ObserverGuard {
        let observer = Contained::new(observer);
        self.core.observers.add_for_handlers(&self.core, Arc::new(move |event: &_| observer(event)))
    }

    /// The signals that the app has, if that was [declared](KernelBuilder::space).
    #[must_use]
    pub fn space(&self) -> Option<&Space> {
        self.core.rules.space.as_ref()
    }

    /// The handlers that no signal of the [space](KernelBuilder::space) can reach.
    #[must_use]
    pub fn dead_handlers(&self) -> Vec<HandlerInfo> {
        let Some(space) = self.space() else { return Vec::new() };
        self.handlers().into_iter().filter(|handler| !space.reaches(handler.pattern())).collect()
    }

    /// The store whose executor runs the async work.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A handle that keeps nothing alive: for handlers that set signals themselves.
    #[must_use]
    pub fn downgrade(&self) -> WeakKernel {
        WeakKernel { core: Arc::downgrade(&self.core) }
    }

    /// How many distinct patterns have handlers; one that names several on an axis counts once per combination.
    #[must_use]
    pub fn pattern_count(&self) -> usize {
        self.core.table.read().len()
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn register(&self, newcomer: Newcomer) -> HandlerGuard {
        let Newcomer { info, handler } = newcomer;
        let id = info.id();
        if !self.core.admits(&info) {
            return HandlerGuard::of_none(id);
        }
        let told = self.core.observers.hears_of_handlers().then(|| info.clone());
        self.core.table.write().insert(info, &handler);
        if let Some(info) = told {
            self.core.observers.tell_of_handler(&HandlerEvent::Registered(&info));
        }
        HandlerGuard::new(&self.core, id)
    }
}

impl WeakKernel {
    /// The kernel, if its handlers and its store are still there.
    #[must_use]
    pub fn upgrade(&self) -> Option<Kernel> {
        let core = self.core.upgrade()?;
        let store = core.store.upgrade()?;
        Some(Kernel { core, store })
    }
}

impl Core {
    /// The handlers that match now.
    #[inline]
    pub(crate) fn snapshot(&self, place: &Place) -> Snapshot {
        let trigram = place.context.trigram();
        let mut snapshot = match &place.audience {
            None => Snapshot::take(&self.table.read(), trigram),
            Some(circle) => circle.snapshot(trigram),
        };
        if let Some(state) = &self.shuffle {
            snapshot.shuffle(|| split_mix(state));
        }
        snapshot
    }

    pub(crate) fn hop_budget(&self) -> u32 {
        self.hop_budget
    }

    /// Tells what the intercepts have decided: the observers, and the store's event feed.
    #[inline]
    pub(crate) fn concluded(&self, place: &Place, conclusion: &Conclusion, store: Option<&Store>) {
        self.observers.tell(place, What::Concluded(conclusion));
        if place.audience.is_some() {
            return;
        }
        match store {
            Some(store) => signalled(store, place, conclusion),
            None => {
                if let Some(store) = self.store.upgrade() {
                    signalled(&store, place, conclusion);
                }
            }
        }
    }

    /// Tells of something that went wrong: the observers, the store's event feed, and the log, since no caller ever
    /// learns of it.
    #[cold]
    pub(crate) fn report(&self, place: &Place, error: &CascadeError) {
        // How a handler's error is shown is user code.
        let shown = contain(|| match error.cause() {
            // Somebody wanted it so, or the app is closing.
            Some(Cause::Aborted(_)) => tracing::debug!(cascade = place.cascade.get(), "{error}"),
            _ => tracing::error!(cascade = place.cascade.get(), "{error}"),
        });
        if let Err(panic) = shown {
            tracing::error!(%panic, signal = %place.context, "an error panicked as it was shown");
        }
        self.observers.tell(place, What::Failed(error));
        if let Some(store) = self.store.upgrade() {
            emit(&store, || Event::Failed {
                what: place.context.to_string().into(),
                message: error.to_string().into(),
            });
        }
    }

    /// Judges a signal that was received; the error if it is refused.
    #[inline]
    pub(crate) fn judge(&self, place: &Place, unhandled: bool) -> Option<CascadeError> {
        if !self.has_rules || place.audience.is_some() {
            return None;
        }
        self.rules.judge(self, place, unhandled)
    }

    /// Judges a handler that is to be registered; whether it may be.
    pub(crate) fn admits(&self, handler: &HandlerInfo) -> bool {
        let Some((level, space)) = self.rules.judge_handler(handler) else { return true };
        self.observers.tell_of_handler(&HandlerEvent::Dead(handler));
        let (id, pattern) = (handler.id(), handler.pattern());
        match level {
            Level::Allow => {}
            Level::Warn => tracing::warn!(
                "{id} for {pattern} is dead: no signal of the space {space} can reach it"
            ),
            Level::Deny => tracing::error!(
                "{id} for {pattern} was not registered: no signal of the space {space} can reach it"
            ),
        }
        level != Level::Deny
    }

    /// Whether signals may come from other kernels or go to them.
    #[inline]
    pub(crate) fn has_borders(&self) -> bool {
        self.borders.load(Ordering::Relaxed)
    }

    /// From now on, signals may come from other kernels or go to them.
    pub(crate) fn open_borders(&self) {
        self.borders.store(true, Ordering::Relaxed);
    }

    /// The requests that were sent to other processes.
    #[cfg(feature = "wire")]
    pub(crate) fn departures(&self) -> &crate::wire::Departures {
        &self.departures
    }

    /// The number of one more adapter that signals come in by.
    pub(crate) fn next_border(&self) -> u32 {
        self.last_border.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn crossing_budget(&self) -> u32 {
        self.crossing_budget
    }

    /// What the kernel is called among others.
    pub(crate) fn node(&self) -> u64 {
        // Each of these is seeded by the system and differs from the one before; nothing secret hangs on it.
        *self.node.get_or_init(|| RandomState::new().hash_one(std::process::id()))
    }

    pub(crate) fn reducers(&self) -> &Reducers {
        &self.reducers
    }

    pub(crate) fn observers(&self) -> &Observers {
        &self.observers
    }

    pub(crate) fn next_cascade(&self) -> CascadeId {
        CascadeId::new(self.last_cascade.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn numbers(&self) -> &Numbers {
        &self.numbers
    }
}

/// Tells the store's event feed of a signal.
#[inline]
fn signalled(store: &Store, place: &Place, conclusion: &Conclusion) {
    if store.is_observed() {
        emit(store, || Event::Signalled {
            signal: place.context.to_string().into(),
            detail: conclusion.to_string().into(),
        });
    }
}

/// Tells the store's event feed. Whoever observes that changes nothing here, by a panic neither.
#[inline]
fn emit(store: &Store, event: impl FnOnce() -> Event) {
    if let Err(panic) = contain(|| store.emit(event)) {
        tracing::error!(%panic, "an observer of the store panicked");
    }
}

/// The next number of the generator SplitMix64.
fn split_mix(state: &AtomicU64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut number = state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("patterns", &self.pattern_count()).finish_non_exhaustive()
    }
}

impl fmt::Debug for WeakKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakKernel").finish_non_exhaustive()
    }
}
