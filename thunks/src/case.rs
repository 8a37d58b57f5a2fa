//! Cases: what a slice answers to.
//!
//! A *case* names one kind of event: an action type, or one phase of one thunk. A *matcher* names several, which
//! it shows as events of one type. A store looks up what is to be done by the event's [`CaseKey`]; matchers
//! are resolved when the store is built, so a dispatch never tries them one by one.

use std::{any::TypeId, fmt, panic::Location};
use trine_core::Text;

/// One kind of event: what [`Slice::on`](crate::Slice::on) takes. Sealed.
///
/// [`action`](crate::action) makes the case of an action; [`AsyncThunk::pending`](crate::AsyncThunk::pending),
/// [`fulfilled`](crate::AsyncThunk::fulfilled) and [`rejected`](crate::AsyncThunk::rejected) those of a thunk.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a case",
    label = "expected `action::<MyAction>()` or a phase of a thunk: `pending()`, `fulfilled()`, `rejected()`",
    note = "`settled()` is a matcher: use it with `on_any`"
)]
pub trait Case: sealed::Case {
    /// What the reducer is shown.
    type Event: 'static;
}

/// Several kinds of events, shown as one type: what [`Slice::on_any`](crate::Slice::on_any) takes. Sealed.
///
/// [`AsyncThunk::settled`](crate::AsyncThunk::settled) makes one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a matcher",
    label = "expected the `settled()` of a thunk",
    note = "a single case is used with `on`"
)]
pub trait Matcher: sealed::Matcher<Event = <Self as Matcher>::Event> {
    /// What the reducer is shown.
    type Event: 'static;
}

/// What an event is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CaseKey {
    /// An action, by type.
    Action(TypeId),
    /// A phase of a thunk, by instance: two thunks of identical types are different.
    Thunk(ThunkId, Phase),
}

/// The identity of a thunk, unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ThunkId(pub(crate) u64);

/// A phase in the life of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// It was started.
    Pending,
    /// It ended with a payload.
    Fulfilled,
    /// It ended in any other way.
    Rejected,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Fulfilled => "fulfilled",
            Self::Rejected => "rejected",
        })
    }
}

/// Which thunk a case is about, and where that was made.
#[derive(Debug, Clone)]
pub(crate) struct ThunkRef {
    /// The identity.
    pub(crate) id: ThunkId,
    /// The type prefix.
    pub(crate) name: Text,
    /// The call that made it.
    pub(crate) made: &'static Location<'static>,
}

/// What a store must know of a case when it is built.
#[derive(Debug, Clone)]
pub struct CaseInfo {
    /// What it is looked up by.
    pub(crate) key: CaseKey,
    /// What errors call it.
    pub(crate) name: Text,
    /// The thunk that it is about.
    pub(crate) thunk: Option<ThunkRef>,
}

impl CaseInfo {
    pub(crate) fn action(key: CaseKey, name: &'static str) -> Self {
        Self { key, name: Text::from_static(name), thunk: None }
    }

    pub(crate) fn lifecycle(thunk: &ThunkRef, phase: Phase) -> Self {
        Self {
            key: CaseKey::Thunk(thunk.id, phase),
            name: Text::from(format!("{}/{phase}", thunk.name)),
            thunk: Some(thunk.clone()),
        }
    }
}

pub(crate) mod sealed {
    use super::CaseInfo;
    use std::any::Any;

    pub trait Case {
        fn info(&self) -> CaseInfo;
    }

    /// One of the cases of a matcher, and how its event is shown as the matcher's.
    #[derive(Debug)]
    pub struct Matched<E> {
        pub(crate) info: CaseInfo,
        pub(crate) show: fn(&dyn Any) -> Option<E>,
    }

    pub trait Matcher {
        type Event: 'static;
        fn cases(&self) -> Vec<Matched<Self::Event>>;
    }
}
