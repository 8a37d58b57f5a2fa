//! Who stands between actions and atoms, and in which order they are asked.

use super::{Flush, Middleware};
use crate::{
    draft::FlushError,
    place::{At, Place},
};
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};
use trine_core::{CommitNumber, Event, Text, WeakStore};

/// The middleware of a store, by the place that it was registered in: 0 is the store itself. The first registered first.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<FxHashMap<u64, Vec<Arc<Registered>>>>);

/// How much middleware there is in all stores together: where there is none, none has to be looked for. Relaxed: whoever registers
/// while an action starts may as well have come later.
static ANY: AtomicUsize = AtomicUsize::new(0);

/// One of them.
struct Registered {
    /// The call that registered it.
    location: &'static Location<'static>,
    /// The user's code.
    middleware: Box<dyn Middleware>,
}

/// The middleware that there was when an action began.
pub(crate) struct Chain {
    /// The first registered first.
    list: Vec<Arc<Registered>>,
    /// Where failures that nobody can be told of are reported.
    store: WeakStore,
}

/// Puts `middleware` between the actions that are called in a place and their atoms: see [the module](mod@crate::middleware). It
/// stays until the guard is dropped.
///
/// It comes behind what is there already: that of the store first, then that of each [`Provider`](crate::Provider) on the way in to
/// the place of the call, in each the first registered first. What counts is where an action is called, not where its atoms
/// have their values. Actions that are under way do not notice; for them, what there was when they began is what counts.
#[track_caller]
pub fn middleware(at: &impl Place, middleware: impl Middleware) -> MiddlewareGuard {
    let (location, at) = (Location::caller(), at.at());
    let (hooks, place) = (at.store.extension::<Hooks>(), at.site.map_or(0, |site| site.id));
    let registered = Arc::new(Registered { location, middleware: Box::new(middleware) });
    let known = Arc::downgrade(&registered);
    hooks.lock().entry(place).or_default().push(registered);
    ANY.fetch_add(1, Ordering::Relaxed);
    MiddlewareGuard { hooks: Arc::downgrade(&hooks), place, registered: known }
}

/// Keeps middleware in its place. Dropping it takes the middleware out; actions that have begun still go through it.
#[must_use = "the middleware is taken out when this is dropped; `detach` leaves it for as long as there is the store"]
pub struct MiddlewareGuard {
    hooks: Weak<Hooks>,
    place: u64,
    registered: Weak<Registered>,
}

impl MiddlewareGuard {
    /// Leaves the middleware in its place for as long as there is the store.
    pub fn detach(mut self) {
        self.hooks = Weak::new();
    }
}

impl Drop for MiddlewareGuard {
    fn drop(&mut self) {
        let Some(hooks) = self.hooks.upgrade() else { return };
        let mut places = hooks.lock();
        let Some(list) = places.get_mut(&self.place) else { return };
        let found = list.iter().position(|other| Arc::as_ptr(other) == self.registered.as_ptr());
        let removed = found.map(|found| list.remove(found));
        if list.is_empty() {
            places.remove(&self.place);
        }
        drop(places);
        if removed.is_some() {
            ANY.fetch_sub(1, Ordering::Relaxed);
        }
        // The user's, so neither under the lock nor inside a lease.
        trine_core::after_lease(move || drop(removed));
    }
}

impl fmt::Debug for MiddlewareGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiddlewareGuard").finish_non_exhaustive()
    }
}

impl Hooks {
    /// What a call in a place goes through, if there is anything.
    #[inline]
    pub(crate) fn chain(at: At<'_>) -> Option<Chain> {
        if ANY.load(Ordering::Relaxed) == 0 { None } else { Self::find(at) }
    }

    #[inline(never)]
    fn find(at: At<'_>) -> Option<Chain> {
        let mut places = Vec::new();
        let mut site = at.site;
        while let Some(inner) = site.filter(|site| site.parent.is_some()) {
            places.push(inner.id);
            site = inner.parent.as_ref();
        }
        places.push(0);
        let hooks = at.store.extension::<Self>();
        let known = hooks.lock();
        let registered = places.iter().rev().filter_map(|place| known.get(place)).flatten();
        let list: Vec<_> = registered.cloned().collect();
        drop(known);
        (!list.is_empty()).then(|| Chain { list, store: at.store.downgrade() })
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<u64, Vec<Arc<Registered>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        let left: usize = self.lock().values().map(Vec::len).sum();
        ANY.fetch_sub(left, Ordering::Relaxed);
    }
}

thread_local! {
    /// How many calls of middleware nest on this thread, through actions that middleware runs.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// How deep they may nest.
const MAX_DEPTH: u32 = 32;

/// Counts a call for as long as it lives.
struct Nested;

impl Nested {
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        (depth < MAX_DEPTH).then(|| {
            DEPTH.set(depth + 1);
            Self
        })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

impl Chain {
    /// Asks each about a flush, until one refuses.
    pub(crate) fn judge(&self, flush: &mut Flush) -> Result<(), FlushError> {
        if flush.atoms().next().is_none() {
            return Ok(());
        }
        for (place, registered) in self.list.iter().enumerate() {
            let asked = Nested::enter().map(|_nested| {
                catch_unwind(AssertUnwindSafe(|| registered.middleware.flush(flush)))
            });
            let (reason, panicked) = match asked {
                Some(Ok(Ok(()))) => continue,
                Some(Ok(Err(reason))) => (Text::from(reason.to_string()), false),
                Some(Err(payload)) => (message_of(&*payload), true),
                None => {
                    let message = format!(
                        "middleware that runs actions is asked about those as well, more than \
                         {MAX_DEPTH} deep: let it tell them apart by their names"
                    );
                    (Text::from(message), false)
                }
            };
            let (action, location) = (flush.action().clone(), registered.location);
            let veto = Veto { action, reason, location, panicked };
            for registered in &self.list[..=place] {
                self.contain(|| registered.middleware.refused(flush, &veto));
            }
            return Err(veto.into());
        }
        Ok(())
    }

    /// Tells each that a flush is visible.
    pub(crate) fn committed(&self, flush: &Flush, number: Option<CommitNumber>) {
        if number.is_some() || flush.atoms().next().is_some() {
            for registered in &self.list {
                self.contain(|| registered.middleware.committed(flush, number));
            }
        }
    }

    /// Calls what has no say any more; a panic is reported.
    fn contain(&self, call: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(call))
            && let Some(store) = self.store.upgrade()
        {
            let what = Text::from("middleware that was told of a flush");
            store.emit(|| Event::Failed { what, message: message_of(&*payload) });
        }
    }
}

/// What a panic said.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> Text {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    Text::from(text.unwrap_or_else(|| "a panic without a message".to_owned()))
}

/// Middleware has refused a flush. Nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} of {location} {} a flush of `{action}`: {reason}",
    "the middleware",
    if *.panicked { "panicked at" } else { "has refused" }
)]
#[non_exhaustive]
pub struct Veto {
    /// The action whose flush it was.
    pub action: Text,
    /// Why.
    pub reason: Text,
    /// The call that registered the middleware.
    pub location: &'static Location<'static>,
    /// Whether it panicked.
    pub panicked: bool,
}
