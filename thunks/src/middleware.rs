//! Middleware: layers around the reducers.
//!
//! A layer is called with each action and lifecycle event before it reaches the reducers, and with what comes
//! [`Next`]: the layers that were added later, then the reducers, then the listeners. It runs outside the lease, so it may read,
//! dispatch, and do whatever it likes.
//!
//! ```
//! use std::sync::Arc;
//! use trine_thunks::{Action, AnyAction, Next, SliceKey, Store, action};
//!
//! struct Said(&'static str);
//! impl Action for Said {}
//!
//! static LOG: SliceKey<Vec<&str>> = SliceKey::new("log");
//! let log = LOG.slice(Vec::new).on(action::<Said>(), |log, said| log.push(said.0));
//!
//! let store = Store::builder()
//!     .slice(log)
//!     // Before and after.
//!     .middleware(|action, next: Next<'_>| {
//!         let before = next.store().read(&LOG, Vec::len);
//!         let store = next.store().clone();
//!         let done = next.run(action);
//!         println!("the log had {before} lines and has {}", store.read(&LOG, Vec::len));
//!         done
//!     })
//!     // Stop, or replace.
//!     .middleware(|said: Arc<dyn AnyAction>, next: Next<'_>| match said.of(action::<Said>()) {
//!         Some(Said("secret")) => Ok(()),
//!         Some(Said("damn")) => next.run(Arc::new(Said("d***"))),
//!         _ => next.run(said),
//!     })
//!     .build()?;
//! for word in ["hello", "damn", "secret"] {
//!     store.dispatch(Said(word));
//! }
//! assert_eq!(store.get(&LOG), ["hello", "d***"]);
//! # Ok::<(), trine_thunks::BuildError>(())
//! ```
//!
//! A layer that is to let an action go on later keeps a [`Later`]. Without any middleware or listeners a dispatch pays one branch for
//! all of this; with them, an allocation per action, since they may keep it.
//!
//! # What it cannot do
//!
//! Lifecycle events of thunks pass the layers too. A layer may stop one, and slices do not hear of it then; the run goes on, and
//! whoever awaits it gets its outcome, not what the layer has made of it. A layer that panics on the event of a run's end is
//! reported, and passed over: slices hear of it. On an action, a panic goes to whoever dispatched it.

use crate::{
    action::AnyAction,
    error::DispatchError,
    pipeline::{Passage, Route},
    store::{Shared, Store},
};
use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::{StoreDropped, WeakStore, after_lease};

/// A layer around the reducers of a store with the extra value `X`. See the [module](self).
///
/// Closures are middleware. What it returns is what [`Store::try_dispatch`] returns: `Ok` also if it has stopped the action.
pub trait Middleware<X = ()>: Send + Sync + 'static {
    /// Called with each action and lifecycle event, on the dispatching thread, outside the lease.
    ///
    /// # Errors
    ///
    /// What `next` returned, or nothing.
    fn handle(&self, action: Arc<dyn AnyAction>, next: Next<'_, X>) -> Result<(), DispatchError>;
}

impl<X, F> Middleware<X> for F
where
    F: Fn(Arc<dyn AnyAction>, Next<'_, X>) -> Result<(), DispatchError> + Send + Sync + 'static,
{
    fn handle(&self, action: Arc<dyn AnyAction>, next: Next<'_, X>) -> Result<(), DispatchError> {
        self(action, next)
    }
}

/// The layers at one time, in order.
pub(crate) type Chain<X> = Arc<Vec<Arc<dyn Middleware<X>>>>;

/// The layers of a store.
pub(crate) struct Layers<X> {
    /// The layers, and the numbers that their guards know them by.
    now: RwLock<(Chain<X>, Vec<u64>)>,
    /// The number of the last one. Only uniqueness matters, so no ordering does.
    last: AtomicU64,
}

impl<X> Layers<X> {
    pub(crate) fn new() -> Self {
        Self { now: RwLock::default(), last: AtomicU64::new(0) }
    }

    /// What a dispatch that begins now goes through.
    pub(crate) fn chain(&self) -> Chain<X> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    pub(crate) fn add(&self, layer: Arc<dyn Middleware<X>>) -> u64 {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut chain = Vec::clone(&now.0);
        chain.push(layer);
        now.0 = Arc::new(chain);
        now.1.push(id);
        id
    }

    /// Removes a layer; what is left of it is returned, to be dropped outside the lock.
    fn remove(&self, id: u64) -> Option<(Arc<dyn Middleware<X>>, Chain<X>)> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let index = now.1.iter().position(|candidate| *candidate == id)?;
        let mut chain = Vec::clone(&now.0);
        let layer = chain.remove(index);
        now.1.remove(index);
        Some((layer, std::mem::replace(&mut now.0, Arc::new(chain))))
    }
}

/// What comes after a layer: the layers that were added later, then the reducers, then the listeners.
#[must_use = "an action that is not passed on is stopped"]
pub struct Next<'a, X = ()> {
    passage: Passage<'a, X>,
    /// Which layer is next.
    index: usize,
}

