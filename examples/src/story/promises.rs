//! What must hold when a scene is over, whichever scene and whichever model.

use super::conditions::Conditions;
use super::script::Script;
use super::stage::Stage;
use crate::service::{Data, DataError};

impl Script {
    /// What should hold, and does not.
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
            let truth = self.truth(stage, data)?;
            broken.extend(end.differences("the view", &truth, "the data file"));
            broken.extend(self.broken_on_the_way(stage));
        }
        let all = stage.client.ledger().totals();
        if all.started != all.finished + all.cancelled {
            broken.push(format!("requests still on their way after `settled`: {all:?}"));
        }
        broken.extend(self.broken_always(stage, data)?);
        Ok(broken)
    }
}
