//! The way of an action: middleware, reducers, listeners.
//!
//! 1. `dispatch.rs`: is there any middleware, is anybody listening? If not, which is one look at a counter, the action goes to the
//!    reducers as it is, on the stack.
//! 2. Otherwise it is put where it can be shared, and each middleware is called with it and with what comes
//!    [next](crate::Next), in the order in which they were added, outside the lease.
//! 3. The reducers, inside the lease, in one commit; the states that listeners keep are taken just before and after.
//! 4. Subscribers are told as the thread leaves the lease.
//! 5. The listeners (`listener.rs`), in the order in which they were added, then who waits for an action.
//!
//! The lifecycle events of thunks go the same way. What a middleware does to them must not break what the store promises of
//! them: see [`Commit`].

use crate::{
    action::AnyAction,
    error::{DispatchError, panic_message},
    listener::Listeners,
    middleware::{Chain, Layers, Next},
    store::{Shared, Store},
    table::Occurrence,
};
use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use trine_core::{Event, RunContext, RunId, Text, Updates};

/// How many calls of middleware may nest on one stack.
const MAX_NESTING: usize = 256;

thread_local! {
    /// How many do.
    static NESTING: Cell<usize> = const { Cell::new(0) };
}

/// What is around the reducers of a store.
pub(crate) struct Pipeline<X> {
    /// How many middlewares, listeners and waits there are. Relaxed: whoever knows by other means that one was added sees it.
    busy: AtomicUsize,
    /// The middleware.
    pub(crate) layers: Layers<X>,
    /// The listeners.
    pub(crate) listeners: Listeners<X>,
}

/// Where the reducers are called.
#[derive(Clone)]
pub(crate) enum Route {
    /// From outside.
    Store,
    /// By the body of a run: not if that is over.
    Run(RunContext),
}

/// Runs the reducers for what has come through the middleware.
pub(crate) type Reduce<'r> = dyn FnMut(&mut Updates<'_>) -> Result<(), DispatchError> + 'r;

/// The commit of a lifecycle event, which is more than its reducers, and happens once, whatever middleware does.
pub(crate) trait Commit {
    /// Commits, with these reducers. Nothing if it has happened.
    fn commit(&self, reduce: &mut Reduce<'_>) -> Option<Result<(), DispatchError>>;

    /// Whether it has happened.
    fn is_done(&self) -> bool;
}

/// A commit that has not happened.
struct Once<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut Reduce<'_>) -> Result<(), DispatchError>> Commit for Once<F> {
    fn commit(&self, reduce: &mut Reduce<'_>) -> Option<Result<(), DispatchError>> {
        self.0.take().map(|commit| commit(reduce))
    }

    fn is_done(&self) -> bool {
        let commit = self.0.take();
        let done = commit.is_none();
        self.0.set(commit);
        done
    }
}

/// Actions in line, with the calls that have dispatched them.
pub(crate) type Line = Vec<(Arc<dyn AnyAction>, &'static Location<'static>)>;

/// An action on its way.
pub(crate) struct Passage<'a, X> {
    pub(crate) store: &'a Store<X>,
    /// Where the reducers are called.
    pub(crate) route: &'a Route,
    /// The call that has dispatched it.
    at: &'static Location<'static>,
    /// What is committed, if it is not only what the reducers do.
    commit: Option<&'a dyn Commit>,
    /// Where it is put instead of being reduced, if it is part of a batch.
    line: Option<&'a RefCell<Line>>,
    /// The layers that it goes through.
    pub(crate) chain: &'a Chain<X>,
}

impl<X> Pipeline<X> {
    pub(crate) fn new() -> Self {
        Self { busy: AtomicUsize::new(0), layers: Layers::new(), listeners: Listeners::new() }
    }

