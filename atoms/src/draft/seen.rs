//! What an action has gone by without writing it: whether that still holds is asked at the flush, if reads are validated.

use super::conflict::{Conflict, FlushError, Stale};
use crate::definition::Same;
use std::sync::Arc;
use trine_core::{Derived, Source, Text, Updates};

/// A value that an action has gone by.
pub(super) struct Seen<T> {
    pub(super) name: Text,
    pub(super) same: Same<T>,
    pub(super) cell: Source<Arc<T>>,
    pub(super) value: Arc<T>,
}

/// A [`Seen`], whatever its type.
pub trait AnySeen: Send + Sync {
    /// Whether the atom still holds it. Inside the lease; runs the atom's comparison.
    #[doc(hidden)]
    fn holds(&self, up: &mut Updates<'_>) -> Result<(), FlushError>;
}

impl<T: Clone + Send + Sync + 'static> AnySeen for Seen<T> {
    fn holds(&self, up: &mut Updates<'_>) -> Result<(), FlushError> {
        if up.with(self.cell, |held| Arc::ptr_eq(held, &self.value))? {
            return Ok(());
        }
        let now = up.get(self.cell)?;
        if (self.same)(&now, &self.value) {
            return Ok(());
        }
        let (base, mine) = (Arc::clone(&self.value), Arc::clone(&self.value));
        Err(Conflict::new(self.name.clone(), Stale::Read, base, mine, now).into())
    }
}

/// A value of a derived atom that an action has gone by.
pub(super) struct SeenDerived<T> {
    pub(super) name: Text,
    pub(super) cell: Derived<Arc<T>>,
    pub(super) value: Arc<T>,
}

impl<T: Send + Sync + 'static> AnySeen for SeenDerived<T> {
    fn holds(&self, up: &mut Updates<'_>) -> Result<(), FlushError> {
        // An equal result is no other one.
        if up.with(self.cell, |held| Arc::ptr_eq(held, &self.value))? {
            return Ok(());
        }
        let now = up.get(self.cell)?;
        let (base, mine) = (Arc::clone(&self.value), Arc::clone(&self.value));
        Err(Conflict::new(self.name.clone(), Stale::Read, base, mine, now).into())
    }
}
