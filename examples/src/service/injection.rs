//! Latency and failures on order, the same for every run with the same seed.
//!
//! What happens to a request follows from the seed, the endpoint, the request's key (a token, an
//! identity, a query) and how often this key was asked for before. It does not depend on which of
//! several racing requests came first, so every model of the app meets the same weather.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::api::Endpoint;
use crate::random::{Random, mix};

/// How an endpoint behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// The time that an answer takes at least and at most.
    pub latency: RangeInclusive<Duration>,
    /// The share of requests that are answered with `503 Service Unavailable`, from 0.0 to 1.0.
    pub fail_rate: f64,
}

impl Weather {
    /// Answers at once, and never fails.
    pub const CALM: Self = Self { latency: Duration::ZERO..=Duration::ZERO, fail_rate: 0.0 };
}

/// What to inject: a rule for all endpoints, exceptions for some and for single keys, outages, answers that are held back,
/// a script for searches, and the service's own end.
#[derive(Clone, Debug)]
pub struct Injection {
    seed: u64,
    everywhere: Weather,
    at: HashMap<Endpoint, Weather>,
    of: HashMap<(Endpoint, String), Weather>,
    outages: HashMap<Endpoint, u32>,
    held: HashSet<(Endpoint, Option<String>)>,
    search_script: Vec<SearchScene>,
    stop_after: Option<u64>,
}

/// One line of the script for searches: this query is answered after that one, and takes this long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchScene {
    /// The query that the line is about.
    pub query: String,
    /// Not before this query was answered (or given up by its client).
    pub after: Option<String>,
    /// The time from then on.
    pub latency: Duration,
}

/// What happens to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The request waits until this search was answered or given up.
    pub after_search: Option<String>,
    /// Then for this long.
    pub latency: Duration,
    /// Then until the service [lets go](super::Service::let_go).
    pub held: bool,
    /// And fails then.
    pub fails: bool,
}

impl Injection {
    /// Nothing is injected.
    #[must_use]
    pub fn none() -> Self {
        Self::seeded(0, Weather::CALM)
    }

    /// `everywhere` for all endpoints.
    #[must_use]
    pub fn seeded(seed: u64, everywhere: Weather) -> Self {
        Self {
            seed,
            everywhere,
            at: HashMap::new(),
            of: HashMap::new(),
            outages: HashMap::new(),
            held: HashSet::new(),
            search_script: Vec::new(),
            stop_after: None,
        }
    }

    /// `weather` for this endpoint.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint, weather: Weather) -> Self {
        self.at.insert(endpoint, weather);
        self
    }

    /// `weather` for the requests of this endpoint for this key.
    #[must_use]
    pub fn of(mut self, endpoint: Endpoint, key: &str, weather: Weather) -> Self {
        self.of.insert((endpoint, key.to_owned()), weather);
        self
    }

    /// This endpoint fails `times` times for each key, whatever its weather, and then recovers.
    #[must_use]
    pub fn outage(mut self, endpoint: Endpoint, times: u32) -> Self {
        self.outages.insert(endpoint, times);
        self
    }

    /// Requests of this endpoint are answered only when the service [lets go](super::Service::let_go).
    #[must_use]
    pub fn hold(mut self, endpoint: Endpoint) -> Self {
        self.held.insert((endpoint, None));
        self
    }

    /// Those of this endpoint for this key are.
    #[must_use]
    pub fn hold_key(mut self, endpoint: Endpoint, key: &str) -> Self {
        self.held.insert((endpoint, Some(key.to_owned())));
        self
    }

    /// The service stops when it has received so many requests and one more, as if it had crashed: whoever waits for an
    /// answer gets none.
    #[must_use]
    pub fn stop_after(mut self, requests: Option<u64>) -> Self {
        self.stop_after = requests;
        self
    }

    /// This order and these times for these searches, in place of a drawn latency.
    #[must_use]
    pub fn search_script(mut self, script: Vec<SearchScene>) -> Self {
        self.search_script = script;
        self
    }

    /// What happens to the request for `key` that comes after `earlier` equal ones.
    #[must_use]
    pub fn fate(&self, endpoint: Endpoint, key: &str, earlier: u32) -> Fate {
        let own = self.of.get(&(endpoint, key.to_owned()));
        let weather = own.or_else(|| self.at.get(&endpoint)).unwrap_or(&self.everywhere);
        let request = [endpoint.name().as_bytes(), &[0], key.as_bytes(), &earlier.to_le_bytes()];
        let mut random = Random::new(mix(self.seed, &request.concat()));
        let (least, most) = (*weather.latency.start(), *weather.latency.end());
        let drawn = least + most.saturating_sub(least).mul_f64(random.fraction());
        let out = earlier < self.outages.get(&endpoint).copied().unwrap_or_default();
        let fails = random.fraction() < weather.fail_rate || out;
        let held = self.held.contains(&(endpoint, None))
            || self.held.contains(&(endpoint, Some(key.to_owned())));
        let scene = self.search_script.iter().find(|scene| scene.query == key);
        match scene.filter(|_| endpoint == Endpoint::Search) {
            Some(scene) => {
                Fate { after_search: scene.after.clone(), latency: scene.latency, held, fails }
            }
            None => Fate { after_search: None, latency: drawn, held, fails },
        }
    }
}

