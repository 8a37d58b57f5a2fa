//! A service that fails, and is asked again.

use std::sync::Arc;

use super::super::stage::{Stage, Stuck};
use crate::api::{Endpoint, News};
use crate::portal::{NEWS_ATTEMPTS, NEWS_BACKOFF};
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

/// The attempt that ends it, counted from 1, and why that fails.
fn last_attempt(stage: &Stage) -> (u32, Option<String>) {
    let failure = |attempt| stage.forecast.failure(Endpoint::News, "", attempt - 1);
    let last = (1..NEWS_ATTEMPTS).find(|attempt| failure(*attempt).is_none());
    let last = last.unwrap_or(NEWS_ATTEMPTS);
    (last, failure(last))
}

pub(super) fn truth(stage: &Stage, data: &Data) -> Result<View, DataError> {
    let headline = format!("{} spaces are open today", data.size()?.spaces);
    let news = match last_attempt(stage) {
        (_, Some(problem)) => NewsView::Failed(problem),
        (_, None) => NewsView::Ready(Arc::new(News { headline })),
    };
    Ok(View { news, ..View::default() })
}

/// Each attempt is made and shown, and none after the one that ends it; between two there is a pause, twice as long each time.
pub(super) fn broken(stage: &Stage) -> Vec<String> {
    let (last, mut broken) = (last_attempt(stage).0, Vec::new());
    let shown = stage.recorder.shown();
    let attempts: Vec<u32> = shown
        .iter()
        .filter_map(|shown| match shown.view.news {
            NewsView::Loading { attempt } => Some(attempt),
            _ => None,
        })
        .collect();
    if !attempts.iter().copied().eq(1..=last) {
        broken.push(format!("the attempts were {attempts:?}, not 1 to {last}"));
    }
    let requests = stage.client.ledger().entries();
    if requests.len() != last as usize {
        broken.push(format!("{} requests were sent, {last} attempts had to be", requests.len()));
    }
    for (pair, earlier) in requests.windows(2).zip(0..) {
        let (ended, wanted) = (pair[0].ended, NEWS_BACKOFF * 2_u32.pow(earlier));
        let pause = ended.map(|(at, _)| pair[1].started.saturating_duration_since(at));
        if pause.is_none_or(|pause| pause < wanted) {
            broken.push(format!(
                "the pause before attempt {} was {pause:?}, not {wanted:?}",
                earlier + 2
            ));
        }
    }
    broken
}
