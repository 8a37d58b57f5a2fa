//! What tells the runs of one thunk apart.
//!
//! The key of a run is made once, from its argument, before anything else happens; the executor, the state cells and the errors
//! get clones of it. So the user's function is called outside the lease only, and its answer is the same everywhere.

use crate::error::panic_message;
use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId, type_name},
    fmt::Debug,
    hash::Hash,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};
use trine_core::{RunBuilder, Text};

/// Makes the keys of runs.
pub(super) trait Keyed<A, T, E>: Send + Sync {
    /// The key of a run with this argument.
    fn make(&self, arg: &A) -> Box<dyn RunKey>;

    /// Gives a run its key. If that could not be made, the run will fail when its condition is asked.
    fn give<'a>(&self, made: &dyn RunKey, builder: RunBuilder<'a, T, E>) -> RunBuilder<'a, T, E>;

    /// The type of the keys, and its name.
    fn key_type(&self) -> (TypeId, &'static str);
}

/// The key of a run, its type forgotten.
pub(super) trait RunKey: Any + Send + Sync {
    /// What it is, for people.
    fn describe(&self) -> String;

    /// Its place in a `FxHashMap<K, usize>`. Inside the lease.
    fn place(&self, places: &(dyn Any + Send)) -> Option<usize>;
}

/// A key.
struct Made<K>(K);

/// What has kept a key from being made.
struct Unmade(Text);

/// Keys of type `K`.
pub(super) struct ByKey<K, F> {
    /// Makes the key.
    key: F,
    /// The type.
    made: PhantomData<fn() -> K>,
}

impl<K, F> ByKey<K, F> {
    pub(super) fn new(key: F) -> Self {
        Self { key, made: PhantomData }
    }
}

impl<A, T, E, K, F> Keyed<A, T, E> for ByKey<K, F>
where
    K: Hash + Eq + Debug + Clone + Send + Sync + 'static,
    F: Fn(&A) -> K + Send + Sync,
{
    fn make(&self, arg: &A) -> Box<dyn RunKey> {
        match catch_unwind(AssertUnwindSafe(|| (self.key)(arg))) {
            Ok(key) => Box::new(Made(key)),
            Err(payload) => Box::new(Unmade(panic_message(&*payload))),
        }
    }

    fn give<'a>(&self, made: &dyn RunKey, builder: RunBuilder<'a, T, E>) -> RunBuilder<'a, T, E> {
        let made: &dyn Any = made;
        if let Some(Made(key)) = made.downcast_ref::<Made<K>>() {
            return builder.key(key.clone());
        }
        let unmade =
            made.downcast_ref().map_or(String::new(), |Unmade(message)| message.to_string());
        // The executor takes it from there: what panics before a run starts is why it has failed.
        builder.condition(|| -> bool { resume_unwind(Box::new(unmade)) })
    }

    fn key_type(&self) -> (TypeId, &'static str) {
        (TypeId::of::<K>(), type_name::<K>())
    }
}

impl<K: Hash + Eq + Debug + Send + Sync + 'static> RunKey for Made<K> {
    fn describe(&self) -> String {
        let described = catch_unwind(AssertUnwindSafe(|| format!("{:?}", self.0)));
        described.unwrap_or_else(|_| "?".to_owned())
    }

    fn place(&self, places: &(dyn Any + Send)) -> Option<usize> {
        places.downcast_ref::<FxHashMap<K, usize>>()?.get(&self.0).copied()
    }
}

impl RunKey for Unmade {
    fn describe(&self) -> String {
        "?".to_owned()
    }

    fn place(&self, _: &(dyn Any + Send)) -> Option<usize> {
        None
    }
}
