//! The runs of an async derivation: when one is asked for, how it starts, what it leaves behind.
//!
//! The derivation of the state asks, inside a lease, and at most once until the thread has left it. There it is looked at
//! again whether a run is still wanted: the transaction that asked may have been rolled back. A run that starts forgets what
//! the one before has read, takes its number, and goes through the executor, under a key of its own: that supersedes the
//! one before. Whatever its end is, the settle hook writes it into the result, unless another run has the number by then.

use super::{AsyncPolicy, AsyncReader, AsyncState, inputs::Inputs};
use crate::{
    cell::{Cell, CellKey, Source},
    commit::Writer,
    executor::{Outcome, Policy, Rejection, RunContext, RunId},
    graph::{Graph, Reader},
    lease,
    store::WeakStore,
    sync::Mutex,
    text::Text,
};
use std::{
    future::Future,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::Pin,
    sync::{Arc, OnceLock},
};

/// The user's code, its types forgotten as far as possible.
pub(super) type Body<T, E> =
    Box<dyn Fn(AsyncReader) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send>> + Send + Sync>;

/// What a run is for: the generation of the inputs, and how often the user has asked for a refresh.
pub(super) type Wanted = (u64, u64);

/// What the last run has come to: the value of the cell *result*.
pub(super) struct Settled<T, E> {
    /// What that run was for.
    of: Option<Wanted>,
    /// How often the user has asked for a refresh.
    pub(super) refreshed: u64,
    /// What that was when the value was to be forgotten last: runs for less have come to nothing.
    forgotten: u64,
    /// The last good value.
    value: Option<Arc<T>>,
    /// What happened instead of a new one.
    error: Option<Arc<Rejection<E>>>,
}

impl<T, E> Settled<T, E> {
    /// No run has ended.
    pub(super) fn new() -> Self {
        Self { of: None, refreshed: 0, forgotten: 0, value: None, error: None }
    }

    /// As if no run had ended, and a new one were wanted.
    pub(super) fn anew(&self) -> Self {
        let refreshed = self.refreshed + 1;
        Self { refreshed, forgotten: refreshed, ..Self::new() }
    }
}

/// What is the same whatever the types.
pub(super) struct Shared {
    /// What the present run has read.
    inputs: Arc<Inputs>,
    /// What becomes of a run whose inputs have changed.
    policy: AsyncPolicy,
    /// The cell that the handle names.
    state: OnceLock<CellKey>,
    /// What changes.
    work: Mutex<Work>,
}

/// The present run.
#[derive(Default)]
struct Work {
    /// Whether a start is on its way already.
    asked: bool,
    /// What the run that is under way is for.
    running: Option<Wanted>,
    /// Whether that run waits for what will supersede it.
    suspended: bool,
    /// The number of the last run.
    ticket: u64,
    /// Its identity, once it has one.
    run: Option<RunId>,
    /// Whether the cell was removed.
    gone: bool,
}

/// What the user has said of a derivation.
pub(super) struct Definition<T, E> {
    /// The name of the cell and its runs, if it has one.
    pub(super) name: Option<Arc<str>>,
    /// The call that made it.
    pub(super) created: &'static Location<'static>,
    /// What becomes of a run whose inputs have changed.
    pub(super) policy: AsyncPolicy,
    /// When two values count as the same.
    pub(super) same: fn(&T, &T) -> bool,
    /// What computes it.
    pub(super) body: Body<T, E>,
}

/// An async derivation.
pub(super) struct Machine<T, E> {
    /// Where it is.
    store: WeakStore,
    /// What the user has said.
    definition: Definition<T, E>,
    /// What is the same whatever the types.
    shared: Arc<Shared>,
    /// What the last run has come to.
    result: Source<Settled<T, E>>,
}

/// The machine, in the hands of the cell that has the state: when that is dropped, everything else ends.
pub(super) struct Owner<T: Send + Sync + 'static, E: Send + Sync + 'static>(Arc<Machine<T, E>>);

