//! Cells: the handles to them, and how one is made.
//!
//! A handle is a small `Copy` key. It keeps nothing alive and can be sent anywhere; what it names lives in
//! the store. Every cell has an identity that no other cell of any store ever gets, so a handle to a
//! removed cell, or one used on the wrong store, is a typed error and never another cell.

mod builder;
mod label;
mod value;
mod workshop;

pub use builder::{ByValue, CellBuilder, Equality, Never};
pub use label::CellLabel;
pub(crate) use value::{AnyCell, Kept, KeptDerived, KeptSource, Ran, SourceCell, try_cast_mut};
pub(crate) use workshop::Workshop;

use std::{fmt, marker::PhantomData};

/// The identity of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellKey {
    /// Where in the arena the cell is.
    pub(crate) index: u32,
    /// Which cell it is: unique in the process.
    pub(crate) id: u64,
}

/// A cell that is written.
///
/// Made by [`Store::source`](crate::Store::source). Copying the handle does not copy the cell.
pub struct Source<T> {
    /// Which cell.
    key: CellKey,
    /// The type of its value.
    value: PhantomData<fn(T) -> T>,
}

/// A cell that is computed from others.
///
/// Made by [`Store::derived`](crate::Store::derived). Copying the handle does not copy the cell.
pub struct Derived<T> {
    /// Which cell.
    key: CellKey,
    /// The type of its value.
    value: PhantomData<fn() -> T>,
}

/// A cell that its holder can read and subscribe to, but not write: what a front end shows of a [`Source`] that only
/// its own rules may change.
///
/// Made by [`Source::read_only`]. Copying the handle does not copy the cell.
pub struct ReadOnly<T> {
    /// Which cell.
    key: CellKey,
    /// The type of its value.
    value: PhantomData<fn() -> T>,
}

/// Anything that can be read: a [`Source`], a [`Derived`], an [`AsyncDerived`](crate::AsyncDerived), an
/// [`Optimistic`](crate::Optimistic), a [`ReadOnly`] or a [`ListCell`](crate::ListCell). Sealed.
pub trait Cell: sealed::Sealed + Copy {
    /// The type of the cell's value.
    type Value: Send + 'static;

    /// The cell's identity.
    fn key(self) -> CellKey;
}

mod sealed {
    pub trait Sealed {
        /// Whether the handle is to a derived cell, whose value is reached another way than that of a source.
        const DERIVED: bool = false;
    }
    impl<T> Sealed for super::Source<T> {}
    impl<T> Sealed for super::Derived<T> {
        const DERIVED: bool = true;
    }
    impl<T, E> Sealed for crate::async_derived::AsyncDerived<T, E> {
        const DERIVED: bool = true;
    }
    impl<T> Sealed for crate::optimistic::Optimistic<T> {
        const DERIVED: bool = true;
    }
    impl<T> Sealed for super::ReadOnly<T> {}
    impl<T> Sealed for crate::list::ListCell<T> {}
    impl<T> Sealed for crate::list::ListRelay<T> {}
}

/// The value that a handle is to, of what is in its cell.
#[inline]
pub(crate) fn value_of<C: Cell>(cell: &dyn AnyCell) -> Option<&C::Value> {
    if C::DERIVED { cell.value_as() } else { Some(&cell.source().value) }
}

impl<T: Send + 'static> Cell for Source<T> {
    type Value = T;

    #[inline]
    fn key(self) -> CellKey {
        self.key
    }
}

impl<T: Send + 'static> Cell for Derived<T> {
    type Value = T;

    #[inline]
    fn key(self) -> CellKey {
        self.key
    }
}

impl<T: Send + 'static> Cell for ReadOnly<T> {
    type Value = T;

    #[inline]
    fn key(self) -> CellKey {
        self.key
    }
}

impl<T> Source<T> {
    /// The same cell, for those who must not write it.
    #[must_use]
    pub fn read_only(self) -> ReadOnly<T> {
        ReadOnly::from_key(self.key)
    }
}

macro_rules! handle {
    ($($name:ident)*) => {$(
        impl<T> $name<T> {
            /// The handle to a cell whose identity is known: for front ends, whose tables have cells of many types. If that
            /// cell is of another kind or type, whoever uses the handle panics.
            #[inline]
            #[must_use]
            pub fn from_key(key: CellKey) -> Self {
                Self { key, value: PhantomData }
            }
        }

        impl<T> Clone for $name<T> {
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.key == other.key
            }
        }

        impl<T> Eq for $name<T> {}

        impl<T> std::hash::Hash for $name<T> {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.key.hash(state);
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.key.id)
            }
        }
    )*};
}

handle! { Source Derived ReadOnly }
