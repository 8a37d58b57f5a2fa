//! Portal in **the TAO**: everything that happens is a signal `{Term,Action,Orient}`, and handlers react to it.
//!
//! A handler does its part and returns the signal that follows from it. Nobody calls anybody: a user is fetched
//! because a session is viewed, not because the code that enters sessions knows of users. So the app reads as the paths
//! that its user takes. They are written down in the notation of the TAO, in `tao/paths.md`; each of their rows is a line of
//! [`paths`], and a test fails when the two say different things.
//!
//! What is *not* here: no task is spawned, no handler handles the errors of another, and no branch is more than an `if` that
//! returns one signal or the other. A new feature is a line more in the table; no line that is there changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_core::{Source, Store, Update, UpdateResult};
use trine_tao::{AppCtx, BoxError, Cascade, HandlerGuard, Kernel, Verdict};

use crate::api::{Found, Page, Session, SpaceList, User};
use crate::client::Client;
use crate::portal::{Model, Portal, SPACES_SHOWN, Setup, Tally};
use crate::view::{Load, PageView, SessionView, View};

/// Portal in the TAO.
pub(super) const TAO: Model = Model {
    name: "tao",
    idea: "signals {Term,Action,Orient} and handlers in three phases",
    file: "examples/src/models/tao.rs",
    source: include_str!("tao.rs"),
    build: |setup| Box::new(App::new(setup)),
    dispatch: count_up,
};

/// The app with its kernel, for whoever holds what it does against what is written.
pub(super) fn with_kernel(setup: Setup) -> (Box<dyn Portal>, Kernel) {
    let app = App::new(setup);
    let tao = app.tao.clone();
    (Box::new(app), tao)
}

// 1. State. The TAO has none of its own: handlers write to the store, here to one cell.

/// What handlers work with: the service, and what is shown.
#[derive(Clone)]
struct World {
    client: Client,
    store: Store,
    view: Source<View>,
}

impl World {
    /// Changes the view in place, in one commit: however much `change` changes, it is drawn once.
    fn show<R: UpdateResult>(&self, change: impl FnOnce(&mut View) -> R) {
        self.store.update(self.view, change);
    }
}

// 2. Signals. Each part of a trigram has a slot for data; a type of its own says what is in it.

struct Token(String);
struct Typed(String);
struct PageId(u32);
struct UserId(u32);

/// What `{*,Fail,Portal}` carries: the problem, and the signal that has met with it.
struct Failure {
    problem: String,
    of: AppCtx,
}

/// Which signal is handled by what. `on_inline` is in line: what it returns is set next. `on_async` is out of band: it
/// forks, and what follows from it can neither hold up nor break the line. `on_intercept` decides before both.
fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    vec![
        // Bootstrap Home Page. Two handlers for one signal: a line, and a fork.
        tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal")),
        tao.on_async(("App", "Enter", "Portal"), |cx| {
            Ok(AppCtx::new("Session", "Find", "Portal").term_arc(cx.term_datum_arc::<Token>()?))
        }),
        tao.on_inline(("App", "View", "Portal"), world.does(view_app)),
        tao.on_inline(("Space", "Find", "Portal"), world.does(find_spaces)),
        tao.on_inline(("Space", "List", "Portal"), world.views(list_spaces)),
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
        // Whatever fails, wherever: any part of a pattern may be wild.
        tao.on_inline(("*", "Fail", "Portal"), world.views(view_failure)),
    ]
}

/// The two kinds of inline handlers that this app has.
impl World {
    /// One that puts what the signal carries on the screen.
    fn views<T, R>(
        &self,
        view: fn(&mut View, Arc<T>) -> R,
    ) -> impl Fn(AppCtx) -> Result<(), BoxError> + use<T, R>
    where
        T: Send + Sync + 'static,
        R: UpdateResult + 'static,
    {
        let world = self.clone();
        move |cx| {
            let shown = cx.term_datum_arc()?;
            world.show(|screen| view(screen, shown));
            Ok(())
        }
    }

    /// One that does something, and says what follows. An error is followed by `{_,Fail,Portal}`, of the same term.
    fn does<F>(
        &self,
        work: fn(Self, AppCtx) -> F,
    ) -> impl Fn(AppCtx) -> BoxFuture<'static, AppCtx> + use<F>
    where
        F: Future<Output = Result<AppCtx, BoxError>> + Send + 'static,
    {
        let world = self.clone();
        move |cx| {
            let done = work(world.clone(), cx.clone());
            let fail = |error: BoxError| {
                let failed = AppCtx::new(cx.trigram().term().clone(), "Fail", "Portal");
                failed.term(Failure { problem: error.to_string(), of: cx })
            };
            done.map(|done| done.unwrap_or_else(fail)).boxed()
        }
    }
}

