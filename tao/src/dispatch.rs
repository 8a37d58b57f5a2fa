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

mod carried;
mod line;
mod measured;
mod nesting;
mod queue;
mod ruling;
mod track;
mod waiting;
mod walk;

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

impl Subject {
    fn scene(&self) -> Scene<'_> {
        let Self { place, handlers, measured } = self;
        Scene { place, handlers, measured }
    }
}

/// A [`Subject`], wherever its parts are.
#[derive(Clone, Copy)]
struct Scene<'a> {
    place: &'a Place,
    handlers: &'a Snapshot,
    measured: &'a Measured,
}

enum Stage {
    /// The intercepts are being asked.
    Gate(Walk<Verdict>, Ruling),
    /// The inline handlers are being called. Where one of them is awaited, what those before have chained to waits here.
    Inline(Walk<Contexts>, Vec<Place>),
}

impl Dispatch {
    /// Begins: notes the handlers that match now, and goes on until it is done or a handler has to be waited for. What is left of it
    /// then, if anything is.
    #[inline]
    fn begin(place: Place, track: &mut Track<'_>, poller: &mut Poller<'_, '_>) -> Option<Self> {
        let mut handlers = track.snapshot(&place);
        let mut ruling = receive(&place, &mut handlers, track);
        let measured = track.measured().dispatch(&place);
        let scene = Scene { place: &place, handlers: &handlers, measured: &measured };
        let mut gates = Walk::default();
        let Poll::Ready(conclusion) = gate(&mut gates, &mut ruling, scene, track, poller) else {
            let subject = Subject { place, handlers, measured };
            return Some(Self { subject, stage: Stage::Gate(gates, ruling) });
        };
        if proceed(conclusion, scene, track) {
            let (mut walk, mut chains) = (Walk::default(), Vec::new());
            if react(&mut walk, &mut chains, scene, track, poller).is_pending() {
                let subject = Subject { place, handlers, measured };
                return Some(Self { subject, stage: Stage::Inline(walk, chains) });
            }
        }
        track.leave(place);
        None
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
            let conclusion = ready!(gate(walk, ruling, subject.scene(), track, poller));
            if !proceed(conclusion, subject.scene(), track) {
                return Poll::Ready(());
            }
            *stage = Stage::Inline(Walk::default(), Vec::new());
        }
        match stage {
            Stage::Gate(..) => Poll::Ready(()),
            Stage::Inline(walk, chains) => react(walk, chains, subject.scene(), track, poller),
        }
    }
}

/// Tells that a signal is received, and judges it: what the kernel has against it, if anything, in which case no handler hears of it.
#[inline]
fn receive(place: &Place, handlers: &mut Snapshot, track: &Track<'_>) -> Ruling {
    track.tell(place, What::Received);
    if handlers.is_empty() {
        track.tell(place, What::Unhandled);
    }
    match track.judge(place, handlers.is_empty()) {
        None => Ruling::default(),
        Some(error) => {
            *handlers = Snapshot::default();
            Ruling::refuse(error)
        }
    }
}

/// Asks every intercept, whatever the others say.
#[inline]
fn gate(
    walk: &mut Walk<Verdict>,
    ruling: &mut Ruling,
    scene: Scene<'_>,
    track: &Track<'_>,
    poller: &mut Poller<'_, '_>,
) -> Poll<Conclusion> {
    let Scene { place, handlers, measured } = scene;
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

/// Tells what the intercepts have decided, and does it: queues the async handlers, or chains to what comes instead. Whether the
/// inline handlers are to hear of the signal.
#[inline]
fn proceed(conclusion: Conclusion, scene: Scene<'_>, track: &mut Track<'_>) -> bool {
    let Scene { place, handlers, measured } = scene;
    measured.record("conclusion", &conclusion);
    track.concluded(place, &conclusion);
    match conclusion {
        Conclusion::Proceeded => {}
        Conclusion::Redirected { to, by } => {
            track.chain(place.next(by, 0, to));
            return false;
        }
        _ => return false,
    }
    let mut n = 0;
    while let Some(handler) = handlers.asynchronous(n) {
        track.fork(handler, place, measured);
        n += 1;
    }
    track.tell(place, What::Dispatched);
    true
}

/// Calls every inline handler, and chains to what they have returned when all are done. What waits for that meanwhile is kept in `chains`.
#[inline]
fn react(
    walk: &mut Walk<Contexts>,
    chains: &mut Vec<Place>,
    scene: Scene<'_>,
    track: &mut Track<'_>,
    poller: &mut Poller<'_, '_>,
) -> Poll<()> {
    // Whatever is chained from here on comes last in the track, where nobody takes it before this one is done or waits.
    let mark = track.len();
    let poll = inline(walk, scene, track, poller);
    if poll.is_pending() || !chains.is_empty() {
        chains.append(&mut track.split_off(mark));
    }
    ready!(poll);
    track.tell(scene.place, What::Settled);
    if !chains.is_empty() {
        chains.drain(..).for_each(|place| track.chain(place));
    }
    Poll::Ready(())
}

/// Calls every inline handler, whatever becomes of the others.
#[inline]
fn inline(
    walk: &mut Walk<Contexts>,
    scene: Scene<'_>,
    track: &mut Track<'_>,
    poller: &mut Poller<'_, '_>,
) -> Poll<()> {
    let Scene { place, handlers, measured } = scene;
    while let Some(handler) = handlers.inline(walk.next()) {
        match ready!(walk.poll(handler, place, measured, poller)) {
            Ok(contexts) => {
                track.answered(place, handler.id(), &contexts);
                track.chain_all(contexts, place, handler.id());
            }
            Err(cause) => track.fail(place, handler.id(), cause),
        }
    }
    Poll::Ready(())
}
