//! Followers: how views of single entities learn of what a dispatch did.
//!
//! A view of one entity is a derived cell that looks at the slice without depending on it, so that a change of the slice does
//! not reach the views of all its entities. Instead a [`Follower`] remembers, by key, which cells look at which entity. After
//! the reducers of a slice have run, and before the commit ends, it reads what the tables have noted in their
//! [journals](super::journal), and has the cells of those entities run again. All of that is inside the lease.

use super::{
    Entities, Entity,
    journal::{At, Change, Detail, Found},
    version::Version,
};
use rustc_hash::FxHashSet;
use std::{
    any::Any,
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use trine_core::{CellKey, Derived, ListDiff, ListRelay, Updates};

/// The followers of the tables of one slice.
///
/// They are touched inside the lease only; the mutex is there to say so to the compiler.
pub(crate) struct Followers<S> {
    /// Whether there are any. Written inside the lease, and read there.
    any: AtomicBool,
    /// Each of one table.
    list: Mutex<Vec<Box<dyn Follower<S>>>>,
}

/// Follows one table, whatever its type.
pub(crate) trait Follower<S>: Any + Send {
    /// Reads what has changed.
    fn look(&mut self, state: &S);

    /// Has the views run again that this concerns.
    fn tell(&mut self, cells: &mut Updates<'_>);

    /// Nobody knows what has changed: the state is torn, or was.
    fn lose(&mut self);
}

impl<S: 'static> Followers<S> {
    pub(crate) fn new() -> Self {
        Self { any: AtomicBool::new(false), list: Mutex::new(Vec::new()) }
    }

    /// Whether there are any.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    fn list(&self) -> MutexGuard<'_, Vec<Box<dyn Follower<S>>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a state that is different.
    pub(crate) fn look(&self, state: &S) {
        for follower in self.list().iter_mut() {
            follower.look(state);
        }
    }

    /// Tells the views what has been seen; of everything, if the state could not be looked at.
    pub(crate) fn tell(&self, cells: &mut Updates<'_>, looked: bool) {
        for follower in self.list().iter_mut() {
            if !looked {
                follower.lose();
            }
            follower.tell(cells);
        }
    }

    /// Does something to the follower of a table, which begins now if there is none.
    pub(super) fn with<E: Entity, R>(
        &self,
        table: fn(&S) -> &Entities<E>,
        act: impl FnOnce(&mut TableFollower<S, E>) -> R,
    ) -> R {
        let mut list = self.list();
        let found = list.iter_mut().position(|follower| {
            let follower: &dyn Any = &**follower;
            // Two functions that are one to the compiler are one here; one that is two costs a second look.
            follower
                .downcast_ref::<TableFollower<S, E>>()
                .is_some_and(|follower| std::ptr::fn_addr_eq(follower.table, table))
        });
        let index = found.unwrap_or_else(|| {
            list.push(Box::new(TableFollower::new(table)));
            self.any.store(true, Ordering::Relaxed);
            list.len() - 1
        });
        let follower: &mut dyn Any = &mut *list[index];
        act(follower.downcast_mut().expect("it is the one of this type"))
    }
}

impl<S> fmt::Debug for Followers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followers").field("any", &self.any).finish_non_exhaustive()
    }
}

/// Follows one table.
pub(super) struct TableFollower<S, E: Entity> {
    /// Finds the table.
    table: fn(&S) -> &Entities<E>,
    /// Which state of the table the views are of.
    mark: u64,
    /// The cells that look at an entity: mostly one, which is kept without a list.
    views: HashMap<E::Key, (CellKey, Vec<CellKey>)>,
    /// Where the diffs of the list go, once anybody has asked for them.
    relay: Option<ListRelay<E>>,
    /// Whether anybody reads them, as far as is known.
    relayed: bool,
    /// What has been seen and not been told.
    found: Found,
    /// The changes.
    changes: Vec<Change<E>>,
    /// What is in the list, if anybody reads its diffs. Only until that is told: while there is a second version, a change copies.
    content: Option<Version<E>>,
}

impl<S, E: Entity> TableFollower<S, E> {
    fn new(table: fn(&S) -> &Entities<E>) -> Self {
        Self {
            table,
            mark: 0,
            views: HashMap::new(),
            relay: None,
            relayed: false,
            found: Found::Nothing,
            changes: Vec::new(),
            content: None,
        }
    }

    /// Has a cell run again whenever an entity changes.
    pub(super) fn add_view(&mut self, key: E::Key, cell: CellKey) {
        match self.views.entry(key) {
            Entry::Occupied(views) => views.into_mut().1.push(cell),
            Entry::Vacant(place) => {
                place.insert((cell, Vec::new()));
            }
        }
    }

