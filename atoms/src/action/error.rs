//! How an action can fail.

use crate::draft::{Conflict, FlushError};
use std::{error::Error, fmt};
use trine_core::{AbortedBy, Failure, RunId, Text};

/// Why an async action did not end well. What it had not flushed is discarded.
///
/// `E` is the error of its handler; [`BoxError`](crate::BoxError) unless chosen otherwise.
#[derive(Debug)]
#[non_exhaustive]
pub enum ActionError<E> {
    /// The handler returned this error.
    Handler(E),
    /// Somebody else has written an atom that the handler has read, modified and written. Nothing was written.
    Conflict(Conflict),
    /// What the handler has written cannot be flushed, for another reason than a conflict.
    Flush(FlushError),
    /// A draft was moved out of the handler and was still alive at its end, so its changes would be lost.
    DraftEscaped {
        /// The atom's name.
        atom: Text,
    },
    /// Somebody aborted the action.
    Aborted {
        /// The reason that was given.
        reason: Text,
        /// Who it was.
        by: AbortedBy,
    },
    /// A later call took its place.
    Superseded {
        /// The later call's run.
        by: RunId,
    },
    /// The call was not wanted, since an earlier one was under way.
    Skipped {
        /// Why.
        reason: Text,
    },
    /// The action could not be carried out.
    Failed(Failure),
    /// The handler panicked.
    Panicked {
        /// The panic's message.
        message: Text,
    },
}

impl<E> From<FlushError> for ActionError<E> {
    fn from(error: FlushError) -> Self {
        match error {
            FlushError::Conflict(conflict) => Self::Conflict(conflict),
            error => Self::Flush(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ActionError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(error) => error.fmt(f),
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::Flush(error) => error.fmt(f),
            Self::DraftEscaped { atom } => write!(
                f,
                "the draft of `{atom}` outlived its handler, so its changes would be lost: \
                 drop it, or await what it was moved into, before the handler ends"
            ),
            Self::Aborted { reason, .. } => write!(f, "the action was aborted: {reason}"),
            Self::Superseded { by } => write!(f, "the action was superseded by {by}"),
            Self::Skipped { reason } => write!(f, "the action was skipped: {reason}"),
            Self::Failed(failure) => failure.fmt(f),
            Self::Panicked { message } => write!(f, "the action panicked: {message}"),
        }
    }
}

// Not `E: Error`, which `BoxError` is not.
impl<E: fmt::Debug + fmt::Display> Error for ActionError<E> {}
