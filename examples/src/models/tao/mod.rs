//! Portal in **the TAO**: everything that happens is a signal `{Term,Action,Orient}`, and handlers react to it.
//!
//! A handler does its part and returns the signal that follows from it. Nobody calls anybody: a user is fetched
//! because a session is viewed, not because the code that enters sessions knows of users. So the app reads as the paths
//! that its user takes. They are written down in the notation of the TAO, in `paths.md`; each of their rows is a line of a
//! function `paths`, and a test fails when the two say different things.
//!
//! What is *not* here: no task is spawned, no handler handles the errors of another, and no branch is more than an `if` that
//! returns one signal or the other. A new feature is a line more in the table; no line that is there changes.

mod editing;
mod importing;
mod leaving;
mod live;
mod news;
mod renaming;
mod visits;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_core::{Derived, Optimistic, Patch, Source, Store, UpdateResult, Watch};
use trine_tao::{AppCtx, BoxError, Cascade, HandlerGuard, Kernel};

use self::editing::Change;
use self::importing::Contacts;
use self::renaming::Title;
use self::visits::{PageId, Token, Typed};
use crate::api::SpaceList;
use crate::client::{ApiError, Client};
use crate::portal::{Model, Portal, Setup, Tally, source};
use crate::view::{Load, View};

/// Portal in the TAO.
pub(super) const TAO: Model = Model {
    name: "tao",
    idea: "signals {Term,Action,Orient} and handlers in three phases",
    folder: "examples/src/models/tao",
    sources: &[
        source!("mod.rs"),
        source!("visits.rs"),
        source!("editing.rs"),
        source!("renaming.rs"),
        source!("importing.rs"),
        source!("news.rs"),
        source!("leaving.rs"),
        source!("live.rs"),
    ],
    build: |setup| Box::new(App::new(setup)),
    dispatch: count_up,
};

/// The app with its kernel, for whoever holds what it does against what is written.
pub(super) fn with_kernel(setup: Setup) -> (Box<dyn Portal>, Kernel) {
    let app = App::new(setup);
    let tao = app.tao.clone();
    (Box::new(app), tao)
}

/// What handlers work with: the service, and the state. The TAO has no state of its own: handlers write to the store,
/// here to two cells.
#[derive(Clone)]
struct World {
    client: Client,
    store: Store,
    /// All that is shown but the spaces.
    screen: Source<View>,
    /// What the service has said about spaces, and what is shown: with titles on it that are not confirmed yet.
    spaces: Source<Load<SpaceList>>,
    shown_spaces: Optimistic<Load<SpaceList>>,
    renaming: Arc<Mutex<HashMap<u32, Patch<Load<SpaceList>>>>>,
}

/// Which signal is handled by what. `on_inline` is in line: what it returns is set next. `on_async` is out of band: it
/// forks, and what follows from it can neither hold up nor break the line. `on_intercept` decides before both.
fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    let subjects = [
        visits::paths,
        editing::paths,
        renaming::paths,
        importing::paths,
        news::paths,
        leaving::paths,
        live::paths,
    ];
    subjects.into_iter().flat_map(|paths| paths(tao, world)).collect()
}

/// What `{*,Fail,Portal}` carries: the error, and the signal that has met with it.
struct Failure {
    error: BoxError,
    of: AppCtx,
}

impl Failure {
    fn problem(&self) -> String {
        self.error.to_string()
    }

    /// What the service has said.
    fn answer(&self) -> Option<&ApiError> {
        self.error.downcast_ref()
    }
}

/// The kinds of inline handlers that this app has.
impl World {
    /// Changes the screen in place, in one commit: however much `change` changes, it is drawn once.
    fn show<R: UpdateResult>(&self, change: impl FnOnce(&mut View) -> R) {
        self.store.update(self.screen, change);
    }

    /// Looks at the screen.
    fn screen<R>(&self, look: impl FnOnce(&View) -> R) -> R {
        look(&self.store.get(self.screen))
    }

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

    /// One that says what is known about spaces.
    fn lists<T: Send + Sync + 'static>(
        &self,
        list: fn(Arc<T>) -> Load<SpaceList>,
    ) -> impl Fn(AppCtx) -> Result<(), BoxError> + use<T> {
        let world = self.clone();
        move |cx| {
            world.store.set(world.spaces, list(cx.term_datum_arc()?));
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
                failed.term(Failure { error, of: cx })
            };
            done.map(|done| done.unwrap_or_else(fail)).boxed()
        }
    }
}

