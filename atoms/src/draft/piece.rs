//! A piece: all that one call of an action has in hand of one atom.
//!
//! It begins as a reference to the atom's value and costs nothing more until it is written to. A flush goes over the
//! pieces of several atoms in steps, so that everything that can fail comes before anything is written:
//!
//! 1. [`prepare`](AnyPiece::prepare), inside the lease: what is to be written, given what the atom holds now?
//! 2. outside, if there is middleware: what does it make of that?
//! 3. [`write`](AnyPiece::write), inside the lease.
//! 4. [`finish`](AnyPiece::finish), outside: what was replaced is dropped, and the piece begins anew.
//!
//! Nothing of the user's is dropped in the first and the third step: what is not needed any more stays in the piece until
//! the fourth.

use super::{
    conflict::{Conflict, FlushError, Stale},
    rules::{Rules, Settled},
    scoped::{Claiming, Claims, Spent},
    seen::{AnySeen, Seen},
    shelf::Shelf,
};
use crate::{
    atom::Member,
    definition::Same,
    middleware::{AtomChange, Entry},
};
use std::{any::Any, fmt, sync::Arc};
use trine_core::{Cell, CellError, Source, Text, Transaction, Update, Updates};

/// A change of whatever is there.
type Reapplied<T> = Box<dyn Fn(&mut T) + Send>;

/// How a piece was written.
enum Intent<T> {
    /// It was not.
    Nothing,
    /// Whatever is there, this replaces it.
    Overwrite,
    /// Whatever is there, these change it.
    #[allow(clippy::box_collection, reason = "drafts are moved around with their futures")]
    Reapply(Box<Vec<Reapplied<T>>>),
    /// It follows from what was there.
    Check,
}

/// What a flush is going to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Nothing: it was not written to.
    Unwritten,
    /// Nothing: the atom holds an equal value.
    Same,
    /// What the handler has written.
    Mine,
    /// Something else: what was computed anew, merged, or put in its place.
    Other,
}

/// All that one call of an action has in hand of one atom. Named in sealed traits only.
pub struct Piece<T> {
    /// Which atom it is.
    atom: Arc<Facts<T>>,
    /// Its cell.
    cell: Source<Arc<T>>,
    /// Which of the action's drafts this is.
    place: u32,
    /// The value when it was opened.
    base: Arc<T>,
    /// The value now, if it was written to.
    mine: Option<Arc<T>>,
    /// How it was written.
    intent: Intent<T>,
    /// What a flush is going to write.
    plan: Plan,
    /// What the flush has found in the atom, if that is not `base`.
    theirs: Option<Arc<T>>,
    /// What it is going to write instead of `mine`.
    other: Option<Arc<T>>,
}

/// What is known of an atom, wherever it is used.
pub(crate) struct Facts<T> {
    pub(crate) member: Member,
    /// When two of its values are the same.
    pub(crate) same: Same<T>,
}

/// What can be read while pieces are opened: the inside of a lease.
pub trait Reading {
    #[doc(hidden)]
    fn read<C: Cell<Value: Clone>>(&mut self, cell: C) -> Result<C::Value, CellError>;
}

impl Reading for Updates<'_> {
    fn read<C: Cell<Value: Clone>>(&mut self, cell: C) -> Result<C::Value, CellError> {
        self.get(cell)
    }
}

impl Reading for Transaction<'_> {
    fn read<C: Cell<Value: Clone>>(&mut self, cell: C) -> Result<C::Value, CellError> {
        self.try_get(cell)
    }
}

