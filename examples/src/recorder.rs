//! Writes down every view that a model shows, and when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::view::View;

/// Where a model's subscriber reports what the view shows. Clones write to the same record.
#[derive(Clone, Debug)]
pub struct Recorder {
    record: Arc<Record>,
}

#[derive(Debug)]
struct Record {
    started: Instant,
    pages: Mutex<Pages>,
    /// The last view, for those who wait for one.
    latest: watch::Sender<View>,
}

#[derive(Debug, Default)]
struct Pages {
    step: &'static str,
    shown: Vec<Shown>,
}

/// One notification of the view's subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When, from the start of the scene.
    pub at: Duration,
    /// The commit that it tells of.
    pub commit: u64,
    /// What the user was doing.
    pub step: &'static str,
    /// What was shown from then on.
    pub view: View,
}

impl Recorder {
    /// Starts a record, and its clock.
    #[must_use]
    pub fn start() -> Self {
        let (pages, latest) = (Mutex::default(), watch::Sender::new(View::default()));
        Self { record: Arc::new(Record { started: Instant::now(), pages, latest }) }
    }

    /// The view now shows `view`, by the commit with this number. Called by the model's subscriber
    /// for every notification; returns at once and never calls back.
    pub fn show(&self, commit: u64, view: View) {
        let at = self.record.started.elapsed();
        let mut pages = self.pages();
        let step = pages.step;
        pages.shown.push(Shown { at, commit, step, view: view.clone() });
        // Under the lock, so that the last view is that of the last entry.
        self.record.latest.send_replace(view);
    }

    /// From here on, the user is doing this.
    pub fn step(&self, step: &'static str) {
        self.pages().step = step;
    }

    /// What the user is doing.
    #[must_use]
    pub fn current_step(&self) -> &'static str {
        self.pages().step
    }

    /// The last view that was shown.
    #[must_use]
    pub fn latest(&self) -> View {
        self.record.latest.borrow().clone()
    }

    /// Waits until a view as `wanted` is shown.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is consumed.
    pub async fn until(&self, mut wanted: impl FnMut(&View) -> bool) {
        // The sender lives in `self`, so this can only end well.
        let _ = self.record.latest.subscribe().wait_for(|view| wanted(view)).await;
    }

    /// When the clock was started.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.record.started
    }

    /// Everything that was shown.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        self.pages().shown.clone()
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // A step and a list: complete at any time.
        self.record.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
