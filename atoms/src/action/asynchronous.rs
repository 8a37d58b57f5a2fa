//! Async actions.

use super::{
    context::ActionContext,
    perform::{Begins, From, OverDrafts},
    run::ActionRun,
    settings::{Builder, Settings},
    status::StatusAtom,
};
use crate::{
    draft::Caller,
    place::{At, Kept, Place},
    synergy::{Atoms, BoxError, Synergy},
};
use std::{fmt, future::Future, panic::Location, sync::Arc};
use trine_core::{Derived, RunContext, RunsStatus, Text};

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
    /// What it does.
    body: Arc<dyn Begins<A, R, E>>,
    /// What was said about its runs.
    settings: Arc<Settings<A, R, E>>,
}

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
        self.make_async(move |_: &RunContext, _: &Kept, drafts, argument| handler(drafts, argument))
    }

    /// [`async_action`](Self::async_action) with a handler that is given an [`ActionContext`] as well: to run other actions,
    /// and to know of its own run.
    ///
    /// ```
    /// use trine_atoms::{ActionContext, AsyncAction, Atom, Store, synergy};
    ///
    /// static TEXT: Atom<String> = Atom::new("text", String::new);
    /// static SAVED: Atom<u32> = Atom::new("saved", || 0);
    ///
    /// let save: AsyncAction<()> = synergy(&SAVED).async_action(|mut saved, ()| async move {
    ///     saved.update(|saved| *saved += 1);
    ///     Ok(())
    /// });
    /// let clear = synergy(&TEXT).action(|mut text, ()| text.clear());
    /// let save_and_clear: AsyncAction<()> =
    ///     synergy(&TEXT).async_action_with(move |cx: ActionContext, text, ()| {
    ///         let (save, clear) = (save.clone(), clear.clone());
    ///         async move {
    ///             if !text.is_empty() {
    ///                 cx.run(&save, ()).await?; // ends with this action, if that is cancelled
    ///                 cx.run_sync(&clear, ())?;
    ///             }
    ///             Ok(())
    ///         }
    ///     });
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let store = Store::new();
    /// TEXT.set(&store, "draft".to_owned());
    /// save_and_clear.run(&store, ()).await.unwrap();
    /// assert_eq!((TEXT.get(&store).as_str(), SAVED.get(&store)), ("", 1));
    /// # });
    /// ```
    pub fn async_action_with<A, R, H, F>(&self, handler: H) -> AsyncAction<A, R, E>
    where
        A: Send + 'static,
        R: Send + 'static,
        H: Fn(ActionContext, S::Drafts, A) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.make_async(move |run: &RunContext, place: &Kept, drafts, argument| {
            handler(ActionContext::new(run.clone(), place.clone()), drafts, argument)
        })
    }

    fn make_async<A, R, H, F>(&self, handler: H) -> AsyncAction<A, R, E>
    where
        A: Send + 'static,
        R: Send + 'static,
        H: Fn(&RunContext, &Kept, S::Drafts, A) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
    {
        let body = Arc::new(OverDrafts { atoms: self.atoms.clone(), handler });
        AsyncAction { body, settings: Arc::new(Settings::new(&self.describe())) }
    }
}

