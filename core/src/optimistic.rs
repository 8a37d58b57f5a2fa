//! Optimistic patches: what is shown before it is known.
//!
//! A cell that is written by those who know (a server's answers, say) is the *base*. Patches lie on it in a stack, each a
//! function of what is below; what is *shown* is all of them applied to the base. So nothing is ever overwritten that
//! would have to be put back: a patch that turns out wrong is taken out of the stack, and those above it apply to what is
//! below it now. A write of the base by anybody else is seen through all of them.
//!
//! A patch that turns out right becomes part of the base as soon as nothing uncertain is below it; until then it stays
//! where it is, or what is shown would change with the order in which answers come.
//!
//! Patches and base are cells, and change in one commit: *shown* is derived from both.

use crate::{
    cell::{ByValue, Cell, CellBuilder, CellKey, Equality, Never, Source, Workshop},
    commit::{Transaction, Updates},
    error::CellError,
    graph::Reader,
    lease,
    store::{Store, WeakStore},
};
use std::{
    fmt, hash,
    marker::PhantomData,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A cell that shows a base with patches on it. Made by [`Store::optimistic`].
///
/// It is read and observed like any other cell. Copying the handle does not copy the cell.
///
/// ```
/// use trine_core::Store;
///
/// let store = Store::new();
/// let saved = store.source(vec!["tea"]); // what the server has
/// let shown = store.optimistic(saved);
///
/// let milk = store.patch(shown, |list| list.push("milk"));
/// let eggs = store.patch(shown, |list| list.push("eggs"));
/// assert_eq!(store.get(shown), ["tea", "milk", "eggs"]);
///
/// store.set(saved, vec!["coffee"]); // somebody else has changed the list
/// eggs.confirm();
/// assert_eq!(store.get(shown), ["coffee", "milk", "eggs"]);
/// milk.roll_back(); // its request has failed
/// assert_eq!(store.get(shown), ["coffee", "eggs"]);
/// assert_eq!(store.get(saved), ["coffee", "eggs"]);
/// ```
pub struct Optimistic<T> {
    /// The cell that shows.
    shown: CellKey,
    /// What is known.
    base: CellKey,
    /// The stack of patches.
    patches: CellKey,
    /// The type of the value.
    value: PhantomData<fn() -> T>,
}

/// A function of what is below a patch.
type Apply<T> = Arc<dyn Fn(&mut T) + Send + Sync>;

/// A patch on the stack.
struct Layer<T> {
    /// Which one.
    id: u64,
    /// What it does.
    apply: Apply<T>,
    /// Whether it has turned out right.
    confirmed: bool,
}

/// The value of the cell that has the patches, the lowest first.
type Stack<T> = Vec<Layer<T>>;

/// A change that is shown before it is known. Made by [`Store::patch`].
///
/// Dropping it rolls it back: what was shown by a run that failed or was cancelled goes with it.
#[must_use = "a patch is rolled back when it is dropped; `confirm` lets it stay"]
pub struct Patch<T: Clone + Send + 'static> {
    /// Where it lies.
    cell: Optimistic<T>,
    /// Which one it is.
    id: u64,
    /// The store.
    store: WeakStore,
    /// Whether it still is on the stack, for all that this handle knows.
    pending: bool,
}

/// The number of the last patch of the process. (Not from the `sync` shim: the model checker's atomics cannot be statics,
/// and only uniqueness matters.)
static LAST_ID: AtomicU64 = AtomicU64::new(0);

impl Store {
    /// Makes a cell that shows `base` with patches on it.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn optimistic<T: Clone + PartialEq + Send + 'static>(
        &self,
        base: Source<T>,
    ) -> Optimistic<T> {
        make(Workshop::Store(self), base, ByValue, None)
    }

    /// Puts a patch on a cell's stack: it is shown at once, by one commit.
    ///
    /// `apply` is called inside the lease, whenever what is below it has changed, and must be pure. If it panics, the cell
    /// has no value until the patch is rolled back.
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn patch<T: Clone + Send + 'static>(
        &self,
        cell: Optimistic<T>,
        apply: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> Patch<T> {
        match self.try_patch(cell, apply) {
            Ok(patch) => patch,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`patch`](Self::patch), for a cell that may be gone.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn try_patch<T: Clone + Send + 'static>(
        &self,
        cell: Optimistic<T>,
        apply: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> Result<Patch<T>, CellError> {
        // The number is only told apart from others.
        let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
        let layer = Layer { id, apply: Arc::new(apply), confirmed: false };
        self.try_update(cell.stack(), |stack| stack.push(layer))?;
        Ok(Patch { cell, id, store: self.downgrade(), pending: true })
    }
}

