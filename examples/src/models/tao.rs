//! Portal in **the TAO**: everything that happens is a signal `{Term,Action,Orient}`, and handlers react to it.
//!
//! Read it like the app's story. This table is the story's first part in the notation of the TAO; each row is one line
//! of the function `paths` below:
//!
//! | chain | signal | mode | what it does |
//! |---|---|---|---|
//! | opens the app | `{App,Enter,Portal}` | `=>` | go on with the view |
//! | | `{App,Enter,Portal}` | `=>/` | kick off the session, *out of band* |
//! | `=>` | `{App,View,Portal}` | `=>` | draw the portal |
//! | `=>` | `{Space,Find,Portal}` | `=>` | fetch the spaces |
//! | `=>` | `{Space,List,Portal}` | `=>` | show them |
//! | `/=>` | `{Session,Find,Portal}` | `=>` | ask for the session: none 1a, found 1b |
//! | `\1a:=>` | `{Session,Create,Portal}` | `=>` | make one, then 1b |
//! | `\1b:=>` | `{Session,Enter,Portal}` | `=>` | enter it |
//! | `=>` | `{Session,View,Portal}` | `=>` | show it |
//! | | `{Session,View,Portal}` | `=>/` | fetch its user, *out of band* |
//!
//! What that buys:
//!
//! - features do not know each other: the user is fetched because a session was entered, not because the code that enters
//!   sessions calls the code that fetches users. Another handler for a signal changes no line that is here already;
//! - a chain is a return value, so a branch is an `if` that returns one context or the other;
//! - what is out of band cannot hold up, or break, what is in line: no task to spawn, no error to forget;
//! - a `set` is a cascade, with a handle: leaving a page cancels whatever opening it has led to.
//!
//! The TAO has no state of its own. It is kept in cells of the store, which handlers write.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_core::{Derived, Source, Store, SubscriptionGuard, Update};
use trine_tao::{AppCtx, BoxError, Cascade, HandlerGuard, Kernel};

use crate::api::{Found, Page, Session, SpaceList, User};
use crate::client::{ApiError, Client};
use crate::portal::{Model, Portal, SPACES_SHOWN, Setup, Tally};
use crate::view::{Load, PageView, SearchView, SessionView, View};

/// Portal in the TAO.
pub(super) const TAO: Model = Model {
    name: "tao",
    idea: "signals {Term,Action,Orient} and handlers in three phases",
    file: "examples/src/models/tao.rs",
    source: include_str!("tao.rs"),
    build: |setup| Box::new(Running::new(setup)),
    dispatch: count_up,
};

/// TAO-Paths as code: row by row, what is handled by what.
fn paths(tao: &Kernel, app: &App) -> Vec<HandlerGuard> {
    vec![
        // Bootstrap Home Page. `{App,Enter,Portal}` has two handlers. The inline one is in line: the portal is drawn before
        // `set` returns. The *async* one forks the session off, in an execution context of its own.
        tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal")),
        tao.on_async(("App", "Enter", "Portal"), |cx| {
            Ok(AppCtx::new("Session", "Find", "Portal").term_arc(cx.term_datum_arc::<Token>()?))
        }),
        tao.on_inline(("App", "View", "Portal"), app.on(view_app)),
        tao.on_inline(("Space", "Find", "Portal"), app.on(find_spaces)),
        tao.on_inline(("Space", "List", "Portal"), app.on(list_spaces)),
        tao.on_inline(("Space", "Fail", "Portal"), app.on(fail_spaces)),
        // Bootstrap User Session. Wherever it fails, one handler shows it.
        tao.on_inline(("Session", "Find", "Portal"), app.on(find_session)),
        tao.on_inline(("Session", "Create", "Portal"), app.on(create_session)),
        tao.on_inline(("Session", "Enter", "Portal"), app.on(enter_session)),
        tao.on_inline(("Session", "View", "Portal"), app.on(view_session)),
        tao.on_inline(("Session", "Fail", "Portal"), app.on(fail_session)),
        // Getting the User.
        tao.on_async(("Session", "View", "Portal"), |cx| {
            let user = UserId(cx.term_datum::<Session>()?.user);
            Ok(AppCtx::new("User", "Find", "Portal").action(user))
        }),
        tao.on_inline(("User", "Find", "Portal"), app.on(find_user)),
        tao.on_inline(("User", "View", "Portal"), app.on(view_user)),
        tao.on_inline(("User", "Fail", "Portal"), app.on(fail_user)),
        // Search.
        tao.on_inline(("Search", "Type", "Portal"), app.on(type_search)),
        tao.on_inline(("Search", "Find", "Portal"), app.on(find_hits)),
        tao.on_inline(("Search", "List", "Portal"), app.on(list_hits)),
        tao.on_inline(("Search", "Fail", "Portal"), app.on(list_hits)),
        // Read a Page.
        tao.on_inline(("Page", "Open", "Portal"), app.on(open_page)),
        tao.on_inline(("Page", "View", "Portal"), app.on(view_page)),
        tao.on_inline(("Page", "Fail", "Portal"), app.on(view_page)),
        tao.on_inline(("Page", "Leave", "Portal"), app.on(leave_page)),
    ]
}

