//! What slices are told of a run.

use super::meta::Meta;
use crate::case::{CaseKey, Phase, sealed};
use std::{any::Any, fmt, sync::Arc};
use trine_core::{Outcome, OutcomeKind, Rejection, RunId, Text};

/// A run was started. Its status, in the original's words, is `pending`.
pub struct Pending<A, M = ()> {
    meta: Arc<Meta<A, M>>,
}

/// A run ended with a payload.
pub struct Fulfilled<A, T, M = ()> {
    meta: Arc<Meta<A, M>>,
    payload: Arc<T>,
}

/// A run ended without a payload.
pub struct Rejected<A, E, M = ()> {
    meta: Arc<Meta<A, M>>,
    rejection: Rejection<E>,
}

/// A run ended, in whatever way.
pub struct Settled<A, T, E, M = ()> {
    meta: Arc<Meta<A, M>>,
    outcome: Outcome<T, E>,
}

macro_rules! meta {
    ($name:ident<$($generic:ident),*>) => {
        impl<$($generic),*> $name<$($generic),*> {
            /// The thunk's name.
            #[must_use]
            pub fn thunk(&self) -> &Text {
                &self.meta.thunk.name
            }

            /// Which run: the same for all its events.
            #[must_use]
            pub fn request_id(&self) -> RunId {
                *self.meta.run.get().expect("a run has an identity before its first event")
            }

            /// The argument that the thunk was dispatched with.
            #[must_use]
            pub fn arg(&self) -> &A {
                &self.meta.arg
            }

            /// How many attempts were begun so far: 1, unless the thunk [tries again](crate::AsyncThunk::retry).
            #[must_use]
            pub fn attempts(&self) -> u32 {
                self.meta.attempts()
            }

            /// Which thunk, run and key this is about, for people.
            #[must_use]
            pub fn about(&self) -> impl fmt::Display + '_ {
                &*self.meta
            }
        }

        impl<$($generic),*> Clone for $name<$($generic),*> {
            fn clone(&self) -> Self {
                self.copy()
            }
        }
    };
}

macro_rules! action {
    ($name:ident<$($generic:ident),*>, $phase:expr, $outcome:expr) => {
        impl<$($generic: Send + Sync + 'static),*> sealed::AnyAction for $name<$($generic),*> {
            fn case_key(&self) -> CaseKey {
                CaseKey::Thunk(self.meta.thunk.id, $phase)
            }

            fn name(&self) -> Text {
                Text::from(format!("{}/{}", self.meta.thunk.name, $phase))
            }

            fn event(&self) -> &dyn Any {
                self
            }

            fn run(&self) -> Option<RunId> {
                self.meta.run.get().copied()
            }

            fn end(&self) -> Option<OutcomeKind> {
                let outcome: fn(&Self) -> Option<OutcomeKind> = $outcome;
                outcome(self)
            }

            fn epoch(&self) -> Option<u64> {
                self.meta.has_begun().then(|| self.meta.epoch())
            }
        }
    };
}

action!(Pending<A, M>, Phase::Pending, |_| None);
action!(Fulfilled<A, T, M>, Phase::Fulfilled, |_| Some(OutcomeKind::Fulfilled));
action!(Rejected<A, E, M>, Phase::Rejected, |event| Some(event.rejection.kind()));

meta!(Pending<A, M>);
meta!(Fulfilled<A, T, M>);
meta!(Rejected<A, E, M>);
meta!(Settled<A, T, E, M>);

impl<A, M> Pending<A, M> {
    /// What was made for this run just before it became pending: see
    /// [`AsyncThunk::with_meta`](crate::AsyncThunk::with_meta).
    #[must_use]
    pub fn meta(&self) -> &M {
        value(&self.meta)
    }

    pub(super) fn new(meta: &Arc<Meta<A, M>>) -> Self {
        Self { meta: Arc::clone(meta) }
    }

    fn copy(&self) -> Self {
        Self::new(&self.meta)
    }
}

impl<A, T, M> Fulfilled<A, T, M> {
    /// What was made for this run just before it became pending: see
    /// [`AsyncThunk::with_meta`](crate::AsyncThunk::with_meta).
    #[must_use]
    pub fn meta(&self) -> &M {
        value(&self.meta)
    }

    pub(super) fn new(meta: &Arc<Meta<A, M>>, payload: Arc<T>) -> Self {
        Self { meta: Arc::clone(meta), payload }
    }

    fn copy(&self) -> Self {
        Self::new(&self.meta, Arc::clone(&self.payload))
    }

