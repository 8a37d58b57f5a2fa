//! User code that must not take the executor down with it: destructors, hooks, wakers.

use super::any_run::Head;
use crate::{delivery::set_aside, event::Event, lease, store::Core, text::Text};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Calls `f`; a panic comes back as its message.
#[inline]
pub(super) fn contain<R>(f: impl FnOnce() -> R) -> Result<R, Text> {
    // What `f` leaves half done belongs to the user who wrote it, or is dropped right after.
    catch_unwind(AssertUnwindSafe(f)).map_err(message)
}

/// Tells the store's observers. A panic of theirs, or of a callback that is called on this occasion, must neither keep a
/// run from starting nor from ending.
#[inline]
pub(super) fn tell(core: &Arc<Core>, event: impl FnOnce() -> Event) {
    if core.feed.is_observed()
        && let Err(message) = contain(|| core.emit(event))
    {
        tracing::error!(%message, "an observer or a callback panicked");
    }
}

/// Calls a hook of a run. A panic of its own comes back as its message; callbacks that panic because of what it writes
/// fail nothing and are events.
#[inline]
pub(super) fn call_hook<R>(
    head: &Head,
    when: &'static str,
    hook: impl FnOnce() -> R,
) -> Result<R, Text> {
    let (called, aside) = set_aside(head.executor.address(), || contain(hook));
    if !aside.is_empty() {
        tell_aside(head, when, aside);
    }
    called
}

#[cold]
fn tell_aside(head: &Head, when: &'static str, aside: Vec<Box<dyn Any + Send>>) {
    for payload in aside {
        let message = message(payload);
        let what = format!("a callback at the {when} of {head:?}");
        head.executor.tell(|| Event::Failed { what: what.into(), message });
    }
}

/// The message of a panic. Takes the payload, whose destructor may panic as well.
#[cold]
pub(super) fn message(payload: Box<dyn Any + Send>) -> Text {
    let message = if let Some(text) = payload.downcast_ref::<&'static str>() {
        Text::from(*text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Text::from(text.clone())
    } else {
        Text::from("a panic whose payload is not a string")
    };
    lease::drop_payload(payload);
    message
}
