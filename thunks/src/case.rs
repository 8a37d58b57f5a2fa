//! Cases: what a slice answers to.
//!
//! A *case* names one kind of event: an action type, or one phase of one thunk. A [*matcher*](crate::Matcher) names
//! several. A store looks up what is to be done by the event's [`CaseKey`].

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

/// What an event is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaseKey {
    /// An action, by type.
    Action(TypeId),
    /// An action of a creator, by the type of its payload and by name.
    Named(TypeId, &'static str),
    /// A phase of a thunk, by instance: two thunks of identical types are different.
    Thunk(ThunkId, Phase),
    /// Progress of a thunk, by the type of what is told and by name.
    Progress(ThunkId, TypeId, &'static str),
}

/// The identity of a thunk, unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThunkId(pub(crate) u64);

/// A phase in the life of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
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
    /// Where the creator of a named action was made.
    pub(crate) creator: Option<(&'static str, &'static Location<'static>)>,
}

impl CaseInfo {
    pub(crate) fn action(key: CaseKey, name: &'static str) -> Self {
        Self { key, name: Text::from_static(name), thunk: None, creator: None }
    }

    pub(crate) fn named(
        key: CaseKey,
        name: &'static str,
        made: &'static Location<'static>,
    ) -> Self {
        let creator = Some((name, made));
        Self { key, name: Text::from_static(name), thunk: None, creator }
    }

    pub(crate) fn progress(thunk: &ThunkRef, key: CaseKey, name: &'static str) -> Self {
        Self {
            key,
            name: Text::from(format!("{}/{name}", thunk.name)),
            thunk: Some(thunk.clone()),
            creator: None,
        }
    }

    pub(crate) fn lifecycle(thunk: &ThunkRef, phase: Phase) -> Self {
        Self {
            key: CaseKey::Thunk(thunk.id, phase),
            name: Text::from(format!("{}/{phase}", thunk.name)),
            thunk: Some(thunk.clone()),
            creator: None,
        }
    }
}

pub(crate) mod sealed {
    use super::{CaseInfo, CaseKey};
    use crate::action;
    use std::any::Any;
    use trine_core::{OutcomeKind, RunId, Text};

    pub trait Case {
        /// What its events are looked up by.
        fn key(&self) -> CaseKey;
        fn info(&self) -> CaseInfo;
    }

    /// What can be told to slices: an action, or an event in the life of a thunk.
    pub trait AnyAction: Send + Sync + 'static {
        /// What it is looked up by.
        fn case_key(&self) -> CaseKey;
        /// What events and errors call it.
        fn name(&self) -> Text;
        /// What reducers are shown: the `Event` of its case.
        fn event(&self) -> &dyn Any;
        /// The run that it belongs to.
        fn run(&self) -> Option<RunId> {
            None
        }
        /// How the run has ended, if this is its end.
        fn end(&self) -> Option<OutcomeKind> {
            None
        }
        /// How often the store had been reset when the run became pending, if it is an event of one.
        fn epoch(&self) -> Option<u64> {
            None
        }
    }

    pub trait Matcher {
        /// What it shows events as.
        type Event: ?Sized + 'static;

        /// What it may match; `None` if that can be anything.
        fn cases(&self) -> Option<Vec<CaseInfo>>;

        /// Hands the event to `then` if it matches; returns whether it does. An event that is in none of the
        /// [`cases`](Self::cases) may be asked about too.
        fn show(&self, action: &dyn action::AnyAction, then: &mut dyn FnMut(&Self::Event)) -> bool;
    }
}
