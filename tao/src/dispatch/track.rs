//! What a line of execution keeps: what is still to be dispatched, and its part in the cascade.

use super::{Line, queue::Queue};
use crate::{
    cascade::{CascadeId, Conclusion, Presence, Shared},
    context::AppCtx,
    error::{CascadeError, Cause, HandlerError, HopBudgetError},
    handler::{Contexts, Handler, HandlerId},
    journey::Entrance,
    kernel::{Core, Snapshot},
    observe::{Place, Said, What},
    request::{Ask, Attendance},
    trigram::Trigram,
};
use std::sync::Arc;
use trine_core::{Failure, RunContext, StoreDropped};

/// How many of the last signals a [`HopBudgetError`] names.
const TRAIL: u32 = 8;

/// What is to be dispatched in a line, and what the line has to do with the rest of its cascade.
pub(super) struct Track {
    /// The kernel.
    core: Arc<Core>,
    /// The cascade.
    id: CascadeId,
    /// The signal that the cascade began with.
    entry: AppCtx,
    /// What is to be dispatched next, oldest first.
    ready: Queue,
    /// The line's place in what the lines of a cascade share: none until something needs it, so that a cascade which
    /// never leaves the caller's stack shares nothing.
    presence: Option<Presence>,
    /// How many chained signals there were, until something is shared.
    spent: u32,
    /// What the intercepts of the first signal decided, until something is shared.
    first: Option<Conclusion>,
    /// The run that the line is in.
    run: Option<RunContext>,
    /// The last signals before the budget is spent.
    trail: Vec<Trigram>,
    /// The line's place among those that a request waits for.
    attendance: Option<Attendance>,
}

impl Track {
    /// The line of a signal that is being set.
    #[inline]
    pub(super) fn enter(core: &Arc<Core>, entrance: Entrance) -> Self {
        let id = core.next_cascade();
        let Entrance { context, route, circle, returns, ask } = entrance;
        let mut ready = Queue::default();
        let entry = context.clone();
        let attendance = ask.map(|ask| Attendance::enter(ask, core, id));
        let place = Place { route, circle, ..Place::entry(id, context) };
        if let (true, Some(circle)) = (returns, &place.circle) {
            ready.push(place.heard_by(circle));
        }
        ready.push(place);
        let core = Arc::clone(core);
        Self {
            core,
            id,
            entry,
            ready,
            presence: None,
            spent: 0,
            first: None,
            run: None,
            trail: Vec::new(),
            attendance,
        }
    }

    /// A line beside others, in a run of its own.
    pub(super) fn forked(
        core: Arc<Core>,
        id: CascadeId,
        presence: Presence,
        run: RunContext,
        attendance: Option<Attendance>,
    ) -> Self {
        let entry = presence.shared().entry().clone();
        let (presence, run) = (Some(presence), Some(run));
        Self {
            core,
            id,
            entry,
            ready: Queue::default(),
            presence,
            spent: 0,
            first: None,
            run,
            trail: Vec::new(),
            attendance,
        }
    }

    /// The request that waits for what follows.
    pub(super) fn ask(&self) -> Option<Arc<Ask>> {
        self.attendance.as_ref().map(|attendance| Arc::clone(attendance.ask()))
    }

    pub(super) fn id(&self) -> CascadeId {
        self.id
    }

    /// What the lines of the cascade share.
    pub(super) fn share(&mut self) -> Arc<Shared> {
        let presence = self.presence.get_or_insert_with(|| {
            let first = self.first.take();
            Shared::begin(Arc::clone(&self.core), self.id, self.entry.clone(), self.spent, first)
        });
        Arc::clone(presence.shared())
    }

    /// What the lines of the cascade share, if they do, and what the first signal came to, if it is known here.
    pub(super) fn close(self) -> (Option<Arc<Shared>>, Option<Conclusion>) {
        (self.presence.as_ref().map(|presence| Arc::clone(presence.shared())), self.first.clone())
    }

    /// The line is now carried by this run.
    pub(super) fn carried_by(&mut self, run: RunContext) {
        self.run = Some(run);
    }

    pub(super) fn snapshot(&self, place: &Place) -> Snapshot {
        self.core.snapshot(place)
    }

    #[inline]
    pub(super) fn tell(&self, place: &Place, what: What<'_>) {
        self.core.observers().tell(place, what);
    }

    /// Tells what an async or inline handler answered.
    #[inline]
    pub(super) fn answered(&self, place: &Place, handler: HandlerId, contexts: &Contexts) {
        self.tell(place, What::Answered { handler, said: Said::Chained(contexts.as_slice()) });
    }

