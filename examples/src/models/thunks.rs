//! Portal with **thunks**: slices of state, and async work whose lifecycle they follow. Redux Toolkit's model.
//!
//! Read it from top to bottom, it is in the order in which one thinks:
//!
//! 1. *State.* What there is, in parts. Each part is a slice, and has a key by which everybody refers to it.
//! 2. *Actions.* What happens, as types. They carry facts and do nothing.
//! 3. *Thunks.* The work that takes time. A thunk knows no slice: it says `pending`, then `fulfilled` or
//!    `rejected`, and whoever cares has a case for it.
//! 4. *Slices.* How the state answers: plain functions over `&mut State`, which change it in place.
//! 5. *The app.* Commands are dispatches. The view is a cell derived from the slices.
//!
//! What is *not* here: no lock, no task handles, no generation counters. A search that is overtaken and a page that
//! is left are cancelled, so no late answer can arrive; a thunk that panics is rejected like any other, so nothing
//! stays `Loading` for ever.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_thunks::{
    Action, AsyncThunk, Derived, Rejection, Slice, SliceKey, Store, ThunkApi, Update, action,
};

use crate::api::{Hit, Page, Session, SpaceList, User};
use crate::client::{ApiError, Client};
use crate::portal::{Model, Portal, SPACES_SHOWN, Setup, Tally};
use crate::view::{Load, PageView, SearchView, SessionView, View};

/// Portal with thunks.
pub(super) const THUNKS: Model = Model {
    name: "thunks",
    idea: "slices and async thunks, after Redux Toolkit",
    file: "examples/src/models/thunks.rs",
    source: include_str!("thunks.rs"),
    build: |setup| Box::new(App::new(setup)),
    dispatch: count_up,
};

// 1. State: the keys are all that thunks and views ever need to know of a slice.

static SHOWN: SliceKey<bool> = SliceKey::new("shown");
static SESSION: SliceKey<SessionView> = SliceKey::new("session");
static USER: SliceKey<Load<User>> = SliceKey::new("user");
static SPACES: SliceKey<Load<SpaceList>> = SliceKey::new("spaces");
static SEARCH: SliceKey<SearchView> = SliceKey::new("search");
static PAGE: SliceKey<PageView> = SliceKey::new("page");

// 2. Actions.

/// Branch 1a of the bootstrap: the service knows no session of this device.
struct SessionMissing;
impl Action for SessionMissing {}

/// Branch 1b: there is one now, found or made.
struct SessionFound;
impl Action for SessionFound {}

struct PageLeft;
impl Action for PageLeft {}

// 3. Thunks. Argument, payload and error of each are in its type; what they need of the world is the store's extra
//    value, a `Client`.

type Work<A, T> = AsyncThunk<A, T, ApiError, Client>;
type Api = ThunkApi<Client>;

struct Thunks {
    enter_session: Work<String, Session>,
    fetch_user: Work<u32, User>,
    list_spaces: Work<(), SpaceList>,
    search: Work<String, Vec<Hit>>,
    load_page: Work<u32, Page>,
    /// Two steps, so it fails with what became of the one that failed.
    bootstrap: AsyncThunk<String, (), Rejection<ApiError>, Client>,
}

impl Thunks {
    fn new() -> Self {
        // Find, else create, then enter. Where it stands is told by actions.
        let enter_session =
            AsyncThunk::new("session/enter", |token: String, api: Api| async move {
                let client = api.extra();
                if client.find_session(&token).await?.is_none() {
                    api.dispatch(SessionMissing);
                    client.create_session(&token).await?;
                }
                api.dispatch(SessionFound);
                client.enter_session(&token).await
            });
        let fetch_user =
            AsyncThunk::new(
                "user/fetch",
                |id: u32, api: Api| async move { api.extra().user(id).await },
            );
        let list_spaces = AsyncThunk::new("spaces/list", |(): (), api: Api| async move {
            api.extra().spaces(0, SPACES_SHOWN).await
        });
        // Only the latest search counts: dispatching one cancels the request of the one before. An empty text asks
        // nothing, and overtakes what was asked all the same.
        let search = AsyncThunk::new("search", |text: String, api: Api| async move {
            if text.is_empty() {
                return Ok(Vec::new());
            }
            Ok(api.extra().search(&text).await?.hits)
        })
        .latest();
        let load_page =
            AsyncThunk::new(
                "page/load",
                |id: u32, api: Api| async move { api.extra().page(id).await },
            )
            .latest();
        // Thunks compose: those that one dispatches are its children, and would end with it.
        let (enter, fetch) = (enter_session.clone(), fetch_user.clone());
        let bootstrap = AsyncThunk::new("session/bootstrap", move |token: String, api: Api| {
            let (enter, fetch) = (enter.clone(), fetch.clone());
            async move {
                let session = api.dispatch(enter.with(token)).result().await?;
                api.dispatch(fetch.with(session.user)).result().await?;
                Ok(())
            }
        });
        Self { enter_session, fetch_user, list_spaces, search, load_page, bootstrap }
    }
}

// 4. Slices. A payload is shared: `run.payload().clone()` copies a pointer.

/// The portal is shown when it begins to list its spaces. Two slices follow that one event: one commit, so no view
/// is drawn in between.
fn shown(thunks: &Thunks) -> Slice<bool> {
    SHOWN.slice(|| false).on(thunks.list_spaces.pending(), |shown, _| *shown = true)
}

