//! From handler to handler in one phase.

use crate::{
    handler::{Attempt, Awaited, Called, Handler},
    observe::Place,
};
use std::task::{Context, Poll, ready};

/// How far a phase is.
pub(super) struct Walk<T> {
    /// The number of the handler whose turn it is.
    next: usize,
    /// What it has returned, if that is a future.
    pending: Option<Awaited<T>>,
}

impl<T> Default for Walk<T> {
    fn default() -> Self {
        Self { next: 0, pending: None }
    }
}

impl<T> Walk<T> {
    /// The number of the handler whose turn it is.
    #[inline]
    pub(super) fn next(&self) -> usize {
        self.next
    }

    /// Calls `handler`, whose turn it is, or goes on with its future. Without a `cx` a future is not polled.
    #[inline]
    pub(super) fn poll(
        &mut self,
        handler: &Handler<T>,
        place: &Place,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<Attempt<T>> {
        if self.pending.is_none() {
            match handler.call(place) {
                Called::Done(attempt) => {
                    self.next += 1;
                    return Poll::Ready(attempt);
                }
                Called::Pending(pending) => self.pending = Some(pending),
            }
        }
        self.poll_pending(cx)
    }

    fn poll_pending(&mut self, cx: Option<&mut Context<'_>>) -> Poll<Attempt<T>> {
        let (Some(pending), Some(cx)) = (&mut self.pending, cx) else { return Poll::Pending };
        let attempt = ready!(pending.poll(cx));
        self.pending = None;
        self.next += 1;
        Poll::Ready(attempt)
    }
}
