//! A list that changes a thousand times a second.

use super::super::stage::{Stage, Stuck};
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
    View { live: LiveView::after(activities(stage.live)), ..View::default() }
}

/// A view may skip what came in between, but it is never told twice of one thing.
pub(super) fn told_too_often(stage: &Stage) -> Vec<String> {
    let (told, most) = (stage.recorder.shown().len(), stage.live as usize + 2);
    (told > most)
        .then(|| format!("{told} notifications of {} updates", stage.live))
        .into_iter()
        .collect()
}