impl<T: Clone + Send + Sync + 'static> Piece<T> {
    /// Opens a piece of an atom whose cell this is.
    pub(crate) fn open(
        atom: &Arc<Facts<T>>,
        cell: Source<Arc<T>>,
        reading: &mut impl Reading,
    ) -> Result<Self, CellError> {
        Ok(Self {
            atom: Arc::clone(atom),
            cell,
            place: 0,
            base: reading.read(cell)?,
            mine: None,
            intent: Intent::Nothing,
            plan: Plan::Unwritten,
            theirs: None,
            other: None,
        })
    }

    /// Gives it the next place.
    pub(crate) fn settle_at(&mut self, next: &mut usize) {
        self.place = *next as u32;
        *next += 1;
    }

    /// The value when it was opened.
    pub(super) fn base(&self) -> &Arc<T> {
        &self.base
    }

    /// The value as the handler sees it.
    #[inline]
    pub(super) fn value(&self) -> &T {
        self.mine.as_ref().unwrap_or(&self.base)
    }

    /// The value, to be written to.
    #[inline]
    pub(super) fn value_mut(&mut self) -> &mut T {
        match self.intent {
            // What follows from a value that was set here depends on nobody else.
            Intent::Overwrite => {}
            _ => self.intent = Intent::Check,
        }
        Arc::make_mut(self.mine.get_or_insert_with(|| Arc::clone(&self.base)))
    }

    pub(super) fn is_written(&self) -> bool {
        self.mine.is_some()
    }

    pub(super) fn set(&mut self, value: T) {
        self.mine = Some(Arc::new(value));
        self.intent = Intent::Overwrite;
    }

    /// Writes what will be written once more if somebody else is first.
    pub(super) fn reapply(&mut self, update: impl Fn(&mut T) + Send + 'static) {
        update(Arc::make_mut(self.mine.get_or_insert_with(|| Arc::clone(&self.base))));
        if let Intent::Nothing = self.intent {
            self.intent = Intent::Reapply(Box::default());
        }
        if let Intent::Reapply(updates) = &mut self.intent {
            updates.push(Box::new(update));
        }
    }

    /// Finds out what is to be written over `theirs`.
    fn resolve(&mut self, rules: Option<&Rules>) -> Result<Plan, FlushError> {
        let Some(mine) = &self.mine else { return Ok(Plan::Unwritten) };
        let theirs = self.theirs.as_ref().unwrap_or(&self.base);
        if Arc::ptr_eq(theirs, &self.base) {
            return Ok(if (self.atom.same)(theirs, mine) { Plan::Same } else { Plan::Mine });
        }
        match &self.intent {
            Intent::Nothing => return Ok(Plan::Unwritten),
            Intent::Reapply(updates) => {
                // In its place before user code runs, so that a panic leaves it to be dropped later.
                let value = self.other.insert(Arc::clone(theirs));
                updates.iter().for_each(|update| update(Arc::make_mut(value)));
            }
            Intent::Overwrite => {
                return Ok(if (self.atom.same)(theirs, mine) { Plan::Same } else { Plan::Mine });
            }
            Intent::Check if (self.atom.same)(theirs, mine) => return Ok(Plan::Same),
            // Written back and forth: what was read is what is there.
            Intent::Check if (self.atom.same)(theirs, &self.base) => return Ok(Plan::Mine),
            Intent::Check => {
                let settled = match rules {
                    Some(rules) => rules.settle(&self.atom.member, &*self.base, &**mine, &**theirs),
                    None => Settled::Refused,
                };
                match settled {
                    Settled::Merged(value) => self.other = Some(value),
                    Settled::Mine => return Ok(Plan::Mine),
                    Settled::Refused => return Err(self.conflict(Stale::Written)),
                }
            }
        }
        let other = self.other.as_ref().expect("it was made just now");
        Ok(if (self.atom.same)(theirs, other) { Plan::Same } else { Plan::Other })
    }

    fn conflict(&self, stale: Stale) -> FlushError {
        let (base, theirs) = (Arc::clone(&self.base), self.theirs.as_ref());
        let theirs = Arc::clone(theirs.expect("there is no conflict before it is looked"));
        let mine = self.mine.as_ref().unwrap_or(&base);
        Conflict::new(
            self.atom.member.name.clone(),
            stale,
            Arc::clone(&base),
            Arc::clone(mine),
            theirs,
        )
        .into()
    }

    /// What the flush has found in the atom.
    fn found(&self) -> &Arc<T> {
        self.theirs.as_ref().unwrap_or(&self.base)
    }

    /// What the atom holds after the flush.
    fn outcome(&self) -> Option<&Arc<T>> {
        match self.plan {
            Plan::Unwritten | Plan::Same => Some(self.found()),
            Plan::Mine => self.mine.as_ref(),
            Plan::Other => self.other.as_ref(),
        }
    }

    /// Brings it up to date with the atom, inside the lease; to be [finished](Self::finish_refresh) outside.
    pub(super) fn refresh(
        &mut self,
        reading: &mut impl Reading,
        rules: Option<&Rules>,
    ) -> Result<(), FlushError> {
        self.theirs = Some(reading.read(self.cell)?);
        self.plan = self.resolve(rules)?;
        Ok(())
    }

    /// See [`refresh`](Self::refresh).
    pub(super) fn finish_refresh(&mut self) {
        if let Some(theirs) = self.theirs.take() {
            self.base = theirs;
        }
        if let Some(other) = self.other.take() {
            self.mine = Some(other);
        }
        self.plan = Plan::Unwritten;
    }

    /// What a flush of others has to find unchanged.
    pub(super) fn seen(&self) -> Seen<T> {
        let (name, same) = (self.atom.member.name.clone(), self.atom.same);
        Seen { name, same, cell: self.cell, value: Arc::clone(&self.base) }
    }
}

