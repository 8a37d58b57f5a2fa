//! Panics of callbacks that are called on somebody else's occasion.
//!
//! Under [`PanicPolicy::Resume`](crate::PanicPolicy::Resume) the panic of a callback goes on in whoever delivered: the one
//! who wrote, most of the time. The hooks at a run's start and end write too, but a view that panics then must not fail the
//! run, which has nothing to do with it. So while a hook runs, such panics are [set aside](set_aside), and told as events.

use crate::sync::thread_locals;
use std::{any::Any, cell::RefCell};

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

thread_locals! {
    /// The store whose hook this thread is in, by the address of its core, and what has been set aside for it.
    static ASIDE: RefCell<Option<(usize, Vec<Payload>)>> = RefCell::new(None);
}

/// Calls `hook`, which must not panic; returns what callbacks of `store` panicked with meanwhile on this thread.
pub(crate) fn set_aside<R>(store: usize, hook: impl FnOnce() -> R) -> (R, Vec<Payload>) {
    // A callback of the hook's commits may start a run, with hooks of its own.
    let outer = ASIDE.with(|aside| aside.replace(Some((store, Vec::new()))));
    let value = hook();
    let aside = ASIDE.with(|aside| aside.replace(outer));
    (value, aside.map_or_else(Vec::new, |(_, payloads)| payloads))
}

/// Sets the panic of a callback of `store` aside if the thread is in a hook of that store; else gives it back.
pub(super) fn put(store: usize, payload: Payload) -> Option<Payload> {
    ASIDE.with(|aside| match &mut *aside.borrow_mut() {
        Some((hook_of, payloads)) if *hook_of == store => {
            payloads.push(payload);
            None
        }
        _ => Some(payload),
    })
}
