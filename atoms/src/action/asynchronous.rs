//! Async actions.

use super::{ActionError, ActionRun, run::Ended};
use crate::{
    draft::{AbandonGuard, Desk, Opening},
    place::{At, Kept, Place},
    readable::fail,
    synergy::{Atoms, BoxError, Synergy},
};
use std::{
    fmt,
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::{Policy, RunContext, Text};

/// An async action: straight-line code over drafts of several atoms, which can show what it has done so far on
/// the way, and commits the rest at its end.
///
/// Made by [`Synergy::async_action`]; cheap to clone, and can be a field of a struct.
///
/// ```
/// use trine_atoms::{AsyncAction, Atom, Store, synergy};
///
/// static USER: Atom<Option<String>> = Atom::new("user", || None);
/// static LOADING: Atom<bool> = Atom::new("loading", || false);
///
/// # async fn fetch(id: u32) -> Result<String, std::io::Error> { Ok(format!("user {id}")) }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let fetch_user: AsyncAction<u32> =
///     synergy((&USER, &LOADING)).async_action(|(mut user, mut loading), id| async move {
///         *loading = true;
///         let _loading = loading.trigger_scoped()?; // shown now; back to `false` however this ends
///         user.set(Some(fetch(id).await?));
///         Ok(()) // one commit: user and loading together
///     });
///
/// let store = Store::new();
/// fetch_user.run(&store, 7).await.unwrap();
/// assert_eq!(USER.get(&store).as_deref(), Some("user 7"));
/// assert!(!LOADING.get(&store));
/// # });
/// ```
pub struct AsyncAction<A, R = (), E = BoxError> {
    /// Starts a run.
    start: Arc<Start<A, R, E>>,
    /// What was chosen for the runs.
    settings: Settings,
}

/// Starts a run of an action on a store.
type Start<A, R, E> = dyn Fn(At<'_>, A, &Settings) -> ActionRun<R, E> + Send + Sync;

/// What is chosen for the runs of an action.
#[derive(Debug, Clone)]
struct Settings {
    /// The name of the runs.
    name: Text,
    /// What happens while an earlier call is under way.
    policy: Policy,
    /// Tells this action's runs from those of another one of the same name.
    identity: u64,
}

/// Identities of actions.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl<S: Atoms, E: Send + 'static> Synergy<S, E> {
    /// Makes an async action. `handler` gets a draft for each atom, and the argument of [`AsyncAction::run`].
    ///
    /// The handler runs outside every lock, on the store's executor. Everything up to its first `.await` that has
    /// to wait runs before [`run`](AsyncAction::run) returns.
    pub fn async_action<A, R, H, F>(&self, handler: H) -> AsyncAction<A, R, E>
    where
        A: Send + 'static,
        R: Send + 'static,
        H: Fn(S::Drafts, A) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
    {
        let atoms = self.atoms.clone();
        let handler = Arc::new(handler);
        let start = move |at: At<'_>, argument: A, settings: &Settings| {
            let (store, place) = (at.store, at.keep());
            let (atoms, handler) = (atoms.clone(), Arc::clone(&handler));
            let result = Arc::new(Mutex::new(None));
            let slot = Arc::clone(&result);
            let mut builder = store.run_builder(settings.name.clone());
            if settings.policy != Policy::Parallel {
                builder = builder.policy(settings.policy).key(settings.identity);
            }
            if let Some(site) = at.site {
                // The end of the provider finds it there.
                builder = builder.tag(site.tag());
            }
            let run = builder.start(move |cx| async move {
                let ended = perform(cx, place, atoms, &*handler, argument).await;
                let ok = ended.is_ok();
                *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(ended);
                if ok { Ok(()) } else { Err(Ended) }
            });
            ActionRun::new(run, result)
        };
        let settings = Settings {
            name: format!("action on {}", self.describe()).into(),
            policy: Policy::Parallel,
            identity: NEXT_ID.fetch_add(1, Ordering::Relaxed),
        };
        AsyncAction { start: Arc::new(start), settings }
    }
}

/// One call of a handler, from opening the drafts to flushing them.
async fn perform<S: Atoms, A, R, E, F>(
    cx: RunContext,
    place: Kept,
    atoms: S,
    handler: &impl Fn(S::Drafts, A) -> F,
    argument: A,
) -> Result<R, ActionError<E>>
where
    F: Future<Output = Result<R, E>>,
{
    let store = cx.store().map_err(|dropped| ActionError::Failed(dropped.into()))?;
    let cells = atoms.cells(place.at(&store)).unwrap_or_else(|error| fail(&error));
    let desk = Arc::new(Desk::new(&store, Some(cx)));
    // Declared before the handler's future, so dropped after it, when its drafts have come back.
    let _abandon = AbandonGuard(Arc::clone(&desk));
    let drafts =
        store.batch(|tx| atoms.drafts(&cells, &mut Opening { tx, desk: Arc::clone(&desk) }));
    // Held across the handler it would keep the store alive.
    drop(store);
    let value = handler(drafts, argument).await.map_err(ActionError::Handler)?;
    if let Some(atom) = desk.escaped() {
        return Err(ActionError::DraftEscaped { atom });
    }
    desk.finish()?;
    Ok(value)
}

impl<A, R, E> AsyncAction<A, R, E> {
    /// Starts the action in a place. The end of a provider aborts those that were started in it.
    ///
    /// The run goes on when the returned handle is dropped; awaiting the handle gives what the handler returned.
    pub fn run(&self, at: &impl Place, argument: A) -> ActionRun<R, E> {
        (self.start)(at.at(), argument, &self.settings)
    }

    /// Gives the runs a name, for errors and events.
    #[must_use]
    pub fn named(mut self, name: impl Into<Text>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// A call supersedes the one before, which ends first: its scoped changes are undone and nothing of it lands.
    /// For a search box, say.
    #[must_use]
    pub fn latest(mut self) -> Self {
        self.settings.policy = Policy::Latest;
        self
    }

    /// A call while an earlier one is under way is skipped. For a button that must not be pressed twice, say.
    #[must_use]
    pub fn leading(mut self) -> Self {
        self.settings.policy = Policy::Leading;
        self
    }
}

impl<A, R, E> Clone for AsyncAction<A, R, E> {
    fn clone(&self) -> Self {
        Self { start: Arc::clone(&self.start), settings: self.settings.clone() }
    }
}

impl<A, R, E> fmt::Debug for AsyncAction<A, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncAction").field(&self.settings.name).finish()
    }
}
