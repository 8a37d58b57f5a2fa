//! Portal in **slices and thunks**: the state says how it answers to what happens. Redux Toolkit's model.
//!
//! A *slice* is a part of the state with a case for each event that it cares for; an *action* is an event: a type that
//! carries facts and does nothing. A *thunk* is the work that takes time. It knows no slice: it is `pending`, then
//! `fulfilled` or `rejected`, and whoever cares has a case for that. What the user does is dispatched, and everything
//! that then happens to the state is in one place, its slice.
//!
//! What is *not* here: no lock, no task handle, no generation counter. A search that is overtaken and a page that
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

// 1. State. Everybody refers to a slice by its key.

static SHOWN: SliceKey<bool> = SliceKey::new("shown");
static SESSION: SliceKey<SessionView> = SliceKey::new("session");
static USER: SliceKey<Load<User>> = SliceKey::new("user");
static SPACES: SliceKey<Load<SpaceList>> = SliceKey::new("spaces");
static SEARCH: SliceKey<SearchView> = SliceKey::new("search");
static PAGE: SliceKey<PageView> = SliceKey::new("page");

// 2. What happens: actions, and thunks. Argument, payload and error of a thunk are in its type; what it needs of the
//    world is the store's extra value, a `Client`.

type Work<A, T> = AsyncThunk<A, T, ApiError, Client>;
type Api = ThunkApi<Client>;

/// Branch 1a of the bootstrap: the service knows no session of this device.
struct SessionMissing;
impl Action for SessionMissing {}

/// Branch 1b: there is one now, found or made.
struct SessionFound;
impl Action for SessionFound {}

struct PageLeft;
impl Action for PageLeft {}

// 3. Bootstrap: the portal and its spaces; the session: find, else create, then enter; its user.

fn list_spaces() -> Work<(), SpaceList> {
    AsyncThunk::new("spaces/list", |(): (), api: Api| async move {
        api.extra().spaces(0, SPACES_SHOWN).await
    })
}

/// The portal is shown when it begins to list its spaces. Two slices follow that one event in one commit, so no view
/// is drawn in between.
fn shown(list_spaces: &Work<(), SpaceList>) -> Slice<bool> {
    SHOWN.slice(|| false).on(list_spaces.pending(), |shown, _| *shown = true)
}

/// Where it stands is told by actions.
fn enter_session() -> Work<String, Session> {
    AsyncThunk::new("session/enter", |token: String, api: Api| async move {
        let client = api.extra();
        if client.find_session(&token).await?.is_none() {
            api.dispatch(SessionMissing);
            client.create_session(&token).await?;
        }
        api.dispatch(SessionFound);
        client.enter_session(&token).await
    })
}

/// A case changes the state in place. A payload is shared: `run.payload().clone()` copies a pointer.
fn session(enter_session: &Work<String, Session>) -> Slice<SessionView> {
    SESSION
        .slice(SessionView::default)
        .on(enter_session.pending(), |session, _| *session = SessionView::Finding)
        .on(action::<SessionMissing>(), |session, _| *session = SessionView::Creating)
        .on(action::<SessionFound>(), |session, _| *session = SessionView::Entering)
        .on(enter_session.fulfilled(), |session, run| {
            *session = SessionView::Entered(run.payload().clone());
        })
        .on(enter_session.rejected(), |session, run| {
            *session = SessionView::Failed(run.message());
        })
}

