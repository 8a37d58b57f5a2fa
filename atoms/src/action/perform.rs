//! One call of an async handler, from opening the drafts to flushing them.

use super::{
    ActionError,
    handed::Handed,
    run::ActionRun,
    settings::{Builder, Settings},
};
use crate::{
    draft::{AbandonGuard, Caller, Desk, FlushError, Rules, Unfinished},
    middleware::Hooks,
    place::{At, Kept},
    synergy::Atoms,
};
use std::{future::Future, sync::Arc};
use trine_core::{RunContext, Store, StoreDropped};

/// Where a call comes from.
#[derive(Clone)]
pub(super) struct From {
    /// The place.
    pub(super) place: Kept,
    /// The call.
    pub(super) caller: Caller,
}

/// What an async action does.
pub(super) trait Begins<A, R, E>: Send + Sync {
    /// Starts a run.
    fn begin(
        self: Arc<Self>,
        builder: Builder<'_, R, E>,
        argument: A,
        settings: &Settings<A, R, E>,
        from: From,
    ) -> ActionRun<R, E>;
}

/// A handler over drafts.
pub(super) struct OverDrafts<S: Atoms, H> {
    pub(super) atoms: S,
    pub(super) handler: H,
}

impl<S, A, R, E, H, F> Begins<A, R, E> for OverDrafts<S, H>
where
    S: Atoms,
    A: Send + 'static,
    R: Send + 'static,
    E: Send + 'static,
    H: Fn(&RunContext, &Kept, S::Drafts, A) -> F + Send + Sync + 'static,
    F: Future<Output = Result<R, E>> + Send + 'static,
{
    fn begin(
        self: Arc<Self>,
        builder: Builder<'_, R, E>,
        argument: A,
        settings: &Settings<A, R, E>,
        from: From,
    ) -> ActionRun<R, E> {
        let (rules, again) = (settings.rules.clone(), settings.again);
        let run = match (&settings.retry, again) {
            (Some(retry), Some(again)) => {
                // Copied for each attempt, one after the other; `A` need not be `Sync`.
                let argument = std::sync::Mutex::new(argument);
                builder.start_retrying(retry.clone(), move |cx| {
                    let argument = again(&argument.lock().unwrap_or_else(|held| held.into_inner()));
                    hand_over(attempts(
                        cx,
                        Arc::clone(&self),
                        argument,
                        rules.clone(),
                        Some(again),
                        from.clone(),
                    ))
                })
            }
            _ if rules.as_ref().is_some_and(|rules| rules.retries > 0) => {
                builder.start(move |cx| hand_over(attempts(cx, self, argument, rules, again, from)))
            }
            _ => builder.start(move |cx| hand_over(attempt(cx, self, argument, rules, from))),
        };
        ActionRun::new(run, settings.hand_out)
    }
}

/// What the run of an action is fulfilled or rejected with.
async fn hand_over<R, E>(
    call: impl Future<Output = Result<R, ActionError<E>>>,
) -> Result<Handed<R>, Handed<ActionError<E>>> {
    match call.await {
        Ok(value) => Ok(Handed::new(value)),
        Err(error) => Err(Handed::new(error)),
    }
}

/// Calls the handler, and again after a conflict, as often as the rules say.
async fn attempts<S, A, R, E, H, F>(
    cx: RunContext,
    body: Arc<OverDrafts<S, H>>,
    mut argument: A,
    rules: Option<Arc<Rules>>,
    again: Option<fn(&A) -> A>,
    from: From,
) -> Result<R, ActionError<E>>
where
    S: Atoms,
    E: 'static,
    H: Fn(&RunContext, &Kept, S::Drafts, A) -> F,
    F: Future<Output = Result<R, E>>,
{
    let mut left = rules.as_ref().map_or(0, |rules| rules.retries);
    loop {
        let next = again.filter(|_| left > 0).map(|again| again(&argument));
        let ended =
            attempt(cx.clone(), Arc::clone(&body), argument, rules.clone(), from.clone()).await;
        match (ended, next) {
            (Err(ActionError::Conflict(_)), Some(next)) => {
                left -= 1;
                argument = next;
            }
            (ended, _) => return ended,
        }
    }
}

/// Calls the handler once.
async fn attempt<S, A, R, E, H, F>(
    cx: RunContext,
    body: Arc<OverDrafts<S, H>>,
    argument: A,
    rules: Option<Arc<Rules>>,
    from: From,
) -> Result<R, ActionError<E>>
where
    S: Atoms,
    E: 'static,
    H: Fn(&RunContext, &Kept, S::Drafts, A) -> F,
    F: Future<Output = Result<R, E>>,
{
    let (desk, drafts) = open(cx, &body.atoms, rules, &from)?;
    // Declared before the handler's future, so dropped after it, when its drafts have come back.
    let _abandon = AbandonGuard(Arc::clone(&desk));
    let value = (body.handler)(&desk.run, &from.place, drafts, argument).await;
    let value = value.map_err(ActionError::of_handler)?;
    match desk.finish() {
        Ok(()) => Ok(value),
        Err(Unfinished::Escaped(atom)) => Err(ActionError::DraftEscaped { atom }),
        Err(Unfinished::Flush(error)) => Err(error.into()),
    }
}

/// Opens the drafts, together a snapshot. The store is not held longer, or the action would keep it alive.
#[allow(clippy::type_complexity, reason = "what a desk opens with")]
fn open<S: Atoms, E>(
    cx: RunContext,
    atoms: &S,
    rules: Option<Arc<Rules>>,
    from: &From,
) -> Result<(Arc<Desk<S>>, S::Drafts), ActionError<E>> {
    let store: Store =
        cx.store().map_err(|StoreDropped| ActionError::Failed(StoreDropped.into()))?;
    let at = from.place.at(&store);
    let pieces = read(atoms, at)?;
    Ok(Desk::open(cx, from.caller, pieces, atoms.shelves(), rules, Hooks::chain(at)))
}

/// Reads the atoms, in one lease.
fn read<S: Atoms>(atoms: &S, at: At<'_>) -> Result<S::Pieces, FlushError> {
    let cells = atoms.cells(at)?;
    let (opened, _) = at
        .store
        .try_updates(|up| atoms.open(&cells, up))
        .map_err(|reentrant| FlushError::Cell(reentrant.into()))?;
    Ok(opened?)
}
