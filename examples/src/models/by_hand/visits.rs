//! The session, the spaces, a search, a page.

use std::sync::Arc;

use super::{App, Task};
use crate::client::ApiError;
use crate::portal::SPACES_SHOWN;
use crate::view::{Load, PageView, SessionView};

impl App {
    pub(super) fn bootstrap(&self, token: &str) {
        let token = token.to_owned();
        self.spawn(|task| task.bootstrap_session(token));
        self.update(|state| {
            state.view.shown = true;
            state.view.spaces = Load::Loading;
        });
        self.spawn(|task| async move {
            let listed = loaded(task.client().spaces(0, SPACES_SHOWN).await);
            task.update(|state| {
                state.spaces.listed = listed;
                state.show_spaces();
            });
        });
    }

    pub(super) fn search(&self, text: &str) {
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
            let text = text.to_owned();
            self.spawn(|task| task.search(text, generation));
        }
    }

    pub(super) fn load_page(&self, id: u32) {
        self.drop_page();
        self.update(|state| state.view.page = PageView::Loading { id });
        let task = self.spawn(|task| task.load_page(id));
        self.update(|state| state.page_task = Some(task));
    }

    pub(super) fn drop_page(&self) {
        let task = self.update(|state| {
            state.view.page = PageView::Closed;
            state.page_task.take()
        });
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl Task {
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
        if self.client().find_session(token).await?.is_none() {
            self.update(|state| state.view.session = SessionView::Creating);
            self.client().create_session(token).await?;
        }
        self.update(|state| state.view.session = SessionView::Entering);
        let session = Arc::new(self.client().enter_session(token).await?);
        self.update(|state| state.view.session = SessionView::Entered(Arc::clone(&session)));
        Ok(session.user)
    }

    async fn fetch_user(&self, id: u32) {
        self.update(|state| state.view.user = Load::Loading);
        let user = loaded(self.client().user(id).await);
        self.update(|state| state.view.user = user);
    }

    async fn search(self, text: String, generation: u64) {
        let answer = self.client().search(&text).await;
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
        let answer = self.client().page(id).await;
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

fn loaded<T>(answer: Result<T, ApiError>) -> Load<T> {
    match answer {
        Ok(value) => Load::Ready(Arc::new(value)),
        Err(error) => Load::Failed(error.to_string()),
    }
}
