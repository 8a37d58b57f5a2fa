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
    stage.let_go(&[Endpoint::Page]).await
}

pub(super) async fn second(stage: &Stage) -> Result<(), Stuck> {
    stage.open_app().await?;
    stage.settled().await
}

/// Which request of the session's bootstrap fails, and why.
fn failed_session(stage: &Stage, first: bool) -> Option<(Endpoint, String)> {
    let create = first.then_some(Endpoint::CreateSession);
    [Some(Endpoint::FindSession), create, Some(Endpoint::EnterSession)]
        .into_iter()
        .flatten()
        .find_map(|endpoint| Some((endpoint, stage.forecast.failure(endpoint, TOKEN, 0)?)))
}

/// What is shown when the app was opened.
pub(super) fn bootstrapped(stage: &Stage, data: &Data, first: bool) -> Result<View, DataError> {
    let mut view = View { shown: true, ..View::default() };
    let part = format!("0+{SPACES_SHOWN}");
    view.spaces = match stage.forecast.failure(Endpoint::Spaces, &part, 0) {
        Some(problem) => Load::Failed(problem),
        None => Load::Ready(Arc::new(data.spaces(0, SPACES_SHOWN)?)),
    };
    if let Some((_, problem)) = failed_session(stage, first) {
        view.session = SessionView::Failed(problem);
    } else if let Some(session) = data.session(TOKEN)? {
        let user = session.user.to_string();
        view.user =
            match (stage.forecast.failure(Endpoint::User, &user, 0), data.user(session.user)?) {
                (Some(problem), _) => Load::Failed(problem),
                (None, Some(user)) => Load::Ready(Arc::new(user)),
                (None, None) => Load::Empty,
            };
        view.session = SessionView::Entered(Arc::new(session));
    }
    Ok(view)
}

pub(super) fn after_first(stage: &Stage, data: &Data) -> Result<View, DataError> {
    let mut view = bootstrapped(stage, data, true)?;
    let text = TYPED[TYPED.len() - 1];
    view.search.text = text.to_owned();
    view.search.problem = stage.forecast.failure(Endpoint::Search, text, 0);
    if view.search.problem.is_none() {
        view.search.hits = Arc::new(data.search(text, 20)?);
    }
    Ok(view)
}

pub(super) fn broken_first(stage: &Stage, data: &Data) -> Result<Vec<String>, DataError> {
    let mut broken: Vec<String> = skipped_states(stage, true).into_iter().collect();
    broken.extend(stale_hits(stage, data)?);
    broken.extend(not_overtaken(stage));
    broken.extend(stage.not_given_up(Endpoint::Page, 1));
    Ok(broken)
}

/// Whether each state of the session was shown, in order.
pub(super) fn skipped_states(stage: &Stage, first: bool) -> Option<String> {
    let mut expected = vec!["finding"];
    let failed = failed_session(stage, first).map(|(endpoint, _)| endpoint);
    if failed != Some(Endpoint::FindSession) {
        expected.extend(first.then_some("creating"));
        if failed != Some(Endpoint::CreateSession) {
            expected.push("entering");
        }
    }
    expected.push(if failed.is_some() { "failed" } else { "entered" });
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

/// All searches but the last were overtaken, so no other hits than its are ever on the screen.
fn stale_hits(stage: &Stage, data: &Data) -> Result<Option<String>, DataError> {
    let own = data.search(TYPED[TYPED.len() - 1], 20)?;
    let shown = stage.recorder.shown();
    let stale = shown.iter().find(|shown| {
        let hits = &shown.view.search.hits;
        !hits.is_empty() && **hits != own
    });
    Ok(stale.map(|shown| {
        let search = &shown.view.search;
        let (text, hits) = (&search.text, search.hits.len());
        format!("with \"{text}\" in the box, {hits} hits of an overtaken search were shown")
    }))
}

/// Every search that was overtaken is cancelled, or its answer is counted as stale.
fn not_overtaken(stage: &Stage) -> Option<String> {
    let searches = stage.client.ledger().at(Endpoint::Search);
    let late = searches.cancelled + stage.portal.tally().stale_answers;
    let expected = TYPED.len() as u64 - 1;
    (late != expected).then(|| {
        format!("{expected} searches were overtaken, but cancelled + stale answers = {late}")
    })
}
