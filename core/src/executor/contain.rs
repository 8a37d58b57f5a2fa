//! User code that must not take the executor down with it: destructors, hooks, wakers.

use crate::text::Text;
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Calls `f`; a panic comes back as its message.
pub(super) fn contain<R>(f: impl FnOnce() -> R) -> Result<R, Text> {
    // What `f` leaves half done belongs to the user who wrote it, or is dropped right after.
    catch_unwind(AssertUnwindSafe(f)).map_err(message)
}

/// The message of a panic. Takes the payload, whose destructor may panic as well.
pub(super) fn message(payload: Box<dyn Any + Send>) -> Text {
    let message = if let Some(text) = payload.downcast_ref::<&'static str>() {
        Text::from(*text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Text::from(text.clone())
    } else {
        Text::from("a panic whose payload is not a string")
    };
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // A payload whose destructor panics with such a payload again has no end; give up on it.
        std::mem::forget(second);
    }
    message
}
