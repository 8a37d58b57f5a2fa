//! What must hold when a scene is over, whichever scene, model, seed and weather.

use super::script::Script;
use super::stage::Stage;
use crate::service::{Data, DataError};

impl Script {
    /// What should hold, and does not.
    pub(super) fn broken_promises(
        self,
        stage: &Stage,
        data: &Data,
    ) -> Result<Vec<String>, DataError> {
        let mut broken = Vec::new();
        let end = stage.portal.view();
        let recorded = stage.recorder.latest();
        broken.extend(end.differences("the model's view", &recorded, "the last notified view"));
        let truth = self.truth(stage, data)?;
        broken.extend(end.differences("the view", &truth, "the data file"));
        broken.extend(self.broken_on_the_way(stage, data)?);
        broken.extend(notified_wrongly(stage));
        let all = stage.client.ledger().totals();
        if all.started != all.finished + all.cancelled {
            broken.push(format!("requests still on their way after `settled`: {all:?}"));
        }
        if end.is_busy() {
            broken.push(format!(
                "nothing is under way, and the view says that something is: {end:?}"
            ));
        }
        Ok(broken)
    }
}

/// The view is told at most once of a commit, in order, and only when it changes.
fn notified_wrongly(stage: &Stage) -> Option<String> {
    let shown = stage.recorder.shown();
    shown.windows(2).find_map(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        if before.commit >= after.commit {
            Some(format!("told of commit {} after commit {}", after.commit, before.commit))
        } else if before.view == after.view {
            Some(format!("told of commit {}, which has changed nothing", after.commit))
        } else {
            None
        }
    })
}
