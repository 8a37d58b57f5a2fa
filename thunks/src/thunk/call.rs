//! A thunk with its argument: what is dispatched.

use super::{AsyncThunk, launch::launch};
use crate::{
    dispatch::{Dispatch, sealed},
    error::DispatchError,
    store::{Shared, Store},
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};
use trine_core::{Run, RunBuilder, RunContext, Text};

/// A thunk with its argument: what is dispatched. Made by [`AsyncThunk::with`].
///
/// Each dispatch of a clone is a run of its own.
#[must_use = "a call does nothing until it is dispatched"]
pub struct ThunkCall<A, T, E, X = (), M = ()> {
    /// The thunk.
    pub(super) thunk: AsyncThunk<A, T, E, X, M>,
    /// The argument.
    pub(super) arg: A,
    /// Whether the run outlives the one that dispatches it.
    pub(super) detached: bool,
    /// What else the run can be found by.
    pub(super) tags: Vec<Text>,
}

/// What a run is to end with: resolves to the reason.
pub(super) type Signal = Pin<Box<dyn Future<Output = Text> + Send>>;

/// A call whose run ends with something outside. Made by [`ThunkCall::abort_when`].
#[must_use = "a call does nothing until it is dispatched"]
pub struct TiedCall<A, T, E, X = (), M = ()> {
    /// The call.
    pub(super) call: ThunkCall<A, T, E, X, M>,
    /// What the run ends with.
    pub(super) signal: Signal,
}

impl<A, T, E, X, M> ThunkCall<A, T, E, X, M> {
    pub(super) fn new(thunk: AsyncThunk<A, T, E, X, M>, arg: A) -> Self {
        Self { thunk, arg, detached: false, tags: Vec::new() }
    }

    /// The argument.
    #[must_use]
    pub fn arg(&self) -> &A {
        &self.arg
    }

    /// Lets the run outlive the one that dispatches it, which is then only a note of where it came from.
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    /// What else this run can be found by, beside the tags of its thunk: see [`Store::runs`]. May be called several times.
    pub fn tag(mut self, tag: impl Into<Text>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Aborts the run, by [`AbortedBy::Signal`](trine_core::AbortedBy::Signal), when `signal` resolves, with what it
    /// resolves to as the reason: the original's `signal`, when a thunk is dispatched. Any future will do.
    ///
    /// If it has come already, the run never becomes pending. Else the run is aborted where its body would be polled next.
    /// The future is dropped when the run ends, in whatever way, so nothing stays registered with what it waits for. Not
    /// for runs that [share](trine_core::Policy::Shared) their work.
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, Outcome, Store, ThunkApi};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let save = AsyncThunk::new("save", |(): (), _: ThunkApi| std::future::pending::<Result<(), String>>());
    /// let store = Store::builder().build().unwrap();
    /// let (close, closed) = tokio::sync::oneshot::channel::<()>();
    /// let run = store.dispatch(save.with(()).abort_when(async { closed.await.map_or("lost", |()| "window closed") }));
    /// close.send(()).unwrap();
    /// assert!(matches!(run.await, Outcome::Aborted { reason, .. } if reason == "window closed"));
    /// # }
    /// ```
    pub fn abort_when<F>(self, signal: F) -> TiedCall<A, T, E, X, M>
    where
        F: IntoFuture<Output: Into<Text>, IntoFuture: Send + 'static>,
    {
        let signal = signal.into_future();
        TiedCall { call: self, signal: Box::pin(async move { signal.await.into() }) }
    }

    /// Aborts the run when `token` is cancelled. See [`abort_when`](Self::abort_when).
    #[cfg(feature = "tokio-util")]
    pub fn abort_with(
        self,
        token: &tokio_util::sync::CancellationToken,
    ) -> TiedCall<A, T, E, X, M> {
        let cancelled = token.clone().cancelled_owned();
        self.abort_when(async move {
            cancelled.await;
            Text::from_static("its cancellation token was cancelled")
        })
    }
}

macro_rules! dispatch {
    ($call:ident, $self:ident => $split:expr) => {
        impl<A, T, E, X, M> Dispatch<X> for $call<A, T, E, X, M>
        where
            A: Clone + Send + Sync + 'static,
            T: Send + Sync + 'static,
            E: Send + Sync + 'static,
            X: Send + Sync + 'static,
            M: Send + Sync + 'static,
        {
            type Output = Run<T, E>;
        }

        impl<A, T, E, X, M> sealed::Dispatch<X> for $call<A, T, E, X, M>
        where
            A: Clone + Send + Sync + 'static,
            T: Send + Sync + 'static,
            E: Send + Sync + 'static,
            X: Send + Sync + 'static,
            M: Send + Sync + 'static,
        {
            type Output = Run<T, E>;

            #[track_caller]
            fn in_store($self, store: &Store<X>) -> Result<Run<T, E>, DispatchError> {
                let (call, signal) = $split;
                let builder = store.core().run_builder(call.thunk.name().clone());
                Ok(launch(call, signal, Some(store.core()), store.shared(), builder))
            }

            #[track_caller]
            fn in_run(
                $self,
                cx: &RunContext,
                shared: &Arc<Shared<X>>,
            ) -> Result<Run<T, E>, DispatchError> {
                let (call, signal) = $split;
                let builder: RunBuilder<'_, T, E> = cx.run_builder(call.thunk.name().clone());
                Ok(launch(call, signal, cx.store().ok().as_ref(), shared, builder))
            }
        }
    };
}

dispatch! { ThunkCall, self => (self, None) }
dispatch! { TiedCall, self => (self.call, Some(self.signal)) }

impl<A: Clone, T, E, X, M> Clone for ThunkCall<A, T, E, X, M> {
    fn clone(&self) -> Self {
        Self {
            thunk: self.thunk.clone(),
            arg: self.arg.clone(),
            detached: self.detached,
            tags: self.tags.clone(),
        }
    }
}

impl<A, T, E, X, M> fmt::Debug for ThunkCall<A, T, E, X, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThunkCall")
            .field("thunk", self.thunk.name())
            .field("detached", &self.detached)
            .field("tags", &self.tags)
            .finish_non_exhaustive()
    }
}

impl<A, T, E, X, M> fmt::Debug for TiedCall<A, T, E, X, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TiedCall").field(&self.call).finish()
    }
}
