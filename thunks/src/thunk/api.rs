//! What a body is given.

use super::{meta::Meta, progress::Reports};
use crate::{case::ThunkRef, reach::reach_store, store::Shared};
use std::{any::Any, fmt, sync::Arc};
use trine_core::{RunContext, RunId, Text};

/// What the body of a thunk is given: the original's `thunkAPI`.
///
/// What it [reads](Self::read) has what the pending event of its run has changed. It can be cloned and handed to helpers. Once the run is over it is inert: nothing that is dispatched through it reaches the
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

    reach_store!("run");

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
