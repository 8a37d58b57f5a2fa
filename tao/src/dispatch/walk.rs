//! From handler to handler in one phase.

use super::measured::Measured;
use crate::{
    error::Cause,
    handler::{Attempt, Awaited, Called, Handler},
    observe::Place,
};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use trine_core::Store;

/// Who polls the futures of handlers.
pub(super) enum Poller<'a, 'w> {
    /// The caller of `set`, on his stack, once each, as core makes the first poll of a run. Not at all if the store is gone.
    Stack(Option<&'a Store>),
    /// The run of a line.
    Run(&'a mut Context<'w>),
}

/// How far a phase is.
pub(super) struct Walk<T> {
    /// The number of the handler whose turn it is.
    next: usize,
    /// What it has returned, if that is a future, and its span.
    pending: Option<(Awaited<T>, Measured)>,
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

    /// Calls `handler`, whose turn it is, or goes on with its future.
    #[inline]
    pub(super) fn poll(
        &mut self,
        handler: &Handler<T>,
        place: &Place,
        measured: &Measured,
        poller: &mut Poller<'_, '_>,
    ) -> Poll<Attempt<T>> {
        if self.pending.is_none() {
            let measured = measured.handler(handler.id());
            match measured.inside(|| handler.call(place)) {
                Called::Done(attempt) => return Poll::Ready(self.done(attempt, &measured)),
                Called::Pending(pending) => self.pending = Some((pending, measured)),
            }
        }
        self.poll_pending(handler, poller)
    }

    fn poll_pending(
        &mut self,
        handler: &Handler<T>,
        poller: &mut Poller<'_, '_>,
    ) -> Poll<Attempt<T>> {
        let Some((pending, measured)) = &mut self.pending else { return Poll::Pending };
        let pending = Pin::new(pending);
        let attempt = match poller {
            Poller::Run(cx) => ready!(measured.inside(|| pending.poll(cx))),
            Poller::Stack(None) => return Poll::Pending,
            // A panic of the future is an attempt; here it is one of the spawner, whose context the future needs.
            Poller::Stack(Some(store)) => {
                let name = handler.name().clone();
                match measured.inside(|| store.poll_inline(name, pending)) {
                    Ok(poll) => ready!(poll),
                    Err(panicked) => Err(Cause::Panicked(panicked.message)),
                }
            }
        };
        // The future goes first, then its span.
        let measured = self.pending.take().map(|(_, measured)| measured).unwrap_or_default();
        Poll::Ready(self.done(attempt, &measured))
    }

    /// The next handler's turn.
    #[inline]
    fn done(&mut self, attempt: Attempt<T>, measured: &Measured) -> Attempt<T> {
        if let Err(cause) = &attempt {
            measured.record("error", cause);
        }
        self.next += 1;
        attempt
    }
}
