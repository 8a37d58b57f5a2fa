//! State cells: what becomes of the runs of a thunk, of a key, of a tag, as cells.
//!
//! They change in the same commit as the slices that have cases for the event, so no view ever sees the one without the
//! other. A store without such cells pays a look at one flag per event for them; one with them, a look into a table. The
//! table is locked inside the lease only, and apart from `Hash` and `Eq` of keys no user code runs under the lock; what a
//! change has replaced is dropped by the caller, outside the lease.
//!
//! A cell that is made while runs are under way counts them: those whose outcome is open are listed inside the lease, and
//! their ends are told in leases that come after it.

use super::{AsyncThunk, Definition, meta::Meta, state::ThunkState};
use crate::{case::ThunkId, store::Store};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    any::{Any, TypeId, type_name},
    hash::Hash,
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use trine_core::{Cell, Outcome, ReadOnly, RunId, Runs, Source, Text, Updates};

/// What a store knows of its runs, beside what the core knows.
pub(crate) struct States {
    /// Tells the store from all others of the process.
    id: u64,
    /// Whether there are any state cells. Relaxed: it is set inside the lease, where it is looked at.
    used: AtomicBool,
    /// The cells, by thunk: an `OfThunk<A, T, E, M>` each.
    thunks: Mutex<FxHashMap<ThunkId, Box<dyn AnyStates>>>,
    /// How many runs with a tag are pending, and the cell that says so, if it was asked for.
    tags: Mutex<FxHashMap<Text, OfTag>>,
    /// How often the store was reset. Written inside the lease.
    epoch: AtomicU64,
}

/// How many runs with a tag are pending, and the cell that says so, if it was asked for.
type OfTag = (usize, Option<Source<usize>>);

/// The last identity given to a store. Only uniqueness matters, so no ordering does.
static LAST_ID: AtomicU64 = AtomicU64::new(0);

impl Default for States {
    fn default() -> Self {
        Self {
            id: LAST_ID.fetch_add(1, Ordering::Relaxed) + 1,
            used: AtomicBool::new(false),
            thunks: Mutex::default(),
            tags: Mutex::default(),
            epoch: AtomicU64::new(0),
        }
    }
}

