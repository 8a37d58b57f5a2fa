//! What a line of execution keeps: what is still to be dispatched, and its part in the cascade.

use super::{
    carried::{Call, Carried},
    measured::Measured,
    queue::Queue,
};
use crate::{
    cascade::{CascadeId, Conclusion, Deadline, Ending, Presence, Shared},
    context::AppCtx,
    envelope::Chain,
    error::{CascadeError, Cause, HandlerError, HopBudgetError},
    handler::{Contexts, Handler, HandlerId, contain},
    journey::Entrance,
    kernel::{Core, Snapshot},
    observe::{Place, Said, What},
    request::{Ask, Attendance},
    trigram::Trigram,
};
use std::{sync::Arc, time::Duration};
use trine_core::{Failure, RunContext, Store, StoreDropped};

/// How many of the last signals a [`HopBudgetError`] names.
const TRAIL: u32 = 32;

/// What is to be dispatched in a line, and what the line has to do with the rest of its cascade.
pub(super) struct Track<'a> {
    /// The kernel.
    core: &'a Arc<Core>,
    /// The store, on the stack of the caller of `set`: a run holds it weakly.
    store: Option<&'a Store>,
    /// What goes along when the line moves from that stack into a run.
    own: &'a mut Own,
}

/// What a line of execution keeps, wherever it is.
pub(super) struct Own {
    /// The cascade.
    id: CascadeId,
    /// The signal that the cascade began with, once its dispatch is over or somebody asks for it.
    entry: Option<AppCtx>,
    /// What that came with.
    chain: Chain,
    /// How many chained signals the cascade may have.
    hop_budget: u32,
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
    /// Whether the signal that was set comes back to its channel from another kernel, so that the channel is to hear it.
    returns: bool,
    /// The cascade's span.
    measured: Measured,
    /// The line's place among those that a request waits for.
    attendance: Option<Attendance>,
}

impl Own {
    /// The line of a signal that is being set. Takes the request that it is set for.
    #[inline]
    pub(super) fn enter(core: &Arc<Core>, entrance: &mut Entrance) -> Self {
        let id = core.next_cascade();
        let attendance = entrance.ask.take();
        Self {
            id,
            entry: None,
            chain: entrance.chain.clone(),
            hop_budget: entrance.hop_budget.unwrap_or(core.hop_budget()),
            ready: Queue::default(),
            presence: None,
            spent: 0,
            first: None,
            run: None,
            trail: Vec::new(),
            returns: entrance.returns,
            measured: Measured::cascade(id, &entrance.context),
            attendance: attendance.map(|ask| Attendance::enter(ask, core, id)),
        }
    }

    /// A line beside this one, in a run of its own.
    pub(super) fn fork(&self, presence: Presence) -> Self {
        Self {
            id: self.id,
            entry: Some(presence.shared().entry().clone()),
            chain: Chain::new(),
            hop_budget: self.hop_budget,
            ready: Queue::default(),
            presence: Some(presence),
            spent: 0,
            first: None,
            run: None,
            trail: self.trail.clone(),
            returns: false,
            measured: self.measured.clone(),
            attendance: self.attendance.clone(),
        }
    }

    /// The line is carried by this run from now on.
    pub(super) fn carried_by(&mut self, run: RunContext) {
        self.run = Some(run);
    }

    pub(super) fn id(&self) -> CascadeId {
        self.id
    }
}

impl<'a> Track<'a> {
    /// What is dispatched on the stack of the caller of `set`.
    #[inline]
    pub(super) fn on_stack(core: &'a Arc<Core>, store: &'a Store, own: &'a mut Own) -> Self {
        Self { core, store: Some(store), own }
    }

    /// What is dispatched in a run.
    #[inline]
    pub(super) fn in_run(core: &'a Arc<Core>, own: &'a mut Own) -> Self {
        Self { core, store: None, own }
    }

    /// Has the cascade, which begins with this signal, end when this time is up.
    #[cold]
    pub(super) fn limit(&mut self, first: &Place, timeout: Duration) {
        self.remember(first);
        let clock = self.store.and_then(Store::clock);
        let at = clock.map(|clock| {
            let at = clock.now().saturating_add(timeout);
            (clock, at)
        });
        self.share_until(Some(Box::new(Deadline { timeout, at })));
    }

    /// The request that waits for what follows.
    pub(super) fn ask(&self) -> Option<Arc<Ask>> {
        self.own.attendance.as_ref().map(|attendance| Arc::clone(attendance.ask()))
    }

