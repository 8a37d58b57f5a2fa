//! What every definition has: an identity, a name, and how the value begins.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::Text;

/// Identities of definitions, unique in the process; what a definition has in a place is found under its identity.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

pub(crate) fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// An identity that is given out when it is first asked for, since statics cannot draw numbers.
pub(crate) struct Identity(AtomicU64);

impl Identity {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        // Relaxed: whoever reads an identity reads nothing else on the strength of it.
        let known = self.0.load(Ordering::Relaxed);
        if known != 0 { known } else { self.assign() }
    }

    #[cold]
    fn assign(&self) -> u64 {
        let fresh = next_id();
        match self.0.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(known) => known,
        }
    }
}

impl Clone for Identity {
    /// The same identity.
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.get()))
    }
}

/// What is known of a definition, whatever its kind. Named in sealed traits only.
#[derive(Clone)]
pub struct About {
    pub(crate) id: Identity,
    /// For errors and events.
    pub(crate) name: Text,
    /// Where it has values.
    pub(crate) reach: Reach,
}

/// Where a definition has values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In the nearest provider that lists it, else in the store.
    Anywhere,
    /// In the nearest provider that lists it, and nowhere else.
    Provided,
    /// In the nearest provider that lists it, else in the place that it is read from: it is computed from what is
    /// to be found there.
    Local,
    /// In the store, wherever it is read from.
    Store,
}

impl About {
    pub(crate) const fn new(name: Text, reach: Reach) -> Self {
        Self { id: Identity::new(), name, reach }
    }
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// Makes a value.
pub(crate) enum Init<T> {
    /// For statics.
    Function(fn() -> T),
    /// For what is made at run time.
    Shared(Arc<dyn Initial<T>>),
}

/// What a value begins with.
pub(crate) trait Initial<T>: Send + Sync {
    fn initial(&self) -> T;
}

impl<T, F: Fn() -> T + Send + Sync> Initial<T> for F {
    fn initial(&self) -> T {
        self()
    }
}

impl<T> Init<T> {
    pub(crate) fn make(&self) -> T {
        match self {
            Self::Function(init) => init(),
            Self::Shared(init) => init.initial(),
        }
    }
}

impl<T> Clone for Init<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Function(init) => Self::Function(*init),
            Self::Shared(init) => Self::Shared(Arc::clone(init)),
        }
    }
}

/// A function of the user's: a plain one, which statics can have, or a closure.
pub(crate) enum Call<P, D: ?Sized> {
    Plain(P),
    Closure(Arc<D>),
}

impl<P: Copy, D: ?Sized> Clone for Call<P, D> {
    fn clone(&self) -> Self {
        match self {
            Self::Plain(function) => Self::Plain(*function),
            Self::Closure(closure) => Self::Closure(Arc::clone(closure)),
        }
    }
}

/// When two values are the same, and writing one over the other is no change.
pub(crate) type Same<T> = fn(&Arc<T>, &Arc<T>) -> bool;

/// The same value, or an equal one.
pub(crate) fn by_value<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The same value.
pub(crate) fn by_identity<T>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b)
}
