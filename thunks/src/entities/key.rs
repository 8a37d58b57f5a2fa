//! Where in the state of a slice a table is.

use super::{Entities, Entity};
use crate::key::SliceKey;
use std::{any::type_name, fmt};

/// A table of entities in the state of a slice: what views of single entities refer to. Made by [`SliceKey::entities`].
pub struct EntityKey<S, E: Entity> {
    /// The slice.
    pub(super) slice: SliceKey<S>,
    /// Finds the table in its state.
    pub(super) table: fn(&S) -> &Entities<E>,
}

impl<S> SliceKey<S> {
    /// The key of a table in the state of this slice. It is a constant: make it a `static`.
    ///
    /// `table` runs inside the lease and must be pure.
    #[must_use]
    pub const fn entities<E: Entity>(&self, table: fn(&S) -> &Entities<E>) -> EntityKey<S, E> {
        EntityKey { slice: SliceKey::new(self.name()), table }
    }
}

impl<S, E: Entity> EntityKey<S, E> {
    /// The slice.
    #[must_use]
    pub const fn slice(&self) -> &SliceKey<S> {
        &self.slice
    }
}

impl<S, E: Entity> Clone for EntityKey<S, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, E: Entity> Copy for EntityKey<S, E> {}

impl<S, E: Entity> fmt::Debug for EntityKey<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntityKey<{}>(in {:?})", type_name::<E>(), self.slice.name())
    }
}
