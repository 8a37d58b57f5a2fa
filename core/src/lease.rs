//! The lease: the single lock of a store, and the rules for what may run inside it.
//!
//! Everything that a store owns is behind one lock, so no lock order exists that could be broken,
//! commits are serialized and no reader sees half a commit. The price is that code inside the lease
//! must not ask for a lease again, of this store or another one. A thread therefore remembers where it
//! took the lease that it holds; a second attempt is answered with [`Reentrant`], which names both call
//! sites, instead of a deadlock.
//!
//! Guards, runs and scopes may be dropped by pure code inside a lease. Their destructors need the
//! lease themselves, so they [`defer`]: the work is kept by the thread and done right after it has let
//! go of the lease. So are values that only a dropped watch or stream still held ([`release`]).

use crate::sync::{Condvar, Mutex, thread_locals};
use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::Arc,
};

/// Code inside a store's lease asked for a lease: of the same store, or of another one.
///
/// Derivations, reducers, update and transaction closures, comparators and the `Clone` of values run
/// inside the lease and must be pure. Use the context that the closure was handed (`cx`, `tx`), or do
/// the work before or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "store used at {inner} from inside a lease taken at {outer}: \
     code inside a lease must use the context that it was handed, not a store"
)]
pub struct Reentrant {
    /// Where the thread took the lease that it holds.
    pub outer: &'static Location<'static>,
    /// Where it asked for another one.
    pub inner: &'static Location<'static>,
}

/// A value behind a lease.
#[derive(Debug)]
pub(crate) struct Lease<T> {
    /// What the lease guards.
    value: Mutex<T>,
}

thread_locals! {
    /// Where this thread took the lease that it holds.
    static HELD: Cell<Option<&'static Location<'static>>> = Cell::new(None);
    /// Nothing; its address tells this thread from all others that live.
    static TOKEN: Cell<bool> = Cell::new(false);
    /// Whether `DEFERRED` holds work: spares the common exit a look at it.
    static HAS_DEFERRED: Cell<bool> = Cell::new(false);
    /// Destructors that wait for the end of the lease.
    static DEFERRED: RefCell<Vec<Box<dyn FnOnce()>>> = RefCell::new(Vec::new());
}

impl<T> Lease<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value) }
    }

    /// The value, of which nobody else has a handle any more.
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Runs `f` inside the lease.
    #[inline]
    #[track_caller]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Result<R, Reentrant> {
        self.with_at(Location::caller(), f)
    }

    /// [`with`](Self::with), for a call at `here`.
    #[inline]
    pub(crate) fn with_at<R>(
        &self,
        here: &'static Location<'static>,
        f: impl FnOnce(&mut T) -> R,
    ) -> Result<R, Reentrant> {
        if let Some(outer) = held() {
            return Err(Reentrant { outer, inner: here });
        }
        let _deferred = RunDeferred;
        let mut value = self.value.lock();
        let _held = Held::enter(here);
        Ok(f(&mut value))
    }
}

impl<T> Lease<T> {
    /// Waits, without holding the lease, until `ready` gives an answer. It is asked at once and at every
    /// notification of `condvar`; the flag says whether it is asked for the first time.
    #[track_caller]
    pub(crate) fn wait<R>(
        &self,
        condvar: &Condvar,
        mut ready: impl FnMut(&mut T, bool) -> Option<R>,
    ) -> Result<R, Reentrant> {
        let here = Location::caller();
        if let Some(outer) = held() {
            return Err(Reentrant { outer, inner: here });
        }
        let mut value = self.value.lock();
        let mut first = true;
        loop {
            if let Some(answer) = ready(&mut value, first) {
                return Ok(answer);
            }
            first = false;
            value = condvar.wait(value);
        }
    }
}

/// Where this thread took the lease that it holds, if it holds one.
#[inline]
pub(crate) fn held() -> Option<&'static Location<'static>> {
    HELD.with(Cell::get)
}

/// Names another call as the one that has taken the lease which this thread holds.
#[inline]
pub(crate) fn called_at(location: &'static Location<'static>) {
    HELD.with(|held| held.set(Some(location)));
}

/// Tells this thread from all others that live.
#[inline]
pub(crate) fn this_thread() -> usize {
    TOKEN.with(|token| std::ptr::from_ref(token).addr())
}

/// Does `work` once this thread holds no lease: now, or right after it has let go of the one it holds.
///
/// A panic of the work goes on when all of it is done, unless it runs while another panic unwinds.
pub(crate) fn defer(work: impl FnOnce() + 'static) {
    if held().is_none() {
        return work();
    }
    HAS_DEFERRED.with(|any| any.set(true));
    DEFERRED.with(|list| list.borrow_mut().push(Box::new(work)));
}

/// Does `work` once this thread holds no lease: at once, or right after it has let go of the one that it holds.
///
/// For the `Drop` of guards that pure code may drop inside a lease, where a store cannot be used. A panic of the work goes on
/// when all that was put off is done, unless it runs while another panic unwinds.
///
/// ```
/// use trine_core::{Store, after_lease};
///
/// let store = Store::new();
/// let (cell, other) = (store.source(1), store.source(0));
/// store.with(cell, |value| {
///     let (store, value) = (store.clone(), *value);
///     after_lease(move || drop(store.set(other, value)));
/// });
/// assert_eq!(store.get(other), 1);
/// ```
pub fn after_lease(work: impl FnOnce() + 'static) {
    defer(work);
}

/// Drops what user code has panicked with, which is the user's as well: not inside a lease, and whatever its drop does.
#[cold]
pub(crate) fn drop_payload(payload: Box<dyn Any + Send>) {
    defer(move || {
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            // A payload whose destructor panics with such a payload again has no end; give up on it.
            std::mem::forget(second);
        }
    });
}

/// To be called in the drop of a handle: if it is the last one, what it shares is not dropped inside a lease, since it
/// holds values of the user's.
#[inline]
pub(crate) fn release<T: 'static>(shared: &Arc<T>) {
    if held().is_some() {
        let shared = Arc::clone(shared);
        defer(move || drop(shared));
    }
}

/// Marks the thread as a holder for as long as it lives, panics included.
struct Held;

impl Held {
    #[inline]
    fn enter(location: &'static Location<'static>) -> Self {
        HELD.with(|held| held.set(Some(location)));
        Self
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        HELD.with(|held| held.set(None));
    }
}

/// Does the deferred work when it goes out of scope, after the lock is free.
struct RunDeferred;

impl Drop for RunDeferred {
    #[inline]
    fn drop(&mut self) {
        if HAS_DEFERRED.with(Cell::get) {
            run_deferred();
        }
    }
}

#[cold]
fn run_deferred() {
    HAS_DEFERRED.with(|any| any.set(false));
    // Deferred work may take leases, and so come back here; each visit does what it finds.
    let work = DEFERRED.with(|list| std::mem::take(&mut *list.borrow_mut()));
    let mut panicked = None;
    for job in work {
        // What a guard drops is the user's, and its panic must not keep the other guards from being released.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(job)) {
            panicked.get_or_insert(payload);
        }
    }
    if let Some(payload) = panicked
        && !std::thread::panicking()
    {
        resume_unwind(payload);
    }
}
