//! How the end of a run reaches the desk of its handler.
//!
//! The end is told by whoever has decided it, which may be another thread than the one that is busy with the handler. What is
//! there for the time being is taken back right then, before anybody hears of the end, and not only when the handler
//! is dropped.

use super::desk::AnyDesk;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// Finds the desk of the attempt that is under way, for whoever ends a run of several.
#[derive(Clone, Default)]
pub(crate) struct Ender(Arc<Mutex<Option<Weak<dyn AnyDesk>>>>);

impl Ender {
    /// Notes the desk of an attempt.
    pub(crate) fn note(&self, desk: &Arc<impl AnyDesk + 'static>) {
        let desk: Weak<dyn AnyDesk> = Arc::downgrade(desk) as _;
        let last = self.lock().replace(desk);
        drop(last);
    }

    /// The run has ended. Outside every lease, since it may be a commit.
    pub(crate) fn end(&self) {
        let desk = self.lock().take();
        // Gone: then it has been abandoned.
        if let Some(desk) = desk.and_then(|desk| desk.upgrade()) {
            desk.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Weak<dyn AnyDesk>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ender").finish_non_exhaustive()
    }
}
