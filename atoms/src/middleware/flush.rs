//! A flush, as middleware sees it.

use crate::{
    atom::{Atom, Member},
    definition::Same,
    draft::{AnyPiece, Caller, FlushError, Pieces, for_each},
};
use std::{any::Any, fmt, panic::Location, sync::Arc};
use trine_core::{RunContext, RunId, Source, Text, Update, Updates};

/// What an action is about to write: the atoms that change, what led to it, and the values.
pub struct Flush {
    /// The action's name.
    action: Text,
    /// Its run, if it is async.
    run: Option<RunId>,
    /// Which flush of the action it is.
    kind: FlushKind,
    /// Where it was called.
    caller: Caller,
    /// What changes.
    entries: Vec<Box<dyn Entry>>,
}

/// Which flush of an action it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlushKind {
    /// All of a sync action.
    Sync,
    /// [`Draft::trigger`](crate::Draft::trigger) or [`trigger_all`](crate::trigger_all).
    Trigger,
    /// [`Draft::trigger_scoped`](crate::Draft::trigger_scoped).
    Scoped,
    /// The end of an async action.
    End,
}

/// One atom of a [`Flush`].
#[derive(Debug)]
#[non_exhaustive]
pub struct AtomFlush<'f, T> {
    /// What the action started from.
    pub base: &'f T,
    /// What the atom holds now; `base` unless somebody else has written it since.
    pub current: &'f T,
    /// What it will hold.
    pub new: &'f T,
}

impl Flush {
    /// A flush of a run.
    pub(crate) fn of(
        run: &RunContext,
        kind: FlushKind,
        caller: Caller,
        pieces: &mut (impl Pieces + ?Sized),
    ) -> Self {
        let mut flush = Self::new(run.name().clone(), Some(run.id()), kind, caller);
        flush.add(pieces);
        flush
    }

    pub(crate) fn new(action: Text, run: Option<RunId>, kind: FlushKind, caller: Caller) -> Self {
        Self { action, run, kind, caller, entries: Vec::new() }
    }

    /// Adds the changes of some pieces. Where one of the same atom is there, this one follows it.
    pub(crate) fn add(&mut self, pieces: &mut (impl Pieces + ?Sized)) {
        for_each(pieces, |piece| {
            let Some(mut entry) = piece.entry() else { return };
            match self.entries.iter_mut().find(|known| known.member().is(entry.member())) {
                Some(known) => known.follow(&mut *entry),
                None => self.entries.push(entry),
            }
        });
    }

    /// Leaves out what comes back to what it was.
    pub(crate) fn tidy(&mut self) {
        self.entries.retain(|entry| entry.is_change());
    }

    /// Tells a piece what became of its change.
    pub(crate) fn hand_back(&mut self, piece: &mut dyn AnyPiece) {
        let entry = self.entries.iter_mut().find(|entry| entry.member().is(piece.member()));
        piece.accept(entry);
    }

    /// Writes all changes, inside the lease.
    pub(crate) fn write(&self, up: &mut Updates<'_>) -> Result<(), FlushError> {
        self.entries.iter().try_for_each(|entry| entry.write(up))
    }

    /// The name of the action.
    #[must_use]
    pub fn action(&self) -> &Text {
        &self.action
    }

    /// The run of the action; `None` if it is a sync one.
    #[must_use]
    pub fn run(&self) -> Option<RunId> {
        self.run
    }

    /// Which flush of the action it is.
    #[must_use]
    pub fn kind(&self) -> FlushKind {
        self.kind
    }

    /// The call that led to it: of `run`, or of `trigger`.
    #[must_use]
    pub fn caller(&self) -> &'static Location<'static> {
        self.caller
    }

    /// The names of the atoms that change, in the order of the synergy.
    pub fn atoms(&self) -> impl Iterator<Item = &Text> {
        self.entries.iter().map(|entry| &entry.member().name)
    }

    /// How an atom changes; `None` if it does not.
    #[must_use]
    pub fn change<T: Clone + Send + Sync + 'static>(
        &self,
        atom: &Atom<T>,
    ) -> Option<AtomFlush<'_, T>> {
        let member = atom.member();
        let entry = self.entries.iter().find(|entry| entry.member().is(&member))?;
        let AtomChange { base, current, new, .. } = entry.as_any_ref().downcast_ref()?;
        Some(AtomFlush { base, current, new })
    }

    /// Has another value written to an atom that changes. Returns whether it does; an atom that does not is left alone.
    pub fn replace<T: Clone + Send + Sync + 'static>(&mut self, atom: &Atom<T>, value: T) -> bool {
        let member = atom.member();
        let entry = self.entries.iter_mut().find(|entry| entry.member().is(&member));
        let change = entry.and_then(|entry| entry.as_any().downcast_mut::<AtomChange<T>>());
        match change {
            Some(change) => {
                change.new = Arc::new(value);
                true
            }
            None => false,
        }
    }

    /// Leaves an atom as it is. Returns whether it was to change.
    pub fn leave_out<T>(&mut self, atom: &Atom<T>) -> bool {
        let (member, before) = (atom.member(), self.entries.len());
        self.entries.retain(|entry| !entry.member().is(&member));
        self.entries.len() < before
    }
}

impl fmt::Debug for Flush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flush")
            .field("action", &self.action)
            .field("run", &self.run)
            .field("kind", &self.kind)
            .field("atoms", &self.atoms().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// How an atom changes.
pub(crate) struct AtomChange<T> {
    pub(crate) member: Member,
    pub(crate) same: Same<T>,
    pub(crate) cell: Source<Arc<T>>,
    pub(crate) base: Arc<T>,
    pub(crate) current: Arc<T>,
    pub(crate) new: Arc<T>,
}

/// An [`AtomChange`], whatever its type. Named in sealed traits only.
pub trait Entry: Send {
    #[doc(hidden)]
    fn member(&self) -> &Member;
    /// Takes over what a later change of the same atom comes to.
    #[doc(hidden)]
    fn follow(&mut self, later: &mut dyn Entry);
    /// Whether the atom will be different.
    #[doc(hidden)]
    fn is_change(&self) -> bool;
    /// Writes it, inside the lease.
    #[doc(hidden)]
    fn write(&self, up: &mut Updates<'_>) -> Result<(), FlushError>;
    #[doc(hidden)]
    fn as_any(&mut self) -> &mut dyn Any;
    #[doc(hidden)]
    fn as_any_ref(&self) -> &dyn Any;
}

impl<T: Clone + Send + Sync + 'static> Entry for AtomChange<T> {
    fn member(&self) -> &Member {
        &self.member
    }

    fn follow(&mut self, later: &mut dyn Entry) {
        if let Some(later) = later.as_any().downcast_mut::<Self>() {
            self.new = Arc::clone(&later.new);
        }
    }

    fn is_change(&self) -> bool {
        !(self.same)(&self.current, &self.new)
    }

    fn write(&self, up: &mut Updates<'_>) -> Result<(), FlushError> {
        let mut new = Arc::clone(&self.new);
        // What comes out is shared with `current`, so nothing is dropped here.
        up.update(self.cell, |held| {
            std::mem::swap(held, &mut new);
            Update::Changed
        })?;
        Ok(())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn as_any_ref(&self) -> &dyn Any {
        self
    }
}
