//! What happened, in order.

use std::{
    fmt::Display,
    sync::{Arc, Mutex},
};
use trine_core::Event;
use trine_thunks::Store;

/// A list of what happened that many can add to.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, what: impl Display) {
        self.0.lock().unwrap().push(what.to_string());
    }

    /// What was noted since it was last taken.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Notes the names of the actions and lifecycle events that a store dispatches.
    pub(crate) fn follow<X>(&self, store: &Store<X>) -> trine_core::ObserverGuard {
        let log = self.clone();
        store.core().observe(move |event| {
            if let Event::Dispatched { action, .. } = event {
                log.note(action);
            }
        })
    }
}