/// The state cells of one thunk, its types forgotten.
trait AnyStates: Any + Send {
    /// Forgets everything that is under way or over, and writes that into the cells.
    fn reset(&mut self, cells: &mut Updates<'_>, trash: &mut Vec<Box<dyn Any + Send>>);
}

/// The state cells of one thunk.
struct OfThunk<A, T, E, M> {
    /// The cells: that of all runs, and those of keys.
    cells: Vec<Entry<A, T, E, M>>,
    /// Which of them counts all runs.
    all: Option<usize>,
    /// Which of them counts the runs of which key: a `FxHashMap<K, usize>`.
    keys: Option<Box<dyn Any + Send>>,
}

/// One state cell.
struct Entry<A, T, E, M> {
    /// The cell.
    cell: Source<ThunkState<A, T, E, M>>,
    /// The runs that it counts as pending.
    live: FxHashSet<RunId>,
}

/// What happens to a run.
pub(super) enum Step<'a, T, E> {
    /// It is pending.
    Begin,
    /// Another attempt begins.
    TryAgain,
    /// It has ended, after it was pending.
    End(&'a Outcome<T, E>),
    /// It has ended, and never was pending.
    Forget,
}

/// What a change has replaced, to be dropped outside the lease.
pub(super) type Trash = Vec<Box<dyn Any + Send>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking `Eq` leaves is whole: it is asked before anything is changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl States {
    /// A number that is another one for every store, and for every number of slices that have joined it; never 0.
    pub(super) fn stamp(&self, late_slices: usize) -> u64 {
        (self.id << 20) | (late_slices as u64 & 0xF_FFFF)
    }

    /// Whether there are any state cells.
    #[inline]
    pub(super) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// How often the store was reset.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Begins another epoch: what is under way belongs to the one before. Inside the lease.
    pub(super) fn next_epoch(&self, cells: &mut Updates<'_>) -> Trash {
        self.epoch.store(self.epoch() + 1, Ordering::Relaxed);
        let mut trash = Trash::new();
        for states in lock(&self.thunks).values_mut() {
            states.reset(cells, &mut trash);
        }
        for (count, cell) in lock(&self.tags).values_mut() {
            *count = 0;
            if let Some(cell) = cell {
                let _ = cells.update(*cell, |count| *count = 0);
            }
        }
        trash
    }

    /// Brings the cells that follow a run up to date. Inside the lease.
    #[inline]
    pub(super) fn step<A, T, E, X, M>(
        &self,
        cells: &mut Updates<'_>,
        definition: &Definition<A, T, E, X, M>,
        meta: &Arc<Meta<A, M>>,
        run: RunId,
        step: Step<'_, T, E>,
    ) -> Trash
    where
        A: Send + Sync + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        M: Send + Sync + 'static,
    {
        if !definition.options.tags.is_empty() || !meta.tags().is_empty() {
            self.count_tags(cells, definition.options.tags.iter().chain(meta.tags()), &step);
        }
        if !self.is_used() {
            return Trash::new();
        }
        self.step_cells(cells, definition, meta, run, &step)
    }

    #[cold]
    fn step_cells<A, T, E, X, M>(
        &self,
        cells: &mut Updates<'_>,
        definition: &Definition<A, T, E, X, M>,
        meta: &Arc<Meta<A, M>>,
        run: RunId,
        step: &Step<'_, T, E>,
    ) -> Trash
    where
        A: Send + Sync + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        M: Send + Sync + 'static,
    {
        let mut table = lock(&self.thunks);
        let Some(of_thunk) = table.get_mut(&definition.refers.id).and_then(|states| {
            (&mut **states as &mut dyn Any).downcast_mut::<OfThunk<A, T, E, M>>()
        }) else {
            return Trash::new();
        };
        let keyed = meta.key().zip(of_thunk.keys.as_deref());
        let of_key = keyed.and_then(|(key, places)| key.place(places));
        let mut trash = Trash::new();
        for place in of_thunk.all.into_iter().chain(of_key) {
            let entry = &mut of_thunk.cells[place];
            match step {
                Step::Begin => drop(entry.live.insert(run)),
                Step::TryAgain => {}
                Step::End(_) | Step::Forget => drop(entry.live.remove(&run)),
            }
            let in_flight = entry.live.len();
            let written = cells.update(entry.cell, |state| {
                let new = match step {
                    Step::Begin => state.begin(in_flight, meta),
                    Step::TryAgain => state.try_again(),
                    Step::End(outcome) => state.end(in_flight, outcome),
                    Step::Forget => state.with_in_flight(in_flight),
                };
                trash.push(Box::new(std::mem::replace(state, new)));
            });
            // It was removed: whoever asks for it again gets another one.
            drop(written);
        }
        trash
    }

    fn count_tags<'a, T, E>(
        &self,
        cells: &mut Updates<'_>,
        tags: impl Iterator<Item = &'a Text>,
        step: &Step<'_, T, E>,
    ) {
        let mut table = lock(&self.tags);
        for tag in tags {
            let (count, cell) = table.entry(tag.clone()).or_default();
            match step {
                Step::Begin => *count += 1,
                Step::End(_) => *count = count.saturating_sub(1),
                Step::TryAgain | Step::Forget => continue,
            }
            if let Some(cell) = cell {
                let new = *count;
                let _ = cells.update(*cell, |count| *count = new);
            }
        }
    }
}

impl<A, T, E, M> AnyStates for OfThunk<A, T, E, M>
where
    A: Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    fn reset(&mut self, cells: &mut Updates<'_>, trash: &mut Trash) {
        for entry in &mut self.cells {
            entry.live.clear();
            let _ = cells.update(entry.cell, |state| {
                trash.push(Box::new(std::mem::take(state)));
            });
        }
    }
}

impl<A, T, E, M> Default for OfThunk<A, T, E, M> {
    fn default() -> Self {
        Self { cells: Vec::new(), all: None, keys: None }
    }
}