/// Hands out fates, counting how often each key was asked for.
#[derive(Debug)]
pub(super) struct Fates {
    injection: Injection,
    asked: Mutex<HashMap<(Endpoint, String), u32>>,
    let_go: watch::Sender<bool>,
    requests: AtomicU64,
}

impl Fates {
    pub(super) fn new(injection: Injection) -> Self {
        Self {
            injection,
            asked: Mutex::default(),
            let_go: watch::Sender::new(false),
            requests: AtomicU64::new(0),
        }
    }

    pub(super) fn next(&self, endpoint: Endpoint, key: &str) -> Fate {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry((endpoint, key.to_owned())).or_default();
        let fate = self.injection.fate(endpoint, key, *count);
        *count += 1;
        fate
    }

    /// Counts a request of any kind; says whether it is one more than the service lives to answer.
    pub(super) fn is_one_too_many(&self) -> bool {
        // Each request gets a number of its own, whatever else is written when.
        let earlier = self.requests.fetch_add(1, Ordering::Relaxed);
        self.injection.stop_after.is_some_and(|last| earlier >= last)
    }

    /// Answers that are held back are given.
    pub(super) fn let_go(&self) {
        self.let_go.send_replace(true);
    }

    /// Waits until they may be.
    pub(super) async fn held(&self) {
        // `self` has the sender, so this can only end well.
        let _ = self.let_go.subscribe().wait_for(|let_go| *let_go).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stormy(seed: u64) -> Injection {
        let latency = Duration::from_millis(5)..=Duration::from_millis(25);
        Injection::seeded(seed, Weather { latency, fail_rate: 0.5 })
    }

    #[test]
    fn a_request_meets_the_same_fate_under_the_same_seed() {
        let fates = |seed: u64| -> Vec<Fate> {
            (0..40).map(|n| stormy(seed).fate(Endpoint::User, "7", n)).collect()
        };
        assert_eq!(fates(1), fates(1));
        assert_ne!(fates(1), fates(2));
        let failed = fates(1).iter().filter(|fate| fate.fails).count();
        assert!((8..=32).contains(&failed), "half of 40 should fail, {failed} did");
        let bounds = Duration::from_millis(5)..=Duration::from_millis(25);
        assert!(fates(1).iter().all(|fate| bounds.contains(&fate.latency)));
    }

    #[test]
    fn the_fate_does_not_depend_on_what_else_was_asked() {
        let (alone, busy) = (Fates::new(stormy(1)), Fates::new(stormy(1)));
        busy.next(Endpoint::Search, "a");
        busy.next(Endpoint::User, "8");
        assert_eq!(alone.next(Endpoint::User, "7"), busy.next(Endpoint::User, "7"));
    }

    #[test]
    fn an_outage_ends_after_so_many_requests() {
        let injection = Injection::none().outage(Endpoint::News, 2);
        let fails = |earlier| injection.fate(Endpoint::News, "", earlier).fails;
        assert_eq!([0, 1, 2, 3].map(fails), [true, true, false, false]);
        assert!(!injection.fate(Endpoint::Page, "1", 0).fails);
    }

    #[test]
    fn a_key_may_have_its_own_weather() {
        let hour = Duration::from_secs(3_600);
        let slow = Weather { latency: hour..=hour, fail_rate: 0.0 };
        let injection = Injection::none().of(Endpoint::Import, "6", slow);
        assert_eq!(injection.fate(Endpoint::Import, "6", 0).latency, hour);
        assert_eq!(injection.fate(Endpoint::Import, "7", 0).latency, Duration::ZERO);
    }

    #[test]
    fn an_endpoint_or_a_key_of_it_may_be_held_back() {
        let injection = Injection::none().hold(Endpoint::Page).hold_key(Endpoint::Import, "6");
        let held = |endpoint, key| injection.fate(endpoint, key, 0).held;
        assert!(held(Endpoint::Page, "1") && held(Endpoint::Import, "6"));
        assert!(!held(Endpoint::Import, "7") && !held(Endpoint::News, ""));
    }

    #[test]
    fn a_script_decides_over_searches_only() {
        let line = SearchScene {
            query: "a".to_owned(),
            after: Some("ab".to_owned()),
            latency: Duration::from_millis(90),
        };
        let injection = Injection::none().search_script(vec![line]);
        let scripted = injection.fate(Endpoint::Search, "a", 0);
        assert_eq!(scripted.after_search.as_deref(), Some("ab"));
        assert_eq!(scripted.latency, Duration::from_millis(90));
        assert_eq!(injection.fate(Endpoint::FindSession, "a", 0).after_search, None);
        assert_eq!(injection.fate(Endpoint::Search, "ab", 0).latency, Duration::ZERO);
    }
}