    /// What the lines of the cascade share.
    pub(super) fn share(&mut self) -> Arc<Shared> {
        self.share_until(None)
    }

    fn share_until(&mut self, deadline: Option<Box<Deadline>>) -> Arc<Shared> {
        let presence = self.own.presence.get_or_insert_with(|| {
            let first = self.own.ready.first();
            let entry = self.own.entry.get_or_insert_with(|| {
                // The first signal is still to be dispatched.
                first.expect("a line has a signal, or has had one").context.clone()
            });
            let entry = (entry.clone(), self.own.chain.clone());
            let first = self.own.first.take();
            Shared::begin(
                Arc::clone(self.core),
                self.own.id,
                entry,
                deadline,
                self.own.spent,
                first,
            )
        });
        Arc::clone(presence.shared())
    }

    /// What the lines of the cascade share, if they do, and what the first signal came to, if it is known here.
    #[inline]
    pub(super) fn close(&mut self) -> (Option<Arc<Shared>>, Option<Conclusion>) {
        if let (None, Some(entry)) = (&self.own.presence, &self.own.entry) {
            let place = || Place::entry(self.own.id, entry.clone(), self.own.chain.clone());
            self.core.observers().tell_at(place, What::Rested(&Ending::Completed));
        }
        let shared = self.own.presence.as_ref().map(|presence| Arc::clone(presence.shared()));
        (shared, self.own.first.take())
    }

