//! Containing panics of user code.

use super::{Attempt, Pending};
use crate::error::Cause;
use std::{
    any::{Any, type_name},
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};
use trine_core::Text;

/// Calls `f`; a panic is returned as its message.
///
/// What `f` leaves half done is the user's own: nothing of this crate's is touched inside.
#[inline]
pub(crate) fn contain<R>(f: impl FnOnce() -> R) -> Result<R, Text> {
    catch_unwind(AssertUnwindSafe(f)).map_err(message)
}

/// Something that the user gave and that is shared: a handler, an observer. Who lets go of it last is chance (a dispatch that it was
/// removed in, say), so a panic in its `Drop` is reported, and hits nobody.
pub(crate) struct Contained<T>(Option<T>);

impl<T> Contained<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Deref for Contained<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<T> Drop for Contained<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        if let Err(panic) = contain(|| drop(value)) {
            tracing::error!(%panic, what = type_name::<T>(), "a drop panicked");
        }
    }
}

/// A future of a handler that is waited for. A panic in its `Drop` is contained: several of them may be dropped
/// together, with a line that was aborted, and a second panic while one unwinds would end the process.
pub(crate) struct Awaited<T>(Option<Pending<T>>);

impl<T> Awaited<T> {
    pub(crate) fn new(pending: Pending<T>) -> Self {
        Self(Some(pending))
    }
}

/// An error or a panic of the future is the cause of the handler's failure.
impl<T> Future for Awaited<T> {
    type Output = Attempt<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Attempt<T>> {
        let Some(pending) = &mut self.0 else { return Poll::Pending };
        match contain(|| pending.as_mut().poll(cx)) {
            Ok(poll) => poll.map_err(Cause::from),
            Err(message) => Poll::Ready(Err(Cause::Panicked(message))),
        }
    }
}

impl<T> Drop for Awaited<T> {
    fn drop(&mut self) {
        let pending = self.0.take();
        let _ = contain(|| drop(pending));
    }
}

#[cold]
fn message(payload: Box<dyn Any + Send>) -> Text {
    match payload.downcast::<&'static str>() {
        Ok(message) => Text::from(*message),
        Err(payload) => match payload.downcast::<String>() {
            Ok(message) => Text::from(*message),
            Err(payload) => {
                // Its own drop may panic; there is nobody left to tell.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                Text::from("a panic without a message")
            }
        },
    }
}
