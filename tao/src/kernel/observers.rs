//! Those who look on.

use super::Core;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::{
    handler::contain,
    observe::{HandlerEvent, Observation, Place, What},
    sync::RwLock,
};
use std::{
    fmt,
    sync::{Arc, Weak},
};

/// A user's observer of signals.
type Observer = Arc<dyn Fn(&Observation<'_>) + Send + Sync>;

/// A user's observer of handlers.
type HandlerObserver = Arc<dyn Fn(&HandlerEvent<'_>) + Send + Sync>;

/// The observers of a kernel.
#[derive(Default)]
pub(crate) struct Observers {
    /// Those of signals.
    signals: List<Observer>,
    /// Those of handlers.
    handlers: List<HandlerObserver>,
    /// The number of the last one. Only ever counted up: no order with other memory is needed.
    last: AtomicU64,
}

/// Observers of one kind.
struct List<O> {
    /// Whether there are any: the one branch that an unobserved kernel pays. Relaxed, since an observer is only owed
    /// what happens after `observe` has returned to whoever goes on to cause it, and that has an order of its own.
    any: AtomicBool,
    /// The observers with their numbers, replaced as a whole, so that they are called outside of the lock.
    list: RwLock<Arc<Vec<(u64, O)>>>,
}

/// An observer of a kernel; dropping it ends the observation.
#[must_use = "the observation ends when the guard is dropped; `detach` keeps it for as long as the kernel lives"]
pub struct ObserverGuard {
    /// The kernel; nowhere, once detached.
    core: Weak<Core>,
    /// The observer's number.
    number: u64,
}

impl Observers {
    pub(super) fn add(&self, core: &Arc<Core>, observer: Observer) -> ObserverGuard {
        let number = self.next();
        self.signals.add(number, observer);
        ObserverGuard { core: Arc::downgrade(core), number }
    }

    pub(super) fn add_for_handlers(
        &self,
        core: &Arc<Core>,
        observer: HandlerObserver,
    ) -> ObserverGuard {
        let number = self.next();
        self.handlers.add(number, observer);
        ObserverGuard { core: Arc::downgrade(core), number }
    }

    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Tells the observers, if there are any.
    #[inline]
    pub(crate) fn tell(&self, place: &Place, what: What<'_>) {
        if self.signals.any.load(Ordering::Relaxed) {
            self.tell_all(place, what);
        }
    }

    /// Tells the observers of what happened at a place that has to be made up first.
    #[inline]
    pub(crate) fn tell_at(&self, place: impl FnOnce() -> Place, what: What<'_>) {
        if self.signals.any.load(Ordering::Relaxed) {
            self.tell_all(&place(), what);
        }
    }

    #[cold]
    fn tell_all(&self, place: &Place, what: What<'_>) {
        let observation = Observation::new(place, what);
        self.signals.each(&observation, |observer| observer(&observation));
    }

    /// Whether anybody observes signals.
    #[inline]
    pub(crate) fn hear_of_signals(&self) -> bool {
        self.signals.any.load(Ordering::Relaxed)
    }

    /// Whether anybody observes handlers.
    pub(crate) fn hears_of_handlers(&self) -> bool {
        self.handlers.any.load(Ordering::Relaxed)
    }

    /// Tells those who observe handlers.
    pub(crate) fn tell_of_handler(&self, event: &HandlerEvent<'_>) {
        if self.hears_of_handlers() {
            self.handlers.each(event, |observer| observer(event));
        }
    }
}

impl<O: Clone> List<O> {
    fn add(&self, number: u64, observer: O) {
        let mut list = self.list.write();
        Arc::make_mut(&mut list).push((number, observer));
        self.any.store(true, Ordering::Relaxed);
    }

    /// Removes an observer; returns what is to be dropped outside of the lock.
    fn remove(&self, number: u64) -> Arc<Vec<(u64, O)>> {
        let mut list = self.list.write();
        let rest: Vec<_> = list.iter().filter(|(own, _)| *own != number).cloned().collect();
        self.any.store(!rest.is_empty(), Ordering::Relaxed);
        std::mem::replace(&mut *list, Arc::new(rest))
    }

    /// Calls each observer; a panic in one of them changes nothing for the others.
    fn each(&self, what: &impl fmt::Display, mut call: impl FnMut(&O)) {
        let list = Arc::clone(&self.list.read());
        for (number, observer) in list.iter() {
            // One that was told before may have removed it.
            let now = Arc::clone(&self.list.read());
            if !Arc::ptr_eq(&now, &list) && !now.iter().any(|(own, _)| own == number) {
                continue;
            }
            if let Err(panic) = contain(|| call(observer)) {
                // What it was told of may show an error of the user's.
                let shown = contain(|| what.to_string()).unwrap_or_else(|panic| panic.to_string());
                tracing::error!(%panic, observation = shown, "an observer panicked");
            }
        }
    }
}

impl<O> Default for List<O> {
    fn default() -> Self {
        Self { any: AtomicBool::new(false), list: RwLock::default() }
    }
}

impl ObserverGuard {
    /// Lets the observation live for as long as the kernel.
    pub fn detach(mut self) {
        self.core = Weak::new();
    }
}

impl Drop for ObserverGuard {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            let Observers { signals, handlers, .. } = &core.observers;
            let old = (signals.remove(self.number), handlers.remove(self.number));
            let _ = contain(|| drop(old));
        }
    }
}

impl fmt::Debug for ObserverGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverGuard").finish_non_exhaustive()
    }
}
