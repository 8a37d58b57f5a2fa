//! Opening the app: *Bootstrap Home Page* with *Bootstrap User Session*; a search, a page.

use std::sync::Arc;

use super::super::stage::{Stage, Stuck};
use super::super::{PAGE, TOKEN, TYPED};
use crate::api::Endpoint;
use crate::portal::SPACES_SHOWN;
use crate::service::{Data, DataError};
use crate::view::{Load, SessionView, View};

/// On the first visit the device has no session.
pub(super) fn prepare(data: &Data, first: bool) -> Result<(), DataError> {
    if first {
        data.end_session(TOKEN)?;
    } else if data.create_session(TOKEN)?.is_some() {
        data.enter_session(TOKEN)?;
    }
    Ok(())
}

pub(super) async fn first(stage: &Stage) -> Result<(), Stuck> {
    stage.open_app().await?;

    for (count, text) in (1..).zip(TYPED) {
        stage.recorder.step("type fast");
        stage.portal.type_search(text);
        // Fast fingers, but each request has really arrived before the next key.
        stage.service_has(Endpoint::Search, |searches| searches.received == count).await?;
    }
    stage
        .view_is("the answer of the last search", |view| {
            view.search.text == TYPED[TYPED.len() - 1] && !view.search.loading
        })
        .await?;
    let all = TYPED.len() as u64;
    stage
        .service_has(Endpoint::Search, |searches| searches.completed + searches.dropped == all)
        .await?;
    // The answers have left the service, and may not have reached the model yet.
    stage.settled().await?;

    stage.recorder.step("open a page");
    stage.portal.open_page(PAGE);
    stage.service_has(Endpoint::Page, |pages| pages.received == 1).await?;
    stage.recorder.step("leave it");
    stage.portal.leave_page();
    stage.service_has(Endpoint::Page, |pages| pages.completed + pages.dropped == 1).await?;
    stage.settled().await
}

pub(super) async fn second(stage: &Stage) -> Result<(), Stuck> {
    stage.open_app().await?;
    stage.settled().await
}

/// What is shown when the app was opened.
pub(super) fn bootstrapped(data: &Data) -> Result<View, DataError> {
    let mut view = View { shown: true, ..View::default() };
    view.spaces = Load::Ready(Arc::new(data.spaces(0, SPACES_SHOWN)?));
    if let Some(session) = data.session(TOKEN)? {
        if let Some(user) = data.user(session.user)? {
            view.user = Load::Ready(Arc::new(user));
        }
        view.session = SessionView::Entered(Arc::new(session));
    }
    Ok(view)
}

pub(super) fn after_first(data: &Data) -> Result<View, DataError> {
    let mut view = bootstrapped(data)?;
    let text = TYPED[TYPED.len() - 1];
    view.search.text = text.to_owned();
    view.search.hits = Arc::new(data.search(text, 20)?);
    Ok(view)
}

/// The states of the session that were not shown, or not in order.
pub(super) fn skipped_states(stage: &Stage, expected: &[&str]) -> Option<String> {
    let word = |session: &SessionView| match session {
        SessionView::None => "none",
        SessionView::Finding => "finding",
        SessionView::Creating => "creating",
        SessionView::Entering => "entering",
        SessionView::Entered(_) => "entered",
        SessionView::Failed(_) => "failed",
    };
    let shown = stage.recorder.shown();
    let mut states: Vec<&str> = shown.iter().map(|shown| word(&shown.view.session)).collect();
    states.dedup();
    states.retain(|state| *state != "none");
    (states != expected).then(|| format!("the session was {states:?}, not {expected:?}"))
}

/// Every request that nobody waits for any more is cancelled, or its answer is counted as stale.
pub(super) fn not_cancelled(stage: &Stage) -> Vec<String> {
    let mut broken = Vec::new();
    let searches = stage.client.ledger().at(Endpoint::Search);
    let late = searches.cancelled + stage.portal.tally().stale_answers;
    let expected = TYPED.len() as u64 - 1;
    if late != expected {
        broken.push(format!(
            "{expected} searches were overtaken, but cancelled + stale answers = {late}"
        ));
    }
    if stage.service.traffic().at(Endpoint::Page).dropped != 1 {
        broken.push("the request of the page that was left was not cancelled".to_owned());
    }
    broken
}
