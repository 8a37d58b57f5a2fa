//! Logging out while answers are on their way.

use super::super::stage::{Stage, Stuck};
use super::super::{PAGE, TYPED};
use super::editing::EDITED;
use crate::api::Endpoint;
use crate::view::{EditorView, ImportView, PageView, View};

const STEP: &str = "log out";
/// What is asked for, and not answered before the log-out.
pub(in crate::story) const UNDER_WAY: [(Endpoint, u64); 4] =
    [(Endpoint::Search, 1), (Endpoint::Page, 2), (Endpoint::News, 1), (Endpoint::Import, 1)];

pub(super) async fn steps(stage: &Stage) -> Result<(), Stuck> {
    stage.open_app().await?;
    stage.settled().await?;
    stage.recorder.step("ask for much");
    stage.portal.type_search(TYPED[0]);
    stage.portal.open_page(PAGE);
    stage.portal.edit_page(EDITED);
    stage.portal.load_news();
    stage.portal.start_import(1);
    for (endpoint, count) in UNDER_WAY {
        stage.service_has(endpoint, |requests| requests.received == count).await?;
    }
    stage.recorder.step(STEP);
    stage.portal.log_out();
    stage.let_go(&UNDER_WAY.map(|(endpoint, _)| endpoint)).await
}

pub(super) fn broken(stage: &Stage) -> Vec<String> {
    let kept = UNDER_WAY.iter().filter_map(|(on, count)| stage.not_given_up(*on, *count));
    kept.chain(landed(stage)).collect()
}

/// After the log-out the screen is as before the app was opened, and stays so.
fn landed(stage: &Stage) -> Vec<String> {
    let shown = stage.recorder.shown();
    let after: Vec<&View> =
        shown.iter().filter(|shown| shown.step == STEP).map(|shown| &shown.view).collect();
    let Some(left) = after.iter().position(|view| **view == View::default()) else {
        return vec!["the log-out did not empty the screen".to_owned()];
    };
    let mut broken = Vec::new();
    // What was only true for the time being may go before.
    let (before, late) = (&after[..left], &after[left + 1..]);
    if before.iter().any(|view| view.has_answers()) {
        broken.push("something has landed while the user was logged out".to_owned());
    }
    if let Some(late) = late.first() {
        let changes = late.changes_since(&View::default()).join(", ");
        broken.push(format!("something has landed after the log-out: {changes}"));
    }
    broken
}

impl View {
    /// Shows an answer to what was asked in this scene.
    fn has_answers(&self) -> bool {
        !self.search.hits.is_empty()
            || self.search.problem.is_some()
            || matches!(self.page, PageView::Open(_) | PageView::Failed { .. })
            || matches!(self.editor, EditorView::Open(_) | EditorView::Failed { .. })
            || self.news.is_settled()
            || matches!(self.import, ImportView::Done { .. } | ImportView::Failed { .. })
    }
}
