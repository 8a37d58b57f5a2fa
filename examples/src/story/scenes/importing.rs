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
    stage
        .service_has(Endpoint::Import, |imports| {
            imports.completed + imports.dropped == imports.received
        })
        .await?;
    stage.settled().await
}

pub(super) fn truth(_: &Data) -> Result<View, DataError> {
    let progress = Progress { done: STUCK_AT - 1, total: TOTAL };
    Ok(View { import: ImportView::Stopped(progress), ..View::default() })
}

/// What the view says is what the service has.
pub(super) fn lost(stage: &Stage, data: &Data) -> Result<Vec<String>, DataError> {
    let kept = data.contacts()?;
    let end = stage.portal.view().import;
    let done = match &end {
        ImportView::Stopped(progress) | ImportView::Failed { progress, .. } => progress.done,
        _ => return Ok(vec![format!("the import has not come to rest: {end:?}")]),
    };
    let expected: Vec<_> = (1..=done).map(contact).collect();
    Ok((kept != expected)
        .then(|| format!("{done} are shown as imported, the service has {kept:?}"))
        .into_iter()
        .collect())
}

/// Each step is shown.
pub(super) fn steps_not_shown(stage: &Stage) -> Option<String> {
    let shown = stage.recorder.shown();
    let steps: Vec<u32> = shown
        .iter()
        .filter_map(|shown| match shown.view.import {
            ImportView::Running(progress) => Some(progress.done),
            _ => None,
        })
        .collect();
    (!steps.iter().copied().eq(0..STUCK_AT)).then(|| format!("the progress was {steps:?}"))
}
