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
    /// What it has returned, if that has to be waited for.
    pending: Option<Box<Measuring<T>>>,
}

/// A future of a handler, and its span, which outlives it.
struct Measuring<T> {
    future: Awaited<T>,
    measured: Measured,
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
        if let Some(waited_for) = &mut self.pending {
            let attempt = ready!(waited_for.poll(handler, poller));
            let measured = self.pending.take().map(|done| done.measured).unwrap_or_default();
            return Poll::Ready(self.done(attempt, &measured));
        }
        let measured = measured.handler(handler.id());
        match measured.inside(|| handler.call(place)) {
            Called::Done(attempt) => Poll::Ready(self.done(attempt, &measured)),
            Called::Pending(future) => self.begin(Measuring { future, measured }, handler, poller),
        }
    }

    /// Polls a future for the first time: only one that is not ready is kept.
    fn begin(
        &mut self,
        mut begun: Measuring<T>,
        handler: &Handler<T>,
        poller: &mut Poller<'_, '_>,
    ) -> Poll<Attempt<T>> {
        let Poll::Ready(attempt) = begun.poll(handler, poller) else {
            self.pending = Some(Box::new(begun));
            return Poll::Pending;
        };
        let Measuring { future, measured } = begun;
        drop(future);
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

impl<T> Measuring<T> {
    fn poll(&mut self, handler: &Handler<T>, poller: &mut Poller<'_, '_>) -> Poll<Attempt<T>> {
        let Self { future, measured } = self;
        let future = Pin::new(future);
        match poller {
            Poller::Run(cx) => measured.inside(|| future.poll(cx)),
            Poller::Stack(None) => Poll::Pending,
            // A panic of the future is an attempt; here it is one of the spawner, whose context the future needs.
            Poller::Stack(Some(store)) => {
                let name = handler.name().clone();
                match measured.inside(|| store.poll_inline(name, future)) {
                    Ok(poll) => poll,
                    Err(panicked) => Poll::Ready(Err(Cause::Panicked(panicked.message))),
                }
            }
        }
    }
}
