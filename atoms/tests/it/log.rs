//! A log of what ran, in which order.

use std::sync::{Arc, Mutex};

/// A log of what ran; clones write into the same one.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, line: impl ToString) {
        self.0.lock().unwrap().push(line.to_string());
    }

    /// Asserts what has been noted since the last look.
    #[track_caller]
    pub(crate) fn is<const N: usize>(&self, expected: [&str; N]) {
        assert_eq!(self.take(), expected);
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