    /// Whether actions have to go through it.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) != 0
    }

    /// One more has been added.
    pub(crate) fn note_added(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// One was removed.
    pub(crate) fn note_removed(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Route {
    /// The run that it is part of.
    fn run(&self) -> Option<RunId> {
        match self {
            Self::Run(cx) => Some(cx.id()),
            _ => None,
        }
    }

    /// Whether reducers can be called at all.
    #[track_caller]
    fn check(&self, core: &trine_core::Store) -> Result<(), DispatchError> {
        // Middleware is no pure code: not inside a lease.
        core.try_updates(|_| ())?;
        match self {
            Self::Run(cx) if !cx.is_active() => Err(DispatchError::RunSettled { run: cx.id() }),
            _ => Ok(()),
        }
    }

    #[track_caller]
    fn updates(
        &self,
        core: &trine_core::Store,
        reduce: &mut Reduce<'_>,
    ) -> Result<(), DispatchError> {
        match self {
            Self::Store => core.try_updates(reduce)?.0,
            Self::Run(cx) => cx.updates(reduce)?.0,
        }
    }
}

/// Sends an action through the middleware, the reducers and the listeners.
#[track_caller]
pub(crate) fn send<X: Send + Sync + 'static>(
    store: &Store<X>,
    route: &Route,
    action: Arc<dyn AnyAction>,
) -> Result<(), DispatchError> {
    route.check(store.core())?;
    let chain = store.shared().pipeline.layers.chain();
    Passage::new(store, route, &chain).pass_on(action, 0)
}

/// Sends actions through the middleware, then all that have come through to the reducers, in one commit, then to the listeners.
pub(crate) fn send_batch<X: Send + Sync + 'static>(
    store: &Store<X>,
    actions: Line,
) -> Result<(), DispatchError> {
    let (core, shared) = (store.core(), store.shared());
    let busy = shared.pipeline.is_busy();
    let mut outcome = Ok(());
    let actions = if busy {
        let line = RefCell::new(Line::with_capacity(actions.len()));
        let chain = shared.pipeline.layers.chain();
        for (action, at) in actions {
            let passage = Passage::new(store, &Route::Store, &chain);
            let passed = Passage { at, line: Some(&line), ..passage }.pass_on(action, 0);
            outcome = outcome.and(passed);
        }
        line.into_inner()
    } else {
        actions
    };
    if actions.is_empty() {
        return outcome;
    }
    let audience = |action: &Arc<dyn AnyAction>| {
        let audience = shared.pipeline.listeners.audience(action.case_key());
        let kept = audience.keep();
        (audience, kept)
    };
    let mut heard: Vec<_> = if busy {
        actions.iter().map(|(action, _)| audience(action)).collect()
    } else {
        Vec::new()
    };
    let mut reached = 0;
    let committed = catch_unwind(AssertUnwindSafe(|| {
        let mut reduced = Ok(());
        core.try_updates(|cells| {
            for (index, (action, at)) in actions.iter().enumerate() {
                reached = index + 1;
                let mut kept = heard.get_mut(index).map(|(_, kept)| kept);
                cells.called_at(at);
                cells.note(|| Event::Dispatched { action: action.action_type(), run: None });
                if let Some(kept) = &mut kept {
                    kept.note_before(&shared.table, cells);
                }
                let occurrence = Occurrence { event: action.event(), action: &**action };
                let done = shared.table.reduce(cells, action.case_key(), &occurrence);
                if let Some(kept) = &mut kept {
                    kept.note_after(&shared.table, cells);
                }
                if reduced.is_ok() {
                    reduced = done;
                }
            }
        })?;
        reduced
    }));
    // They have happened, also if a reducer has panicked.
    for ((action, _), (audience, kept)) in actions.iter().zip(heard).take(reached) {
        audience.hear(store, action, kept);
    }
    outcome.and(committed.unwrap_or_else(|payload| resume_unwind(payload)))
}

/// Sends an action whose commit is more than its reducers. If a middleware stops it, nothing is committed.
#[track_caller]
pub(crate) fn send_with<X: Send + Sync + 'static>(
    store: &Store<X>,
    action: Arc<dyn AnyAction>,
    commit: impl FnOnce(&mut Reduce<'_>) -> Result<(), DispatchError>,
) -> Result<(), DispatchError> {
    let (route, once) = (Route::Store, Once(Cell::new(Some(commit))));
    route.check(store.core())?;
    let chain = store.shared().pipeline.layers.chain();
    Passage { commit: Some(&once), ..Passage::new(store, &route, &chain) }.pass_on(action, 0)
}

/// Sends the event that a run is pending. It is committed also if a middleware stops it: then without reducers.
///
/// A middleware that panics, or returns an error, keeps the run from starting.
pub(crate) fn send_pending<X: Send + Sync + 'static>(
    cx: &RunContext,
    shared: &Arc<Shared<X>>,
    (action, at): (Arc<dyn AnyAction>, &'static Location<'static>),
    commit: impl FnOnce(&mut Reduce<'_>) -> Result<(), DispatchError>,
) -> Result<(), DispatchError> {
    let store = Store::from_parts(cx.store()?, Arc::clone(shared));
    let (route, once) = (Route::Run(cx.clone()), Once(Cell::new(Some(commit))));
    route.check(store.core())?;
    let chain = shared.pipeline.layers.chain();
    let passage = Passage { at, commit: Some(&once), ..Passage::new(&store, &route, &chain) };
    passage.pass_on(action, 0)?;
    once.commit(&mut |_| Ok(())).unwrap_or(Ok(()))
}

