//! Portal in **atoms and synergies**: state in small pieces, changed together by handlers over drafts.
//!
//! An *atom* is a piece of state: a name and a first value. A *synergy* groups atoms, and an *action* is a handler
//! that gets a *draft* of each: a private copy that reads and writes like the value. What the handler has written is
//! committed when it ends; `trigger` commits one draft earlier, so that the view can follow what a long action is
//! doing. The code says what happens, in the order in which it happens.
//!
//! What is *not* here: no message, no reducer, no lock, no task handle. A search that is overtaken and a page that is
//! left are cancelled, so no late answer can arrive; an action that ends early has changed nothing since its last
//! `trigger`, and `trigger_scoped` takes back what was only true for as long as it lasted.

mod editing;
mod importing;
mod leaving;
mod live;
mod news;
mod renaming;
mod visits;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_atoms::{Action, AsyncAction, Atom, Store, synergy};
use trine_core::{Derived, Watch};

use self::editing::{Change, EDITOR};
use self::importing::IMPORT;
use self::live::LIVE;
use self::news::NEWS;
use self::renaming::{NOTICE, Title};
use self::visits::{PAGE, SEARCH, SESSION, SHOWN, USER, Visits};
use crate::portal::{Model, Portal, Setup, Tally, source};
use crate::view::{PageView, View};

/// Portal in atoms and synergies.
pub(super) const ATOMS: Model = Model {
    name: "atoms",
    idea: "atoms and synergies: handlers over drafts",
    folder: "examples/src/models/atoms",
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

/// The app. What its user does is a call of an action: a value, with the type of its argument.
struct App {
    store: Store,
    view: Derived<View>,
    visits: Visits,
    edit_page: AsyncAction<u32>,
    save_page: AsyncAction<()>,
    change_draft: Action<Change, ()>,
    rename: AsyncAction<Title>,
    import: AsyncAction<u32>,
    stop_import: Action<(), ()>,
    load_news: AsyncAction<()>,
    follow: AsyncAction<u32>,
}

impl App {
    fn new(Setup { client, recorder, store }: Setup) -> Self {
        // What is shown follows from the atoms.
        let state = synergy((
            &SHOWN, &SESSION, &USER, &SEARCH, &PAGE, &EDITOR, &IMPORT, &NEWS, &LIVE, &NOTICE,
        ));
        let screen = state.derive(
            &store,
            |(shown, session, user, search, page, editor, import, news, live, notice)| View {
                shown: *shown,
                session: (*session).clone(),
                user: (*user).clone(),
                search: (*search).clone(),
                page: (*page).clone(),
                editor: (*editor).clone(),
                import: (*import).clone(),
                news: (*news).clone(),
                live: (*live).clone(),
                notice: (*notice).clone(),
                ..View::default()
            },
        );
        let spaces = renaming::spaces(&store);
        let view =
            store.derived(move |cx| View { spaces: (*cx.get(spaces)).clone(), ..cx.get(screen) });
        // Told once per commit that changes the view, in order, outside every lock.
        let show = move |change: &trine_core::Change<'_, View>| {
            if let Ok(view) = change.value() {
                recorder.show(change.number().get(), view.clone());
            }
        };
        store.subscribe_changes(view, show).detach();
        Self {
            visits: Visits::new(&client),
            edit_page: editing::edit_page(client.clone()),
            save_page: editing::save_page(client.clone()),
            change_draft: editing::change_draft(),
            rename: renaming::rename(client.clone(), spaces),
            import: importing::import(client.clone()),
            stop_import: importing::stop(),
            load_news: news::load_news(client.clone()),
            follow: live::follow(client),
            store,
            view,
        }
    }
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        self.visits.open_app(&self.store, token);
    }
    fn type_search(&self, text: &str) {
        self.visits.search.run(&self.store, text.to_owned()).detach();
    }
    fn open_page(&self, id: u32) {
        self.leave_page();
        self.visits.open_page.run(&self.store, id).detach();
    }
    fn leave_page(&self) {
        // The handler stops where it is, and with it the request.
        self.visits.open_page.abort_all(&self.store, "the user has left the page");
        PAGE.set(&self.store, PageView::Closed);
    }
    fn edit_page(&self, id: u32) {
        self.edit_page.run(&self.store, id).detach();
    }
    fn type_title(&self, title: &str) {
        self.change_draft.run(&self.store, Change::Title(title.to_owned()));
    }
    fn type_text(&self, text: &str) {
        self.change_draft.run(&self.store, Change::Text(text.to_owned()));
    }
    fn save_page(&self) {
        self.save_page.run(&self.store, ()).detach();
    }
    fn merge_theirs(&self) {
        self.change_draft.run(&self.store, Change::Merge);
    }
    fn rename_space(&self, id: u32, title: &str) {
        self.rename.run(&self.store, Title { space: id, title: title.to_owned() }).detach();
    }
    fn start_import(&self, total: u32) {
        self.import.run(&self.store, total).detach();
    }
    fn stop_import(&self) {
        self.import.abort_all(&self.store, "the user has stopped it");
        self.stop_import.run(&self.store, ());
    }
    fn load_news(&self) {
        self.load_news.run(&self.store, ()).detach();
    }
    fn follow_live(&self, count: u32) {
        self.follow.run(&self.store, count).detach();
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
        // No answer can be stale: a superseded action's request is dropped.
        Tally { commits: self.store.last_commit().get(), stale_answers: 0 }
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        async {
            self.store.runs().idle().await;
            self.store.delivered();
        }
        .boxed()
    }
}

/// One atom, one subscriber, one sync action.
fn count_up() -> Box<dyn FnMut()> {
    static COUNT: Atom<u64> = Atom::new("count", || 0);
    let store = Store::new();
    let listener = |count: &u64| {
        std::hint::black_box(count);
    };
    COUNT.subscribe(&store, listener).detach();
    let increment = synergy(&COUNT).action(|mut count, ()| *count += 1);
    Box::new(move || increment.run(&store, ()))
}
