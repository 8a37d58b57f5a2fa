//! What was said about the runs of an async action.

use super::{
    ActionError,
    handed::{HandOut, Handed},
    status::StatusAtom,
};
use crate::draft::Rules;
use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use trine_core::{Policy, Retry, RunBuilder, Store, Text};

/// A run of an action, before it starts.
pub(super) type Builder<'b, R, E> = RunBuilder<'b, Handed<R>, Handed<ActionError<E>>>;

/// Gives a run its key, which may follow from the argument.
type Keyed<A, R, E> = dyn for<'b> Fn(Builder<'b, R, E>, &A) -> Builder<'b, R, E> + Send + Sync;

/// Says whether a call is wanted.
type Condition<A> = dyn Fn(&Store, &A) -> bool + Send + Sync;

/// How often runs may come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    Debounce(Duration),
    DebounceLeading(Duration),
    Throttle(Duration),
    ThrottleLeading(Duration),
}

/// What was said about the runs of an action.
pub(super) struct Settings<A, R, E> {
    /// Their name.
    pub(super) name: Text,
    /// What they are doing.
    pub(super) status: StatusAtom,
    /// Tells this action's runs from those of another one of the same name.
    pub(super) identity: u64,
    /// What happens while an earlier one is under way.
    pub(super) policy: Policy,
    /// Which of them are about the same thing.
    pub(super) keyed: Option<Arc<Keyed<A, R, E>>>,
    /// How often they may come.
    pub(super) pace: Option<Pace>,
    /// How long each may take.
    pub(super) timeout: Option<Duration>,
    /// How they try again.
    pub(super) retry: Option<Retry<Handed<ActionError<E>>>>,
    /// Copies the argument, for those who try again.
    pub(super) again: Option<fn(&A) -> A>,
    /// What else they can be found by.
    pub(super) tags: Vec<Text>,
    /// Whether they are wanted.
    pub(super) condition: Option<Arc<Condition<A>>>,
    /// What they do about conflicts.
    pub(super) rules: Option<Arc<Rules>>,
    /// How their results come out.
    pub(super) hand_out: HandOut<R, E>,
}

/// Identities of actions.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl<A, R, E> Settings<A, R, E> {
    pub(super) fn new(atoms: &str) -> Self {
        let identity = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        // Their own, so that their status can be asked for by it.
        let name = Text::from(format!("action {identity} on {atoms}"));
        Self {
            status: StatusAtom::of(name.clone()),
            name,
            identity,
            policy: Policy::Parallel,
            keyed: None,
            pace: None,
            timeout: None,
            retry: None,
            again: None,
            tags: Vec::new(),
            condition: None,
            rules: None,
            hand_out: HandOut::once(),
        }
    }

    pub(super) fn set_name(&mut self, name: Text) {
        self.status = StatusAtom::of(name.clone());
        self.name = name;
    }

    /// The rules, to be changed.
    pub(super) fn rules(&mut self) -> &mut Rules {
        Arc::make_mut(self.rules.get_or_insert_default())
    }
}

impl<A: 'static, R: 'static, E: 'static> Settings<A, R, E> {
    /// Describes a run.
    #[inline]
    pub(super) fn apply<'b>(&self, builder: Builder<'b, R, E>, argument: &A) -> Builder<'b, R, E> {
        let is_plain = self.policy == Policy::Parallel
            && self.pace.is_none()
            && self.keyed.is_none()
            && self.timeout.is_none()
            && self.tags.is_empty();
        if is_plain { builder } else { self.apply_all(builder, argument) }
    }

    #[inline(never)]
    fn apply_all<'b>(&self, mut builder: Builder<'b, R, E>, argument: &A) -> Builder<'b, R, E> {
        if self.policy != Policy::Parallel || self.pace.is_some() || self.keyed.is_some() {
            builder = builder.policy(self.policy);
            builder = match &self.keyed {
                Some(keyed) => keyed(builder, argument),
                None => builder.key(self.identity),
            };
        }
        builder = match self.pace {
            None => builder,
            Some(Pace::Debounce(quiet)) => builder.debounce(quiet),
            Some(Pace::DebounceLeading(quiet)) => builder.debounce_leading(quiet),
            Some(Pace::Throttle(time)) => builder.throttle(time),
            Some(Pace::ThrottleLeading(time)) => builder.throttle_leading(time),
        };
        if let Some(time) = self.timeout {
            builder = builder.timeout(time);
        }
        for tag in &self.tags {
            builder = builder.tag(tag.clone());
        }
        builder
    }
}

impl<A, R, E> Clone for Settings<A, R, E> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            status: self.status.clone(),
            identity: self.identity,
            policy: self.policy,
            keyed: self.keyed.clone(),
            pace: self.pace,
            timeout: self.timeout,
            retry: self.retry.clone(),
            again: self.again,
            tags: self.tags.clone(),
            condition: self.condition.clone(),
            rules: self.rules.clone(),
            hand_out: self.hand_out,
        }
    }
}
