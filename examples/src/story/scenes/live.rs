//! A list that changes a thousand times a second.

use super::super::stage::{Stage, Stuck};
use crate::api::Endpoint;
use crate::service::activities;
use crate::view::{LiveView, View};

pub(super) async fn steps(stage: &Stage) -> Result<(), Stuck> {
    stage.recorder.step("follow the others");
    stage.portal.follow_live(stage.live);
    stage
        .view_is("the end of the stream", |view| {
            !view.live.following && view.live != LiveView::default()
        })
        .await?;
    stage.settled().await
}

pub(super) fn truth(stage: &Stage) -> View {
    let live = match stage.forecast.failure(Endpoint::Live, "", 0) {
        Some(problem) => LiveView { problem: Some(problem), ..LiveView::default() },
        None => LiveView::after(activities(stage.live)),
    };
    View { live, ..View::default() }
}

/// A view may skip what came in between; but what it shows is always what a first part of the updates leads to, one by
/// one and in order, and never an earlier part than before.
pub(super) fn broken(stage: &Stage) -> Vec<String> {
    let shown = stage.recorder.shown();
    let (mut updates, mut expected) = (activities(stage.live), LiveView::default());
    for live in shown.iter().map(|shown| &shown.view.live) {
        let before = expected.received;
        while expected.received < live.received {
            let Some(update) = updates.next() else {
                return vec![format!(
                    "{} updates are shown, there were {}",
                    live.received, stage.live
                )];
            };
            expected.take(update);
        }
        if live.received < before {
            return vec![format!("{} updates were shown after {before}", live.received)];
        }
        if live.rows != expected.rows {
            return vec![format!("after {} updates, the list is not theirs", live.received)];
        }
    }
    Vec::new()
}
