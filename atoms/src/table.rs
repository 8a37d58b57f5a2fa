//! Which cell an atom has in a store.
//!
//! A cell is made when its atom is first used in the store, from the atom's initial value, which user code makes: outside
//! every lock, so two threads may both make one, and the first counts. That code may use other atoms. Atoms that need
//! each other's initial value have none; a thread remembers which cells it is making, and says so.
//!
//! The cell is an ordinary one, and may be removed from the store like any other (the end of a scope that has adopted it,
//! say). Then the atom is as if it had never been used there: its next use makes a new cell. Whether a cell is
//! still there is looked at only after something was removed from the store.

use crate::atom::AtomRef;
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    cell::RefCell,
    sync::{Arc, Mutex, PoisonError},
};
use trine_core::{Source, Store, Text};

/// The cells of a store's atoms, by the atoms' identity.
#[derive(Default)]
struct AtomTable(Mutex<FxHashMap<u64, Entry>>);

/// The cell of an atom.
struct Entry {
    /// A `Source<Arc<T>>`.
    cell: Box<dyn Any + Send>,
    /// The store's count of removals when the cell was last known to be there.
    seen_at: u64,
}

impl Entry {
    fn cell<T: 'static>(&self) -> Source<Arc<T>> {
        *self.cell.downcast_ref().expect("an identity belongs to one atom, which has one type")
    }
}

impl AtomTable {
    fn lock(&self) -> std::sync::MutexGuard<'_, FxHashMap<u64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The atom's cell, and whether it is known to be there.
    fn find<T: 'static>(&self, id: u64, removals: u64) -> Option<(Source<Arc<T>>, bool)> {
        let entries = self.lock();
        entries.get(&id).map(|entry| (entry.cell(), entry.seen_at == removals))
    }

    /// Notes that a cell was there, or that it was not.
    fn note<T: Send + Sync + 'static>(&self, id: u64, cell: Source<Arc<T>>, seen_at: Option<u64>) {
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(&id).filter(|entry| entry.cell::<T>() == cell) else {
            return;
        };
        match seen_at {
            Some(removals) => entry.seen_at = removals,
            None => drop(entries.remove(&id)),
        }
    }

    /// Adds a cell unless another thread was first; returns the one that counts.
    fn add<T: Send + Sync + 'static>(
        &self,
        id: u64,
        cell: Source<Arc<T>>,
        seen_at: u64,
    ) -> Source<Arc<T>> {
        let entry = || Entry { cell: Box::new(cell), seen_at };
        self.lock().entry(id).or_insert_with(entry).cell()
    }
}

/// The cell of an atom in `store`, made if this is its first use there, or if it was removed.
#[track_caller]
pub(crate) fn cell<T: Clone + Send + Sync + 'static>(
    store: &Store,
    id: u64,
    atom: impl FnOnce() -> AtomRef<T>,
) -> Source<Arc<T>> {
    let table = store.extension::<AtomTable>();
    let removals = store.removals();
    match table.find(id, removals) {
        Some((cell, true)) => return cell,
        // Inside a lease nothing can be found out, and whoever uses the cell is told so.
        Some((cell, false)) => match store.try_with(cell, |_| ()) {
            Err(error) if error.is_disposed() => table.note(id, cell, None),
            Err(error) if error.is_reentrant() => return cell,
            _ => {
                table.note(id, cell, Some(removals));
                return cell;
            }
        },
        None => {}
    }
    // The initial value is the user's code: not under the table's lock.
    let atom = atom();
    let made = {
        let _making = Making::begin(&table, id, atom.name());
        atom.make_cell(store)
    };
    let cell = table.add(id, made, removals);
    if cell != made {
        store.remove(made).expect("made here, known to nobody else");
    }
    cell
}

thread_local! {
    /// The cells that this thread is making, the innermost last: the address of the table, the atom's identity and name.
    static MAKING: RefCell<Vec<(usize, u64, Text)>> = const { RefCell::new(Vec::new()) };
}

/// Marks the thread as making the cell of an atom for as long as it lives.
struct Making;

impl Making {
    #[track_caller]
    fn begin(table: &Arc<AtomTable>, id: u64, name: &Text) -> Self {
        let table = Arc::as_ptr(table).addr();
        let circle = MAKING.with_borrow_mut(|making| {
            let known = making.iter().position(|(other, atom, _)| (*other, *atom) == (table, id));
            let Some(first) = known else {
                making.push((table, id, name.clone()));
                return None;
            };
            let names = making[first..].iter().map(|(.., name)| format!("`{name}` -> "));
            Some(names.collect::<String>())
        });
        if let Some(circle) = circle {
            panic!(
                "the initial values of atoms need each other in a circle: {circle}`{name}`; \
                 let one of them begin with a value of its own"
            );
        }
        Self
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        MAKING.with_borrow_mut(Vec::pop);
    }
}
