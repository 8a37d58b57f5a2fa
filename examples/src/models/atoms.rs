//! Portal in **atoms and synergies**: state in small pieces, changed together by handlers over drafts.
//!
//! An *atom* is a piece of state: a name and a first value. A *synergy* groups atoms, and an *action* is a handler
//! that gets a *draft* of each: a private copy that reads and writes like the value. What the handler has written is
//! committed when it ends; `trigger` commits one draft earlier, so that the view can follow what a long action is
//! doing. The code says what happens, in the order in which it happens.
//!
//! What is *not* here: no message, no reducer, no lock, no task handle. A search that is overtaken and a page that is
//! left are cancelled, so no late answer can arrive; an action that ends early has changed nothing since its last
//! `trigger`, and `trigger_scoped` takes back what was only true for as long as it lasted.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use trine_atoms::{AsyncAction, Atom, BoxError, Draft, Store, synergy};
use trine_core::Derived;

use crate::api::{Session, SpaceList, User};
use crate::client::{ApiError, Client};
use crate::portal::{Model, Portal, SPACES_SHOWN, Setup, Tally};
use crate::view::{Load, PageView, SearchView, SessionView, View};

/// Portal in atoms and synergies.
pub(super) const ATOMS: Model = Model {
    name: "atoms",
    idea: "atoms and synergies: handlers over drafts",
    file: "examples/src/models/atoms.rs",
    source: include_str!("atoms.rs"),
    build: |setup| Box::new(App::new(setup)),
    dispatch: count_up,
};

// 1. State: definitions only. Each store has values of its own.

static SHOWN: Atom<bool> = Atom::new("shown", || false);
static SESSION: Atom<SessionView> = Atom::new("session", SessionView::default);
static USER: Atom<Load<User>> = Atom::new("user", Load::default);
static SPACES: Atom<Load<SpaceList>> = Atom::new("spaces", Load::default);
static SEARCH: Atom<SearchView> = Atom::new("search", SearchView::default);
static PAGE: Atom<PageView> = Atom::new("page", PageView::default);

// 2. Bootstrap: the portal and its spaces; the session: find, else create, then enter; its user.

/// Out of band: the session, then its user.
fn bootstrap(client: Client) -> AsyncAction<String> {
    synergy((&SESSION, &USER)).async_action(move |(session, mut user), token: String| {
        let client = client.clone();
        async move {
            let session = enter_session(&client, &token, session).await?;
            user.set(Load::Loading);
            user = user.trigger()?;
            user.set(loaded(client.user(session.user).await));
            Ok(())
        }
    })
}

/// Find, else create, then enter. Each `trigger` shows the draft as it is and returns a fresh one; the old one is
/// gone, so it cannot be written to by mistake.
async fn enter_session(
    client: &Client,
    token: &str,
    mut session: Draft<SessionView>,
) -> Result<Arc<Session>, BoxError> {
    session.set(SessionView::Finding);
    session = session.trigger()?;
    if client.find_session(token).await?.is_none() {
        session.set(SessionView::Creating);
        session = session.trigger()?;
        client.create_session(token).await?;
    }
    session.set(SessionView::Entering);
    session = session.trigger()?;
    let entered = Arc::new(client.enter_session(token).await?);
    session.set(SessionView::Entered(Arc::clone(&entered)));
    session.trigger()?;
    Ok(entered)
}

fn list_spaces(client: Client) -> AsyncAction<()> {
    synergy(&SPACES).async_action(move |mut spaces, ()| {
        let client = client.clone();
        async move {
            spaces.set(loaded(client.spaces(0, SPACES_SHOWN).await));
            Ok(())
        }
    })
}

// 3. Search.

/// `latest`: each call supersedes the one before, whose request is dropped and which writes nothing more. There is
/// no older answer that could overwrite a newer one.
fn search(client: Client) -> AsyncAction<String> {
    let search = synergy(&SEARCH).async_action(move |mut search, text: String| {
        let client = client.clone();
        async move {
            search.text.clone_from(&text);
            search.loading = !text.is_empty();
            search.problem = None;
            if text.is_empty() {
                search.hits = Arc::default();
                return Ok(());
            }
            search = search.trigger()?;
            search.loading = false;
            match client.search(&text).await {
                Ok(found) => search.hits = Arc::new(found.hits),
                Err(error) => {
                    search.hits = Arc::default();
                    search.problem = Some(error.to_string());
                }
            }
            Ok(())
        }
    });
    search.latest()
}

