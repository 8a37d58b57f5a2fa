//! Who excludes whom: the runs of each name and key that a policy has brought together.
//!
//! The map of groups is looked into inside the store's lease only. Keys are compared by their own `Eq`, which is
//! user code that must be pure; inside the lease, one that is not is answered like any other. What follows from a look
//! - telling a superseded run's end, waking one whose turn has come - is done by the caller, outside.

use super::{
    any_run::AnyRun,
    contain::{contain, tell},
    engine::Executor,
    id::RunId,
    outcome::Rejection,
    pace::{Beat, Pace, Start},
    phase::Claim,
    policy::Policy,
};
use crate::{event::Event, store::Core, text::Text};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

/// Those who exclude each other: a name, and a key where one was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// The name of the runs.
    pub(super) name: Text,
    /// What they are about.
    pub(super) key: Option<Key>,
}

/// All groups with runs under way, and those whose pace is remembered.
#[derive(Default)]
pub(super) struct Groups {
    /// The groups.
    lanes: FxHashMap<Group, Lane>,
    /// How many groups there may be before those that only remember a pace that is over are looked for.
    sweep_at: usize,
}

/// The runs of one group.
#[derive(Default)]
struct Lane {
    /// Those whose turn it is; one, unless policies differ or allow more.
    active: Vec<Arc<dyn AnyRun>>,
    /// Those who wait for their turn, with how many they let be active at a time; first come, first served.
    waiting: BTreeMap<RunId, (Arc<dyn AnyRun>, usize)>,
    /// When runs came, for debounce and throttle.
    beat: Beat,
}

/// What a run asks its group for.
pub(super) struct Ask {
    /// What to do with the others.
    pub(super) policy: Policy,
    /// How often runs may come, and what time it is.
    pub(super) pace: Option<(Pace, Duration)>,
}

/// Whether a run may start.
pub(super) enum Admission {
    /// It may.
    Start {
        /// Those it has taken the place of, to be concluded.
        superseded: Superseded,
        /// How long its body is to wait.
        delay: Option<Duration>,
        /// Whether its body is to wait for its turn as well.
        waits: bool,
        /// Those whose turn it is now, because a superseded one had theirs; to be [granted](AnyRun::grant) it when the
        /// superseded are concluded.
        next: Vec<Arc<dyn AnyRun>>,
    },
    /// It may not, for this reason.
    Skip(Text),
}

/// The superseded runs; usually one.
#[derive(Default)]
pub(super) struct Superseded {
    /// The first.
    first: Option<(Arc<dyn AnyRun>, Claim)>,
    /// The others.
    rest: Vec<(Arc<dyn AnyRun>, Claim)>,
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
    /// Asks whether `run` may start, and gives it its place in its group if so.
    ///
    /// # Errors
    ///
    /// The message of a panic in the key's `Eq`; nothing has changed then.
    pub(super) fn join(
        &self,
        core: &Core,
        group: &Group,
        ask: &Ask,
        run: &Arc<dyn AnyRun>,
    ) -> Result<Admission, Text> {
        core.serialize(|| {
            contain(|| {
                let mut groups = self.groups.lock();
                if let Some(lane) = groups.lanes.get_mut(group) {
                    return lane.join(ask, run);
                }
                if let Some((_, now)) = ask.pace {
                    groups.sweep(now);
                }
                groups.lanes.entry(group.clone()).or_default().join(ask, run)
            })
        })
    }

    /// Finds the work that is under way in the group, or has `make` make it: for runs that share.
    ///
    /// # Errors
    ///
    /// The message of a panic in the key's `Eq`; nothing has changed then.
    pub(super) fn join_shared(
        &self,
        core: &Core,
        group: &Group,
        make: impl FnOnce() -> Arc<dyn AnyRun>,
    ) -> Result<Arc<dyn AnyRun>, Text> {
        core.serialize(|| {
            contain(|| {
                let mut groups = self.groups.lock();
                if let Some(lane) = groups.lanes.get_mut(group) {
                    let active = lane.active.iter().find(|active| active.head().phase.is_active());
                    if let Some(active) = active {
                        return Arc::clone(active);
                    }
                }
                let lane = groups.lanes.entry(group.clone()).or_default();
                let work = make();
                lane.active.push(Arc::clone(&work));
                work
            })
        })
    }

