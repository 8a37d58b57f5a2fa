//! Matchers: several kinds of events at once.
//!
//! A matcher that lists its cases is resolved when the store is built, so a dispatch does not try it on what it cannot
//! match. Only a slice with a matcher that can match anything ([`matching`]) is asked at each dispatch.

use crate::{
    action::AnyAction,
    case::{Case, CaseInfo, sealed},
};
pub(crate) use sealed_matchers::Test;
use std::fmt;

/// Several kinds of events: what [`Slice::on_any`](crate::Slice::on_any) and listeners take. Sealed.
///
/// | matcher | matches | is shown as |
/// |---|---|---|
/// | a [`Case`] | that case | the case's event |
/// | [`AsyncThunk::settled`](crate::AsyncThunk::settled) | the end of a run | [`Settled`](crate::Settled) |
/// | [`any_of`]`((a, b, ..))` | what any of the matchers does: the original's `isAnyOf` | [`dyn AnyAction`](AnyAction) |
/// | [`matching`]`(predicate)` | whatever the predicate says | [`dyn AnyAction`](AnyAction) |
/// | [`filter`](Self::filter) | what the matcher does, if the predicate says so too: the original's `isAllOf` | as the matcher shows it |
///
/// Predicates run inside the lease and must be pure. They see what happened, not the state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a matcher",
    label = "expected a case, the `settled()` of a thunk, `any_of(..)` or `matching(..)`"
)]
pub trait Matcher: sealed::Matcher<Event = <Self as Matcher>::Event> {
    /// What the reducer is shown.
    type Event: ?Sized + 'static;

    /// The events of this matcher for which `predicate` is true.
    ///
    /// ```
    /// use trine_thunks::{Action, Matcher, SliceKey, Store, action};
    ///
    /// struct Paid(u32);
    /// impl Action for Paid {}
    ///
    /// static LARGE: SliceKey<u32> = SliceKey::new("large payments");
    /// let large = LARGE
    ///     .slice(|| 0)
    ///     .on_any(action::<Paid>().filter(|paid| paid.0 >= 1_000), |count, _| *count += 1);
    /// let store = Store::builder().slice(large).build()?;
    /// store.dispatch(Paid(5));
    /// store.dispatch(Paid(5_000));
    /// assert_eq!(store.get(&LARGE), 1);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    fn filter<F>(self, predicate: F) -> Filtered<Self, F>
    where
        Self: Sized,
        F: Fn(&<Self as Matcher>::Event) -> bool + Send + Sync + 'static,
    {
        Filtered { matcher: self, predicate }
    }

    /// Whether it matches this action.
    fn matches(&self, action: &dyn AnyAction) -> bool {
        self.show(action, &mut |_| ())
    }
}

impl<C: Case> Matcher for C {
    type Event = C::Event;
}

impl<C: Case> sealed::Matcher for C {
    type Event = C::Event;

    fn cases(&self) -> Option<Vec<CaseInfo>> {
        Some(vec![self.info()])
    }

    fn show(&self, action: &dyn AnyAction, then: &mut dyn FnMut(&C::Event)) -> bool {
        let key = sealed::Case::key(self);
        let event = if action.case_key() == key { action.event().downcast_ref() } else { None };
        event.map(then).is_some()
    }
}

/// What a [`matching`] predicate is true for.
pub struct Matching<F>(F);

/// Every action and lifecycle event for which `predicate` is true.
///
/// It is asked at each dispatch: where the kinds of events are known, [`any_of`] costs nothing for the others.
#[must_use]
pub fn matching<F>(predicate: F) -> Matching<F>
where
    F: Fn(&dyn AnyAction) -> bool + Send + Sync + 'static,
{
    Matching(predicate)
}

impl<F: Fn(&dyn AnyAction) -> bool + Send + Sync + 'static> Matcher for Matching<F> {
    type Event = dyn AnyAction;
}

impl<F: Fn(&dyn AnyAction) -> bool + Send + Sync + 'static> sealed::Matcher for Matching<F> {
    type Event = dyn AnyAction;

    fn cases(&self) -> Option<Vec<CaseInfo>> {
        None
    }

    fn show(&self, action: &dyn AnyAction, then: &mut dyn FnMut(&dyn AnyAction)) -> bool {
        let matches = (self.0)(action);
        if matches {
            then(action);
        }
        matches
    }
}

/// What a matcher matches and a predicate is true for. Made by [`Matcher::filter`].
pub struct Filtered<M, F> {
    /// The matcher.
    matcher: M,
    /// What must be true besides.
    predicate: F,
}

impl<M, F> Matcher for Filtered<M, F>
where
    M: Matcher,
    F: Fn(&<M as Matcher>::Event) -> bool + Send + Sync + 'static,
{
    type Event = <M as Matcher>::Event;
}

