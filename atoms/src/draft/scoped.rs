//! Values for the time being: what [`Draft::trigger_scoped`](crate::Draft::trigger_scoped) has put into an atom until
//! its action ends, and what a [compensated](crate::AsyncAction::compensated) action has put there unless it ends well.
//!
//! Several actions may have put a value into one atom: think of a loading flag. Their claims are stacked, per atom,
//! and each remembers what it found there. A claim that ends on top of the others puts that back, unless somebody else
//! has written the atom since. One that ends below another leaves the atom alone and hands on what it found to the
//! one above. So the flag goes down with the last of them, in whatever order they end.
//!
//! All of this happens inside the lease, so that it cannot come apart from the values. No user code runs under
//! the lock: values are told apart by their address, and dropped later.

use crate::definition::Same;
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use trine_core::{Cell, CellKey, Source, Update, Updates};

/// A value of some atom.
type Value = Arc<dyn Any + Send + Sync>;

/// The claims on the atoms of a store.
#[derive(Debug, Default)]
pub struct Claims(Mutex<Stacks>);

#[derive(Debug, Default)]
struct Stacks {
    /// The claims on each atom, the last one on top.
    by_cell: FxHashMap<CellKey, Vec<Claim>>,
    /// The number of the last claim.
    last: u64,
}

/// A value for the time being.
#[derive(Debug)]
struct Claim {
    /// Which claim.
    number: u64,
    /// What was there.
    found: Value,
    /// What is there instead.
    put: Value,
}

/// What a flush claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claiming {
    /// Nothing: what it writes stays.
    Nothing,
    /// That what it writes goes when the action ends.
    Scoped,
    /// That what it writes goes unless the action ends well.
    Compensated,
}

/// What an action has to give up when it ends.
pub(super) struct Held<T> {
    /// The atom's cell.
    cell: Source<Arc<T>>,
    /// When two values are the same.
    same: Same<T>,
    /// The claim on it.
    number: u64,
}

/// What is left of a claim, or of what it had put: to be dropped outside the lease.
pub(super) type Spent = Box<dyn Any + Send>;

impl Claims {
    /// Notes that `put` is in the cell instead of `found`. Where one of `earlier`, claims of the same draft, the last one
    /// first, had put what was found, this claim takes its place; else that one ends as if it were another action's.
    pub(super) fn put<T: Send + Sync + 'static>(
        &self,
        (cell, same): (Source<Arc<T>>, Same<T>),
        found: Arc<T>,
        put: Arc<T>,
        earlier: [Option<Held<T>>; 2],
        spent: &mut Vec<Spent>,
    ) -> Held<T> {
        let mut claim = Claim { number: 0, found, put };
        for earlier in earlier.into_iter().flatten() {
            let Some((mut earlier, _)) = self.take(cell.key(), earlier.number, false) else {
                continue;
            };
            let mut stacks = self.lock();
            let stack = stacks.by_cell.entry(cell.key()).or_default();
            // Whoever was above it, or this one, goes by what it found now.
            let above = stack.iter_mut().find(|other| Arc::ptr_eq(&other.found, &earlier.put));
            let heir = above.unwrap_or(&mut claim);
            if Arc::ptr_eq(&heir.found, &earlier.put) {
                std::mem::swap(&mut heir.found, &mut earlier.found);
            }
            spent.push(Box::new(earlier));
        }
        let mut stacks = self.lock();
        stacks.last += 1;
        let number = stacks.last;
        claim.number = number;
        stacks.by_cell.entry(cell.key()).or_default().push(claim);
        Held { cell, same, number }
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

impl<T: Clone + Send + Sync + 'static> Held<T> {
    /// Puts back what was found.
    pub(super) fn end(self, claims: &Claims, up: &mut Updates<'_>, spent: &mut Vec<Spent>) {
        let Self { cell, same, number } = self;
        let Some((claim, on_top)) = claims.take(cell.key(), number, true) else { return };
        let now = up.get(cell);
        if on_top
            // An atom that is torn or gone by now is not ours to repair.
            && let Ok(now) = &now
            && std::ptr::addr_eq(Arc::as_ptr(now), Arc::as_ptr(&claim.put))
            && let Ok(mut found) = Arc::clone(&claim.found).downcast::<T>()
        {
            // A comparison that panics proves no equality; the others must come back all the same.
            let equal = catch_unwind(AssertUnwindSafe(|| same(now, &found))).unwrap_or(false);
            if !equal {
                let _ = up.update(cell, |held| {
                    std::mem::swap(held, &mut found);
                    Update::Changed
                });
            }
            spent.push(Box::new(found));
        }
        spent.push(Box::new((claim, now)));
    }

    /// Lets stay what is there.
    pub(super) fn keep(self, claims: &Claims, spent: &mut Vec<Spent>) {
        if let Some((claim, _)) = claims.take(self.cell.key(), self.number, false) {
            spent.push(Box::new(claim));
        }
    }
}
