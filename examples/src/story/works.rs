//! What runs in a model's store, and what it commits, as the event feed tells it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trine_core::{Event, ObserverGuard, OutcomeKind, RunId, Store};

/// One run of a model: an action, a thunk, a line of a cascade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// What the run is called.
    pub name: String,
    /// When it was started, from the start of the scene.
    pub started: Duration,
    /// When and how it ended.
    pub ended: Option<(Duration, OutcomeKind)>,
}

/// Follows a store from its first moment on.
pub(super) struct Works {
    seen: Arc<Mutex<Seen>>,
    _observer: ObserverGuard,
}

#[derive(Default)]
struct Seen {
    works: Vec<Work>,
    under_way: HashMap<RunId, usize>,
    commits: Vec<Duration>,
}

impl Works {
    pub(super) fn of(store: &Store, started: Instant) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let log = Arc::clone(&seen);
        let observer = store.observe(move |event| lock(&log).note(event, started.elapsed()));
        Self { seen, _observer: observer }
    }

    pub(super) fn works(&self) -> Vec<Work> {
        lock(&self.seen).works.clone()
    }

    /// When each commit was told of.
    pub(super) fn commits(&self) -> Vec<Duration> {
        lock(&self.seen).commits.clone()
    }
}

impl Seen {
    fn note(&mut self, event: &Event, now: Duration) {
        match event {
            Event::RunStarted { run, name, .. } => {
                self.under_way.insert(*run, self.works.len());
                let name = name.as_str().to_owned();
                self.works.push(Work { name, started: now, ended: None });
            }
            Event::RunSettled { run, outcome, .. } => {
                if let Some(place) = self.under_way.remove(run) {
                    self.works[place].ended = Some((now, *outcome));
                }
            }
            Event::Committed { .. } => self.commits.push(now),
            _ => {}
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // A list that is appended to: complete at any time.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
