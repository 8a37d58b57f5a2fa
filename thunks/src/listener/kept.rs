//! The states before and after an action, for those who asked for them.
//!
//! They are taken inside the lease, around the reducers, so nothing else is between them. One copy serves all listeners that
//! keep the slice.

use crate::{
    action::AnyAction,
    error::ReadError,
    key::SliceKey,
    store::{Store, unwrap},
    subject::Subject,
    table::Table,
};
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use trine_core::{Updates, after_lease};

/// A state whose type is forgotten.
type State = Arc<dyn Any + Send + Sync>;

/// Takes copies of the state of a slice.
pub(crate) trait Keeper: Send + Sync {
    fn slice(&self) -> &'static str;
    /// Nothing if the slice is not there, or torn.
    fn take(&self, table: &Table, cells: &mut Updates<'_>) -> Option<State>;
}

impl<S: Clone + Send + Sync + 'static> Keeper for SliceKey<S> {
    fn slice(&self) -> &'static str {
        self.name()
    }

    fn take(&self, table: &Table, cells: &mut Updates<'_>) -> Option<State> {
        let cell = table.cell(self).ok()?;
        // A clone that panics is the affair of who wants the state, and keeps no reducer from what it does.
        match catch_unwind(AssertUnwindSafe(|| cells.get(cell))) {
            Ok(state) => Some(Arc::new(state.ok()?)),
            Err(payload) => {
                after_lease(move || drop(payload));
                None
            }
        }
    }
}

/// The states around one action.
#[derive(Default)]
pub(crate) struct Kept(Vec<KeptSlice>);

struct KeptSlice {
    keeper: Arc<dyn Keeper>,
    before: Option<State>,
    after: Option<State>,
}

impl Kept {
    pub(super) fn of(keepers: &[Arc<dyn Keeper>]) -> Self {
        let slice = |keeper| KeptSlice { keeper: Arc::clone(keeper), before: None, after: None };
        Self(keepers.iter().map(slice).collect())
    }

    pub(crate) fn note_before(&mut self, table: &Table, cells: &mut Updates<'_>) {
        for slice in &mut self.0 {
            slice.before = slice.keeper.take(table, cells);
        }
    }

    pub(crate) fn note_after(&mut self, table: &Table, cells: &mut Updates<'_>) {
        for slice in &mut self.0 {
            slice.after = slice.keeper.take(table, cells);
        }
    }

    #[track_caller]
    pub(super) fn before<S: Send + 'static>(&self, key: &SliceKey<S>) -> &S {
        self.state(key, |slice| &slice.before)
    }

    #[track_caller]
    pub(super) fn after<S: Send + 'static>(&self, key: &SliceKey<S>) -> &S {
        self.state(key, |slice| &slice.after)
    }

    #[track_caller]
    fn state<S: Send + 'static>(
        &self,
        key: &SliceKey<S>,
        which: impl FnOnce(&KeptSlice) -> &Option<State>,
    ) -> &S {
        let name = key.name();
        let Some(slice) = self.0.iter().find(|slice| slice.keeper.slice() == name) else {
            panic!("the listener does not keep slice `{name}`: add `.keeping(..)` with its key")
        };
        match which(slice).as_ref().and_then(|state| state.downcast_ref()) {
            Some(state) => state,
            None => panic!(
                "slice `{name}` could not be read: it is torn, has another type, or cannot be cloned"
            ),
        }
    }
}

/// An action and the states around it: what the predicates of listeners look at.
pub struct Transition<'a, X = ()> {
    /// What has happened.
    pub(super) action: &'a Arc<dyn AnyAction>,
    /// The states that are kept.
    pub(super) kept: &'a Kept,
    /// The store.
    pub(super) store: &'a Store<X>,
}

impl<'a, X: Send + Sync + 'static> Transition<'a, X> {
    /// What has happened.
    #[must_use]
    pub fn action(&self) -> &'a Arc<dyn AnyAction> {
        self.action
    }

    /// The state of a slice before the action.
    ///
    /// # Panics
    ///
    /// If the listener is not [keeping](crate::listener::ListenerBuilder::keeping) the slice, or the slice was torn.
    #[track_caller]
    #[must_use]
    pub fn before<S: Send + 'static>(&self, key: &SliceKey<S>) -> &'a S {
        self.kept.before(key)
    }

    /// The state of a slice right after the action.
    ///
    /// # Panics
    ///
    /// As [`before`](Self::before).
    #[track_caller]
    #[must_use]
    pub fn after<S: Send + 'static>(&self, key: &SliceKey<S>) -> &'a S {
        self.kept.after(key)
    }

    /// Looks at the state of a slice, or at the value of a cell, as it is now: others may have dispatched meanwhile. `read` runs
    /// inside the lease and must be pure.
    ///
    /// # Panics
    ///
    /// Where [`Store::try_read`] gives an error.
    #[track_caller]
    pub fn read<S: Subject, R>(&self, subject: S, read: impl FnOnce(&S::Value) -> R) -> R {
        unwrap(self.try_read(subject, read))
    }

    /// Looks at the state of a slice, or says why it cannot be read.
    ///
    /// # Errors
    ///
    /// As [`Store::try_read`].
    #[track_caller]
    pub fn try_read<S: Subject, R>(
        &self,
        subject: S,
        read: impl FnOnce(&S::Value) -> R,
    ) -> Result<R, ReadError> {
        self.store.try_read(subject, read)
    }
}

impl<X> fmt::Debug for Transition<'_, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transition").field("action", &self.action).finish_non_exhaustive()
    }
}
