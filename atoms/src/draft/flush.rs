//! How a draft's change goes into the store.

use std::{any::Any, fmt, sync::Arc};
use trine_core::{CellError, Source, Text, Transaction};

/// Why a draft could not be flushed. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// Somebody else has committed in between.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The action is over: it was aborted, superseded, or its handler has ended.
    #[error("draft of `{atom}` belongs to an action that is over")]
    Ended {
        /// The atom's name.
        atom: Text,
    },
    /// The atom's cell cannot be written.
    #[error(transparent)]
    Cell(#[from] CellError),
}

/// A draft was read, modified and written, and somebody else has committed a different value in between.
///
/// Nothing is overwritten and nothing is lost: the three values are here. To make a write that never conflicts,
/// say what is meant with [`Edit::set`](crate::Draft::set) or [`Edit::update`](crate::Draft::update).
#[derive(Clone, thiserror::Error)]
#[error(
    "somebody else has written `{atom}` since this action read it; \
     nothing was overwritten (`set` and `update` on the draft never conflict)"
)]
pub struct Conflict {
    /// The atom's name.
    atom: Text,
    /// The three values, of the atom's type.
    base: Arc<dyn Any + Send + Sync>,
    mine: Arc<dyn Any + Send + Sync>,
    theirs: Arc<dyn Any + Send + Sync>,
}

/// The values of a [`Conflict`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflicting<T> {
    /// What the action started from.
    pub base: Arc<T>,
    /// What it wanted to write.
    pub mine: Arc<T>,
    /// What somebody else has written.
    pub theirs: Arc<T>,
}

impl Conflict {
    /// The atom's name.
    #[must_use]
    pub fn atom(&self) -> &Text {
        &self.atom
    }

    /// The values; `None` if `T` is not the atom's type.
    #[must_use]
    pub fn values<T: Send + Sync + 'static>(&self) -> Option<Conflicting<T>> {
        let value = |value: &Arc<dyn Any + Send + Sync>| Arc::clone(value).downcast().ok();
        Some(Conflicting {
            base: value(&self.base)?,
            mine: value(&self.mine)?,
            theirs: value(&self.theirs)?,
        })
    }
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conflict").field("atom", &self.atom).finish_non_exhaustive()
    }
}

/// A change of whatever is there.
pub(super) type Reapplied<T> = Box<dyn Fn(&mut T) + Send>;

/// How a draft was written.
pub(super) enum Intent<T> {
    /// It was not.
    Nothing,
    /// Whatever is there, this replaces it.
    Overwrite,
    /// Whatever is there, these change it.
    Reapply(Vec<Reapplied<T>>),
    /// It follows from what was there.
    Check,
}

/// What a draft wants to write.
pub(super) struct Change<T> {
    /// The atom's cell.
    pub(super) cell: Source<Arc<T>>,
    /// The atom's name.
    pub(super) name: Text,
    /// What the draft started from.
    pub(super) base: Arc<T>,
    /// What it has become; gone once it is written.
    pub(super) mine: Option<Arc<T>>,
    /// How.
    pub(super) intent: Intent<T>,
    /// When two values are the same.
    pub(super) same: fn(&Arc<T>, &Arc<T>) -> bool,
}

impl<T: Clone + Send + Sync + 'static> Change<T> {
    /// Writes the change; returns the value that the atom has then. What is left of the change holds values of the
    /// user's: it is to be dropped outside the lease.
    pub(super) fn apply(&mut self, tx: &mut Transaction<'_>) -> Result<Arc<T>, FlushError> {
        let theirs = tx.try_get(self.cell)?;
        let untouched = Arc::ptr_eq(&theirs, &self.base);
        if let Intent::Reapply(updates) = &self.intent
            && !untouched
        {
            let mut value = theirs;
            updates.iter().for_each(|update| update(Arc::make_mut(&mut value)));
            tx.try_set(self.cell, value)?;
            return Ok(tx.try_get(self.cell)?);
        }
        let Some(mine) = self.mine.take() else { return Ok(theirs) };
        if let Intent::Check = self.intent
            && !untouched
            && !(self.same)(&theirs, &mine)
        {
            let (atom, base) = (self.name.clone(), Arc::clone(&self.base));
            return Err(Conflict { atom, base, mine, theirs }.into());
        }
        tx.try_set(self.cell, mine)?;
        Ok(tx.try_get(self.cell)?)
    }
}

/// A [`Change`], whatever its type.
pub(super) trait AnyChange: Send {
    /// See [`Change::apply`].
    fn apply(&mut self, tx: &mut Transaction<'_>) -> Result<(), FlushError>;
}

impl<T: Clone + Send + Sync + 'static> AnyChange for Change<T> {
    fn apply(&mut self, tx: &mut Transaction<'_>) -> Result<(), FlushError> {
        Self::apply(self, tx).map(drop)
    }
}
