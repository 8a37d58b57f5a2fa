//! What a handler knows of its run, and how it calls other actions.

use super::{ActionRun, asynchronous::AsyncAction, home::Home, sync::Action};
use crate::{draft::FlushError, place::Kept};
use std::{fmt, panic::Location};
use trine_core::{Aborted, RunContext, RunId, Store, StoreDropped};

/// What a handler made with [`async_action_with`](crate::Synergy::async_action_with) knows of its run, and how it calls other
/// actions. It holds the store weakly.
///
/// Other actions have drafts of their own, and commit for themselves. What they write, this action's drafts do not show until
/// they are [refreshed](crate::Draft::refresh); and if this action has read, modified and written the same atom, that is a
/// [`Conflict`](crate::Conflict) like any other: no update is lost.
#[derive(Clone)]
pub struct ActionContext {
    run: RunContext,
    /// Where the action was started.
    place: Kept,
}

impl ActionContext {
    pub(super) fn new(run: RunContext, place: Kept) -> Self {
        Self { run, place }
    }

    /// Runs an async action as a part of this one, in the same place: it is aborted if this one ends before it.
    #[track_caller]
    pub fn run<A, R, E>(&self, action: &AsyncAction<A, R, E>, argument: A) -> ActionRun<R, E>
    where
        A: 'static,
        R: Send + 'static,
        E: Send + 'static,
    {
        action.run_in(&self.run, &self.place, argument, Location::caller())
    }

    /// Runs a sync action in the same place, unless this one is over.
    ///
    /// # Errors
    ///
    /// As [`Action::try_run`]; [`FlushError::Ended`] if this action is over.
    ///
    /// # Panics
    ///
    /// If the handler panics.
    #[track_caller]
    pub fn run_sync<A: Clone + 'static, R: 'static>(
        &self,
        action: &Action<A, R>,
        argument: A,
    ) -> Result<R, FlushError> {
        action.run_at(Home::Run(&self.run, &self.place), argument, Location::caller())
    }

    /// The identity of the run.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.run.id()
    }

    /// The attempt that is under way, counted from 1: see [`AsyncAction::retry`].
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.run.attempt()
    }

    /// Whether the action's end is still open. What is in here writes nothing more when it is not.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.run.is_active()
    }

    /// Resolves when the action has ended, in whatever way: for tasks that the handler has spawned by other means.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn aborted(&self) -> Aborted {
        self.run.aborted()
    }

    /// The store. Kept across an `.await` it would be kept alive.
    ///
    /// # Errors
    ///
    /// [`StoreDropped`] when the last handle is gone.
    pub fn store(&self) -> Result<Store, StoreDropped> {
        self.run.store()
    }
}

impl fmt::Debug for ActionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ActionContext").field(&self.run).finish()
    }
}
