//! What becomes of the runs of a thunk, without a reducer: the value of a state cell.

use super::meta::Meta;
use std::{any::type_name, fmt, sync::Arc};
use trine_core::{Outcome, OutcomeKind, Rejection, RunId};

/// What becomes of the runs of a thunk, or of those of a key among them: the value of
/// [`Store::state_of`](crate::Store::state_of).
///
/// It is cheap to clone.
pub struct ThunkState<A, T, E, M = ()> {
    /// How many are pending.
    in_flight: usize,
    /// How many attempts were begun.
    attempts: u64,
    /// The one that became pending last.
    latest: Option<Arc<Meta<A, M>>>,
    /// What the one that was fulfilled last has given.
    data: Option<Arc<T>>,
    /// How the one that ended last has ended.
    last: Option<Last<E>>,
}

enum Last<E> {
    Fulfilled,
    Rejected(Rejection<E>),
}

/// How far the runs of a thunk are, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ThunkStatus {
    /// There was none yet.
    #[default]
    Idle,
    /// At least one is under way.
    Pending,
    /// None is under way, and the one that ended last was fulfilled.
    Fulfilled,
    /// None is under way, and the one that ended last was not fulfilled.
    Rejected,
}

impl<A, T, E, M> ThunkState<A, T, E, M> {
    /// How far they are, taken together.
    #[must_use]
    pub fn status(&self) -> ThunkStatus {
        match &self.last {
            _ if self.in_flight > 0 => ThunkStatus::Pending,
            None => ThunkStatus::Idle,
            Some(Last::Fulfilled) => ThunkStatus::Fulfilled,
            Some(Last::Rejected(_)) => ThunkStatus::Rejected,
        }
    }

    /// Whether any is under way.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.in_flight > 0
    }

    /// Whether any is under way though there is [data](Self::data) already.
    #[must_use]
    pub fn is_refetching(&self) -> bool {
        self.is_pending() && self.data.is_some()
    }

    /// How many are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many attempts were begun since there is the cell: one for each run that became pending, and one for each time that
    /// it [tried again](crate::AsyncThunk::retry).
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.attempts
    }

    /// The payload of the run that was fulfilled last. It stays while others are under way, and when they fail.
    #[must_use]
    pub fn data(&self) -> Option<&Arc<T>> {
        self.data.as_ref()
    }

    /// What happened to the run that ended last, if it was not fulfilled. It stays while others are under way.
    #[must_use]
    pub fn error(&self) -> Option<&Rejection<E>> {
        match &self.last {
            Some(Last::Rejected(rejection)) => Some(rejection),
            _ => None,
        }
    }

    /// How the run that ended last has ended.
    #[must_use]
    pub fn last(&self) -> Option<OutcomeKind> {
        self.last.as_ref().map(|last| match last {
            Last::Fulfilled => OutcomeKind::Fulfilled,
            Last::Rejected(rejection) => rejection.kind(),
        })
    }

    /// The argument of the run that became pending last.
    #[must_use]
    pub fn arg(&self) -> Option<&A> {
        self.latest.as_ref().map(|meta| &meta.arg)
    }

    /// The run that became pending last.
    #[must_use]
    pub fn request_id(&self) -> Option<RunId> {
        self.latest.as_ref().and_then(|meta| meta.run.get().copied())
    }

    pub(super) fn begin(&self, in_flight: usize, meta: &Arc<Meta<A, M>>) -> Self {
        let (attempts, latest) = (self.attempts + 1, Some(Arc::clone(meta)));
        Self { in_flight, attempts, latest, ..self.clone() }
    }

    pub(super) fn try_again(&self) -> Self {
        Self { attempts: self.attempts + 1, ..self.clone() }
    }

    pub(super) fn end(&self, in_flight: usize, outcome: &Outcome<T, E>) -> Self {
        match outcome.clone().into_result() {
            Ok(payload) => {
                let (data, last) = (Some(payload), Some(Last::Fulfilled));
                Self { in_flight, data, last, ..self.clone() }
            }
            Err(rejection) => {
                Self { in_flight, last: Some(Last::Rejected(rejection)), ..self.clone() }
            }
        }
    }

    pub(super) fn with_in_flight(&self, in_flight: usize) -> Self {
        Self { in_flight, ..self.clone() }
    }
}

impl<A, T, E, M> Default for ThunkState<A, T, E, M> {
    fn default() -> Self {
        Self { in_flight: 0, attempts: 0, latest: None, data: None, last: None }
    }
}

impl<A, T, E, M> Clone for ThunkState<A, T, E, M> {
    fn clone(&self) -> Self {
        Self {
            in_flight: self.in_flight,
            attempts: self.attempts,
            latest: self.latest.clone(),
            data: self.data.clone(),
            last: self.last.as_ref().map(|last| match last {
                Last::Fulfilled => Last::Fulfilled,
                Last::Rejected(rejection) => Last::Rejected(rejection.clone()),
            }),
        }
    }
}

impl<A, T, E, M> fmt::Debug for ThunkState<A, T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThunkState")
            .field("status", &self.status())
            .field("in_flight", &self.in_flight)
            .field("attempts", &self.attempts)
            .field("latest", &self.request_id())
            .field("data", &self.data.as_ref().map(|_| type_name::<T>()))
            .field("error", &self.error())
            .finish()
    }
}
