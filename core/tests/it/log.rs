//! A log of what ran, in which order.

use std::sync::{Arc, Mutex};
use trine_core::Reader;

/// A log of what ran; clones write into the same one.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, line: impl ToString) {
        self.0.lock().unwrap().push(line.to_string());
    }

    /// A derivation that notes when it begins.
    pub(crate) fn noting<T>(
        &self,
        line: &'static str,
        mut derivation: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
    ) -> impl FnMut(&mut Reader<'_>) -> T + Send + 'static {
        let log = self.clone();
        move |cx| {
            log.note(line);
            derivation(cx)
        }
    }

    /// Asserts what has been noted since the last look.
    #[track_caller]
    pub(crate) fn is<const N: usize>(&self, expected: [&str; N]) {
        assert_eq!(self.take(), expected);
    }

    #[track_caller]
    pub(crate) fn is_empty(&self) {
        self.is([]);
    }

    pub(crate) fn clear(&self) {
        self.take();
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Notes `line` when it is dropped.
    pub(crate) fn on_drop(&self, line: &'static str) -> Dropped {
        Dropped(self.clone(), line)
    }
}

/// Notes its own drop.
pub(crate) struct Dropped(Log, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}
