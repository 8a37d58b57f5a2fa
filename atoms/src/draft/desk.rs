//! The desk of a call of an async action: where its drafts come from, come back to, and are flushed at.
//!
//! It has a shelf for each draft, all in one allocation. A draft that is dropped goes back to its shelf, so that the action
//! finds there, when its handler has ended, what is to be written: in one commit, at [`Desk::finish`]. If the handler
//! ends in any other way, [`Desk::abandon`] undoes what was there for the time being (`abandon.rs`); so does whoever ends the run (`ender.rs`).
//!
//! What is flushed goes by the store's lease: everything that can fail, the user's code included, comes before the
//! first write, so a flush is all or nothing. The desk's own lock is taken inside the lease, and no user code runs under it.

use super::{
    conflict::FlushError,
    piece::AnyPiece,
    pieces::{Pieces, Shelves, for_each},
    rules::Rules,
    scoped::{Claiming, Claims},
    seen::AnySeen,
};
use crate::{
    middleware::{Chain, Flush, FlushKind, ROUNDS},
    synergy::Atoms,
};
use std::{
    any::Any,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use trine_core::{CommitNumber, ContextError, RunContext, Text, Updates};

/// Where a call that flushes is in the user's code.
pub(crate) type Caller = &'static Location<'static>;

/// Where the drafts of one call of an async action come from and where their changes go.
pub(crate) struct Desk<S: Atoms> {
    /// The call that started the action.
    caller: Caller,
    /// What it does about conflicts, if anything was said.
    rules: Option<Arc<Rules>>,
    /// What it was opened with.
    opened: OnceLock<Opened>,
    /// The claims on the atoms of the store, once this action has one.
    claims: OnceLock<Arc<Claims>>,
    /// The shelves.
    state: Mutex<State<S::Shelves>>,
}

/// What a desk is opened with, when its action begins.
struct Opened {
    /// The run of the action.
    run: RunContext,
    /// The middleware, if there is any.
    chain: Option<Chain>,
}

struct State<P> {
    /// The shelves, once it was opened and unless the action has ended.
    shelves: Option<P>,
    /// Whether the action has ended, so that nothing can be flushed any more.
    closed: bool,
    /// What the action has gone by, if that is validated: by place.
    seen: Vec<Arc<dyn AnySeen>>,
}

/// Reads inside the lease, knowing what the action does about conflicts.
type ReadInLease<'r> = dyn FnMut(&mut Updates<'_>, Option<&Rules>) -> Result<(), FlushError> + 'r;

/// A [`Desk`], as drafts see it.
pub trait AnyDesk: Send + Sync {
    /// Takes a draft back: an `Option<Piece<T>>`.
    fn give_back(&self, place: usize, piece: &mut dyn Any);

    /// Flushes some drafts now.
    fn flush(
        &self,
        pieces: &mut dyn Pieces,
        kind: FlushKind,
        caller: Caller,
    ) -> Result<(), FlushError>;

    /// Does something in the lease, unless the action is over.
    fn read(&self, atom: &Text, read: &mut ReadInLease<'_>) -> Result<(), FlushError>;

    /// Notes what later flushes have to find unchanged, if that is validated.
    fn note_seen(&self, piece: &dyn AnyPiece);

    /// Abandons it, if its run is over.
    fn end(&self);
}

impl<S: Atoms> Desk<S> {
    /// The desk of a call that is about to begin: whoever ends its run is to know it before.
    pub(crate) fn new(caller: Caller, rules: Option<Arc<Rules>>) -> Self {
        let state = Mutex::new(State { shelves: None, closed: false, seen: Vec::new() });
        Self { caller, rules, opened: OnceLock::new(), claims: OnceLock::new(), state }
    }

