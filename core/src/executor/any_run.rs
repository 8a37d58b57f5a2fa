//! A run, seen by those who do not know its types: contexts, tasks, parents, the registry.

use super::{
    engine::Executor,
    id::RunId,
    outcome::{Outcome, OutcomeKind, Rejection},
    phase::{Claim, Phase},
    policy::Group,
};
use crate::text::Text;
use std::{
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
}

/// What never changes about a run, and few runs have.
#[derive(Default)]
pub(super) struct About {
    /// The run that started it.
    pub(super) parent: Option<RunId>,
    /// The runs that it excludes.
    pub(super) group: Option<Group>,
}

/// A run whose types are forgotten.
pub(crate) trait AnyRun: Send + Sync {
    fn head(&self) -> &Head;
    fn status(&self) -> RunStatus;

    /// Decides the outcome, unless somebody has. The winner must go on with `settle::conclude`.
    fn claim(&self, verdict: Verdict) -> Claim;
    /// [`claim`](Self::claim) for a successor that takes its place in its group, inside the lease.
    fn displace(&self, verdict: Verdict) -> Claim;
    /// Whether nothing is decided, asked inside a lease: the telling of the end waits until that lease is over.
    fn is_active_in_lease(&self) -> bool;
    /// Decides the outcome, and where nobody has to be told of it but those who wait, settles as well.
    fn end(&self, verdict: Verdict) -> End;

    // What the settler does, in this order.
    /// Tells the observers and the hook; then takes the children.
    fn announce(&self) -> Vec<Arc<dyn AnyRun>>;
    /// Lets the waiters see the outcome, and leaves the registry and the parent; then drops the body, or has told
    /// its holder to.
    fn publish_and_reap(&self);

    /// Takes a child; returns its slot, or nothing when the outcome is decided.
    fn add_child(&self, child: Arc<dyn AnyRun>) -> Option<usize>;
    fn remove_child(&self, slot: usize) -> Option<Arc<dyn AnyRun>>;
    /// Leaves the parent.
    fn detach(&self);

    /// Polls a body at rest, as its task does.
    fn poll_resting_body(&self, cx: &mut Context<'_>) -> Step;

    fn poll_settled(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()>;
    fn poll_stopped(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> Poll<()>;
    fn forget_waiter(&self, slot: &mut Option<usize>);
}

/// A run whose body is forgotten: what handles hold.
pub(super) trait TypedRun<T, E>: AnyRun {
    /// The outcome, once published.
    fn outcome(&self) -> Option<Outcome<T, E>>;
}

/// What became of one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// The body rests and waits to be polled again.
    Pending,
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

impl Head {
    /// The run that started it.
    pub(super) fn parent(&self) -> Option<RunId> {
        self.about.as_ref()?.parent
    }

    /// The runs that it excludes.
    pub(super) fn group(&self) -> Option<&Group> {
        self.about.as_ref()?.group.as_ref()
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.id, self.name)
    }
}
