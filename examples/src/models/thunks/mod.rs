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

mod editing;
mod importing;
mod leaving;
mod live;
mod news;
mod renaming;
mod visits;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_thunks::{Action, AsyncThunk, Derived, SliceKey, Store, ThunkApi, Watch, action};

use self::editing::{DraftChanged, Editing};
use self::importing::ImportStopped;
use self::visits::{PageLeft, Visits};
use crate::api::News;
use crate::client::{ApiError, Client};
use crate::portal::{Model, Portal, Setup, Tally, source};
use crate::view::View;

/// Portal with thunks.
pub(super) const THUNKS: Model = Model {
    name: "thunks",
    idea: "slices and async thunks, after Redux Toolkit",
    folder: "examples/src/models/thunks",
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

/// Argument, payload and error of a thunk are in its type; what it needs of the world is the store's extra value, a
/// `Client`.
type Work<A, T> = AsyncThunk<A, T, ApiError, Client>;
type Api = ThunkApi<Client>;

/// The app. What its user does is dispatched.
struct App {
    store: Store<Client>,
    view: Derived<View>,
    visits: Visits,
    editing: Editing,
    rename: renaming::Rename,
    import: Work<u32, ()>,
    load_news: Work<(), News>,
    follow: Work<u32, ()>,
}

impl App {
    fn new(Setup { client, recorder, store }: Setup) -> Self {
        let (visits, editing, rename) = (Visits::new(), Editing::new(), renaming::rename());
        let (import, load_news, follow) = (importing::import(), news::load_news(), live::follow());
        let builder = Store::builder().on(store).extra(client);
        let builder = visits.slices(builder, &rename);
        let store = editing
            .slices(builder)
            .slice(renaming::notice(&rename))
            .slice(importing::imported(&import))
            .slice(news::news(&load_news))
            .slice(live::live(&follow))
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
        Self { store, view, visits, editing, rename, import, load_news, follow }
    }
}

/// The view, derived from all slices.
fn view(store: &Store<Client>) -> Derived<View> {
    let (shown, session) = (store.cell(&visits::SHOWN), store.cell(&visits::SESSION));
    let (user, search) = (store.cell(&visits::USER), store.cell(&visits::SEARCH));
    let (page, editor) = (store.cell(&visits::PAGE), store.cell(&editing::EDITOR));
    let (import, news) = (store.cell(&importing::IMPORT), store.cell(&news::NEWS));
    let (live, notice) = (store.cell(&live::LIVE), store.cell(&renaming::NOTICE));
    // With the titles on them that are not confirmed yet.
    let spaces = store.optimistic(&visits::SPACES);
    store.core().derived(move |cx| View {
        shown: cx.get(shown),
        session: cx.get(session),
        user: cx.get(user),
        spaces: cx.get(spaces),
        search: cx.get(search),
        page: cx.get(page),
        editor: cx.get(editor),
        import: cx.get(import),
        news: cx.get(news),
        live: cx.get(live),
        notice: cx.get(notice),
    })
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        // Out of band: it goes on by itself, and its end is told to the slices.
        self.store.dispatch(self.visits.bootstrap.with(token.to_owned()));
        self.store.dispatch(self.visits.list_spaces.with(()));
    }
    fn type_search(&self, text: &str) {
        self.store.dispatch(self.visits.search.with(text.to_owned()));
    }
    fn open_page(&self, id: u32) {
        self.store.dispatch(self.visits.open_page.with(id));
    }
    fn leave_page(&self) {
        self.store.runs_of(&self.visits.open_page).abort_all("the user has left the page");
        self.store.dispatch(PageLeft);
    }
    fn edit_page(&self, id: u32) {
        self.store.dispatch(self.editing.edit_page.with(id));
    }
    fn type_title(&self, title: &str) {
        self.store.dispatch(DraftChanged::Title(title.to_owned()));
    }
    fn type_text(&self, text: &str) {
        self.store.dispatch(DraftChanged::Text(text.to_owned()));
    }
    fn save_page(&self) {
        if let Some(draft) = self.store.read(&editing::EDITOR, editing::to_save) {
            self.store.dispatch(self.editing.save_page.with(draft));
        }
    }
    fn merge_theirs(&self) {
        self.store.dispatch(DraftChanged::Merged);
    }
    fn rename_space(&self, id: u32, title: &str) {
        self.store.dispatch(self.rename.with((id, title.to_owned())));
    }
    fn start_import(&self, total: u32) {
        self.store.dispatch(self.import.with(total));
    }
    fn stop_import(&self) {
        self.store.runs_of(&self.import).abort_all("the user has stopped it");
        self.store.dispatch(ImportStopped);
    }
    fn load_news(&self) {
        self.store.dispatch(self.load_news.with(()));
    }
    fn follow_live(&self, count: u32) {
        self.store.dispatch(self.follow.with(count));
    }
    fn log_out(&self) {
        leaving::log_out(&self.store);
    }

    fn view(&self) -> View {
        self.store.get(self.view)
    }

    fn watch(&self) -> Option<Watch<View>> {
        Some(self.store.watch(self.view))
    }

    fn tally(&self) -> Tally {
        // No answer can be stale: it is cancelled with its run.
        Tally { commits: self.store.core().last_commit().get(), stale_answers: 0 }
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        self.store.runs().idle().boxed()
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
