//! A line of execution: signals dispatched one after the other, in the order in which they were chained.
//!
//! A cascade has one line that begins on the stack of the caller of `set`, and one for each async handler. A dispatch that
//! has to wait for a handler does not hold up the others of its line: chains are a fan-out.

use super::{
    Dispatch,
    carried::Carried,
    nesting::Nested,
    track::{Own, Track},
    waiting::Waiting,
    walk::Poller,
};
use crate::{cascade::Cascade, journey::Entrance, kernel::Core, observe::Place};
use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};
use trine_core::{Store, Text};

/// How many signals a line in a run dispatches before it lets others have the thread.
const TURN: u32 = 64;

/// A line of execution, while it is polled.
pub(super) struct Line<'a> {
    /// What is to be dispatched next, and for whom.
    pub(super) track: Track<'a>,
    /// Dispatches that wait for a handler.
    pub(super) waiting: &'a mut Waiting,
}

/// Dispatches what has entered as far as that goes without waiting, and leaves the rest to the runtime.
#[inline]
pub(crate) fn set(core: &Arc<Core>, store: &Store, mut entrance: Entrance) -> Cascade {
    let mut own = Own::enter(core, &mut entrance);
    let (mut waiting, id, timeout) = (Waiting::default(), own.id(), entrance.timeout);
    let first = entrance.into_place(id);
    let mut line = Line { track: Track::on_stack(core, store, &mut own), waiting: &mut waiting };
    if let Some(timeout) = timeout {
        line.track.limit(&first, timeout);
    }
    let rests = match Nested::enter() {
        Some(_nested) => line.advance_on_stack(first).is_ready(),
        None => {
            line.track.chain(first);
            false
        }
    };
    if rests {
        let (shared, first) = line.track.close();
        drop(own);
        return Cascade::new(id, shared, first);
    }
    go_on_elsewhere(core, store, own, waiting)
}

/// Leaves what waits, or has not been begun, to a run.
#[cold]
fn go_on_elsewhere(core: &Arc<Core>, store: &Store, mut own: Own, waiting: Waiting) -> Cascade {
    let mut track = Track::on_stack(core, store, &mut own);
    let (shared, ask) = (track.share(), track.ask());
    // All that is ready at once, or could not be begun on this stack: so there is nothing for a first poll here.
    let name = waiting.first().and_then(Dispatch::waiting_for);
    let builder = store.run_builder(name.unwrap_or(Text::from_static("tao cascade"))).queued();
    let (cut, watched, id) = (Arc::clone(&shared), Arc::clone(&shared), own.id());
    let line = Carried::begun(core, own, waiting);
    shared.start(
        shared.announce_run(),
        builder,
        move |cause| {
            let error = cut.cut(cause);
            if let Some(ask) = ask {
                ask.failed(error.into());
            }
        },
        |run| line.carried_by(run),
    );
    watched.watch_deadline(store);
    Cascade::new(id, Some(watched), None)
}

impl Line<'_> {
    /// Dispatches, on the stack of the caller of `set`, until nothing is left that can go on.
    #[inline]
    fn advance_on_stack(&mut self, mut first: Place) -> Poll<()> {
        if self.track.first(&mut first) {
            self.dispatch_on_stack(first);
        }
        while let Some(place) = self.track.next() {
            self.dispatch_on_stack(place);
        }
        self.is_at_rest()
    }

    #[inline]
    fn dispatch_on_stack(&mut self, place: Place) {
        let Self { track, waiting } = self;
        let mut poller = Poller::Stack(track.store());
        if let Some(dispatch) = Dispatch::begin(place, track, &mut poller) {
            track.remember(&dispatch.subject.place);
            waiting.push(dispatch);
        }
    }

    /// Dispatches, in a run, until nothing is left that can go on, or until a [`TURN`] is over.
    pub(super) fn advance(&mut self, cx: &Context<'_>) -> Poll<()> {
        let Self { track, waiting } = self;
        let mut dispatched = 0;
        waiting.poll_due(track, cx);
        while let Some(place) = track.next() {
            // A future that is ready at once needs no waker of its own. One that is not is polled again at once, with one.
            let mut idle = Context::from_waker(Waker::noop());
            let mut first = Poller::Run(&mut idle);
            if let Some(dispatch) = Dispatch::begin(place, track, &mut first) {
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
