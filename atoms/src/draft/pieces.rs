//! The pieces and the shelves of all atoms of an action, as one thing each.

use super::{
    conflict::FlushError,
    piece::{AnyPiece, Piece},
    seen::AnySeen,
    shelf::AnyShelf,
};
use std::sync::Arc;

/// The pieces of several atoms. Named in sealed traits only.
pub trait Pieces: Send {
    /// Calls `visit` with each, in order, until it fails.
    #[doc(hidden)]
    fn each(
        &mut self,
        visit: &mut dyn FnMut(&mut dyn AnyPiece) -> Result<(), FlushError>,
    ) -> Result<(), FlushError>;

    /// What derived atoms have given the handler.
    #[doc(hidden)]
    fn given(&self, _seen: &mut Vec<Arc<dyn AnySeen>>) {}
}

/// The shelves of several atoms. Named in sealed traits only.
pub trait Shelves: Send {
    /// How many there are.
    #[doc(hidden)]
    const COUNT: usize;

    /// One of them, counted from 0.
    #[doc(hidden)]
    fn at(&mut self, place: usize) -> &mut dyn AnyShelf;
}

impl<T: Clone + Send + Sync + 'static> Pieces for Piece<T> {
    #[inline]
    fn each(
        &mut self,
        visit: &mut dyn FnMut(&mut dyn AnyPiece) -> Result<(), FlushError>,
    ) -> Result<(), FlushError> {
        visit(self)
    }
}

/// Does something with each piece that cannot fail.
pub(crate) fn for_each(
    pieces: &mut (impl Pieces + ?Sized),
    mut visit: impl FnMut(&mut dyn AnyPiece),
) {
    let done = pieces.each(&mut |piece| {
        visit(piece);
        Ok(())
    });
    debug_assert!(done.is_ok(), "nothing in it fails");
}