// 3. Bootstrap: the portal and its spaces; the session: find, else create, then enter; its user.

async fn view_app(world: World, _: AppCtx) -> Result<AppCtx, BoxError> {
    world.show(|view| {
        view.shown = true;
        view.spaces = Load::Loading;
    });
    Ok(AppCtx::new("Space", "Find", "Portal"))
}

async fn find_spaces(world: World, _: AppCtx) -> Result<AppCtx, BoxError> {
    let list = world.client.spaces(0, SPACES_SHOWN).await?;
    Ok(AppCtx::new("Space", "List", "Portal").term(list))
}

fn list_spaces(view: &mut View, list: Arc<SpaceList>) {
    view.spaces = Load::Ready(list);
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

// 4. Search.

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

// 5. A page.

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

// 6. Failures: an error that the app cares for is a signal, and one handler shows them all.

fn view_failure(view: &mut View, failure: Arc<Failure>) -> Update {
    let Failure { of, problem } = &*failure;
    let problem = problem.clone();
    match of.trigram().term().as_str() {
        "Space" => view.spaces = Load::Failed(problem),
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

// 7. The app. What its user does is a signal like any other. `set` returns a handle of all that follows from it: a
//    *cascade*, which can be aborted.

struct App {
    world: World,
    tao: Kernel,
    /// What the last text typed has led to.
    search: Mutex<Option<Cascade>>,
    /// The open page, and what opening it has led to.
    page: Mutex<Option<(u32, Cascade)>>,
    /// Handlers stay for as long as their guards.
    _handlers: Vec<HandlerGuard>,
}

impl App {
    fn new(Setup { client, recorder, store }: Setup) -> Self {
        let world = World { client, view: store.source(View::default()), store };
        // Told once per commit that changes the view, in order, outside every lock.
        let show = move |change: &trine_core::Change<'_, View>| {
            if let Ok(view) = change.value() {
                recorder.show(change.number().get(), view.clone());
            }
        };
        world.store.subscribe_changes(world.view, show).detach();
        let tao = Kernel::new(&world.store);
        let handlers = paths(&tao, &world);
        Self { world, tao, search: Mutex::default(), page: Mutex::default(), _handlers: handlers }
    }
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        self.tao.set(AppCtx::new("App", "Enter", "Portal").term(Token(token.to_owned())));
    }

    fn type_search(&self, text: &str) {
        let text = Typed(text.to_owned());
        let cascade = self.tao.set(AppCtx::new("Search", "Type", "Portal").term(text));
        // Only the last text counts: what the one before has led to is cancelled, its request too.
        if let Some(overtaken) = lock(&self.search).replace(cascade) {
            overtaken.abort("another text was typed");
        }
    }

    fn open_page(&self, id: u32) {
        self.leave_page();
        let cascade = self.tao.set(AppCtx::new("Page", "Open", "Portal").term(PageId(id)));
        *lock(&self.page) = Some((id, cascade));
    }

    fn leave_page(&self) {
        let Some((id, cascade)) = lock(&self.page).take() else { return };
        cascade.abort("the user has left the page");
        self.tao.set(AppCtx::new("Page", "Leave", "Portal").term(PageId(id)));
    }

    fn view(&self) -> View {
        self.world.store.get(self.world.view)
    }

    fn tally(&self) -> Tally {
        // No answer can be stale: it is cancelled with its cascade.
        Tally { commits: self.world.store.last_commit().get(), stale_answers: 0 }
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        // Whatever had to wait is a run of the store: the lines, and each handler out of band.
        self.world.store.runs().idle().boxed()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One cell, one subscriber, one signal with one handler.
fn count_up() -> Box<dyn FnMut()> {
    let store = Store::new();
    let count = store.source(0_u64);
    let listener = |count: &u64| {
        std::hint::black_box(count);
    };
    store.subscribe(count, listener).detach();
    let tao = Kernel::new(&store);
    let handler = move |_| {
        store.update(count, |count| *count += 1);
    };
    tao.on_inline(("Count", "Up", "Portal"), handler).detach();
    Box::new(move || {
        tao.set(AppCtx::new("Count", "Up", "Portal"));
    })
}
