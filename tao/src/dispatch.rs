//! One dispatch: a signal on its way through its handlers.
//!
//! # The order of things
//!
//! | step | file |
//! |---|---|
//! | a line of execution takes the next signal, if the cascade's budget allows it | `line.rs`, `track.rs` |
//! | the handlers that match now are noted: nothing that is registered or removed later changes them | here |
//! | all intercepts are asked, one after the other; the ruling weighs what they say | `walk.rs`, `ruling.rs` |
//! | proceeding: every async handler is queued, as a run with a line of its own | `track.rs` |
//! | every inline handler is called, one after the other | `walk.rs` |
//! | what they returned goes to the end of the line | `track.rs`, `queue.rs` |
//!
//! A dispatch is a state machine, so the same code runs on the caller's stack, without a runtime and without an
//! allocation, and in a run. On the stack there is no waker to wait with: a future is polled there once, and if it is not ready,
//! its dispatch waits until the line moves into a run, which polls it again at once.

mod line;
mod measured;
mod nesting;
mod queue;
mod ruling;
mod track;
mod waiting;
mod walk;

use line::Line;
pub(crate) use line::set;

use crate::{
    cascade::Conclusion,
    handler::{Contexts, Verdict},
    kernel::Snapshot,
    observe::{Place, What},
};
use measured::Measured;
use ruling::Ruling;
use std::task::{Poll, ready};
use track::Track;
use trine_core::Text;
use walk::{Poller, Walk};

/// A signal on its way through its handlers.
struct Dispatch {
    /// What is dispatched, to whom.
    subject: Subject,
    /// How far it is.
    stage: Stage,
}

/// A signal and those who are to hear of it.
struct Subject {
    /// The signal, and where in its cascade it is.
    place: Place,
    /// Its handlers.
    handlers: Snapshot,
    /// Its span.
    measured: Measured,
}

enum Stage {
    /// The intercepts are being asked.
    Gate(Walk<Verdict>, Ruling),
    /// The inline handlers are being called. Where one of them is awaited, what those before have chained to waits here.
    Inline(Walk<Contexts>, Vec<Place>),
}

impl Dispatch {
    /// Begins: notes the handlers that match now.
    #[inline]
    fn receive(place: Place, track: &Track<'_>) -> Self {
        let mut handlers = track.snapshot(&place);
        track.tell(&place, What::Received);
        if handlers.is_empty() {
            track.tell(&place, What::Unhandled);
        }
        let ruling = match track.judge(&place, handlers.is_empty()) {
            None => Ruling::default(),
            Some(error) => {
                handlers = Snapshot::default();
                Ruling::refuse(error)
            }
        };
        let measured = track.measured().dispatch(&place);
        let subject = Subject { place, handlers, measured };
        Self { subject, stage: Stage::Gate(Walk::default(), ruling) }
    }

    /// The handler that it waits for.
    fn waiting_for(&self) -> Option<Text> {
        let name = match &self.stage {
            Stage::Gate(walk, _) => self.subject.handlers.intercept(walk.next())?.name(),
            Stage::Inline(walk, _) => self.subject.handlers.inline(walk.next())?.name(),
        };
        Some(name.clone())
    }

    /// Goes on until it is done or a handler has to be waited for.
    fn poll(&mut self, track: &mut Track<'_>, poller: &mut Poller<'_, '_>) -> Poll<()> {
        let Self { subject, stage } = self;
        if let Stage::Gate(walk, ruling) = stage {
            let conclusion = ready!(gate(walk, ruling, subject, track, poller));
            let Subject { place, handlers, measured } = subject;
            measured.record("conclusion", &conclusion);
            track.concluded(place, &conclusion);
            match conclusion {
                Conclusion::Proceeded => {}
                Conclusion::Redirected { to, by } => {
                    track.chain(place.next(by, to));
                    return Poll::Ready(());
                }
                _ => return Poll::Ready(()),
            }
            let mut n = 0;
            while let Some(handler) = handlers.asynchronous(n) {
                track.fork(handler, place, measured);
                n += 1;
            }
            track.tell(place, What::Dispatched);
            *stage = Stage::Inline(Walk::default(), Vec::new());
        }
        if let Stage::Inline(walk, chains) = stage {
            // Whatever is chained from here on comes last in the track, where nobody takes it before this one is done or waits.
            let mark = track.len();
            let poll = inline(walk, subject, track, poller);
            if poll.is_pending() || !chains.is_empty() {
                chains.append(&mut track.split_off(mark));
            }
            ready!(poll);
            track.tell(&subject.place, What::Settled);
            if !chains.is_empty() {
                chains.drain(..).for_each(|place| track.chain(place));
            }
        }
        Poll::Ready(())
    }
}

/// Asks every intercept, whatever the others say.
fn gate(
    walk: &mut Walk<Verdict>,
    ruling: &mut Ruling,
    subject: &Subject,
    track: &Track<'_>,
    poller: &mut Poller<'_, '_>,
) -> Poll<Conclusion> {
    let Subject { place, handlers, measured } = subject;
    while let Some(handler) = handlers.intercept(walk.next()) {
        match ready!(walk.poll(handler, place, measured, poller)) {
            Ok(verdict) => {
                track.tell(place, What::Answered { handler: handler.id(), said: verdict.said() });
                ruling.hear(handler.id(), verdict);
            }
            Err(cause) => ruling.fail(track.failed(place, handler.id(), cause)),
        }
    }
    Poll::Ready(std::mem::take(ruling).conclude())
}

/// Calls every inline handler, whatever becomes of the others.
fn inline(
    walk: &mut Walk<Contexts>,
    subject: &Subject,
    track: &mut Track<'_>,
    poller: &mut Poller<'_, '_>,
) -> Poll<()> {
    let Subject { place, handlers, measured } = subject;
    while let Some(handler) = handlers.inline(walk.next()) {
        match ready!(walk.poll(handler, place, measured, poller)) {
            Ok(contexts) => {
                track.answered(place, handler.id(), &contexts);
                track.chain_all(contexts, place, handler.id());
            }
            Err(cause) => drop(track.failed(place, handler.id(), cause)),
        }
    }
    Poll::Ready(())
}
