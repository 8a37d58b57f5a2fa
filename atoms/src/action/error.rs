//! How an action can fail.

use crate::{
    draft::{Conflict, FlushError},
    middleware::Veto,
    synergy::BoxError,
};
use std::{any::Any, error::Error, fmt, time::Duration};
use trine_core::{AbortedBy, Failure, RunId, Text};

/// Why an async action did not end well. What it had not flushed is discarded.
///
/// `E` is the error of its handler; [`BoxError`](crate::BoxError) unless chosen otherwise. A [`FlushError`] that the handler has
/// handed on with `?` is told apart from its own errors.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ActionError<E> {
    /// The handler returned this error.
    Handler(E),
    /// Somebody else has written an atom that the handler has read, modified and written. Nothing was written.
    Conflict(Conflict),
    /// Middleware has refused what the handler has written.
    Vetoed(Veto),
    /// What the handler has written cannot be flushed, for another reason.
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
    /// The call was not wanted: an earlier one was under way, its pace was too quick, or its condition said no.
    Skipped {
        /// Why.
        reason: Text,
    },
    /// It took too long.
    TimedOut {
        /// How long it was allowed to take: as a whole, or for one attempt.
        after: Duration,
        /// Which attempt it was, counted from 1.
        attempt: u32,
    },
    /// The action could not be carried out.
    Failed(Failure),
    /// The handler panicked.
    Panicked {
        /// The panic's message.
        message: Text,
    },
}

impl<E> ActionError<E> {
    /// Whether the call was not carried out to its end because nobody wants its result: it was aborted, superseded or skipped.
    /// What a view need not show.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Aborted { .. } | Self::Superseded { .. } | Self::Skipped { .. })
    }
}

impl<E: 'static> ActionError<E> {
    /// What a handler returned: an error of its own, or that of a flush in a box.
    pub(super) fn of_handler(error: E) -> Self {
        let mut error = Some(error);
        if let Some(boxed) = (&mut error as &mut dyn Any).downcast_mut::<Option<BoxError>>()
            && let Some(flush) = boxed.take()
        {
            match flush.downcast::<FlushError>() {
                Ok(flush) => return (*flush).into(),
                Err(other) => *boxed = Some(other),
            }
        }
        if let Some(flush) = (&mut error as &mut dyn Any).downcast_mut::<Option<FlushError>>()
            && let Some(flush) = flush.take()
        {
            return flush.into();
        }
        Self::Handler(error.expect("it was put back"))
    }
}

impl<E> From<FlushError> for ActionError<E> {
    fn from(error: FlushError) -> Self {
        match error {
            FlushError::Conflict(conflict) => Self::Conflict(conflict),
            FlushError::Vetoed(veto) => Self::Vetoed(veto),
            error => Self::Flush(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ActionError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(error) => error.fmt(f),
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::Vetoed(veto) => veto.fmt(f),
            Self::Flush(error) => error.fmt(f),
            Self::DraftEscaped { atom } => write!(
                f,
                "the draft of `{atom}` outlived its handler, so its changes would be lost: \
                 drop it, or await what it was moved into, before the handler ends"
            ),
            Self::Aborted { reason, by } => write!(f, "the action was aborted by {by}: {reason}"),
            Self::Superseded { by } => write!(f, "the action was superseded by {by}"),
            Self::Skipped { reason } => write!(f, "the action was skipped: {reason}"),
            Self::TimedOut { after, attempt } => {
                write!(f, "the action took longer than {after:?} (attempt {attempt})")
            }
            Self::Failed(failure) => failure.fmt(f),
            Self::Panicked { message } => write!(f, "the action panicked: {message}"),
        }
    }
}

// Not `E: Error`, which `BoxError` is not.
impl<E: fmt::Debug + fmt::Display> Error for ActionError<E> {}