/// State for free.
impl<X: Send + Sync + 'static> Store<X> {
    /// What becomes of the runs of a thunk, as a cell: status, data, error, last argument, attempts, and how many are under
    /// way. No slice is needed for it. It is made at the first call, and the same one from then on.
    ///
    /// It changes in the same commit as the slices. Runs that are under way when it is made are counted; what was before is
    /// not known. A store in which it was never asked for pays nothing for it.
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, Store, ThunkApi, ThunkStatus};
    ///
    /// let double = AsyncThunk::new("double", |n: u32, _: ThunkApi| async move {
    ///     n.checked_mul(2).ok_or("too large")
    /// });
    /// let store = Store::builder().build().unwrap();
    /// let state = store.state_of(&double);
    /// let view = store.core().derived(move |cx| cx.with(state, |state| match state.status() {
    ///     ThunkStatus::Idle => "nothing yet".to_owned(),
    ///     ThunkStatus::Pending => "one moment".to_owned(),
    ///     ThunkStatus::Fulfilled => format!("it is {}", state.data().unwrap()),
    ///     ThunkStatus::Rejected => format!("{}", state.error().unwrap()),
    /// }));
    /// assert_eq!(store.get(view), "nothing yet");
    /// store.dispatch(double.with(21));
    /// assert_eq!(store.get(view), "it is 42");
    /// ```
    ///
    /// # Panics
    ///
    /// Inside a lease.
    #[track_caller]
    pub fn state_of<A, T, E, M>(
        &self,
        thunk: &AsyncThunk<A, T, E, X, M>,
    ) -> ReadOnly<ThunkState<A, T, E, M>>
    where
        A: Send + Sync + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        M: Send + Sync + 'static,
    {
        let find = |states: &OfThunk<A, T, E, M>| states.all;
        self.state_cell(thunk, self.runs_of(thunk), find, |states, place| states.all = Some(place))
    }

    /// What becomes of the runs of a thunk and a key, as a cell: that of a row in a list, say. See [`state_of`](Self::state_of).
    ///
    /// The key is a value of the type that the thunk's [`key`](AsyncThunk::key) gives. The cell lives until it is removed from
    /// the core store.
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, Store, ThunkApi};
    ///
    /// let save = AsyncThunk::new("save", |_: (u32, &str), _: ThunkApi| async move { Ok::<_, String>(()) })
    ///     .key(|(id, _)| *id);
    /// let store = Store::builder().build().unwrap();
    /// let (one, two) = (store.state_of_key(&save, 1_u32), store.state_of_key(&save, 2_u32));
    /// store.dispatch(save.with((1, "tea")));
    /// assert_eq!(store.read(one, |state| state.attempts()), 1);
    /// assert_eq!(store.read(two, |state| state.attempts()), 0);
    /// ```
    ///
    /// # Panics
    ///
    /// If the thunk's keys are of another type, or it has none; inside a lease.
    #[track_caller]
    pub fn state_of_key<A, T, E, M, K>(
        &self,
        thunk: &AsyncThunk<A, T, E, X, M>,
        key: K,
    ) -> ReadOnly<ThunkState<A, T, E, M>>
    where
        A: Send + Sync + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        M: Send + Sync + 'static,
        K: Hash + Eq + Clone + Send + Sync + 'static,
    {
        match thunk.definition.key.as_ref().map(|key| key.key_type()) {
            Some((id, _)) if id == TypeId::of::<K>() => {}
            Some((_, name)) => panic!(
                "the keys of the thunk `{}` made at {} are of type `{name}`, not `{}`",
                thunk.name(),
                thunk.refers().made,
                type_name::<K>(),
            ),
            None => panic!(
                "the thunk `{}` made at {} has no keys: give it some with `.key(..)`, or use `state_of`",
                thunk.name(),
                thunk.refers().made,
            ),
        }
        let (runs, sought) = (self.runs_of_key(thunk, key.clone()), key.clone());
        let find = move |states: &OfThunk<A, T, E, M>| {
            states.keys.as_ref()?.downcast_ref::<FxHashMap<K, usize>>()?.get(&sought).copied()
        };
        self.state_cell(thunk, runs, find, |states, place| {
            let keys =
                states.keys.get_or_insert_with(|| Box::new(FxHashMap::<K, usize>::default()));
            if let Some(keys) = keys.downcast_mut::<FxHashMap<K, usize>>() {
                keys.insert(key, place);
            }
        })
    }

    /// How many runs with a tag are pending, as a cell: to show that something is being saved, whatever it is. The tag is one
    /// of their thunk's ([`AsyncThunk::tag`]) or of their own ([`ThunkCall::tag`](crate::ThunkCall::tag)).
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, Store, ThunkApi};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let save = AsyncThunk::new("save", |(): (), _: ThunkApi| std::future::pending::<Result<(), String>>()).tag("saving");
    /// let store = Store::builder().build().unwrap();
    /// let saving = store.pending_of_tag("saving");
    /// let run = store.dispatch(save.with(()));
    /// assert_eq!(store.get(saving), 1);
    /// run.abort("never mind");
    /// assert_eq!(store.get(saving), 0);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Inside a lease.
    #[track_caller]
    pub fn pending_of_tag(&self, tag: impl Into<Text>) -> ReadOnly<usize> {
        let (tag, states) = (tag.into(), &self.shared().states);
        let known = |cell: Option<Source<usize>>| cell.filter(|cell| self.lives(*cell));
        let found = lock(&states.tags).get(&tag).and_then(|(_, cell)| *cell);
        if let Some(cell) = known(found) {
            return cell.read_only();
        }
        let cell = self.core().cell(format!("pending of {tag}")).source(0);
        let (used, _) = self.core().updates(|cells| {
            let mut tags = lock(&states.tags);
            let (count, place) = tags.entry(tag).or_default();
            if let Some(other) = *place
                && cells.get(other).is_ok()
            {
                return other;
            }
            *place = Some(cell);
            let count = *count;
            let _ = cells.update(cell, |pending| *pending = count);
            cell
        });
        if used != cell {
            let _ = self.core().remove(cell);
        }
        used.read_only()
    }

    /// The state cell that `find` finds, or a new one, which `keep` makes it find.
    #[track_caller]
    fn state_cell<A, T, E, M>(
        &self,
        thunk: &AsyncThunk<A, T, E, X, M>,
        runs: Runs,
        find: impl Fn(&OfThunk<A, T, E, M>) -> Option<usize>,
        keep: impl FnOnce(&mut OfThunk<A, T, E, M>, usize),
    ) -> ReadOnly<ThunkState<A, T, E, M>>
    where
        A: Send + Sync + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        M: Send + Sync + 'static,
    {
        let states = &self.shared().states;
        let (id, core) = (thunk.refers().id, self.core());
        let found = {
            let table = lock(&states.thunks);
            table.get(&id).and_then(|found| {
                let of_thunk = (&**found as &dyn Any).downcast_ref::<OfThunk<A, T, E, M>>()?;
                Some(of_thunk.cells[find(of_thunk)?].cell)
            })
        };
        if let Some(cell) = found.filter(|cell| self.lives(*cell)) {
            return cell.read_only();
        }
        let name = format!("state of {} at {}", thunk.name(), Location::caller());
        let cell = core.cell(name).always_different().source(ThunkState::default());
        let (used, _) = core.updates(|cells| {
            let mut table = lock(&states.thunks);
            let of_thunk =
                table.entry(id).or_insert_with(|| Box::new(OfThunk::<A, T, E, M>::default()));
            let Some(of_thunk) =
                (&mut **of_thunk as &mut dyn Any).downcast_mut::<OfThunk<A, T, E, M>>()
            else {
                return cell;
            };
            let place = find(of_thunk);
            if let Some(place) = place
                && cells.get(of_thunk.cells[place].cell).is_ok()
            {
                return of_thunk.cells[place].cell;
            }
            states.used.store(true, Ordering::Relaxed);
            // Those whose outcome is open: their ends are told after this lease.
            let live: FxHashSet<RunId> =
                runs.list().into_iter().filter(|run| run.is_active).map(|run| run.id).collect();
            let in_flight = live.len();
            let _ = cells.update(cell, |state| *state = state.with_in_flight(in_flight));
            let entry = Entry { cell, live };
            match place {
                Some(place) => of_thunk.cells[place] = entry,
                None => {
                    of_thunk.cells.push(entry);
                    keep(of_thunk, of_thunk.cells.len() - 1);
                }
            }
            cell
        });
        if used != cell {
            let _ = core.remove(cell);
        }
        used.read_only()
    }

    fn lives<C: Cell>(&self, cell: C) -> bool {
        !matches!(self.core().try_with(cell, |_| ()), Err(error) if error.is_disposed())
    }
}