/// A [`Piece`], whatever its type.
pub trait AnyPiece: Send {
    #[doc(hidden)]
    fn place(&self) -> usize;
    #[doc(hidden)]
    fn name(&self) -> &Text;

    /// Finds out what is to be written. Inside the lease.
    #[doc(hidden)]
    fn prepare(&mut self, up: &mut Updates<'_>, rules: Option<&Rules>) -> Result<(), FlushError>;

    /// The same for a piece that was opened in this lease, so that nobody else can have been first.
    #[doc(hidden)]
    fn prepare_unchallenged(&mut self);

    /// Whether the atom is as [`prepare`](Self::prepare) has found it, or as it was opened if it was not prepared.
    #[doc(hidden)]
    fn is_as_found(&self, up: &mut Updates<'_>) -> Result<bool, FlushError>;

    /// Writes it, inside the lease. After the first piece of a flush, this cannot fail.
    #[doc(hidden)]
    fn write(&mut self, up: &mut Updates<'_>) -> Result<(), FlushError>;

    /// [`write`](Self::write) for a piece that has no further use.
    #[doc(hidden)]
    fn write_away(&mut self, up: &mut Updates<'_>) -> Result<(), FlushError>;

    /// Writes it inside a transaction.
    #[doc(hidden)]
    fn write_in(&mut self, tx: &mut Transaction<'_>) -> Result<(), FlushError>;

    /// Whether it was written to.
    #[doc(hidden)]
    fn was_written(&self) -> bool;

    /// Whether a flush is going to change the atom.
    #[doc(hidden)]
    fn is_change(&self) -> bool;

    /// Which atom it is.
    #[doc(hidden)]
    fn member(&self) -> &Member;

    /// What middleware is shown, if it is a change.
    #[doc(hidden)]
    fn entry(&self) -> Option<Box<dyn Entry>>;

    /// What middleware has made of it; `None` if it was left out.
    #[doc(hidden)]
    fn accept(&mut self, entry: Option<&mut Box<dyn Entry>>);

    /// Notes a claim of this flush on its shelf; what is in `spent` then is to be dropped outside the lease.
    #[doc(hidden)]
    fn claim(
        &mut self,
        shelf: &mut dyn Any,
        claims: &Claims,
        kind: Claiming,
        spent: &mut Vec<Spent>,
    );

    /// Forgets what a flush that came to nothing was going to write. Outside the lease.
    #[doc(hidden)]
    fn reset(&mut self);

    /// Begins anew after a flush. Outside the lease.
    #[doc(hidden)]
    fn finish(&mut self);

    /// What later flushes of others have to find unchanged.
    #[doc(hidden)]
    fn any_seen(&self) -> Arc<dyn AnySeen>;

    #[doc(hidden)]
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<T: Clone + Send + Sync + 'static> AnyPiece for Piece<T> {
    fn place(&self) -> usize {
        self.place as usize
    }

    fn name(&self) -> &Text {
        &self.atom.member.name
    }

    fn prepare(&mut self, up: &mut Updates<'_>, rules: Option<&Rules>) -> Result<(), FlushError> {
        if self.mine.is_some() {
            let base = &self.base;
            self.theirs =
                up.with(self.cell, |held| (!Arc::ptr_eq(held, base)).then(|| Arc::clone(held)))?;
            self.plan = self.resolve(rules)?;
        }
        Ok(())
    }

    #[inline]
    fn prepare_unchallenged(&mut self) {
        if let Some(mine) = &self.mine {
            self.plan = if (self.atom.same)(&self.base, mine) { Plan::Same } else { Plan::Mine };
        }
    }

    fn is_as_found(&self, up: &mut Updates<'_>) -> Result<bool, FlushError> {
        Ok(up.with(self.cell, |held| Arc::ptr_eq(held, self.found()))?)
    }

    #[inline]
    fn write(&mut self, up: &mut Updates<'_>) -> Result<(), FlushError> {
        if !self.is_change() {
            return Ok(());
        }
        let mut new = Arc::clone(self.outcome().expect("there is a value to write"));
        // What comes out is what was found, which is shared, so nothing is dropped here.
        up.update(self.cell, |held| {
            std::mem::swap(held, &mut new);
            Update::Changed
        })?;
        Ok(())
    }

    #[inline]
    fn write_away(&mut self, up: &mut Updates<'_>) -> Result<(), FlushError> {
        let new = match self.plan {
            Plan::Unwritten | Plan::Same => return Ok(()),
            Plan::Mine => self.mine.as_mut(),
            Plan::Other => self.other.as_mut(),
        };
        let new = new.expect("the plan says that there is one");
        // What the cell held is left where the new value was, and dropped with the piece.
        up.update(self.cell, |held| {
            std::mem::swap(held, new);
            Update::Changed
        })?;
        Ok(())
    }

    fn write_in(&mut self, tx: &mut Transaction<'_>) -> Result<(), FlushError> {
        if !self.is_change() {
            return Ok(());
        }
        let new = Arc::clone(self.outcome().expect("there is a value to write"));
        Ok(tx.try_set(self.cell, new)?)
    }

    fn was_written(&self) -> bool {
        self.mine.is_some()
    }

    fn is_change(&self) -> bool {
        matches!(self.plan, Plan::Mine | Plan::Other)
    }

    fn member(&self) -> &Member {
        &self.atom.member
    }

    fn entry(&self) -> Option<Box<dyn Entry>> {
        if !self.is_change() {
            return None;
        }
        let (base, new) = (Arc::clone(&self.base), Arc::clone(self.outcome()?));
        let current = Arc::clone(self.found());
        let (member, same, cell) = (self.atom.member.clone(), self.atom.same, self.cell);
        Some(Box::new(AtomChange { member, same, cell, base, current, new }))
    }

    fn accept(&mut self, entry: Option<&mut Box<dyn Entry>>) {
        let value = entry.and_then(|entry| (**entry).as_any().downcast_mut::<AtomChange<T>>());
        match value {
            // It was left out.
            None => self.plan = Plan::Same,
            Some(change) => {
                self.plan = if change.is_change() { Plan::Other } else { Plan::Same };
                self.other = Some(Arc::clone(&change.new));
            }
        }
    }

    fn claim(
        &mut self,
        shelf: &mut dyn Any,
        claims: &Claims,
        kind: Claiming,
        spent: &mut Vec<Spent>,
    ) {
        let shelf: &mut Shelf<T> = shelf.downcast_mut().expect("a shelf has the type of its piece");
        if self.mine.is_some()
            && let Some(put) = self.outcome()
        {
            let (found, put) = (Arc::clone(self.found()), Arc::clone(put));
            shelf.claim((self.cell, self.atom.same), found, put, claims, kind, spent);
        }
    }

    fn reset(&mut self) {
        (self.plan, self.theirs, self.other) = (Plan::Unwritten, None, None);
    }

    fn finish(&mut self) {
        if let Some(now) = self.outcome() {
            self.base = Arc::clone(now);
        }
        self.reset();
        (self.mine, self.intent) = (None, Intent::Nothing);
    }

    fn any_seen(&self) -> Arc<dyn AnySeen> {
        Arc::new(self.seen())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<T> fmt::Debug for Piece<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("atom", &self.atom.member.name)
            .field("written", &self.mine.is_some())
            .finish_non_exhaustive()
    }
}