    /// What the body returned. It is shared: a clone is cheap, and is what those who await the run get too.
    #[must_use]
    pub fn payload(&self) -> &Arc<T> {
        &self.payload
    }

    pub(super) fn settled<E>(&self) -> Settled<A, T, E, M> {
        let outcome = Outcome::Fulfilled { payload: Arc::clone(&self.payload) };
        Settled { meta: Arc::clone(&self.meta), outcome }
    }
}

impl<A, E, M> Rejected<A, E, M> {
    /// What was made for this run just before it became pending: see
    /// [`AsyncThunk::with_meta`](crate::AsyncThunk::with_meta). Nothing if it never did, which is told only of thunks that
    /// [tell of skipped runs](crate::AsyncThunk::dispatch_skipped).
    #[must_use]
    pub fn meta(&self) -> Option<&M> {
        self.meta.value.get()
    }

    pub(super) fn new(meta: &Arc<Meta<A, M>>, rejection: Rejection<E>) -> Self {
        Self { meta: Arc::clone(meta), rejection }
    }

    fn copy(&self) -> Self {
        Self::new(&self.meta, self.rejection.clone())
    }

    /// What happened.
    #[must_use]
    pub fn rejection(&self) -> &Rejection<E> {
        &self.rejection
    }

    /// The body's own error, if it returned one. The run was not cancelled then. To keep it, take the shared one from
    /// the [rejection](Self::rejection).
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        match &self.rejection {
            Rejection::Rejected { error } => Some(error),
            _ => None,
        }
    }

    /// Whether somebody aborted the run while it was under way.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.abort_reason().is_some()
    }

    /// The reason that was given for aborting it, if somebody did.
    #[must_use]
    pub fn abort_reason(&self) -> Option<&Text> {
        match &self.rejection {
            Rejection::Aborted { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Whether a later run took its place.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        matches!(self.rejection, Rejection::Superseded { .. })
    }

    /// Whether it was cancelled, by an abort or by a later run, rather than having failed by itself.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.is_aborted() || self.is_superseded()
    }

    /// Whether it was not wanted, so that it never became pending: the original's `meta.condition`. See
    /// [`AsyncThunk::dispatch_skipped`](crate::AsyncThunk::dispatch_skipped).
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        matches!(self.rejection, Rejection::Skipped { .. })
    }

    /// Whether the body returned an error, of which there is the [value](Self::error): the original's
    /// `meta.rejectedWithValue`.
    #[must_use]
    pub fn is_rejected_with_value(&self) -> bool {
        self.error().is_some()
    }

    /// Whether it took too long.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        matches!(self.rejection, Rejection::TimedOut { .. })
    }

    /// Whether its body panicked.
    #[must_use]
    pub fn is_panicked(&self) -> bool {
        matches!(self.rejection, Rejection::Panicked { .. })
    }

    /// What happened, for people: the body's own error if it returned one.
    #[must_use]
    pub fn message(&self) -> String
    where
        E: fmt::Display,
    {
        match self.error() {
            Some(error) => error.to_string(),
            None => self.rejection.to_string(),
        }
    }

    pub(super) fn settled<T>(&self) -> Settled<A, T, E, M> {
        Settled { meta: Arc::clone(&self.meta), outcome: self.rejection.clone().into() }
    }
}

impl<A, T, E, M> Settled<A, T, E, M> {
    /// What was made for this run just before it became pending: see
    /// [`AsyncThunk::with_meta`](crate::AsyncThunk::with_meta). Nothing if it never did, which is told only of thunks that
    /// [tell of skipped runs](crate::AsyncThunk::dispatch_skipped).
    #[must_use]
    pub fn meta(&self) -> Option<&M> {
        self.meta.value.get()
    }

    fn copy(&self) -> Self {
        Self { meta: Arc::clone(&self.meta), outcome: self.outcome.clone() }
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome<T, E> {
        &self.outcome
    }
}

/// The value of a run that has become pending.
fn value<A, M>(meta: &Meta<A, M>) -> &M {
    meta.value.get().expect("a run has its value before its first event")
}

/// For people: thunk, run and key, and what happened.
impl<A, E, M> fmt::Display for Rejected<A, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.meta, self.rejection)
    }
}

impl<A, M> fmt::Debug for Pending<A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.meta).finish()
    }
}

impl<A, T, M> fmt::Debug for Fulfilled<A, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fulfilled").field(&self.meta).finish()
    }
}

impl<A, E, M> fmt::Debug for Rejected<A, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rejected").field(&self.meta).field(&self.rejection).finish()
    }
}

impl<A, T, E, M> fmt::Debug for Settled<A, T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settled").field(&self.meta).field(&self.outcome).finish()
    }
}
