//! The registration of an adapter.

use crate::kernel::HandlerGuard;
use std::fmt;

/// The registration of an adapter; dropping it takes the adapter away.
///
/// Dispatches that have begun keep the handlers that they found: see [`HandlerGuard`].
#[must_use = "the adapter is taken away when the guard is dropped; `detach` keeps it for as long as the kernel or channel lives"]
pub struct AdapterGuard {
    /// One for each pattern.
    guards: Vec<HandlerGuard>,
}

impl AdapterGuard {
    pub(crate) fn new(guards: Vec<HandlerGuard>) -> Self {
        Self { guards }
    }

    /// Lets the adapter stay for as long as the kernel or channel lives that it listens to.
    pub fn detach(self) {
        self.guards.into_iter().for_each(HandlerGuard::detach);
    }
}

impl fmt::Debug for AdapterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AdapterGuard").field(&self.guards).finish()
    }
}
