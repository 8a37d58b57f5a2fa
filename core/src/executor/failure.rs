//! Why a run could not be carried out.

use super::{clock::NoClock, spawn::NoRuntime};
use crate::{lease::Reentrant, scope::ScopeEnded, text::Text};

/// Why a run could not be carried out, though its body neither returned nor panicked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The body was not ready at once, and there is no runtime to wait on.
    #[error(transparent)]
    NoRuntime(#[from] NoRuntime),
    /// A time was asked for, and there is no clock.
    #[error(transparent)]
    NoClock(#[from] NoClock),
    /// The store's runs are being shut down: see [`Runs::shut_down`](crate::Runs::shut_down).
    #[error("the store's runs are being shut down: no new ones start")]
    ShuttingDown,
    /// The runtime dropped the body before it was done: it was shut down.
    #[error("the runtime was shut down before the run was done")]
    RuntimeShutDown,
    /// The last handle to the store is gone.
    #[error(transparent)]
    StoreDropped(#[from] StoreDropped),
    /// The run was started by code that must be pure.
    #[error(transparent)]
    Reentrant(#[from] Reentrant),
    /// The run was started in a scope that had ended.
    #[error(transparent)]
    ScopeEnded(#[from] ScopeEnded),
    /// The start hook refused, or panicked; or the condition, or the key's `Eq` panicked; or the
    /// policy cannot do what was asked.
    #[error("the run could not start: {message}")]
    Start {
        /// What the hook said.
        message: Text,
    },
    /// A cell that an async derivation depends on has no value.
    #[error("a cell that it depends on has no value: {message}")]
    Dependency {
        /// Why not.
        message: Text,
    },
}

/// The last handle to the store is gone.
///
/// Runs hold their store weakly. Keep a [`Store`](crate::Store) for as long as its runs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store was dropped: keep a handle to it for as long as its runs are wanted")]
pub struct StoreDropped;
