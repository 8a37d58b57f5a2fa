//! What a body and a condition are given.

use crate::{
    dispatch::Dispatch,
    error::{DispatchError, ReadError},
    store::{Shared, unwrap},
    subject::{Subject, sealed::TableRef},
};
use std::{fmt, sync::Arc};
use trine_core::{Aborted, RunContext, RunId, Text};

/// What the body of a thunk is given: the original's `thunkAPI`.
///
/// It can be cloned and handed to helpers. Once the run is over it is inert: nothing that is dispatched through it reaches the
/// store any more. It does not keep the store alive.
pub struct ThunkApi<X = ()> {
    /// The run.
    cx: RunContext,
    /// The table and the extra value.
    shared: Arc<Shared<X>>,
}

impl<X: Send + Sync + 'static> ThunkApi<X> {
    pub(super) fn new(cx: RunContext, shared: Arc<Shared<X>>) -> Self {
        Self { cx, shared }
    }

    /// The extra value of the store.
    #[must_use]
    pub fn extra(&self) -> &X {
        &self.shared.extra
    }

    /// Dispatches an action or a thunk, as [`Store::dispatch`](crate::Store::dispatch) does.
    ///
    /// A thunk becomes a *child*: when this run ends in whatever way, so does the child, unless it is
    /// [detached](trine_core::Run::detach_from_parent). When this run is over already, an action is dropped, and a thunk is not
    /// started: its outcome is [`Aborted`](trine_core::Outcome::Aborted) by its parent.
    ///
    /// # Panics
    ///
    /// As [`Store::dispatch`](crate::Store::dispatch), except when this run is over or the store gone.
    #[track_caller]
    pub fn dispatch<D: Dispatch<X>>(&self, what: D) -> <D as Dispatch<X>>::Output {
        match D::or_inert(self.try_dispatch(what)) {
            Ok(output) => output,
            Err(error) => panic!("{error}"),
        }
    }

    /// Dispatches an action or a thunk, or says why it cannot be dispatched.
    ///
    /// # Errors
    ///
    /// With an action: if this run is over or the store gone; as
    /// [`Store::try_dispatch`](crate::Store::try_dispatch). With a thunk: never.
    ///
    /// # Panics
    ///
    /// As [`Store::try_dispatch`](crate::Store::try_dispatch).
    #[track_caller]
    pub fn try_dispatch<D: Dispatch<X>>(
        &self,
        what: D,
    ) -> Result<<D as Dispatch<X>>::Output, DispatchError> {
        what.in_run(self)
    }

    /// Looks at the state of a slice, or at the value of a cell; the original's `getState`. It sees what the pending event of this run has
    /// changed. `read` runs inside the lease and must be pure.
    ///
    /// # Panics
    ///
    /// Where [`try_read`](Self::try_read) gives an error.
    #[track_caller]
    pub fn read<S: Subject, R>(&self, subject: S, read: impl FnOnce(&S::Value) -> R) -> R {
        unwrap(self.try_read(subject, read))
    }

    /// Looks at the state of a slice, or says why it cannot be read.
    ///
    /// # Errors
    ///
    /// As [`Store::try_read`](crate::Store::try_read); if the store is gone.
    #[track_caller]
    pub fn try_read<S: Subject, R>(
        &self,
        subject: S,
        read: impl FnOnce(&S::Value) -> R,
    ) -> Result<R, ReadError> {
        let cell = subject.find(&TableRef(&self.shared.table))?;
        Ok(self.cx.store()?.try_with(cell, read)?)
    }

    /// Which run this is.
    #[must_use]
    pub fn request_id(&self) -> RunId {
        self.cx.id()
    }

    /// Whether the run is over: aborted, superseded, or in any other way. The original's `signal.aborted`.
    ///
    /// A body that awaits need not ask, since it is dropped where it awaits. One that computes for long
    /// without awaiting asks from time to time, and returns.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        !self.cx.is_active()
    }

    /// Resolves when the run is over, in whatever way: for helpers that go on elsewhere and have to be told. The original's
    /// `signal.addEventListener('abort', ..)`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, and leaves nothing registered.
    pub fn aborted(&self) -> Aborted {
        self.cx.aborted()
    }

    /// Aborts this run: the rejected event is out when this returns, and the body is dropped when it next awaits. False when
    /// the run was over already.
    pub fn abort(&self, reason: impl Into<Text>) -> bool {
        self.cx.abort(reason)
    }

    pub(crate) fn context(&self) -> &RunContext {
        &self.cx
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<X>> {
        &self.shared
    }
}

impl<X> Clone for ThunkApi<X> {
    fn clone(&self) -> Self {
        Self { cx: self.cx.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<X> fmt::Debug for ThunkApi<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThunkApi").field(&self.cx).finish()
    }
}

/// What the condition of a thunk is given.
pub struct ConditionApi<'a, X = ()> {
    /// The store.
    pub(super) core: &'a trine_core::Store,
    /// The table and the extra value.
    pub(super) shared: &'a Shared<X>,
}

impl<X> ConditionApi<'_, X> {
    /// The extra value of the store.
    #[must_use]
    pub fn extra(&self) -> &X {
        &self.shared.extra
    }

    /// Looks at the state of a slice, or at the value of a cell.
    ///
    /// # Panics
    ///
    /// If the store has no such slice, or the slice is torn. The run's outcome is
    /// [`Failed`](trine_core::Outcome::Failed) then, and no event is told.
    #[track_caller]
    pub fn read<S: Subject, R>(&self, subject: S, read: impl FnOnce(&S::Value) -> R) -> R {
        let cell = unwrap(subject.find(&TableRef(&self.shared.table)));
        self.core.with(cell, read)
    }
}

impl<X> fmt::Debug for ConditionApi<'_, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionApi").finish_non_exhaustive()
    }
}
