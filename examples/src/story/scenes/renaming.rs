//! New titles, shown at once: one is confirmed, one taken back.

use super::super::stage::{Stage, Stuck};
use super::visits;
use crate::service::{Data, DataError};
use crate::view::View;

/// The space whose new title is too long, and the one whose new title is fine.
const REFUSED: u32 = 2;
pub(in crate::story) const CONFIRMED: u32 = 3;
const TOO_LONG: &str = "A garden for everybody who would like to have one of their own some day";
const FINE: &str = "Library of Quiet";

pub(super) fn prepare(data: &Data) -> Result<(), DataError> {
    for (id, title) in [(REFUSED, "Blue Garden"), (CONFIRMED, "Quiet Library")] {
        data.rename_space(id, title)?;
    }
    Ok(())
}

pub(super) async fn steps(stage: &Stage) -> Result<(), Stuck> {
    stage.open_app().await?;
    stage.settled().await?;
    stage.recorder.step("rename two spaces");
    stage.portal.rename_space(CONFIRMED, FINE);
    stage.portal.rename_space(REFUSED, TOO_LONG);
    stage.settled().await
}

pub(super) fn truth(stage: &Stage, data: &Data) -> Result<View, DataError> {
    // Why is the service's affair; that it was said is checked on the way.
    Ok(View { notice: stage.portal.view().notice, ..visits::bootstrapped(data)? })
}

pub(super) fn not_optimistic(stage: &Stage) -> Option<String> {
    let shown = stage.recorder.shown();
    let mut views = shown.iter().map(|shown| &shown.view);
    let titles = |view: &View, confirmed: &str, refused: &str| {
        view.title_of_space(CONFIRMED) == Some(confirmed)
            && view.title_of_space(REFUSED) == Some(refused)
    };
    if !views.any(|view| titles(view, FINE, TOO_LONG)) {
        return Some("the new titles were not shown at once".to_owned());
    }
    match views.find(|view| !titles(view, FINE, TOO_LONG)) {
        Some(view) if titles(view, FINE, "Blue Garden") && view.notice.is_some() => None,
        next => {
            let titles = next.map(|view| [CONFIRMED, REFUSED].map(|id| view.title_of_space(id)));
            Some(format!("what was refused was not taken back, and it alone: {titles:?}"))
        }
    }
}