// 4. A page.

/// The page shows `Loading` for as long as this action lasts. If it is aborted, the page is what it was before:
/// `trigger_scoped` sees to that.
fn open_page(client: Client) -> AsyncAction<u32> {
    let open_page = synergy(&PAGE).async_action(move |mut page, id| {
        let client = client.clone();
        async move {
            page.set(PageView::Loading { id });
            page = page.trigger_scoped()?;
            page.set(match client.page(id).await {
                Ok(page) => PageView::Open(Arc::new(page)),
                Err(error) => PageView::Failed { id, problem: error.to_string() },
            });
            Ok(())
        }
    });
    open_page.named("open page")
}

// 5. The app. What its user does is a call of an action.

struct App {
    store: Store,
    view: Derived<View>,
    /// The actions: values, with the type of their argument.
    bootstrap: AsyncAction<String>,
    list_spaces: AsyncAction<()>,
    search: AsyncAction<String>,
    open_page: AsyncAction<u32>,
}

impl App {
    fn new(Setup { client, recorder, store }: Setup) -> Self {
        // What is shown follows from the atoms.
        let view = synergy((&SHOWN, &SESSION, &USER, &SPACES, &SEARCH, &PAGE)).derive(
            &store,
            |(shown, session, user, spaces, search, page)| View {
                shown: *shown,
                session: (*session).clone(),
                user: (*user).clone(),
                spaces: (*spaces).clone(),
                search: (*search).clone(),
                page: (*page).clone(),
            },
        );
        // Told once per commit that changes the view, in order, outside every lock.
        let show = move |change: &trine_core::Change<'_, View>| {
            if let Ok(view) = change.value() {
                recorder.show(change.number().get(), view.clone());
            }
        };
        store.subscribe_changes(view, show).detach();
        Self {
            bootstrap: bootstrap(client.clone()),
            list_spaces: list_spaces(client.clone()),
            search: search(client.clone()),
            open_page: open_page(client),
            store,
            view,
        }
    }
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        let (bootstrap, token) = (self.bootstrap.clone(), token.to_owned());
        // An action that fails has written nothing since its last `trigger`; what to show then is its caller's
        // affair. `run` starts async code whose runs end with the store.
        let opening = self.store.run("open app", move |cx| async move {
            if let Err(error) = bootstrap.run(&cx.store()?, token).await {
                SESSION.set(&cx.store()?, SessionView::Failed(error.to_string()));
            }
            Ok::<_, BoxError>(())
        });
        opening.detach(); // it goes on
        let show = synergy((&SHOWN, &SPACES)).action(|(mut shown, mut spaces), ()| {
            *shown = true;
            *spaces = Load::Loading;
        });
        show.run(&self.store, ());
        self.list_spaces.run(&self.store, ()).detach();
    }

    fn type_search(&self, text: &str) {
        self.search.run(&self.store, text.to_owned()).detach();
    }

    fn open_page(&self, id: u32) {
        self.leave_page();
        self.open_page.run(&self.store, id).detach();
    }

    fn leave_page(&self) {
        // The handler stops where it is, and with it the request.
        self.store.runs().abort_named("open page", "the user has left the page");
        PAGE.set(&self.store, PageView::Closed);
    }

    fn view(&self) -> View {
        self.store.get(self.view)
    }

    fn tally(&self) -> Tally {
        // No answer can be stale: a superseded action's request is dropped.
        Tally { commits: self.store.last_commit().get(), stale_answers: 0 }
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        async {
            self.store.runs().idle().await;
            self.store.delivered();
        }
        .boxed()
    }
}

fn loaded<T>(answer: Result<T, ApiError>) -> Load<T> {
    match answer {
        Ok(value) => Load::Ready(Arc::new(value)),
        Err(error) => Load::Failed(error.to_string()),
    }
}

/// One atom, one subscriber, one sync action.
fn count_up() -> Box<dyn FnMut()> {
    static COUNT: Atom<u64> = Atom::new("count", || 0);
    let store = Store::new();
    let listener = |count: &u64| {
        std::hint::black_box(count);
    };
    COUNT.subscribe(&store, listener).detach();
    let increment = synergy(&COUNT).action(|mut count, ()| *count += 1);
    Box::new(move || increment.run(&store, ()))
}