impl Shared {
    pub(super) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    pub(super) fn policy(&self) -> AsyncPolicy {
        self.policy
    }

    /// Whether a run is the last one that has started, of a cell that is still there.
    pub(super) fn is_current(&self, ticket: u64) -> bool {
        let work = self.work.lock();
        work.ticket == ticket && !work.gone
    }

    /// Notes that a run waits for what will supersede it.
    pub(super) fn suspend(&self, ticket: u64) {
        let mut work = self.work.lock();
        work.suspended |= work.ticket == ticket;
    }

    pub(super) fn state_place(&self, graph: &Graph) -> Option<u32> {
        graph.place_of(*self.state.get()?)
    }

    /// Brings the state up to date, which asks for a run if one is wanted.
    pub(super) fn pull_state(&self, graph: &mut Graph) {
        if let Some(state) = self.state_place(graph) {
            // What it cannot be computed for, who reads it learns.
            let _ = graph.pull(state);
        }
    }
}

impl Work {
    /// Whether a run for `wanted` would be of use.
    fn needs(&self, wanted: Wanted, policy: AsyncPolicy) -> bool {
        let busy = match policy {
            AsyncPolicy::Latest => self.running == Some(wanted),
            AsyncPolicy::Finish => self.running.is_some() && !self.suspended,
        };
        !self.gone && !busy
    }
}

