//! New titles, shown at once: one is confirmed, one taken back.

use super::super::forecast::refusal;
use super::super::stage::{Stage, Stuck};
use super::visits;
use crate::api::Endpoint;
use crate::portal::SPACES_SHOWN;
use crate::service::{Data, DataError};
use crate::view::View;

/// The space whose new title is too long, and the one whose new title is fine.
const REFUSED: u32 = 2;
pub(in crate::story) const CONFIRMED: u32 = 3;
const TOO_LONG: &str = "A garden for everybody who would like to have one of their own some day";
const FINE: &str = "Library of Quiet";
/// What they are called before.
const OLD: [&str; 2] = ["Blue Garden", "Quiet Library"];

pub(super) fn prepare(data: &Data) -> Result<(), DataError> {
    for (id, title) in [REFUSED, CONFIRMED].into_iter().zip(OLD) {
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
    if not_listed(stage).is_none() {
        stage.view_is("why one of them is refused", |view| view.notice.is_some()).await?;
    }
    stage.service.let_go();
    stage.settled().await
}

fn not_listed(stage: &Stage) -> Option<String> {
    stage.forecast.failure(Endpoint::Spaces, &format!("0+{SPACES_SHOWN}"), 0)
}

/// Why the one that would be confirmed is not.
fn not_confirmed(stage: &Stage) -> Option<String> {
    stage.forecast.failure(Endpoint::RenameSpace, &CONFIRMED.to_string(), 0)
}

/// The titles are those that the service has, whatever was shown on the way.
pub(super) fn truth(stage: &Stage, data: &Data) -> Result<View, DataError> {
    let mut view = visits::bootstrapped(stage, data, false)?;
    if not_listed(stage).is_none() {
        let refused = || refusal(Endpoint::RenameSpace, "some fields are not valid", 422);
        let by_chance = stage.forecast.failure(Endpoint::RenameSpace, &REFUSED.to_string(), 0);
        view.notice = not_confirmed(stage).or(by_chance).or_else(|| Some(refused()));
    }
    Ok(view)
}

pub(super) fn not_optimistic(stage: &Stage) -> Option<String> {
    if not_listed(stage).is_some() {
        return None;
    }
    let shown = stage.recorder.shown();
    let mut views = shown.iter().map(|shown| &shown.view);
    let titles = |view: &View, confirmed: &str, refused: &str| {
        view.title_of_space(CONFIRMED) == Some(confirmed)
            && view.title_of_space(REFUSED) == Some(refused)
    };
    if !views.any(|view| titles(view, FINE, TOO_LONG)) {
        return Some("the new titles were not shown at once".to_owned());
    }
    let next = views.find(|view| !titles(view, FINE, TOO_LONG));
    if !next.is_some_and(|view| titles(view, FINE, OLD[0]) && view.notice.is_some()) {
        let titles = next.map(|view| [CONFIRMED, REFUSED].map(|id| view.title_of_space(id)));
        return Some(format!("what was refused was not taken back, and it alone: {titles:?}"));
    }
    let kept = if not_confirmed(stage).is_some() { OLD[1] } else { FINE };
    let end = stage.portal.view();
    let title = end.title_of_space(CONFIRMED);
    (title != Some(kept)).then(|| format!("in the end the other title is {title:?}, not {kept:?}"))
}
