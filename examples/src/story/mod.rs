//! The story: what one user does, written once, played by every model.
//!
//! Two scenes. **First visit**: the device has no session, so one is created (branch 1a); the user
//! searches, typing faster than the service answers, opens a page and leaves it before it is there.
//! **Second visit**: the app is started again on the same device and finds its session (branch 1b).
//!
//! A step is taken when what it needs has been seen, in the view or by the service; no step waits for
//! a time. The service holds the earlier searches back until the last one is over, so their answers,
//! when the model lets them come, always come too late.

mod conditions;
mod promises;
mod stage;

use std::sync::Arc;
use std::time::Duration;

pub use self::conditions::Conditions;

use self::stage::Stage;
use crate::client::{ApiError, Client, Entry, Totals};
use crate::portal::{Model, Setup, Tally};
use crate::recorder::{Recorder, Shown};
use crate::service::{Data, DataError, Requests, Service, ServiceError};
use crate::view::View;

/// The token that the user's device keeps.
pub const TOKEN: &str = "this-device";
/// What is typed, key by key.
pub const TYPED: [&str; 4] = ["a", "an", "ann", "anna"];
/// The page that is opened and left.
pub const PAGE: u32 = 7;

/// How one model has played the story.
#[derive(Clone, Debug)]
pub struct Performance {
    /// Who has played.
    pub model: Model,
    /// One after the other.
    pub scenes: Vec<Scene>,
}

/// How one model has played one scene.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Which scene.
    pub name: &'static str,
    /// Every notification of the view.
    pub shown: Vec<Shown>,
    /// What the model shows in the end.
    pub end: View,
    /// What it has counted.
    pub tally: Tally,
    /// Its requests: when they were sent, measured from the start of the scene, and how they ended.
    pub requests: Vec<Request>,
    /// The same, counted.
    pub totals: Totals,
    /// What the service has seen of them.
    pub service: Requests,
    /// What did not go as the story tells; empty when all is well.
    pub complaints: Vec<String>,
}

/// One request of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it was sent, from the start of the scene.
    pub started: Duration,
    /// When its answer was there or it was dropped, from the start of the scene.
    pub ended: Option<Duration>,
    /// The ledger's entry.
    pub entry: Entry,
}

/// Why the story cannot be played at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoryError {
    /// The service.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Its data file.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The stage could not be set: the device's session was not ended.
    #[error("the device's old session could not be ended")]
    Stage(#[from] ApiError),
}

/// Plays both scenes with `model`, on `data`.
///
/// What the model does wrong is in [`Scene::complaints`].
///
/// # Errors
/// [`StoryError`] when the stage cannot be set: no service, no data.
pub async fn play(
    model: Model,
    data: &Arc<Data>,
    conditions: &Conditions,
) -> Result<Performance, StoryError> {
    let mut scenes = Vec::new();
    for script in [Script::FirstVisit, Script::SecondVisit] {
        scenes.push(script.play(model, data, conditions).await?);
    }
    Ok(Performance { model, scenes })
}

#[derive(Clone, Copy)]
enum Script {
    FirstVisit,
    SecondVisit,
}

impl Script {
    const fn name(self) -> &'static str {
        match self {
            Self::FirstVisit => "first visit",
            Self::SecondVisit => "second visit",
        }
    }

    async fn play(
        self,
        model: Model,
        data: &Arc<Data>,
        conditions: &Conditions,
    ) -> Result<Scene, StoryError> {
        let service = Service::start(Arc::clone(data), conditions.injection()).await?;
        if matches!(self, Self::FirstVisit) {
            Client::new(service.address()).end_session(TOKEN).await?;
        }
        let before = service.traffic().total();
        let (client, recorder) = (Client::new(service.address()), Recorder::start());
        let setup = Setup {
            client: client.clone(),
            recorder: recorder.clone(),
            store: trine_core::Store::new(),
        };
        let (portal, patience) = ((model.build)(setup), conditions.patience);
        let stage = Stage { portal, service, client, recorder, patience };
        let played = match self {
            Self::FirstVisit => stage.first_visit().await,
            Self::SecondVisit => stage.second_visit().await,
        };
        let mut complaints: Vec<String> = played.err().into_iter().collect();
        if complaints.is_empty() {
            complaints.extend(self.broken_promises(&stage, data, conditions)?);
        }
        Ok(stage.scene(self.name(), before, complaints))
    }
}
