//! From handler to handler in one phase.

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
        poller: &mut Poller<'_, '_>,
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
            Poller::Run(cx) => ready!(pending.poll(cx)),
            Poller::Stack(None) => return Poll::Pending,
            // A panic of the future is an attempt; here it is one of the spawner, whose context the future needs.
            Poller::Stack(Some(store)) => {
                match store.poll_inline(handler.name().clone(), pending) {
                    Ok(poll) => ready!(poll),
                    Err(panicked) => Err(Cause::Panicked(panicked.message)),
                }
            }
        };
        self.pending = None;
        self.next += 1;
        Poll::Ready(attempt)
    }
}
