//! How deep cascades are nested on a stack: a handler may set signals whose handlers set signals.

use crate::sync::thread_locals;
use std::cell::Cell;

/// How many cascades may run on one stack; what is set inside of them is left to the runtime.
const LIMIT: u32 = 32;

thread_locals! {
    /// How many cascades this thread is in.
    static DEPTH: Cell<u32> = Cell::new(0);
}

/// Counts a cascade on the stack for as long as it lives.
pub(super) struct Nested(());

impl Nested {
    /// None when the stack is deep enough.
    #[inline]
    pub(super) fn enter() -> Option<Self> {
        DEPTH.with(|depth| {
            (depth.get() < LIMIT).then(|| {
                depth.set(depth.get() + 1);
                Self(())
            })
        })
    }
}

impl Drop for Nested {
    #[inline]
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}
