//! Calls whose errors say which thunk, which key and which run.
//!
//! A [`Rejection`] says what happened, and is the same for all runs that this happened to. Who handles it where the run was
//! dispatched knows which one that was; who reads of it in a log does not. The names are put together only for calls that
//! ask for them, as a key has to be written out.

use super::call::{ThunkCall, TiedCall};
use crate::{
    dispatch::{Dispatch, sealed},
    error::DispatchError,
    store::{Shared, Store},
};
use std::{
    error::Error,
    fmt,
    future::{Future, IntoFuture},
    ops::Deref,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use trine_core::{Rejection, Run, RunContext, RunId, RunOutcome, RunResult, Text};

/// A call whose run gives errors with names. Made by [`ThunkCall::named`].
#[derive(Debug, Clone)]
#[must_use = "a call does nothing until it is dispatched"]
pub struct NamedCall<C> {
    /// The call.
    call: C,
    /// Its key, for people.
    key: Option<Text>,
}

impl<A, T, E, X, M> ThunkCall<A, T, E, X, M> {
    /// Has the [`result`](NamedRun::result) of the run say in its error which thunk, which run and which
    /// [key](crate::AsyncThunk::key) it is about.
    ///
    /// The key is written out with its `Debug` by this call; if that panics, or making it does, it is `?`.
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, Store, ThunkApi};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("no such user")]
    /// struct NoSuchUser;
    ///
    /// let fetch = AsyncThunk::new("users/fetch", |id: u32, _: ThunkApi| async move {
    ///     if id < 100 { Ok("Ada") } else { Err(NoSuchUser) }
    /// })
    /// .key(|id| *id);
    /// let store = Store::builder().build()?;
    ///
    /// let name = store.dispatch(fetch.with(7).named()).result().await?; // `?` as ever
    /// assert_eq!(*name, "Ada");
    ///
    /// let error = store.dispatch(fetch.with(700).named()).result().await.unwrap_err();
    /// assert_eq!(error.to_string(), "`users/fetch`, run 2, key 700: the run's body returned an error");
    /// assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no such user");
    /// # Ok(())
    /// # }
    /// ```
    pub fn named(self) -> NamedCall<Self> {
        let key = self.thunk.definition.key.as_ref();
        let key = key.map(|key| Text::from(key.make(&self.arg).describe()));
        NamedCall { call: self, key }
    }
}

impl<A, T, E, X, M> TiedCall<A, T, E, X, M> {
    /// Has the result of the run name thunk, run and key: see [`ThunkCall::named`].
    pub fn named(self) -> NamedCall<Self> {
        let NamedCall { call, key } = self.call.named();
        NamedCall { call: Self { call, signal: self.signal }, key }
    }
}

impl<X, T, E, C> Dispatch<X> for NamedCall<C>
where
    C: sealed::Dispatch<X, Output = Run<T, E>>,
{
    type Output = NamedRun<T, E>;
}

impl<X, T, E, C> sealed::Dispatch<X> for NamedCall<C>
where
    C: sealed::Dispatch<X, Output = Run<T, E>>,
{
    type Output = NamedRun<T, E>;

    #[track_caller]
    fn in_store(self, store: &Store<X>) -> Result<NamedRun<T, E>, DispatchError> {
        let run = self.call.in_store(store)?;
        Ok(NamedRun { run, key: self.key })
    }

    #[track_caller]
    fn in_run(
        self,
        cx: &RunContext,
        shared: &Arc<Shared<X>>,
    ) -> Result<NamedRun<T, E>, DispatchError> {
        let run = self.call.in_run(cx, shared)?;
        Ok(NamedRun { run, key: self.key })
    }
}

/// A [`Run`] whose errors have names: it is one in all other respects. Made by dispatching a [`NamedCall`].
///
/// Awaiting it gives the [`Outcome`](trine_core::Outcome), as with the run.
pub struct NamedRun<T, E> {
    /// The run.
    run: Run<T, E>,
    /// Its key, for people.
    key: Option<Text>,
}

