//! A line of execution: signals dispatched one after the other, in the order in which they were chained.
//!
//! A cascade has one line that begins on the stack of the caller of `set`, and one for each async handler. A dispatch that
//! has to wait for a handler does not hold up the others of its line: chains are a fan-out.

use super::{Dispatch, nesting::Nested, track::Track, waiting::Waiting};
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
    sync::Arc,
    task::{Context, Poll},
};
use trine_core::{Store, Text};

/// How many signals a line in a run dispatches before it lets others have the thread.
const TURN: u32 = 64;

/// A line of execution.
pub(crate) struct Line {
    /// What is to be dispatched next, and for whom.
    track: Track,
    /// Dispatches that wait for a handler.
    waiting: Waiting,
}

impl Line {
    /// The line of a signal that is being set.
    #[inline]
    pub(crate) fn enter(core: &Arc<Core>, entrance: Entrance) -> Self {
        Self { track: Track::enter(core, entrance), waiting: Waiting::default() }
    }

    pub(super) fn forked(track: Track) -> Self {
        Self { track, waiting: Waiting::default() }
    }

    /// Dispatches what can be without waiting, and leaves the rest to the runtime.
    pub(crate) fn go(mut self, store: &Store) -> Cascade {
        let id = self.track.id();
        let rests = Nested::enter().is_some_and(|_nested| self.advance(None, None).is_ready());
        if rests {
            let (shared, first) = self.track.close();
            return Cascade::new(id, shared, first);
        }
        let shared = self.track.share();
        // Too deep on the stack when nothing has been begun; else the first poll is the caller's, like that of every run.
        let name = self.waiting_for();
        let mut builder = store.run_builder(name.unwrap_or(Text::from_static("tao cascade")));
        if self.waiting.is_empty() {
            builder = builder.queued();
        }
        let (cut, watched, ask) = (Arc::clone(&shared), Arc::clone(&shared), self.track.ask());
        shared.start(
            builder,
            move |cause| {
                let error = cut.cut(cause);
                if let Some(ask) = ask {
                    ask.failed(error.into());
                }
            },
            move |run| async move {
                self.track.carried_by(run);
                self.finish().await;
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
    pub(super) async fn open(&mut self, handler: &Handler<Contexts>, place: &Place) {
        let attempt = match handler.call(place) {
            Called::Done(attempt) => attempt,
            Called::Pending(mut pending) => {
                let attempt = poll_fn(|cx| pending.poll(cx)).await;
                drop(pending);
                attempt
            }
        };
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
        // What has begun on the caller's stack and can end there does not stop half way; later, others get their turn.
        let mut turn = if self.waiting.is_empty() { Some(TURN) } else { None };
        poll_fn(|cx| {
            let poll = self.advance(Some(cx), turn);
            turn = Some(TURN);
            poll
        })
        .await;
    }

    /// Dispatches until nothing is left that can go on, or until so many signals had their `turn`. Without a `cx`
    /// it stops at the first future.
    fn advance(&mut self, mut cx: Option<&mut Context<'_>>, turn: Option<u32>) -> Poll<()> {
        let Self { track, waiting } = self;
        let mut dispatched = 0;
        if let Some(cx) = cx.as_deref_mut() {
            waiting.poll_due(track, cx);
        }
        while let Some(place) = track.next() {
            let mut dispatch = Dispatch::receive(place, track);
            if dispatch.poll(track, None).is_pending() {
                waiting.push(dispatch);
                match cx.as_deref_mut() {
                    Some(cx) => waiting.poll_due(track, cx),
                    None => return Poll::Pending,
                }
            }
            dispatched += 1;
            if turn == Some(dispatched) && track.is_ready() {
                if let Some(cx) = cx {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        }
        if track.is_over() {
            waiting.clear();
        }
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}