impl<M, F> sealed::Matcher for Filtered<M, F>
where
    M: Matcher,
    F: Fn(&<M as Matcher>::Event) -> bool + Send + Sync + 'static,
{
    type Event = <M as Matcher>::Event;

    fn cases(&self) -> Option<Vec<CaseInfo>> {
        self.matcher.cases()
    }

    fn show(&self, action: &dyn AnyAction, then: &mut dyn FnMut(&Self::Event)) -> bool {
        let mut matches = false;
        self.matcher.show(action, &mut |event| {
            matches = (self.predicate)(event);
            if matches {
                then(event);
            }
        });
        matches
    }
}

/// What any of several matchers matches. Made by [`any_of`].
pub struct AnyOf(Vec<Box<dyn Test>>);

/// What any of the matchers in a tuple matches: the original's `isAnyOf`.
///
/// ```
/// use trine_thunks::{Action, AsyncThunk, SliceKey, Store, action, any_of};
///
/// struct Clicked;
/// impl Action for Clicked {}
/// struct Typed(char);
/// impl Action for Typed {}
/// let load = AsyncThunk::<_, _, (), ()>::new("load", |(): (), _| async { Ok(()) });
///
/// static BUSY: SliceKey<u32> = SliceKey::new("busy");
/// let busy = BUSY
///     .slice(|| 0)
///     .on_any(any_of((action::<Clicked>(), action::<Typed>(), load.pending())), |count, _| *count += 1);
/// let store = Store::builder().slice(busy).build()?;
/// store.dispatch(Clicked);
/// store.dispatch(Typed('a'));
/// store.dispatch(load.with(()));
/// assert_eq!(store.get(&BUSY), 3);
/// # Ok::<(), trine_thunks::BuildError>(())
/// ```
#[must_use]
pub fn any_of(matchers: impl Matchers) -> AnyOf {
    AnyOf(matchers.list())
}

impl<M: Matcher + Send + Sync + 'static> Test for M {
    fn cases(&self) -> Option<Vec<CaseInfo>> {
        sealed::Matcher::cases(self)
    }

    fn matches(&self, action: &dyn AnyAction) -> bool {
        Matcher::matches(self, action)
    }
}

/// What [`any_of`] takes: a tuple of up to twelve matchers, or a `Vec` or an array of one type of matcher. Sealed.
pub trait Matchers: sealed_matchers::Matchers {}

impl<L: sealed_matchers::Matchers> Matchers for L {}

mod sealed_matchers {
    use super::{AnyAction, CaseInfo};

    /// A matcher of which only the answer is asked.
    pub trait Test: Send + Sync {
        fn cases(&self) -> Option<Vec<CaseInfo>>;
        fn matches(&self, action: &dyn AnyAction) -> bool;
    }

    pub trait Matchers {
        fn list(self) -> Vec<Box<dyn Test>>;
    }
}

impl<M: Matcher + Send + Sync + 'static> sealed_matchers::Matchers for Vec<M> {
    fn list(self) -> Vec<Box<dyn Test>> {
        self.into_iter().map(|matcher| Box::new(matcher) as Box<dyn Test>).collect()
    }
}

impl<M: Matcher + Send + Sync + 'static, const N: usize> sealed_matchers::Matchers for [M; N] {
    fn list(self) -> Vec<Box<dyn Test>> {
        Vec::from(self).list()
    }
}

macro_rules! tuples {
    ($($matcher:ident)*) => {
        impl<$($matcher: Matcher + Send + Sync + 'static),*> sealed_matchers::Matchers
            for ($($matcher,)*)
        {
            #[allow(non_snake_case, reason = "the names of the types serve as those of the values")]
            fn list(self) -> Vec<Box<dyn Test>> {
                let ($($matcher,)*) = self;
                vec![$(Box::new($matcher)),*]
            }
        }
    };
}

tuples! { A }
tuples! { A B }
tuples! { A B C }
tuples! { A B C D }
tuples! { A B C D E }
tuples! { A B C D E F }
tuples! { A B C D E F G }
tuples! { A B C D E F G H }
tuples! { A B C D E F G H I }
tuples! { A B C D E F G H I J }
tuples! { A B C D E F G H I J K }
tuples! { A B C D E F G H I J K L }

impl Matcher for AnyOf {
    type Event = dyn AnyAction;
}

impl sealed::Matcher for AnyOf {
    type Event = dyn AnyAction;

    fn cases(&self) -> Option<Vec<CaseInfo>> {
        let each: Option<Vec<_>> = self.0.iter().map(|matcher| matcher.cases()).collect();
        each.map(|cases| cases.into_iter().flatten().collect())
    }

    fn show(&self, action: &dyn AnyAction, then: &mut dyn FnMut(&dyn AnyAction)) -> bool {
        let matches = self.0.iter().any(|matcher| matcher.matches(action));
        if matches {
            then(action);
        }
        matches
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyOf").field(&self.0.len()).finish()
    }
}

impl<F> fmt::Debug for Matching<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matching").finish_non_exhaustive()
    }
}

impl<M: fmt::Debug, F> fmt::Debug for Filtered<M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filtered").field("matcher", &self.matcher).finish_non_exhaustive()
    }
}
