//! Status cells: what runs are doing, as cells.
//!
//! Where a run's start and end are told to observers, they are told here as well, if there is any status cell at all; that
//! question is one bit of the one that is asked for observers anyway. So a store without status cells pays nothing for them.
//!
//! The cells are written inside the lease, one commit per step of a run, however many cells follow it: after the event of the
//! step and before its hook, so that whoever hears of an end finds it in the cell.

use super::{
    any_run::{Head, RunStatus},
    contain::{call_hook, tell},
    engine::Executor,
    group::Key,
    id::RunId,
    outcome::OutcomeKind,
    run::Run,
};
use crate::{
    cell::{ByValue, Cell, Equality, ReadOnly, Source},
    commit::Writer,
    event::Event,
    graph::Graph,
    store::{Core, Store},
    sync::{Mutex, mutant},
    text::Text,
};
use rustc_hash::FxHashMap;
use std::{fmt, hash::Hash, panic::Location, sync::Arc};

/// What the runs of a name, those of a key among them, or one run are doing: the value of a status cell. See
/// [`Store::status_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RunsStatus {
    /// How many runs have started and not ended.
    pub in_flight: usize,
    /// How many attempts were begun since there is the cell; those that were under way then included.
    pub attempts: u64,
    /// The run that has started last.
    pub latest: Option<RunId>,
    /// How the run that has ended last has ended.
    pub last: Option<OutcomeKind>,
}

impl RunsStatus {
    /// How far they are, taken together: [`Running`](RunStatus::Running) while any is under way, else how the last one has
    /// ended; `None` if there was none.
    #[must_use]
    pub fn status(&self) -> Option<RunStatus> {
        if self.in_flight > 0 {
            return Some(RunStatus::Running);
        }
        self.last.map(RunStatus::Settled)
    }

    /// Whether any run is under way.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.in_flight > 0
    }
}

/// The status cells of a store. Locked inside the lease, and no user code runs under the lock.
pub(super) struct Statuses(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// The cells, by the name of the runs.
    by_name: FxHashMap<Text, Vec<StatusCell>>,
    /// The cells that count a run that is under way.
    live: FxHashMap<RunId, Vec<Source<RunsStatus>>>,
}

/// One cell.
struct StatusCell {
    /// Which runs of the name.
    which: Which,
    /// The cell.
    cell: Source<RunsStatus>,
    /// What is to be in it. (It is written later where callbacks have answered each other for too long.)
    status: RunsStatus,
    /// The call that made it.
    created: &'static Location<'static>,
}

/// Which runs of a name a cell counts.
#[derive(Clone)]
enum Which {
    /// All.
    All,
    /// Those of a key.
    OfKey(Key),
    /// One.
    One(RunId),
}

impl Which {
    /// Whether the run is one of them. Compares keys: the user's code.
    fn counts(&self, head: &Head) -> bool {
        match self {
            Self::All => true,
            Self::OfKey(key) => head.group().and_then(|group| group.key.as_ref()) == Some(key),
            Self::One(run) => head.id == *run,
        }
    }

    fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::OfKey(mine), Self::OfKey(theirs)) => mine == theirs,
            (Self::One(mine), Self::One(theirs)) => mine == theirs,
            _ => false,
        }
    }
}

impl Default for Statuses {
    fn default() -> Self {
        Self(Mutex::new(Table::default()))
    }
}

/// Status cells.
impl Store {
    /// What the runs of a name are doing, as a cell: made at the first call, the same one from then on.
    ///
    /// The cell lives until it is removed. A run is counted from its start event to its end event; one that is refused
    /// counts as the last one to have ended, and as nothing else. Only stores with such cells pay for them.
    ///
    /// ```
    /// use trine_core::{OutcomeKind, Store, test::ManualExecutor};
    ///
    /// let store = Store::with_spawner(ManualExecutor::new());
    /// let saving = store.status_of("save");
    /// let button = store.derived(move |cx| if cx.with(saving, |s| s.is_running()) { "saving" } else { "save" });
    /// let run = store.run("save", |_| std::future::pending::<Result<(), String>>());
    /// assert_eq!(store.get(button), "saving");
    /// run.abort("never mind");
    /// assert_eq!(store.get(button), "save");
    /// assert_eq!(store.get(saving).last, Some(OutcomeKind::Aborted));
    /// ```
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn status_of(&self, name: impl Into<Text>) -> ReadOnly<RunsStatus> {
        self.status_cell(name.into(), Which::All, None)
    }

