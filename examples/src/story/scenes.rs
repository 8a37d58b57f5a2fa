//! What the user does in each scene, what the view must then show, and what else must have held.

mod editing;
mod importing;
mod leaving;
mod live;
mod news;
mod renaming;
mod visits;

pub(super) use self::importing::STUCK_AT;
pub(super) use self::news::OUTAGE;
pub(super) use self::renaming::CONFIRMED;
use super::script::Script;
use super::stage::{Stage, Stuck};
use crate::service::{Data, DataError};
use crate::view::View;

impl Script {
    /// Puts the data into the state in which the scene begins.
    pub(super) fn prepare(self, data: &Data) -> Result<(), DataError> {
        visits::prepare(data, self == Self::FirstVisit)?;
        editing::prepare(data)?;
        renaming::prepare(data)
    }

    /// The user's steps.
    pub(super) async fn steps(self, stage: &Stage, data: &Data) -> Result<(), Stuck> {
        match self {
            Self::FirstVisit => visits::first(stage).await,
            Self::SecondVisit => visits::second(stage).await,
            Self::RefusedForm => editing::refused_form(stage).await,
            Self::TwoEditors => editing::two_editors(stage, data).await,
            Self::OptimisticRename => renaming::steps(stage).await,
            Self::StoppedImport => importing::steps(stage).await,
            Self::FailingService => news::steps(stage).await,
            Self::LogOut => leaving::steps(stage).await,
            Self::LiveUpdates => live::steps(stage).await,
        }
    }

    /// What the view must show in the end if no request has failed by chance, read from the data file.
    pub(super) fn truth(self, stage: &Stage, data: &Data) -> Result<View, DataError> {
        match self {
            Self::FirstVisit => visits::after_first(data),
            Self::SecondVisit => visits::bootstrapped(data),
            Self::RefusedForm | Self::TwoEditors => editing::truth(data),
            Self::OptimisticRename => renaming::truth(stage, data),
            Self::StoppedImport => importing::truth(data),
            Self::FailingService => news::truth(data),
            Self::LogOut => Ok(View::default()),
            Self::LiveUpdates => Ok(live::truth(stage)),
        }
    }

    /// What must have held on the way if no request has failed by chance.
    pub(super) fn broken_on_the_way(self, stage: &Stage) -> Vec<String> {
        let broken = match self {
            Self::FirstVisit => {
                visits::skipped_states(stage, &["finding", "creating", "entering", "entered"])
            }
            Self::SecondVisit => visits::skipped_states(stage, &["finding", "entering", "entered"]),
            Self::RefusedForm => editing::refusal_not_shown(stage),
            Self::TwoEditors => editing::conflict_not_shown(stage),
            Self::OptimisticRename => renaming::not_optimistic(stage),
            Self::StoppedImport => importing::steps_not_shown(stage),
            Self::FailingService => news::attempts_not_shown(stage),
            Self::LogOut | Self::LiveUpdates => None,
        };
        broken.into_iter().collect()
    }

    /// What must have held on the way whatever has failed.
    pub(super) fn broken_always(
        self,
        stage: &Stage,
        data: &Data,
    ) -> Result<Vec<String>, DataError> {
        Ok(match self {
            Self::FirstVisit => visits::not_cancelled(stage),
            Self::StoppedImport => importing::lost(stage, data)?,
            Self::LogOut => leaving::landed(stage),
            Self::LiveUpdates => live::told_too_often(stage),
            _ => Vec::new(),
        })
    }
}
