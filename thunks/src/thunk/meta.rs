//! What all events of a run have in common.

use super::keys::Describe;
use crate::case::ThunkRef;
use std::{
    any::type_name,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};
use trine_core::RunId;

/// What all events of a run have in common. They share it, so telling of a phase copies neither the argument nor the
/// payload.
pub(super) struct Meta<A, M> {
    /// The thunk.
    pub(super) thunk: ThunkRef,
    /// The argument.
    pub(super) arg: A,
    /// What tells the run apart.
    pub(super) key: Option<Arc<dyn Describe<A>>>,
    /// The run, once it has started.
    pub(super) run: OnceLock<RunId>,
    /// What was made for this run just before it became pending.
    pub(super) value: OnceLock<M>,
    /// Whether it became pending. Set inside the lease: a run that never was has no terminal event.
    pending: AtomicBool,
    /// The attempt that is under way, from the second one on. `Relaxed`: nothing else hangs on it.
    attempt: AtomicU32,
}

impl<A, M> Meta<A, M> {
    pub(super) fn new(thunk: ThunkRef, arg: A, key: Option<Arc<dyn Describe<A>>>) -> Self {
        Self {
            thunk,
            arg,
            key,
            run: OnceLock::new(),
            value: OnceLock::new(),
            pending: AtomicBool::new(false),
            attempt: AtomicU32::new(1),
        }
    }

    /// Notes that it is pending. Inside the lease.
    pub(super) fn begin(&self) {
        // Relaxed: the lease orders it with the look at the end.
        self.pending.store(true, Ordering::Relaxed);
    }

    /// Whether it became pending.
    pub(super) fn has_begun(&self) -> bool {
        self.pending.load(Ordering::Relaxed)
    }

    /// Notes that a further attempt begins.
    pub(super) fn try_again(&self, attempt: u32) {
        self.attempt.store(attempt, Ordering::Relaxed);
    }

    /// How many attempts were begun.
    pub(super) fn attempts(&self) -> u32 {
        self.attempt.load(Ordering::Relaxed)
    }
}

/// Thunk, run and key: "`users/fetch`, run 3, key 7".
impl<A, M> fmt::Display for Meta<A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.thunk.name)?;
        if let Some(run) = self.run.get() {
            write!(f, ", {run}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", key {}", key.describe(&self.arg))?;
        }
        Ok(())
    }
}

impl<A, M> fmt::Debug for Meta<A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("thunk", &self.thunk.name)
            .field("run", &self.run.get())
            .field("arg", &format_args!("<{}>", type_name::<A>()))
            .finish()
    }
}
