//! The one place where the core takes its synchronisation primitives from.
//!
//! A build with `--cfg trine_loom` swaps them for the model checker's, so that the tests in `tests/loom` run
//! the code that ships; one with `--cfg trine_shuttle` swaps them for those of a scheduler that draws interleavings by a
//! seed, for the whole-store scenarios in `tests/schedules`. A poisoned lock is recovered here, once: every critical section of the core
//! keeps its invariants when user code in it panics, so the poison flag carries no news.

#[cfg(trine_loom)]
pub(crate) use loom::sync::atomic;
#[cfg(trine_shuttle)]
pub(crate) use shuttle::sync::atomic;
#[cfg(not(any(trine_loom, trine_shuttle)))]
pub(crate) use std::sync::atomic;

/// Thread-local cells with constant initial values, which cost no check at each access.
macro_rules! thread_locals {
    ($($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        #[cfg(trine_loom)]
        loom::thread_local! { $($(#[$meta])* static $name: $type = $value;)* }
        #[cfg(trine_shuttle)]
        shuttle::thread_local! { $($(#[$meta])* static $name: $type = $value;)* }
        #[cfg(not(any(trine_loom, trine_shuttle)))]
        std::thread_local! { $($(#[$meta])* static $name: $type = const { $value };)* }
    };
}
pub(crate) use thread_locals;

#[cfg(trine_loom)]
use loom::sync as imp;
#[cfg(trine_shuttle)]
use shuttle::sync as imp;
#[cfg(not(any(trine_loom, trine_shuttle)))]
use std::sync as imp;

use std::sync::PoisonError;

/// Whether this defect is to be present, to prove that a test of `tests/loom` or `tests/schedules` would notice it:
/// `.ci/loom-mutations` and `.ci/schedules-mutations` ask for one at a time. Never outside them.
#[cfg(any(trine_loom, trine_shuttle))]
pub(crate) fn mutant(name: &str) -> bool {
    std::env::var_os("TRINE_MUTATION").is_some_and(|asked| asked == name)
}

/// Whether this defect is to be present: never, in a build that ships.
#[cfg(not(any(trine_loom, trine_shuttle)))]
pub(crate) const fn mutant(_: &str) -> bool {
    false
}

pub(crate) use imp::MutexGuard;

/// A mutex that ignores poison.
#[derive(Debug)]
pub(crate) struct Mutex<T>(imp::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A condition variable for [`Mutex`].
#[derive(Debug)]
pub(crate) struct Condvar(imp::Condvar);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(imp::Condvar::new())
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at most `timeout`; returns the guard, and whether the time ran out.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: std::time::Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        let (guard, result) =
            self.0.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner);
        (guard, result.timed_out())
    }
}