/// The app. What its user does is a signal like any other. `set` returns a handle of all that follows from it: a
/// *cascade*, which can be aborted.
struct App {
    world: World,
    view: Derived<View>,
    tao: Kernel,
    /// What the last text typed has led to.
    search: Mutex<Option<Cascade>>,
    /// The open page, and what opening it has led to.
    page: Mutex<Option<(u32, Cascade)>>,
    import: Mutex<Option<Cascade>>,
    /// Handlers stay for as long as their guards.
    _handlers: Vec<HandlerGuard>,
}

impl App {
    fn new(Setup { client, recorder, store }: Setup) -> Self {
        let (screen, spaces) = (store.source(View::default()), store.source(Load::Empty));
        let shown_spaces = store.optimistic(spaces);
        let view = store.derived(move |cx| View { spaces: cx.get(shown_spaces), ..cx.get(screen) });
        let renaming = Arc::default();
        let world = World { client, store, screen, spaces, shown_spaces, renaming };
        // Told once per commit that changes the view, in order, outside every lock.
        let show = move |change: &trine_core::Change<'_, View>| {
            if let Ok(view) = change.value() {
                recorder.show(change.number().get(), view.clone());
            }
        };
        world.store.subscribe_changes(view, show).detach();
        let tao = Kernel::new(&world.store);
        let _handlers = paths(&tao, &world);
        let (search, page, import) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { world, view, tao, search, page, import, _handlers }
    }

    fn set(&self, signal: AppCtx) -> Cascade {
        self.tao.set(signal)
    }
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        self.set(AppCtx::new("App", "Enter", "Portal").term(Token(token.to_owned())));
    }
    fn type_search(&self, text: &str) {
        let text = Typed(text.to_owned());
        let cascade = self.set(AppCtx::new("Search", "Type", "Portal").term(text));
        // Only the last text counts: what the one before has led to is cancelled, its request too.
        if let Some(overtaken) = lock(&self.search).replace(cascade) {
            overtaken.abort("another text was typed");
        }
    }
    fn open_page(&self, id: u32) {
        self.leave_page();
        let cascade = self.set(AppCtx::new("Page", "Open", "Portal").term(PageId(id)));
        *lock(&self.page) = Some((id, cascade));
    }
    fn leave_page(&self) {
        let Some((id, cascade)) = lock(&self.page).take() else { return };
        cascade.abort("the user has left the page");
        self.set(AppCtx::new("Page", "Leave", "Portal").term(PageId(id)));
    }
    fn edit_page(&self, id: u32) {
        self.set(AppCtx::new("Draft", "Begin", "Portal").term(PageId(id)));
    }
    fn type_title(&self, title: &str) {
        self.set(AppCtx::new("Draft", "Change", "Portal").term(Change::Title(title.to_owned())));
    }
    fn type_text(&self, text: &str) {
        self.set(AppCtx::new("Draft", "Change", "Portal").term(Change::Text(text.to_owned())));
    }
    fn save_page(&self) {
        self.set(AppCtx::new("Draft", "Save", "Portal"));
    }
    fn merge_theirs(&self) {
        self.set(AppCtx::new("Draft", "Change", "Portal").term(Change::Merge));
    }
    fn rename_space(&self, id: u32, title: &str) {
        let title = Title { space: id, title: title.to_owned() };
        self.set(AppCtx::new("Title", "Change", "Portal").term(title));
    }
    fn start_import(&self, total: u32) {
        let all = Contacts(total);
        let cascade = self.set(AppCtx::new("Import", "Begin", "Portal").term(all));
        // A second one is halted at once: the handle of the first is what counts.
        let mut import = lock(&self.import);
        if import.as_ref().is_none_or(Cascade::is_settled) {
            *import = Some(cascade);
        }
    }
    fn stop_import(&self) {
        if let Some(cascade) = lock(&self.import).take() {
            cascade.abort("the user has stopped it");
        }
        self.set(AppCtx::new("Import", "Stop", "Portal"));
    }
    fn load_news(&self) {
        self.set(AppCtx::new("News", "Ask", "Portal"));
    }
    fn follow_live(&self, count: u32) {
        self.set(AppCtx::new("Live", "Follow", "Portal").term(count));
    }
    fn log_out(&self) {
        // What is on its way has ended before the screen is emptied, so nothing of it can land after that.
        self.world.store.runs().abort_all("the user has logged out");
        self.set(AppCtx::new("App", "Leave", "Portal"));
    }

    fn view(&self) -> View {
        self.world.store.get(self.view)
    }

    fn watch(&self) -> Option<Watch<View>> {
        Some(self.world.store.watch(self.view))
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
