//! Portal in **the TAO**: everything that happens is a signal `{Term,Action,Orient}`, and handlers react to it.
//!
//! Read it like the app's story, which is what these tables are; each row is one handler below:
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

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_core::{Derived, Source, Store, Update};
use trine_tao::{AppCtx, Cascade, Kernel};

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
    build: |setup| Box::new(App::new(setup)),
    dispatch: count_up,
};

struct App {
    tao: Kernel,
    state: State,
    /// What opening the page has led to, for as long as the page is open.
    page: Mutex<Option<Cascade>>,
}

/// The cells: what handlers write. They are small keys, so the whole is `Copy` but for the store.
#[derive(Clone)]
struct State {
    store: Store,
    shown: Source<bool>,
    session: Source<SessionView>,
    user: Source<Load<User>>,
    spaces: Source<Load<SpaceList>>,
    search: Source<Search>,
    page: Source<PageView>,
    /// All of it, as it is shown: computed from the others.
    view: Derived<View>,
}

#[derive(Clone, Default, PartialEq)]
struct Search {
    view: SearchView,
    /// How often something was typed: what tells an answer that it is late.
    turn: u64,
    stale_answers: u64,
}

// What the signals carry. Each part of a trigram has a slot for data; a type of one's own says what is in it.
struct Token(String);
struct Typed(String);
struct Turn(u64);
struct PageId(u32);
struct UserId(u32);
struct Problem(String);

impl App {
    fn new(Setup { client, recorder }: Setup) -> Self {
        let state = State::new();
        let subscription = state.store.subscribe_changes(state.view, move |change| {
            if let Ok(view) = change.value() {
                recorder.show(change.number().get(), view.clone());
            }
        });
        // The view and the handlers stay for as long as the app does.
        subscription.detach();
        let tao = Kernel::new(&state.store);
        bootstrap_home_page(&tao, &state, &client);
        bootstrap_session(&tao, &state, &client);
        find_user(&tao, &state, &client);
        search(&tao, &state, &client);
        open_page(&tao, &state, &client);
        Self { tao, state, page: Mutex::default() }
    }
}

/// TAO-Path: Bootstrap Home Page.
fn bootstrap_home_page(tao: &Kernel, state: &State, client: &Client) {
    // Two handlers of one signal. The first is in line: the portal is drawn before `set` returns. The second
    // is an *async* handler: the same signal also forks off the session, in an execution context of its own.
    tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal")).detach();
    tao.on_async(("App", "Enter", "Portal"), |cx| {
        Ok(AppCtx::new("Session", "Find", "Portal").term_arc(cx.term_datum_arc::<Token>()?))
    })
    .detach();

    let at = state.clone();
    tao.on_inline(("App", "View", "Portal"), move |_| {
        // One commit, so that nobody sees a portal that does not load its spaces.
        at.store.batch(|tx| {
            tx.set(at.shown, true);
            tx.set(at.spaces, Load::Loading);
        });
        AppCtx::new("Space", "Find", "Portal")
    })
    .detach();

    let client = client.clone();
    tao.on_inline(("Space", "Find", "Portal"), move |_| {
        let client = client.clone();
        async move {
            let found = client.spaces(0, SPACES_SHOWN).await;
            chain("Space", found, |list| AppCtx::new("Space", "List", "Portal").term(list))
        }
    })
    .detach();

    let at = state.clone();
    tao.on_inline(("Space", "List", "Portal"), move |cx| {
        at.store.set(at.spaces, Load::Ready(cx.term_datum_arc()?));
        Ok(())
    })
    .detach();
    let at = state.clone();
    tao.on_inline(("Space", "Fail", "Portal"), move |cx| {
        at.store.set(at.spaces, Load::Failed(problem(&cx)));
    })
    .detach();
}