// What the signals carry. Each part of a trigram has a slot for data; a type of one's own says what is in it.
struct Token(String);
struct Typed(String);
struct Turn(u64);
struct PageId(u32);
struct UserId(u32);
struct Problem(String);

/// What handlers work with: the service, and the cells. Cells are small keys, so a clone costs little.
#[derive(Clone)]
struct App {
    client: Client,
    store: Store,
    shown: Source<bool>,
    session: Source<SessionView>,
    user: Source<Load<User>>,
    spaces: Source<Load<SpaceList>>,
    search: Source<Search>,
    page: Source<PageView>,
}

#[derive(Clone, Default, PartialEq)]
struct Search {
    view: SearchView,
    /// How often something was typed: what tells an answer that it is late.
    turn: u64,
    stale_answers: u64,
}

impl App {
    /// A handler out of a function of the app and a context.
    fn on<R>(&self, handler: fn(Self, AppCtx) -> R) -> impl Fn(AppCtx) -> R + use<R> {
        let app = self.clone();
        move |cx| handler(app.clone(), cx)
    }
}

fn view_app(app: App, _: AppCtx) -> AppCtx {
    // One commit, so that nobody sees a portal that does not load its spaces.
    app.store.batch(|tx| {
        tx.set(app.shown, true);
        tx.set(app.spaces, Load::Loading);
    });
    AppCtx::new("Space", "Find", "Portal")
}

async fn find_spaces(app: App, _: AppCtx) -> AppCtx {
    let found = app.client.spaces(0, SPACES_SHOWN).await;
    chain("Space", found, |list| AppCtx::new("Space", "List", "Portal").term(list))
}

fn list_spaces(app: App, cx: AppCtx) -> Result<(), BoxError> {
    app.store.set(app.spaces, Load::Ready(cx.term_datum_arc()?));
    Ok(())
}

fn fail_spaces(app: App, cx: AppCtx) {
    app.store.set(app.spaces, Load::Failed(problem(&cx)));
}

async fn find_session(app: App, cx: AppCtx) -> Result<AppCtx, BoxError> {
    app.store.set(app.session, SessionView::Finding);
    let token = cx.term_datum_arc::<Token>()?;
    let found = app.client.find_session(&token.0).await;
    Ok(chain("Session", found, |session| match session {
        None => AppCtx::new("Session", "Create", "Portal").term_arc(token), // 1a
        Some(_) => AppCtx::new("Session", "Enter", "Portal").term_arc(token), // 1b
    }))
}

async fn create_session(app: App, cx: AppCtx) -> Result<AppCtx, BoxError> {
    app.store.set(app.session, SessionView::Creating);
    let token = cx.term_datum_arc::<Token>()?;
    let created = app.client.create_session(&token.0).await;
    Ok(chain("Session", created, |_| AppCtx::new("Session", "Enter", "Portal").term_arc(token)))
}

