//! What a body is given.

use super::{meta::Meta, progress::Reports};
use crate::{
    case::ThunkRef,
    dispatch::Dispatch,
    error::{DispatchError, ReadError},
    store::{Shared, unwrap},
    subject::{Subject, sealed::TableRef},
};
use std::{any::Any, fmt, sync::Arc};
use trine_core::{Aborted, RunContext, RunId, Text};

/// What the body of a thunk is given: the original's `thunkAPI`.
///
/// It can be cloned and handed to helpers. Once the run is over it is inert: nothing that is dispatched through it reaches the
/// store any more. It does not keep the store alive.
pub struct ThunkApi<X = (), M = ()> {
    /// The run.
    cx: RunContext,
    /// The table and the extra value.
    pub(super) shared: Arc<Shared<X>>,
    /// What all its events have in common.
    pub(super) meta: Arc<dyn AnyMeta<M>>,
    /// What waits to be told, if it has to wait.
    pub(super) reports: Option<Arc<Reports>>,
}

/// The [`Meta`] of a run, the type of its argument forgotten.
pub(super) trait AnyMeta<M>: Send + Sync {
    fn thunk(&self) -> &ThunkRef;
    fn value(&self) -> Option<&M>;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<A, M> AnyMeta<M> for Meta<A, M>
where
    A: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    fn thunk(&self) -> &ThunkRef {
        &self.thunk
    }

    fn value(&self) -> Option<&M> {
        self.value.get()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<X, M> ThunkApi<X, M>
where
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    pub(super) fn new<A: Send + Sync + 'static>(
        cx: RunContext,
        shared: Arc<Shared<X>>,
        meta: Arc<Meta<A, M>>,
    ) -> Self {
        Self { cx, shared, meta, reports: None }
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
        what.in_run(&self.cx, &self.shared)
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

    /// The run that dispatched this one, if a run did.
    #[must_use]
    pub fn parent(&self) -> Option<RunId> {
        self.cx.parent()
    }

    /// Which attempt this is, counted from 1: see [`AsyncThunk::retry`](crate::AsyncThunk::retry).
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.cx.attempt()
    }

    /// What was made for this run just before it became pending: see
    /// [`AsyncThunk::with_meta`](crate::AsyncThunk::with_meta).
    #[must_use]
    pub fn meta(&self) -> &M {
        self.meta.value().expect("a run has its value before its body is called")
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

    pub(super) fn context(&self) -> &RunContext {
        &self.cx
    }

    /// The reason that this run was aborted for, if it was: the original's `signal.reason`, for helpers that go on elsewhere.
    #[must_use]
    pub fn abort_reason(&self) -> Option<Text> {
        self.cx.abort_reason()
    }
}

impl<X, M> Clone for ThunkApi<X, M> {
    fn clone(&self) -> Self {
        Self {
            cx: self.cx.clone(),
            shared: Arc::clone(&self.shared),
            meta: Arc::clone(&self.meta),
            reports: self.reports.clone(),
        }
    }
}

impl<X, M> fmt::Debug for ThunkApi<X, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThunkApi").field(&self.cx).finish()
    }
}
