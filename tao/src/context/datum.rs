//! One slot of a context's datum: a shared value of any type.

use crate::{
    handler::contain,
    trigram::{Axis, Trigram},
};
use std::{
    any::{Any, type_name},
    fmt,
    sync::Arc,
};

/// A shared value that remembers what its type is called.
#[derive(Clone)]
pub(super) struct Datum {
    /// The value; gone only while this is dropped.
    value: Option<Arc<dyn Any + Send + Sync>>,
    /// For errors: what is there instead of what was expected.
    type_name: &'static str,
}

/// A slot of a context's datum is empty or holds another type than was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{trigram}: the {slot} slot {}, expected `{expected}`", Found(.found))]
pub struct DatumError {
    /// The context's trigram.
    pub trigram: Trigram,
    /// Which slot.
    pub slot: Axis,
    /// The type that was asked for.
    pub expected: &'static str,
    /// The type that is there.
    pub found: Option<&'static str>,
}

struct Found<'a>(&'a Option<&'static str>);

impl Datum {
    pub(super) fn new<T: Send + Sync + 'static>(value: Arc<T>) -> Self {
        Self { value: Some(value), type_name: type_name::<T>() }
    }

    pub(super) fn look<T: 'static>(&self) -> Option<&T> {
        self.value.as_ref()?.downcast_ref()
    }

    pub(super) fn share<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.value.clone()?.downcast().ok()
    }

    pub(super) fn type_name(&self) -> &'static str {
        self.type_name
    }
}

impl Drop for Datum {
    fn drop(&mut self) {
        // Which of the handlers, lines and observers lets go of it last is chance, so nobody is to be hit by its panic;
        // least of all a cascade that is dropped with several such values at once.
        let value = self.value.take();
        let _ = contain(|| drop(value));
    }
}

impl fmt::Debug for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.type_name)
    }
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(found) => write!(f, "holds `{found}`"),
            None => f.write_str("is empty"),
        }
    }
}