async fn enter_session(app: App, cx: AppCtx) -> Result<AppCtx, BoxError> {
    app.store.set(app.session, SessionView::Entering);
    let entered = app.client.enter_session(&cx.term_datum::<Token>()?.0).await;
    Ok(chain("Session", entered, |it| AppCtx::new("Session", "View", "Portal").term(it)))
}

fn view_session(app: App, cx: AppCtx) -> Result<(), BoxError> {
    app.store.set(app.session, SessionView::Entered(cx.term_datum_arc()?));
    Ok(())
}

fn fail_session(app: App, cx: AppCtx) {
    app.store.set(app.session, SessionView::Failed(problem(&cx)));
}

async fn find_user(app: App, cx: AppCtx) -> Result<AppCtx, BoxError> {
    app.store.set(app.user, Load::Loading);
    let found = app.client.user(cx.action_datum::<UserId>()?.0).await;
    Ok(chain("User", found, |user| AppCtx::new("User", "View", "Portal").term(user)))
}

fn view_user(app: App, cx: AppCtx) -> Result<(), BoxError> {
    app.store.set(app.user, Load::Ready(cx.term_datum_arc()?));
    Ok(())
}

fn fail_user(app: App, cx: AppCtx) {
    app.store.set(app.user, Load::Failed(problem(&cx)));
}

/// Chains to a request, or to nothing: `Option` is a branch, too. The turn travels in the action slot, to the answer.
fn type_search(app: App, cx: AppCtx) -> Result<Option<AppCtx>, BoxError> {
    let text = cx.term_datum_arc::<Typed>()?;
    let turn = app.store.batch(|tx| {
        let Search { mut view, turn, stale_answers } = tx.get(app.search);
        let turn = turn + 1;
        view.text.clone_from(&text.0);
        view.loading = !text.0.is_empty();
        view.problem = None;
        if text.0.is_empty() {
            view.hits = Arc::default();
        }
        tx.set(app.search, Search { view, turn, stale_answers });
        turn
    });
    let asks = !text.0.is_empty();
    let find = AppCtx::new("Search", "Find", "Portal").term_arc(text).action(Turn(turn));
    Ok(asks.then_some(find))
}

async fn find_hits(app: App, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let found = app.client.search(&cx.term_datum::<Typed>()?.0).await;
    let next = chain("Search", found, |it| AppCtx::new("Search", "List", "Portal").term(it));
    Ok(next.action_arc(cx.action_datum_arc::<Turn>()?))
}

/// Both kinds of answers end here, so late ones are dealt with in one place.
fn list_hits(app: App, cx: AppCtx) -> Result<(), BoxError> {
    let turn = cx.action_datum::<Turn>()?.0;
    let found = cx.term_datum::<Found>().map(|found| Arc::new(found.hits.clone()));
    // Compared inside the store's lease: nobody can type in between.
    app.store.update(app.search, |search| {
        if search.turn != turn {
            search.stale_answers += 1;
            return;
        }
        search.view.loading = false;
        search.view.problem = found.is_err().then(|| problem(&cx));
        search.view.hits = found.unwrap_or_default();
    });
    Ok(())
}

async fn open_page(app: App, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let id = cx.action_datum_arc::<PageId>()?;
    app.store.set(app.page, PageView::Loading { id: id.0 });
    let page = app.client.page(id.0).await;
    let next = chain("Page", page, |page| AppCtx::new("Page", "View", "Portal").term(page));
    Ok(next.action_arc(id))
}

fn view_page(app: App, cx: AppCtx) -> Result<(), BoxError> {
    let id = cx.action_datum::<PageId>()?.0;
    let answer = match cx.term_datum_arc::<Page>() {
        Ok(page) => PageView::Open(page),
        Err(_) => PageView::Failed { id, problem: problem(&cx) },
    };
    // A cancelled cascade dispatches nothing more; but this one may have been on its way here already.
    app.store.update(app.page, |page| {
        if *page != (PageView::Loading { id }) {
            return Update::Unchanged;
        }
        *page = answer;
        Update::Changed
    });
    Ok(())
}

