//! Compensation: what a run has written is undone if it fails.
//!
//! A run that writes step by step shows each step to everybody, and so cannot be rolled back like a transaction. It can
//! be compensated: each write is entered in the store's ledger with what it has replaced (`ledger.rs`), and if the run
//! comes to any end but a payload, its entries are gone through backwards, in one commit, and what was replaced is put
//! back. Unless somebody else has written the cell since: that write has been made in view of ours, and stays.
//!
//! Whether somebody has is not a matter of values but of commits. A recorded cell gets an outlet, like that of a stream, in
//! which each commit leaves its number (`stamp.rs`); a write of ours can be undone if its number is still there.

mod ledger;
mod recorded;
mod stamp;

pub use recorded::Recorded;

use crate::{
    cell::{CellKey, CellLabel, Source},
    commit::{CommitNumber, Ended, UpdateResult, Writer},
    executor::{ContextError, Outcome, Run, RunBuilder, RunContext, SettleHook, StartHook},
    graph::Graph,
    lease,
    store::Store,
    sync::Mutex,
    text::Text,
};
use ledger::Ledger;
use std::{
    convert::Infallible,
    fmt,
    future::Future,
    mem,
    panic::{Location, resume_unwind},
    sync::{Arc, OnceLock},
};

/// Writes for a run, and undoes what it has written if the run fails. Handed to a body by
/// [`Store::run_compensated`].
///
/// ```
/// use trine_core::Store;
///
/// let store = Store::new();
/// let stock = store.source(5);
/// let orders = store.source(Vec::<&str>::new());
/// let run = store.run_compensated("order", move |_cx, undo| async move {
///     undo.update(stock, |stock| *stock -= 1).unwrap(); // seen by everybody at once
///     undo.update(orders, |orders| orders.push("tea")).unwrap();
///     Err::<(), _>("the payment was refused")
/// });
/// assert!(run.outcome().unwrap().is_rejected());
/// assert_eq!((store.get(stock), store.get(orders).len()), (5, 0));
/// ```
///
/// Clones write for the same run.
#[derive(Clone)]
pub struct Compensation {
    inner: Arc<Inner>,
}

struct Inner {
    /// The run that writes.
    run: RunContext,
    /// The store's ledger.
    ledger: Arc<Ledger>,
    /// The cells that it has written and may undo, in the order in which it first did.
    cells: Mutex<Vec<CellKey>>,
}

/// What an undoing has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undone {
    /// The cells that are again what they were.
    pub restored: Vec<CellLabel>,
    /// The cells that somebody else has written since: they are left alone.
    pub left: Vec<CellLabel>,
}

impl Store {
    /// Starts a run whose writes through its [`Compensation`] are undone unless it is fulfilled. See [`Store::run`].
    #[track_caller]
    pub fn run_compensated<T, E, B, F>(&self, name: impl Into<Text>, body: B) -> Run<T, E>
    where
        B: FnOnce(RunContext, Compensation) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        self.run_builder(name).start_compensated(body)
    }
}

impl<T, E, S, H> RunBuilder<'_, T, E, S, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    S: StartHook,
    H: SettleHook<T, E>,
{
    /// Starts the run; what its body has written through its [`Compensation`] is undone unless it is fulfilled. See
    /// [`start`](Self::start).
    ///
    /// It is undone on the thread that settles the run, after the terminal event, before the settle hook is called and any
    /// waiter is woken: whoever sees the outcome sees the cells as they were.
    #[track_caller]
    pub fn start_compensated<B, F>(self, body: B) -> Run<T, E>
    where
        B: FnOnce(RunContext, Compensation) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        // Made when the body is called; a run that never comes to that has written nothing.
        let made: Arc<OnceLock<Compensation>> = Arc::default();
        let settled = Arc::clone(&made);
        self.with_hooks(|on_start, hook| {
            let settle = move |outcome: &Outcome<T, E>| {
                if let Some(undo) = settled.get() {
                    if outcome.is_fulfilled() {
                        undo.keep();
                    } else {
                        undo.undo();
                    }
                }
                hook.call(outcome);
            };
            (on_start, settle)
        })
        .start(move |cx| {
            let undo = made.get_or_init(|| Compensation::new(cx.clone())).clone();
            body(cx, undo)
        })
    }
}

impl Compensation {
    fn new(run: RunContext) -> Self {
        // Without a store there is nothing that could be written.
        let ledger = run.store().map(|store| store.extension()).unwrap_or_default();
        Self { inner: Arc::new(Inner { run, ledger, cells: Mutex::new(Vec::new()) }) }
    }

