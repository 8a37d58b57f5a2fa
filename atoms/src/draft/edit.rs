//! The drafts of sync handlers.

use super::piece::{AnyPiece, Piece};
use std::{
    fmt,
    ops::{Deref, DerefMut},
};
use trine_core::Text;

/// The draft of a sync handler: a private copy of an atom's value, which the handler writes to. See
/// [`Draft`](super::Draft).
///
/// It is part of the one transaction that the handler is, so nobody else can have written meanwhile. It cannot be flushed
/// early, and cannot leave the handler:
///
/// ```compile_fail
/// # use std::sync::Mutex;
/// # use trine_atoms::{Atom, synergy};
/// # static COUNT: Atom<u32> = Atom::new("count", || 0);
/// let kept = Mutex::new(None);
/// synergy(&COUNT).action(move |count, ()| *kept.lock().unwrap() = Some(count));
/// ```
pub struct Edit<'a, T> {
    piece: &'a mut Piece<T>,
}

impl<'a, T: Clone + Send + Sync + 'static> Edit<'a, T> {
    pub(crate) fn new(piece: &'a mut Piece<T>) -> Self {
        Self { piece }
    }

    /// The value when the action began.
    #[must_use]
    pub fn base(&self) -> &T {
        self.piece.base()
    }

    /// Whether the draft has been written to.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.piece.is_written()
    }

    /// The atom's name.
    #[must_use]
    pub fn name(&self) -> Text {
        self.piece.name().clone()
    }

    /// Writes a value.
    pub fn set(&mut self, value: T) {
        self.piece.set(value);
    }

    /// Changes the value.
    pub fn update(&mut self, update: impl FnOnce(&mut T)) {
        update(self.piece.value_mut());
    }
}

impl<T: Clone + Send + Sync + 'static> Deref for Edit<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.piece.value()
    }
}

impl<T: Clone + Send + Sync + 'static> DerefMut for Edit<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.piece.value_mut()
    }
}

impl<T: Clone + Send + Sync + fmt::Debug + 'static> fmt::Debug for Edit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit")
            .field("value", &**self)
            .field("changed", &self.changed())
            .finish_non_exhaustive()
    }
}
