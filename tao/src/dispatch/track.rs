//! What a line of execution keeps: what is still to be dispatched, and its part in the cascade.

use super::{Line, queue::Queue};
use crate::{
    cascade::{CascadeId, Conclusion, Presence, Shared},
    context::AppCtx,
    error::{CascadeError, Cause, HandlerError, HopBudgetError},
    handler::{Contexts, Handler, HandlerId},
    kernel::{Core, Snapshot},
    observe::{Place, Said, What},
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
}

impl Track {
    /// The line of a signal that is being set.
    pub(super) fn enter(core: &Arc<Core>, context: AppCtx) -> Self {
        let id = core.next_cascade();
        let mut ready = Queue::default();
        let entry = context.clone();
        ready.push(Place::entry(id, context));
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
        }
    }

    /// A line beside others, in a run of its own.
    pub(super) fn forked(
        core: Arc<Core>,
        id: CascadeId,
        presence: Presence,
        run: RunContext,
    ) -> Self {
        let entry = presence.shared().entry().clone();
        let ready = Queue::default();
        let (presence, run) = (Some(presence), Some(run));
        Self { core, id, entry, ready, presence, spent: 0, first: None, run, trail: Vec::new() }
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

    pub(super) fn snapshot(&self, trigram: &Trigram) -> Snapshot {
        self.core.snapshot(trigram)
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
        error
    }

    /// Notes what the intercepts have decided.
    #[inline]
    pub(super) fn concluded(&mut self, place: &Place, conclusion: &Conclusion) {
        self.core.concluded(place, conclusion);
        if place.hop == 0 {
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
        contexts.for_each(|next| self.chain(from.next(handler, next)));
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
        if place.hop == 0 {
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
        Some(place)
    }

    #[cold]
    fn exhausted(&mut self, place: &Place) {
        let trail = std::mem::take(&mut self.trail);
        let error = HopBudgetError { budget: self.core.hop_budget(), trail };
        self.ready.clear();
        let first_to_know = self.share().end();
        if first_to_know {
            self.core.report(place, &CascadeError::from(error));
        }
    }

    /// Queues an async handler, in an execution context of its own.
    pub(super) fn fork(&mut self, handler: &Arc<Handler<Contexts>>, place: &Place) {
        let shared = self.share();
        let core = Arc::clone(&self.core);
        let on_cut = {
            let (core, place, handler) = (Arc::clone(&core), place.clone(), handler.id());
            move |cause| {
                let signal = place.context.trigram().clone();
                core.report(&place, &HandlerError { signal, handler, cause }.into());
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
        shared.start(builder.queued(), on_cut, move |run| async move {
            let mut line = Line::forked(Track::forked(core, id, presence, run));
            line.open(&handler, &place).await;
            line.finish().await;
        });
    }
}
