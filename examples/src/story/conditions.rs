//! Under which conditions the story is played: what the service does to its requests.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::TYPED;
use super::scenes::{CONFIRMED, OUTAGE, STUCK_AT, UNDER_WAY};
use super::script::Script;
use crate::api::Endpoint;
use crate::service::{Injection, SearchScene, Weather};

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
    /// How many live updates there are, a thousand a second.
    pub live: u32,
    /// After how many requests the service stops, in each scene; `None` if it does not.
    pub stop_after: Option<u64>,
}

impl Default for Conditions {
    fn default() -> Self {
        let latency = Duration::from_millis(5)..=Duration::from_millis(25);
        Self { seed: 1, latency, fail_rate: 0.0, patience: PATIENCE, live: 1_000, stop_after: None }
    }
}

impl Conditions {
    /// What the service does to the requests of a scene.
    #[must_use]
    pub fn injection(&self, script: Script) -> Injection {
        let everywhere = Weather { latency: self.latency.clone(), fail_rate: self.fail_rate };
        let calm = Injection::seeded(self.seed, everywhere).stop_after(self.stop_after);
        match script {
            Script::FirstVisit => self.overtaken_searches(calm).hold(Endpoint::Page),
            Script::OptimisticRename => {
                calm.hold_key(Endpoint::RenameSpace, &CONFIRMED.to_string())
            }
            Script::StoppedImport => calm.hold_key(Endpoint::Import, &STUCK_AT.to_string()),
            Script::FailingService => calm.outage(Endpoint::News, OUTAGE),
            Script::LogOut => UNDER_WAY.into_iter().fold(calm, |calm, (on, _)| calm.hold(on)),
            Script::SecondVisit
            | Script::RefusedForm
            | Script::TwoEditors
            | Script::LiveUpdates => calm,
        }
    }

    /// The last search is answered first.
    fn overtaken_searches(&self, calm: Injection) -> Injection {
        let (last, earlier) = (TYPED[TYPED.len() - 1], &TYPED[..TYPED.len() - 1]);
        // The shorter the query, the later its answer.
        let late = earlier.iter().rev().enumerate().map(|(place, query)| SearchScene {
            query: (*query).to_owned(),
            after: Some(last.to_owned()),
            latency: *self.latency.end() * (place as u32 + 1) / 2,
        });
        let latency = *self.latency.end();
        let in_time = SearchScene { query: last.to_owned(), after: None, latency };
        calm.search_script(late.chain([in_time]).collect())
    }
}
