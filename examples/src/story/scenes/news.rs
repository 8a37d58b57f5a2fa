//! A service that fails, and is asked again.

use std::sync::Arc;

use super::super::stage::{Stage, Stuck};
use crate::api::News;
use crate::service::{Data, DataError};
use crate::view::{NewsView, View};

/// How often the service fails before it recovers.
pub(in crate::story) const OUTAGE: u32 = 3;

pub(super) async fn steps(stage: &Stage) -> Result<(), Stuck> {
    stage.recorder.step("ask what is new");
    stage.portal.load_news();
    stage.view_is("the news", |view| view.news.is_settled()).await?;
    stage.settled().await
}

pub(super) fn truth(data: &Data) -> Result<View, DataError> {
    let headline = format!("{} spaces are open today", data.size()?.spaces);
    Ok(View { news: NewsView::Ready(Arc::new(News { headline })), ..View::default() })
}

pub(super) fn attempts_not_shown(stage: &Stage) -> Option<String> {
    let shown = stage.recorder.shown();
    let attempts: Vec<u32> = shown
        .iter()
        .filter_map(|shown| match shown.view.news {
            NewsView::Loading { attempt } => Some(attempt),
            _ => None,
        })
        .collect();
    (!attempts.iter().copied().eq(1..=OUTAGE + 1))
        .then(|| format!("the attempts were {attempts:?}"))
}
