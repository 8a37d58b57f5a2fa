//! Those who look on.

use super::Core;
use crate::{
    handler::contain,
    observe::{Observation, Place, What},
    sync::RwLock,
};
use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// A user's observer.
type Observer = Arc<dyn Fn(&Observation<'_>) + Send + Sync>;

/// The observers of a kernel.
#[derive(Default)]
pub(crate) struct Observers {
    /// Whether there are any: the one branch that an unobserved kernel pays. Relaxed, since an observer is only owed
    /// what happens after `observe` has returned to whoever goes on to cause it, and that has an order of its own.
    any: AtomicBool,
    /// The observers with their numbers, replaced as a whole, so that they are called outside of the lock.
    list: RwLock<Arc<Vec<(u64, Observer)>>>,
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
        let mut list = self.list.write();
        let number = list.last().map_or(1, |(last, _)| last + 1);
        Arc::make_mut(&mut list).push((number, observer));
        self.any.store(true, Ordering::Relaxed);
        ObserverGuard { core: Arc::downgrade(core), number }
    }

    fn remove(&self, number: u64) -> Arc<Vec<(u64, Observer)>> {
        let mut list = self.list.write();
        let rest: Vec<_> = list.iter().filter(|(own, _)| *own != number).cloned().collect();
        self.any.store(!rest.is_empty(), Ordering::Relaxed);
        std::mem::replace(&mut *list, Arc::new(rest))
    }

    /// Tells the observers, if there are any.
    #[inline]
    pub(crate) fn tell(&self, place: &Place, what: What<'_>) {
        if self.any.load(Ordering::Relaxed) {
            self.tell_all(place, what);
        }
    }

    /// Tells the observers of what happened at a place that has to be made up first.
    #[inline]
    pub(crate) fn tell_at(&self, place: impl FnOnce() -> Place, what: What<'_>) {
        if self.any.load(Ordering::Relaxed) {
            self.tell_all(&place(), what);
        }
    }

    #[cold]
    fn tell_all(&self, place: &Place, what: What<'_>) {
        let list = Arc::clone(&self.list.read());
        let observation = Observation::new(place, what);
        for (number, observer) in list.iter() {
            // One that was told before may have removed it.
            let now = Arc::clone(&self.list.read());
            if !Arc::ptr_eq(&now, &list) && !now.iter().any(|(own, _)| own == number) {
                continue;
            }
            if let Err(panic) = contain(|| observer(&observation)) {
                tracing::error!(%panic, %observation, "an observer panicked");
            }
        }
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
            let old = core.observers.remove(self.number);
            let _ = contain(|| drop(old));
        }
    }
}

impl fmt::Debug for ObserverGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverGuard").finish_non_exhaustive()
    }
}
