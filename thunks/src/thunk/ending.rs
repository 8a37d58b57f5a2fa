//! How slices are told of the end of a run.
//!
//! The executor calls the settle hook once, on whichever thread settles the run: `fulfilled` or `rejected` is reduced before
//! anybody who awaits the run goes on. It does not pass through the run's context, which is inert by then. In the same commit
//! the run's patches are taken off, before the reducers, and the state cells that follow it change, after them.

use super::{
    Definition,
    launch::reduce,
    lifecycle::{Fulfilled, Rejected},
    meta::Meta,
    states::{Step, Trash},
};
use crate::{
    action::AnyAction,
    error::DispatchError,
    pipeline::{Reduce, send_end},
    store::Shared,
    table::{Occurrence, Way},
};
use std::sync::Arc;
use trine_core::{Event, Outcome, Run, RunId, Text, Updates, WeakStore};

/// What is needed to tell of a run's end.
pub(super) struct Ending<A, T, E, X, M> {
    /// The table, and the store.
    pub(super) shared: Arc<Shared<X>>,
    /// The thunk.
    pub(super) definition: Arc<Definition<A, T, E, X, M>>,
    /// The argument and the run.
    pub(super) meta: Arc<Meta<A, M>>,
}

impl<A, T, E, X, M> Ending<A, T, E, X, M>
where
    A: Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    /// Tells the slices, if the run was pending and the store is there.
    pub(super) fn tell(self, outcome: &Outcome<T, E>) {
        let Some(&run) = self.meta.run.get() else { return };
        let told = self.meta.has_begun() || self.definition.options.tells_skipped;
        if told || self.shared.states.is_used() {
            self.end(run, outcome, told);
        }
    }

    /// Tells the slices of a run that was refused before it had started.
    pub(super) fn tell_refused(self, run: &Run<T, E>) {
        if self.meta.run.set(run.id()).is_ok()
            && let Some(outcome) = run.outcome()
        {
            self.end(run.id(), &outcome, true);
        }
    }

    fn end(&self, run: RunId, outcome: &Outcome<T, E>, told: bool) {
        let Some(core) = WeakStore::upgrade(&self.shared.core) else { return };
        let begun = self.meta.has_begun();
        if begun && told && self.end_alone(&core, outcome) {
            return;
        }
        let mut patches = self.meta.take_patches();
        let mut trash = Trash::new();
        let mut commit = |reduce: &mut Reduce<'_>| {
            core.try_updates(|cells| {
                // A run of an earlier epoch ended with that.
                if begun && self.shared.states.epoch() != self.meta.epoch() {
                    return Ok(());
                }
                cells.called_at(self.meta.at);
                let mut done = Ok(());
                for patch in patches.drain(..) {
                    let settled = patch.settle(cells, outcome.is_fulfilled());
                    done = done.and(settled.map_err(DispatchError::Slice));
                }
                if told {
                    done = done.and(reduce(cells));
                }
                let step = if begun { Step::End(outcome) } else { Step::Forget };
                trash = self.shared.states.step(cells, &self.definition, &self.meta, run, step);
                done
            })?
            .0
        };
        // Of a run of an earlier epoch not even middleware and listeners hear.
        let stale = begun && self.shared.states.epoch() != self.meta.epoch();
        let ended = if told && !stale && self.shared.pipeline.is_busy() {
            send_end(&core, &self.shared, (self.event(outcome), self.meta.at), &mut commit)
        } else {
            commit(&mut |cells| self.reduce(cells, outcome))
        };
        // What is left lies on slices of an epoch that is over, and is taken off as it is dropped.
        drop((patches, trash));
        if let Err(error) = ended {
            core.emit(|| Event::Failed {
                what: Text::from(format!("telling the end of {}", self.meta)),
                message: Text::from(error.to_string()),
            });
        }
    }

    /// Tells of the end in the common case: there is nobody to tell but the reducers of one slice, whose change is a commit of its
    /// own. False, and nothing is done, if it is not that.
    fn end_alone(&self, core: &trine_core::Store, outcome: &Outcome<T, E>) -> bool {
        let is_common = !self.shared.pipeline.is_busy()
            && !core.is_observed()
            && self.definition.options.tags.is_empty()
            && self.meta.tags().is_empty()
            && !self.meta.has_patches();
        if !is_common {
            return false;
        }
        if let Outcome::Fulfilled { payload, .. } = outcome {
            return self.reduce_alone(core, &Fulfilled::new(&self.meta, Arc::clone(payload)));
        }
        match outcome.clone().into_result() {
            Ok(_) => false,
            Err(rejection) => self.reduce_alone(core, &Rejected::new(&self.meta, rejection)),
        }
    }

    fn reduce_alone<V: AnyAction>(&self, core: &trine_core::Store, event: &V) -> bool {
        let Some(handler) = self.shared.table.alone(event.case_key()) else { return false };
        let occurrence = Occurrence { event: event.event(), action: event };
        let states = &self.shared.states;
        handler.reduce_alone_if(Way::Store(core), &occurrence, self.meta.at, &|| {
            // A run of an earlier epoch ended with that.
            !states.is_used() && states.epoch() == self.meta.epoch()
        })
    }

    /// The event, to be shared.
    fn event(&self, outcome: &Outcome<T, E>) -> Arc<dyn AnyAction> {
        match outcome.clone().into_result() {
            Ok(payload) => Arc::new(Fulfilled::new(&self.meta, payload)),
            Err(rejection) => Arc::new(Rejected::new(&self.meta, rejection)),
        }
    }

    fn reduce(
        &self,
        cells: &mut Updates<'_>,
        outcome: &Outcome<T, E>,
    ) -> Result<(), DispatchError> {
        if let Outcome::Fulfilled { payload, .. } = outcome {
            let event = Fulfilled::new(&self.meta, Arc::clone(payload));
            return reduce(&self.shared, cells, &event);
        }
        match outcome.clone().into_result() {
            Ok(_) => Ok(()),
            Err(rejection) => reduce(&self.shared, cells, &Rejected::new(&self.meta, rejection)),
        }
    }
}

impl<A, T, E, X, M> Clone for Ending<A, T, E, X, M> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            definition: Arc::clone(&self.definition),
            meta: Arc::clone(&self.meta),
        }
    }
}