impl<A, R, E> AsyncAction<A, R, E>
where
    A: 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    /// Starts the action in a place. The end of a provider aborts those that were started in it.
    ///
    /// The run goes on when the returned handle is dropped; awaiting the handle gives what the handler returned.
    #[track_caller]
    pub fn run(&self, at: &impl Place, argument: A) -> ActionRun<R, E> {
        let at = at.at();
        let builder = at.store.run_builder(self.settings.name.clone());
        self.begin(builder, Some(at), argument, at.keep(), Location::caller())
    }

    /// Starts the action as a part of a run: it is aborted when that ends.
    pub(super) fn run_in(
        &self,
        cx: &RunContext,
        place: &Kept,
        argument: A,
        caller: Caller,
    ) -> ActionRun<R, E> {
        let store = cx.store().ok();
        let at = store.as_ref().map(|store| place.at(store));
        let builder = cx.run_builder(self.settings.name.clone());
        self.begin(builder, at, argument, place.clone(), caller)
    }

    fn begin<'b>(
        &self,
        builder: Builder<'b, R, E>,
        at: Option<At<'b>>,
        argument: A,
        place: Kept,
        caller: Caller,
    ) -> ActionRun<R, E> {
        let (settings, from) = (&*self.settings, From { place, caller });
        let mut builder = settings.apply(builder, &argument);
        if let Some(site) = at.and_then(|at| at.site) {
            // The end of the provider finds it there.
            builder = builder.tag(site.tag());
        }
        let Some((condition, at)) = settings.condition.as_ref().zip(at) else {
            return Arc::clone(&self.body).begin(builder, argument, settings, from);
        };
        // Asked when everything else is known, by the builder, which knows what a panic in it is.
        let wanted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            condition(at.store, &argument)
        }));
        let builder = builder.condition(move || match wanted {
            Ok(wanted) => wanted,
            Err(payload) => std::panic::resume_unwind(payload),
        });
        Arc::clone(&self.body).begin(builder, argument, settings, from)
    }

    /// What the calls of this action are doing in a store, as a cell: how many are under way, and how the last one ended.
    ///
    /// It is one cell for all calls of a [name](Self::named), which is the action's own unless one is given. A store in which
    /// nobody asks pays nothing.
    ///
    /// ```
    /// use trine_atoms::{AsyncAction, Atom, Store, synergy};
    /// use trine_core::test::ManualExecutor;
    ///
    /// static DOCUMENT: Atom<String> = Atom::new("document", String::new);
    ///
    /// let save: AsyncAction<()> =
    ///     synergy(&DOCUMENT).async_action(|_document, ()| std::future::pending());
    /// let store = Store::with_spawner(ManualExecutor::new());
    /// let saving = save.status(&store);
    /// let button = store.derived(move |cx| if cx.get(saving).is_running() { "Saving" } else { "Save" });
    /// let run = save.run(&store, ());
    /// assert_eq!((store.get(button), store.get(saving).in_flight), ("Saving", 1));
    /// run.abort("never mind");
    /// assert_eq!(store.get(button), "Save");
    /// ```
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn status(&self, at: &impl Place) -> Derived<RunsStatus> {
        at.store().status_of(self.settings.name.clone())
    }

    /// The same as an atom, for derived atoms and synergies, which have no store at hand: clones of an action and calls of this
    /// give the same one, until the action is [named](Self::named) otherwise.
    ///
    /// ```
    /// use trine_atoms::{AsyncAction, Atom, DerivedAtom, Store, synergy};
    ///
    /// static DOCUMENT: Atom<String> = Atom::new("document", String::new);
    ///
    /// let save: AsyncAction<()> = synergy(&DOCUMENT).async_action(|_document, ()| async { Ok(()) });
    /// let saving = save.status_atom();
    /// let label = DerivedAtom::dynamic("label", move |cx| match cx.get(&saving) {
    ///     status if status.is_running() => "saving",
    ///     status if status.last.is_some() => "saved",
    ///     _ => "save",
    /// });
    /// let store = Store::new();
    /// assert_eq!(label.get(&store), "save");
    /// save.run(&store, ()).detach();
    /// assert_eq!(label.get(&store), "saved");
    /// ```
    #[must_use]
    pub fn status_atom(&self) -> StatusAtom {
        self.settings.status.clone()
    }

    /// The name of the runs.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.settings.name
    }

    /// Aborts all calls of this [name](Self::named) in a store; returns how many that were.
    pub fn abort_all(&self, at: &impl Place, reason: impl Into<Text>) -> usize {
        at.store().runs().abort_named(&self.settings.name, reason)
    }

    pub(super) fn settings(&mut self) -> &mut Settings<A, R, E> {
        Arc::make_mut(&mut self.settings)
    }
}

impl<A, R, E> Clone for AsyncAction<A, R, E> {
    fn clone(&self) -> Self {
        Self { body: Arc::clone(&self.body), settings: Arc::clone(&self.settings) }
    }
}

impl<A, R, E> fmt::Debug for AsyncAction<A, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncAction").field(&self.settings.name).finish()
    }
}
