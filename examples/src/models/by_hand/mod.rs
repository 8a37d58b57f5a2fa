//! Portal **by hand**: tokio, a mutex and care. What people write today, as the line to compare with.
//!
//! All state is one struct behind one lock. Each request is a task that locks, changes, and calls the
//! view. It is short, and everything that the models do for you is a line that must not be forgotten:
//!
//! - every `update` calls the view on its own: two that belong together are two renderings;
//! - the view is called under the lock, or its calls could overtake each other; if it writes back, it deadlocks;
//! - each search carries a generation, or an old answer overwrites a new one; the requests themselves run on;
//! - a page's task is kept to be aborted, *and* its answer is checked: it may have been on its way
//!   past the last `await` when the abort came; the same for each import, and for each log-in;
//! - each "one at a time" is a flag or a handle that every way out has to put back;
//! - a title that is shown before it is confirmed is kept apart from those that are, or it cannot be taken back alone;
//! - a task that panics leaves `Loading` on the screen for ever.

mod editing;
mod importing;
mod leaving;
mod live;
mod news;
mod renaming;
mod visits;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::renaming::Spaces;
use crate::client::Client;
use crate::portal::{Model, Portal, Setup, Tally, source};
use crate::recorder::Recorder;
use crate::view::View;

/// Portal by hand.
pub(super) const BY_HAND: Model = Model {
    name: "by-hand",
    idea: "no framework: tokio, a mutex and care",
    folder: "examples/src/models/by_hand",
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

#[derive(Clone)]
struct App {
    client: Client,
    recorder: Recorder,
    state: Arc<Mutex<State>>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct State {
    view: View,
    tally: Tally,
    /// What the service has said about spaces, and what is shown before it has said so.
    spaces: Spaces,
    search_generation: u64,
    page_task: Option<AbortHandle>,
    import_task: Option<AbortHandle>,
    /// Counts the log-outs: what was begun before one must not land after it.
    login: u64,
    logged_out: CancellationToken,
}

impl App {
    fn new(Setup { client, recorder, .. }: Setup) -> Self {
        let tasks = TaskTracker::new();
        // Closed means that `wait` may return once it is empty; tasks can still be added.
        tasks.close();
        Self { client, recorder, state: Arc::default(), tasks }
    }

    /// Changes the state and tells the view.
    fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.view.clone();
        let result = change(&mut state);
        if state.view != before {
            state.tally.commits += 1;
            self.recorder.show(state.tally.commits, state.view.clone());
        }
        result
    }

    /// Starts a task that is dropped when the user logs out.
    fn spawn<F>(&self, task: impl FnOnce(Task) -> F) -> AbortHandle
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (login, logged_out) = self.update(|state| (state.login, state.logged_out.clone()));
        let task = task(Task { app: self.clone(), login });
        self.tasks
            .spawn(async move {
                logged_out.run_until_cancelled(task).await;
            })
            .abort_handle()
    }
}

/// The app, as a task sees it.
struct Task {
    app: App,
    login: u64,
}

impl Task {
    /// Changes the state, unless the user has logged out meanwhile: the task may have been past its last `await`.
    fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> Option<R> {
        self.app.update(|state| (state.login == self.login).then(|| change(state)))
    }

    fn client(&self) -> &Client {
        &self.app.client
    }
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        self.bootstrap(token);
    }
    fn type_search(&self, text: &str) {
        self.search(text);
    }
    fn open_page(&self, id: u32) {
        self.load_page(id);
    }
    fn leave_page(&self) {
        self.drop_page();
    }
    fn edit_page(&self, id: u32) {
        self.edit(id);
    }
    fn type_title(&self, title: &str) {
        self.change_draft(|editor| editor.title = title.to_owned());
    }
    fn type_text(&self, text: &str) {
        self.change_draft(|editor| editor.text = text.to_owned());
    }
    fn save_page(&self) {
        self.save();
    }
    fn merge_theirs(&self) {
        self.change_draft(|editor| editor.merge());
    }
    fn rename_space(&self, id: u32, title: &str) {
        self.rename(id, title);
    }
    fn start_import(&self, total: u32) {
        self.import(total);
    }
    fn stop_import(&self) {
        self.drop_import();
    }
    fn load_news(&self) {
        self.ask_for_news();
    }
    fn follow_live(&self, count: u32) {
        self.follow(count);
    }
    fn log_out(&self) {
        self.leave();
    }

    fn view(&self) -> View {
        self.update(|state| state.view.clone())
    }

    fn tally(&self) -> Tally {
        self.update(|state| state.tally)
    }

    fn settled(&self) -> BoxFuture<'_, ()> {
        self.tasks.wait().boxed()
    }
}

/// One number, one listener, one change.
fn count_up() -> Box<dyn FnMut()> {
    let listener: Box<dyn Fn(u64)> = Box::new(|count| {
        std::hint::black_box(count);
    });
    let state = Mutex::new((0_u64, listener));
    Box::new(move || {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        (state.1)(state.0);
    })
}