fn session(thunks: &Thunks) -> Slice<SessionView> {
    SESSION
        .slice(SessionView::default)
        .on(thunks.enter_session.pending(), |session, _| *session = SessionView::Finding)
        .on(action::<SessionMissing>(), |session, _| *session = SessionView::Creating)
        .on(action::<SessionFound>(), |session, _| *session = SessionView::Entering)
        .on(thunks.enter_session.fulfilled(), |session, run| {
            *session = SessionView::Entered(run.payload().clone());
        })
        .on(thunks.enter_session.rejected(), |session, run| {
            *session = SessionView::Failed(run.message());
        })
}

/// What is fetched once is the same slice each time: a function makes it.
fn fetched<A, T>(key: SliceKey<Load<T>>, thunk: &Work<A, T>) -> Slice<Load<T>>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    key.slice(|| Load::Empty)
        .on(thunk.pending(), |load, _| *load = Load::Loading)
        .on(thunk.fulfilled(), |load, run| *load = Load::Ready(run.payload().clone()))
        .on(thunk.rejected(), |load, run| *load = Load::Failed(run.message()))
}

fn search(thunks: &Thunks) -> Slice<SearchView> {
    SEARCH
        .slice(SearchView::default)
        .on(thunks.search.pending(), |search, run| {
            search.text.clone_from(run.arg());
            search.loading = !run.arg().is_empty();
            search.problem = None;
            if run.arg().is_empty() {
                search.hits = Arc::default();
            }
        })
        .on(thunks.search.fulfilled(), |search, run| {
            search.loading = false;
            search.hits = run.payload().clone();
        })
        .on(thunks.search.rejected(), |search, run| {
            // Overtaken: the next search is pending in a moment, and nobody need know.
            if run.is_cancelled() {
                return Update::Unchanged;
            }
            search.loading = false;
            search.hits = Arc::default();
            search.problem = Some(run.message());
            Update::Changed
        })
}

fn page(thunks: &Thunks) -> Slice<PageView> {
    PAGE.slice(PageView::default)
        .on(thunks.load_page.pending(), |page, run| *page = PageView::Loading { id: *run.arg() })
        .on(thunks.load_page.fulfilled(), |page, run| *page = PageView::Open(run.payload().clone()))
        .on(thunks.load_page.rejected(), |page, run| {
            if run.is_cancelled() {
                return Update::Unchanged;
            }
            *page = PageView::Failed { id: *run.arg(), problem: run.message() };
            Update::Changed
        })
        .on(action::<PageLeft>(), |page, _| *page = PageView::Closed)
}

// 5. The app.

struct App {
    store: Store<Client>,
    thunks: Thunks,
    view: Derived<View>,
}

impl App {
    fn new(Setup { client, recorder }: Setup) -> Self {
        let thunks = Thunks::new();
        let store = Store::builder()
            .extra(client)
            .slice(shown(&thunks))
            .slice(session(&thunks))
            .slice(fetched(USER, &thunks.fetch_user))
            .slice(fetched(SPACES, &thunks.list_spaces))
            .slice(search(&thunks))
            .slice(page(&thunks))
            .build()
            .expect("names and cases are unique");
        let view = view(&store);
        // Told once per commit that changes the view, in order, outside every lock.
        store
            .core()
            .subscribe_changes(view, move |change| {
                if let Ok(view) = change.value() {
                    recorder.show(change.number().get(), view.clone());
                }
            })
            .detach();
        Self { store, thunks, view }
    }
}

/// The view, derived from all slices.
fn view(store: &Store<Client>) -> Derived<View> {
    let (shown, session, user) = (store.cell(&SHOWN), store.cell(&SESSION), store.cell(&USER));
    let (spaces, search, page) = (store.cell(&SPACES), store.cell(&SEARCH), store.cell(&PAGE));
    store.core().derived(move |cx| View {
        shown: cx.get(shown),
        session: cx.get(session),
        user: cx.get(user),
        spaces: cx.get(spaces),
        search: cx.get(search),
        page: cx.get(page),
    })
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        // Out of band: it goes on by itself, and its end is told to the slices.
        self.store.dispatch(self.thunks.bootstrap.with(token.to_owned()));
        self.store.dispatch(self.thunks.list_spaces.with(()));
    }

    fn type_search(&self, text: &str) {
        self.store.dispatch(self.thunks.search.with(text.to_owned()));
    }

    fn open_page(&self, id: u32) {
        self.store.dispatch(self.thunks.load_page.with(id));
    }

    fn leave_page(&self) {
        self.store.dispatch(PageLeft);
        self.store.core().runs().abort_named(self.thunks.load_page.name(), "left the page");
    }

    fn view(&self) -> View {
        self.store.get(self.view)
    }

    fn tally(&self) -> Tally {
        // No answer can be stale: it is cancelled with its run.
        Tally { commits: self.store.core().last_commit().get(), stale_answers: 0 }
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        self.store.core().runs().idle().boxed()
    }
}

/// One number, one listener, one change.
fn count_up() -> Box<dyn FnMut()> {
    static COUNT: SliceKey<u64> = SliceKey::new("count");
    struct Increment;
    impl Action for Increment {}

    let count = COUNT.slice(|| 0).on(action::<Increment>(), |count, _| *count += 1);
    let store = Store::builder().slice(count).build().expect("one slice, one case");
    store
        .subscribe(&COUNT, |count| {
            std::hint::black_box(*count);
        })
        .detach();
    Box::new(move || store.dispatch(Increment))
}
