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
    /// What it has returned, if that is a future.
    pending: Option<Awaited<T>>,
    /// Its span.
    measured: Measured,
}

impl<T> Default for Walk<T> {
    fn default() -> Self {
        Self { next: 0, pending: None, measured: Measured::default() }
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
            self.measured = measured.handler(handler.id());
            match self.measured.inside(|| handler.call(place)) {
                Called::Done(attempt) => return Poll::Ready(self.done(attempt)),
                Called::Pending(pending) => self.pending = Some(pending),
            }
        }
        self.poll_pending(handler, poller)
    }

    fn poll_pending(
        &mut self,
        handler: &Handler<T>,
        poller: &mut Poller<'_, '_>,
    ) -> Poll<Attempt<T>> {
        let Some(pending) = &mut self.pending else { return Poll::Pending };
        let pending = Pin::new(pending);
        let attempt = match poller {
            Poller::Run(cx) => ready!(self.measured.inside(|| pending.poll(cx))),
            Poller::Stack(None) => return Poll::Pending,
            // A panic of the future is an attempt; here it is one of the spawner, whose context the future needs.
            Poller::Stack(Some(store)) => {
                let name = handler.name().clone();
                match self.measured.inside(|| store.poll_inline(name, pending)) {
                    Ok(poll) => ready!(poll),
                    Err(panicked) => Err(Cause::Panicked(panicked.message)),
                }
            }
        };
        self.pending = None;
        Poll::Ready(self.done(attempt))
    }

    /// The next handler's turn.
    #[inline]
    fn done(&mut self, attempt: Attempt<T>) -> Attempt<T> {
        if let Err(cause) = &attempt {
            self.measured.record("error", cause);
        }
        self.measured = Measured::default();
        self.next += 1;
        attempt
    }
}
