//! Who observes the event feed.
//!
//! Events are noted where things happen, inside the lease or outside, if anybody observes, and queue in the outbox with
//! everything else that is to be told. So they come in the order of the commits, and the deliverer, outside every lock, is the only
//! one who tells them. An observer is taken out of its place while it is told: it may write, panic, remove itself and
//! add others, and is never called twice at a time.

mod values;

use crate::{delivery::Panicked, event::Event, graph::Causes, lease, store::Core, sync::Mutex};
use slab::Slab;
use std::{
    any::Any,
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use values::ValueLog;

type Observer = Box<dyn FnMut(&Event) + Send>;

/// The observers.
pub(crate) struct Feed {
    /// Whether there are any. Read where an event would be made outside the lease; a stale answer only means
    /// that an event beside the change is told or not.
    observed: AtomicBool,
    /// What observed values have to tell.
    values: Arc<ValueLog>,
    /// Outlets of values that live as long as the store.
    kept: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
    /// The observers; each is taken out while it is told.
    observers: Mutex<Slab<Option<Observer>>>,
}

/// Keeps an observer of the event feed, or of the values of a cell; dropping it ends the observation.
#[must_use = "the observation ends when the guard is dropped; `detach` keeps it for as long as the store lives"]
pub struct ObserverGuard {
    core: Weak<Core>,
    what: What,
}

/// What a guard keeps.
enum What {
    /// The observer with this key.
    Observer(usize),
    /// The outlet of a cell's values.
    Values(Option<Arc<dyn Any + Send + Sync>>),
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self {
            observed: AtomicBool::new(false),
            values: ValueLog::new(),
            kept: Mutex::new(Vec::new()),
            observers: Mutex::new(Slab::new()),
        }
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
        ObserverGuard { core, what: What::Observer(key) }
    }

    /// Tells an event, and the values that changed with it.
    pub(crate) fn tell(&self, event: &Event, panicked: &mut Panicked) {
        self.tell_all(event, panicked);
        if let Event::Committed { number, .. } = event {
            while let Some(change) = self.values.next(*number) {
                self.tell_all(&change, panicked);
            }
        }
    }

    /// Tells every observer. Only the deliverer calls this, so no observer is called twice at a time.
    fn tell_all(&self, event: &Event, panicked: &mut Panicked) {
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
                core.feed.values.set_observed(observed);
                graph.observed = observed;
                if !observed {
                    graph.causes = Causes::default();
                }
            });
        });
    }
}

impl ObserverGuard {
    /// Lets the observation live for as long as the store.
    pub fn detach(mut self) {
        let core = std::mem::take(&mut self.core).upgrade();
        if let (Some(core), What::Values(outlet)) = (core, &mut self.what) {
            core.feed.kept.lock().extend(outlet.take());
        }
    }
}

impl Drop for ObserverGuard {
    fn drop(&mut self) {
        let core = std::mem::take(&mut self.core);
        let key = match &mut self.what {
            What::Observer(key) => *key,
            // The cell notices with its next change.
            What::Values(outlet) => {
                let outlet = outlet.take();
                return lease::defer(move || drop(outlet));
            }
        };
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
