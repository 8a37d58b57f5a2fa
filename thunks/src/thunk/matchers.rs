//! Matchers of thunks in general: of all, or of any of several.
//!
//! Unlike the original's, which go by the shape of an action, they match lifecycle events and nothing else.

use super::AsyncThunk;
use crate::{
    action::AnyAction,
    case::{CaseInfo, CaseKey, Phase, ThunkRef, sealed},
    matcher::Matcher,
};
use std::fmt;
use trine_core::OutcomeKind;

/// A phase of the runs of all thunks, or of [those named](Self::of): what [`Slice::on_any`](crate::Slice::on_any) and listeners
/// take. Shown as [`dyn AnyAction`](AnyAction), which tells the thunk and the run.
///
/// ```
/// use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi, is_pending, is_settled};
///
/// static BUSY: SliceKey<u32> = SliceKey::new("busy");
/// let busy = BUSY
///     .slice(|| 0)
///     .on_any(is_pending(), |busy, _| *busy += 1) // of whatever thunk
///     .on_any(is_settled(), |busy, _| *busy -= 1);
/// let store = Store::builder().slice(busy).build().unwrap();
///
/// let wait = AsyncThunk::new("wait", |(): (), _: ThunkApi| std::future::pending::<Result<(), String>>());
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # let _inside = runtime.enter();
/// let run = store.dispatch(wait.with(()));
/// assert_eq!(store.get(&BUSY), 1);
/// run.abort("enough");
/// assert_eq!(store.get(&BUSY), 0);
/// ```
#[must_use = "a matcher does nothing until a slice has it"]
#[derive(Clone)]
pub struct ThunkMatcher {
    /// The phases.
    phases: &'static [Phase],
    /// How it must have ended.
    kind: Option<OutcomeKind>,
    /// The thunks; all, if there are none.
    thunks: Vec<ThunkRef>,
}

impl ThunkMatcher {
    const fn new(phases: &'static [Phase], kind: Option<OutcomeKind>) -> Self {
        Self { phases, kind, thunks: Vec::new() }
    }

    /// Only those of this thunk, or of the others for which this was called: the original's `isPending(a, b)`.
    pub fn of<A, T, E, X, M>(mut self, thunk: &AsyncThunk<A, T, E, X, M>) -> Self {
        self.thunks.push(thunk.refers().clone());
        self
    }
}

/// Runs that become pending: the original's `isPending`.
pub const fn is_pending() -> ThunkMatcher {
    ThunkMatcher::new(&[Phase::Pending], None)
}

/// Runs that end with a payload: the original's `isFulfilled`.
pub const fn is_fulfilled() -> ThunkMatcher {
    ThunkMatcher::new(&[Phase::Fulfilled], None)
}

/// Runs that end in any other way: the original's `isRejected`.
pub const fn is_rejected() -> ThunkMatcher {
    ThunkMatcher::new(&[Phase::Rejected], None)
}

/// Runs whose body returned an error: the original's `isRejectedWithValue`.
pub const fn is_rejected_with_value() -> ThunkMatcher {
    ThunkMatcher::new(&[Phase::Rejected], Some(OutcomeKind::Rejected))
}

/// Runs that end, in whatever way.
pub const fn is_settled() -> ThunkMatcher {
    ThunkMatcher::new(&[Phase::Fulfilled, Phase::Rejected], None)
}

/// All events of runs: the original's `isAsyncThunkAction`. Progress is not among them.
pub const fn is_async_thunk_action() -> ThunkMatcher {
    ThunkMatcher::new(&[Phase::Pending, Phase::Fulfilled, Phase::Rejected], None)
}

impl sealed::Matcher for ThunkMatcher {
    type Event = dyn AnyAction;

    fn cases(&self) -> Option<Vec<CaseInfo>> {
        if self.thunks.is_empty() {
            return None;
        }
        let phases =
            |thunk| self.phases.iter().map(move |phase| CaseInfo::lifecycle(thunk, *phase));
        Some(self.thunks.iter().flat_map(phases).collect())
    }

    fn show(&self, action: &dyn AnyAction, then: &mut dyn FnMut(&dyn AnyAction)) -> bool {
        let CaseKey::Thunk(id, phase) = action.case_key() else { return false };
        let matches = self.phases.contains(&phase)
            && (self.thunks.is_empty() || self.thunks.iter().any(|thunk| thunk.id == id))
            && self.kind.is_none_or(|kind| action.end() == Some(kind));
        if matches {
            then(action);
        }
        matches
    }
}

impl Matcher for ThunkMatcher {
    type Event = dyn AnyAction;
}

impl fmt::Debug for ThunkMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thunks: Vec<_> = self.thunks.iter().map(|thunk| &thunk.name).collect();
        f.debug_struct("ThunkMatcher")
            .field("phases", &self.phases)
            .field("kind", &self.kind)
            .field("thunks", &thunks)
            .finish()
    }
}
