//! The session, the spaces, a search, a page.

use std::sync::Arc;

use trine_thunks::{Action, AsyncThunk, Rejection, Slice, SliceKey, StoreBuilder, Update, action};

use super::leaving::LoggedOut;
use super::renaming::{self, Rename};
use super::{Api, Work};
use crate::api::{Hit, Page, Session, SpaceList, User};
use crate::client::{ApiError, Client};
use crate::portal::SPACES_SHOWN;
use crate::view::{Load, PageView, SearchView, SessionView};

// 1. State. Everybody refers to a slice by its key.

pub(super) static SHOWN: SliceKey<bool> = SliceKey::new("shown");
pub(super) static SESSION: SliceKey<SessionView> = SliceKey::new("session");
pub(super) static USER: SliceKey<Load<User>> = SliceKey::new("user");
pub(super) static SPACES: SliceKey<Load<SpaceList>> = SliceKey::new("spaces");
pub(super) static SEARCH: SliceKey<SearchView> = SliceKey::new("search");
pub(super) static PAGE: SliceKey<PageView> = SliceKey::new("page");

// 2. What happens: actions, and thunks.

/// Branch 1a of the bootstrap: the service knows no session of this device.
struct SessionMissing;
impl Action for SessionMissing {}

/// Branch 1b: there is one now, found or made.
struct SessionFound;
impl Action for SessionFound {}

pub(super) struct PageLeft;
impl Action for PageLeft {}

pub(super) struct Visits {
    pub(super) bootstrap: Bootstrap,
    enter_session: Work<String, Session>,
    fetch_user: Work<u32, User>,
    pub(super) list_spaces: Work<(), SpaceList>,
    pub(super) search: Work<String, Vec<Hit>>,
    pub(super) open_page: Work<u32, Page>,
}

impl Visits {
    pub(super) fn new() -> Self {
        let (enter_session, fetch_user) = (enter_session(), fetch_user());
        Self {
            bootstrap: bootstrap(enter_session.clone(), fetch_user.clone()),
            enter_session,
            fetch_user,
            list_spaces: list_spaces(),
            search: search(),
            open_page: open_page(),
        }
    }

    pub(super) fn slices(
        &self,
        store: StoreBuilder<Client>,
        rename: &Rename,
    ) -> StoreBuilder<Client> {
        let spaces = fetched(SPACES, &self.list_spaces);
        store
            .slice(shown(&self.list_spaces))
            .slice(session(&self.enter_session))
            .slice(fetched(USER, &self.fetch_user))
            .slice(spaces.on(rename.fulfilled(), renaming::confirmed))
            .slice(searched(&self.search))
            .slice(page(&self.open_page))
    }
}

// 3. Bootstrap: the portal and its spaces; the session: find, else create, then enter; its user.

fn list_spaces() -> Work<(), SpaceList> {
    AsyncThunk::new("spaces/list", |(): (), api: Api| async move {
        api.extra().spaces(0, SPACES_SHOWN).await
    })
}

/// The portal is shown when it begins to list its spaces. Two slices follow that one event in one commit, so no view
/// is drawn in between.
fn shown(list_spaces: &Work<(), SpaceList>) -> Slice<bool> {
    SHOWN
        .slice(|| false)
        .on(list_spaces.pending(), |shown, _| *shown = true)
        .on(action::<LoggedOut>(), |shown, _| *shown = false)
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
        .on(enter_session.rejected(), |session, run| *session = SessionView::Failed(run.message()))
        .on(action::<LoggedOut>(), |session, _| *session = SessionView::None)
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
        .on(action::<LoggedOut>(), |load, _| *load = Load::Empty)
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
        .on(action::<LoggedOut>(), |search, _| *search = SearchView::default())
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
        .on(action::<LoggedOut>(), |page, _| *page = PageView::Closed)
}
