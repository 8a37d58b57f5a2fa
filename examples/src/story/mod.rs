//! The story: what one user does, written once, played by every model.
//!
//! [`Script`] has the scenes, [`Script::plot`] says what happens in each. Every scene begins with a fresh app on
//! data in a known state, and can be played alone.
//!
//! A step is taken when what it needs has been seen, in the view or by the service; no step waits for
//! a time. The service holds the earlier searches back until the last one is over, so their answers,
//! when the model lets them come, always come too late. What has to be under way when the user changes their mind is
//! held back until they have.
//!
//! Failures by chance follow from the seed, so what a scene has to end with is known for every seed (`forecast.rs`), and
//! is asserted in bad weather as in good.

mod conditions;
mod forecast;
mod promises;
mod scenes;
mod script;
mod stage;
mod works;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

pub use self::conditions::Conditions;
pub use self::script::Script;
pub use self::works::Work;

use self::forecast::Forecast;
use self::stage::Stage;
use self::works::Works;
use crate::client::{Client, Entry, Totals};
use crate::portal::{Model, Portal, Setup, Tally};
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
    pub script: Script,
    /// Every notification of the view.
    pub shown: Vec<Shown>,
    /// What the model shows in the end.
    pub end: View,
    /// What it has counted.
    pub tally: Tally,
    /// Its runs, as the event feed of its store tells them; none where nothing runs in a store.
    pub works: Vec<Work>,
    /// Its commits, likewise.
    pub commits: Vec<Duration>,
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
    /// The service has stopped while a scene was played.
    #[error(
        "{cause}, in the scene `{}` with {model}: nothing can be said about the models; start the comparison again",
        .script.name()
    )]
    Stopped {
        /// The scene.
        script: Script,
        /// Who was playing.
        model: &'static str,
        /// What the service says.
        cause: ServiceError,
    },
}

/// Plays `scenes` with `model`, on `data`.
///
/// What the model does wrong is in [`Scene::complaints`].
///
/// # Errors
/// [`StoryError`] when the stage cannot be set, or does not last: no service, no data.
pub async fn play(
    model: Model,
    scenes: &[Script],
    data: &Arc<Data>,
    conditions: &Conditions,
) -> Result<Performance, StoryError> {
    play_with(model, &model.build, scenes, data, conditions).await
}

/// Plays `scenes` with an app that is said to be `model`'s, made by `build`.
///
/// # Errors
/// As [`play`].
pub async fn play_with(
    model: Model,
    build: &(dyn Fn(Setup) -> Box<dyn Portal> + Sync),
    scenes: &[Script],
    data: &Arc<Data>,
    conditions: &Conditions,
) -> Result<Performance, StoryError> {
    let mut played = Vec::new();
    for script in scenes {
        played.push(script.play(model, build, data, conditions).await?);
    }
    Ok(Performance { model, scenes: played })
}

impl Script {
    async fn play(
        self,
        model: Model,
        build: &(dyn Fn(Setup) -> Box<dyn Portal> + Sync),
        data: &Arc<Data>,
        conditions: &Conditions,
    ) -> Result<Scene, StoryError> {
        self.prepare(data)?;
        let service = Service::start(Arc::clone(data), conditions.injection(self)).await?;
        let before = service.traffic().total();
        let (client, recorder) = (Client::new(service.address()), Recorder::start());
        let store = trine_core::Store::new();
        let works = Works::of(&store, recorder.started());
        let setup = Setup { client: client.clone(), recorder: recorder.clone(), store };
        let Conditions { patience, live, .. } = *conditions;
        let portal = build(setup);
        let forecast = Forecast(conditions.injection(self));
        let stage = Stage { portal, service, client, recorder, works, patience, live, forecast };
        let stopped = |cause| StoryError::Stopped { script: self, model: model.name, cause };
        let played = tokio::select! {
            biased;
            cause = stage.service.stopped() => return Err(stopped(cause)),
            played = self.steps(&stage, data) => played,
        };
        // A model may come to rest without a service, or on an answer that the data file has made wrong.
        if let Some(cause) = stage.service.stopped().now_or_never() {
            return Err(stopped(cause));
        }
        if let Some(failure) = data.failure() {
            return Err(failure.into());
        }
        let mut complaints: Vec<String> = played.err().into_iter().collect();
        if complaints.is_empty() {
            complaints.extend(self.broken_promises(&stage, data)?);
        }
        Ok(stage.scene(self, before, complaints))
    }
}
