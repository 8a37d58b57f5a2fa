//! Under which conditions the story is played: what the service does to its requests.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::TYPED;
use crate::api::Endpoint;
use crate::service::{Injection, SearchScene, Weather};

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