fn leave_page(app: App, _: AppCtx) {
    app.store.set(app.page, PageView::Closed);
}

/// What a request leads to: `next`, or `{term,Fail,Portal}`. In the TAO an error that the app cares for is a signal.
fn chain<T>(
    term: &'static str,
    answer: Result<T, ApiError>,
    next: impl FnOnce(T) -> AppCtx,
) -> AppCtx {
    let fail =
        |error: ApiError| AppCtx::new(term, "Fail", "Portal").term(Problem(error.to_string()));
    answer.map_or_else(fail, next)
}

fn problem(cx: &AppCtx) -> String {
    cx.term_datum::<Problem>().map_or_else(|error| error.to_string(), |problem| problem.0.clone())
}

/// The app as its user has it: what they do is a signal like any other.
struct Running {
    app: App,
    tao: Kernel,
    view: Derived<View>,
    /// What opening the page has led to, for as long as the page is open.
    page: Mutex<Option<Cascade>>,
    /// Handlers stay for as long as their guards, subscribers too.
    _handlers: Vec<HandlerGuard>,
    _subscriber: SubscriptionGuard,
}

impl Running {
    fn new(Setup { client, recorder }: Setup) -> Self {
        let store = Store::new();
        let app = App {
            client,
            shown: store.source(false),
            session: store.source(SessionView::default()),
            user: store.source(Load::default()),
            spaces: store.source(Load::default()),
            search: store.source(Search::default()),
            page: store.source(PageView::default()),
            store: store.clone(),
        };
        let App { shown, session, user, spaces, search, page, .. } = app;
        let view = store.derived(move |cx| View {
            shown: cx.get(shown),
            session: cx.get(session),
            user: cx.get(user),
            spaces: cx.get(spaces),
            search: cx.with(search, |search| search.view.clone()),
            page: cx.get(page),
        });
        let subscriber = store.subscribe_changes(view, move |change| {
            if let Ok(view) = change.value() {
                recorder.show(change.number().get(), view.clone());
            }
        });
        let tao = Kernel::new(&store);
        let handlers = paths(&tao, &app);
        let page = Mutex::default();
        Self { app, tao, view, page, _handlers: handlers, _subscriber: subscriber }
    }

    fn opened(&self) -> MutexGuard<'_, Option<Cascade>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Portal for Running {
    fn open_app(&self, token: &str) {
        self.tao.set(AppCtx::new("App", "Enter", "Portal").term(Token(token.to_owned())));
    }

    fn type_search(&self, text: &str) {
        self.tao.set(AppCtx::new("Search", "Type", "Portal").term(Typed(text.to_owned())));
    }

    fn open_page(&self, id: u32) {
        self.leave_page();
        let opened = self.tao.set(AppCtx::new("Page", "Open", "Portal").action(PageId(id)));
        *self.opened() = Some(opened);
    }

    fn leave_page(&self) {
        if let Some(opened) = self.opened().take() {
            opened.cancel("left the page");
            self.tao.set(AppCtx::new("Page", "Leave", "Portal"));
        }
    }

    fn view(&self) -> View {
        self.app.store.get(self.view)
    }

    fn tally(&self) -> Tally {
        let App { store, search, .. } = &self.app;
        let stale_answers = store.with(*search, |search| search.stale_answers);
        Tally { commits: store.last_commit().get(), stale_answers }
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        // Whatever had to wait is a run of the store: the cascades in line, and each async handler.
        self.app.store.runs().idle().boxed()
    }
}

/// One number, one listener, one change.
fn count_up() -> Box<dyn FnMut()> {
    let store = Store::new();
    let count = store.source(0_u64);
    let listener = store.subscribe(count, |count| {
        std::hint::black_box(count);
    });
    listener.detach();
    let tao = Kernel::new(&store);
    let handler = tao.on_inline(("Count", "Up", "Portal"), move |_| {
        store.update(count, |count| *count += 1);
    });
    handler.detach();
    Box::new(move || {
        tao.set(AppCtx::new("Count", "Up", "Portal"));
    })
}
