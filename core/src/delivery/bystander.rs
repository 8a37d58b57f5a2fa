//! Panics of callbacks that are called on somebody else's occasion.
//!
//! Under [`PanicPolicy::Resume`](crate::PanicPolicy::Resume) the panic of a callback goes on in whoever delivered: the one
//! who wrote, most of the time. The hooks at a run's start and end write too, but a view that panics then must not fail the
//! run, which has nothing to do with it. So while a hook runs, such panics are [set aside](set_aside), and told as events.

use crate::sync::thread_locals;
use std::{
    any::Any,
    cell::{Cell, RefCell},
};

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

thread_locals! {
    /// The store whose hook this thread is in, by the address of its core; 0 if it is in none.
    static HOOK_OF: Cell<usize> = Cell::new(0);
    /// How much is in `ASIDE`: spares the common end of a hook a look at it.
    static COUNT: Cell<usize> = Cell::new(0);
    /// What has been set aside for the hooks that this thread is in, the outermost one's first.
    static ASIDE: RefCell<Vec<Payload>> = RefCell::new(Vec::new());
}

/// Calls `hook`, which must not panic; returns what callbacks of `store` panicked with meanwhile on this thread.
#[inline]
pub(crate) fn set_aside<R>(store: usize, hook: impl FnOnce() -> R) -> (R, Vec<Payload>) {
    // A callback of the hook's commits may start a run, with hooks of its own.
    let outer = HOOK_OF.with(|of| of.replace(store));
    let before = COUNT.with(Cell::get);
    let value = hook();
    HOOK_OF.with(|of| of.set(outer));
    let none = COUNT.with(Cell::get) == before;
    (value, if none { Vec::new() } else { take_from(before) })
}

#[cold]
fn take_from(before: usize) -> Vec<Payload> {
    COUNT.with(|count| count.set(before));
    ASIDE.with(|aside| aside.borrow_mut().split_off(before))
}

/// Sets the panic of a callback of `store` aside if the thread is in a hook of that store; else gives it back.
pub(super) fn put(store: usize, payload: Payload) -> Option<Payload> {
    if HOOK_OF.with(Cell::get) != store {
        return Some(payload);
    }
    ASIDE.with(|aside| aside.borrow_mut().push(payload));
    COUNT.with(|count| count.set(count.get() + 1));
    None
}
