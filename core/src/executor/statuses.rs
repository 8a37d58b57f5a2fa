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
//!
//! | file | what is in it |
//! |---|---|
//! | this one | what users see |
//! | `counting.rs` | a step of a run on its way to the cells that follow it, and the making of a cell |
//! | `table.rs` | which cells there are, by the name of the runs |
//! | `follower.rs` | what one cell counts |

mod counting;
mod follower;
mod table;

pub(super) use counting::RunStep;
pub(super) use table::Statuses;

use super::{any_run::RunStatus, group::Key, id::RunId, outcome::OutcomeKind, run::Run};
use crate::{
    cell::{CellBuilder, Derived},
    graph::Graph,
    store::Store,
    text::Text,
};
use follower::Which;
use std::{hash::Hash, panic::Location, sync::Arc};

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

impl<Q> CellBuilder<'_, Q> {
    /// What the runs of this name are doing, as a cell: that of [`Store::status_of`]. For front ends, whose definitions may be met
    /// first in a derivation or a transaction.
    ///
    /// # Panics
    ///
    /// Inside a lease, if it is a builder of the store and not of that lease.
    #[track_caller]
    pub fn status(self) -> Derived<RunsStatus> {
        let (mut workshop, name, _) = self.into_parts();
        workshop.status_of(Text::from(name))
    }
}

/// The cell of the runs of a name, for whoever holds the lease.
pub(crate) fn status_inside(
    graph: &mut Graph,
    name: Text,
    created: &'static Location<'static>,
) -> Derived<RunsStatus> {
    let home = graph.home.clone();
    let core = home.upgrade().expect("whoever holds the lease has the store");
    core.executor.status_cell(graph, home, (name, Which::All), None, created)
}
