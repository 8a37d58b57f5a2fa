//! The session, the spaces, a search, a page.

use std::sync::Arc;

use trine_core::Update;
use trine_tao::{AppCtx, BoxError, HandlerGuard, Kernel, Verdict};

use super::{Failure, World};
use crate::api::{Found, Page, Session, SpaceList, User};
use crate::portal::SPACES_SHOWN;
use crate::view::{Load, PageView, SessionView, View};

// 1. Signals. Each part of a trigram has a slot for data; a type of its own says what is in it.

pub(super) struct Token(pub(super) String);
pub(super) struct Typed(pub(super) String);
pub(super) struct PageId(pub(super) u32);
struct UserId(u32);

pub(super) fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    vec![
        // Bootstrap Home Page. Two handlers for one signal: a line, and a fork.
        tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal")),
        tao.on_async(("App", "Enter", "Portal"), |cx| {
            Ok(AppCtx::new("Session", "Find", "Portal").term_arc(cx.term_datum_arc::<Token>()?))
        }),
        tao.on_inline(("App", "View", "Portal"), world.does(view_app)),
        tao.on_inline(("Space", "Find", "Portal"), world.does(find_spaces)),
        tao.on_inline(("Space", "List", "Portal"), world.lists(list_spaces)),
        // Bootstrap User Session.
        tao.on_inline(("Session", "Find", "Portal"), world.does(find_session)),
        tao.on_inline(("Session", "Create", "Portal"), world.does(create_session)),
        tao.on_inline(("Session", "Enter", "Portal"), world.does(enter_session)),
        tao.on_inline(("Session", "View", "Portal"), world.views(view_session)),
        // Get the User.
        tao.on_async(("Session", "View", "Portal"), |cx| {
            let user = UserId(cx.term_datum::<Session>()?.user);
            Ok(AppCtx::new("User", "Find", "Portal").action(user))
        }),
        tao.on_inline(("User", "Find", "Portal"), world.does(find_user)),
        tao.on_inline(("User", "View", "Portal"), world.views(view_user)),
        // Search. An empty text is not worth a request: a gate, of which the others know nothing.
        tao.on_inline(("Search", "Type", "Portal"), world.does(type_search)),
        tao.on_intercept(("Search", "Find", "Portal"), |cx| {
            let asks = !cx.term_datum::<Typed>()?.0.is_empty();
            Ok(if asks { Verdict::Pass } else { Verdict::halt("nothing to look for") })
        }),
        tao.on_inline(("Search", "Find", "Portal"), world.does(find_hits)),
        tao.on_inline(("Search", "List", "Portal"), world.views(list_hits)),
        // Read a Page.
        tao.on_inline(("Page", "Open", "Portal"), world.does(open_page)),
        tao.on_inline(("Page", "View", "Portal"), world.views(view_page)),
        tao.on_inline(("Page", "Leave", "Portal"), world.views(leave_page)),
        // What fails is a signal too; an axis may have several names, or be wild.
        tao.on_inline(
            (["Session", "User", "Search", "Page"], "Fail", "Portal"),
            world.views(view_failure),
        ),
        tao.on_inline(("Space", "Fail", "Portal"), world.lists(fail_spaces)),
    ]
}

// 2. Bootstrap: the portal and its spaces; the session: find, else create, then enter; its user.

async fn view_app(world: World, _: AppCtx) -> Result<AppCtx, BoxError> {
    // Two cells, one commit: no view is drawn in between.
    world.store.batch(|tx| {
        tx.update(world.screen, |view| view.shown = true);
        tx.update(world.spaces, |spaces| *spaces = Load::Loading);
    });
    Ok(AppCtx::new("Space", "Find", "Portal"))
}

async fn find_spaces(world: World, _: AppCtx) -> Result<AppCtx, BoxError> {
    let list = world.client.spaces(0, SPACES_SHOWN).await?;
    Ok(AppCtx::new("Space", "List", "Portal").term(list))
}

fn list_spaces(list: Arc<SpaceList>) -> Load<SpaceList> {
    Load::Ready(list)
}

