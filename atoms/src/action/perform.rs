//! One call of an async handler, from opening the drafts to flushing them.

use super::{
    ActionError,
    handed::Handed,
    run::ActionRun,
    settings::{Builder, Settings},
};
use crate::{
    draft::{AbandonGuard, AnyDesk, Caller, Desk, Ender, FlushError, Rules, Unfinished},
    middleware::Hooks,
    place::{At, Kept},
    synergy::Atoms,
};
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};
use trine_core::{Outcome, RunContext, Store, StoreDropped};

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
                let (argument, ender) = (Mutex::new(argument), Ender::default());
                let builder =
                    builder.on_settle(on_settle::<S, R, E>(Ending::Attempts(ender.clone())));
                builder.start_retrying(retry.clone(), move |cx| {
                    let argument = again(&argument.lock().unwrap_or_else(PoisonError::into_inner));
                    let (body, rules) = (Arc::clone(&self), rules.clone());
                    attempts(cx, body, argument, rules, Some(again), from.clone(), ender.clone())
                })
            }
            _ if rules.as_ref().is_some_and(|rules| rules.retries > 0) => {
                let ender = Ender::default();
                let builder =
                    builder.on_settle(on_settle::<S, R, E>(Ending::Attempts(ender.clone())));
                builder.start(move |cx| attempts(cx, self, argument, rules, again, from, ender))
            }
            _ => {
                let desk = Arc::new(Desk::new(from.caller, rules));
                let builder = builder.on_settle(on_settle(Ending::Only(Arc::clone(&desk))));
                builder.start(move |cx| attempt(cx, self, argument, desk, from.place))
            }
        };
        ActionRun::new(run, settings.hand_out)
    }
}

/// How the end of a run reaches the handler that is under way.
enum Ending<S: Atoms> {
    /// There is one attempt, and this is its desk.
    Only(Arc<Desk<S>>),
    /// There may be several, each with a desk of its own.
    Attempts(Ender),
}

/// What is done when the run has ended: unless it ended well, what is there for the time being is taken back.
fn on_settle<S: Atoms, R, E>(
    ending: Ending<S>,
) -> impl FnOnce(&Outcome<Handed<R>, Handed<ActionError<E>>>) + Send + 'static {
    move |outcome| match ending {
        // Whoever ends well has given up everything in his last commit.
        _ if outcome.is_fulfilled() => {}
        Ending::Only(desk) => desk.end(),
        Ending::Attempts(ender) => ender.end(),
    }
}

/// What the run of an action is fulfilled or rejected with.
type HandedOver<R, E> = Result<Handed<R>, Handed<ActionError<E>>>;

/// Calls the handler, and again after a conflict, as often as the rules say.
async fn attempts<S, A, R, E, H, F>(
    cx: RunContext,
    body: Arc<OverDrafts<S, H>>,
    mut argument: A,
    rules: Option<Arc<Rules>>,
    again: Option<fn(&A) -> A>,
    from: From,
    ender: Ender,
) -> HandedOver<R, E>
where
    S: Atoms,
    E: 'static,
    H: Fn(&RunContext, &Kept, S::Drafts, A) -> F,
    F: Future<Output = Result<R, E>>,
{
    let mut left = rules.as_ref().map_or(0, |rules| rules.retries);
    loop {
        let next = again.filter(|_| left > 0).map(|again| again(&argument));
        let desk = Arc::new(Desk::new(from.caller, rules.clone()));
        ender.note(&desk);
        let (body, place) = (Arc::clone(&body), from.place.clone());
        let ended = attempt(cx.clone(), body, argument, desk, place).await;
        match (ended, next) {
            (Err(error), Some(next))
                if error.look(|error| matches!(error, ActionError::Conflict(_))) == Some(true) =>
            {
                left -= 1;
                argument = next;
            }
            (ended, _) => return ended,
        }
    }
}

/// Calls the handler once. One block and no nesting: a future is moved on its way to where it is polled, and each layer around it
/// would have room for all that it was called with.
#[allow(clippy::manual_async_fn, reason = "an `async fn` has room for its arguments twice")]
fn attempt<S, A, R, E, H, F>(
    cx: RunContext,
    body: Arc<OverDrafts<S, H>>,
    argument: A,
    desk: Arc<Desk<S>>,
    place: Kept,
) -> impl Future<Output = HandedOver<R, E>>
where
    S: Atoms,
    E: 'static,
    H: Fn(&RunContext, &Kept, S::Drafts, A) -> F,
    F: Future<Output = Result<R, E>>,
{
    async move {
        let drafts = match open(cx, &body.atoms, &desk, &place) {
            Ok(drafts) => drafts,
            Err(error) => return Err(Handed::new(error)),
        };
        // Declared before the handler's future, so dropped after it, when its drafts have come back.
        let abandon = AbandonGuard::new(desk);
        let desk = abandon.desk();
        let value = (body.handler)(desk.run(), &place, drafts, argument).await;
        let ended = match value {
            Err(error) => Err(ActionError::of_handler(error)),
            Ok(value) => match desk.finish(&body.atoms) {
                Ok(()) => {
                    abandon.disarm();
                    return Ok(Handed::new(value));
                }
                Err(Unfinished::Escaped(atom)) => Err(ActionError::DraftEscaped { atom }),
                Err(Unfinished::Flush(error)) => Err(error.into()),
            },
        };
        ended.map_err(Handed::new)
    }
}

/// Opens the drafts, together a snapshot. The store is not held longer, or the action would keep it alive.
fn open<S: Atoms, E>(
    cx: RunContext,
    atoms: &S,
    desk: &Arc<Desk<S>>,
    place: &Kept,
) -> Result<S::Drafts, ActionError<E>> {
    let store: Store =
        cx.store().map_err(|StoreDropped| ActionError::Failed(StoreDropped.into()))?;
    let at = place.at(&store);
    let pieces = read(atoms, at)?;
    Ok(desk.open(cx, pieces, Hooks::chain(at)))
}

/// Reads the atoms, in one lease.
fn read<S: Atoms>(atoms: &S, at: At<'_>) -> Result<S::Pieces, FlushError> {
    let cells = atoms.cells(at)?;
    // Comes back by reference: it is not small, and what a lease returns is moved several times.
    let mut opened = None;
    at.store
        .try_updates(|up| opened = Some(atoms.open(&cells, up)))
        .map_err(|reentrant| FlushError::Cell(reentrant.into()))?;
    Ok(opened.expect("there was a lease")?)
}
