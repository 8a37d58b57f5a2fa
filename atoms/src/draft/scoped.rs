//! Values for the time being: what [`Draft::trigger_scoped`](crate::Draft::trigger_scoped) has put into an atom until
//! its action ends.
//!
//! Several actions may have put a value into one atom: think of a loading flag. Their claims are stacked, per atom,
//! and each remembers what it found there. A claim that ends on top of the others puts that back, unless somebody else
//! has written the atom since. One that ends below another leaves the atom alone and hands on what it found to the
//! one above. So the flag goes down with the last of them, in whatever order they end.
//!
//! All of this happens inside the lease, so that it cannot come apart from the values. No user code runs under
//! the lock: values are told apart by their address, and dropped later.

use rustc_hash::FxHashMap;
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use trine_core::{Cell, CellKey, Source, Transaction};

/// A value of some atom.
type Value = Arc<dyn Any + Send + Sync>;

/// The claims on the atoms of a store.
#[derive(Default)]
pub(crate) struct Claims(Mutex<Stacks>);

#[derive(Default)]
struct Stacks {
    /// The claims on each atom, the last one on top.
    by_cell: FxHashMap<CellKey, Vec<Claim>>,
    /// The number of the last claim.
    last: u64,
}

/// A value for the time being.
struct Claim {
    /// Which claim.
    number: u64,
    /// What was there.
    found: Value,
    /// What is there instead.
    put: Value,
}

/// What an action has to give up when it ends.
pub(super) struct Scoped<T> {
    /// The atom's cell.
    cell: Source<Arc<T>>,
    /// The claim on it.
    number: u64,
}

/// A [`Scoped`], whatever its type. What comes back is to be dropped outside the lease.
pub(super) trait AnyScoped: Send {
    /// Puts back what was found.
    fn end(&self, claims: &Claims, tx: &mut Transaction<'_>) -> Option<Spent>;

    /// Lets stay what is there: the action has written it once more.
    fn keep(&self, claims: &Claims) -> Option<Spent>;
}

/// What is left of a claim.
pub(super) type Spent = Box<dyn Any + Send>;

impl Claims {
    /// Notes that `put` is in the cell instead of `found`. If `earlier`, a claim of the same draft, is what was found,
    /// this one takes its place; else it ends as if another action's.
    pub(super) fn put<T: Send + Sync + 'static>(
        &self,
        cell: Source<Arc<T>>,
        found: Arc<T>,
        put: Arc<T>,
        earlier: Option<Box<dyn AnyScoped>>,
    ) -> (Scoped<T>, Option<Spent>) {
        let spent = earlier.and_then(|earlier| earlier.keep(self));
        let mut claim = Claim { number: 0, found, put };
        let mut spent = spent.map(|spent| *spent.downcast::<Claim>().expect("a claim"));
        let mut stacks = self.lock();
        let number = stacks.last + 1;
        stacks.last = number;
        let stack = stacks.by_cell.entry(cell.key()).or_default();
        if let Some(earlier) = &mut spent {
            // Whoever was above it, or this one, goes by what it found now.
            let above = stack.iter_mut().find(|other| Arc::ptr_eq(&other.found, &earlier.put));
            let heir = above.unwrap_or(&mut claim);
            if Arc::ptr_eq(&heir.found, &earlier.put) {
                std::mem::swap(&mut heir.found, &mut earlier.found);
            }
        }
        claim.number = number;
        stack.push(claim);
        (Scoped { cell, number }, spent.map(|spent| Box::new(spent) as _))
    }

    /// Takes a claim out; says whether it was on top, and what it found if nobody above goes by that now.
    fn take(&self, cell: CellKey, number: u64, hand_on: bool) -> Option<(Claim, bool)> {
        let mut stacks = self.lock();
        let stack = stacks.by_cell.get_mut(&cell)?;
        let place = stack.iter().position(|claim| claim.number == number)?;
        let mut claim = stack.remove(place);
        let above = stack.get_mut(place);
        let on_top = above.is_none();
        if let Some(above) = above
            && hand_on
            && Arc::ptr_eq(&above.found, &claim.put)
        {
            std::mem::swap(&mut above.found, &mut claim.found);
        }
        if stack.is_empty() {
            stacks.by_cell.remove(&cell);
        }
        Some((claim, on_top))
    }

    fn lock(&self) -> MutexGuard<'_, Stacks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Send + Sync + 'static> AnyScoped for Scoped<T> {
    fn end(&self, claims: &Claims, tx: &mut Transaction<'_>) -> Option<Spent> {
        let (claim, on_top) = claims.take(self.cell.key(), self.number, true)?;
        let is_there = |now: Arc<T>| Arc::ptr_eq(&(now as Value), &claim.put);
        // An atom that is torn or gone by now is not ours to repair.
        if on_top
            && tx.try_get(self.cell).is_ok_and(is_there)
            && let Ok(found) = Arc::clone(&claim.found).downcast::<T>()
        {
            // Nor is one whose comparison panics; the others must come back all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| tx.try_set(self.cell, found)));
        }
        Some(Box::new(claim))
    }

    fn keep(&self, claims: &Claims) -> Option<Spent> {
        let (claim, _) = claims.take(self.cell.key(), self.number, false)?;
        Some(Box::new(claim))
    }
}
