//! What has come in before.

use crate::{envelope::DerivedId, sync::Mutex};
use std::collections::{HashSet, VecDeque};

/// The last signals that came in over the links of a border, by their derived ids.
///
/// The hashes are seeded: ids may come from strangers.
pub(super) struct Repeats {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashSet<DerivedId>,
    /// The same, the oldest first.
    order: VecDeque<DerivedId>,
}

impl Repeats {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default() }
    }

    /// Whether it has come before.
    pub(super) fn has(&self, id: DerivedId) -> bool {
        self.state.lock().known.contains(&id)
    }

    /// Notes that it comes in; false if it has come before.
    pub(super) fn note(&self, id: DerivedId) -> bool {
        let mut state = self.state.lock();
        if self.limit == 0 {
            return true;
        }
        if !state.known.insert(id) {
            return false;
        }
        if state.order.len() >= self.limit
            && let Some(oldest) = state.order.pop_front()
        {
            state.known.remove(&oldest);
        }
        state.order.push_back(id);
        true
    }
}
