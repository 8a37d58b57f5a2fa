//! What an async derivation has come to so far.

use crate::{
    delivery::Watch,
    error::CellError,
    executor::{Failure, Rejection},
    text::Text,
};
use std::{any::type_name, fmt, sync::Arc};

/// The value of an [`AsyncDerived`](crate::AsyncDerived) cell.
///
/// Value and error are shared, so it is cheap to clone whatever `T` and `E` are. Two states are equal if they hold the same
/// shared value or error: a run that comes to a value equal to the one before keeps that one.
#[non_exhaustive]
pub enum AsyncState<T, E> {
    /// There is no value yet, and the last run has not failed: one is under way, or begins.
    Pending,
    /// The value follows from the present inputs.
    Ready {
        /// The value.
        value: Arc<T>,
    },
    /// The value follows from earlier inputs; a run is under way, or begins.
    Stale {
        /// The last good value.
        value: Arc<T>,
    },
    /// The run for the present inputs did not come to a value: it returned an error, panicked, was aborted, or could not be
    /// carried out, for want of a runtime say. The next one begins when an input changes, or on
    /// [`Store::refresh`](crate::Store::refresh).
    Failed {
        /// What happened instead.
        error: Arc<Rejection<E>>,
        /// The last good value.
        last: Option<Arc<T>>,
    },
}

impl<T, E> AsyncState<T, E> {
    /// The last good value, whether it is up to date or not.
    #[must_use]
    pub fn value(&self) -> Option<&Arc<T>> {
        match self {
            Self::Ready { value } | Self::Stale { value } => Some(value),
            Self::Failed { last, .. } => last.as_ref(),
            Self::Pending => None,
        }
    }

    /// Why there is no value for the present inputs, if the run for them has failed.
    #[must_use]
    pub fn error(&self) -> Option<&Rejection<E>> {
        match self {
            Self::Failed { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether there is no value yet, and no error.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Pending)
    }

    /// Whether the value is up to date.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }

    /// Whether there is a value, of earlier inputs.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Stale { .. })
    }

    /// Whether the run for the present inputs has failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

impl<T, E> Clone for AsyncState<T, E> {
    fn clone(&self) -> Self {
        match self {
            Self::Pending => Self::Pending,
            Self::Ready { value } => Self::Ready { value: Arc::clone(value) },
            Self::Stale { value } => Self::Stale { value: Arc::clone(value) },
            Self::Failed { error, last } => {
                Self::Failed { error: Arc::clone(error), last: last.clone() }
            }
        }
    }
}

impl<T, E> PartialEq for AsyncState<T, E> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pending, Self::Pending) => true,
            (Self::Ready { value: mine }, Self::Ready { value: theirs })
            | (Self::Stale { value: mine }, Self::Stale { value: theirs }) => {
                Arc::ptr_eq(mine, theirs)
            }
            (Self::Failed { error: mine, .. }, Self::Failed { error: theirs, .. }) => {
                Arc::ptr_eq(mine, theirs)
            }
            _ => false,
        }
    }
}

impl<T, E> fmt::Debug for AsyncState<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = type_name::<T>();
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Ready { .. } => write!(f, "Ready {{ value: <{value}> }}"),
            Self::Stale { .. } => write!(f, "Stale {{ value: <{value}> }}"),
            Self::Failed { error, last } => {
                let last = if last.is_some() { "Some" } else { "None" };
                write!(f, "Failed {{ error: {error:?}, last: {last} }}")
            }
        }
    }
}

/// Waits until the watched state is up to date.
pub(super) async fn ready<T, E>(
    watch: Result<Watch<AsyncState<T, E>>, CellError>,
) -> Result<Arc<T>, Rejection<E>> {
    let failed = |message: Text| Rejection::Failed { failure: Failure::Dependency { message } };
    let mut watch = watch.map_err(|error| failed(error.to_string().into()))?;
    loop {
        match &*watch.borrow_and_update() {
            AsyncState::Ready { value } => return Ok(Arc::clone(value)),
            AsyncState::Failed { error, .. } => return Err(Rejection::clone(error)),
            AsyncState::Pending | AsyncState::Stale { .. } => {}
        }
        if let Some(error) = watch.error() {
            return Err(failed(error.to_string().into()));
        }
        watch.changed().await.map_err(|gone| failed(gone.to_string().into()))?;
    }
}
