//! News from a service that may fail at first.

use trine_thunks::{Action, AsyncThunk, Retry, Slice, SliceKey, action};

use super::leaving::LoggedOut;
use super::{Api, Work};
use crate::api::News;
use crate::portal::{NEWS_ATTEMPTS, NEWS_BACKOFF};
use crate::view::NewsView;

pub(super) static NEWS: SliceKey<NewsView> = SliceKey::new("news");

/// The service is asked for the so-manieth time.
struct Asked(u32);
impl Action for Asked {}

/// `retry`: the body is called again, and is told which attempt it is.
pub(super) fn load_news() -> Work<(), News> {
    AsyncThunk::new("news/load", |(): (), api: Api| async move {
        api.dispatch(Asked(api.attempt()));
        api.extra().news().await
    })
    .leading()
    .retry(Retry::exponential(NEWS_ATTEMPTS, NEWS_BACKOFF))
}

pub(super) fn news(load_news: &Work<(), News>) -> Slice<NewsView> {
    NEWS.slice(NewsView::default)
        .on(action::<Asked>(), |news, Asked(attempt)| {
            *news = NewsView::Loading { attempt: *attempt };
        })
        .on(load_news.fulfilled(), |news, run| *news = NewsView::Ready(run.payload().clone()))
        .on(load_news.rejected(), |news, run| *news = NewsView::Failed(run.message()))
        .on(action::<LoggedOut>(), |news, _| *news = NewsView::None)
}
