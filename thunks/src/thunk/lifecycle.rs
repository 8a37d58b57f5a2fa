//! What slices are told of a run.
//!
//! All events of one run share its [`Meta`], so telling of a phase copies neither the argument nor the payload.

use crate::case::{CaseKey, Phase, ThunkRef, sealed};
use std::{
    any::{Any, type_name},
    fmt,
    sync::{Arc, OnceLock},
};
use trine_core::{Outcome, Rejection, RunId, Text};

/// What all events of a run have in common.
pub(super) struct Meta<A> {
    /// The thunk.
    pub(super) thunk: ThunkRef,
    /// The argument.
    pub(super) arg: A,
    /// The run. Set when it becomes pending, inside the lease: a run that never was has no terminal event.
    pub(super) run: OnceLock<RunId>,
}

/// A run was started.
pub struct Pending<A> {
    meta: Arc<Meta<A>>,
}

/// A run ended with a payload.
pub struct Fulfilled<A, T> {
    meta: Arc<Meta<A>>,
    payload: Arc<T>,
}

/// A run ended without a payload.
pub struct Rejected<A, E> {
    meta: Arc<Meta<A>>,
    rejection: Rejection<E>,
}

/// A run ended, in whatever way.
pub struct Settled<A, T, E> {
    meta: Arc<Meta<A>>,
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
        }

        impl<$($generic),*> Clone for $name<$($generic),*> {
            fn clone(&self) -> Self {
                self.copy()
            }
        }
    };
}

macro_rules! action {
    ($name:ident<$($generic:ident),*>, $phase:expr) => {
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
        }
    };
}

action!(Pending<A>, Phase::Pending);
action!(Fulfilled<A, T>, Phase::Fulfilled);
action!(Rejected<A, E>, Phase::Rejected);

meta!(Pending<A>);
meta!(Fulfilled<A, T>);
meta!(Rejected<A, E>);
meta!(Settled<A, T, E>);

impl<A> Pending<A> {
    pub(super) fn new(meta: &Arc<Meta<A>>) -> Self {
        Self { meta: Arc::clone(meta) }
    }

    fn copy(&self) -> Self {
        Self::new(&self.meta)
    }
}

impl<A, T> Fulfilled<A, T> {
    pub(super) fn new(meta: &Arc<Meta<A>>, payload: Arc<T>) -> Self {
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

    pub(super) fn settled<E>(&self) -> Settled<A, T, E> {
        let outcome = Outcome::Fulfilled { payload: Arc::clone(&self.payload) };
        Settled { meta: Arc::clone(&self.meta), outcome }
    }
}

impl<A, E> Rejected<A, E> {
    pub(super) fn new(meta: &Arc<Meta<A>>, rejection: Rejection<E>) -> Self {
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

    pub(super) fn settled<T>(&self) -> Settled<A, T, E> {
        Settled { meta: Arc::clone(&self.meta), outcome: self.rejection.clone().into() }
    }
}

impl<A, T, E> Settled<A, T, E> {
    fn copy(&self) -> Self {
        Self { meta: Arc::clone(&self.meta), outcome: self.outcome.clone() }
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome<T, E> {
        &self.outcome
    }
}

impl<A> fmt::Debug for Meta<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("thunk", &self.thunk.name)
            .field("run", &self.run.get())
            .field("arg", &format_args!("<{}>", type_name::<A>()))
            .finish()
    }
}

impl<A> fmt::Debug for Pending<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.meta).finish()
    }
}

impl<A, T> fmt::Debug for Fulfilled<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fulfilled").field(&self.meta).finish()
    }
}

impl<A, E> fmt::Debug for Rejected<A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rejected").field(&self.meta).field(&self.rejection).finish()
    }
}

impl<A, T, E> fmt::Debug for Settled<A, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settled").field(&self.meta).field(&self.outcome).finish()
    }
}
