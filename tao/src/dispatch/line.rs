//! A line of execution: signals dispatched one after the other, in the order in which they were chained.
//!
//! A cascade has one line that begins on the stack of the caller of `set`, and one for each async handler. A dispatch that
//! has to wait for a handler does not hold up the others of its line: chains are a fan-out.

use super::{
    Dispatch, measured::Measured, nesting::Nested, track::Track, waiting::Waiting, walk::Poller,
};
use crate::{
    cascade::Cascade,
    error::Cause,
    handler::{Called, Contexts, Handler},
    journey::Entrance,
    kernel::Core,
    observe::Place,
};
use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use trine_core::{Store, Text};

/// How many signals a line in a run dispatches before it lets others have the thread.
const TURN: u32 = 64;

/// A line of execution.
pub(crate) struct Line<'a> {
    /// What is to be dispatched next, and for whom.
    track: Track<'a>,
    /// Dispatches that wait for a handler.
    waiting: Waiting,
}

/// Dispatches what has entered as far as that goes without waiting, and leaves the rest to the runtime.
#[inline]
pub(crate) fn set(core: &Arc<Core>, store: &Store, entrance: Entrance) -> Cascade {
    let track = Track::enter(core, store, entrance);
    let mut line = Line { track, waiting: Waiting::default() };
    let id = line.track.id();
    let rests = Nested::enter().is_some_and(|_nested| line.advance_on_stack().is_ready());
    if rests {
        let (shared, first) = line.track.close();
        drop(line);
        return Cascade::new(id, shared, first);
    }
    line.go_on_elsewhere(core, store)
}

impl<'a> Line<'a> {
    pub(super) fn forked(track: Track<'a>) -> Self {
        Self { track, waiting: Waiting::default() }
    }

    /// Leaves what waits, or has not been begun, to a run.
    #[cold]
    fn go_on_elsewhere(mut self, core: &Arc<Core>, store: &Store) -> Cascade {
        let (id, shared) = (self.track.id(), self.track.share());
        // All that is ready at once, or could not be begun on this stack: so there is nothing for a first poll here.
        let name = self.waiting_for().unwrap_or(Text::from_static("tao cascade"));
        let builder = store.run_builder(name).queued();
        let (cut, watched, ask) = (Arc::clone(&shared), Arc::clone(&shared), self.track.ask());
        let (core, own, waiting) = (Arc::clone(core), self.track.into_own(), self.waiting);
        shared.start(
            builder,
            move |cause| {
                let error = cut.cut(cause);
                if let Some(ask) = ask {
                    ask.failed(error.into());
                }
            },
            move |run| async move {
                let track = Track::carried(&core, own, run);
                Line { track, waiting }.finish().await;
            },
        );
        watched.watch_deadline(store);
        Cascade::new(id, Some(watched), None)
    }

    /// The handler that is waited for.
    fn waiting_for(&self) -> Option<Text> {
        self.waiting.first().and_then(Dispatch::waiting_for)
    }

    /// Runs the async handler that the line was forked for, and chains to what it returns.
    pub(super) async fn open(
        &mut self,
        handler: &Handler<Contexts>,
        place: &Place,
        measured: Measured,
    ) {
        let attempt = match measured.inside(|| handler.call(place)) {
            Called::Done(attempt) => attempt,
            Called::Pending(mut pending) => {
                let poll =
                    |cx: &mut Context<'_>| measured.inside(|| Pin::new(&mut pending).poll(cx));
                let attempt = poll_fn(poll).await;
                drop(pending);
                attempt
            }
        };
        if let Err(cause) = &attempt {
            measured.record("error", cause);
        }
        drop(measured);
        match attempt {
            Ok(contexts) => {
                self.track.answered(place, handler.id(), &contexts);
                self.track.chain_all(contexts, place, handler.id());
            }
            Err(cause) => drop::<Cause>(self.track.failed(place, handler.id(), cause).cause),
        }
    }

    /// Goes on until nothing is left.
    pub(super) async fn finish(&mut self) {
        poll_fn(|cx| self.advance(cx)).await;
    }

    /// Dispatches, on the stack of the caller of `set`, until nothing is left that can go on.
    #[inline]
    fn advance_on_stack(&mut self) -> Poll<()> {
        let Self { track, waiting } = self;
        let mut poller = Poller::Stack(track.store());
        while let Some(place) = track.next() {
            let mut dispatch = Dispatch::receive(place, track);
            match dispatch.poll(track, &mut poller) {
                Poll::Ready(()) => track.leave(dispatch.subject.place),
                Poll::Pending => {
                    track.remember(&dispatch.subject.place);
                    waiting.push(dispatch);
                }
            }
        }
        self.is_at_rest()
    }

    /// Dispatches, in a run, until nothing is left that can go on, or until a [`TURN`] is over.
    fn advance(&mut self, cx: &Context<'_>) -> Poll<()> {
        let Self { track, waiting } = self;
        let mut dispatched = 0;
        waiting.poll_due(track, cx);
        while let Some(place) = track.next() {
            let mut dispatch = Dispatch::receive(place, track);
            // A future that is ready at once needs no waker of its own. One that is not is polled again at once, with one.
            let mut idle = Context::from_waker(Waker::noop());
            let mut first = Poller::Run(&mut idle);
            if dispatch.poll(track, &mut first).is_pending() {
                waiting.push(dispatch);
                waiting.poll_due(track, cx);
            }
            dispatched += 1;
            if dispatched == TURN && track.is_ready() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        self.is_at_rest()
    }

    #[inline]
    fn is_at_rest(&mut self) -> Poll<()> {
        if !self.waiting.is_empty() && self.track.is_over() {
            self.waiting.clear();
        }
        if self.waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}