    /// Forgets a cell.
    pub(super) fn remove_view(&mut self, key: &E::Key, cell: CellKey) {
        self.retain_views(key, |candidate| candidate != cell);
    }

    /// Where the diffs go, or the relay that is given, if they go nowhere yet.
    pub(super) fn relay_or(&mut self, relay: ListRelay<E>) -> ListRelay<E> {
        *self.relay.get_or_insert(relay)
    }

    /// Where the diffs go, once anybody has asked for them.
    pub(super) fn relay(&self) -> Option<ListRelay<E>> {
        self.relay
    }

    /// Somebody is about to read the diffs: from the next look on, places are noted.
    pub(super) fn expect_reader(&mut self) {
        self.relayed = true;
    }

    fn tell_views(&mut self, key: &E::Key, cells: &mut Updates<'_>) {
        // Those that were removed from the store look at nothing any more.
        self.retain_views(key, |view| cells.recompute(Derived::<()>::from_key(view)).is_ok());
    }

    fn retain_views(&mut self, key: &E::Key, mut keep: impl FnMut(CellKey) -> bool) {
        let Some((first, others)) = self.views.get_mut(key) else { return };
        others.retain(|view| keep(*view));
        if !keep(*first) {
            match others.pop() {
                Some(other) => *first = other,
                None => drop(self.views.remove(key)),
            }
        }
    }
}

impl<S: 'static, E: Entity> Follower<S> for TableFollower<S, E> {
    fn look(&mut self, state: &S) {
        let detail = if self.relayed { Detail::Places } else { Detail::Keys };
        let table = (self.table)(state);
        self.changes.clear();
        let found = table.changes_since(&mut self.mark, detail, &mut self.changes);
        if self.relayed {
            self.content = Some(table.version());
        }
        // What could not be told the last time is not known any more.
        if self.found != Found::Everything {
            self.found = found;
        }
    }

    fn lose(&mut self) {
        self.mark = 0;
        self.found = Found::Everything;
        self.content = None;
    }

    fn tell(&mut self, cells: &mut Updates<'_>) {
        let found = std::mem::replace(&mut self.found, Found::Nothing);
        let mut changes = std::mem::take(&mut self.changes);
        match found {
            Found::Nothing => {}
            Found::Changes | Found::ChangesOfKeys => {
                // Telling twice is not wrong, and one change is the common case.
                let mut told = FxHashSet::default();
                for change in &changes {
                    let (Change::Inserted(key, _)
                    | Change::Updated(key, _)
                    | Change::Moved(key, ..)
                    | Change::Removed(key, _)) = change;
                    if changes.len() == 1 || told.insert(key) {
                        self.tell_views(key, cells);
                    }
                }
            }
            Found::Everything => {
                for key in self.views.keys().cloned().collect::<Vec<_>>() {
                    self.tell_views(&key, cells);
                }
            }
        }
        // What is in a table that could not be looked at comes with the next look. What is told is the version that the state
        // holds, so nothing is dropped with it.
        if let (Some(relay), Some(content)) = (self.relay, self.content.take()) {
            // A relay that was removed with the store's cells has no readers.
            let _ = match found {
                Found::Nothing => Ok(()),
                Found::Changes => cells.relay(relay, changes.drain(..).flat_map(diffs), || content),
                Found::ChangesOfKeys | Found::Everything => cells.relay_reset(relay, || content),
            };
            self.relayed = cells.is_relayed(relay);
        }
        changes.clear();
        self.changes = changes;
    }
}

/// What a change of the table does to the list.
fn diffs<E: Entity>(change: Change<E>) -> impl Iterator<Item = ListDiff<E>> {
    let (first, second) = match change {
        Change::Inserted(_, Some(At { index, entity })) => {
            (Some(ListDiff::Insert { index, value: entity }), None)
        }
        Change::Updated(_, Some(At { index, entity })) => {
            (Some(ListDiff::Set { index, value: entity }), None)
        }
        Change::Moved(_, from, Some(At { index: to, entity })) => {
            let moved = (from != to).then_some(ListDiff::Move { from, to });
            (Some(ListDiff::Set { index: from, value: entity }), moved)
        }
        Change::Removed(_, index) => (Some(ListDiff::Remove { index }), None),
        // Places are noted from the first look on that asks for them.
        Change::Inserted(_, None) | Change::Updated(_, None) | Change::Moved(_, _, None) => {
            (None, None)
        }
    };
    first.into_iter().chain(second)
}
