//! Where an action is called: in a place, or in a run that must not have ended.

use crate::{
    draft::FlushError,
    place::{At, Kept},
};
use trine_core::{
    CommitNumber, ContextError, RunContext, RunId, Store, StoreDropped, Text, Transaction, Updates,
};

/// Where an action is called.
#[derive(Clone, Copy)]
pub(super) enum Home<'h> {
    /// In a place.
    Place(At<'h>),
    /// In a run, which writes nothing more when it has ended, and the place that this was started in.
    Run(&'h RunContext, &'h Kept),
}

impl Home<'_> {
    /// Does something with the place.
    #[inline]
    pub(super) fn with_place<R>(
        &self,
        body: impl FnOnce(At<'_>) -> Result<R, FlushError>,
    ) -> Result<R, FlushError> {
        match self {
            Self::Place(at) => body(*at),
            Self::Run(run, kept) => {
                let store: Store = run.store().map_err(|StoreDropped| over(run))?;
                body(kept.at(&store))
            }
        }
    }

    /// The run.
    pub(super) fn run(&self) -> Option<RunId> {
        match self {
            Self::Place(_) => None,
            Self::Run(run, _) => Some(run.id()),
        }
    }

    /// Several writes, one commit.
    #[inline]
    pub(super) fn updates<R>(
        &self,
        number: &mut Option<CommitNumber>,
        body: impl FnOnce(&mut Updates<'_>) -> Result<R, FlushError>,
    ) -> Result<R, FlushError> {
        match self {
            Self::Place(at) => {
                let (done, commit) = at
                    .store
                    .try_updates(body)
                    .map_err(|reentrant| FlushError::Cell(reentrant.into()))?;
                *number = commit.number();
                done
            }
            Self::Run(run, _) => match run.updates(body) {
                Ok((done, commit)) => {
                    *number = commit;
                    done
                }
                Err(error) => Err(refused(run, error)),
            },
        }
    }

    /// A transaction.
    pub(super) fn transaction<R, E>(
        &self,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<R, E>,
    ) -> Result<Result<R, E>, FlushError> {
        match self {
            Self::Place(at) => Ok(at.store.transaction(body)),
            Self::Run(run, _) => run.transaction(body).map_err(|error| refused(run, error)),
        }
    }
}

fn refused(run: &RunContext, error: ContextError) -> FlushError {
    match error {
        ContextError::Cell(error) => FlushError::Cell(error),
        _ => over(run),
    }
}

fn over(run: &RunContext) -> FlushError {
    FlushError::Ended { atom: Text::from(format!("all atoms of {}", run.name())) }
}