fn fail_spaces(failure: Arc<Failure>) -> Load<SpaceList> {
    Load::Failed(failure.problem())
}

async fn find_session(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    world.show(|view| view.session = SessionView::Finding);
    let token = cx.term_datum_arc::<Token>()?;
    Ok(match world.client.find_session(&token.0).await? {
        None => AppCtx::new("Session", "Create", "Portal").term_arc(token), // 1a
        Some(_) => AppCtx::new("Session", "Enter", "Portal").term_arc(token), // 1b
    })
}

async fn create_session(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    world.show(|view| view.session = SessionView::Creating);
    let token = cx.term_datum_arc::<Token>()?;
    world.client.create_session(&token.0).await?;
    Ok(AppCtx::new("Session", "Enter", "Portal").term_arc(token)) // 1b
}

async fn enter_session(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    world.show(|view| view.session = SessionView::Entering);
    let session = world.client.enter_session(&cx.term_datum::<Token>()?.0).await?;
    Ok(AppCtx::new("Session", "View", "Portal").term(session))
}

fn view_session(view: &mut View, session: Arc<Session>) {
    view.session = SessionView::Entered(session);
}

async fn find_user(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    world.show(|view| view.user = Load::Loading);
    let user = world.client.user(cx.action_datum::<UserId>()?.0).await?;
    Ok(AppCtx::new("User", "View", "Portal").term(user))
}

fn view_user(view: &mut View, user: Arc<User>) {
    view.user = Load::Ready(user);
}

// 3. Search.

async fn type_search(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let typed = cx.term_datum_arc::<Typed>()?;
    world.show(|View { search, .. }| {
        search.text.clone_from(&typed.0);
        search.loading = !typed.0.is_empty();
        search.problem = None;
        if typed.0.is_empty() {
            search.hits = Arc::default();
        }
    });
    Ok(AppCtx::new("Search", "Find", "Portal").term_arc(typed))
}

async fn find_hits(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let found = world.client.search(&cx.term_datum::<Typed>()?.0).await?;
    Ok(AppCtx::new("Search", "List", "Portal").term(found))
}

/// A search that is overtaken is cancelled and sets nothing more; but its answer may be on its way here already.
fn list_hits(View { search, .. }: &mut View, found: Arc<Found>) -> Update {
    if search.text != found.query {
        return Update::Unchanged;
    }
    search.loading = false;
    search.hits = Arc::new(found.hits.clone());
    Update::Changed
}

// 4. A page.

async fn open_page(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let id = cx.term_datum::<PageId>()?.0;
    world.show(|view| view.page = PageView::Loading { id });
    Ok(AppCtx::new("Page", "View", "Portal").term(world.client.page(id).await?))
}

/// As with a search: the page may have been left while its answer was on its way here.
fn view_page(view: &mut View, page: Arc<Page>) -> Update {
    if view.page != (PageView::Loading { id: page.id }) {
        return Update::Unchanged;
    }
    view.page = PageView::Open(page);
    Update::Changed
}

fn leave_page(view: &mut View, _: Arc<PageId>) {
    view.page = PageView::Closed;
}

// 5. Failures: an error that the app cares for is a signal, and one handler shows them all.

fn view_failure(view: &mut View, failure: Arc<Failure>) -> Update {
    let (of, problem) = (&failure.of, failure.problem());
    match of.trigram().term().as_str() {
        "Session" => view.session = SessionView::Failed(problem),
        "User" => view.user = Load::Failed(problem),
        "Search" if of.term_datum().is_ok_and(|Typed(text)| view.search.text == *text) => {
            view.search.loading = false;
            view.search.hits = Arc::default();
            view.search.problem = Some(problem);
        }
        "Page" => match view.page {
            PageView::Loading { id } if of.term_datum().is_ok_and(|page: &PageId| page.0 == id) => {
                view.page = PageView::Failed { id, problem };
            }
            _ => return Update::Unchanged,
        },
        _ => return Update::Unchanged,
    }
    Update::Changed
}
