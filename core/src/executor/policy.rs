//! What to do when a run starts while another one of the same name and key is active.
//!
//! The map of groups is looked into inside the store's lease only. Keys are compared by their own `Eq`, which is
//! user code that must be pure; inside the lease, one that is not is answered like any other.

use super::{
    any_run::AnyRun,
    contain::{contain, tell},
    engine::Executor,
    id::RunId,
    outcome::Rejection,
    phase::Claim,
};
use crate::{event::Event, store::Core, text::Text};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{
    any::Any,
    fmt,
    hash::{BuildHasher, Hash, Hasher},
    mem,
    sync::Arc,
};

/// What to do when a run starts while another one of the same name and key is active.
///
/// Runs of policy `Parallel` neither exclude others nor are excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Policy {
    /// Let both run.
    #[default]
    Parallel,
    /// The new one supersedes the old one, whose terminal event is out before the new one's start hook is called. A
    /// search box: only the answer to the last question counts.
    ///
    /// With one exception: if another thread is telling the old run's end, or its start, at that very moment, the new
    /// run does not wait for it, since that thread may be waiting for this one. The old run writes nothing more in any
    /// case.
    Latest,
    /// The new one is skipped: a button that does nothing while its action is under way.
    Leading,
}

/// Those who exclude each other: a name, and a key where one was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// The name of the runs.
    pub(super) name: Text,
    /// What they are about.
    pub(super) key: Option<Key>,
}

/// The active run of each group.
pub(super) type Groups = FxHashMap<Group, Arc<dyn AnyRun>>;

/// Whether a run may start.
pub(super) enum Admission {
    /// It may; the old run was superseded, and is to be concluded.
    Start(Option<(Arc<dyn AnyRun>, Claim)>),
    /// It may not: this run is active.
    Skip(RunId),
}

/// A value that tells runs of one name apart, its type forgotten.
#[derive(Clone)]
pub(crate) struct Key {
    /// Its hash, computed once, outside the lease.
    hash: u64,
    /// The value.
    value: Arc<dyn ErasedKey>,
}

trait ErasedKey: Any + Send + Sync {
    fn equals(&self, other: &dyn ErasedKey) -> bool;
}

impl<K: Eq + Send + Sync + 'static> ErasedKey for K {
    fn equals(&self, other: &dyn ErasedKey) -> bool {
        (other as &dyn Any).downcast_ref::<K>().is_some_and(|other| self == other)
    }
}

impl Key {
    pub(super) fn new<K: Hash + Eq + Send + Sync + 'static>(key: K) -> Self {
        Self { hash: FxBuildHasher.hash_one(&key), value: Arc::new(key) }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.value.equals(&*other.value)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:x})", self.hash)
    }
}

impl Executor {
    /// Asks whether `run` may start, and makes it the active run of its group if so.
    ///
    /// # Errors
    ///
    /// The message of a panic in the key's `Eq`; nothing has changed then.
    pub(super) fn join(
        &self,
        core: &Core,
        policy: Policy,
        group: &Group,
        run: &Arc<dyn AnyRun>,
    ) -> Result<Admission, Text> {
        let by = run.head().id;
        core.serialize(|| {
            contain(|| {
                let mut groups = self.groups.lock();
                let Some(active) = groups.get_mut(group) else {
                    groups.insert(group.clone(), Arc::clone(run));
                    return Admission::Start(None);
                };
                if policy == Policy::Leading && active.head().phase.is_active() {
                    return Admission::Skip(active.head().id);
                }
                let old = mem::replace(active, Arc::clone(run));
                // Claimed in here: no writer can be between seeing it active and writing.
                let claim = old.displace(Rejection::Superseded { by });
                Admission::Start(claim.won().then_some((old, claim)))
            })
        })
    }

    /// Takes the run out of its group, if it is still the active one of it.
    pub(super) fn leave(&self, core: &Arc<Core>, group: &Group, id: RunId) {
        // The entry is dropped outside the lease: its key is a user's value.
        let left = core.serialize(|| {
            contain(|| {
                let mut groups = self.groups.lock();
                match groups.get(group) {
                    Some(active) if active.head().id == id => groups.remove_entry(group),
                    _ => None,
                }
            })
        });
        if let Err(message) = left {
            tell(core, || Event::Failed {
                what: format!("the key of {id}").into(),
                message: message.clone(),
            });
        }
    }
}
