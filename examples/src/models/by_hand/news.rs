//! News from a service that may fail at first.

use std::sync::Arc;

use super::{App, Task};
use crate::portal::{NEWS_ATTEMPTS, NEWS_BACKOFF};
use crate::view::NewsView;

impl App {
    pub(super) fn ask_for_news(&self) {
        let starts = self.update(|state| {
            let starts = !matches!(state.view.news, NewsView::Loading { .. });
            if starts {
                state.view.news = NewsView::Loading { attempt: 1 };
            }
            starts
        });
        if starts {
            self.spawn(Task::ask_for_news);
        }
    }
}

impl Task {
    async fn ask_for_news(self) {
        let mut pause = NEWS_BACKOFF;
        for attempt in 1.. {
            match self.client().news().await {
                Ok(news) => {
                    self.update(|state| state.view.news = NewsView::Ready(Arc::new(news)));
                    return;
                }
                Err(error) if attempt == NEWS_ATTEMPTS => {
                    self.update(|state| state.view.news = NewsView::Failed(error.to_string()));
                    return;
                }
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            self.update(|state| state.view.news = NewsView::Loading { attempt: attempt + 1 });
        }
    }
}
