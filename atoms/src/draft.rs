//! Drafts: private copies of atoms that a handler writes to.
//!
//! All drafts of an action are opened in one lease, so together they are a snapshot. A draft shares the atom's
//! value until it is first written to. What a handler has written goes into the store when it ends, or earlier
//! with [`Draft::trigger`]; a draft that was not written to never writes.
//!
//! *How* it was written decides what happens if somebody else has committed meanwhile:
//!
//! | written with | is | somebody else was first |
//! |---|---|---|
//! | [`set`](Draft::set) | blind | overwritten: the last writer wins |
//! | [`update`](Draft::update) | a change of whatever is there | applied to what is there |
//! | `*draft = ..`, `draft.push(..)` | read, modify, write | a [`Conflict`], and nothing is overwritten |
//!
//! A draft belongs to its action (`desk.rs`). When it is dropped, at the end of the handler that is, what was
//! written goes to the action's desk, and the action flushes the desk in one commit. A draft that is still out
//! when its handler has ended (moved into another task, say) fails the action with `DraftEscaped`: no write is
//! lost in silence.

mod desk;
mod flush;
mod scoped;

pub use flush::{Conflict, Conflicting, FlushError};

pub(crate) use desk::{AbandonGuard, Desk, Opening};

use flush::{Change, Intent};

use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    sync::Arc,
};
use trine_core::{Source, Text};

/// A private copy of an atom's value, which a handler writes to.
///
/// It reads and writes like the value: `draft.len()`, `draft.push(1)`, `*draft = 5`.
///
/// The draft of an async handler can be flushed before the handler ends. That consumes it and returns a fresh one,
/// so a stale draft cannot be written to:
///
/// ```compile_fail,E0382
/// # use trine_atoms::{Draft, FlushError};
/// # async fn handler(mut loading: Draft<bool>) -> Result<(), FlushError> {
/// *loading = true;
/// let fresh = loading.trigger()?;
/// *loading = false; // the draft was moved into `trigger`
/// # Ok(())
/// # }
/// ```
pub struct Draft<T: Clone + Send + Sync + 'static, K = Flushing> {
    /// The atom's cell.
    cell: Source<Arc<T>>,
    /// The value when the draft was opened.
    base: Arc<T>,
    /// The value now, if it was written to.
    mine: Option<Arc<T>>,
    /// How it was written.
    intent: Intent<T>,
    /// When two values are the same.
    same: fn(&Arc<T>, &Arc<T>) -> bool,
    /// Where the change goes, and at which place.
    desk: Arc<Desk>,
    place: usize,
    /// Whether it can be flushed early.
    kind: PhantomData<K>,
}

/// The kind of the drafts of async handlers, which can be flushed early.
#[derive(Debug)]
pub struct Flushing;

/// The kind of the drafts of sync handlers, which are part of one transaction.
#[derive(Debug)]
pub struct InTransaction;

/// The draft of a sync handler.
pub type Edit<T> = Draft<T, InTransaction>;

impl<T: Clone + Send + Sync + 'static, K> Draft<T, K> {
    /// The value when the draft was opened.
    #[must_use]
    pub fn base(&self) -> &T {
        &self.base
    }

    /// Whether the draft has been written to.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.mine.is_some()
    }

    /// Writes a value, whatever the atom holds by then: the last writer wins.
    pub fn set(&mut self, value: T) {
        self.mine = Some(Arc::new(value));
        self.intent = Intent::Overwrite;
    }

    /// Changes the value, and will change whatever the atom holds by then in the same way: never a conflict.
    ///
    /// `update` is called now, for this draft, and once more if somebody else has committed before the flush;
    /// then it runs inside the lease and must be pure.
    pub fn update(&mut self, update: impl Fn(&mut T) + Send + 'static) {
        update(Arc::make_mut(self.mine.get_or_insert_with(|| Arc::clone(&self.base))));
        if let Intent::Nothing = self.intent {
            self.intent = Intent::Reapply(Vec::new());
        }
        if let Intent::Reapply(updates) = &mut self.intent {
            updates.push(Box::new(update));
        }
    }

    /// The atom's name.
    #[must_use]
    pub fn name(&self) -> Text {
        self.desk.name(self.place)
    }

    /// Takes what was written; the draft is as if opened at `base`.
    fn take_change(&mut self) -> Option<Change<T>> {
        let intent = std::mem::replace(&mut self.intent, Intent::Nothing);
        let mine = Some(self.mine.take()?);
        let (cell, base, same) = (self.cell, Arc::clone(&self.base), self.same);
        Some(Change { cell, name: self.name(), base, mine, intent, same })
    }
}

impl<T: Clone + Send + Sync + 'static, K> Deref for Draft<T, K> {
    type Target = T;

    fn deref(&self) -> &T {
        self.mine.as_ref().unwrap_or(&self.base)
    }
}

impl<T: Clone + Send + Sync + 'static, K> DerefMut for Draft<T, K> {
    fn deref_mut(&mut self) -> &mut T {
        match self.intent {
            // What follows from a value that was set here depends on nobody else.
            Intent::Overwrite => {}
            _ => self.intent = Intent::Check,
        }
        Arc::make_mut(self.mine.get_or_insert_with(|| Arc::clone(&self.base)))
    }
}

impl<T: Clone + Send + Sync + 'static, K> Drop for Draft<T, K> {
    fn drop(&mut self) {
        let change = self.take_change();
        self.desk.give_back(self.place, change.map(|change| Box::new(change) as _));
    }
}

impl<T: Clone + Send + Sync + fmt::Debug + 'static, K> fmt::Debug for Draft<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("value", &**self)
            .field("changed", &self.changed())
            .finish_non_exhaustive()
    }
}

impl<T: Clone + Send + Sync + 'static> Draft<T> {
    /// Flushes this atom now: a commit of its own, whose subscribers are told before this returns. Without a
    /// change nothing happens and nobody is told. The fresh draft shows the atom as it is after that.
    ///
    /// # Errors
    ///
    /// [`FlushError::Conflict`] if somebody else has committed since the draft was opened and this one read,
    /// modified and wrote; [`FlushError::Ended`] if the action is over.
    #[track_caller]
    pub fn trigger(self) -> Result<Self, FlushError> {
        self.flush(false)
    }

    /// Like [`trigger`](Self::trigger), but for as long as the action lasts: when it ends, in whatever way, the
    /// atom goes back to the value that it had before, unless somebody else has written it since, or this action
    /// has written it once more. Ending well, that is part of the action's one commit.
    ///
    /// If several actions have done so with the same atom, it keeps the value of the last of them that is under
    /// way: a loading flag that all of them raise goes down when none is left.
    ///
    /// # Errors
    ///
    /// As [`trigger`](Self::trigger).
    #[track_caller]
    pub fn trigger_scoped(self) -> Result<Self, FlushError> {
        self.flush(true)
    }

    #[track_caller]
    fn flush(mut self, scoped: bool) -> Result<Self, FlushError> {
        let Some(change) = self.take_change() else { return Ok(self) };
        self.base = self.desk.flush(change, self.place, scoped)?;
        Ok(self)
    }
}
