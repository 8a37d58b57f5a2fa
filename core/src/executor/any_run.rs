//! A run, seen by those who do not know its types: contexts, tasks, parents, the registry.

use super::{
    engine::Executor,
    group::{Group, Key},
    home::HomeId,
    id::RunId,
    outcome::{Outcome, OutcomeKind, Rejection},
    phase::{Claim, Phase},
};
use crate::{
    lease,
    sync::{
        atomic::{AtomicU32, AtomicUsize, Ordering},
        mutant,
    },
    text::Text,
};
use std::{
    any::Any,
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

/// An outcome that any run can have, whatever its types.
pub(super) type Verdict = Rejection<Infallible>;

/// What every run has, whatever its types.
pub(crate) struct Head {
    /// Its identity.
    pub(super) id: RunId,
    /// Its name.
    pub(super) name: Text,
    /// What few runs have.
    pub(super) about: Option<Box<About>>,
    /// The engine that it runs on; holds the store weakly.
    pub(super) executor: Arc<Executor>,
    /// How far it is.
    pub(super) phase: Phase,
    /// The thread that has asked inside a lease whether the run is active; 0 for none, [`SEVERAL`] for more than one. Written
    /// under the run's lock. `Relaxed`: who decides the outcome holds that lock after those who have asked before.
    looker: AtomicUsize,
}

/// Instead of a thread: there are more than one.
const SEVERAL: usize = usize::MAX;

/// What few runs have.
#[derive(Default)]
pub(super) struct About {
    /// The run that started it.
    pub(super) parent: Option<RunId>,
    /// The runs that it may have to do with.
    pub(super) group: Option<Group>,
    /// Whether it is a member of that group, so that it must leave it.
    pub(super) is_member: bool,
    /// Whether it is work that others share, and nobody has asked for it itself.
    pub(super) is_work: bool,
    /// What else it can be found by.
    pub(super) tags: Vec<Text>,
    /// The thread that tells of its start, or of its end once that is decided. Written under the run's lock. `Relaxed`: read
    /// under it as well.
    teller: AtomicUsize,
    /// The attempt that is under way; 0 as long as it is the first. `Relaxed`: nothing else hangs on it.
    attempt: AtomicU32,
}

/// A run whose types are forgotten.
pub(crate) trait AnyRun: Send + Sync {
    fn head(&self) -> &Head;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    fn status(&self) -> RunStatus;

    /// Decides the outcome, unless somebody has. The winner must go on with `settle::conclude`.
    fn claim(&self, verdict: Verdict) -> Claim;
    /// [`claim`](Self::claim) for a successor that takes its place in its group, inside the lease.
    fn displace(&self, verdict: Verdict) -> Claim;
    /// Whether nothing is decided, asked inside a lease: the telling of the end waits until that lease is over.
    fn is_active_in_lease(&self) -> bool;
    /// Decides the outcome, and where nobody has to be told of it but those who wait, settles as well.
    fn end(&self, verdict: Verdict) -> End;

    /// What the settler does, all at once, where nobody has to be told of the end but those who wait; false if that is not so.
    fn conclude_quietly(&self) -> bool;

    // What the settler does else, in this order.
    /// Tells the observers and the hook; then takes the children.
    fn announce(&self) -> Vec<Arc<dyn AnyRun>>;
    /// The thread that is telling its start or its end; nothing once that is out.
    fn teller(&self) -> Option<usize>;
    /// Lets the waiters see the outcome, and leaves the registry and the parent; then drops the body, or has told
    /// its holder to.
    fn publish_and_reap(&self);

    /// Why it was aborted, if it was: the reason that its children are given.
    fn last_words(&self) -> Option<Text>;
    /// Takes a child; returns its slot, or nothing when the outcome is decided.
    fn add_child(&self, child: Arc<dyn AnyRun>) -> Option<usize>;
    fn remove_child(&self, slot: usize) -> Option<Arc<dyn AnyRun>>;
    /// Leaves the parent.
    fn detach(&self);
    /// Those that share its work.
    fn followers(&self) -> Vec<Arc<dyn AnyRun>>;

    /// Polls a body at rest, as its task does.
    fn poll_resting_body(&self, cx: &mut Context<'_>) -> Step;
    /// Polls a body for the first time that waited in the line of its home.
    fn poll_queued(self: Arc<Self>) -> Step;
    /// Whether the body rests in this home, without a task.
    fn lives_at(&self, home: HomeId) -> bool;

    /// Has the body wait for its turn.
    fn hold(&self);
    /// Tells the body that it is its turn.
    fn grant(self: Arc<Self>);

    fn poll_settled(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()>;
    fn poll_stopped(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()>;
    fn forget_waiter(&self, slot: &mut Option<usize>);
}

/// A run whose body is forgotten: what handles hold.
pub(super) trait TypedRun<T, E>: AnyRun {
    /// The outcome, once published.
    fn outcome(&self) -> Option<Outcome<T, E>>;
    /// [`AnyRun::end`], as another run has ended.
    fn end_as(&self, outcome: Outcome<T, E>) -> End;
    /// Notes that somebody cares for the end of the run: for the audit of the test kit.
    fn care(&self) {}
}

/// What became of one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// The body rests and waits for its task.
    Pending,
    /// The body rests in its home until it is woken.
    Parked,
    /// The poll decided the outcome: go on with `settle::conclude`.
    Claimed(Claim),
    /// The run is over: there is nothing to do.
    Over,
}

/// What became of an attempt to end a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum End {
    /// Somebody else has decided.
    Lost,
    /// This call decided: go on with `settle::conclude`.
    Claimed(Claim),
    /// This call decided, and all is done.
    Settled,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunStatus {
    /// Registered; its body waits for its first poll.
    Queued,
    /// Its body was polled, or is about to be; the outcome is not out.
    Running,
    /// It has an outcome of this kind.
    Settled(OutcomeKind),
}

impl About {
    /// What a run has that has nothing but a group, of which it may be a member.
    pub(super) fn of_group(group: Group, is_member: bool) -> Box<Self> {
        Box::new(Self { group: Some(group), is_member, ..Self::new() })
    }

    /// What few runs have, if this one has any of it.
    pub(super) fn boxed(
        parent: Option<RunId>,
        group: Option<Group>,
        tags: Vec<Text>,
    ) -> Option<Box<Self>> {
        let any = parent.is_some() || group.is_some() || !tags.is_empty();
        any.then(|| Box::new(Self { parent, group, tags, ..Self::new() }))
    }

    /// Of a run that is started by this thread.
    fn new() -> Self {
        Self { teller: AtomicUsize::new(lease::this_thread()), ..Self::default() }
    }
}

impl Head {
    pub(super) fn new(
        id: RunId,
        name: Text,
        about: Option<Box<About>>,
        executor: Arc<Executor>,
        phase: Phase,
    ) -> Self {
        Self { id, name, about, executor, phase, looker: AtomicUsize::new(0) }
    }

    /// Whether this thread has to note, under the run's lock, that it has asked inside a lease whether the run is active.
    #[inline]
    pub(super) fn looks_anew(&self) -> bool {
        let looker = self.looker.load(Ordering::Relaxed);
        looker != lease::this_thread() && looker != SEVERAL
    }

    /// Notes that this thread has asked inside a lease whether the run is active. The caller holds the run's lock.
    #[inline]
    pub(super) fn look(&self) {
        self.phase.look();
        let looker = self.looker.load(Ordering::Relaxed);
        let looker = if looker == 0 { lease::this_thread() } else { SEVERAL };
        self.looker.store(looker, Ordering::Relaxed);
    }

    /// Whether another thread may be in a lease, about to write since it has found the run active. This one is not, if it
    /// holds no lease: what it has written is committed.
    #[inline]
    pub(super) fn may_be_written_elsewhere(&self) -> bool {
        self.phase.was_looked_at()
            && self.looker.load(Ordering::Relaxed) != lease::this_thread()
            && !mutant("writers of other threads are not waited for")
    }

    /// The run that started it.
    pub(super) fn parent(&self) -> Option<RunId> {
        self.about.as_ref()?.parent
    }

    /// The attempt that is under way, or was the last, counted from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.about.as_ref().map_or(1, |about| about.attempt.load(Ordering::Relaxed).max(1))
    }

    /// Notes that another attempt begins.
    pub(super) fn set_attempt(&self, attempt: u32) {
        if let Some(about) = &self.about {
            about.attempt.store(attempt, Ordering::Relaxed);
        }
    }

    /// Notes that this thread has decided the outcome, and will tell of it. The caller holds the run's lock.
    #[inline]
    pub(super) fn note_teller(&self) {
        if let Some(about) = &self.about
            && about.is_member
        {
            about.teller.store(lease::this_thread(), Ordering::Relaxed);
        }
    }

    /// The thread that tells of its start or end. The caller holds the run's lock.
    pub(super) fn teller(&self) -> Option<usize> {
        self.about.as_ref().map(|about| about.teller.load(Ordering::Relaxed))
    }

    /// What it can be found by, beside name and key.
    pub(super) fn tags(&self) -> &[Text] {
        self.about.as_ref().map_or(&[], |about| &about.tags)
    }

    /// The group that it is a member of.
    pub(super) fn joined(&self) -> Option<&Group> {
        let about = self.about.as_ref()?;
        about.group.as_ref().filter(|_| about.is_member)
    }

    /// What tells it apart from runs of the same name.
    pub(super) fn key(&self) -> Option<&Key> {
        self.group()?.key.as_ref()
    }

    /// Whether it is work that others share.
    pub(super) fn is_work(&self) -> bool {
        self.about.as_ref().is_some_and(|about| about.is_work)
    }

    /// The runs that it may have to do with.
    pub(super) fn group(&self) -> Option<&Group> {
        self.about.as_ref()?.group.as_ref()
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.id, self.name)
    }
}
