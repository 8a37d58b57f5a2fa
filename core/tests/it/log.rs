//! A log of what ran, in the order in which it ran.

use std::sync::{Arc, Mutex};

/// Clones share their lines.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    /// Takes the lines.
    #[track_caller]
    pub(crate) fn expect(&self, lines: &[&str]) {
        assert_eq!(std::mem::take(&mut *self.0.lock().unwrap()), lines);
    }

    /// Adds `line` when it is dropped.
    pub(crate) fn on_drop(&self, line: &'static str) -> Dropped {
        Dropped(self.clone(), line)
    }
}

/// Logs its own drop.
pub(crate) struct Dropped(Log, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add(self.1);
    }
}