    /// Writes a cell; see [`RunContext::set`].
    ///
    /// # Errors
    ///
    /// If the run is over or the store gone; if the cell was removed or is torn.
    #[track_caller]
    pub fn set<T: Clone + Send + 'static>(
        &self,
        cell: Source<T>,
        value: T,
    ) -> Result<Option<CommitNumber>, ContextError> {
        let (result, number) = self.write(Location::caller(), |tx| tx.set(cell, value))?;
        result?;
        Ok(number)
    }

    /// Updates a cell. Its value is cloned first, so that it can be put back.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    ///
    /// # Panics
    ///
    /// If `update` panics; nothing has changed then.
    #[track_caller]
    pub fn update<T: Clone + Send + 'static, R: UpdateResult>(
        &self,
        cell: Source<T>,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<CommitNumber>, ContextError> {
        let (result, number) = self.write(Location::caller(), |tx| tx.update(cell, update))?;
        result?;
        Ok(number)
    }

    /// Runs several writes as one commit; see [`RunContext::transaction`]. What `body` returned is inside; after an `Err`
    /// nothing has changed.
    ///
    /// # Errors
    ///
    /// If the run is over or the store gone; inside a lease.
    ///
    /// # Panics
    ///
    /// If `body` panics; nothing has changed then.
    #[track_caller]
    pub fn transaction<R, E>(
        &self,
        body: impl FnOnce(&mut Recorded<'_, '_>) -> Result<R, E>,
    ) -> Result<Result<R, E>, ContextError> {
        Ok(self.write(Location::caller(), body)?.0)
    }

    /// Lets stay what has been written so far, whatever becomes of the run.
    pub fn keep(&self) {
        let cells = mem::take(&mut *self.inner.cells.lock());
        let spent = self.inner.ledger.keep(self.owner(), &cells);
        // What was replaced is the user's, and so is its drop.
        lease::defer(move || drop(spent));
    }

    /// Undoes what has been written so far and not been kept, the last write first, in one commit.
    ///
    /// Called inside a lease, it is done when the lease ends, and there is nothing to tell yet.
    #[track_caller]
    pub fn undo(&self) -> Undone {
        let location = Location::caller();
        if lease::held().is_some() {
            let this = self.clone();
            lease::defer(move || drop(this.undo_at(location)));
            return Undone::default();
        }
        self.undo_at(location)
    }

    fn undo_at(&self, location: &'static Location<'static>) -> Undone {
        let Ok(store) = self.inner.run.store() else { return Undone::default() };
        let core = store.core();
        let writer = Writer { location, run: Some(self.inner.run.id()) };
        // Dropped outside the lease.
        let mut spent = Vec::new();
        // The run is over as a rule, so this does not go through its context.
        let undone = core.enter(|graph| {
            let cells = mem::take(&mut *self.inner.cells.lock());
            let ended = graph.transact(writer, |tx| {
                Ok::<_, Infallible>(self.inner.ledger.undo(self.owner(), &cells, tx))
            });
            match ended {
                Ended::Committed((undone, undo), _) => {
                    spent = undo.finish();
                    undone
                }
                Ended::RolledBack(never) => match never {},
                // Nothing in it panics: what is the user's is contained.
                Ended::Panicked(payload) => resume_unwind(payload),
            }
        });
        undone.unwrap_or_default()
    }

    /// How many writes would be undone now, at most.
    #[must_use]
    pub fn len(&self) -> usize {
        let cells = self.inner.cells.lock().clone();
        cells.into_iter().map(|cell| self.inner.ledger.count(self.owner(), cell)).sum()
    }

    /// Whether there is nothing to undo.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the ledger calls the run.
    fn owner(&self) -> u64 {
        self.inner.run.id().get()
    }

    /// Runs `body` as a transaction of the run, and keeps the records if it commits.
    fn write<R, E>(
        &self,
        location: &'static Location<'static>,
        body: impl FnOnce(&mut Recorded<'_, '_>) -> Result<R, E>,
    ) -> Result<(Result<R, E>, Option<CommitNumber>), ContextError> {
        let ended = self.inner.run.write(location, |graph: &mut Graph, writer: Writer| {
            let mut drafts = Vec::new();
            let ended = graph.transact(writer, |tx| {
                body(&mut Recorded::new(tx, &self.inner.ledger, &mut drafts))
            });
            if let Ended::Committed(_, Some(number)) = &ended {
                let (changed, rest) = self.inner.ledger.enter(self.owner(), *number, drafts);
                graph.discard(rest);
                let mut cells = self.inner.cells.lock();
                for cell in changed {
                    if !cells.contains(&cell) {
                        cells.push(cell);
                    }
                }
            } else {
                graph.discard(drafts);
            }
            ended
        })?;
        match ended {
            Ended::Committed(value, number) => Ok((Ok(value), number)),
            Ended::RolledBack(error) => Ok((Err(error), None)),
            Ended::Panicked(payload) => resume_unwind(payload),
        }
    }
}

impl fmt::Debug for Compensation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compensation")
            .field("run", &self.inner.run)
            .field("writes", &self.len())
            .finish()
    }
}
