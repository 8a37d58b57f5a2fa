//! What tells the runs of one thunk apart.

use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId, type_name},
    fmt::Debug,
    hash::Hash,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};
use trine_core::RunBuilder;

/// Gives runs their keys.
pub(super) trait Keyed<A, T, E>: Describe<A> + Send + Sync {
    /// Gives a run its key. If that cannot be made, the run will fail when its condition is asked.
    fn give<'a>(&self, arg: &A, builder: RunBuilder<'a, T, E>) -> RunBuilder<'a, T, E>;

    /// The place of an argument's key in a `FxHashMap<K, usize>`.
    fn place(&self, arg: &A, places: &(dyn Any + Send)) -> Option<usize>;

    /// The type of the keys, and its name.
    fn key_type(&self) -> (TypeId, &'static str);
}

/// Says for people which key an argument has.
pub(super) trait Describe<A>: Send + Sync {
    fn describe(&self, arg: &A) -> String;
}

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
    K: Hash + Eq + Debug + Send + Sync + 'static,
    F: Fn(&A) -> K + Send + Sync,
{
    fn give<'a>(&self, arg: &A, builder: RunBuilder<'a, T, E>) -> RunBuilder<'a, T, E> {
        match catch_unwind(AssertUnwindSafe(|| (self.key)(arg))) {
            Ok(key) => builder.key(key),
            // The executor takes it from there: what panics before a run starts is why it has failed.
            Err(payload) => builder.condition(|| -> bool { resume_unwind(payload) }),
        }
    }

    fn place(&self, arg: &A, places: &(dyn Any + Send)) -> Option<usize> {
        places.downcast_ref::<FxHashMap<K, usize>>()?.get(&(self.key)(arg)).copied()
    }

    fn key_type(&self) -> (TypeId, &'static str) {
        (TypeId::of::<K>(), type_name::<K>())
    }
}

impl<A, K, F> Describe<A> for ByKey<K, F>
where
    K: Debug,
    F: Fn(&A) -> K + Send + Sync,
{
    fn describe(&self, arg: &A) -> String {
        match catch_unwind(AssertUnwindSafe(|| format!("{:?}", (self.key)(arg)))) {
            Ok(key) => key,
            Err(_) => "?".to_owned(),
        }
    }
}
