//! How a run can end: one sum type, and the error that is made of all its unhappy variants.

use super::{failure::Failure, id::RunId};
use crate::text::Text;
use std::{any::type_name, convert::Infallible, error::Error, fmt, sync::Arc, time::Duration};

/// The one terminal outcome of a run.
///
/// Payload and error are shared, since hooks, waiters and the handle all see them; `Clone` therefore
/// asks nothing of `T` and `E`.
///
/// ```
/// use trine_core::{Outcome, Store};
///
/// let store = Store::new();
/// let run = store.run("answer", |_| async { Ok::<_, String>(42) });
/// match run.outcome() {
///     Some(Outcome::Fulfilled { payload, .. }) => assert_eq!(*payload, 42),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(PartialEq)]
#[non_exhaustive]
pub enum Outcome<T, E> {
    /// The body returned `Ok`.
    Fulfilled {
        /// What it returned.
        payload: Arc<T>,
    },
    /// The body returned `Err`.
    Rejected {
        /// What it returned.
        error: Arc<E>,
    },
    /// The run could not be carried out.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// Somebody aborted the run.
    Aborted {
        /// The reason that was given.
        reason: Text,
        /// Who it was.
        by: AbortedBy,
    },
    /// The run was not wanted, so its body was never called.
    Skipped {
        /// Why.
        reason: Text,
    },
    /// A later run of the same name and key took its place.
    Superseded {
        /// The later run.
        by: RunId,
    },
    /// It took too long.
    TimedOut {
        /// How long it was allowed to take: as a whole, or for one attempt.
        after: Duration,
        /// Which attempt it was, counted from 1.
        attempt: u32,
    },
    /// The body panicked, or the spawner that was to run it did.
    Panicked {
        /// The panic's message.
        message: Text,
    },
}

/// Who aborted a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbortedBy {
    /// A holder of the [`Run`](crate::Run).
    Handle,
    /// An [`AbortOnDropGuard`](crate::AbortOnDropGuard) that was dropped.
    Guard,
    /// The body, or a helper that it gave its [`RunContext`](crate::RunContext) to.
    Body,
    /// [`Runs`](crate::Runs): by id, by name, or all.
    Registry,
    /// What it was told to [end with](crate::RunBuilder::abort_when): a cancellation token, say.
    Signal,
    /// The run that started it, by settling. The reason is that which the parent was aborted for, if it was.
    Parent(RunId),
    /// The last of those who shared it, by ending: see [`Policy::Shared`](crate::Policy::Shared).
    LastWaiter,
    /// [`Runs::shut_down`](crate::Runs::shut_down), whose time was up.
    Shutdown,
}

/// Which kind of [`Outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The body returned a value.
    Fulfilled,
    /// The body returned an error.
    Rejected,
    /// The run could not be carried out.
    Failed,
    /// Somebody aborted it.
    Aborted,
    /// It was not wanted.
    Skipped,
    /// A later run took its place.
    Superseded,
    /// It took too long.
    TimedOut,
    /// It panicked.
    Panicked,
}

/// What became of a run that was not fulfilled: the error of [`Run::result`](crate::Run::result).
///
/// The source is the body's own error when it rejected.
#[derive(PartialEq)]
#[non_exhaustive]
pub enum Rejection<E> {
    /// The body returned `Err`.
    Rejected {
        /// What it returned.
        error: Arc<E>,
    },
    /// The run could not be carried out.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// Somebody aborted the run.
    Aborted {
        /// The reason that was given.
        reason: Text,
        /// Who it was.
        by: AbortedBy,
    },
    /// The run was not wanted, so its body was never called.
    Skipped {
        /// Why.
        reason: Text,
    },
    /// A later run of the same name and key took its place.
    Superseded {
        /// The later run.
        by: RunId,
    },
    /// It took too long.
    TimedOut {
        /// How long it was allowed to take: as a whole, or for one attempt.
        after: Duration,
        /// Which attempt it was, counted from 1.
        attempt: u32,
    },
    /// The body panicked, or the spawner that was to run it did.
    Panicked {
        /// The panic's message.
        message: Text,
    },
}