impl<T, E> NamedRun<T, E> {
    /// Resolves to the payload, or to what happened instead and to which run.
    ///
    /// # Errors
    ///
    /// The future gives every outcome but `Fulfilled` as a [`ThunkError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the run goes on, and another one can be made.
    pub fn result(&self) -> NamedResult<T, E> {
        NamedResult {
            thunk: self.run.name().clone(),
            run: self.run.id(),
            key: self.key.clone(),
            result: self.run.result(),
        }
    }

    /// The run without the names: to [tie it to a scope](Run::abort_on_drop), or to [detach](Run::detach) it.
    #[must_use = "dropping the run detaches it"]
    pub fn into_run(self) -> Run<T, E> {
        self.run
    }
}

impl<T, E> Deref for NamedRun<T, E> {
    type Target = Run<T, E>;

    fn deref(&self) -> &Run<T, E> {
        &self.run
    }
}

impl<T, E> IntoFuture for NamedRun<T, E> {
    type Output = trine_core::Outcome<T, E>;
    type IntoFuture = RunOutcome<T, E>;

    fn into_future(self) -> RunOutcome<T, E> {
        self.run.into_future()
    }
}

impl<T, E> fmt::Debug for NamedRun<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedRun").field("run", &self.run).field("key", &self.key).finish()
    }
}

/// Resolves to the payload of a run, or to a [`ThunkError`]. Made by [`NamedRun::result`].
#[must_use = "futures do nothing unless awaited"]
pub struct NamedResult<T, E> {
    /// The thunk.
    thunk: Text,
    /// The run.
    run: RunId,
    /// Its key.
    key: Option<Text>,
    /// What it waits for.
    result: RunResult<T, E>,
}

impl<T, E> Future for NamedResult<T, E> {
    type Output = Result<Arc<T>, ThunkError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let done = Pin::new(&mut self.result).poll(cx);
        done.map_err(|rejection| ThunkError {
            thunk: self.thunk.clone(),
            run: self.run,
            key: self.key.take(),
            rejection,
        })
    }
}

impl<T, E> fmt::Debug for NamedResult<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedResult").field("run", &self.run).finish_non_exhaustive()
    }
}

/// What became of a run that was not fulfilled, and of which run: the error of [`NamedRun::result`].
///
/// The source is the body's own error when it rejected. `?` makes a [`Rejection`] of it where a function returns that.
pub struct ThunkError<E> {
    /// The thunk.
    thunk: Text,
    /// The run.
    run: RunId,
    /// Its key.
    key: Option<Text>,
    /// What happened.
    rejection: Rejection<E>,
}

impl<E> ThunkError<E> {
    /// The name of the thunk.
    #[must_use]
    pub fn thunk(&self) -> &Text {
        &self.thunk
    }

    /// The run.
    #[must_use]
    pub fn request_id(&self) -> RunId {
        self.run
    }

    /// The key of the run, for people; nothing if its thunk has none.
    #[must_use]
    pub fn key(&self) -> Option<&Text> {
        self.key.as_ref()
    }

    /// What happened.
    #[must_use]
    pub fn rejection(&self) -> &Rejection<E> {
        &self.rejection
    }
}

impl<E> From<ThunkError<E>> for Rejection<E> {
    fn from(error: ThunkError<E>) -> Self {
        error.rejection
    }
}

impl<E> Clone for ThunkError<E> {
    fn clone(&self) -> Self {
        Self {
            thunk: self.thunk.clone(),
            run: self.run,
            key: self.key.clone(),
            rejection: self.rejection.clone(),
        }
    }
}

impl<E> fmt::Debug for ThunkError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThunkError")
            .field("thunk", &self.thunk)
            .field("run", &self.run)
            .field("key", &self.key)
            .field("rejection", &self.rejection)
            .finish()
    }
}

impl<E> fmt::Display for ThunkError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, {}", self.thunk, self.run)?;
        if let Some(key) = &self.key {
            write!(f, ", key {key}")?;
        }
        write!(f, ": {}", self.rejection)
    }
}

impl<E: Error + 'static> Error for ThunkError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.rejection.source()
    }
}
