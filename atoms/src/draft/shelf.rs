//! A shelf: what an action knows of one of its drafts while that is with the handler, and where it comes back to.

use super::{
    piece::Piece,
    scoped::{Claiming, Claims, Held, Spent},
};
use crate::definition::Same;
use std::{any::Any, fmt, sync::Arc};
use trine_core::{Source, Updates};

/// What an action knows of one of its drafts. Named in sealed traits only.
pub struct Shelf<T> {
    /// The draft, when it has come back.
    piece: Option<Piece<T>>,
    /// What the action has claimed, if anything.
    claims: Option<Box<Claimed<T>>>,
}

/// What an action has claimed of one atom.
struct Claimed<T> {
    /// What goes when the action ends.
    scoped: Option<Held<T>>,
    /// What goes unless the action ends well.
    compensated: Option<Held<T>>,
}

impl<T> Default for Claimed<T> {
    fn default() -> Self {
        Self { scoped: None, compensated: None }
    }
}

/// A [`Shelf`], whatever its type.
pub trait AnyShelf: Send {
    /// Takes a draft back: an `Option<Piece<T>>`, which is empty then.
    #[doc(hidden)]
    fn give_back(&mut self, piece: &mut dyn Any);

    /// Whether the draft has come back.
    #[doc(hidden)]
    fn is_back(&self) -> bool;

    /// Whether there is anything to give up.
    #[doc(hidden)]
    fn has_claims(&self) -> bool;

    /// The action has ended well; `stays` says whether it has written the atom at its end.
    #[doc(hidden)]
    fn conclude(
        &mut self,
        stays: bool,
        claims: &Claims,
        up: &mut Updates<'_>,
        spent: &mut Vec<Spent>,
    );

    /// The action has ended in another way.
    #[doc(hidden)]
    fn abandon(&mut self, claims: &Claims, up: &mut Updates<'_>, spent: &mut Vec<Spent>);

    #[doc(hidden)]
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<T: Clone + Send + Sync + 'static> Shelf<T> {
    /// A shelf whose draft goes to the handler.
    pub(crate) fn new() -> Self {
        Self { piece: None, claims: None }
    }

    /// Takes the draft, if it has come back.
    pub(crate) fn collect(&mut self) -> Option<Piece<T>> {
        self.piece.take()
    }

    /// Notes that `put` is in the atom instead of `found`.
    pub(super) fn claim(
        &mut self,
        atom: (Source<Arc<T>>, Same<T>),
        found: Arc<T>,
        put: Arc<T>,
        claims: &Claims,
        kind: Claiming,
        spent: &mut Vec<Spent>,
    ) {
        let held = self.claims.get_or_insert_default();
        match kind {
            Claiming::Nothing => {
                if let Some(scoped) = held.scoped.take() {
                    scoped.keep(claims, spent);
                }
            }
            Claiming::Scoped => {
                let earlier = [held.scoped.take(), None];
                held.scoped = Some(claims.put(atom, found, put, earlier, spent));
            }
            Claiming::Compensated => {
                let earlier = [held.scoped.take(), held.compensated.take()];
                held.compensated = Some(claims.put(atom, found, put, earlier, spent));
            }
        }
    }
}

impl<T: Clone + Send + Sync + 'static> AnyShelf for Shelf<T> {
    fn give_back(&mut self, piece: &mut dyn Any) {
        let piece: &mut Option<Piece<T>> =
            piece.downcast_mut().expect("a draft comes back to its own shelf");
        self.piece = piece.take();
    }

    fn is_back(&self) -> bool {
        self.piece.is_some()
    }

    fn has_claims(&self) -> bool {
        self.claims.is_some()
    }

    fn conclude(
        &mut self,
        stays: bool,
        claims: &Claims,
        up: &mut Updates<'_>,
        spent: &mut Vec<Spent>,
    ) {
        let Some(held) = self.claims.take() else { return };
        if let Some(scoped) = held.scoped {
            if stays {
                scoped.keep(claims, spent);
            } else {
                scoped.end(claims, up, spent);
            }
        }
        if let Some(compensated) = held.compensated {
            compensated.keep(claims, spent);
        }
    }

    fn abandon(&mut self, claims: &Claims, up: &mut Updates<'_>, spent: &mut Vec<Spent>) {
        // The scoped one lies above.
        let Some(held) = self.claims.take() else { return };
        for held in [held.scoped, held.compensated].into_iter().flatten() {
            held.end(claims, up, spent);
        }
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<T> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("back", &self.piece.is_some()).finish_non_exhaustive()
    }
}
