//! The registration of a handler.

use super::Core;
use crate::{
    channel::Circle,
    handler::{HandlerId, contain},
    observe::HandlerEvent,
};
use std::{
    fmt,
    sync::{Arc, Weak},
};

/// The registration of one handler; dropping it removes the handler.
///
/// Dispatches that have begun keep the handlers that they found: a removed one may still be called by them.
#[must_use = "the handler is removed when the guard is dropped; `detach` keeps it for as long as the kernel or channel lives"]
pub struct HandlerGuard {
    /// Where it is registered.
    home: Home,
    /// The handler.
    id: HandlerId,
}

/// Where a handler is registered.
enum Home {
    /// In a kernel.
    Kernel(Weak<Core>),
    /// In a channel.
    Channel(Weak<Circle>),
    /// The guard has nothing to do with it any more.
    Detached,
}

impl HandlerGuard {
    pub(super) fn new(core: &Arc<Core>, id: HandlerId) -> Self {
        Self { home: Home::Kernel(Arc::downgrade(core)), id }
    }

    pub(crate) fn in_channel(circle: &Arc<Circle>, id: HandlerId) -> Self {
        Self { home: Home::Channel(Arc::downgrade(circle)), id }
    }

    /// The guard of a handler that was not registered.
    pub(crate) fn of_none(id: HandlerId) -> Self {
        Self { home: Home::Detached, id }
    }

    /// The identity of the handler.
    #[must_use]
    pub fn id(&self) -> HandlerId {
        self.id
    }

    /// Lets the handler stay for as long as the kernel lives, or the channel that it was registered on.
    pub fn detach(mut self) {
        self.home = Home::Detached;
    }
}

impl Drop for HandlerGuard {
    fn drop(&mut self) {
        let old = match &self.home {
            Home::Kernel(core) => {
                let core = core.upgrade();
                let old = core.as_ref().and_then(|core| core.table.write().remove(self.id));
                if let (Some(core), Some(_)) = (core, &old) {
                    core.observers.tell_of_handler(&HandlerEvent::Removed(self.id));
                }
                old
            }
            Home::Channel(circle) => circle.upgrade().and_then(|circle| circle.remove(self.id)),
            Home::Detached => None,
        };
        // Handlers are user code, their drops too: outside of the lock, and a drop must not panic.
        let _ = contain(|| drop(old));
    }
}

impl fmt::Debug for HandlerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HandlerGuard").field(&self.id).finish()
    }
}
