//! What a scene is played on, and its steps.

use std::time::Duration;

use tokio::time::timeout;

use super::forecast::Forecast;
use super::script::Script;
use super::works::Works;
use super::{Request, Scene, TOKEN};
use crate::api::Endpoint;
use crate::client::{Client, Entry};
use crate::portal::Portal;
use crate::recorder::Recorder;
use crate::service::{Requests, Service};
use crate::view::View;

/// What a scene is played on.
pub(super) struct Stage {
    pub(super) portal: Box<dyn Portal>,
    pub(super) service: Service,
    pub(super) client: Client,
    pub(super) recorder: Recorder,
    pub(super) works: Works,
    pub(super) patience: Duration,
    /// How many live updates there are.
    pub(super) live: u32,
    pub(super) forecast: Forecast,
}

/// So long is waited until a request is given up that nobody wants any more. Only who does not give up takes so long.
const GIVING_UP: Duration = Duration::from_secs(1);

/// A step that did not happen, in words.
pub(super) type Stuck = String;

impl Stage {
    pub(super) async fn open_app(&self) -> Result<(), Stuck> {
        self.recorder.step("open the app");
        self.portal.open_app(TOKEN);
        self.view_is("session, user and spaces", View::bootstrapped).await
    }

    pub(super) async fn view_is(
        &self,
        what: &str,
        wanted: impl FnMut(&View) -> bool,
    ) -> Result<(), Stuck> {
        let waited = timeout(self.patience, self.recorder.until(wanted)).await;
        waited.map_err(|_| self.stuck(&format!("the view to show {what}")))
    }

    pub(super) async fn service_has(
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

    /// Gives the answers that are held back, once all requests of these endpoints are given up; or after a while,
    /// and then they are answered, and late.
    pub(super) async fn let_go(&self, endpoints: &[Endpoint]) -> Result<(), Stuck> {
        let given_up = self.service.seen(|traffic| {
            endpoints.iter().all(|endpoint| {
                let Requests { received, completed, dropped } = traffic.at(*endpoint);
                received == completed + dropped
            })
        });
        // Whether they were is a promise of the scene.
        let _ = timeout(GIVING_UP, given_up).await;
        self.service.let_go();
        for endpoint in endpoints {
            self.service_has(*endpoint, |requests| {
                requests.completed + requests.dropped == requests.received
            })
            .await?;
        }
        // The answers have left the service, and may not have reached the model yet.
        self.settled().await
    }

    /// What is wrong if not exactly `wanted` requests of this endpoint were given up.
    pub(super) fn not_given_up(&self, endpoint: Endpoint, wanted: u64) -> Option<String> {
        let given_up = self.service.traffic().at(endpoint).dropped;
        (given_up != wanted).then(|| {
            format!("of the endpoint `{endpoint}`, {wanted} requests had to be cancelled, {given_up} were")
        })
    }

    pub(super) async fn settled(&self) -> Result<(), Stuck> {
        let waited = timeout(self.patience, self.portal.settled()).await;
        waited.map_err(|_| self.stuck("the model to settle"))
    }

    fn stuck(&self, what: &str) -> Stuck {
        let (step, view) = (self.recorder.current_step(), self.recorder.latest());
        format!("stuck at \"{step}\": waited {:?} for {what}; the view is {view:?}", self.patience)
    }

    pub(super) fn scene(&self, script: Script, before: Requests, complaints: Vec<String>) -> Scene {
        let started = self.recorder.started();
        let since = |entry: &Entry| Request {
            started: entry.started.saturating_duration_since(started),
            ended: entry.ended.map(|(at, _)| at.saturating_duration_since(started)),
            entry: entry.clone(),
        };
        let service = self.service.traffic().total();
        Scene {
            script,
            works: self.works.works(),
            commits: self.works.commits(),
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
