//! What the service has seen of its clients: requests received, answered, and given up half way.

use serde::Serialize;
use tokio::sync::watch;

use crate::api::Endpoint;

/// Requests of one endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// The service has begun to work on them.
    pub received: u64,
    /// They were answered, successes and failures alike.
    pub completed: u64,
    /// Their client went away first: the future that worked on them was dropped.
    pub dropped: u64,
}

/// Requests of every endpoint, and which searches are over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    at: [Requests; Endpoint::ALL.len()],
    searches_over: Vec<String>,
}

impl Traffic {
    /// The requests of one endpoint.
    #[must_use]
    pub fn at(&self, endpoint: Endpoint) -> Requests {
        self.at[endpoint as usize]
    }

    /// The requests of all endpoints.
    #[must_use]
    pub fn total(&self) -> Requests {
        self.at.iter().fold(Requests::default(), |sum, one| Requests {
            received: sum.received + one.received,
            completed: sum.completed + one.completed,
            dropped: sum.dropped + one.dropped,
        })
    }

    /// Whether a search for `query` was answered or given up.
    #[must_use]
    pub fn search_is_over(&self, query: &str) -> bool {
        self.searches_over.iter().any(|over| over == query)
    }
}

/// The counters, and who waits for them. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    traffic: watch::Sender<Traffic>,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self { traffic: watch::Sender::new(Traffic::default()) }
    }

    pub(super) fn now(&self) -> Traffic {
        self.traffic.borrow().clone()
    }

    /// Waits until the counters are as wanted, and returns them.
    pub(super) async fn until(&self, wanted: impl FnMut(&Traffic) -> bool) -> Traffic {
        match self.traffic.subscribe().wait_for(wanted).await {
            Ok(traffic) => traffic.clone(),
            // Cannot be: `self` holds the sender.
            Err(_) => self.now(),
        }
    }

    /// Counts a request as received; the guard counts how it ends.
    pub(super) fn receive(&self, endpoint: Endpoint, key: &str) -> ReceivedGuard {
        self.traffic.send_modify(|traffic| traffic.at[endpoint as usize].received += 1);
        ReceivedGuard { counters: self.clone(), endpoint, key: key.to_owned(), completed: false }
    }
}

/// A request in work. Dropped without [`complete`](Self::complete), its client has gone away.
#[must_use = "a request counts as given up when this is dropped"]
pub(super) struct ReceivedGuard {
    counters: Counters,
    endpoint: Endpoint,
    key: String,
    completed: bool,
}

impl ReceivedGuard {
    pub(super) fn complete(mut self) {
        self.completed = true;
    }
}

impl Drop for ReceivedGuard {
    fn drop(&mut self) {
        self.counters.traffic.send_modify(|traffic| {
            let requests = &mut traffic.at[self.endpoint as usize];
            if self.completed {
                requests.completed += 1;
            } else {
                requests.dropped += 1;
            }
            if self.endpoint == Endpoint::Search {
                traffic.searches_over.push(std::mem::take(&mut self.key));
            }
        });
    }
}
