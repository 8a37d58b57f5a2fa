//! Keys: how slices are referred to.

use crate::slice::Slice;
use std::{any::type_name, fmt, marker::PhantomData, panic::Location};

/// The name of a slice and the type of its state.
///
/// Slices, thunks and views refer to the key, so that none of them needs the type of the whole state, and thunks can
/// read a slice that has cases for these very thunks. It is a constant: make it a `static`.
///
/// ```
/// use trine_thunks::SliceKey;
///
/// #[derive(Default)]
/// struct Users {
///     names: Vec<String>,
/// }
///
/// static USERS: SliceKey<Users> = SliceKey::new("users");
/// ```
pub struct SliceKey<S> {
    /// The name.
    name: &'static str,
    /// The type of the state.
    state: PhantomData<fn() -> S>,
}

impl<S> SliceKey<S> {
    /// The key of the slice `name`, which is unique in a store.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, state: PhantomData }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<S: Send + 'static> SliceKey<S> {
    /// Begins the slice of this key: its initial state, to which cases are added with [`Slice::on`].
    ///
    /// `initial` is called when a store is built with the slice, not before.
    #[track_caller]
    pub fn slice(&self, initial: impl FnOnce() -> S + Send + 'static) -> Slice<S> {
        Slice::new(self.name, initial, Location::caller())
    }
}

impl<S> Clone for SliceKey<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for SliceKey<S> {}

impl<S> fmt::Debug for SliceKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SliceKey<{}>({:?})", type_name::<S>(), self.name)
    }
}