    /// What the runs of a name and [key](crate::RunBuilder::key) are doing, as a cell. See [`status_of`](Self::status_of).
    ///
    /// `Hash` is called now; `Eq` inside the store's lease, so it must be pure.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant); if `Eq` panics.
    #[track_caller]
    pub fn status_of_key<K: Hash + Eq + Send + Sync + 'static>(
        &self,
        name: impl Into<Text>,
        key: K,
    ) -> ReadOnly<RunsStatus> {
        self.status_cell(name.into(), Which::OfKey(Key::new(key)), None)
    }

    /// What one run is doing, as a cell. See [`status_of`](Self::status_of).
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn status_of_run<T, E>(&self, run: &Run<T, E>) -> ReadOnly<RunsStatus> {
        let ended = match run.status() {
            RunStatus::Settled(kind) => Some(kind),
            _ => None,
        };
        self.status_cell(run.name().clone(), Which::One(run.id()), ended)
    }

    /// The cell of some runs, made if there is none.
    #[track_caller]
    fn status_cell(
        &self,
        name: Text,
        which: Which,
        ended: Option<OutcomeKind>,
    ) -> ReadOnly<RunsStatus> {
        let created = Location::caller();
        let executor = &self.core().executor;
        let cell = self.demand(|graph| executor.status_cell(graph, (name, which), ended, created));
        cell.read_only()
    }
}

/// What happens to a run.
#[derive(Debug, Clone, Copy)]
pub(super) enum RunStep {
    /// It has started.
    Start,
    /// Another attempt begins.
    Retry,
    /// It has ended.
    End(OutcomeKind),
}

impl Executor {
    fn status_cell(
        &self,
        graph: &mut Graph,
        (name, which): (Text, Which),
        last: Option<OutcomeKind>,
        created: &'static Location<'static>,
    ) -> Source<RunsStatus> {
        let known = self.statuses.of_name(&name);
        let lives = |cell: Source<RunsStatus>| graph.place_of(cell.key()).is_some();
        let found = known.iter().find(|(w, cell)| lives(*cell) && w.same_as(&which));
        if let Some(cell) = found.map(|(_, cell)| *cell) {
            // A key is the user's, and so is its drop.
            graph.discard((which, known));
            return cell;
        }
        // From here on starts and ends are told. Of the runs that are under way as well: whoever is asked inside a lease
        // whether it is active tells of its end afterwards.
        self.set_counted(true);
        let mut status = RunsStatus { last, ..RunsStatus::default() };
        let mut counted = Vec::new();
        for run in self.live(|run| run.head().name == name) {
            let head = run.head();
            let active = |head: &Head| {
                if mutant("the end of a run that is counted is not told") {
                    return head.phase.is_active();
                }
                run.is_active_in_lease()
            };
            if which.counts(head) && active(head) {
                status.in_flight += 1;
                status.attempts += u64::from(head.attempt());
                status.latest = Some(head.id);
                counted.push(head.id);
            }
            // We may be the last to have it, and its outcome is the user's.
            graph.discard(run);
        }
        graph.discard(known);
        let label = Some(Arc::from(format!("status of {name}")));
        let same: fn(&RunsStatus, &RunsStatus) -> bool = ByValue.comparator();
        let cell = Source::from_key(graph.add_source(status, same, label, created));
        let mut table = self.statuses.0.lock();
        for run in counted {
            table.live.entry(run).or_default().push(cell);
        }
        table.by_name.entry(name).or_default().push(StatusCell { which, cell, status, created });
        cell
    }

    /// Writes a step of a run into the cells that follow it.
    #[inline]
    pub(super) fn count(&self, core: &Arc<Core>, head: &Head, step: RunStep) {
        if self.is_counted() {
            self.count_step(core, head, step);
        }
    }

