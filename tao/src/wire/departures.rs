//! Requests whose answers may come from another process.

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::{kernel::Kernel, request::Ask, sync::Mutex};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Weak};
use trine_core::Text;

/// The requests of a kernel that were sent over links: what comes back tells their number.
///
/// An entry is made when a request leaves for the first time, and goes with it; so nothing is left of one that has ended.
#[derive(Default)]
pub(crate) struct Departures {
    /// The number of the last one. Only ever counted up: no order with other memory is needed.
    last: AtomicU64,
    open: Mutex<FxHashMap<u64, Departure>>,
}

struct Departure {
    ask: Weak<Ask>,
    /// The links that it was sent over; an answer may come over these only.
    links: Vec<u32>,
}

impl Departures {
    /// Notes that a request is sent over a link; its number. Nothing, if nobody waits for it any more.
    pub(super) fn note(&self, ask: &Arc<Ask>, link: u32) -> Option<u64> {
        if ask.has_ended() {
            return None;
        }
        let number = ask.number(|| self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let is_new = {
            let mut open = self.open.lock();
            let departure = open
                .entry(number)
                .or_insert_with(|| Departure { ask: Arc::downgrade(ask), links: Vec::new() });
            let is_new = !departure.links.contains(&link);
            if is_new {
                departure.links.push(link);
            }
            is_new
        };
        if is_new {
            ask.goes_abroad();
        }
        Some(number)
    }

    /// The request of this number, if it was sent over this link.
    pub(super) fn find(&self, number: u64, link: u32) -> Option<Arc<Ask>> {
        let open = self.open.lock();
        open.get(&number).filter(|departure| departure.links.contains(&link))?.ask.upgrade()
    }

    /// A request is gone.
    pub(crate) fn forget(&self, number: u64) {
        let gone = self.open.lock().remove(&number);
        drop(gone);
    }

    /// A link has ended: no answers will come over it.
    pub(super) fn lost(&self, link: u32, name: &Text) {
        let lost: Vec<_> = {
            let mut open = self.open.lock();
            let sent = open.values_mut().filter_map(|departure| {
                let place = departure.links.iter().position(|own| *own == link)?;
                departure.links.swap_remove(place);
                departure.ask.upgrade()
            });
            sent.collect()
        };
        // Whoever waits is woken: not under the lock.
        for ask in lost {
            ask.lost(name);
        }
    }
}

impl Kernel {
    /// How many requests wait for answers that may come from other processes.
    #[must_use]
    pub fn requests_abroad(&self) -> usize {
        self.core().departures().open.lock().len()
    }
}