    /// Opens the drafts, together a snapshot.
    pub(crate) fn open(
        self: &Arc<Self>,
        run: RunContext,
        pieces: S::Pieces,
        chain: Option<Chain>,
    ) -> S::Drafts {
        let mut pieces = pieces;
        let mut seen = Vec::new();
        if self.validates() {
            for_each(&mut pieces, |piece| seen.push(piece.any_seen()));
            // They have no places, and are looked at each time.
            pieces.given(&mut seen);
        }
        let opened = self.opened.set(Opened { run, chain });
        debug_assert!(opened.is_ok(), "a desk is for one attempt");
        {
            let mut state = self.lock();
            (state.shelves, state.seen) = (Some(S::shelves()), seen);
        }
        let for_drafts: Arc<dyn AnyDesk> = Arc::clone(self) as _;
        S::drafts(pieces, &for_drafts, &mut 0)
    }

    /// The run of the action.
    pub(crate) fn run(&self) -> &RunContext {
        &self.opened().run
    }

    fn opened(&self) -> &Opened {
        self.opened.get().expect("nobody has a draft of it before it was opened")
    }

    /// Ends the action, whose handler returned `Ok`: one commit of everything that was written or is to be given
    /// up. If that fails nothing has changed, and the action is to be [abandoned](Self::abandon).
    ///
    /// # Errors
    ///
    /// [`Unfinished`].
    pub(crate) fn finish(&self, atoms: &S) -> Result<(), Unfinished> {
        let (mut pieces, claimed) = self.collect(atoms).map_err(Unfinished::Escaped)?;
        let mut written = false;
        for_each(&mut pieces, |piece| written |= piece.was_written());
        if !written && !claimed {
            return Ok(());
        }
        if !claimed && self.opened().chain.is_none() && self.rules.is_none() {
            let done = self.inside(&mut pieces, |up, pieces| {
                up.called_at(self.caller);
                pieces.each(&mut |piece| piece.prepare(up, None))?;
                pieces.each(&mut |piece| piece.write_away(up))
            });
            return done.map_err(Unfinished::Flush);
        }
        let mut spent = Vec::new();
        let done = self.rounds(&mut pieces, FlushKind::End, self.caller, &mut |up, pieces| {
            let mut stays = Vec::new();
            pieces.each(&mut |piece| {
                if claimed {
                    stays.push(piece.was_written());
                }
                piece.write(up)
            })?;
            // The run is active, and we are inside the lease: who ends it comes later, and finds nothing to give up.
            if claimed && let Some(mut shelves) = self.lock().shelves.take() {
                for (place, &stays) in stays.iter().enumerate() {
                    shelves.at(place).conclude(stays, self.claims(), up, &mut spent);
                }
            }
            Ok(())
        });
        drop(spent);
        done.map_err(Unfinished::Flush)
    }

    /// Takes the drafts from their shelves; says whether the action has claimed anything. The shelves stay where they are:
    /// whoever ends the run meanwhile is to find there what there is to give up.
    fn collect(&self, atoms: &S) -> Result<(S::Pieces, bool), Text> {
        let mut state = self.lock();
        if let Some(shelves) = &mut state.shelves
            && (0..S::Shelves::COUNT).all(|place| shelves.at(place).is_back())
        {
            let claimed = (0..S::Shelves::COUNT).any(|place| shelves.at(place).has_claims());
            return Ok((atoms.collect(shelves)?, claimed));
        }
        let shelves = state.shelves.take();
        drop(state);
        // Drops what has come back, so not under the lock.
        let mut escaped = Escaped { desk: self, shelves };
        match &mut escaped.shelves {
            Some(shelves) => atoms.collect(shelves).map(|pieces| (pieces, true)),
            None => Err("an atom of an action that is over".into()),
        }
    }

    /// Ends the action in any other way: what it flushed for the time being is undone, the rest is discarded. By whoever
    /// ends the run, and again when the handler is dropped.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let shelves = state.shelves.take();
        drop(state);
        let Some(mut shelves) = shelves else { return };
        if (0..S::Shelves::COUNT).any(|place| shelves.at(place).has_claims())
            // Not through the run, which writes nothing more once it has settled.
            && let Ok(store) = self.run().store()
        {
            let mut spent = Vec::new();
            let done = store.try_updates(|up| {
                up.called_at(self.caller);
                up.caused_by(self.run().id());
                for place in 0..S::Shelves::COUNT {
                    shelves.at(place).abandon(self.claims(), up, &mut spent);
                }
            });
            debug_assert!(done.is_ok(), "ends are told outside the lease: {done:?}");
        }
    }

