//! How slices are told of the end of a run.
//!
//! The executor calls the settle hook once, on whichever thread settles the run: `fulfilled` or `rejected` is reduced before
//! anybody who awaits the run goes on. It does not pass through the run's context, which is inert by then.

use super::{
    launch::reduce,
    lifecycle::{Fulfilled, Rejected},
    meta::Meta,
};
use crate::{action::AnyAction, error::DispatchError, store::Shared};
use std::sync::Arc;
use trine_core::{Event, Outcome, Run, Text, WeakStore};

/// What is needed to tell of a run's end.
pub(super) struct Ending<A, X, M> {
    /// The store; none if it was gone at the start.
    pub(super) core: Option<WeakStore>,
    /// The table.
    pub(super) shared: Arc<Shared<X>>,
    /// The argument and the run.
    pub(super) meta: Arc<Meta<A, M>>,
    /// Whether the end is told of a run that never became pending.
    pub(super) tells_skipped: bool,
}

impl<A, X, M> Ending<A, X, M>
where
    A: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    /// Tells the slices, if the run was pending and the store is there.
    pub(super) fn tell<T, E>(self, outcome: &Outcome<T, E>)
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        if self.meta.run.get().is_none() {
            return;
        }
        if !self.meta.has_begun() && !self.tells_skipped {
            return;
        }
        self.reduce_end(outcome);
    }

    /// Tells the slices of a run that was refused before it had started.
    pub(super) fn tell_refused<T, E>(self, run: &Run<T, E>)
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        if self.meta.run.set(run.id()).is_ok()
            && let Some(outcome) = run.outcome()
        {
            self.reduce_end(&outcome);
        }
    }

    fn reduce_end<T, E>(&self, outcome: &Outcome<T, E>)
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let Some(core) = self.core.as_ref().and_then(WeakStore::upgrade) else { return };
        let reduced = match outcome.clone().into_result() {
            Ok(payload) => {
                let event = Fulfilled::new(&self.meta, payload);
                self.reduce(&core, &event)
            }
            Err(rejection) => {
                let event = Rejected::new(&self.meta, rejection);
                self.reduce(&core, &event)
            }
        };
        if let Err(error) = reduced {
            core.emit(|| Event::Failed {
                what: Text::from(format!("telling the end of {}", self.meta)),
                message: Text::from(error.to_string()),
            });
        }
    }

    fn reduce<V: AnyAction>(
        &self,
        core: &trine_core::Store,
        event: &V,
    ) -> Result<(), DispatchError> {
        core.try_updates(|cells| reduce(&self.shared, cells, event))?.0
    }
}

impl<A, X, M> Clone for Ending<A, X, M> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            shared: Arc::clone(&self.shared),
            meta: Arc::clone(&self.meta),
            tells_skipped: self.tells_skipped,
        }
    }
}