/// Sends the event that a run is over. It is committed whatever a middleware does: without reducers if that stops it; with them if it
/// panics or returns an error, which is reported.
pub(crate) fn send_end<X: Send + Sync + 'static>(
    core: &trine_core::Store,
    shared: &Arc<Shared<X>>,
    (action, at): (Arc<dyn AnyAction>, &'static Location<'static>),
    commit: impl FnOnce(&mut Reduce<'_>) -> Result<(), DispatchError>,
) -> Result<(), DispatchError> {
    let store = Store::from_parts(core.clone(), Arc::clone(shared));
    let (route, once) = (Route::Store, Once(Cell::new(Some(commit))));
    let chain = shared.pipeline.layers.chain();
    let passage = Passage { at, commit: Some(&once), ..Passage::new(&store, &route, &chain) };
    let passed = catch_unwind(AssertUnwindSafe(|| passage.pass_on(Arc::clone(&action), 0)));
    let message = match passed {
        Ok(Err(error)) if !once.is_done() => Text::from(error.to_string()),
        Err(payload) if !once.is_done() => panic_message(&*payload),
        Ok(passed) => {
            return once.commit(&mut |_| Ok(())).unwrap_or(Ok(())).and(passed);
        }
        Err(payload) => resume_unwind(payload),
    };
    store.core().emit(|| Event::Failed {
        what: Text::from(format!("a middleware that was handed `{}`", action.action_type())),
        message,
    });
    passage.finish(&action)
}

impl<X> Clone for Passage<'_, X> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<X> Copy for Passage<'_, X> {}

impl<'a, X: Send + Sync + 'static> Passage<'a, X> {
    /// The way of a plain action.
    #[track_caller]
    pub(crate) fn new(store: &'a Store<X>, route: &'a Route, chain: &'a Chain<X>) -> Self {
        Self { store, route, at: Location::caller(), commit: None, line: None, chain }
    }

    /// Calls the layer at `index`, or the reducers if there is none.
    #[track_caller]
    pub(crate) fn pass_on(
        &self,
        action: Arc<dyn AnyAction>,
        index: usize,
    ) -> Result<(), DispatchError> {
        let Some(layer) = self.chain.get(index) else { return self.finish(&action) };
        let _nested = Nested::enter(&*action)?;
        layer.handle(action, Next::new(*self, index + 1))
    }

    /// Calls the reducers, then the listeners.
    #[track_caller]
    fn finish(&self, action: &Arc<dyn AnyAction>) -> Result<(), DispatchError> {
        if let Some(line) = self.line {
            line.borrow_mut().push((Arc::clone(action), self.at));
            return Ok(());
        }
        let (core, shared) = (self.store.core(), self.store.shared());
        let audience = shared.pipeline.listeners.audience(action.case_key());
        let mut kept = audience.keep();
        let mut reached = false;
        let mut reduce = |cells: &mut Updates<'_>| {
            if action.epoch().is_some_and(|epoch| epoch != shared.states.epoch()) {
                // A layer has kept it until after a reset: what it tells of is gone.
                return Ok(());
            }
            reached = true;
            cells.called_at(self.at);
            cells.note(|| Event::Dispatched {
                action: action.action_type(),
                run: action.request_id().or(self.route.run()),
            });
            kept.note_before(&shared.table, cells);
            let occurrence = Occurrence { event: action.event(), action: &**action };
            let reduced = shared.table.reduce(cells, action.case_key(), &occurrence);
            kept.note_after(&shared.table, cells);
            reduced
        };
        let committed = catch_unwind(AssertUnwindSafe(|| {
            let committed = self.commit.and_then(|commit| commit.commit(&mut reduce));
            committed.unwrap_or_else(|| self.route.updates(core, &mut reduce))
        }));
        // It has happened, also if a reducer has panicked: the other slices have changed.
        if reached {
            audience.hear(self.store, action, kept);
        }
        committed.unwrap_or_else(|payload| resume_unwind(payload))
    }
}

/// Counts the calls of middleware that nest.
struct Nested;

impl Nested {
    fn enter(action: &dyn AnyAction) -> Result<Self, DispatchError> {
        let depth = NESTING.with(Cell::get);
        if depth == MAX_NESTING {
            return Err(DispatchError::TooDeep {
                action: action.action_type(),
                limit: MAX_NESTING,
            });
        }
        NESTING.with(|nesting| nesting.set(depth + 1));
        Ok(Self)
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        NESTING.with(|nesting| nesting.set(nesting.get() - 1));
    }
}
