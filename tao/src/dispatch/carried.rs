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
use trine_core::RunContext;

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
struct Opening {
    /// What it has returned, if that is a future.
    pending: Option<Awaited<Contexts>>,
    /// Its span.
    measured: Measured,
    /// Who is called, for what. Shared with who tells of it if the line is cut off.
    call: Arc<Call>,
}

/// A handler, and what it is called for.
pub(super) struct Call {
    pub(super) handler: Arc<Handler<Contexts>>,
    pub(super) place: Place,
}

impl Carried {
    /// A line that was begun elsewhere.
    pub(super) fn begun(core: &Arc<Core>, own: Own, waiting: Waiting) -> Box<Self> {
        Box::new(Self { opening: None, waiting, own, core: Arc::clone(core) })
    }

    /// A line that begins with an async handler. In a box, since it is moved from hand to hand until it is polled.
    pub(super) fn fork(
        core: &Arc<Core>,
        own: Own,
        call: Arc<Call>,
        measured: Measured,
    ) -> Box<Self> {
        let opening = Some(Opening { pending: None, measured, call });
        Box::new(Self { opening, waiting: Waiting::default(), own, core: Arc::clone(core) })
    }

    /// By this run.
    pub(super) fn carried_by(mut self: Box<Self>, run: RunContext) -> Box<Self> {
        self.own.carried_by(run);
        self
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
    /// Runs the handler, and chains to what it returns.
    fn poll(&mut self, track: &mut Track<'_>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { pending, measured, call } = self;
        let Call { handler, place } = &**call;
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
            Err(cause) => track.fail(place, handler.id(), cause),
        }
        Poll::Ready(())
    }
}
