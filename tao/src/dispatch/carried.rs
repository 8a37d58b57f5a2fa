//! A line of execution in a run: its future.

use super::{
    line::Line,
    measured::Measured,
    track::{Own, Track},
    waiting::Waiting,
};
use crate::{
    handler::{Awaited, Called, Contexts, Handler},
    kernel::Core,
    observe::Place,
};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// A line of execution that a run carries. What the user wrote is dropped before the line leaves its cascade.
pub(super) struct Carried {
    /// The handler that the line begins with, until it is done.
    opening: Option<Opening>,
    /// Dispatches that wait for a handler.
    waiting: Waiting,
    /// What the line keeps.
    own: Own,
    /// The kernel.
    core: Arc<Core>,
}

/// An async handler that is called in a line of its own.
pub(super) struct Opening {
    /// The handler.
    handler: Arc<Handler<Contexts>>,
    /// What it has returned, if that is a future.
    pending: Option<Awaited<Contexts>>,
    /// Its span.
    measured: Measured,
    /// What it is called for.
    place: Place,
}

impl Carried {
    /// A line that was begun elsewhere.
    pub(super) fn new(core: Arc<Core>, own: Own, waiting: Waiting) -> Self {
        Self { opening: None, waiting, own, core }
    }

    /// A line that begins with an async handler.
    pub(super) fn opening(core: Arc<Core>, own: Own, opening: Opening) -> Self {
        Self { opening: Some(opening), waiting: Waiting::default(), own, core }
    }
}

impl Future for Carried {
    type Output = Result<(), Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { opening, waiting, own, core } = &mut *self;
        let mut track = Track::in_run(core, own);
        if let Some(begun) = opening {
            ready!(begun.poll(&mut track, cx));
            *opening = None;
        }
        Line { track, waiting }.advance(cx).map(Ok)
    }
}

impl Opening {
    pub(super) fn new(handler: Arc<Handler<Contexts>>, place: Place, measured: Measured) -> Self {
        Self { handler, pending: None, measured, place }
    }

    /// Runs the handler, and chains to what it returns.
    fn poll(&mut self, track: &mut Track<'_>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { handler, pending, measured, place } = self;
        let attempt = match pending {
            Some(pending) => ready!(measured.inside(|| Pin::new(pending).poll(cx))),
            None => match measured.inside(|| handler.call(place)) {
                Called::Done(attempt) => attempt,
                Called::Pending(begun) => {
                    let begun = pending.insert(begun);
                    ready!(measured.inside(|| Pin::new(begun).poll(cx)))
                }
            },
        };
        *pending = None;
        if let Err(cause) = &attempt {
            measured.record("error", cause);
        }
        // The handler is done: so is its span.
        *measured = Measured::default();
        match attempt {
            Ok(contexts) => {
                track.answered(place, handler.id(), &contexts);
                track.chain_all(contexts, place, handler.id());
            }
            Err(cause) => drop(track.failed(place, handler.id(), cause)),
        }
        Poll::Ready(())
    }
}
