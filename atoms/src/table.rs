//! Which cell an atom has in a store.

use crate::atom::AtomRef;
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};
use trine_core::{Source, Store};

/// The cells of a store's atoms, by the atoms' identity.
#[derive(Default)]
struct AtomTable(Mutex<FxHashMap<u64, Box<dyn Any + Send>>>);

impl AtomTable {
    fn find<T: 'static>(&self, id: u64) -> Option<Source<Arc<T>>> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(&id).and_then(|cell| cell.downcast_ref()).copied()
    }

    /// Adds a cell unless another thread was first; returns the one that counts.
    fn add<T: Send + Sync + 'static>(&self, id: u64, cell: Source<Arc<T>>) -> Source<Arc<T>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = cells.entry(id).or_insert_with(|| Box::new(cell));
        *first.downcast_ref().expect("an identity belongs to one atom, which has one type")
    }
}

/// The cell of an atom in `store`, made if this is its first use there.
#[track_caller]
pub(crate) fn cell<T: Clone + Send + Sync + 'static>(
    store: &Store,
    id: u64,
    atom: impl FnOnce() -> AtomRef<T>,
) -> Source<Arc<T>> {
    let table = store.extension::<AtomTable>();
    if let Some(cell) = table.find(id) {
        return cell;
    }
    // The initial value is the user's code: not under the table's lock.
    let made = atom().make_cell(store);
    let cell = table.add(id, made);
    if cell != made {
        store.remove(made).expect("made here, known to nobody else");
    }
    cell
}