impl<T, E> Outcome<T, E> {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Fulfilled { .. } => OutcomeKind::Fulfilled,
            Self::Rejected { .. } => OutcomeKind::Rejected,
            Self::Failed { .. } => OutcomeKind::Failed,
            Self::Aborted { .. } => OutcomeKind::Aborted,
            Self::Skipped { .. } => OutcomeKind::Skipped,
            Self::Superseded { .. } => OutcomeKind::Superseded,
            Self::TimedOut { .. } => OutcomeKind::TimedOut,
            Self::Panicked { .. } => OutcomeKind::Panicked,
        }
    }

    /// Whether the body returned `Ok`.
    #[must_use]
    pub fn is_fulfilled(&self) -> bool {
        self.kind() == OutcomeKind::Fulfilled
    }

    /// Whether the body returned `Err`.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.kind() == OutcomeKind::Rejected
    }

    /// Whether the run could not be carried out.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.kind() == OutcomeKind::Failed
    }

    /// Whether somebody aborted the run.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.kind() == OutcomeKind::Aborted
    }

    /// Whether the run was not wanted.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        self.kind() == OutcomeKind::Skipped
    }

    /// Whether a later run took its place.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        self.kind() == OutcomeKind::Superseded
    }

    /// Whether it took too long.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        self.kind() == OutcomeKind::TimedOut
    }

    /// Whether it panicked.
    #[must_use]
    pub fn is_panicked(&self) -> bool {
        self.kind() == OutcomeKind::Panicked
    }

    /// The payload, or what happened instead.
    ///
    /// # Errors
    ///
    /// Every outcome but [`Outcome::Fulfilled`], as the [`Rejection`] of the same name.
    pub fn into_result(self) -> Result<Arc<T>, Rejection<E>> {
        Err(match self {
            Self::Fulfilled { payload } => return Ok(payload),
            Self::Rejected { error } => Rejection::Rejected { error },
            Self::Failed { failure } => Rejection::Failed { failure },
            Self::Aborted { reason, by } => Rejection::Aborted { reason, by },
            Self::Skipped { reason } => Rejection::Skipped { reason },
            Self::Superseded { by } => Rejection::Superseded { by },
            Self::TimedOut { after, attempt } => Rejection::TimedOut { after, attempt },
            Self::Panicked { message } => Rejection::Panicked { message },
        })
    }
}

impl<T, E> From<Result<T, E>> for Outcome<T, E> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(payload) => Self::Fulfilled { payload: Arc::new(payload) },
            Err(error) => Self::Rejected { error: Arc::new(error) },
        }
    }
}

impl<T, E> Clone for Outcome<T, E> {
    fn clone(&self) -> Self {
        match self {
            Self::Fulfilled { payload } => Self::Fulfilled { payload: Arc::clone(payload) },
            Self::Rejected { error } => Self::Rejected { error: Arc::clone(error) },
            Self::Failed { failure } => Self::Failed { failure: failure.clone() },
            Self::Aborted { reason, by } => Self::Aborted { reason: reason.clone(), by: *by },
            Self::Skipped { reason } => Self::Skipped { reason: reason.clone() },
            Self::Superseded { by } => Self::Superseded { by: *by },
            Self::TimedOut { after, attempt } => {
                Self::TimedOut { after: *after, attempt: *attempt }
            }
            Self::Panicked { message } => Self::Panicked { message: message.clone() },
        }
    }
}

impl<T, E> fmt::Debug for Outcome<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.clone().into_result() {
            Ok(_) => write!(f, "Fulfilled {{ payload: <{}> }}", type_name::<T>()),
            Err(rejection) => rejection.fmt(f),
        }
    }
}

impl<E> Rejection<E> {
    /// Which kind of outcome it is.
    #[must_use]
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Rejected { .. } => OutcomeKind::Rejected,
            Self::Failed { .. } => OutcomeKind::Failed,
            Self::Aborted { .. } => OutcomeKind::Aborted,
            Self::Skipped { .. } => OutcomeKind::Skipped,
            Self::Superseded { .. } => OutcomeKind::Superseded,
            Self::TimedOut { .. } => OutcomeKind::TimedOut,
            Self::Panicked { .. } => OutcomeKind::Panicked,
        }
    }
}

