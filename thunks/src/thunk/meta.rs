//! What all events of a run have in common.

use super::{keys::RunKey, patches::Placed};
use crate::case::ThunkRef;
use std::{
    any::type_name,
    fmt, mem,
    panic::Location,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};
use trine_core::{RunId, Text};

/// What all events of a run have in common. They share it, so telling of a phase copies neither the argument nor the
/// payload.
pub(super) struct Meta<A, M> {
    /// The thunk.
    pub(super) thunk: ThunkRef,
    /// The argument.
    pub(super) arg: A,
    /// The call that dispatched it.
    pub(super) at: &'static Location<'static>,
    /// What few runs have.
    rare: Option<Box<Rare>>,
    /// The run, once it has started.
    pub(super) run: OnceLock<RunId>,
    /// What was made for this run just before it became pending.
    pub(super) value: OnceLock<M>,
    /// Whether it became pending. Set inside the lease: a run that never was has no terminal event.
    pending: AtomicBool,
    /// The attempt that is under way, from the second one on. `Relaxed`: nothing else hangs on it.
    attempt: AtomicU32,
    /// How often the store had been reset when it became pending. Written inside the lease.
    epoch: AtomicU64,
}

/// What few runs have.
pub(super) struct Rare {
    /// What tells the run apart.
    pub(super) key: Option<Box<dyn RunKey>>,
    /// What else this run can be found by.
    pub(super) tags: Vec<Text>,
    /// What it shows of slices while it is under way.
    pub(super) patches: Mutex<Vec<Box<dyn Placed>>>,
}

impl<A, M> Meta<A, M> {
    pub(super) fn new(
        thunk: ThunkRef,
        arg: A,
        at: &'static Location<'static>,
        rare: Option<Box<Rare>>,
        value: Option<M>,
    ) -> Self {
        Self {
            thunk,
            arg,
            at,
            rare,
            run: OnceLock::new(),
            value: value.map_or_else(OnceLock::new, OnceLock::from),
            pending: AtomicBool::new(false),
            attempt: AtomicU32::new(1),
            epoch: AtomicU64::new(0),
        }
    }

    /// Notes that it is pending. Inside the lease.
    pub(super) fn begin(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Relaxed);
        // Relaxed: the lease orders it with the look at the end.
        self.pending.store(true, Ordering::Relaxed);
    }

    /// Whether it became pending.
    pub(super) fn has_begun(&self) -> bool {
        self.pending.load(Ordering::Relaxed)
    }

    /// How often the store had been reset when it became pending.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Keeps a patch until the end.
    pub(super) fn keep(&self, patch: Box<dyn Placed>) {
        if let Some(rare) = &self.rare {
            rare.patches.lock().unwrap_or_else(PoisonError::into_inner).push(patch);
        }
    }

    /// Takes the patches.
    pub(super) fn take_patches(&self) -> Vec<Box<dyn Placed>> {
        match &self.rare {
            None => Vec::new(),
            Some(rare) => {
                mem::take(&mut rare.patches.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    /// What tells the run apart.
    pub(super) fn key(&self) -> Option<&dyn RunKey> {
        self.rare.as_ref()?.key.as_deref()
    }

    /// Whether it shows anything of slices.
    pub(super) fn has_patches(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| {
            !rare.patches.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
        })
    }

    /// What else this run can be found by.
    pub(super) fn tags(&self) -> &[Text] {
        self.rare.as_ref().map_or(&[], |rare| &rare.tags)
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
        if let Some(key) = self.key() {
            write!(f, ", key {}", key.describe())?;
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
