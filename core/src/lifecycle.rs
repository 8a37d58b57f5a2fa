//! Work that is done only while somebody observes a cell: polling a sensor, keeping a socket open, listening to a file.
//!
//! The graph says when a cell begins or ceases to be observed (`graph/observation.rs`), by waking. Whoever is woken looks,
//! outside every lock, at what is the case by then, and does what is needed to get there: so the two calls alternate, never
//! overlap, and the last one agrees with the last state, however many threads subscribe and unsubscribe.

use crate::{
    cell::{Cell, CellKey},
    error::CellError,
    lease,
    store::{Core, Store},
    sync::Mutex,
};
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::{Arc, Weak, atomic::Ordering},
    task::{Wake, Waker},
};

/// Begins (`true`) or ends the work.
type Work = Box<dyn FnMut(bool) + Send>;

/// Work that is done while a cell is observed.
struct Lifecycle {
    core: Weak<Core>,
    cell: CellKey,
    state: Mutex<State>,
}

struct State {
    /// The work; away while it begins or ends.
    work: Option<Work>,
    /// Whether it is under way.
    begun: bool,
    /// Whether something has happened while `work` was away.
    again: bool,
    /// Whether nobody wants it any more.
    ended: bool,
}

/// Keeps work that is done while a cell is observed; dropping it ends that for good.
///
/// Made by [`Store::while_observed`]. Dropped inside a lease, it ends when the lease does.
#[must_use = "the work ends when the guard is dropped; `detach` keeps it for as long as the cell lives"]
pub struct LifecycleGuard {
    lifecycle: Option<Arc<Lifecycle>>,
    number: u64,
}

impl Store {
    /// Calls `begin` when somebody begins to observe a cell, and drops what it returned when the last one has ceased to.
    ///
    /// A cell is observed while it has a subscription, a stream or a watch, or while a derived cell that has read it is
    /// observed. If it is observed already, `begin` is called before this returns.
    ///
    /// ```
    /// use trine_core::{Store, test::Log};
    ///
    /// let (store, log) = (Store::new(), Log::new());
    /// let position = store.source(0);
    /// let shown = store.derived(move |cx| format!("{} km", cx.get(position)));
    /// let satellites = log.clone();
    /// store
    ///     .while_observed(position, move || {
    ///         satellites.note("on");
    ///         satellites.on_drop("off")
    ///     })
    ///     .detach();
    ///
    /// assert_eq!(store.get(shown), "0 km"); // a look is no observation
    /// let screen = store.subscribe(shown, |_| {}); // through what is derived from it
    /// log.is(["on"]);
    /// drop(screen);
    /// log.is(["off"]);
    /// ```
    ///
    /// Both run outside every lock, on the thread whose subscription, commit or drop has made the difference, before
    /// callbacks of that commit; never two at a time, and in turns. They may use the store. If `begin` panics the work counts
    /// as begun, with nothing to drop; the panic is treated like that of a callback.
    ///
    /// What an async derivation has read counts as long as its present run has read it: one that starts anew lets go of what
    /// it has not read again yet.
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn while_observed<C: Cell, G: Send + 'static>(
        &self,
        cell: C,
        begin: impl FnMut() -> G + Send + 'static,
    ) -> LifecycleGuard {
        match self.try_while_observed(cell, begin) {
            Ok(guard) => guard,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`while_observed`](Self::while_observed), for a cell that may be gone.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn try_while_observed<C: Cell, G: Send + 'static>(
        &self,
        cell: C,
        mut begin: impl FnMut() -> G + Send + 'static,
    ) -> Result<LifecycleGuard, CellError> {
        let used = Location::caller();
        let mut kept = None;
        let work = move |observed: bool| {
            // The old one first: two of a kind are never alive.
            drop(kept.take());
            if observed {
                kept = Some(begin());
            }
        };
        let state = State { work: Some(Box::new(work)), begun: false, again: false, ended: false };
        let core = Arc::downgrade(self.core());
        let lifecycle = Arc::new(Lifecycle { core, cell: cell.key(), state: Mutex::new(state) });
        let waker = Waker::from(Arc::clone(&lifecycle));
        self.core().has_lifecycles.store(true, Ordering::Relaxed);
        let number = self.core().enter(|graph| {
            let index = graph.locate(cell.key(), used)?;
            Ok::<_, CellError>(graph.tell_lifecycle(index, waker))
        })??;
        lifecycle.tend();
        Ok(LifecycleGuard { lifecycle: Some(lifecycle), number })
    }
}

impl Lifecycle {
    /// Begins or ends the work until it agrees with what is the case. No lease is held.
    fn tend(&self) {
        let mut state = self.state.lock();
        state.again = true;
        let mut panicked: Option<Box<dyn Any + Send>> = None;
        // Else somebody is at it, and will look again.
        while state.again
            && let Some(mut work) = state.work.take()
        {
            state.again = false;
            let (begun, ended) = (state.begun, state.ended);
            drop(state);
            let observed = !ended && self.is_observed();
            if observed != begun
                && let Err(payload) = catch_unwind(AssertUnwindSafe(|| work(observed)))
            {
                panicked.get_or_insert(payload);
            }
            state = self.state.lock();
            state.begun = observed;
            // A closure that is needed no more holds values of the user's.
            let done = if state.ended && !observed { Some(work) } else { state.work.replace(work) };
            if done.is_some() {
                drop(state);
                drop(done);
                break;
            }
        }
        if let Some(payload) = panicked {
            resume_unwind(payload);
        }
    }

    fn is_observed(&self) -> bool {
        let Some(core) = self.core.upgrade() else { return false };
        core.enter(|graph| graph.is_observed(self.cell)).unwrap_or(false)
    }

    /// Ends the work for good.
    fn end(&self, number: u64) {
        self.state.lock().ended = true;
        if let Some(core) = self.core.upgrade() {
            let waker = core.enter(|graph| graph.forget_lifecycle(self.cell, number));
            drop(waker);
        }
        self.tend();
    }
}

impl Wake for Lifecycle {
    fn wake(self: Arc<Self>) {
        self.tend();
    }
}

impl LifecycleGuard {
    /// Lets the work be done for as long as the cell lives.
    pub fn detach(mut self) {
        self.lifecycle = None;
    }
}

impl Drop for LifecycleGuard {
    fn drop(&mut self) {
        if let Some(lifecycle) = self.lifecycle.take() {
            let number = self.number;
            lease::defer(move || lifecycle.end(number));
        }
    }
}

impl fmt::Debug for LifecycleGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LifecycleGuard").finish_non_exhaustive()
    }
}