impl<'a, X: Send + Sync + 'static> Next<'a, X> {
    pub(crate) fn new(passage: Passage<'a, X>, index: usize) -> Self {
        Self { passage, index }
    }

    /// Passes an action on: the one that the layer was handed, or another one in its place. When this returns, reducers, subscribers
    /// and the first parts of listeners have run. Of an action of a [batch](Store::batch) they run when all its
    /// actions have passed.
    ///
    /// Layers that were called before this one do not see what takes the place of an action; what is
    /// [dispatched](Store::dispatch) instead goes through all of them.
    ///
    /// # Errors
    ///
    /// As [`Store::try_dispatch`].
    ///
    /// # Panics
    ///
    /// If another layer or a reducer does.
    #[track_caller]
    pub fn run(self, action: Arc<dyn AnyAction>) -> Result<(), DispatchError> {
        self.passage.pass_on(action, self.index)
    }

    /// The store: to read, or to dispatch something else, which goes through all layers.
    #[must_use]
    pub fn store(&self) -> &'a Store<X> {
        self.passage.store
    }

    /// What comes next, to be kept: for a layer that delays an action. It does not keep the store alive.
    ///
    /// ```
    /// use std::{sync::{Arc, Mutex}};
    /// use trine_thunks::{Action, AnyAction, Later, Next, SliceKey, Store, action};
    ///
    /// struct Add(u32);
    /// impl Action for Add {}
    /// static SUM: SliceKey<u32> = SliceKey::new("sum");
    ///
    /// // Held back until somebody lets them go.
    /// let held: Arc<Mutex<Vec<(Arc<dyn AnyAction>, Later)>>> = Arc::default();
    /// let hold = Arc::clone(&held);
    /// let store = Store::builder()
    ///     .slice(SUM.slice(|| 0).on(action::<Add>(), |sum, add| *sum += add.0))
    ///     .middleware(move |action, next: Next<'_>| {
    ///         hold.lock().unwrap().push((action, next.later()));
    ///         Ok(())
    ///     })
    ///     .build()?;
    /// store.dispatch(Add(1));
    /// assert_eq!(store.get(&SUM), 0);
    /// for (action, later) in held.lock().unwrap().drain(..) {
    ///     later.run(action).unwrap();
    /// }
    /// assert_eq!(store.get(&SUM), 1);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    #[must_use = "an action that is not passed on is stopped"]
    pub fn later(self) -> Later<X> {
        Later {
            core: self.passage.store.core().downgrade(),
            shared: Arc::downgrade(self.passage.store.shared()),
            route: self.passage.route.clone(),
            chain: Arc::clone(self.passage.chain),
            index: self.index,
        }
    }
}

/// What comes after a layer, kept for later. Made by [`Next::later`].
#[must_use = "an action that is not passed on is stopped"]
pub struct Later<X = ()> {
    core: WeakStore,
    shared: Weak<Shared<X>>,
    route: Route,
    chain: Chain<X>,
    index: usize,
}

impl<X: Send + Sync + 'static> Later<X> {
    /// Passes an action on, as [`Next::run`] does.
    ///
    /// # Errors
    ///
    /// If the store is gone; if the action was dispatched by the body of a thunk that is over; as [`Store::try_dispatch`].
    ///
    /// # Panics
    ///
    /// As [`Next::run`].
    #[track_caller]
    pub fn run(&self, action: Arc<dyn AnyAction>) -> Result<(), DispatchError> {
        let (Some(core), Some(shared)) = (self.core.upgrade(), self.shared.upgrade()) else {
            return Err(StoreDropped.into());
        };
        let store = Store::from_parts(core, shared);
        // Not part of a dispatch: it may be called from anywhere.
        store.core().try_updates(|_| ())?;
        Passage::new(&store, &self.route, &self.chain).pass_on(action, self.index)
    }
}

impl<X: Send + Sync + 'static> Store<X> {
    /// Adds a layer behind those that there are, until the guard is dropped. The original's dynamic middleware.
    ///
    /// A dispatch that has begun does not see what is added or removed meanwhile.
    ///
    /// ```
    /// # use trine_thunks::{Action, Next, SliceKey, Store, action};
    /// # struct Add(u32);
    /// # impl Action for Add {}
    /// # static SUM: SliceKey<u32> = SliceKey::new("sum");
    /// # let sum = SUM.slice(|| 0).on(action::<Add>(), |sum, add| *sum += add.0);
    /// # let store = Store::builder().slice(sum).build()?;
    /// let closed = store.add_middleware(|_, _: Next<'_>| Ok(()));
    /// store.dispatch(Add(1));
    /// drop(closed);
    /// store.dispatch(Add(2));
    /// assert_eq!(store.get(&SUM), 2);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    pub fn add_middleware(&self, middleware: impl Middleware<X>) -> MiddlewareGuard {
        let pipeline = &self.shared().pipeline;
        let id = pipeline.layers.add(Arc::new(middleware));
        pipeline.note_added();
        let shared = Arc::downgrade(self.shared());
        let remove = move || {
            if let Some(shared) = shared.upgrade()
                && let Some(removed) = shared.pipeline.layers.remove(id)
            {
                shared.pipeline.note_removed();
                // Foreign values.
                after_lease(move || drop(removed));
            }
        };
        MiddlewareGuard { remove: Some(Box::new(remove)) }
    }
}

/// Keeps a layer in its store. Made by [`Store::add_middleware`].
#[must_use = "the layer is removed when the guard is dropped: keep it, or call `detach`"]
pub struct MiddlewareGuard {
    remove: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl MiddlewareGuard {
    /// Leaves the layer where it is, for as long as the store lives.
    pub fn detach(mut self) {
        self.remove = None;
    }
}

impl Drop for MiddlewareGuard {
    fn drop(&mut self) {
        if let Some(remove) = self.remove.take() {
            remove();
        }
    }
}

impl<X> fmt::Debug for Next<'_, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("layers", &(self.passage.chain.len() - self.index))
            .finish_non_exhaustive()
    }
}

impl<X> fmt::Debug for Later<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later")
            .field("layers", &(self.chain.len() - self.index))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MiddlewareGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiddlewareGuard").finish_non_exhaustive()
    }
}
