//! Subjects: what a store can be asked for.

use crate::{error::ReadError, key::SliceKey, table::Table};
use trine_core::{Derived, Optimistic, ReadOnly, Source};

/// What can be read, watched and subscribed to: the key of a slice, or a cell (a selector's, or one of another
/// front end on the same store). Sealed.
pub trait Subject: sealed::Subject {}

pub(crate) mod sealed {
    use super::{ReadError, Table};
    use trine_core::Cell;

    pub trait Subject {
        /// The type of the value.
        type Value: Send + 'static;
        /// The cell that holds it.
        type Cell: Cell<Value = Self::Value>;

        fn find(self, table: &TableRef<'_>) -> Result<Self::Cell, ReadError>;
    }

    /// A table, for use in a sealed signature only.
    #[derive(Debug)]
    pub struct TableRef<'a>(pub(crate) &'a Table);
}

use sealed::TableRef;

impl<S: Send + 'static> sealed::Subject for &SliceKey<S> {
    type Value = S;
    type Cell = ReadOnly<S>;

    fn find(self, table: &TableRef<'_>) -> Result<ReadOnly<S>, ReadError> {
        table.0.cell(self).map(Source::read_only)
    }
}

impl<S: Send + 'static> Subject for &SliceKey<S> {}

macro_rules! cells {
    ($($cell:ident)*) => {$(
        impl<T: Send + 'static> sealed::Subject for $cell<T> {
            type Value = T;
            type Cell = Self;

            fn find(self, _: &TableRef<'_>) -> Result<Self, ReadError> {
                Ok(self)
            }
        }

        impl<T: Send + 'static> Subject for $cell<T> {}
    )*};
}

cells! { Source Derived ReadOnly Optimistic }