/// TAO-Path: Bootstrap User Session.
fn bootstrap_session(tao: &Kernel, state: &State, client: &Client) {
    let (at, api) = (state.clone(), client.clone());
    tao.on_inline(("Session", "Find", "Portal"), move |cx| {
        at.store.set(at.session, SessionView::Finding);
        let api = api.clone();
        async move {
            let token = cx.term_datum_arc::<Token>()?;
            let found = api.find_session(&token.0).await;
            Ok(chain("Session", found, |session| match session {
                None => AppCtx::new("Session", "Create", "Portal").term_arc(token), // 1a
                Some(_) => AppCtx::new("Session", "Enter", "Portal").term_arc(token), // 1b
            }))
        }
    })
    .detach();

    let (at, api) = (state.clone(), client.clone());
    tao.on_inline(("Session", "Create", "Portal"), move |cx| {
        at.store.set(at.session, SessionView::Creating);
        let api = api.clone();
        async move {
            let token = cx.term_datum_arc::<Token>()?;
            let created = api.create_session(&token.0).await;
            Ok(chain("Session", created, |_| {
                AppCtx::new("Session", "Enter", "Portal").term_arc(token)
            }))
        }
    })
    .detach();

    let (at, api) = (state.clone(), client.clone());
    tao.on_inline(("Session", "Enter", "Portal"), move |cx| {
        at.store.set(at.session, SessionView::Entering);
        let api = api.clone();
        async move {
            let entered = api.enter_session(&cx.term_datum::<Token>()?.0).await;
            Ok(chain("Session", entered, |session| {
                AppCtx::new("Session", "View", "Portal").term(session)
            }))
        }
    })
    .detach();

    let at = state.clone();
    tao.on_inline(("Session", "View", "Portal"), move |cx| {
        at.store.set(at.session, SessionView::Entered(cx.term_datum_arc()?));
        Ok(())
    })
    .detach();
    // Wherever in this path something fails: one handler for it.
    let at = state.clone();
    tao.on_inline(("Session", "Fail", "Portal"), move |cx| {
        at.store.set(at.session, SessionView::Failed(problem(&cx)));
    })
    .detach();
}

/// TAO-Path: Getting the User.
fn find_user(tao: &Kernel, state: &State, client: &Client) {
    tao.on_async(("Session", "View", "Portal"), |cx| {
        let user = UserId(cx.term_datum::<Session>()?.user);
        Ok(AppCtx::new("User", "Find", "Portal").action(user))
    })
    .detach();

    let (at, client) = (state.clone(), client.clone());
    tao.on_inline(("User", "Find", "Portal"), move |cx| {
        at.store.set(at.user, Load::Loading);
        let client = client.clone();
        async move {
            let found = client.user(cx.action_datum::<UserId>()?.0).await;
            Ok(chain("User", found, |user| AppCtx::new("User", "View", "Portal").term(user)))
        }
    })
    .detach();

    let at = state.clone();
    tao.on_inline(("User", "View", "Portal"), move |cx| {
        at.store.set(at.user, Load::Ready(cx.term_datum_arc()?));
        Ok(())
    })
    .detach();
    let at = state.clone();
    tao.on_inline(("User", "Fail", "Portal"), move |cx| {
        at.store.set(at.user, Load::Failed(problem(&cx)));
    })
    .detach();
}

/// TAO-Path: Search. The turn travels in the action slot, from what was typed to its answer.
fn search(tao: &Kernel, state: &State, client: &Client) {
    let at = state.clone();
    tao.on_inline(("Search", "Type", "Portal"), move |cx| {
        let text = cx.term_datum_arc::<Typed>()?;
        let turn = at.store.batch(|tx| {
            let Search { mut view, turn, stale_answers } = tx.get(at.search);
            let turn = turn + 1;
            view.text.clone_from(&text.0);
            view.loading = !text.0.is_empty();
            view.problem = None;
            if text.0.is_empty() {
                view.hits = Arc::default();
            }
            tx.set(at.search, Search { view, turn, stale_answers });
            turn
        });
        let find = || AppCtx::new("Search", "Find", "Portal").term_arc(Arc::clone(&text));
        Ok((!text.0.is_empty()).then(|| find().action(Turn(turn))))
    })
    .detach();

    let client = client.clone();
    tao.on_inline(("Search", "Find", "Portal"), move |cx| {
        let client = client.clone();
        async move {
            let found = client.search(&cx.term_datum::<Typed>()?.0).await;
            let next =
                chain("Search", found, |found| AppCtx::new("Search", "List", "Portal").term(found));
            Ok(next.action_arc(cx.action_datum_arc::<Turn>()?))
        }
    })
    .detach();

    // Both kinds of answers end here: the pattern is wild, so late ones are dealt with in one place.
    let at = state.clone();
    tao.on_inline(("Search", "*", "Portal"), move |cx| {
        let hits = match cx.trigram().action().as_str() {
            "List" => Ok(Arc::new(cx.term_datum::<Found>()?.hits.clone())),
            "Fail" => Err(problem(&cx)),
            _ => return Ok(()),
        };
        let turn = cx.action_datum::<Turn>()?.0;
        // Compared inside the store's lease: nobody can type in between.
        at.store.update(at.search, |search| {
            if search.turn != turn {
                search.stale_answers += 1;
                return;
            }
            search.view.loading = false;
            search.view.hits = hits.as_ref().map_or_else(|_| Arc::default(), Arc::clone);
            search.view.problem = hits.err();
        });
        Ok(())
    })
    .detach();
}

