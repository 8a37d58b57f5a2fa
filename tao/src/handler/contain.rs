//! Containing panics of user code.

use super::{Attempt, Pending};
use crate::error::Cause;
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
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

/// Polls a handler's future; an error or a panic is the cause of its failure.
pub(crate) fn poll_contained<T>(
    pending: &mut Pending<T>,
    cx: &mut Context<'_>,
) -> Poll<Attempt<T>> {
    match contain(|| pending.as_mut().poll(cx)) {
        Ok(poll) => poll.map_err(Cause::from),
        Err(message) => Poll::Ready(Err(Cause::Panicked(message))),
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