impl Rejection<Infallible> {
    /// The outcome that it is for any run, whatever its types.
    pub(super) fn into_outcome<T, E>(self) -> Outcome<T, E> {
        match self {
            Self::Rejected { error } => match *error {},
            Self::Failed { failure } => Outcome::Failed { failure },
            Self::Aborted { reason, by } => Outcome::Aborted { reason, by },
            Self::Skipped { reason } => Outcome::Skipped { reason },
            Self::Superseded { by } => Outcome::Superseded { by },
            Self::TimedOut { after, attempt } => Outcome::TimedOut { after, attempt },
            Self::Panicked { message } => Outcome::Panicked { message },
        }
    }
}

impl<T, E> From<Rejection<E>> for Outcome<T, E> {
    fn from(rejection: Rejection<E>) -> Self {
        match rejection {
            Rejection::Rejected { error } => Self::Rejected { error },
            Rejection::Failed { failure } => Self::Failed { failure },
            Rejection::Aborted { reason, by } => Self::Aborted { reason, by },
            Rejection::Skipped { reason } => Self::Skipped { reason },
            Rejection::Superseded { by } => Self::Superseded { by },
            Rejection::TimedOut { after, attempt } => Self::TimedOut { after, attempt },
            Rejection::Panicked { message } => Self::Panicked { message },
        }
    }
}

impl<E> Clone for Rejection<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Rejected { error } => Self::Rejected { error: Arc::clone(error) },
            Self::Failed { failure } => Self::Failed { failure: failure.clone() },
            Self::Aborted { reason, by } => Self::Aborted { reason: reason.clone(), by: *by },
            Self::Skipped { reason } => Self::Skipped { reason: reason.clone() },
            Self::Superseded { by } => Self::Superseded { by: *by },
            Self::TimedOut { after, attempt } => {
                Self::TimedOut { after: *after, attempt: *attempt }
            }
            Self::Panicked { message } => Self::Panicked { message: message.clone() },
        }
    }
}

impl<E> fmt::Debug for Rejection<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { .. } => write!(f, "Rejected {{ error: <{}> }}", type_name::<E>()),
            Self::Failed { failure } => f.debug_struct("Failed").field("failure", failure).finish(),
            Self::Aborted { reason, by } => {
                f.debug_struct("Aborted").field("reason", reason).field("by", by).finish()
            }
            Self::Skipped { reason } => f.debug_struct("Skipped").field("reason", reason).finish(),
            Self::Superseded { by } => f.debug_struct("Superseded").field("by", by).finish(),
            Self::TimedOut { after, attempt } => {
                f.debug_struct("TimedOut").field("after", after).field("attempt", attempt).finish()
            }
            Self::Panicked { message } => {
                f.debug_struct("Panicked").field("message", message).finish()
            }
        }
    }
}

impl<E> fmt::Display for Rejection<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { .. } => f.write_str("the run's body returned an error"),
            Self::Failed { failure } => write!(f, "the run failed: {failure}"),
            Self::Aborted { reason, by } => write!(f, "the run was aborted by {by}: {reason}"),
            Self::Skipped { reason } => write!(f, "the run was skipped: {reason}"),
            Self::Superseded { by } => write!(f, "the run was superseded by {by}"),
            Self::TimedOut { after, attempt } => {
                write!(f, "the run took longer than {after:?} (attempt {attempt})")
            }
            Self::Panicked { message } => write!(f, "the run panicked: {message}"),
        }
    }
}

impl<E: Error + 'static> Error for Rejection<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected { error } => Some(&**error),
            _ => None,
        }
    }
}

impl fmt::Display for AbortedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle => f.write_str("a holder of its handle"),
            Self::Guard => f.write_str("a dropped guard"),
            Self::Body => f.write_str("its own body"),
            Self::Registry => f.write_str("the store's list of runs"),
            Self::Signal => f.write_str("what it was to end with"),
            Self::Parent(id) => write!(f, "its parent {id}"),
            Self::LastWaiter => f.write_str("the last run that waited for it"),
            Self::Shutdown => f.write_str("the shutdown of the store's runs"),
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fulfilled => "fulfilled",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Skipped => "skipped",
            Self::Superseded => "superseded",
            Self::TimedOut => "timed out",
            Self::Panicked => "panicked",
        })
    }
}