/// Patches that are part of a larger commit: of a front end whose events change other cells besides.
impl Updates<'_> {
    /// Puts a patch on a cell's stack, as [`Store::patch`] does, as a part of this commit. `store` is the one that is being
    /// updated: the patch is rolled back in it when it is dropped.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store.
    #[track_caller]
    pub fn patch<T: Clone + Send + 'static>(
        &mut self,
        store: &WeakStore,
        cell: Optimistic<T>,
        apply: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> Result<Patch<T>, CellError> {
        let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
        let layer = Layer { id, apply: Arc::new(apply), confirmed: false };
        self.update(cell.stack(), |stack| stack.push(layer))?;
        Ok(Patch { cell, id, store: store.clone(), pending: true })
    }

    /// Lets a patch stay, as [`Patch::confirm`] does, as a part of this commit.
    ///
    /// A patch that panics on the base is left out; the panic goes on when everything else has been done.
    ///
    /// # Errors
    ///
    /// If the cell was removed; if the base is torn.
    #[track_caller]
    pub fn confirm<T: Clone + Send + 'static>(
        &mut self,
        mut patch: Patch<T>,
    ) -> Result<(), CellError> {
        patch.pending = false;
        let (cell, id) = (patch.cell, patch.id);
        let mut folded = Vec::new();
        self.update(cell.stack(), |stack| {
            if let Some(layer) = stack.iter_mut().find(|layer| layer.id == id) {
                layer.confirmed = true;
            }
            let certain = stack.iter().take_while(|layer| layer.confirmed).count();
            folded.extend(stack.drain(..certain));
        })?;
        if folded.is_empty() {
            return Ok(());
        }
        // On a copy: in place, one that panics would tear the base.
        let mut value = self.get(cell.base())?;
        let applied = catch_unwind(AssertUnwindSafe(|| {
            for layer in &folded {
                (layer.apply)(&mut value);
            }
        }));
        self.graph.discard(folded);
        match applied {
            Ok(()) => self.update(cell.base(), |base| std::mem::swap(base, &mut value))?,
            Err(payload) => self.note_panic(payload),
        }
        self.graph.discard(value);
        Ok(())
    }

    /// Takes a patch out, as [`Patch::roll_back`] does, as a part of this commit. Confirmed ones above it become part of the
    /// base if nothing uncertain is left below them.
    ///
    /// # Errors
    ///
    /// If the cell was removed; if the base is torn.
    #[track_caller]
    pub fn roll_back<T: Clone + Send + 'static>(
        &mut self,
        mut patch: Patch<T>,
    ) -> Result<(), CellError> {
        patch.pending = false;
        let (cell, id) = (patch.cell, patch.id);
        let mut out = Vec::new();
        self.update(cell.stack(), |stack| {
            out.extend(stack.extract_if(.., |layer| layer.id == id));
        })?;
        self.graph.discard(out);
        // Nothing is confirmed by it; what it has kept from the base is.
        self.confirm(patch)
    }
}

impl<Q> CellBuilder<'_, Q> {
    /// Makes a cell that shows `base` with patches on it; see [`Store::optimistic`].
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn optimistic<T: Clone + Send + 'static>(self, base: Source<T>) -> Optimistic<T>
    where
        Q: Equality<T>,
    {
        let (workshop, name, equality) = self.into_parts();
        make(workshop, base, equality, Some(name))
    }
}

#[track_caller]
fn make<T: Clone + Send + 'static>(
    mut workshop: Workshop<'_>,
    base: Source<T>,
    equality: impl Equality<T>,
    name: Option<Arc<str>>,
) -> Optimistic<T> {
    let created = Location::caller();
    let never = Equality::<Stack<T>>::comparator(Never);
    let patches = name.as_ref().map(|name| Arc::from(format!("patches of {name}")));
    let patches = workshop.make_source(Stack::new(), never, patches, created);
    let owner = Owner { store: workshop.store(), patches: patches.key() };
    let shown = workshop.make_derived(
        move |cx: &mut Reader<'_>| {
            let _owned = &owner;
            let mut value = cx.get(base);
            cx.with(patches, |stack| {
                for layer in stack {
                    (layer.apply)(&mut value);
                }
            });
            value
        },
        equality,
        name,
        created,
    );
    Optimistic { shown: shown.key(), base: base.key(), patches: patches.key(), value: PhantomData }
}

/// Removes the stack with the cell that shows it.
struct Owner {
    store: WeakStore,
    patches: CellKey,
}

impl Drop for Owner {
    fn drop(&mut self) {
        let (store, patches) = (self.store.clone(), self.patches);
        lease::defer(move || {
            if let Some(store) = store.upgrade() {
                store.remove_cells([patches]);
            }
        });
    }
}