fn fetch_user() -> Work<u32, User> {
    AsyncThunk::new("user/fetch", |id: u32, api: Api| async move { api.extra().user(id).await })
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

/// Thunks compose: those that one dispatches are its children, and would end with it. Of two steps, it fails with what
/// became of the one that failed.
type Bootstrap = AsyncThunk<String, (), Rejection<ApiError>, Client>;

fn bootstrap(enter_session: Work<String, Session>, fetch_user: Work<u32, User>) -> Bootstrap {
    AsyncThunk::new("session/bootstrap", move |token: String, api: Api| {
        let (enter_session, fetch_user) = (enter_session.clone(), fetch_user.clone());
        async move {
            let session = api.dispatch(enter_session.with(token)).result().await?;
            api.dispatch(fetch_user.with(session.user)).result().await?;
            Ok(())
        }
    })
}

// 4. Search.

/// `latest`: dispatching one cancels the one before, and its request. An empty text asks nothing, and overtakes what
/// was asked all the same.
fn search() -> Work<String, Vec<Hit>> {
    let search = AsyncThunk::new("search", |text: String, api: Api| async move {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        Ok(api.extra().search(&text).await?.hits)
    });
    search.latest()
}

fn searched(search: &Work<String, Vec<Hit>>) -> Slice<SearchView> {
    SEARCH
        .slice(SearchView::default)
        .on(search.pending(), |search, run| {
            search.text.clone_from(run.arg());
            search.loading = !run.arg().is_empty();
            search.problem = None;
            if run.arg().is_empty() {
                search.hits = Arc::default();
            }
        })
        .on(search.fulfilled(), |search, run| {
            search.loading = false;
            search.hits = run.payload().clone();
        })
        .on(search.rejected(), |search, run| {
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

// 5. A page.

fn open_page() -> Work<u32, Page> {
    let open_page =
        AsyncThunk::new("page/open", |id: u32, api: Api| async move { api.extra().page(id).await });
    open_page.latest()
}

fn page(open_page: &Work<u32, Page>) -> Slice<PageView> {
    PAGE.slice(PageView::default)
        .on(open_page.pending(), |page, run| *page = PageView::Loading { id: *run.arg() })
        .on(open_page.fulfilled(), |page, run| *page = PageView::Open(run.payload().clone()))
        .on(open_page.rejected(), |page, run| {
            // It was left: that is an action of its own.
            if run.is_cancelled() {
                return Update::Unchanged;
            }
            *page = PageView::Failed { id: *run.arg(), problem: run.message() };
            Update::Changed
        })
        .on(action::<PageLeft>(), |page, _| *page = PageView::Closed)
}

// 6. The app. What its user does is dispatched.

struct App {
    store: Store<Client>,
    view: Derived<View>,
    bootstrap: Bootstrap,
    list_spaces: Work<(), SpaceList>,
    search: Work<String, Vec<Hit>>,
    open_page: Work<u32, Page>,
}

impl App {
    fn new(Setup { client, recorder, store }: Setup) -> Self {
        let (list_spaces, enter_session, fetch_user) =
            (list_spaces(), enter_session(), fetch_user());
        let (search, open_page) = (search(), open_page());
        let store = Store::builder()
            .on(store)
            .extra(client)
            .slice(shown(&list_spaces))
            .slice(session(&enter_session))
            .slice(fetched(USER, &fetch_user))
            .slice(fetched(SPACES, &list_spaces))
            .slice(searched(&search))
            .slice(page(&open_page))
            .build()
            .expect("names and cases are unique");
        let view = view(&store);
        // Told once per commit that changes the view, in order, outside every lock.
        let show = move |change: &trine_core::Change<'_, View>| {
            if let Ok(view) = change.value() {
                recorder.show(change.number().get(), view.clone());
            }
        };
        store.core().subscribe_changes(view, show).detach();
        let bootstrap = bootstrap(enter_session, fetch_user);
        Self { store, view, bootstrap, list_spaces, search, open_page }
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
        self.store.dispatch(self.bootstrap.with(token.to_owned()));
        self.store.dispatch(self.list_spaces.with(()));
    }

    fn type_search(&self, text: &str) {
        self.store.dispatch(self.search.with(text.to_owned()));
    }

    fn open_page(&self, id: u32) {
        self.store.dispatch(self.open_page.with(id));
    }

    fn leave_page(&self) {
        self.store.core().runs().abort_named(self.open_page.name(), "the user has left the page");
        self.store.dispatch(PageLeft);
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

/// One slice, one subscriber, one action with one case.
fn count_up() -> Box<dyn FnMut()> {
    static COUNT: SliceKey<u64> = SliceKey::new("count");
    struct Increment;
    impl Action for Increment {}

    let count = COUNT.slice(|| 0).on(action::<Increment>(), |count, _| *count += 1);
    let store = Store::builder().slice(count).build().expect("one slice, one case");
    let listener = |count: &u64| {
        std::hint::black_box(count);
    };
    store.subscribe(&COUNT, listener).detach();
    Box::new(move || store.dispatch(Increment))
}
