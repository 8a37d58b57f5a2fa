//! The ends of superseded runs are out before the start of their successor is told.
//!
//! Most of the time the successor's starter ends them itself. But a run may be ending already, on another thread, which is
//! in its settle hook, say; or that thread is still in the start hook of a run, and will tell its end right after. Then the starter
//! waits until that end is out. It does not where that could never be:
//!
//! - it is this thread itself that is telling, further up its stack: a hook that starts the next run;
//! - the other thread waits, through any number of others, for this one: each of two hooks starts a run that
//!   supersedes the run of the other. Who waits for whom is noted for this.
//!
//! What else a hook may wait for cannot be known: another thread's message, the delivery of a commit. So the wait is bounded, and
//! reported when it was in vain.

use super::{
    any_run::AnyRun, engine::Executor, group::Superseded, settle::conclude, waiting::block,
};
use crate::{lease, sync::mutant};
use std::{sync::Arc, time::Duration};

/// How long a starter waits for another thread at most. (In a model, time does not pass.)
const PATIENCE: Duration =
    if cfg!(any(trine_loom, trine_shuttle)) { Duration::MAX } else { Duration::from_secs(1) };

/// Which threads wait for which: those that wait, and the ones that are telling.
#[derive(Default)]
pub(super) struct Waits(Vec<(usize, usize)>);

impl Waits {
    /// Notes that thread `me` waits for `teller`, unless that waits for `me`.
    fn begin(&mut self, me: usize, teller: usize) -> bool {
        let mut last = Some(teller);
        while let Some(thread) = last
            && !mutant("threads wait for each other")
        {
            if thread == me {
                return false;
            }
            last = self.0.iter().find(|(waiter, _)| *waiter == thread).map(|(_, next)| *next);
        }
        self.0.push((me, teller));
        true
    }

    fn end(&mut self, me: usize) {
        self.0.retain(|(waiter, _)| *waiter != me);
    }
}

impl Executor {
    /// Ends the superseded runs, and waits until their ends are out.
    pub(super) fn end_superseded(&self, superseded: Superseded) {
        let mut elsewhere = Vec::new();
        for (old, claim) in superseded.into_runs() {
            if claim.won() {
                conclude(&old, claim);
            }
            if !old.head().phase.is_settled() {
                elsewhere.push(old);
            }
        }
        for old in elsewhere {
            self.wait_until_told(&old);
        }
    }

    #[cold]
    fn wait_until_told(&self, old: &Arc<dyn AnyRun>) {
        let me = lease::this_thread();
        let Some(teller) = old.teller() else { return };
        if teller == me || mutant("successors do not wait") || !self.waits.lock().begin(me, teller)
        {
            return;
        }
        let mut slot = None;
        let told = block(PATIENCE, |cx| old.poll_settled(&mut slot, cx)).is_some();
        old.forget_waiter(&mut slot);
        self.waits.lock().end(me);
        if !told {
            let head = old.head();
            tracing::warn!(
                run = head.id.get(),
                name = %head.name,
                "a superseded run is taking long to end: its hook, or what it wrote, waits for something; \
                 its successor starts before its end is told"
            );
        }
    }
}