    /// Takes the run out of its group; returns those whose turn it is now, to be [granted](AnyRun::grant) it.
    pub(super) fn leave(&self, core: &Arc<Core>, group: &Group, id: RunId) -> Vec<Arc<dyn AnyRun>> {
        // What is taken out is dropped outside the lease: a group's key is a user's value.
        let left = core.serialize(|| {
            contain(|| {
                let mut groups = self.groups.lock();
                let Some(lane) = groups.lanes.get_mut(group) else { return (None, Vec::new()) };
                lane.leave(id);
                let next = lane.promote();
                let empty = if lane.is_idle() { groups.lanes.remove_entry(group) } else { None };
                (empty, next)
            })
        });
        match left {
            Ok((_, next)) => next,
            Err(message) => {
                tell(core, || Event::Failed {
                    what: format!("the key of {id}").into(),
                    message: message.clone(),
                });
                Vec::new()
            }
        }
    }
}

impl Groups {
    /// Forgets the groups that only remember a pace that is over, when there are many.
    fn sweep(&mut self, now: Duration) {
        if self.lanes.len() >= self.sweep_at.max(64) {
            self.lanes.retain(|_, lane| {
                !lane.active.is_empty() || !lane.waiting.is_empty() || lane.beat.is_warm(now)
            });
            self.sweep_at = self.lanes.len() * 2;
        }
    }
}

impl Lane {
    fn join(&mut self, ask: &Ask, run: &Arc<dyn AnyRun>) -> Admission {
        let id = run.head().id;
        let start = match ask.pace.map(|(pace, now)| self.beat.next(pace, now)) {
            None => Start::default(),
            Some(Ok(start)) => start,
            Some(Err(reason)) => return Admission::Skip(reason),
        };
        // The run whose time has not come, and whose place this one takes if it may start: nobody's hindrance.
        let replaced = start.replaces;
        let counts = |other: &Arc<dyn AnyRun>| {
            other.head().phase.is_active() && Some(other.head().id) != replaced
        };
        if ask.policy == Policy::Leading
            && let Some(active) = self.active.iter().find(|active| counts(active))
        {
            return Admission::Skip(Text::from(format!("{} is under way", active.head().id)));
        }
        let mut waits = None;
        if let Some((at_once, room)) = ask.policy.line() {
            let active = self.active.iter().filter(|active| counts(active)).count();
            let waiting = self.waiting.values().filter(|(waiting, _)| counts(waiting)).count();
            if active >= at_once || waiting > 0 {
                if waiting >= room {
                    return Admission::Skip(Text::from(format!("{waiting} are waiting already")));
                }
                waits = Some(at_once);
            }
        }
        let mut superseded = Superseded::default();
        if let Some((pace, now)) = ask.pace
            && let Some(old) = self.beat.came(pace, now, start, run)
        {
            self.leave(old.head().id);
            superseded.add(old, id);
        }
        if ask.policy == Policy::Latest {
            for old in self.active.drain(..) {
                superseded.add(old, id);
            }
            while let Some((_, (old, _))) = self.waiting.pop_first() {
                superseded.add(old, id);
            }
        }
        if let Some(at_once) = waits {
            run.hold();
            self.waiting.insert(id, (Arc::clone(run), at_once));
        } else if ask.policy != Policy::Parallel {
            self.active.push(Arc::clone(run));
        }
        let next = if replaced.is_some() { self.promote() } else { Vec::new() };
        Admission::Start { superseded, delay: start.delay, waits: waits.is_some(), next }
    }

    fn leave(&mut self, id: RunId) {
        if self.waiting.remove(&id).is_none()
            && let Some(place) = self.active.iter().position(|active| active.head().id == id)
        {
            self.active.swap_remove(place);
        }
        self.beat.leave(id);
    }

    /// Lets those whose turn it is become active.
    fn promote(&mut self) -> Vec<Arc<dyn AnyRun>> {
        let mut next = Vec::new();
        while let Some(first) = self.waiting.first_entry()
            && self.active.len() < first.get().1
        {
            let (run, _) = first.remove();
            // One that is over leaves by itself.
            if run.head().phase.is_active() {
                self.active.push(Arc::clone(&run));
                next.push(run);
            }
        }
        next
    }

    /// Whether there is nothing to remember.
    fn is_idle(&self) -> bool {
        self.active.is_empty() && self.waiting.is_empty() && self.beat.is_unused()
    }
}

impl Superseded {
    /// Claims `old` for its successor. In here, inside the lease, no writer can be between seeing it active and writing.
    fn add(&mut self, old: Arc<dyn AnyRun>, by: RunId) {
        let claim = old.displace(Rejection::Superseded { by });
        if old.head().phase.is_settled() {
            return;
        }
        match self.first {
            None => self.first = Some((old, claim)),
            Some(_) => self.rest.push((old, claim)),
        }
    }

    /// What is to be concluded, where the claim is won, or waited for, in order.
    pub(super) fn into_runs(self) -> impl Iterator<Item = (Arc<dyn AnyRun>, Claim)> {
        self.first.into_iter().chain(self.rest)
    }
}
