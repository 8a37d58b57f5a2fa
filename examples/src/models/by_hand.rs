//! Portal **by hand**: tokio, a mutex and care. What people write today, as the line to compare with.
//!
//! All state is one struct behind one lock. Each request is a task that locks, changes, and calls the
//! view. It is short, and everything that the models do for you is a line that must not be forgotten:
//!
//! - every `update` calls the view on its own: two that belong together are two renderings;
//! - the view is called under the lock, or its calls could overtake each other; if it writes back, it deadlocks;
//! - each search carries a generation, or an old answer overwrites a new one; the requests themselves run on;
//! - a page's task is kept to be aborted, *and* its answer is checked: it may have been on its way
//!   past the last `await` when the abort came;
//! - a task that panics leaves `Loading` on the screen for ever.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

use crate::client::{ApiError, Client};
use crate::portal::{Model, Portal, SPACES_SHOWN, Setup, Tally};
use crate::recorder::Recorder;
use crate::view::{Load, PageView, SessionView, View};

/// Portal by hand.
pub(super) const BY_HAND: Model = Model {
    name: "by-hand",
    idea: "no framework: tokio, a mutex and care",
    file: "examples/src/models/by_hand.rs",
    source: include_str!("by_hand.rs"),
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
    search_generation: u64,
    page_task: Option<AbortHandle>,
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

    async fn bootstrap_session(self, token: String) {
        match self.enter_session(&token).await {
            Ok(user) => self.fetch_user(user).await,
            Err(error) => {
                self.update(|state| state.view.session = SessionView::Failed(error.to_string()));
            }
        }
    }

    /// Find, else create, then enter; returns who the session belongs to.
    async fn enter_session(&self, token: &str) -> Result<u32, ApiError> {
        self.update(|state| state.view.session = SessionView::Finding);
        if self.client.find_session(token).await?.is_none() {
            self.update(|state| state.view.session = SessionView::Creating);
            self.client.create_session(token).await?;
        }
        self.update(|state| state.view.session = SessionView::Entering);
        let session = Arc::new(self.client.enter_session(token).await?);
        self.update(|state| state.view.session = SessionView::Entered(Arc::clone(&session)));
        Ok(session.user)
    }

    async fn fetch_user(&self, id: u32) {
        self.update(|state| state.view.user = Load::Loading);
        let user = loaded(self.client.user(id).await);
        self.update(|state| state.view.user = user);
    }

    async fn list_spaces(self) {
        let spaces = loaded(self.client.spaces(0, SPACES_SHOWN).await);
        self.update(|state| state.view.spaces = spaces);
    }

    async fn search(self, text: String, generation: u64) {
        let answer = self.client.search(&text).await;
        self.update(|state| {
            if state.search_generation != generation {
                state.tally.stale_answers += 1;
                return;
            }
            let search = &mut state.view.search;
            search.loading = false;
            match answer {
                Ok(found) => search.hits = Arc::new(found.hits),
                Err(error) => {
                    search.hits = Arc::default();
                    search.problem = Some(error.to_string());
                }
            }
        });
    }

    async fn load_page(self, id: u32) {
        let answer = self.client.page(id).await;
        self.update(|state| {
            if state.view.page != (PageView::Loading { id }) {
                state.tally.stale_answers += 1;
                return;
            }
            state.view.page = match answer {
                Ok(page) => PageView::Open(Arc::new(page)),
                Err(error) => PageView::Failed { id, problem: error.to_string() },
            };
        });
    }
}

impl Portal for App {
    fn open_app(&self, token: &str) {
        self.tasks.spawn(self.clone().bootstrap_session(token.to_owned()));
        self.update(|state| {
            state.view.shown = true;
            state.view.spaces = Load::Loading;
        });
        self.tasks.spawn(self.clone().list_spaces());
    }

    fn type_search(&self, text: &str) {
        let generation = self.update(|state| {
            let search = &mut state.view.search;
            search.text = text.to_owned();
            search.loading = !text.is_empty();
            search.problem = None;
            if text.is_empty() {
                search.hits = Arc::default();
            }
            state.search_generation += 1;
            state.search_generation
        });
        if !text.is_empty() {
            self.tasks.spawn(self.clone().search(text.to_owned(), generation));
        }
    }

    fn open_page(&self, id: u32) {
        self.leave_page();
        self.update(|state| state.view.page = PageView::Loading { id });
        let task = self.tasks.spawn(self.clone().load_page(id)).abort_handle();
        self.update(|state| state.page_task = Some(task));
    }

    fn leave_page(&self) {
        let task = self.update(|state| {
            state.view.page = PageView::Closed;
            state.page_task.take()
        });
        if let Some(task) = task {
            task.abort();
        }
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

fn loaded<T>(answer: Result<T, ApiError>) -> Load<T> {
    match answer {
        Ok(value) => Load::Ready(Arc::new(value)),
        Err(error) => Load::Failed(error.to_string()),
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
