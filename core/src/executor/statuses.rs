//! Status cells: what runs are doing, as cells.
//!
//! A status cell is derived: from a count that is kept beside the graph, and from a source, its *tick*. A step of a run is
//! counted at once, without a lease. Only if somebody has read the cell since its last tick, as everybody does who
//! observes it, is there a commit that ticks, so that the cell is computed anew. So a cell that nobody reads costs its runs two
//! counts, and other runs nothing.
//!
//! Steps are counted after the event of the step and before its hook, so that whoever hears of an end finds it in the cell. All
//! cells that follow a run tick in one commit. Whether a cell follows the runs of a key is asked of the user's `Eq`, inside
//! the lease; nothing else here is user code.

use super::{
    any_run::{AnyRun, Head, RunStatus},
    contain::{call_hook, tell},
    engine::Executor,
    group::Key,
    id::RunId,
    outcome::OutcomeKind,
    run::Run,
};
use crate::{
    cell::{ByValue, Cell, Derived, Equality, Source},
    commit::Writer,
    event::Event,
    graph::Graph,
    lease,
    store::{Core, Store},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mutant,
    },
    text::Text,
};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::{
    fmt,
    hash::{BuildHasher, Hash},
    panic::Location,
    sync::{Arc, Weak},
};

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

/// The status cells of a store. No user code runs under the lock.
pub(super) struct Statuses {
    /// A bit for each of the names that are followed, by its hash: spares other runs a look at the table. `Relaxed`: a run
    /// that is being registered while the first cell of its name is made is found among the live ones.
    names: AtomicU64,
    /// The cells, by the name of the runs.
    table: Mutex<FxHashMap<Text, Vec<Entry>>>,
}

/// A cell in the table.
#[derive(Clone)]
struct Entry {
    /// What it counts.
    follower: Arc<Follower>,
    /// The cell.
    cell: Derived<RunsStatus>,
}

/// What a cell counts.
struct Follower {
    /// Which runs of the name.
    which: Which,
    /// Written when the cell is to be computed anew.
    tick: Source<u64>,
    /// The call that made it.
    created: &'static Location<'static>,
    /// What it has counted.
    count: Mutex<Count>,
}

/// What a cell has counted.
struct Count {
    /// What is to be in the cell.
    status: RunsStatus,
    /// Those that are in flight.
    runs: FxHashSet<RunId>,
    /// Whether the cell has been computed since its last tick.
    read: bool,
    /// Whether the cell was removed.
    gone: bool,
}

/// Which runs of a name a cell counts.
enum Which {
    /// All.
    All,
    /// Those of a key.
    OfKey(Key),
    /// One.
    One(RunId),
}

