//! What must hold when a scene is over, whichever model has played it.

use std::sync::Arc;

use super::conditions::Conditions;
use super::stage::Stage;
use super::{Script, TOKEN, TYPED};
use crate::api::Endpoint;
use crate::portal::SPACES_SHOWN;
use crate::recorder::Shown;
use crate::service::{Data, DataError};
use crate::view::{Load, SessionView, View};

impl Script {
    /// What must hold when the scene is over.
    pub(super) fn broken_promises(
        self,
        stage: &Stage,
        data: &Data,
        conditions: &Conditions,
    ) -> Result<Vec<String>, DataError> {
        let mut broken = Vec::new();
        let end = stage.portal.view();
        let recorded = stage.recorder.latest();
        broken.extend(end.differences("the model's view", &recorded, "the last notified view"));
        if conditions.fail_rate == 0.0 {
            let truth = self.truth(data)?;
            broken.extend(end.differences("the view", &truth, "the data file"));
            broken.extend(self.skipped_states(&stage.recorder.shown()));
        }
        let all = stage.client.ledger().totals();
        if all.started != all.finished + all.cancelled {
            broken.push(format!("requests still on their way after `settled`: {all:?}"));
        }
        if matches!(self, Self::FirstVisit) {
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
        }
        Ok(broken)
    }

    /// What the portal must show in the end, read from the data file.
    fn truth(self, data: &Data) -> Result<View, DataError> {
        let mut view = View { shown: true, ..View::default() };
        view.spaces = Load::Ready(Arc::new(data.spaces(0, SPACES_SHOWN)?));
        if let Some(session) = data.session(TOKEN)? {
            if let Some(user) = data.user(session.user)? {
                view.user = Load::Ready(Arc::new(user));
            }
            view.session = SessionView::Entered(Arc::new(session));
        }
        if matches!(self, Self::FirstVisit) {
            let text = TYPED[TYPED.len() - 1];
            view.search.text = text.to_owned();
            view.search.hits = Arc::new(data.search(text, 20)?);
        }
        Ok(view)
    }

    /// The states of the session that were not shown, or not in order.
    fn skipped_states(self, shown: &[Shown]) -> Option<String> {
        let word = |session: &SessionView| match session {
            SessionView::None => "none",
            SessionView::Finding => "finding",
            SessionView::Creating => "creating",
            SessionView::Entering => "entering",
            SessionView::Entered(_) => "entered",
            SessionView::Failed(_) => "failed",
        };
        let mut states: Vec<&str> = shown.iter().map(|shown| word(&shown.view.session)).collect();
        states.dedup();
        states.retain(|state| *state != "none");
        let expected: &[&str] = match self {
            Self::FirstVisit => &["finding", "creating", "entering", "entered"],
            Self::SecondVisit => &["finding", "entering", "entered"],
        };
        (states != expected).then(|| format!("the session was {states:?}, not {expected:?}"))
    }
}
