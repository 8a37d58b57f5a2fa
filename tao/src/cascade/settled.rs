//! Waiting for a cascade to come to rest.

use super::Shared;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// Resolves when a cascade has come to rest. Made by [`Cascade::settled`](crate::Cascade::settled).
#[must_use = "futures do nothing unless awaited"]
pub struct Settled {
    /// The cascade; nothing if it was at rest from the start.
    shared: Option<Arc<Shared>>,
    /// The place among those who wait.
    slot: Option<usize>,
}

impl Settled {
    pub(super) fn new(shared: Option<Arc<Shared>>) -> Self {
        Self { shared, slot: None }
    }
}

impl Future for Settled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, slot } = &mut *self;
        match shared {
            Some(shared) => shared.poll_rest(slot, cx),
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        if let (Some(shared), Some(slot)) = (&self.shared, self.slot) {
            shared.forget_waiter(slot);
        }
    }
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settled").finish_non_exhaustive()
    }
}