    /// Notes that a handler failed.
    #[cold]
    pub(super) fn failed(&self, place: &Place, handler: HandlerId, cause: Cause) -> HandlerError {
        let error = HandlerError { signal: place.context.trigram().clone(), handler, cause };
        self.core.report(place, &error.clone().into());
        if let Some(attendance) = &self.attendance {
            attendance.ask().failed(error.clone().into());
        }
        error
    }

    /// Notes what the intercepts have decided.
    #[inline]
    pub(super) fn concluded(&mut self, place: &Place, conclusion: &Conclusion) {
        self.core.concluded(place, conclusion);
        if let Some(attendance) = &self.attendance {
            attendance.ask().concluded(&self.core, place, conclusion);
        }
        if place.is_entry() {
            match &self.presence {
                Some(presence) => presence.shared().conclude(conclusion),
                None => self.first = Some(conclusion.clone()),
            }
        }
    }

    /// Puts a signal at the end of the line.
    pub(super) fn chain(&mut self, place: Place) {
        self.ready.push(place);
    }

    /// Chains to what a handler has returned.
    pub(super) fn chain_all(&mut self, contexts: Contexts, from: &Place, handler: HandlerId) {
        contexts.for_each(from, handler, |next| self.chain(next));
    }

    /// Whether something is left to dispatch.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether the cascade was ended, or the line's run (with its store, say), so that nothing more is to be done here.
    pub(super) fn is_over(&self) -> bool {
        if self.run.as_ref().is_some_and(|run| !run.is_active()) {
            return true;
        }
        self.presence.as_ref().is_some_and(|presence| presence.shared().is_over())
    }

    /// Takes the next signal, unless the cascade is over, or is so by this one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Place> {
        if self.is_over() {
            self.ready.clear();
        }
        let mut place = self.ready.pop()?;
        // A signal that has its number already, or whose channel has heard it, is the second half of one that was counted.
        if place.hop == 0 || place.dispatch != 0 || place.audience.is_some() {
            return Some(place);
        }
        place.dispatch = match &self.presence {
            Some(presence) => presence.shared().spend(),
            None => {
                self.spent = self.spent.saturating_add(1);
                self.spent
            }
        };
        let left = self.core.hop_budget().checked_sub(place.dispatch);
        if left.is_none_or(|left| left < TRAIL) {
            self.trail.push(place.context.trigram().clone());
        }
        if left.is_none() {
            self.exhausted(&place);
            return None;
        }
        if let Some(circle) = &place.circle {
            // The channel's handlers first: a chain of theirs comes after those of the kernel's all the same.
            let heard = place.heard_by(circle);
            self.ready.push_front(place);
            return Some(heard);
        }
        Some(place)
    }

    #[cold]
    fn exhausted(&mut self, place: &Place) {
        let trail = std::mem::take(&mut self.trail);
        let error = HopBudgetError { budget: self.core.hop_budget(), trail };
        self.ready.clear();
        let first_to_know = self.share().end();
        if first_to_know {
            let error = CascadeError::from(error);
            self.core.report(place, &error);
            if let Some(attendance) = &self.attendance {
                attendance.ask().failed(error);
            }
        }
    }

    /// Queues an async handler, in an execution context of its own.
    pub(super) fn fork(&mut self, handler: &Arc<Handler<Contexts>>, place: &Place) {
        let shared = self.share();
        let core = Arc::clone(&self.core);
        let on_cut = {
            let ask = self.ask();
            let (core, place, handler) = (Arc::clone(&core), place.clone(), handler.id());
            move |cause| {
                let signal = place.context.trigram().clone();
                let error = HandlerError { signal, handler, cause };
                core.report(&place, &error.clone().into());
                if let Some(ask) = ask {
                    ask.failed(error.into());
                }
            }
        };
        let Some(store) = core.store() else {
            return on_cut(Cause::NotRun(Failure::StoreDropped(StoreDropped)));
        };
        let name = handler.name().clone();
        let builder = match &self.run {
            // The parent is a note of where it came from; it goes on when the parent is done.
            Some(run) => run.run_builder(name).detached(),
            None => store.run_builder(name),
        };
        let (id, place, handler) = (self.id, place.clone(), Arc::clone(handler));
        let presence = Presence::enter(&shared);
        let attendance = self.attendance.clone();
        shared.start(builder.queued(), on_cut, move |run| async move {
            let mut line = Line::forked(Track::forked(core, id, presence, run, attendance));
            line.open(&handler, &place).await;
            line.finish().await;
        });
    }
}