impl Which {
    /// Whether the run is one of them, as far as can be said without comparing keys.
    fn counts_surely(&self, head: &Head) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::OfKey(_) => head.key().is_none().then_some(false),
            Self::One(run) => Some(head.id == *run),
        }
    }

    /// Whether the run is one of them. Compares keys: the user's code.
    fn counts(&self, head: &Head) -> bool {
        match self {
            Self::OfKey(key) => head.key() == Some(key),
            _ => self.counts_surely(head) == Some(true),
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

/// Status cells.
impl Store {
    /// What the runs of a name are doing, as a cell: made at the first call, the same one from then on.
    ///
    /// The cell lives until it is removed. A run is counted from its start event to its end event; one that is refused
    /// counts as the last one to have ended, and as nothing else. Of runs that [share](crate::Policy::Shared) their work, each
    /// is counted, and the work is not. There is no commit for a cell that nobody has read since the last one, and runs of other
    /// names pay nothing.
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
    pub fn status_of(&self, name: impl Into<Text>) -> Derived<RunsStatus> {
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
    ) -> Derived<RunsStatus> {
        self.status_cell(name.into(), Which::OfKey(Key::new(key)), None)
    }

    /// What one run is doing, as a cell. See [`status_of`](Self::status_of).
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn status_of_run<T, E>(&self, run: &Run<T, E>) -> Derived<RunsStatus> {
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
    ) -> Derived<RunsStatus> {
        let created = Location::caller();
        let (executor, core) = (&self.core().executor, Arc::downgrade(self.core()));
        self.demand(|graph| executor.status_cell(graph, core, (name, which), ended, created))
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
        core: Weak<Core>,
        (name, which): (Text, Which),
        last: Option<OutcomeKind>,
        created: &'static Location<'static>,
    ) -> Derived<RunsStatus> {
        let known = self.statuses.of_name(&name);
        let lives = |entry: &Entry| graph.place_of(entry.cell.key()).is_some();
        let found = known.iter().find(|entry| lives(entry) && entry.follower.which.same_as(&which));
        let found = found.map(|entry| entry.cell);
        // A key is the user's, and so is its drop.
        graph.discard(known);
        if let Some(cell) = found {
            graph.discard(which);
            return cell;
        }
        let same: fn(&u64, &u64) -> bool = ByValue.comparator();
        let tick = Source::from_key(graph.add_source(0, same, None, created));
        let count = Mutex::new(Count {
            status: RunsStatus { last, ..RunsStatus::default() },
            runs: FxHashSet::default(),
            read: false,
            gone: false,
        });
        let follower = Arc::new(Follower { which, tick, created, count });
        let owner = Owner { follower: Arc::clone(&follower), core };
        let compute = move |cx: &mut crate::graph::Reader<'_>| {
            cx.get(tick);
            owner.follower.read()
        };
        let label = Some(Arc::from(format!("status of {name}")));
        let cell = Derived::from_key(graph.add_derived(compute, ByValue, label, created));
        // From here on starts and ends are told; then those are counted that are under way. Of their ends we hear because who
        // is asked inside a lease whether it is active tells of its end afterwards.
        let entry = Entry { follower: Arc::clone(&follower), cell };
        self.statuses.add(name.clone(), entry);
        self.set_counted(true);
        for run in self.live(|run| run.head().name == name) {
            let active = |head: &Head| {
                if mutant("the end of a run that is counted is not told") {
                    return head.phase.is_active();
                }
                run.is_active_in_lease()
            };
            let head = run.head();
            if !head.is_work() && follower.which.counts(head) && active(head) {
                follower.found(head);
            }
            // We may be the last to have it, and its outcome is the user's.
            graph.discard(run);
        }
        cell
    }

    /// Whether there may be cells that follow runs of this name.
    #[inline]
    pub(super) fn follows(&self, name: &Text) -> bool {
        self.is_counted() && self.statuses.may_have(name)
    }

    /// Counts a step of a run in the cells that follow it.
    #[inline]
    pub(super) fn count(&self, core: &Arc<Core>, head: &Head, step: RunStep) {
        if self.follows(&head.name) && !head.is_work() {
            self.count_step(core, head, step);
        }
    }

    /// Counts a run whose start was not told, since no cell followed it when that would have been.
    #[cold]
    pub(super) fn count_late(&self, core: &Arc<Core>, run: &Arc<dyn AnyRun>) {
        let head = run.head();
        let counted = call_hook(head, "start", || {
            core.enter(|graph| {
                let mut due = Vec::new();
                let known = self.statuses.of_name(&head.name);
                for Entry { follower, .. } in &known {
                    // If it is active now, its end comes after this.
                    if follower.which.counts(head) && run.is_active_in_lease() {
                        follower.found(head);
                        due.push(Arc::clone(follower));
                    }
                }
                tick(graph, head, &due);
                graph.discard((known, due));
            })
        });
        if let Err(message) = counted {
            tell(core, || Event::Failed { what: format!("counting {head:?}").into(), message });
        }
    }

    #[cold]
    fn count_step(&self, core: &Arc<Core>, head: &Head, step: RunStep) {
        let Some(mut due) = self.statuses.count_surely(head, step) else { return };
        let when = match step {
            RunStep::Start => "start",
            RunStep::Retry => "next attempt",
            RunStep::End(_) => "end",
        };
        if !due.unsure.is_empty() || !due.ticks.is_empty() {
            // Neither a key's `Eq` nor a callback that this commit calls may keep a run from its course.
            let counted = call_hook(head, when, || {
                core.enter(|graph| {
                    for follower in &due.unsure {
                        if follower.which.counts(head) && follower.count(head, step) {
                            due.ticks.push(Arc::clone(follower));
                        }
                    }
                    tick(graph, head, &due.ticks);
                })
            });
            if let Err(message) = counted {
                let what = format!("counting {head:?} at its {when}");
                tell(core, || Event::Failed { what: what.into(), message });
            }
        }
        if !due.has_spent {
            return;
        }
        drop(due);
        let over = matches!(step, RunStep::End(_)).then_some(head.id);
        let (forgotten, none_left) = self.statuses.forget(&head.name, over);
        drop(forgotten);
        if none_left {
            self.set_counted(false);
        }
    }
}

/// Has cells computed anew, in one commit.
fn tick(graph: &mut Graph, head: &Head, followers: &[Arc<Follower>]) {
    let Some(first) = followers.first() else { return };
    let writer = Writer { location: first.created, run: Some(head.id) };
    let done = graph.update_several(writer, |updates| {
        for follower in followers {
            // Before the cell is computed, so that this is not lost.
            follower.count.lock().read = false;
            // One that is gone is forgotten when its cell is dropped.
            let _ = updates.update(follower.tick, |ticks| *ticks += 1);
        }
    });
    drop(done.value);
}

/// The follower, in the hands of its cell: when that is dropped, the tick goes too.
struct Owner {
    follower: Arc<Follower>,
    core: Weak<Core>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.follower.count.lock().gone = true;
        let (core, tick) = (Weak::clone(&self.core), self.follower.tick);
        lease::defer(move || {
            if let Some(core) = core.upgrade() {
                Store::from_core(core).remove_cells([tick.key()]);
            }
        });
    }
}

