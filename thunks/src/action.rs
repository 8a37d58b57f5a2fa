//! Actions: what happened, as a Rust type.

use crate::case::{Case, CaseInfo, CaseKey, sealed};
use std::{
    any::{Any, TypeId, type_name},
    fmt,
    marker::PhantomData,
};
use trine_core::{OutcomeKind, RunId, Text};

/// Something that happened and that slices may have a case for: a struct, or an enum of related actions.
///
/// Actions are matched by type, so that a payload is whatever the type holds. Dispatch them with
/// [`Store::dispatch`](crate::Store::dispatch); name them in a slice with [`action`]. What the original calls a `prepare`
/// callback is a function that makes the value. (An [`ActionCreator`](crate::ActionCreator) needs no type of its own.)
///
/// ```
/// use trine_thunks::{Action, SliceKey, Store, action};
///
/// struct Added(u32);
/// impl Action for Added {}
///
/// static COUNTER: SliceKey<u32> = SliceKey::new("counter");
///
/// let counter = COUNTER.slice(|| 0).on(action::<Added>(), |count, added| *count += added.0);
/// let store = Store::builder().slice(counter).build().unwrap();
/// store.dispatch(Added(2));
/// assert_eq!(store.read(&COUNTER, |count| *count), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an action nor a thunk for the extra value of this store",
    label = "cannot be dispatched here",
    note = "an action needs `impl Action for ..`; a thunk needs a store built with `.extra(..)` of the type in its `ThunkApi`"
)]
pub trait Action: Send + Sync + 'static {
    /// What errors and events call it: the path of the type unless you say otherwise.
    #[must_use]
    fn action_type() -> &'static str
    where
        Self: Sized,
    {
        type_name::<Self>()
    }
}

/// An action of whatever type, or a lifecycle event of a thunk: what matchers, middleware and predicates look at. Sealed.
///
/// ```
/// use trine_thunks::{Action, AnyAction, SliceKey, Store, action, matching};
///
/// struct Opened(&'static str);
/// impl Action for Opened {}
/// struct Closed;
/// impl Action for Closed {}
///
/// static LOG: SliceKey<Vec<String>> = SliceKey::new("log");
/// let log = LOG.slice(Vec::new).on_any(matching(|_| true), |log, any: &dyn AnyAction| {
///     log.push(match any.of(action::<Opened>()) {
///         Some(opened) => format!("opened {}", opened.0),
///         None => any.action_type().to_string(),
///     });
/// });
/// let store = Store::builder().slice(log).build()?;
/// store.dispatch(Opened("door"));
/// store.dispatch(Closed);
/// assert_eq!(store.read(&LOG, |log| log[0].clone()), "opened door");
/// assert!(store.read(&LOG, |log| log[1].ends_with("Closed")));
/// # Ok::<(), trine_thunks::BuildError>(())
/// ```
pub trait AnyAction: sealed::AnyAction {}

impl<A: sealed::AnyAction> AnyAction for A {}

impl dyn AnyAction {
    /// What errors and events call it: [`Action::action_type`], the name of an
    /// [`ActionCreator`](crate::ActionCreator), or that of a thunk followed by the phase.
    #[must_use]
    pub fn action_type(&self) -> Text {
        self.name()
    }

    /// Whether it is one of this case.
    #[must_use]
    pub fn is<C: Case>(&self, case: C) -> bool {
        self.case_key() == case.key()
    }

    /// What it carries, if it is one of this case.
    #[must_use]
    pub fn of<C: Case>(&self, case: C) -> Option<&C::Event> {
        if self.is(case) { self.event().downcast_ref() } else { None }
    }

    /// The run whose life it is an event of, if it is one of a thunk.
    #[must_use]
    pub fn request_id(&self) -> Option<RunId> {
        self.run()
    }

    /// How the run has ended, if this is the event of its end: the original's `meta.requestStatus`, `aborted` and `condition`.
    #[must_use]
    pub fn outcome(&self) -> Option<OutcomeKind> {
        self.end()
    }
}

impl fmt::Debug for dyn AnyAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("AnyAction");
        tuple.field(&self.name());
        if let Some(run) = self.run() {
            tuple.field(&run);
        }
        tuple.finish()
    }
}

impl<A: Action> sealed::AnyAction for A {
    #[inline]
    fn case_key(&self) -> CaseKey {
        CaseKey::Action(TypeId::of::<A>())
    }

    fn name(&self) -> Text {
        Text::from_static(A::action_type())
    }

    #[inline]
    fn event(&self) -> &dyn Any {
        self
    }
}

/// The case of an action: what [`Slice::on`](crate::Slice::on) takes. Made by [`action`].
pub struct ActionCase<A>(PhantomData<fn() -> A>);

/// The case of action `A`, for [`Slice::on`](crate::Slice::on).
#[must_use]
pub const fn action<A: Action>() -> ActionCase<A> {
    ActionCase(PhantomData)
}

impl<A: Action> sealed::Case for ActionCase<A> {
    fn key(&self) -> CaseKey {
        CaseKey::Action(TypeId::of::<A>())
    }

    fn info(&self) -> CaseInfo {
        CaseInfo::action(CaseKey::Action(TypeId::of::<A>()), A::action_type())
    }
}

impl<A: Action> Case for ActionCase<A> {
    type Event = A;
}

impl<A> Clone for ActionCase<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for ActionCase<A> {}

impl<A> fmt::Debug for ActionCase<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "action::<{}>()", type_name::<A>())
    }
}
