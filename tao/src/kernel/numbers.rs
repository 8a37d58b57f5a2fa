//! The numbers of handlers.

use crate::{
    handler::{HandlerId, Phase},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use rustc_hash::FxHashMap;
use std::panic::Location;

/// A call that registers handlers.
type Site = (&'static Location<'static>, Phase);

/// Gives every handler of a kernel its number, and says which it is of those that one call has registered.
///
/// Grows with the calls in the source, not with the handlers that come and go.
pub(crate) struct Numbers {
    /// The last number. Only uniqueness matters, so no ordering does.
    last: AtomicU64,
    /// How many handlers each call has registered.
    sites: Mutex<FxHashMap<Site, u32>>,
}

impl Numbers {
    pub(crate) fn new() -> Self {
        Self { last: AtomicU64::new(0), sites: Mutex::default() }
    }

    /// Numbers that go on with these.
    pub(crate) fn copy(&self) -> Self {
        let sites = self.sites.lock().clone();
        Self { last: AtomicU64::new(self.last.load(Ordering::Relaxed)), sites: Mutex::new(sites) }
    }

    /// The identity of a new handler.
    pub(crate) fn next(&self, phase: Phase, location: &'static Location<'static>) -> HandlerId {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut sites = self.sites.lock();
        let count = sites.entry((location, phase)).or_default();
        *count = count.saturating_add(1);
        HandlerId::new(number, phase, location, *count)
    }
}