/// Cells that a step changes something for.
#[derive(Default)]
struct Due {
    /// Those that were counted, and are to be computed anew.
    ticks: Vec<Arc<Follower>>,
    /// Those whose keys are to be compared first.
    unsure: Vec<Arc<Follower>>,
    /// Whether there are some that may have nothing more to count.
    has_spent: bool,
}

impl Follower {
    /// What is to be in the cell; from here on, changes are told.
    fn read(&self) -> RunsStatus {
        let mut count = self.count.lock();
        count.read = true;
        count.status
    }

    /// Counts a run that was under way when the cell was made.
    fn found(&self, head: &Head) {
        let mut count = self.count.lock();
        // Its start may have been counted meanwhile.
        if count.runs.insert(head.id) {
            let status = &mut count.status;
            status.attempts += u64::from(head.attempt());
            status.in_flight += 1;
            status.latest = status.latest.max(Some(head.id));
        }
    }

    /// Counts a step; returns whether the cell is to be computed anew.
    fn count(&self, head: &Head, step: RunStep) -> bool {
        let mut count = self.count.lock();
        let Count { status, runs, read, gone } = &mut *count;
        match step {
            // A cell that was made while the run was starting has counted it.
            RunStep::Start if !runs.insert(head.id) => return false,
            RunStep::Start => {
                status.attempts += u64::from(head.attempt());
                status.latest = Some(head.id);
            }
            RunStep::Retry => status.attempts += 1,
            RunStep::End(kind) => {
                runs.remove(&head.id);
                status.last = Some(kind);
            }
        }
        status.in_flight = runs.len();
        *read && !*gone
    }

    fn has_counted(&self, head: &Head) -> bool {
        self.count.lock().runs.contains(&head.id)
    }

    fn is_gone(&self) -> bool {
        self.count.lock().gone
    }
}

impl Default for Statuses {
    fn default() -> Self {
        Self { names: AtomicU64::new(0), table: Mutex::new(FxHashMap::default()) }
    }
}

impl Statuses {
    /// Whether there may be cells for runs of a name.
    #[inline]
    fn may_have(&self, name: &Text) -> bool {
        self.names.load(Ordering::Relaxed) & bit_of(name) != 0
    }

    /// The cells that follow runs of a name.
    fn of_name(&self, name: &Text) -> Vec<Entry> {
        self.table.lock().get(name).cloned().unwrap_or_default()
    }

    fn add(&self, name: Text, entry: Entry) {
        self.names.fetch_or(bit_of(&name), Ordering::Relaxed);
        self.table.lock().entry(name).or_default().push(entry);
    }

    /// Counts a step of a run in the cells of which it is sure, without a comparison, that they follow it. Nothing if no cell
    /// follows runs of its name.
    fn count_surely(&self, head: &Head, step: RunStep) -> Option<Due> {
        let table = self.table.lock();
        let mut due = Due::default();
        for Entry { follower, .. } in table.get(&head.name)? {
            due.has_spent |= matches!(follower.which, Which::One(_)) || follower.is_gone();
            match follower.which.counts_surely(head) {
                Some(false) => {}
                None if !follower.has_counted(head) => due.unsure.push(Arc::clone(follower)),
                _ if follower.count(head, step) => due.ticks.push(Arc::clone(follower)),
                _ => {}
            }
        }
        Some(due)
    }

    /// Forgets cells that were removed, and those of a run that is over, to which nothing more will happen. Returns them, to
    /// be dropped with no lock held, and whether none is left.
    fn forget(&self, name: &Text, over: Option<RunId>) -> (Vec<Entry>, bool) {
        let mut table = self.table.lock();
        let Some(cells) = table.get_mut(name) else { return (Vec::new(), table.is_empty()) };
        let is_over = |which: &Which| matches!(which, Which::One(run) if Some(*run) == over);
        let forgotten: Vec<_> = cells
            .extract_if(.., |entry| is_over(&entry.follower.which) || entry.follower.is_gone())
            .collect();
        if cells.is_empty() {
            table.remove(name);
            let left = table.keys().fold(0, |bits, name| bits | bit_of(name));
            self.names.store(left, Ordering::Relaxed);
        }
        (forgotten, table.is_empty())
    }
}

/// The bit of a name.
fn bit_of(name: &Text) -> u64 {
    1 << (FxBuildHasher.hash_one(name) >> 58)
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statuses").field("names", &self.table.lock().len()).finish()
    }
}
