//! A long import, stopped half way.

use super::super::stage::{Stage, Stuck};
use crate::api::Endpoint;
use crate::portal::contact;
use crate::service::{Data, DataError};
use crate::view::{ImportView, Progress, View};

/// How much there is to import, and at which contact the service takes its time.
const TOTAL: u32 = 12;
pub(in crate::story) const STUCK_AT: u32 = 6;

pub(super) async fn steps(stage: &Stage) -> Result<(), Stuck> {
    stage.recorder.step("import contacts");
    stage.portal.start_import(TOTAL);
    let under_way =
        stage.service_has(Endpoint::Import, |imports| imports.received == u64::from(STUCK_AT));
    tokio::select! {
        arrived = under_way => arrived?,
        // One of them has failed before.
        settled = stage.settled() => settled?,
    }
    stage.recorder.step("stop it");
    stage.portal.stop_import();
    stage.let_go(&[Endpoint::Import]).await
}

/// The contact that cannot be imported, and why, if the import comes so far.
fn failed(stage: &Stage) -> Option<(u32, String)> {
    (1..STUCK_AT)
        .find_map(|id| Some((id, stage.forecast.failure(Endpoint::Import, &id.to_string(), 0)?)))
}

/// How many are imported before the import ends.
fn done(stage: &Stage) -> u32 {
    failed(stage).map_or(STUCK_AT, |(id, _)| id) - 1
}

pub(super) fn truth(stage: &Stage) -> View {
    let progress = Progress { done: done(stage), total: TOTAL };
    let import = match failed(stage) {
        Some((_, problem)) => ImportView::Failed { progress, problem },
        None => ImportView::Stopped(progress),
    };
    View { import, ..View::default() }
}

pub(super) fn broken(stage: &Stage, data: &Data) -> Result<Vec<String>, DataError> {
    let stopped = u64::from(failed(stage).is_none());
    let mut broken: Vec<String> =
        stage.not_given_up(Endpoint::Import, stopped).into_iter().collect();
    let (done, kept) = (done(stage), data.contacts()?);
    if !kept.iter().cloned().eq((1..=done).map(contact)) {
        broken.push(format!("{done} had to be imported, the service has {kept:?}"));
    }
    broken.extend(steps_not_shown(stage));
    Ok(broken)
}

/// Each step is shown.
fn steps_not_shown(stage: &Stage) -> Option<String> {
    let shown = stage.recorder.shown();
    let steps: Vec<u32> = shown
        .iter()
        .filter_map(|shown| match shown.view.import {
            ImportView::Running(progress) => Some(progress.done),
            _ => None,
        })
        .collect();
    (!steps.iter().copied().eq(0..=done(stage))).then(|| format!("the progress was {steps:?}"))
}