/// TAO-Path: Read a Page.
fn open_page(tao: &Kernel, state: &State, client: &Client) {
    let (at, client) = (state.clone(), client.clone());
    tao.on_inline(("Page", "Open", "Portal"), move |cx| {
        let id = cx.action_datum_arc::<PageId>();
        if let Ok(id) = &id {
            at.store.set(at.page, PageView::Loading { id: id.0 });
        }
        let client = client.clone();
        async move {
            let id = id?;
            let page = client.page(id.0).await;
            let next = chain("Page", page, |page| AppCtx::new("Page", "View", "Portal").term(page));
            Ok(next.action_arc(id))
        }
    })
    .detach();

    let at = state.clone();
    tao.on_inline(("Page", "*", "Portal"), move |cx| {
        let id = cx.action_datum::<PageId>().map_or(0, |id| id.0);
        let answer = match cx.trigram().action().as_str() {
            "View" => PageView::Open(cx.term_datum_arc::<Page>()?),
            "Fail" => PageView::Failed { id, problem: problem(&cx) },
            _ => return Ok(()),
        };
        // A cancelled cascade dispatches nothing more; but this one may have been on its way here already.
        at.store.update(at.page, |page| {
            if *page != (PageView::Loading { id }) {
                return Update::Unchanged;
            }
            *page = answer;
            Update::Changed
        });
        Ok(())
    })
    .detach();

    let at = state.clone();
    tao.on_inline(("Page", "Leave", "Portal"), move |_| {
        at.store.set(at.page, PageView::Closed);
    })
    .detach();
}

/// What a request leads to: `next`, or `{term,Fail,Portal}`. In the TAO an error that the app cares for is a signal.
fn chain<T>(
    term: &'static str,
    answer: Result<T, ApiError>,
    next: impl FnOnce(T) -> AppCtx,
) -> AppCtx {
    match answer {
        Ok(value) => next(value),
        Err(error) => AppCtx::new(term, "Fail", "Portal").term(Problem(error.to_string())),
    }
}

fn problem(cx: &AppCtx) -> String {
    cx.term_datum::<Problem>().map_or_else(|error| error.to_string(), |problem| problem.0.clone())
}

impl State {
    fn new() -> Self {
        let store = Store::new();
        let shown = store.source(false);
        let session = store.source(SessionView::default());
        let user = store.source(Load::default());
        let spaces = store.source(Load::default());
        let search = store.source(Search::default());
        let page = store.source(PageView::default());
        let view = store.derived(move |cx| View {
            shown: cx.get(shown),
            session: cx.get(session),
            user: cx.get(user),
            spaces: cx.get(spaces),
            search: cx.with(search, |search| search.view.clone()),
            page: cx.get(page),
        });
        Self { store, shown, session, user, spaces, search, page, view }
    }
}

/// What the user does is a signal like any other.
impl Portal for App {
    fn open_app(&self, token: &str) {
        self.tao.set(AppCtx::new("App", "Enter", "Portal").term(Token(token.to_owned())));
    }

    fn type_search(&self, text: &str) {
        self.tao.set(AppCtx::new("Search", "Type", "Portal").term(Typed(text.to_owned())));
    }

    fn open_page(&self, id: u32) {
        self.leave_page();
        let opened = self.tao.set(AppCtx::new("Page", "Open", "Portal").action(PageId(id)));
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
    }

    fn leave_page(&self) {
        let opened = self.page.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(opened) = opened {
            opened.cancel("left the page");
            self.tao.set(AppCtx::new("Page", "Leave", "Portal"));
        }
    }

    fn view(&self) -> View {
        self.state.store.get(self.state.view)
    }

    fn tally(&self) -> Tally {
        let State { store, search, .. } = &self.state;
        let stale_answers = store.with(*search, |search| search.stale_answers);
        Tally { commits: store.last_commit().get(), stale_answers }
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        // Whatever had to wait is a run of the store: the cascades in line, and each async handler.
        self.state.store.runs().idle().boxed()
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