    /// Who polls the futures that are met on the stack of the caller of `set`.
    #[inline]
    pub(super) fn store(&self) -> Option<&'a Store> {
        self.store
    }

    /// Notes a signal that has been dispatched.
    #[inline]
    pub(super) fn leave(&mut self, place: Place) {
        if place.hop == 0 && self.own.entry.is_none() {
            self.own.entry = Some(place.context);
        }
    }

    /// Notes a signal that is being dispatched.
    #[inline]
    pub(super) fn remember(&mut self, place: &Place) {
        if place.hop == 0 && self.own.entry.is_none() {
            self.own.entry = Some(place.context.clone());
        }
    }

    #[inline]
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

    /// Judges a signal that was received, where the kernel has rules for that; the error if it is refused.
    #[inline]
    pub(super) fn judge(&self, place: &Place, unhandled: bool) -> Option<CascadeError> {
        let error = self.core.judge(place, unhandled)?;
        self.core.report(place, &error);
        if let Some(attendance) = &self.own.attendance {
            attendance.ask().failed(error.clone());
        }
        Some(error)
    }

    /// Notes that a handler failed.
    #[cold]
    pub(super) fn failed(&self, place: &Place, handler: HandlerId, cause: Cause) -> HandlerError {
        let error = HandlerError { signal: place.context.trigram().clone(), handler, cause };
        self.core.report(place, &error.clone().into());
        if let Some(attendance) = &self.own.attendance {
            attendance.ask().failed(error.clone().into());
        }
        error
    }

    /// Notes that a handler failed whose error nobody is to have. It is the user's, its drop too.
    #[cold]
    pub(super) fn fail(&self, place: &Place, handler: HandlerId, cause: Cause) {
        let error = self.failed(place, handler, cause);
        let _ = contain(|| drop(error));
    }

    /// Notes what the intercepts have decided.
    #[inline]
    pub(super) fn concluded(&mut self, place: &Place, conclusion: &Conclusion) {
        self.core.concluded(place, conclusion, self.store);
        if let Some(attendance) = &self.own.attendance {
            attendance.ask().concluded(self.core, place, conclusion);
        }
        if place.is_entry() {
            match &self.own.presence {
                Some(presence) => presence.shared().conclude(conclusion),
                None => self.own.first = Some(conclusion.clone()),
            }
        }
    }

    /// Puts a signal at the end of the line.
    pub(super) fn chain(&mut self, place: Place) {
        self.own.ready.push(place);
    }

    /// Chains to what a handler has returned.
    #[inline]
    pub(super) fn chain_all(&mut self, contexts: Contexts, from: &Place, handler: HandlerId) {
        contexts.for_each(from, handler, |next| self.chain(next));
    }

    /// The cascade's span.
    #[inline]
    pub(super) fn measured(&self) -> &Measured {
        &self.own.measured
    }

    /// How much is left to dispatch.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.own.ready.len()
    }

    /// Takes out what was chained since so many were left to dispatch.
    pub(super) fn split_off(&mut self, mark: usize) -> Vec<Place> {
        self.own.ready.split_off(mark)
    }

    /// Whether something is left to dispatch.
    pub(super) fn is_ready(&self) -> bool {
        !self.own.ready.is_empty()
    }

    /// Whether the cascade was ended, or the line's run (with its store, say), so that nothing more is to be done here.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        if self.own.run.as_ref().is_some_and(|run| !run.is_active()) {
            return true;
        }
        self.own.presence.as_ref().is_some_and(|presence| presence.shared().is_over())
    }

    /// Receives the signal that was set, which need not stand in the line, unless the cascade is over already.
    #[inline]
    pub(super) fn first(&mut self, place: &mut Place) -> bool {
        let goes_on = !self.is_over();
        if goes_on {
            self.receive_first(place);
        }
        goes_on
    }

    #[inline]
    fn receive_first(&mut self, place: &mut Place) {
        place.is_received = true;
        let returns = std::mem::take(&mut self.own.returns);
        self.admit(place, returns);
    }

    /// Takes the next signal, unless the cascade is over, or is so by this one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Place> {
        if self.is_over() {
            self.own.ready.clear();
        }
        let mut place = self.own.ready.pop()?;
        // The second half of one that was taken before.
        if place.is_received {
            return Some(place);
        }
        if place.hop == 0 {
            self.receive_first(&mut place);
            return Some(place);
        }
        place.is_received = true;
        place.dispatch = match &self.own.presence {
            Some(presence) => presence.shared().spend(),
            None => {
                self.own.spent = self.own.spent.saturating_add(1);
                self.own.spent
            }
        };
        let left = self.own.hop_budget.checked_sub(place.dispatch);
        if left.is_none_or(|left| left < TRAIL) {
            self.own.trail.push(place.context.trigram().clone());
        }
        if left.is_none() {
            self.exhausted(&place);
            return None;
        }
        self.admit(&mut place, true);
        Some(place)
    }

    /// Derives the chain of a signal that is about to be received. If it `is_for_channel` too, the channel's handlers hear it first: a
    /// chain of theirs comes after those of the kernel's all the same.
    #[inline]
    fn admit(&mut self, place: &mut Place, is_for_channel: bool) {
        self.core.reducers().reduce(place);
        if let (true, Some(circle)) = (is_for_channel, &place.circle) {
            let heard = place.heard_by(circle);
            self.own.ready.push_front(std::mem::replace(place, heard));
        }
    }

    #[cold]
    fn exhausted(&mut self, place: &Place) {
        let trail = std::mem::take(&mut self.own.trail);
        let error = HopBudgetError { budget: self.own.hop_budget, trail };
        self.own.ready.clear();
        if let Some(error) = self.share().exhaust(place, error)
            && let Some(attendance) = &self.own.attendance
        {
            attendance.ask().failed(error);
        }
    }

    /// Queues an async handler, in an execution context of its own.
    pub(super) fn fork(
        &mut self,
        handler: &Arc<Handler<Contexts>>,
        place: &Place,
        dispatch: &Measured,
    ) {
        self.remember(place);
        let measured = self.own.measured.fork(handler.id(), dispatch);
        let shared = self.share();
        let call = Arc::new(Call { handler: Arc::clone(handler), place: place.clone() });
        let on_cut = {
            let (call, shared, ask) = (Arc::clone(&call), Arc::clone(&shared), self.ask());
            move |cause| {
                let Call { handler, place } = &*call;
                let signal = place.context.trigram().clone();
                let error = HandlerError { signal, handler: handler.id(), cause };
                shared.core().report(place, &error.clone().into());
                if let Some(ask) = ask {
                    ask.failed(error.into());
                }
            }
        };
        let name = handler.name().clone();
        let builder = match (&self.own.run, self.store) {
            // The parent is a note of where it came from; it goes on when the parent is done.
            (Some(run), _) => run.run_builder(name).detached(),
            (None, Some(store)) => store.run_builder(name),
            (None, None) => return on_cut(Cause::NotRun(Failure::StoreDropped(StoreDropped))),
        };
        let (number, presence) = Presence::announce(&shared);
        let line = Carried::fork(self.core, self.own.fork(presence), call, measured);
        shared.start(number, builder.queued(), on_cut, |run| line.carried_by(run));
    }
}