impl<T> Optimistic<T> {
    /// The cell of what is known: to be written by those who know.
    #[must_use]
    pub fn base(self) -> Source<T> {
        Source::from_key(self.base)
    }

    fn stack(self) -> Source<Stack<T>> {
        Source::from_key(self.patches)
    }
}

impl<T: Clone + Send + 'static> Patch<T> {
    /// Lets the patch stay: it becomes part of the base, now or when no uncertain patch is below it any more. What is shown
    /// does not change.
    ///
    /// Nothing happens if cell or store are gone.
    ///
    /// # Panics
    ///
    /// If the patch, or a confirmed one above it, panics; then it is rolled back. Inside a lease.
    #[track_caller]
    pub fn confirm(mut self) {
        self.settle(|layer| layer.confirmed = true);
    }

    /// Lets what is known by now take the place of the patch: an answer that says more than was guessed.
    ///
    /// Nothing happens if cell or store are gone.
    ///
    /// # Panics
    ///
    /// As [`confirm`](Self::confirm).
    #[track_caller]
    pub fn confirm_with(mut self, apply: impl Fn(&mut T) + Send + Sync + 'static) {
        let apply: Apply<T> = Arc::new(apply);
        self.settle(move |layer| (layer.apply, layer.confirmed) = (apply, true));
    }

    /// Takes the patch out: what is shown is what it would be without it.
    pub fn roll_back(self) {
        drop(self);
    }

    /// Changes the patch on the stack and sees what can become part of the base.
    #[track_caller]
    fn settle(&mut self, change: impl FnOnce(&mut Layer<T>)) {
        let Some(store) = self.store.upgrade() else { return };
        let (cell, id) = (self.cell, self.id);
        let settled = store.transaction(|tx| {
            tx.try_update(cell.stack(), |stack| {
                if let Some(layer) = stack.iter_mut().find(|layer| layer.id == id) {
                    change(layer);
                }
            })?;
            fold(tx, cell)
        });
        // An error means that the cell is gone, and the patch with it. After a panic it is rolled back.
        drop(settled);
        self.pending = false;
    }
}

/// Makes confirmed patches that nothing uncertain lies below part of the base.
fn fold<T: Clone + Send + 'static>(
    tx: &mut Transaction<'_>,
    cell: Optimistic<T>,
) -> Result<(), CellError> {
    let mut folded = Vec::new();
    tx.try_update(cell.stack(), |stack| {
        let certain = stack.iter().take_while(|layer| layer.confirmed).count();
        folded.extend(stack.drain(..certain));
    })?;
    if folded.is_empty() {
        return Ok(());
    }
    let folding = tx.try_update(cell.base(), |value| {
        for layer in &folded {
            (layer.apply)(value);
        }
    });
    // What a patch holds is the user's, and so is its drop.
    tx.graph.discard(folded);
    folding
}

impl<T: Clone + Send + 'static> Drop for Patch<T> {
    fn drop(&mut self) {
        if !self.pending {
            return;
        }
        let (store, cell, id) = (self.store.clone(), self.cell, self.id);
        lease::defer(move || {
            let Some(store) = store.upgrade() else { return };
            let take_out =
                |fold: fn(&mut Transaction<'_>, Optimistic<T>) -> Result<(), CellError>| {
                    store.transaction(|tx| {
                        tx.try_update(cell.stack(), |stack| stack.retain(|layer| layer.id != id))?;
                        fold(tx, cell)
                    })
                };
            // An error means that the cell is gone, and the patch with it. A panic is that of a confirmed patch, which is
            // the cell's error as well; this one must go all the same.
            if catch_unwind(AssertUnwindSafe(|| take_out(fold))).is_err() {
                let _ = take_out(|_, _| Ok(()));
            }
        });
    }
}

impl<T> Clone for Layer<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, apply: Arc::clone(&self.apply), confirmed: self.confirmed }
    }
}

impl<T: Send + 'static> Cell for Optimistic<T> {
    type Value = T;

    #[inline]
    fn key(self) -> CellKey {
        self.shown
    }
}

impl<T> Clone for Optimistic<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Optimistic<T> {}

impl<T> PartialEq for Optimistic<T> {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

impl<T> Eq for Optimistic<T> {}

impl<T> hash::Hash for Optimistic<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.shown.hash(state);
    }
}

impl<T> fmt::Debug for Optimistic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Optimistic({})", self.shown.id)
    }
}

impl<T: Clone + Send + 'static> fmt::Debug for Patch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patch").field("cell", &self.cell).field("pending", &self.pending).finish()
    }
}
