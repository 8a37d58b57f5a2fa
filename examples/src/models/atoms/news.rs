//! News from a service that may fail at first.

use std::sync::Arc;

use trine_atoms::{AsyncAction, Atom, synergy};
use trine_core::Retry;

use crate::client::Client;
use crate::portal::{NEWS_ATTEMPTS, NEWS_BACKOFF};
use crate::view::NewsView;

pub(super) static NEWS: Atom<NewsView> = Atom::new("news", NewsView::default);

/// `retry`: a handler that fails is called again, with a fresh draft, and is told which attempt it is.
pub(super) fn load_news(client: Client) -> AsyncAction<()> {
    let load_news = synergy(&NEWS).async_action_with(move |cx, mut news, ()| {
        let client = client.clone();
        async move {
            news.set(NewsView::Loading { attempt: cx.attempt() });
            news = news.trigger()?;
            match client.news().await {
                Ok(found) => news.set(NewsView::Ready(Arc::new(found))),
                Err(error) if cx.attempt() == NEWS_ATTEMPTS => {
                    news.set(NewsView::Failed(error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
            Ok(())
        }
    });
    load_news.named("load news").leading().retry(Retry::exponential(NEWS_ATTEMPTS, NEWS_BACKOFF))
}
