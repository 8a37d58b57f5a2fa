//! Which requests a client has sent, and how each has ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::api::Endpoint;

/// The requests of a client, in the order in which they were sent. Clones share it.
#[derive(Clone, Debug)]
pub struct Ledger {
    entries: Arc<Mutex<Vec<Entry>>>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it went.
    pub endpoint: Endpoint,
    /// What it asked for: a token, an identity, a query.
    pub key: String,
    /// When it was sent.
    pub started: Instant,
    /// When and how it ended; `None` while it is on its way.
    pub ended: Option<(Instant, Ending)>,
}

/// How a request has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// Its answer was handed to the app.
    Finished,
    /// The service has refused or failed, and the app was told.
    Failed,
    /// The app has dropped it before.
    Cancelled,
}

/// How many requests there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Sent.
    pub started: u64,
    /// Answered, successes and failures alike.
    pub finished: u64,
    /// Dropped by the app before their answer.
    pub cancelled: u64,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { entries: Arc::default() }
    }

    /// Every request so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// The requests to `endpoint`, counted.
    #[must_use]
    pub fn at(&self, endpoint: Endpoint) -> Totals {
        count(self.lock().iter().filter(|entry| entry.endpoint == endpoint))
    }

    /// All requests, counted.
    #[must_use]
    pub fn totals(&self) -> Totals {
        count(self.lock().iter())
    }

    pub(super) fn start(&self, endpoint: Endpoint, key: &str) -> SentGuard {
        let entry = Entry { endpoint, key: key.to_owned(), started: Instant::now(), ended: None };
        let mut entries = self.lock();
        entries.push(entry);
        SentGuard { ledger: self.clone(), index: entries.len() - 1, ending: Ending::Cancelled }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // Nothing under this lock can panic half way.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count<'a>(entries: impl Iterator<Item = &'a Entry>) -> Totals {
    entries.fold(Totals::default(), |mut totals, entry| {
        totals.started += 1;
        match entry.ended {
            Some((_, Ending::Finished | Ending::Failed)) => totals.finished += 1,
            Some((_, Ending::Cancelled)) => totals.cancelled += 1,
            None => {}
        }
        totals
    })
}

/// A request on its way. Dropped without [`finish`](Self::finish), it is cancelled.
#[must_use = "a request counts as cancelled when this is dropped"]
pub(super) struct SentGuard {
    ledger: Ledger,
    index: usize,
    ending: Ending,
}

impl SentGuard {
    pub(super) fn finish(mut self, well: bool) {
        self.ending = if well { Ending::Finished } else { Ending::Failed };
    }
}

impl Drop for SentGuard {
    fn drop(&mut self) {
        self.ledger.lock()[self.index].ended = Some((Instant::now(), self.ending));
    }
}