    /// Flushes pieces, round after round if there is middleware and others write meanwhile. `commit` writes them.
    fn rounds(
        &self,
        pieces: &mut dyn Pieces,
        kind: FlushKind,
        caller: Caller,
        commit: &mut dyn FnMut(&mut Updates<'_>, &mut dyn Pieces) -> Result<(), FlushError>,
    ) -> Result<(), FlushError> {
        let end = kind == FlushKind::End;
        let Some(chain) = &self.opened().chain else {
            return self.inside(pieces, |up, pieces| {
                up.called_at(caller);
                self.prepare(up, pieces, end)?;
                commit(up, pieces)
            });
        };
        for _ in 0..ROUNDS {
            for_each(pieces, |piece| piece.reset());
            self.inside(pieces, |up, pieces| self.prepare(up, pieces, end))?;
            let mut flush = Flush::of(self.run(), kind, caller, pieces);
            chain.judge(&mut flush)?;
            for_each(pieces, |piece| flush.hand_back(piece));
            let mut outdated = false;
            let mut number = None;
            self.inside_numbered(pieces, &mut number, |up, pieces| {
                up.called_at(caller);
                self.validate(up, pieces, end)?;
                pieces.each(&mut |piece| {
                    outdated |= piece.was_written() && !piece.is_as_found(up)?;
                    Ok(())
                })?;
                if outdated { Ok(()) } else { commit(up, pieces) }
            })?;
            if !outdated {
                chain.committed(&flush, number);
                return Ok(());
            }
        }
        let mut atoms = Vec::new();
        for_each(pieces, |piece| atoms.push(piece.name().to_string()));
        Err(FlushError::Unsettled { atoms: atoms.join(", ").into(), rounds: ROUNDS })
    }

    /// Validates what was read and finds out what is to be written.
    fn prepare(
        &self,
        up: &mut Updates<'_>,
        pieces: &mut dyn Pieces,
        end: bool,
    ) -> Result<(), FlushError> {
        self.validate(up, pieces, end)?;
        pieces.each(&mut |piece| piece.prepare(up, self.rules.as_deref()))
    }

    /// Checks that what was read and is not being flushed is as it was.
    fn validate(
        &self,
        up: &mut Updates<'_>,
        pieces: &mut dyn Pieces,
        end: bool,
    ) -> Result<(), FlushError> {
        if !self.rules.as_ref().is_some_and(|rules| rules.validate_reads) {
            return Ok(());
        }
        let mut seen: Vec<_> = self.lock().seen.iter().cloned().map(Some).collect();
        for_each(pieces, |piece| {
            // What was written is checked by how it was written.
            if (!end || piece.was_written())
                && let Some(seen) = seen.get_mut(piece.place())
            {
                *seen = None;
            }
        });
        seen.iter().flatten().try_for_each(|seen| seen.holds(up))
    }

    /// Does something in the lease, unless the run is over.
    fn inside(
        &self,
        pieces: &mut dyn Pieces,
        body: impl FnOnce(&mut Updates<'_>, &mut dyn Pieces) -> Result<(), FlushError>,
    ) -> Result<(), FlushError> {
        self.inside_numbered(pieces, &mut None, body)
    }

    fn inside_numbered(
        &self,
        pieces: &mut dyn Pieces,
        number: &mut Option<CommitNumber>,
        body: impl FnOnce(&mut Updates<'_>, &mut dyn Pieces) -> Result<(), FlushError>,
    ) -> Result<(), FlushError> {
        match self.run().updates(|up| body(up, &mut *pieces)) {
            Ok((done, commit)) => {
                *number = commit;
                done
            }
            Err(error) => {
                let mut first = None;
                for_each(pieces, |piece| _ = first.get_or_insert_with(|| piece.name().clone()));
                Err(ended(error, first.unwrap_or_else(|| "an atom".into())))
            }
        }
    }

    fn claims(&self) -> &Claims {
        self.claims.get_or_init(|| {
            // Without a store nothing was written, and nothing can be given up.
            self.run().store().map(|store| store.extension()).unwrap_or_default()
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<S::Shelves>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Atoms> AnyDesk for Desk<S> {
    fn give_back(&self, place: usize, piece: &mut dyn Any) {
        if let Some(shelves) = &mut self.lock().shelves {
            shelves.at(place).give_back(piece);
        }
    }

    fn flush(
        &self,
        pieces: &mut dyn Pieces,
        kind: FlushKind,
        caller: Caller,
    ) -> Result<(), FlushError> {
        let compensated = self.rules.as_ref().is_some_and(|rules| rules.compensated);
        let claiming = match kind {
            FlushKind::Scoped => Claiming::Scoped,
            _ if compensated => Claiming::Compensated,
            _ => Claiming::Nothing,
        };
        if claiming != Claiming::Nothing {
            // Made before any lock.
            self.claims();
        }
        let mut spent = Vec::new();
        let done = self.rounds(pieces, kind, caller, &mut |up, pieces| {
            let mut state = self.lock();
            let closed = state.closed;
            pieces.each(&mut |piece| {
                if closed {
                    return Err(FlushError::Ended { atom: piece.name().clone() });
                }
                piece.write(up)
            })?;
            // Inside the lease: whoever ends the action finds what there is to give up.
            if let Some(shelves) = &mut state.shelves {
                pieces.each(&mut |piece| {
                    let shelf = shelves.at(piece.place());
                    if claiming != Claiming::Nothing || shelf.has_claims() {
                        piece.claim(shelf.as_any(), self.claims(), claiming, &mut spent);
                    }
                    Ok(())
                })?;
            }
            Ok(())
        });
        drop(spent);
        match done {
            Ok(()) => {
                let mut unseen = Vec::new();
                for_each(pieces, |piece| {
                    piece.finish();
                    if self.validates() {
                        unseen.push((piece.place(), piece.any_seen()));
                    }
                });
                self.note(unseen);
            }
            Err(_) => for_each(pieces, |piece| piece.reset()),
        }
        done
    }

    fn read(&self, atom: &Text, read: &mut ReadInLease<'_>) -> Result<(), FlushError> {
        match self.run().updates(|up| read(up, self.rules.as_deref())) {
            Ok((done, _)) => done,
            Err(error) => Err(ended(error, atom.clone())),
        }
    }

    fn note_seen(&self, piece: &dyn AnyPiece) {
        if self.validates() {
            self.note(vec![(piece.place(), piece.any_seen())]);
        }
    }

    fn end(&self) {
        // Not if it was never opened; nor if it is the work of several calls, and only one of them has ended.
        if self.opened.get().is_some_and(|opened| !opened.run.is_active()) {
            self.abandon();
        }
    }
}

impl<S: Atoms> Desk<S> {
    fn validates(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.validate_reads)
    }

    fn note(&self, seen: Vec<(usize, Arc<dyn AnySeen>)>) {
        let mut replaced = Vec::new();
        let mut state = self.lock();
        for (place, seen) in seen {
            if let Some(known) = state.seen.get_mut(place) {
                replaced.push(std::mem::replace(known, seen));
            }
        }
        drop(state);
    }
}

/// Why an action whose handler returned `Ok` did not end well.
pub(crate) enum Unfinished {
    /// The draft of this atom has not come back.
    Escaped(Text),
    /// The end flush failed.
    Flush(FlushError),
}

/// Puts the shelves back, to be abandoned.
struct Escaped<'d, S: Atoms> {
    desk: &'d Desk<S>,
    shelves: Option<S::Shelves>,
}

impl<S: Atoms> Drop for Escaped<'_, S> {
    fn drop(&mut self) {
        if let Some(shelves) = self.shelves.take() {
            self.desk.lock().shelves = Some(shelves);
        }
    }
}

fn ended(error: ContextError, atom: Text) -> FlushError {
    match error {
        ContextError::Cell(error) => FlushError::Cell(error),
        _ => FlushError::Ended { atom },
    }
}
