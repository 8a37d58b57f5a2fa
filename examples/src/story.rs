//! The story: what one user does, written once, played by every model.
//!
//! Two scenes. **First visit**: the device has no session, so one is created (branch 1a); the user
//! searches, typing faster than the service answers, opens a page and leaves it before it is there.
//! **Second visit**: the app is started again on the same device and finds its session (branch 1b).
//!
//! A step is taken when what it needs has been seen, in the view or by the service; no step waits for
//! a time. The service holds the earlier searches back until the last one is over, so their answers,
//! when the model lets them come, always come too late.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::api::Endpoint;
use crate::client::{ApiError, Client, Entry, Totals};
use crate::portal::{Model, Portal, SPACES_SHOWN, Setup, Tally};
use crate::recorder::{Recorder, Shown};
use crate::service::{
    Data, DataError, Injection, Requests, SearchScene, Service, ServiceError, Weather,
};
use crate::view::{Load, SessionView, View};

/// The token that the user's device keeps.
pub const TOKEN: &str = "this-device";
/// What is typed, key by key.
pub const TYPED: [&str; 4] = ["a", "an", "ann", "anna"];
/// The page that is opened and left.
pub const PAGE: u32 = 7;

/// So long a page takes: a model that does not cancel its request is found out, not waited for.
const PAGE_LATENCY: Duration = Duration::from_millis(250);
/// Nothing in the story takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the service does to the requests of the story.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// Decides over each latency and failure in the ranges below.
    pub seed: u64,
    /// How long an answer takes.
    pub latency: RangeInclusive<Duration>,
    /// The share of requests that fail, from 0.0 to 1.0.
    pub fail_rate: f64,
    /// How long a step may take before it counts as stuck.
    pub patience: Duration,
}

impl Default for Conditions {
    fn default() -> Self {
        let latency = Duration::from_millis(5)..=Duration::from_millis(25);
        Self { seed: 1, latency, fail_rate: 0.0, patience: PATIENCE }
    }
}

impl Conditions {
    /// The injection of the story under these conditions.
    #[must_use]
    pub fn injection(&self) -> Injection {
        let everywhere = Weather { latency: self.latency.clone(), fail_rate: self.fail_rate };
        let page = Weather { latency: PAGE_LATENCY..=PAGE_LATENCY, ..everywhere.clone() };
        let (last, earlier) = (TYPED[TYPED.len() - 1], &TYPED[..TYPED.len() - 1]);
        // The shorter the query, the later its answer.
        let late = earlier.iter().rev().enumerate().map(|(place, query)| SearchScene {
            query: (*query).to_owned(),
            after: Some(last.to_owned()),
            latency: *self.latency.end() * (place as u32 + 1) / 2,
        });
        let latency = *self.latency.end();
        let in_time = SearchScene { query: last.to_owned(), after: None, latency };
        Injection::seeded(self.seed, everywhere)
            .at(Endpoint::Page, page)
            .at(Endpoint::EndSession, Weather::CALM)
            .search_script(late.chain([in_time]).collect())
    }
}

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
        let setup = Setup { client: client.clone(), recorder: recorder.clone() };
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

    /// What must hold when the scene is over.
    fn broken_promises(
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

/// What a scene is played on.
struct Stage {
    portal: Box<dyn Portal>,
    service: Service,
    client: Client,
    recorder: Recorder,
    patience: Duration,
}

/// A step that did not happen, in words.
type Stuck = String;

impl Stage {
    async fn first_visit(&self) -> Result<(), Stuck> {
        self.open_app().await?;

        for (count, text) in (1..).zip(TYPED) {
            self.recorder.step("type fast");
            self.portal.type_search(text);
            // Fast fingers, but each request has really arrived before the next key.
            self.service_has(Endpoint::Search, |searches| searches.received == count).await?;
        }
        self.view_is("the answer of the last search", |view| {
            view.search.text == TYPED[TYPED.len() - 1] && !view.search.loading
        })
        .await?;
        let all = TYPED.len() as u64;
        self.service_has(Endpoint::Search, |searches| searches.completed + searches.dropped == all)
            .await?;
        // The answers have left the service, and may not have reached the model yet.
        self.settled().await?;

        self.recorder.step("open a page");
        self.portal.open_page(PAGE);
        self.service_has(Endpoint::Page, |pages| pages.received == 1).await?;
        self.recorder.step("leave it");
        self.portal.leave_page();
        self.service_has(Endpoint::Page, |pages| pages.completed + pages.dropped == 1).await?;
        self.settled().await
    }

    async fn second_visit(&self) -> Result<(), Stuck> {
        self.open_app().await?;
        self.settled().await
    }

    async fn open_app(&self) -> Result<(), Stuck> {
        self.recorder.step("open the app");
        self.portal.open_app(TOKEN);
        self.view_is("session, user and spaces", View::bootstrapped).await
    }

    async fn view_is(&self, what: &str, wanted: impl FnMut(&View) -> bool) -> Result<(), Stuck> {
        let waited = timeout(self.patience, self.recorder.until(wanted)).await;
        waited.map_err(|_| self.stuck(&format!("the view to show {what}")))
    }

    async fn service_has(
        &self,
        endpoint: Endpoint,
        wanted: impl Fn(Requests) -> bool,
    ) -> Result<(), Stuck> {
        let seen = self.service.seen(|traffic| wanted(traffic.at(endpoint)));
        let waited = timeout(self.patience, seen).await;
        let seen = self.service.traffic().at(endpoint);
        waited.map(drop).map_err(|_| {
            self.stuck(&format!("requests of the endpoint `{endpoint}`; the service has {seen:?}"))
        })
    }

    async fn settled(&self) -> Result<(), Stuck> {
        let waited = timeout(self.patience, self.portal.settled()).await;
        waited.map_err(|_| self.stuck("the model to settle"))
    }

    fn stuck(&self, what: &str) -> Stuck {
        let (step, view) = (self.recorder.current_step(), self.recorder.latest());
        format!("stuck at \"{step}\": waited {:?} for {what}; the view is {view:?}", self.patience)
    }

    fn scene(&self, name: &'static str, before: Requests, complaints: Vec<String>) -> Scene {
        let started = self.recorder.started();
        let since = |entry: &Entry| Request {
            started: entry.started.saturating_duration_since(started),
            ended: entry.ended.map(|(at, _)| at.saturating_duration_since(started)),
            entry: entry.clone(),
        };
        let service = self.service.traffic().total();
        Scene {
            name,
            shown: self.recorder.shown(),
            end: self.portal.view(),
            tally: self.portal.tally(),
            requests: self.client.ledger().entries().iter().map(since).collect(),
            totals: self.client.ledger().totals(),
            service: Requests {
                received: service.received - before.received,
                completed: service.completed - before.completed,
                dropped: service.dropped - before.dropped,
            },
            complaints,
        }
    }
}
