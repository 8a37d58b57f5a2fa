//! What a store dispatches, as lines of a log.

use trine_core::{Event, ObserverGuard};
use trine_thunks::Store;

pub(crate) use trine_core::test::Log;

/// Notes the names of the actions and lifecycle events that a store dispatches.
pub(crate) fn follow<X>(log: &Log, store: &Store<X>) -> ObserverGuard {
    log.follow(store.core(), |event| match event {
        Event::Dispatched { action, .. } => Some(action.to_string()),
        _ => None,
    })
}
