//! Who derives which values of a chain.

use super::ChainValue;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::{
    context::AppCtx,
    handler::{Contained, contain},
    kernel::{Core, Kernel},
    observe::{Place, Via},
    sync::RwLock,
};
use std::{
    fmt,
    panic::Location,
    sync::{Arc, Weak},
};
use trine_core::Text;

/// What a reducer derives a value from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ChainStep<'a> {
    /// The value that the signal before had; for a signal that is set, the one that it came with.
    pub previous: Option<&'a ChainValue>,
    /// The signal that is about to be dispatched.
    pub context: &'a AppCtx,
    /// How many chains led to it.
    pub hop: u32,
    /// The handler that chained to it; none for the signal that was set.
    pub via: Option<Via>,
}

/// A name in the chain has one reducer, and this one has it already.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the chain's `{name}` is reduced at {owner} already; the reducer at {other} needs a name of its own"
)]
pub struct ChainKeyTaken {
    /// The name.
    pub name: Text,
    /// The registration that has it.
    pub owner: &'static Location<'static>,
    /// The one that wanted it.
    pub other: &'static Location<'static>,
}

/// The registration of a reducer; dropping it ends that.
#[must_use = "the reducer is removed when the guard is dropped; `detach` keeps it for as long as the kernel lives"]
pub struct ReducerGuard {
    /// The kernel; nowhere, once detached.
    core: Weak<Core>,
    /// The name that it reduces.
    name: Text,
}

type Reducer = Arc<dyn Fn(&ChainStep<'_>) -> Option<ChainValue> + Send + Sync>;

/// The reducers of a kernel.
#[derive(Default)]
pub(crate) struct Reducers {
    /// Whether there are any: the one branch that a kernel without pays. `Relaxed`, as with observers.
    any: AtomicBool,
    /// The reducers by name, replaced as a whole, so that they are called outside of the lock.
    list: RwLock<Arc<Vec<Owned>>>,
}

#[derive(Clone)]
struct Owned {
    /// The name.
    name: Text,
    /// Who registered it.
    owner: &'static Location<'static>,
    /// What derives the value.
    reducer: Reducer,
}

impl Kernel {
    /// Gives what is under `name` in the [chain](crate::Chain) of every signal an owner: `reducer` derives it anew for each signal that is
    /// set or chained, from the value of the signal before.
    ///
    /// It runs right before the signal is received, on the thread that dispatches, outside of all locks. `None` takes the
    /// name out of the chain. If it panics, the value is handed on as it was, and the panic is reported through `tracing`.
    ///
    /// # Panics
    ///
    /// If the name has a reducer already: see [`try_chain_reducer`](Self::try_chain_reducer).
    #[track_caller]
    pub fn chain_reducer(
        &self,
        name: impl Into<Text>,
        reducer: impl Fn(&ChainStep<'_>) -> Option<ChainValue> + Send + Sync + 'static,
    ) -> ReducerGuard {
        match self.try_chain_reducer(name, reducer) {
            Ok(guard) => guard,
            Err(error) => panic!("{error}"),
        }
    }

    /// [`chain_reducer`](Self::chain_reducer), if the name is free.
    ///
    /// # Errors
    ///
    /// [`ChainKeyTaken`] if it is not; both places are named.
    #[track_caller]
    pub fn try_chain_reducer(
        &self,
        name: impl Into<Text>,
        reducer: impl Fn(&ChainStep<'_>) -> Option<ChainValue> + Send + Sync + 'static,
    ) -> Result<ReducerGuard, ChainKeyTaken> {
        let (name, reducer) = (name.into(), Contained::new(reducer));
        let reducer = Arc::new(move |step: &ChainStep<'_>| reducer(step));
        let owned = Owned { name: name.clone(), owner: Location::caller(), reducer };
        self.core().reducers().add(owned)?;
        Ok(ReducerGuard { core: Arc::downgrade(self.core()), name })
    }
}

impl Reducers {
    fn add(&self, owned: Owned) -> Result<(), ChainKeyTaken> {
        let mut list = self.list.write();
        if let Some(known) = list.iter().find(|known| known.name == owned.name) {
            let (owner, other) = (known.owner, owned.owner);
            drop(list);
            return Err(ChainKeyTaken { name: owned.name, owner, other });
        }
        Arc::make_mut(&mut list).push(owned);
        self.any.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a name has one.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.any.load(Ordering::Relaxed) && self.list.read().iter().any(|known| known.name == *name)
    }

    /// Removes a reducer; returns what is to be dropped outside of the lock.
    fn remove(&self, name: &Text) -> Arc<Vec<Owned>> {
        let mut list = self.list.write();
        let rest: Vec<_> = list.iter().filter(|known| known.name != *name).cloned().collect();
        self.any.store(!rest.is_empty(), Ordering::Relaxed);
        std::mem::replace(&mut *list, Arc::new(rest))
    }

    /// Derives the chain of a signal that is about to be received from that of the signal before.
    #[inline]
    pub(crate) fn reduce(&self, place: &mut Place) {
        if self.any.load(Ordering::Relaxed) {
            self.reduce_all(place);
        }
    }

    #[cold]
    fn reduce_all(&self, place: &mut Place) {
        let list = Arc::clone(&self.list.read());
        let mut chain = place.chain.clone();
        for Owned { name, reducer, .. } in list.iter() {
            let step = ChainStep {
                previous: place.chain.get(name),
                context: &place.context,
                hop: place.hop,
                via: place.via,
            };
            chain = match contain(|| reducer(&step)) {
                Ok(Some(value)) => chain.with(name.clone(), value),
                Ok(None) => chain.without(name),
                Err(panic) => {
                    tracing::error!(%panic, %name, signal = %place.context, "a chain reducer panicked");
                    chain
                }
            };
        }
        place.chain = chain;
    }
}

impl ReducerGuard {
    /// Lets the reducer stay for as long as the kernel lives.
    pub fn detach(mut self) {
        self.core = Weak::new();
    }
}

impl Drop for ReducerGuard {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            let old = core.reducers().remove(&self.name);
            let _ = contain(|| drop(old));
        }
    }
}

impl fmt::Debug for ReducerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReducerGuard").field(&self.name).finish()
    }
}
