//! A shelf: what an action knows of one of its drafts while that is with the handler, and where it comes back to.

use super::{
    piece::Piece,
    scoped::{Claiming, Claims, Held, Spent},
};
use crate::definition::Same;
use std::{any::Any, fmt, sync::Arc};
use trine_core::{Source, Text, Updates};

/// What an action knows of one of its drafts. Named in sealed traits only.
pub struct Shelf<T> {
    /// The atom's name.
    name: Text,
    /// The draft, when it has come back.
    piece: Option<Piece<T>>,
    /// What goes when the action ends.
    scoped: Option<Held<T>>,
    /// What goes unless the action ends well.
    compensated: Option<Held<T>>,
}

/// A [`Shelf`], whatever its type.
pub trait AnyShelf: Send {
    /// Takes a draft back: an `Option<Piece<T>>`, which is empty then.
    #[doc(hidden)]
    fn give_back(&mut self, piece: &mut dyn Any);

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
    pub(crate) fn new(name: Text) -> Self {
        Self { name, piece: None, scoped: None, compensated: None }
    }

    /// Takes the draft, or gives the name of the atom whose draft has not come back.
    pub(crate) fn collect(&mut self) -> Result<Piece<T>, Text> {
        self.piece.take().ok_or_else(|| self.name.clone())
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
        match kind {
            Claiming::Nothing => {
                if let Some(scoped) = self.scoped.take() {
                    scoped.keep(claims, spent);
                }
            }
            Claiming::Scoped => {
                let earlier = [self.scoped.take(), None];
                self.scoped = Some(claims.put(atom, found, put, earlier, spent));
            }
            Claiming::Compensated => {
                let earlier = [self.scoped.take(), self.compensated.take()];
                self.compensated = Some(claims.put(atom, found, put, earlier, spent));
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

    fn has_claims(&self) -> bool {
        self.scoped.is_some() || self.compensated.is_some()
    }

    fn conclude(
        &mut self,
        stays: bool,
        claims: &Claims,
        up: &mut Updates<'_>,
        spent: &mut Vec<Spent>,
    ) {
        if let Some(scoped) = self.scoped.take() {
            if stays {
                scoped.keep(claims, spent);
            } else {
                scoped.end(claims, up, spent);
            }
        }
        if let Some(compensated) = self.compensated.take() {
            compensated.keep(claims, spent);
        }
    }

    fn abandon(&mut self, claims: &Claims, up: &mut Updates<'_>, spent: &mut Vec<Spent>) {
        // The scoped one lies above.
        for held in [self.scoped.take(), self.compensated.take()].into_iter().flatten() {
            held.end(claims, up, spent);
        }
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<T> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shelf").field(&self.name).finish()
    }
}
