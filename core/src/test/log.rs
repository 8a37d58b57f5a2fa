//! What ran, in which order.

use crate::{event::Event, feed::ObserverGuard, graph::Reader, store::Store, sync::Mutex};
use std::{fmt, mem, sync::Arc};

/// A log of what ran, for tests that state order and number. Clones write into the same one.
///
/// ```
/// use trine_core::{Store, test::Log};
///
/// let (store, log) = (Store::new(), Log::new());
/// let price = store.source(20);
/// let total = store.derived(log.noting("total", move |cx| cx.get(price) * 3));
/// log.is([]); // nobody has asked
/// assert_eq!((store.get(total), store.get(total)), (60, 60));
/// log.is(["total"]); // it ran once
/// ```
#[derive(Clone)]
pub struct Log {
    /// The lines that nobody has taken.
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// A log without a line.
    #[must_use]
    pub fn new() -> Self {
        Self { lines: Arc::new(Mutex::new(Vec::new())) }
    }

    /// Adds a line.
    pub fn note(&self, line: impl ToString) {
        let line = line.to_string();
        self.lines.lock().push(line);
    }

    /// A derivation that notes `line` when it begins.
    pub fn noting<T>(
        &self,
        line: impl Into<String>,
        mut derivation: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
    ) -> impl FnMut(&mut Reader<'_>) -> T + Send + 'static {
        let (log, line) = (self.clone(), line.into());
        move |cx| {
            log.note(&line);
            derivation(cx)
        }
    }

    /// A value that notes `line` when it is dropped.
    #[must_use = "it notes its drop, which is now"]
    pub fn on_drop(&self, line: impl Into<String>) -> NoteOnDrop {
        NoteOnDrop { log: self.clone(), line: line.into() }
    }

    /// Notes the events of `store` that `line` makes a line of, until the guard is dropped.
    ///
    /// ```
    /// use trine_core::{Event, Store, test::Log};
    ///
    /// let (store, log) = (Store::new(), Log::new());
    /// let _following = log.follow(&store, |event| match event {
    ///     Event::RunSettled { name, outcome, .. } => Some(format!("{name} {outcome}")),
    ///     _ => None,
    /// });
    /// store.run("load", |_| async { Err::<(), _>("offline") });
    /// log.is(["load rejected"]);
    /// ```
    pub fn follow(
        &self,
        store: &Store,
        mut line: impl FnMut(&Event) -> Option<String> + Send + 'static,
    ) -> ObserverGuard {
        let log = self.clone();
        store.observe(move |event| {
            if let Some(line) = line(event) {
                log.note(line);
            }
        })
    }

    /// Asserts that exactly these lines, in this order, were added since the last look, and takes them.
    ///
    /// # Panics
    ///
    /// If the lines are others.
    #[track_caller]
    pub fn is<const N: usize>(&self, expected: [&str; N]) {
        assert_eq!(self.take(), expected);
    }

    /// Asserts that these lines were added since the last look, in this order but perhaps among others, and takes all.
    ///
    /// # Panics
    ///
    /// If one of them is missing, or comes too early.
    #[track_caller]
    pub fn has_in_order<const N: usize>(&self, expected: [&str; N]) {
        let lines = self.take();
        let mut rest = lines.iter();
        for expected in expected {
            assert!(
                rest.any(|line| line == expected),
                "`{expected}` is missing, or comes too early, in {lines:#?}"
            );
        }
    }

    /// How often a line was added since the last look. The lines stay.
    #[must_use]
    pub fn count(&self, line: &str) -> usize {
        self.lines.lock().iter().filter(|noted| *noted == line).count()
    }

    /// The lines that were added since the last look, which are taken out.
    #[must_use = "the lines are taken out; `clear` throws them away"]
    pub fn take(&self) -> Vec<String> {
        mem::take(&mut *self.lines.lock())
    }

    /// Throws away the lines that were added since the last look.
    pub fn clear(&self) {
        drop(self.take());
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&*self.lines.lock()).finish()
    }
}

/// Notes its own drop. Made by [`Log::on_drop`].
#[derive(Debug)]
#[must_use = "it notes its drop, which is now"]
pub struct NoteOnDrop {
    /// Where.
    log: Log,
    /// What.
    line: String,
}

impl Drop for NoteOnDrop {
    fn drop(&mut self) {
        self.log.note(mem::take(&mut self.line));
    }
}
