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
//! Sync handlers get [`Edit`]s: drafts that borrow from the one transaction that they are part of, so that they cannot
//! outlive it and nobody else can be first. The [`Draft`]s of async handlers are owned, since they live across `.await`
//! points. When one is dropped, at the end of the handler that is, it goes back to its action's desk (`desk.rs`), and the
//! action flushes the desk in one commit. A draft that is still out when its handler has ended (moved into another task,
//! say) fails the action with `DraftEscaped`: no write is lost in silence.

mod abandon;
mod conflict;
mod desk;
mod edit;
mod ender;
mod given;
mod piece;
mod pieces;
mod rules;
mod scoped;
mod seen;
mod shelf;
mod trigger_all;

pub use conflict::{Conflict, Conflicting, FlushError};
pub use edit::Edit;
pub use trigger_all::{DraftList, trigger_all};

pub(crate) use abandon::AbandonGuard;
pub(crate) use desk::{AnyDesk, Caller, Desk, Unfinished};
pub(crate) use ender::Ender;
pub(crate) use given::Given;
pub(crate) use piece::{AnyPiece, Facts, Piece, Reading};
pub(crate) use pieces::{Pieces, Shelves, for_each};
pub(crate) use rules::Rules;
pub(crate) use seen::AnySeen;
pub(crate) use shelf::{AnyShelf, Shelf};

use crate::middleware::FlushKind;
use std::{
    fmt,
    ops::{Deref, DerefMut},
    panic::Location,
    sync::Arc,
};
use trine_core::Text;

/// The draft of an async handler: a private copy of an atom's value, which the handler writes to.
///
/// It reads and writes like the value: `draft.len()`, `draft.push(1)`, `*draft = 5`.
///
/// It can be flushed before the handler ends. That consumes it and returns a fresh one,
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
///
/// What is borrowed from it cannot outlive a flush either:
///
/// ```compile_fail,E0505
/// # use trine_atoms::{Draft, FlushError};
/// # async fn handler(mut items: Draft<Vec<String>>) -> Result<(), FlushError> {
/// let first = &mut items[0];
/// let items = items.trigger()?;
/// first.push('!'); // still borrowed from the draft that was moved away
/// # Ok(())
/// # }
/// ```
pub struct Draft<T: Clone + Send + Sync + 'static> {
    /// The draft, until it goes back.
    pub(crate) piece: Option<Piece<T>>,
    /// Where it goes back to.
    desk: Arc<dyn AnyDesk>,
}

/// What is said where a draft is used after it has gone back, which does not happen.
const OUT: &str = "a draft is with the handler until it is dropped";

impl<T: Clone + Send + Sync + 'static> Draft<T> {
    pub(crate) fn new(mut piece: Piece<T>, desk: &Arc<dyn AnyDesk>, next: &mut usize) -> Self {
        piece.settle_at(next);
        Self { piece: Some(piece), desk: Arc::clone(desk) }
    }

    #[inline]
    fn piece(&self) -> &Piece<T> {
        self.piece.as_ref().expect(OUT)
    }

    #[inline]
    fn piece_mut(&mut self) -> &mut Piece<T> {
        self.piece.as_mut().expect(OUT)
    }

    /// The value when the draft was opened, last flushed or last refreshed.
    #[must_use]
    pub fn base(&self) -> &T {
        self.piece().base()
    }

    /// Whether the draft has been written to since.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.piece().is_written()
    }

    /// The atom's name.
    #[must_use]
    pub fn name(&self) -> Text {
        self.piece().name().clone()
    }

    /// Writes a value, whatever the atom holds by then: the last writer wins.
    pub fn set(&mut self, value: T) {
        self.piece_mut().set(value);
    }

    /// Changes the value, and will change whatever the atom holds by then in the same way: never a conflict.
    ///
    /// `update` is called now, for this draft, and once more if somebody else has committed before the flush;
    /// then it runs inside the lease and must be pure.
    pub fn update(&mut self, update: impl Fn(&mut T) + Send + 'static) {
        self.piece_mut().reapply(update);
    }

    /// Brings the draft up to date: from here on it starts from what the atom holds now, as after a long wait, say.
    ///
    /// What was written to it stays: what [`update`](Self::update) has written is applied to the value of now, what
    /// [`set`](Self::set) has written is what it is.
    ///
    /// # Errors
    ///
    /// [`FlushError::Conflict`] if the draft was read, modified and written, and somebody else has committed in
    /// between: what to do then is as at a flush, and the draft is as it was. [`FlushError::Ended`] if the action is over.
    pub fn refresh(&mut self) -> Result<(), FlushError> {
        let (piece, desk) = (self.piece.as_mut().expect(OUT), &self.desk);
        let name = piece.name().clone();
        let done = desk.read(&name, &mut |up, rules| piece.refresh(up, rules));
        match done {
            Ok(()) => {
                piece.finish_refresh();
                desk.note_seen(piece);
            }
            Err(_) => piece.reset(),
        }
        done
    }

    /// Flushes this atom now: a commit of its own, whose subscribers are told before this returns. Without a
    /// change nothing happens and nobody is told. The fresh draft shows the atom as it is after that.
    ///
    /// # Errors
    ///
    /// [`FlushError::Conflict`] if somebody else has committed since the draft was opened and this one read,
    /// modified and wrote; [`FlushError::Vetoed`] if middleware refuses; [`FlushError::Ended`] if the action is over. What
    /// was written to the draft is discarded then.
    #[track_caller]
    pub fn trigger(self) -> Result<Self, FlushError> {
        self.flush(FlushKind::Trigger, Location::caller())
    }

    /// Like [`trigger`](Self::trigger), but for as long as the action lasts: when it ends, in whatever way, the
    /// atom goes back to the value that it had before, unless somebody else has written it since, or this action
    /// has written it once more. Ending well, that is part of the action's one commit. Else it has gone back before anybody
    /// hears of the end, though the handler may still be busy on another thread. (For work that several calls
    /// [share](crate::AsyncAction::shared), it goes when the handler is dropped, which is then a moment later.)
    ///
    /// If several actions have done so with the same atom, it keeps the value of the last of them that is under
    /// way: a loading flag that all of them raise goes down when none is left.
    ///
    /// # Errors
    ///
    /// As [`trigger`](Self::trigger).
    #[track_caller]
    pub fn trigger_scoped(self) -> Result<Self, FlushError> {
        self.flush(FlushKind::Scoped, Location::caller())
    }

    fn flush(mut self, kind: FlushKind, caller: Caller) -> Result<Self, FlushError> {
        let piece = self.piece.as_mut().expect(OUT);
        if piece.is_written()
            && let Err(error) = self.desk.flush(piece, kind, caller)
        {
            // It is not to be written at the end instead.
            piece.finish();
            return Err(error);
        }
        Ok(self)
    }
}

impl<T: Clone + Send + Sync + 'static> Deref for Draft<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.piece().value()
    }
}

impl<T: Clone + Send + Sync + 'static> DerefMut for Draft<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.piece_mut().value_mut()
    }
}

impl<T: Clone + Send + Sync + 'static> Drop for Draft<T> {
    fn drop(&mut self) {
        if let Some(place) = self.piece.as_ref().map(AnyPiece::place) {
            self.desk.give_back(place, &mut self.piece);
        }
    }
}

impl<T: Clone + Send + Sync + fmt::Debug + 'static> fmt::Debug for Draft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("value", &**self)
            .field("changed", &self.changed())
            .finish_non_exhaustive()
    }
}
