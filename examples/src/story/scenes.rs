//! What the user does in each scene, what the view must then show, and what else must have held.

mod editing;
mod importing;
mod leaving;
mod live;
mod news;
mod renaming;
mod visits;

pub(super) use self::importing::STUCK_AT;
pub(super) use self::leaving::UNDER_WAY;
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

    /// What the view must show in the end: what the data file says, and what has failed by chance.
    pub(super) fn truth(self, stage: &Stage, data: &Data) -> Result<View, DataError> {
        match self {
            Self::FirstVisit => visits::after_first(stage, data),
            Self::SecondVisit => visits::bootstrapped(stage, data, false),
            Self::RefusedForm => editing::after_refusal(stage, data),
            Self::TwoEditors => editing::after_conflict(stage, data),
            Self::OptimisticRename => renaming::truth(stage, data),
            Self::StoppedImport => Ok(importing::truth(stage)),
            Self::FailingService => news::truth(stage, data),
            Self::LogOut => Ok(View::default()),
            Self::LiveUpdates => Ok(live::truth(stage)),
        }
    }

    /// What must have held on the way, and has not.
    pub(super) fn broken_on_the_way(
        self,
        stage: &Stage,
        data: &Data,
    ) -> Result<Vec<String>, DataError> {
        Ok(match self {
            Self::FirstVisit => visits::broken_first(stage, data)?,
            Self::SecondVisit => visits::skipped_states(stage, false).into_iter().collect(),
            Self::RefusedForm => editing::refusal_not_shown(stage).into_iter().collect(),
            Self::TwoEditors => editing::lost(stage, data)?,
            Self::OptimisticRename => renaming::not_optimistic(stage).into_iter().collect(),
            Self::StoppedImport => importing::broken(stage, data)?,
            Self::FailingService => news::broken(stage),
            Self::LogOut => leaving::broken(stage),
            Self::LiveUpdates => live::broken(stage),
        })
    }
}
