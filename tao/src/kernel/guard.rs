//! The registration of a handler.

use super::Core;
use crate::handler::{HandlerId, contain};
use std::{
    fmt,
    sync::{Arc, Weak},
};

/// The registration of one handler; dropping it removes the handler.
///
/// Dispatches that have begun keep the handlers that they found: a removed one may still be called by them.
#[must_use = "the handler is removed when the guard is dropped; `detach` keeps it for as long as the kernel lives"]
pub struct HandlerGuard {
    /// The kernel; nowhere, once detached.
    core: Weak<Core>,
    /// The handler.
    id: HandlerId,
}

impl HandlerGuard {
    pub(super) fn new(core: &Arc<Core>, id: HandlerId) -> Self {
        Self { core: Arc::downgrade(core), id }
    }

    /// The identity of the handler.
    #[must_use]
    pub fn id(&self) -> HandlerId {
        self.id
    }

    /// Lets the handler stay for as long as the kernel lives.
    pub fn detach(mut self) {
        self.core = Weak::new();
    }
}

impl Drop for HandlerGuard {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            let old = core.table.write().remove(self.id);
            // Handlers are user code, their drops too: outside of the lock, and a drop must not panic.
            let _ = contain(|| drop(old));
        }
    }
}

impl fmt::Debug for HandlerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HandlerGuard").field(&self.id).finish()
    }
}
