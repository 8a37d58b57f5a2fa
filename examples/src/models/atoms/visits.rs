//! The session, the spaces, a search, a page.

use std::sync::Arc;

use trine_atoms::{AsyncAction, Atom, BoxError, Draft, Store, synergy};

use crate::api::{Session, SpaceList, User};
use crate::client::{ApiError, Client};
use crate::portal::SPACES_SHOWN;
use crate::view::{Load, PageView, SearchView, SessionView};

// 1. State: definitions only. Each store has values of its own.

pub(super) static SHOWN: Atom<bool> = Atom::new("shown", || false);
pub(super) static SESSION: Atom<SessionView> = Atom::new("session", SessionView::default);
pub(super) static USER: Atom<Load<User>> = Atom::new("user", Load::default);
pub(super) static SPACES: Atom<Load<SpaceList>> = Atom::new("spaces", Load::default);
pub(super) static SEARCH: Atom<SearchView> = Atom::new("search", SearchView::default);
pub(super) static PAGE: Atom<PageView> = Atom::new("page", PageView::default);

pub(super) struct Visits {
    bootstrap: AsyncAction<String>,
    list_spaces: AsyncAction<()>,
    pub(super) search: AsyncAction<String>,
    pub(super) open_page: AsyncAction<u32>,
}

impl Visits {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            bootstrap: bootstrap(client.clone()),
            list_spaces: list_spaces(client.clone()),
            search: search(client.clone()),
            open_page: open_page(client.clone()),
        }
    }

    pub(super) fn open_app(&self, store: &Store, token: &str) {
        let (bootstrap, token) = (self.bootstrap.clone(), token.to_owned());
        // An action that fails has written nothing since its last `trigger`; what to show then is its caller's
        // affair. `run` starts async code whose runs end with the store.
        let opening = store.run("open app", move |cx| async move {
            match bootstrap.run(&cx.store()?, token).await {
                Err(error) if !error.is_cancelled() => {
                    SESSION.set(&cx.store()?, SessionView::Failed(error.to_string()));
                }
                _ => {}
            }
            Ok::<_, BoxError>(())
        });
        opening.detach(); // it goes on
        let show = synergy((&SHOWN, &SPACES)).action(|(mut shown, mut spaces), ()| {
            *shown = true;
            *spaces = Load::Loading;
        });
        show.run(store, ());
        self.list_spaces.run(store, ()).detach();
    }
}

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
    search.named("search").latest()
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

fn loaded<T>(answer: Result<T, ApiError>) -> Load<T> {
    match answer {
        Ok(value) => Load::Ready(Arc::new(value)),
        Err(error) => Load::Failed(error.to_string()),
    }
}