    #[cold]
    fn count_step(&self, core: &Arc<Core>, head: &Head, step: RunStep) {
        // A cell that is made after this look counts the run by itself, if it is still active then.
        if !self.statuses.0.lock().by_name.contains_key(&head.name) {
            return;
        }
        let when = match step {
            RunStep::Start => "start",
            RunStep::Retry => "next attempt",
            RunStep::End(_) => "end",
        };
        // Neither a key's `Eq` nor a callback that this commit calls may keep a run from its course.
        let counted = call_hook(head, when, || {
            core.enter(|graph| {
                let known = self.statuses.of_name(&head.name);
                let follow: Vec<_> =
                    known.iter().filter(|(w, _)| w.counts(head)).map(|(_, cell)| *cell).collect();
                graph.discard(known);
                let changed = self.statuses.step(head, step, &follow);
                self.write_statuses(graph, head, step, &changed);
            })
        });
        if let Err(message) = counted {
            let what = format!("counting {head:?} at its {when}");
            tell(core, || Event::Failed { what: what.into(), message });
        }
    }

    /// Brings cells up to date, in one commit, and forgets those that were removed.
    fn write_statuses(
        &self,
        graph: &mut Graph,
        head: &Head,
        step: RunStep,
        changed: &[(Source<RunsStatus>, RunsStatus, &'static Location<'static>)],
    ) {
        let Some((.., created)) = changed.first() else { return };
        let over = matches!(step, RunStep::End(_)).then_some(head.id);
        let writer = Writer { location: created, run: Some(head.id) };
        let mut gone = Vec::new();
        let done = graph.update_several(writer, |updates| {
            for &(cell, status, _) in changed {
                let written = updates.update(cell, |place| *place = status);
                if written.is_err_and(|error| error.is_disposed()) {
                    gone.push(cell);
                }
            }
        });
        drop(done.value);
        if over.is_some() || !gone.is_empty() {
            let (forgotten, none_left) = self.statuses.forget(&head.name, over, &gone);
            graph.discard(forgotten);
            if none_left {
                self.set_counted(false);
            }
        }
    }
}

impl Statuses {
    /// The cells that follow runs of a name.
    fn of_name(&self, name: &Text) -> Vec<(Which, Source<RunsStatus>)> {
        let table = self.0.lock();
        let cells = table.by_name.get(name);
        cells.into_iter().flatten().map(|cell| (cell.which.clone(), cell.cell)).collect()
    }

    /// Counts a step of a run in those cells of `follow` that it changes something for; returns those.
    fn step(
        &self,
        head: &Head,
        step: RunStep,
        follow: &[Source<RunsStatus>],
    ) -> Vec<(Source<RunsStatus>, RunsStatus, &'static Location<'static>)> {
        let mut table = self.0.lock();
        let Table { by_name, live } = &mut *table;
        let counting = live.entry(head.id).or_default();
        let mut changed = Vec::new();
        let cells = by_name.get_mut(&head.name).into_iter().flatten();
        for StatusCell { cell, status, created, .. } in cells.filter(|c| follow.contains(&c.cell)) {
            let counts = counting.contains(cell);
            match step {
                // A cell that was made while the run was starting has counted it.
                RunStep::Start if counts => continue,
                RunStep::Start => {
                    counting.push(*cell);
                    status.in_flight += 1;
                    status.attempts += 1;
                    status.latest = Some(head.id);
                }
                RunStep::Retry => status.attempts += 1,
                RunStep::End(kind) => {
                    status.in_flight -= usize::from(counts);
                    status.last = Some(kind);
                }
            }
            changed.push((*cell, *status, *created));
        }
        if counting.is_empty() || matches!(step, RunStep::End(_)) {
            live.remove(&head.id);
        }
        changed
    }

    /// Forgets cells that were removed, and those of a run that is over, to which nothing more will happen. Returns them, to
    /// be dropped outside the lease, and whether none is left.
    fn forget(
        &self,
        name: &Text,
        over: Option<RunId>,
        gone: &[Source<RunsStatus>],
    ) -> (Vec<StatusCell>, bool) {
        let mut table = self.0.lock();
        let mut forgotten = Vec::new();
        if let Some(cells) = table.by_name.get_mut(name) {
            let is_over = |which: &Which| matches!(which, Which::One(run) if Some(*run) == over);
            forgotten = cells
                .extract_if(.., |cell| is_over(&cell.which) || gone.contains(&cell.cell))
                .collect();
            if cells.is_empty() {
                table.by_name.remove(name);
            }
        }
        (forgotten, table.by_name.is_empty())
    }
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statuses").field("names", &self.0.lock().by_name.len()).finish()
    }
}
