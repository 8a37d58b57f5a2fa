//! Actions: what happened, as a Rust type.

use crate::case::{Case, CaseInfo, CaseKey, sealed};
use std::{
    any::{TypeId, type_name},
    fmt,
    marker::PhantomData,
};

/// Something that happened and that slices may have a case for: a struct, or an enum of related actions.
///
/// Actions are matched by type, so that a payload is whatever the type holds. Dispatch them with
/// [`Store::dispatch`](crate::Store::dispatch); name them in a slice with [`action`].
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

/// The case of an action: what [`Slice::on`](crate::Slice::on) takes. Made by [`action`].
pub struct ActionCase<A>(PhantomData<fn() -> A>);

/// The case of action `A`, for [`Slice::on`](crate::Slice::on).
#[must_use]
pub const fn action<A: Action>() -> ActionCase<A> {
    ActionCase(PhantomData)
}

impl<A: Action> sealed::Case for ActionCase<A> {
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
