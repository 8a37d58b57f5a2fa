//! The desk of an action: where its drafts come from and where their changes go.

use super::{
    Draft,
    flush::{AnyChange, Change, FlushError, Intent},
    scoped::{AnyScoped, Claims, Spent},
};
use std::{
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use trine_core::{ContextError, RunContext, Source, Store, Text, Transaction};

/// Where the drafts of one call of an action come from and where their changes go.
pub(crate) struct Desk {
    /// A place for each draft.
    places: Mutex<Places>,
    /// The run of an async action; a sync one has none.
    run: Option<RunContext>,
    /// The claims on the atoms of the store.
    claims: Arc<Claims>,
}

#[derive(Default)]
struct Places {
    /// The drafts.
    drafts: Vec<Place>,
    /// Whether the action has ended, so that nothing can be flushed any more.
    closed: bool,
    /// What was written or given up, and holds values of the user's: to be dropped with the desk, outside the lease.
    spent: Vec<Spent>,
}

/// What the desk knows of a draft.
struct Place {
    /// The atom's name.
    atom: Text,
    /// Whether the draft is with the handler.
    out: bool,
    /// What a draft that came back wants to write.
    change: Option<Box<dyn AnyChange>>,
    /// What is to be given up when the action ends.
    scoped: Option<Box<dyn AnyScoped>>,
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
        let place = places.drafts.len();
        places.drafts.push(Place { atom: atom.clone(), out: true, change: None, scoped: None });
        drop(places);
        let desk = Arc::clone(&self.desk);
        let (mine, intent) = (None, Intent::Nothing);
        Draft { cell, base, mine, intent, same, desk, place, kind: PhantomData }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("drafts", &self.places().drafts.len()).finish_non_exhaustive()
    }
}

impl Desk {
    pub(crate) fn new(store: &Store, run: Option<RunContext>) -> Self {
        Self { places: Mutex::default(), run, claims: store.extension() }
    }

    /// The name of a draft's atom.
    pub(super) fn name(&self, place: usize) -> Text {
        self.places().drafts[place].atom.clone()
    }

    /// Takes a draft back.
    pub(super) fn give_back(&self, place: usize, change: Option<Box<dyn AnyChange>>) {
        let place = &mut self.places().drafts[place];
        place.out = false;
        place.change = change;
    }

    /// Flushes one change now, for good or for the time being; returns the value that the atom has then.
    #[track_caller]
    pub(super) fn flush<T: Clone + Send + Sync + 'static>(
        &self,
        mut change: Change<T>,
        place: usize,
        scoped: bool,
    ) -> Result<Arc<T>, FlushError> {
        let run = self.run.as_ref().expect("only async handlers have drafts that flush");
        let atom = change.name.clone();
        let flushed = run.transaction(|tx| {
            let found = tx.try_get(change.cell)?;
            let put = change.apply(tx)?;
            // Inside the lease: whoever ends the action finds what there is to give up.
            let mut places = self.places();
            if places.closed {
                return Err(FlushError::Ended { atom: change.name.clone() });
            }
            let earlier = places.drafts[place].scoped.take();
            let spent = if scoped {
                let (claim, spent) = self.claims.put(change.cell, found, Arc::clone(&put), earlier);
                places.drafts[place].scoped = Some(Box::new(claim));
                spent
            } else {
                earlier.and_then(|earlier| earlier.keep(&self.claims))
            };
            places.spent.extend(spent);
            Ok(put)
        });
        flushed.unwrap_or_else(|error| Err(ended(error, atom)))
    }

    /// The atom of a draft that has not come back.
    pub(crate) fn escaped(&self) -> Option<Text> {
        self.places().drafts.iter().find(|place| place.out).map(|place| place.atom.clone())
    }

    /// Writes what the drafts that came back want to write. Inside a transaction, so all of it or nothing.
    pub(crate) fn write(&self, tx: &mut Transaction<'_>) -> Result<(), FlushError> {
        let mut places = self.places();
        let mut changes: Vec<_> =
            places.drafts.iter_mut().filter_map(|place| place.change.take()).collect();
        drop(places);
        let written = catch_unwind(AssertUnwindSafe(|| {
            changes.iter_mut().try_for_each(|change| change.apply(tx))
        }));
        self.places().spent.push(Box::new(changes));
        written.unwrap_or_else(|payload| resume_unwind(payload))
    }

    /// Ends an async action whose handler returned `Ok`: one commit of everything that was written or is to be given
    /// up. If that fails nothing has changed, and the action is to be [abandoned](Self::abandon).
    #[track_caller]
    pub(crate) fn finish(&self) -> Result<(), FlushError> {
        let idle = |place: &Place| place.change.is_none() && place.scoped.is_none();
        if self.places().drafts.iter().all(idle) {
            return Ok(());
        }
        let run = self.run.as_ref().expect("only async actions finish");
        let done = run.transaction(|tx| {
            // Written once more: that is what stays.
            let stays: Vec<_> =
                self.places().drafts.iter().map(|place| place.change.is_some()).collect();
            self.write(tx)?;
            let mut scoped = Vec::new();
            for (place, stays) in self.places().drafts.iter_mut().zip(stays) {
                scoped.extend(place.scoped.take().map(|scoped| (scoped, stays)));
            }
            for (scoped, stays) in scoped {
                let claims = &self.claims;
                let spent = if stays { scoped.keep(claims) } else { scoped.end(claims, tx) };
                self.places().spent.extend(spent);
            }
            Ok(())
        });
        done.unwrap_or_else(|error| Err(ended(error, Text::from_static("an atom"))))
    }

    /// Ends an action in any other way: what it flushed for the time being is undone, the rest is discarded.
    pub(crate) fn abandon(&self) {
        let mut places = self.places();
        places.closed = true;
        let mut scoped = Vec::new();
        let mut changes = Vec::new();
        for place in &mut places.drafts {
            changes.extend(place.change.take());
            scoped.extend(place.scoped.take());
        }
        drop(places);
        drop(changes);
        if scoped.is_empty() {
            return;
        }
        // Not through the run, which writes nothing more once it has settled.
        if let Some(Ok(store)) = self.run.as_ref().map(RunContext::store) {
            let mut spent = Vec::new();
            store.batch(|tx| {
                spent.extend(scoped.iter().filter_map(|scoped| scoped.end(&self.claims, tx)));
            });
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
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
