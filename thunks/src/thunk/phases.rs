//! The cases of a thunk's lifecycle, and the matcher of its end.

use super::lifecycle::{Fulfilled, Rejected, Settled};
use crate::{
    action::AnyAction,
    case::{Case, CaseInfo, CaseKey, Phase, ThunkRef, sealed},
    matcher::Matcher,
};
use std::{fmt, marker::PhantomData};

/// One phase of one thunk: what [`Slice::on`](crate::Slice::on) takes.
///
/// Made by [`AsyncThunk::pending`](crate::AsyncThunk::pending), [`fulfilled`](crate::AsyncThunk::fulfilled) and
/// [`rejected`](crate::AsyncThunk::rejected). It knows the thunk's types: a case cannot be mistaken about its event.
pub struct LifecycleCase<V> {
    /// The thunk.
    thunk: ThunkRef,
    /// The phase.
    phase: Phase,
    /// The type of the event.
    event: PhantomData<fn() -> V>,
}

/// Makes the event of a [`SettledMatcher`].
type Show<A, T, E, M> = fn() -> Settled<A, T, E, M>;

/// The end of a run of one thunk: what [`Slice::on_any`](crate::Slice::on_any) takes. Made by
/// [`AsyncThunk::settled`](crate::AsyncThunk::settled).
pub struct SettledMatcher<A, T, E, M = ()> {
    /// The thunk.
    thunk: ThunkRef,
    /// The type of the event.
    event: PhantomData<Show<A, T, E, M>>,
}

impl<V> LifecycleCase<V> {
    pub(super) fn new(thunk: &ThunkRef, phase: Phase) -> Self {
        Self { thunk: thunk.clone(), phase, event: PhantomData }
    }
}

impl<V: 'static> sealed::Case for LifecycleCase<V> {
    fn key(&self) -> CaseKey {
        CaseKey::Thunk(self.thunk.id, self.phase)
    }

    fn info(&self) -> CaseInfo {
        CaseInfo::lifecycle(&self.thunk, self.phase)
    }
}

impl<V: 'static> Case for LifecycleCase<V> {
    type Event = V;
}

impl<A, T, E, M> SettledMatcher<A, T, E, M> {
    pub(super) fn new(thunk: &ThunkRef) -> Self {
        Self { thunk: thunk.clone(), event: PhantomData }
    }
}

impl<A: 'static, T: 'static, E: 'static, M: 'static> sealed::Matcher
    for SettledMatcher<A, T, E, M>
{
    type Event = Settled<A, T, E, M>;

    fn cases(&self) -> Option<Vec<CaseInfo>> {
        Some(vec![
            CaseInfo::lifecycle(&self.thunk, Phase::Fulfilled),
            CaseInfo::lifecycle(&self.thunk, Phase::Rejected),
        ])
    }

    fn show(&self, action: &dyn AnyAction, then: &mut dyn FnMut(&Settled<A, T, E, M>)) -> bool {
        let settled = match action.case_key() {
            CaseKey::Thunk(id, Phase::Fulfilled) if id == self.thunk.id => {
                action.event().downcast_ref().map(Fulfilled::<A, T, M>::settled)
            }
            CaseKey::Thunk(id, Phase::Rejected) if id == self.thunk.id => {
                action.event().downcast_ref().map(Rejected::<A, E, M>::settled)
            }
            _ => None,
        };
        settled.map(|settled| then(&settled)).is_some()
    }
}

impl<A: 'static, T: 'static, E: 'static, M: 'static> Matcher for SettledMatcher<A, T, E, M> {
    type Event = Settled<A, T, E, M>;
}

impl<V> Clone for LifecycleCase<V> {
    fn clone(&self) -> Self {
        Self::new(&self.thunk, self.phase)
    }
}

impl<A, T, E, M> Clone for SettledMatcher<A, T, E, M> {
    fn clone(&self) -> Self {
        Self::new(&self.thunk)
    }
}

impl<V> fmt::Debug for LifecycleCase<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LifecycleCase({}/{})", self.thunk.name, self.phase)
    }
}

impl<A, T, E, M> fmt::Debug for SettledMatcher<A, T, E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SettledMatcher({})", self.thunk.name)
    }
}
