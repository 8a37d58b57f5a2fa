//! Finds runs that nobody cares for.

use crate::{
    executor::{AuditLog, LooseRun},
    store::{Store, WeakStore},
};
use std::{fmt, sync::Arc};

/// Checks that every run of a store was awaited or declared detached.
///
/// A [`Run`](crate::Run) that is dropped goes on, and whatever becomes of it, an error included, is lost unless a hook or an
/// observer hears of it. Where that is meant, [`detach`](crate::Run::detach) says so. While a store is audited, every handle
/// that is dropped though nobody has awaited the run, looked at its outcome, aborted or detached it is reported, with the
/// run's name and the call that started it.
///
/// ```
/// use trine_core::{Store, test::RunAudit};
///
/// let store = Store::new();
/// let audit = RunAudit::of(&store);
/// store.run("log", |_| async { Ok::<_, String>(()) }).detach();
/// assert!(store.run("load", |_| async { Ok::<_, String>(1) }).outcome().unwrap().is_fulfilled());
/// audit.check();
///
/// drop(store.run("save", |_| async { Err::<(), _>("disk full") })); // nobody hears of it
/// let loose = audit.loose();
/// assert_eq!(loose[0].name, "save");
/// assert_eq!(loose[0].started.file(), file!());
/// ```
///
/// Only runs that are started during the audit are looked at; those whose handles still exist are not reported yet. A store
/// has one audit at a time: a second one takes the place of the first.
#[must_use = "the audit ends when this is dropped; ask it with `check` before"]
pub struct RunAudit {
    /// The store.
    store: WeakStore,
    /// What was found.
    log: Arc<AuditLog>,
}

impl RunAudit {
    /// Begins the audit of a store.
    pub fn of(store: &Store) -> Self {
        let log = AuditLog::new();
        store.core().executor.audit(&log);
        Self { store: store.downgrade(), log }
    }

    /// The runs whose handles were dropped though nobody had cared for their end, in the order of the drops.
    #[must_use]
    pub fn loose(&self) -> Vec<LooseRun> {
        self.log.found()
    }

    /// Asserts that there is none.
    ///
    /// # Panics
    ///
    /// With names and places if there are any.
    #[track_caller]
    pub fn check(&self) {
        let loose: Vec<_> = self.loose().iter().map(ToString::to_string).collect();
        assert!(
            loose.is_empty(),
            "runs that were neither awaited nor detached:\n  {}",
            loose.join("\n  ")
        );
    }
}

impl Drop for RunAudit {
    fn drop(&mut self) {
        if let Some(store) = self.store.upgrade() {
            store.core().executor.end_audit(&self.log);
        }
    }
}

impl fmt::Debug for RunAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunAudit").field("loose", &self.loose()).finish_non_exhaustive()
    }
}

impl fmt::Display for LooseRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`, started at {}", self.id, self.name, self.started)
    }
}
