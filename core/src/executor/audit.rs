//! Whether the handle of every run was used: for the audit of the test kit.
//!
//! While a store is audited, the handle of a run is to a wrapper of the run. It knows the call that started the run, notes
//! whether anybody waits for it, looks at its outcome, aborts or detaches it, and reports when it is dropped without any of
//! that. Handles of stores that are not audited are to the run itself, and pay nothing.

use super::{
    any_run::{AnyRun, End, Head, RunStatus, Step, TypedRun, Verdict},
    engine::Executor,
    home::HomeId,
    id::RunId,
    outcome::Outcome,
    phase::Claim,
    run::Run,
};
use crate::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    text::Text,
};
use std::{
    any::Any,
    panic::Location,
    sync::{Arc, Weak},
    task::{Context, Poll},
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

/// A run that is audited, as its handle sees it.
struct Audited<T, E> {
    /// The run.
    run: Arc<dyn TypedRun<T, E>>,
    /// The call that started it.
    started: &'static Location<'static>,
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
}

/// The handle of a run, which is audited if its store is.
#[inline]
pub(super) fn audited<T, E>(
    run: Arc<dyn TypedRun<T, E>>,
    started: &'static Location<'static>,
) -> Run<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    if !run.head().executor.is_audited() {
        return Run::new(run);
    }
    wrapped(run, started)
}

#[cold]
fn wrapped<T, E>(run: Arc<dyn TypedRun<T, E>>, started: &'static Location<'static>) -> Run<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let executor = &run.head().executor;
    let log = executor.auditor.lock().0.clone();
    let Some(log) = log else { return Run::new(run) };
    Run::new(Arc::new(Audited { run, started, cared: AtomicBool::new(false), log }))
}

impl<T, E> Drop for Audited<T, E> {
    fn drop(&mut self) {
        if !self.cared.load(Ordering::Relaxed)
            && let Some(log) = self.log.upgrade()
        {
            let Head { id, name, .. } = self.run.head();
            let loose = LooseRun { id: *id, name: name.clone(), started: self.started };
            log.0.lock().push(loose);
        }
    }
}

impl<T, E> TypedRun<T, E> for Audited<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn outcome(&self) -> Option<Outcome<T, E>> {
        self.care();
        self.run.outcome()
    }

    fn end_as(&self, outcome: Outcome<T, E>) -> End {
        self.run.end_as(outcome)
    }

    fn care(&self) {
        self.cared.store(true, Ordering::Relaxed);
    }
}

impl<T, E> AnyRun for Audited<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn head(&self) -> &Head {
        self.run.head()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        Arc::clone(&self.run).into_any()
    }

    fn status(&self) -> RunStatus {
        self.run.status()
    }

    fn claim(&self, verdict: Verdict) -> Claim {
        self.care();
        self.run.claim(verdict)
    }

    fn displace(&self, verdict: Verdict) -> Claim {
        self.run.displace(verdict)
    }

    fn is_active_in_lease(&self) -> bool {
        self.run.is_active_in_lease()
    }

    fn end(&self, verdict: Verdict) -> End {
        self.care();
        self.run.end(verdict)
    }

    fn conclude_quietly(&self) -> bool {
        self.run.conclude_quietly()
    }

    fn announce(&self) -> Vec<Arc<dyn AnyRun>> {
        self.run.announce()
    }

    fn teller(&self) -> Option<usize> {
        self.run.teller()
    }

    fn publish_and_reap(&self) {
        self.run.publish_and_reap();
    }

    fn last_words(&self) -> Option<Text> {
        self.run.last_words()
    }

    fn add_child(&self, child: Arc<dyn AnyRun>) -> Option<usize> {
        self.run.add_child(child)
    }

    fn remove_child(&self, slot: usize) -> Option<Arc<dyn AnyRun>> {
        self.run.remove_child(slot)
    }

    fn detach(&self) {
        self.run.detach();
    }

    fn followers(&self) -> Vec<Arc<dyn AnyRun>> {
        self.run.followers()
    }

    fn poll_resting_body(&self, cx: &mut Context<'_>) -> Step {
        self.run.poll_resting_body(cx)
    }

    fn poll_queued(self: Arc<Self>) -> Step {
        Arc::clone(&self.run).poll_queued()
    }

    fn lives_at(&self, home: HomeId) -> bool {
        self.run.lives_at(home)
    }

    fn hold(&self) {
        self.run.hold();
    }

    fn grant(self: Arc<Self>) {
        Arc::clone(&self.run).grant();
    }

    fn poll_settled(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        self.care();
        self.run.poll_settled(slot, cx)
    }

    fn poll_stopped(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        self.care();
        self.run.poll_stopped(slot, cx)
    }

    fn forget_waiter(&self, slot: &mut Option<usize>) {
        self.run.forget_waiter(slot);
    }
}
