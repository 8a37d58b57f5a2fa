//! What an action hands to whoever awaits it.

use super::ActionError;
use std::sync::{Mutex, PoisonError};

/// A value that is taken once: what the run of an action is fulfilled or rejected with. An action is awaited by one caller, who
/// gets the value itself and not a share of it.
#[derive(Debug)]
pub(super) struct Handed<T>(Mutex<Option<T>>);

/// How values come out.
pub(super) struct HandOut<R, E> {
    pub(super) value: fn(&Handed<R>) -> R,
    pub(super) error: fn(&Handed<ActionError<E>>) -> ActionError<E>,
}

impl<R, E> Clone for HandOut<R, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, E> Copy for HandOut<R, E> {}

impl<R, E> HandOut<R, E> {
    /// To the one who awaits.
    pub(super) fn once() -> Self {
        Self { value: Handed::take, error: Handed::take }
    }
}

impl<R: Clone, E: Clone> HandOut<R, E> {
    /// To several who share one run.
    pub(super) fn shared() -> Self {
        Self { value: Handed::copy, error: Handed::copy }
    }
}

impl<T> Handed<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    fn take(&self) -> T {
        self.with(Option::take)
    }

    fn copy(&self) -> T
    where
        T: Clone,
    {
        self.with(|value| value.clone())
    }

    /// Looks at the value, if it has not been taken.
    pub(super) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        value.as_ref().map(look)
    }

    fn with(&self, out: impl FnOnce(&mut Option<T>) -> Option<T>) -> T {
        let mut value = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out(&mut value).expect("only one handle awaits a run that is not shared")
    }
}
