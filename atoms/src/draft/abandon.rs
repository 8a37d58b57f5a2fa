//! What a call that does not finish leaves behind is undone when its handler is dropped.

use super::desk::Desk;
use crate::synergy::Atoms;
use std::{cell::Cell, sync::Arc};

/// Abandons the desk when it goes out of scope, unless the action has finished: that is after the handler's
/// future, and with it the drafts, has been dropped.
pub(crate) struct AbandonGuard<S: Atoms> {
    desk: Arc<Desk<S>>,
    /// Whether there is anything to abandon.
    armed: Cell<bool>,
}

impl<S: Atoms> AbandonGuard<S> {
    pub(crate) fn new(desk: Arc<Desk<S>>) -> Self {
        Self { desk, armed: Cell::new(true) }
    }

    pub(crate) fn desk(&self) -> &Desk<S> {
        &self.desk
    }

    /// The action has finished: all drafts have come back, and everything was given up.
    pub(crate) fn disarm(&self) {
        self.armed.set(false);
    }
}

impl<S: Atoms> Drop for AbandonGuard<S> {
    fn drop(&mut self) {
        if self.armed.get() {
            self.desk.abandon();
        }
    }
}
