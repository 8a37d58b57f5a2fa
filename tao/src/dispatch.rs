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
//! allocation, and in a run. On the stack there is no waker to wait with: a dispatch that meets a future stops there,
//! and its line moves into a run, which polls that future first.

mod line;
mod nesting;
mod queue;
mod ruling;
mod track;
mod waiting;
mod walk;

pub(crate) use line::Line;

use crate::{
    cascade::Conclusion,
    handler::{Contexts, Verdict},
    kernel::Snapshot,
    observe::{Place, What},
};
use queue::Queue;
use ruling::Ruling;
use std::task::{Context, Poll, ready};
use track::Track;
use trine_core::Text;
use walk::Walk;

/// A signal on its way through its handlers.
struct Dispatch {
    /// The signal, and where in its cascade it is.
    place: Place,
    /// Its handlers.
    handlers: Snapshot,
    /// How far it is.
    stage: Stage,
}

enum Stage {
    /// The intercepts are being asked.
    Gate(Walk<Verdict>, Ruling),
    /// The inline handlers are being called; their chains wait until all are done.
    Inline(Walk<Contexts>, Queue),
}

impl Dispatch {
    /// Begins: notes the handlers that match now.
    fn receive(place: Place, track: &Track) -> Self {
        let handlers = track.snapshot(&place);
        track.tell(&place, What::Received);
        if handlers.is_empty() {
            track.tell(&place, What::Unhandled);
        }
        Self { place, handlers, stage: Stage::Gate(Walk::default(), Ruling::default()) }
    }

    /// The handler that it waits for.
    fn waiting_for(&self) -> Option<Text> {
        let name = match &self.stage {
            Stage::Gate(walk, _) => self.handlers.intercept(walk.next())?.name(),
            Stage::Inline(walk, _) => self.handlers.inline(walk.next())?.name(),
        };
        Some(name.clone())
    }

    /// Goes on until it is done or a handler has to be waited for.
    fn poll(&mut self, track: &mut Track, mut cx: Option<&mut Context<'_>>) -> Poll<()> {
        if let Stage::Gate(walk, ruling) = &mut self.stage {
            let conclusion =
                ready!(gate(walk, ruling, &self.place, &self.handlers, track, cx.as_deref_mut()));
            track.concluded(&self.place, &conclusion);
            match conclusion {
                Conclusion::Proceeded => {}
                Conclusion::Redirected { to, by } => {
                    track.chain(self.place.next(by, to));
                    return Poll::Ready(());
                }
                _ => return Poll::Ready(()),
            }
            let mut n = 0;
            while let Some(handler) = self.handlers.asynchronous(n) {
                track.fork(handler, &self.place);
                n += 1;
            }
            track.tell(&self.place, What::Dispatched);
            self.stage = Stage::Inline(Walk::default(), Queue::default());
        }
        if let Stage::Inline(walk, chains) = &mut self.stage {
            ready!(inline(walk, chains, &self.place, &self.handlers, track, cx));
            track.tell(&self.place, What::Settled);
            while let Some(place) = chains.pop() {
                track.chain(place);
            }
        }
        Poll::Ready(())
    }
}

/// Asks every intercept, whatever the others say.
fn gate(
    walk: &mut Walk<Verdict>,
    ruling: &mut Ruling,
    place: &Place,
    handlers: &Snapshot,
    track: &Track,
    mut cx: Option<&mut Context<'_>>,
) -> Poll<Conclusion> {
    while let Some(handler) = handlers.intercept(walk.next()) {
        match ready!(walk.poll(handler, place, cx.as_deref_mut())) {
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
    chains: &mut Queue,
    place: &Place,
    handlers: &Snapshot,
    track: &Track,
    mut cx: Option<&mut Context<'_>>,
) -> Poll<()> {
    while let Some(handler) = handlers.inline(walk.next()) {
        match ready!(walk.poll(handler, place, cx.as_deref_mut())) {
            Ok(contexts) => {
                track.answered(place, handler.id(), &contexts);
                contexts.for_each(place, handler.id(), |next| chains.push(next));
            }
            Err(cause) => drop(track.failed(place, handler.id(), cause)),
        }
    }
    Poll::Ready(())
}
