//! The desk of an action: where its drafts come from and where their changes go.

use super::{
    Draft,
    flush::{AnyChange, AnyRevert, Change, FlushError, Intent, Revert},
};
use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use trine_core::{ContextError, RunContext, Source, Text, Transaction};

/// Where the drafts of one call of an action come from and where their changes go.
pub(crate) struct Desk {
    /// A place for each draft.
    places: Mutex<Vec<Place>>,
    /// The run of an async action; a sync one has none.
    run: Option<RunContext>,
}

/// What the desk knows of a draft.
struct Place {
    /// The atom's name.
    atom: Text,
    /// Whether the draft is with the handler.
    out: bool,
    /// What a draft that came back wants to write.
    change: Option<Box<dyn AnyChange>>,
    /// What is to be undone when the action ends.
    revert: Option<Box<dyn AnyRevert>>,
}

/// Opens drafts inside a lease, so that together they are a snapshot. Named in sealed traits only.
#[derive(Debug)]
pub struct Opening<'t, 'g> {
    pub(crate) tx: &'t mut Transaction<'g>,
    pub(crate) desk: Arc<Desk>,
}

impl Opening<'_, '_> {
    /// Opens a draft.
    pub(crate) fn draft<T: Clone + Send + Sync + 'static, K>(
        &mut self,
        cell: Source<Arc<T>>,
        atom: &Text,
        same: fn(&Arc<T>, &Arc<T>) -> bool,
    ) -> Draft<T, K> {
        let base = self.tx.get(cell);
        let mut places = self.desk.places();
        let place = places.len();
        places.push(Place { atom: atom.clone(), out: true, change: None, revert: None });
        drop(places);
        let desk = Arc::clone(&self.desk);
        let (mine, intent, scoped) = (None, Intent::Nothing, None);
        Draft { cell, base, mine, intent, same, scoped, desk, place, kind: PhantomData }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("drafts", &self.places().len()).finish_non_exhaustive()
    }
}

impl Desk {
    pub(crate) fn new(run: Option<RunContext>) -> Self {
        Self { places: Mutex::new(Vec::new()), run }
    }

    /// The name of a draft's atom.
    pub(super) fn name(&self, place: usize) -> Text {
        self.places()[place].atom.clone()
    }

    /// Takes a draft back.
    pub(super) fn give_back(&self, place: usize, change: Option<Box<dyn AnyChange>>) {
        let place = &mut self.places()[place];
        place.out = false;
        place.change = change;
    }

    /// Flushes one change now; returns the value that the atom has then.
    #[track_caller]
    pub(super) fn flush<T: Clone + Send + Sync + 'static>(
        &self,
        change: Change<T>,
    ) -> Result<Arc<T>, FlushError> {
        let run = self.run.as_ref().expect("only async handlers have drafts that flush");
        let atom = change.name.clone();
        run.transaction(|tx| change.apply(tx)).unwrap_or_else(|error| Err(ended(error, atom)))
    }

    /// Remembers to undo what was flushed, or no longer to, since the action has written it once more.
    pub(super) fn revert_at_end<T: Clone + Send + Sync + 'static>(
        &self,
        place: usize,
        revert: Option<Revert<T>>,
    ) {
        self.places()[place].revert = revert.map(|revert| Box::new(revert) as _);
    }

    /// The atom of a draft that has not come back.
    pub(crate) fn escaped(&self) -> Option<Text> {
        self.places().iter().find(|place| place.out).map(|place| place.atom.clone())
    }

    /// Writes what the drafts that came back want to write. Inside a transaction, so all of it or nothing.
    pub(crate) fn write(&self, tx: &mut Transaction<'_>) -> Result<(), FlushError> {
        let changes: Vec<_> =
            self.places().iter_mut().filter_map(|place| place.change.take()).collect();
        changes.into_iter().try_for_each(|change| change.apply(tx))
    }

    /// Ends an async action whose handler returned `Ok`: one commit of everything that was written or is to be
    /// undone.
    #[track_caller]
    pub(crate) fn finish(&self) -> Result<(), FlushError> {
        let mut reverts = Vec::new();
        let mut any = false;
        for place in self.places().iter_mut() {
            match (&place.change, place.revert.take()) {
                (None, Some(revert)) => reverts.push(revert),
                // Written once more: that is what stays. Kept for the case that the commit fails.
                (Some(_), revert) => {
                    any = true;
                    place.revert = revert;
                }
                (None, None) => {}
            }
        }
        if !any && reverts.is_empty() {
            return Ok(());
        }
        let run = self.run.as_ref().expect("only async actions finish");
        let done = run.transaction(|tx| {
            self.write(tx)?;
            while let Some(revert) = reverts.pop() {
                revert.apply(tx);
            }
            Ok(())
        });
        match done {
            Ok(Ok(())) => {
                self.places().iter_mut().for_each(|place| place.revert = None);
                Ok(())
            }
            Ok(Err(error)) => {
                // Nothing was written; what is left to undo is undone in any case.
                self.undo(reverts);
                Err(error)
            }
            Err(error) => {
                self.undo(reverts);
                Err(ended(error, Text::from_static("an atom")))
            }
        }
    }

    /// Ends an action in any other way: what it flushed for the time being is undone, the rest is discarded.
    pub(crate) fn abandon(&self) {
        let mut reverts = Vec::new();
        for place in self.places().iter_mut() {
            place.change = None;
            reverts.extend(place.revert.take());
        }
        self.undo(reverts);
    }

    fn undo(&self, reverts: Vec<Box<dyn AnyRevert>>) {
        if reverts.is_empty() {
            return;
        }
        // Not through the run, which writes nothing more once it has settled.
        if let Some(Ok(store)) = self.run.as_ref().map(RunContext::store) {
            store.batch(|tx| reverts.into_iter().for_each(|revert| revert.apply(tx)));
        }
    }

    fn places(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Abandons the desk when it goes out of scope, unless the action has finished: that is after the handler's
/// future, and with it the drafts, has been dropped.
pub(crate) struct AbandonGuard(pub(crate) Arc<Desk>);

impl Drop for AbandonGuard {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn ended(error: ContextError, atom: Text) -> FlushError {
    match error {
        ContextError::Cell(error) => FlushError::Cell(error),
        _ => FlushError::Ended { atom },
    }
}
