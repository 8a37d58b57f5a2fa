//! The last things that happened in the store, in words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use trine_core::{Event, ObserverGuard, Store};

/// More than a screen can show.
const KEPT: usize = 200;

/// The last events of a store. The observer that fills it never waits and never draws.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    lines: Arc<Mutex<VecDeque<String>>>,
    news: Arc<Notify>,
}

impl Feed {
    /// Follows `store` for as long as the guard is kept.
    pub fn of(store: &Store) -> (Self, ObserverGuard) {
        let feed = Self::default();
        let log = feed.clone();
        let observer = store.observe(move |event| {
            if let Some(line) = words(event) {
                log.push(line);
            }
        });
        (feed, observer)
    }

    /// Adds a line; the oldest one goes when there are too many.
    pub fn push(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
        drop(lines);
        self.news.notify_one();
    }

    /// The last `count` lines, oldest first.
    #[must_use]
    pub fn last(&self, count: usize) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }

    /// Waits for a line.
    ///
    /// # Cancel safety
    /// Cancel safe: what came meanwhile is told at once the next time.
    pub async fn changed(&self) {
        self.news.notified().await;
    }
}

fn words(event: &Event) -> Option<String> {
    Some(match event {
        Event::Committed { number, cells, .. } => {
            let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
            format!("{number} {}", cells.join(", "))
        }
        Event::RunStarted { run, name, .. } => format!("{run} {name} started"),
        Event::RunRetried { run, name, attempt } => format!("{run} {name} attempt {attempt}"),
        Event::RunSettled { run, name, outcome, .. } => {
            format!("{run} {name} {}", format!("{outcome:?}").to_lowercase())
        }
        Event::Dispatched { action, .. } => format!("dispatched {action}"),
        Event::Signalled { signal, detail } => format!("{signal} {detail}"),
        Event::Failed { what, message } => format!("{what} failed: {message}"),
        _ => return None,
    })
}
