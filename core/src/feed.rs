//! Who observes the event feed.

use crate::{delivery::Panicked, event::Event, lease, store::Core, sync::Mutex};
use slab::Slab;
use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

type Observer = Box<dyn FnMut(&Event) + Send>;

/// The observers.
pub(crate) struct Feed {
    /// Whether there are any. Read where an event would be made outside the lease; a stale answer only means
    /// that an event beside the change is told or not.
    observed: AtomicBool,
    /// The observers; each is taken out while it is told.
    observers: Mutex<Slab<Option<Observer>>>,
}

/// Keeps an observer of the event feed; dropping it ends the observation.
#[must_use = "the observation ends when the guard is dropped; `detach` keeps it for as long as the store lives"]
pub struct ObserverGuard {
    core: Weak<Core>,
    key: usize,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self { observed: AtomicBool::new(false), observers: Mutex::new(Slab::new()) }
    }

    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        // Relaxed: see the field.
        self.observed.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, core: Weak<Core>, observer: Observer) -> ObserverGuard {
        let key = self.observers.lock().insert(Some(observer));
        if let Some(core) = core.upgrade() {
            core.update_observed();
        }
        ObserverGuard { core, key }
    }

    /// Tells every observer. Only the deliverer calls this, so no observer is called twice at a time.
    pub(crate) fn tell(&self, event: &Event, panicked: &mut Panicked) {
        let keys: Vec<usize> = self.observers.lock().iter().map(|(key, _)| key).collect();
        for key in keys {
            let taken = self.observers.lock().get_mut(key).and_then(Option::take);
            let Some(mut observer) = taken else { continue };
            panicked.catch(|| observer(event));
            // Its place may be gone by now, or belong to an observer that was added meanwhile.
            let leftover = match self.observers.lock().get_mut(key) {
                Some(place @ None) => {
                    *place = Some(observer);
                    None
                }
                _ => Some(observer),
            };
            panicked.catch(|| drop(leftover));
        }
    }
}

impl Core {
    /// Lets graph and feed know whether anybody observes.
    fn update_observed(self: &Arc<Self>) {
        // Inside a lease the graph learns of it right after.
        let core = Arc::clone(self);
        lease::defer(move || {
            let _ = core.enter(|graph| {
                let observed = !core.feed.observers.lock().is_empty();
                core.feed.observed.store(observed, Ordering::Relaxed);
                core.executor.set_observed(observed);
                graph.observed = observed;
            });
        });
    }
}

impl ObserverGuard {
    /// Lets the observation live for as long as the store.
    pub fn detach(mut self) {
        self.core = Weak::new();
    }
}

impl Drop for ObserverGuard {
    fn drop(&mut self) {
        let (core, key) = (std::mem::take(&mut self.core), self.key);
        if core.strong_count() == 0 {
            return;
        }
        // The observer is the user's, and so is what it drops: not inside a lease.
        lease::defer(move || {
            let Some(core) = core.upgrade() else { return };
            let observer = core.feed.observers.lock().try_remove(key);
            drop(observer);
            core.update_observed();
        });
    }
}

impl fmt::Debug for ObserverGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverGuard").finish_non_exhaustive()
    }
}