impl<T, E> Machine<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) fn new(
        store: WeakStore,
        definition: Definition<T, E>,
        inputs: Arc<Inputs>,
        result: Source<Settled<T, E>>,
    ) -> Arc<Self> {
        let (policy, state) = (definition.policy, OnceLock::new());
        let shared = Shared { inputs, policy, state, work: Mutex::new(Work::default()) };
        Arc::new(Self { store, definition, shared: Arc::new(shared), result })
    }

    /// Notes which cell has the state.
    pub(super) fn set_state(&self, state: CellKey) {
        self.shared.state.get_or_init(|| state);
    }

    /// The derivation of the state.
    fn state(self: &Arc<Self>, cx: &mut Reader<'_>) -> AsyncState<T, E> {
        let generation = cx.get(self.shared.inputs.cell());
        let (of, refreshed, value, error) = cx.with(self.result, |settled| {
            let Settled { of, refreshed, value, error, .. } = settled;
            (*of, *refreshed, value.clone(), error.clone())
        });
        let wanted = (generation, refreshed);
        let last = value.clone();
        match (error, value) {
            (Some(error), last) if of == Some(wanted) => return AsyncState::Failed { error, last },
            (None, Some(value)) if of == Some(wanted) => return AsyncState::Ready { value },
            _ => {}
        }
        self.ask(wanted);
        last.map_or(AsyncState::Pending, |value| AsyncState::Stale { value })
    }

    /// Has a run start when the thread has left the lease.
    fn ask(self: &Arc<Self>, wanted: Wanted) {
        let mut work = self.shared.work.lock();
        if !work.asked && work.needs(wanted, self.shared.policy) {
            work.asked = true;
            drop(work);
            let machine = Arc::clone(self);
            lease::defer(move || machine.start());
        }
    }

    /// Starts a run, if one is wanted.
    fn start(self: &Arc<Self>) {
        let Some(store) = self.store.upgrade() else { return };
        let begun = store.core().enter(|graph| self.begin(graph)).ok().flatten();
        let Some((ticket, wanted)) = begun else { return };
        let (starting, settling, running) =
            (Arc::clone(&self.shared), Arc::clone(self), Arc::clone(self));
        let key = self.shared.state.get().map_or(0, |state| state.id);
        let run = store
            .run_builder(self.name())
            .queued()
            .policy(Policy::Latest)
            .key(key)
            .on_start(move |cx: &RunContext| {
                let mut work = starting.work.lock();
                if work.ticket == ticket && !work.gone {
                    work.run = Some(cx.id());
                    Ok(())
                } else {
                    Err("it is not wanted any more")
                }
            })
            .on_settle(move |outcome| settling.settle(ticket, wanted, outcome))
            .start(move |run| {
                let shared = Arc::clone(&running.shared);
                (running.definition.body)(AsyncReader::new(run, shared, ticket, wanted.0))
            });
        // Its end is the hook's affair.
        run.detach();
    }

    /// The name of the runs.
    fn name(&self) -> Text {
        match &self.definition.name {
            Some(name) => Text::from(Arc::clone(name)),
            None => Text::from(format!("derivation at {}", self.definition.created)),
        }
    }

    /// Makes room for a run; inside the lease.
    fn begin(&self, graph: &mut Graph) -> Option<(u64, Wanted)> {
        self.shared.work.lock().asked = false;
        let generation = self.shared.inputs.generation(graph).ok()?;
        let settled = graph
            .read(self.result, self.definition.created, |settled| (settled.of, settled.refreshed));
        let (of, refreshed) = settled.ok()?;
        let wanted = (generation, refreshed);
        let ticket = {
            let mut work = self.shared.work.lock();
            if of == Some(wanted) || !work.needs(wanted, self.shared.policy) {
                return None;
            }
            *work = Work { running: Some(wanted), ticket: work.ticket + 1, ..Work::default() };
            work.ticket
        };
        self.shared.inputs.restart(graph, generation);
        Some((ticket, wanted))
    }

    /// Keeps what a run has come to, unless another one has taken its place.
    fn settle(&self, ticket: u64, wanted: Wanted, outcome: &Outcome<T, E>) {
        let Some(store) = self.store.upgrade() else { return };
        let core = store.core();
        let mut writer = Writer::at(self.definition.created);
        // What is displaced is dropped outside the lease.
        let mut next = Settled { of: Some(wanted), ..Settled::new() };
        let written = core.enter(|graph| {
            {
                let mut work = self.shared.work.lock();
                if work.ticket != ticket || work.gone {
                    return Ok(None);
                }
                writer.run = work.run.take();
                (work.running, work.suspended) = (None, false);
            }
            graph.read(self.result, self.definition.created, |last| {
                (next.refreshed, next.forgotten) = (last.refreshed, last.forgotten);
                next.value.clone_from(&last.value);
            })?;
            match outcome.clone().into_result() {
                _ if wanted.1 < next.forgotten => {}
                Ok(value) if self.is_same(next.value.as_deref(), &value) => {}
                Ok(value) => next.value = Some(value),
                Err(error) => next.error = Some(Arc::new(error)),
            }
            graph.set(self.result.key(), &mut next, writer)
        });
        // Nobody is left to tell if the cell went meanwhile.
        drop(written);
    }

    fn is_same(&self, last: Option<&T>, value: &T) -> bool {
        // A comparison that panics proves no equality.
        last.is_some_and(|last| {
            let same = catch_unwind(AssertUnwindSafe(|| (self.definition.same)(last, value)));
            same.unwrap_or_else(|payload| {
                lease::drop_payload(payload);
                false
            })
        })
    }

    /// Ends the run and removes the other cells.
    fn end(&self) {
        let run = {
            let mut work = self.shared.work.lock();
            work.gone = true;
            work.run.take()
        };
        let Some(store) = self.store.upgrade() else { return };
        if let Some(run) = run {
            store.runs().abort(run, "its cell was removed");
        }
        store.remove_cells([self.shared.inputs.cell().key(), self.result.key()]);
    }
}

impl<T, E> Owner<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) fn new(machine: Arc<Machine<T, E>>) -> Self {
        Self(machine)
    }

    pub(super) fn state(&self, cx: &mut Reader<'_>) -> AsyncState<T, E> {
        self.0.state(cx)
    }
}

impl<T, E> Drop for Owner<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn drop(&mut self) {
        let machine = Arc::clone(&self.0);
        lease::defer(move || machine.end());
    }
}
