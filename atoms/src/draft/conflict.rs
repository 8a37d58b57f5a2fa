//! Why a draft could not be flushed, and who was in its way.

use crate::{middleware::Veto, place::PlaceError};
use std::{any::Any, fmt, sync::Arc};
use trine_core::{CellError, Text};

/// Why a draft could not be flushed. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// Somebody else has committed in between.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// Middleware has refused the flush, or has failed.
    #[error(transparent)]
    Vetoed(#[from] Veto),
    /// The action is over: it was aborted, superseded, or its handler has ended.
    #[error("draft of `{atom}` belongs to an action that is over: nothing can be flushed any more")]
    Ended {
        /// The atom's name.
        atom: Text,
    },
    /// Drafts that were to be flushed together belong to different calls of actions.
    #[error(
        "drafts of `{first}` and `{second}` belong to different calls of actions: flush each with its own"
    )]
    Strangers {
        /// The first atom's name.
        first: Text,
        /// The name of the first atom whose draft is another action's.
        second: Text,
    },
    /// The atoms were written by others each time that middleware was done.
    #[error(
        "flush of {atoms} given up: the atoms were written by others, or by the middleware itself, \
         in each of {rounds} rounds through the middleware"
    )]
    Unsettled {
        /// The atoms' names.
        atoms: Text,
        /// How often it was tried.
        rounds: u32,
    },
    /// One of the atoms has no value where the action was called.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The atom's cell cannot be read or written.
    #[error(transparent)]
    Cell(#[from] CellError),
}

/// An action has gone by a value that is not there any more: it has read, modified and written an atom, and somebody else has
/// committed a different value in between; or, with [`validate_reads`](crate::AsyncAction::validate_reads), it has
/// only read it.
///
/// Nothing is overwritten and nothing is lost: the three values are here. What to do instead of failing:
///
/// | say | and |
/// |---|---|
/// | [`Draft::set`](crate::Draft::set), [`Draft::update`](crate::Draft::update) | this write never conflicts |
/// | [`Draft::refresh`](crate::Draft::refresh) | the draft is brought up to date before it is written to |
/// | [`AsyncAction::retry_conflicts`](crate::AsyncAction::retry_conflicts) | the handler is called again, with fresh drafts |
/// | [`AsyncAction::merge_conflicts`](crate::AsyncAction::merge_conflicts) | a function makes one value of the three |
/// | [`AsyncAction::overwrite_conflicts`](crate::AsyncAction::overwrite_conflicts) | the last writer wins |
#[derive(Clone, thiserror::Error)]
pub struct Conflict {
    /// What was stale, and the values: one pointer, since a `Result` of a flush is moved around a lot.
    inner: Arc<Inner>,
}

struct Inner {
    /// The atom's name.
    atom: Text,
    /// What was stale.
    stale: Stale,
    /// The three values, of the atom's type.
    base: Arc<dyn Any + Send + Sync>,
    mine: Arc<dyn Any + Send + Sync>,
    theirs: Arc<dyn Any + Send + Sync>,
}

/// What was done with a value that is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    /// It was read, modified and written.
    Written,
    /// It was read.
    Read,
}

/// The values of a [`Conflict`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflicting<T> {
    /// What the action started from.
    pub base: Arc<T>,
    /// What it wanted to write; `base` if it only read it.
    pub mine: Arc<T>,
    /// What somebody else has written.
    pub theirs: Arc<T>,
}

impl Conflict {
    pub(super) fn new<T: Send + Sync + 'static>(
        atom: Text,
        stale: Stale,
        base: Arc<T>,
        mine: Arc<T>,
        theirs: Arc<T>,
    ) -> Self {
        Self { inner: Arc::new(Inner { atom, stale, base, mine, theirs }) }
    }

    /// The atom's name.
    #[must_use]
    pub fn atom(&self) -> &Text {
        &self.inner.atom
    }

    /// Whether the action had only read the atom: see [`validate_reads`](crate::AsyncAction::validate_reads).
    #[must_use]
    pub fn is_stale_read(&self) -> bool {
        self.inner.stale == Stale::Read
    }

    /// The values; `None` if `T` is not the atom's type.
    #[must_use]
    pub fn values<T: Send + Sync + 'static>(&self) -> Option<Conflicting<T>> {
        let value = |value: &Arc<dyn Any + Send + Sync>| Arc::clone(value).downcast().ok();
        let Inner { base, mine, theirs, .. } = &*self.inner;
        Some(Conflicting { base: value(base)?, mine: value(mine)?, theirs: value(theirs)? })
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let atom = self.atom();
        match self.inner.stale {
            Stale::Written => write!(
                f,
                "somebody else has written `{atom}` since this action read it; nothing was overwritten \
                 (`set` and `update` on the draft never conflict; `retry_conflicts` calls the handler again)"
            ),
            Stale::Read => write!(
                f,
                "somebody else has written `{atom}` since this action read it, and it validates what it reads; \
                 nothing was written (`retry_conflicts` calls the handler again)"
            ),
        }
    }
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conflict").field("atom", self.atom()).finish_non_exhaustive()
    }
}
