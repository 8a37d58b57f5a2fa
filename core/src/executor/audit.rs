//! Whether the handle of every run was used: for the audit of the test kit.
//!
//! While a store is audited, a handle notes its name and the call that started it, and whether anybody has awaited the run,
//! looked at its outcome, aborted or detached it. One that is dropped without any of that is reported. Handles of stores
//! that are not audited have an empty note, and pay for looking at it.

use super::{any_run::Head, engine::Executor, id::RunId};
use crate::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    text::Text,
};
use std::{
    panic::Location,
    sync::{Arc, Weak},
};

/// A run whose handle was dropped though nobody had cared for its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LooseRun {
    /// Its identity.
    pub id: RunId,
    /// Its name.
    pub name: Text,
    /// The call that started it.
    pub started: &'static Location<'static>,
}

/// What was found.
pub(crate) struct AuditLog(Mutex<Vec<LooseRun>>);

/// Who audits a store, if anybody.
#[derive(Default)]
pub(super) struct Auditor(Option<Weak<AuditLog>>);

/// What a handle notes while its store is audited.
pub(super) struct HandleNote {
    /// Which run.
    run: LooseRun,
    /// Whether anybody has cared for its end. `Relaxed`: it is read by who drops the handle, last.
    cared: AtomicBool,
    /// Where to report.
    log: Weak<AuditLog>,
}

impl AuditLog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Vec::new())))
    }

    /// What was found so far, in the order in which the handles were dropped.
    pub(crate) fn found(&self) -> Vec<LooseRun> {
        self.0.lock().clone()
    }
}

impl Executor {
    /// Has handles report to `log` from now on, until that is dropped or another one takes its place.
    pub(crate) fn audit(&self, log: &Arc<AuditLog>) {
        self.auditor.lock().0 = Some(Arc::downgrade(log));
        self.set_audited(true);
    }

    /// Ends the audit that reports to `log`.
    pub(crate) fn end_audit(&self, log: &Arc<AuditLog>) {
        let mut auditor = self.auditor.lock();
        if auditor.0.as_ref().is_some_and(|own| own.as_ptr() == Arc::as_ptr(log)) {
            auditor.0 = None;
            self.set_audited(false);
        }
    }

    /// What the handle of a run has to note.
    #[inline]
    pub(super) fn note_handle(
        &self,
        head: &Head,
        started: &'static Location<'static>,
    ) -> Option<Box<HandleNote>> {
        if self.is_audited() { self.make_note(head, started) } else { None }
    }

    #[cold]
    fn make_note(
        &self,
        head: &Head,
        started: &'static Location<'static>,
    ) -> Option<Box<HandleNote>> {
        let log = self.auditor.lock().0.clone()?;
        let run = LooseRun { id: head.id, name: head.name.clone(), started };
        Some(Box::new(HandleNote { run, cared: AtomicBool::new(false), log }))
    }
}

impl HandleNote {
    /// Somebody cares for the end of the run.
    pub(super) fn care(&self) {
        self.cared.store(true, Ordering::Relaxed);
    }
}

impl Drop for HandleNote {
    fn drop(&mut self) {
        if !self.cared.load(Ordering::Relaxed)
            && let Some(log) = self.log.upgrade()
        {
            log.0.lock().push(self.run.clone());
        }
    }
}
