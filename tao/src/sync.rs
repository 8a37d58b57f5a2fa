//! The one place where the crate takes its locks and atomics from.
//!
//! A build with `--cfg trine_loom` swaps them for the model checker's, so that the tests in `tests/loom` run the code that ships.
//!
//! A poisoned lock is recovered here, once: no user code runs inside a critical section of this crate, so the
//! poison flag carries no news.

#[cfg(trine_loom)]
pub(crate) use loom::sync::atomic;
#[cfg(not(trine_loom))]
pub(crate) use std::sync::atomic;

/// Thread-local cells with constant initial values, which cost no check at each access.
macro_rules! thread_locals {
    ($($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        #[cfg(trine_loom)]
        loom::thread_local! { $($(#[$meta])* static $name: $type = $value;)* }
        #[cfg(not(trine_loom))]
        std::thread_local! { $($(#[$meta])* static $name: $type = const { $value };)* }
    };
}
pub(crate) use thread_locals;

#[cfg(trine_loom)]
use loom::sync as imp;
#[cfg(not(trine_loom))]
use std::sync as imp;

use imp::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};
use std::sync::PoisonError;

/// Whether this defect is to be present, to prove that a test of `tests/loom` would notice it: `.ci/loom-mutations` asks for
/// one at a time. Never outside it.
#[cfg(trine_loom)]
pub(crate) fn mutant(name: &str) -> bool {
    std::env::var_os("TRINE_MUTATION").is_some_and(|asked| asked == name)
}

/// Whether this defect is to be present: never, in a build that ships.
#[cfg(not(trine_loom))]
pub(crate) const fn mutant(_: &str) -> bool {
    false
}

/// A mutex that ignores poison.
#[derive(Debug)]
pub(crate) struct Mutex<T>(imp::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// A read-write lock that ignores poison.
#[derive(Debug)]
pub(crate) struct RwLock<T>(imp::RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::RwLock::new(value))
    }

    #[inline]
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
