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
//! | [`set`](Edit::set) | blind | overwritten: the last writer wins |
//! | [`update`](Edit::update) | a change of whatever is there | applied to what is there |
//! | `*draft = ..`, `draft.push(..)` | read, modify, write | a [`Conflict`], and nothing is overwritten |
//!
//! A draft belongs to its action (`desk.rs`). When it is dropped, at the end of the handler that is, what was
//! written goes to the action's desk, and the action flushes the desk in one commit. A draft that is still out
//! when its handler has ended (moved into another task, say) fails the action with `DraftEscaped`: no write is
//! lost in silence.

mod desk;
mod flush;

pub use flush::{Conflict, FlushError};

pub(crate) use desk::{Desk, Opening};
use flush::{Change, Intent};

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};
use trine_core::{Source, Text};

/// A draft of an atom that is written by a sync handler, and the part of a [`Draft`] that both kinds of handler
/// share.
///
/// It reads and writes like the value: `draft.len()`, `draft.push(1)`, `*draft = 5`.
pub struct Edit<T: Clone + Send + Sync + 'static> {
    /// The atom's cell.
    cell: Source<Arc<T>>,
    /// The value when the draft was opened.
    base: Arc<T>,
    /// The value now, if it was written to.
    mine: Option<Arc<T>>,
    /// How it was written.
    intent: Intent<T>,
    /// Where the change goes, and at which place.
    desk: Arc<Desk>,
    place: usize,
}

impl<T: Clone + Send + Sync + 'static> Edit<T> {
    /// The value when the draft was opened.
    pub fn base(&self) -> &T {
        &self.base
    }

    /// Whether the draft has been written to.
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
    pub fn name(&self) -> Text {
        self.desk.name(self.place)
    }

    /// Takes what was written; the draft is as if opened at `base`.
    fn take_change(&mut self) -> Option<Change<T>> {
        let intent = std::mem::replace(&mut self.intent, Intent::Nothing);
        let mine = self.mine.take()?;
        let (cell, base) = (self.cell, Arc::clone(&self.base));
        Some(Change { cell, name: self.name(), base, mine, intent })
    }
}

impl<T: Clone + Send + Sync + 'static> Deref for Edit<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.mine.as_ref().unwrap_or(&self.base)
    }
}

impl<T: Clone + Send + Sync + 'static> DerefMut for Edit<T> {
    fn deref_mut(&mut self) -> &mut T {
        match self.intent {
            // What follows from a value that was set here depends on nobody else.
            Intent::Overwrite => {}
            _ => self.intent = Intent::Check,
        }
        Arc::make_mut(self.mine.get_or_insert_with(|| Arc::clone(&self.base)))
    }
}

impl<T: Clone + Send + Sync + 'static> Drop for Edit<T> {
    fn drop(&mut self) {
        let change = self.take_change();
        self.desk.give_back(self.place, change.map(|change| Box::new(change) as _));
    }
}

impl<T: Clone + Send + Sync + fmt::Debug + 'static> fmt::Debug for Edit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit")
            .field("value", &**self)
            .field("changed", &self.changed())
            .finish_non_exhaustive()
    }
}

/// A draft of an atom in an async handler: an [`Edit`] that can also be flushed before the handler ends.
///
/// Flushing consumes the draft and returns a fresh one, so a stale draft cannot be written to:
///
/// ```compile_fail,E0382
/// # async fn handler(mut loading: trine_atoms::Draft<bool>) -> Result<(), trine_atoms::FlushError> {
/// *loading = true;
/// let fresh = loading.trigger()?;
/// *loading = false; // the draft was moved into `trigger`
/// # Ok(())
/// # }
/// ```
pub struct Draft<T: Clone + Send + Sync + 'static> {
    edit: Edit<T>,
}

impl<T: Clone + Send + Sync + 'static> Draft<T> {
    pub(crate) fn new(edit: Edit<T>) -> Self {
        Self { edit }
    }

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
    /// # Errors
    ///
    /// As [`trigger`](Self::trigger).
    #[track_caller]
    pub fn trigger_scoped(self) -> Result<Self, FlushError> {
        self.flush(true)
    }

    #[track_caller]
    fn flush(mut self, scoped: bool) -> Result<Self, FlushError> {
        let edit = &mut self.edit;
        let before = Arc::clone(&edit.base);
        let Some(change) = edit.take_change() else { return Ok(self) };
        edit.base = edit.desk.flush(change)?;
        if scoped {
            edit.desk.revert_at_end(edit.place, edit.cell, before, Arc::clone(&edit.base));
        }
        Ok(self)
    }
}

impl<T: Clone + Send + Sync + 'static> Deref for Draft<T> {
    type Target = Edit<T>;

    fn deref(&self) -> &Edit<T> {
        &self.edit
    }
}

impl<T: Clone + Send + Sync + 'static> DerefMut for Draft<T> {
    fn deref_mut(&mut self) -> &mut Edit<T> {
        &mut self.edit
    }
}

impl<T: Clone + Send + Sync + fmt::Debug + 'static> fmt::Debug for Draft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.edit.fmt(f)
    }
}
