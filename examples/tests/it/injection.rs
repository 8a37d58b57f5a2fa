//! Latency and failures on order, as a client meets them.

use std::time::Duration;

use trine_examples::api::Endpoint;
use trine_examples::service::{Injection, SearchScene, Weather};

use crate::House;

fn failing(seed: u64) -> Injection {
    Injection::seeded(seed, Weather { fail_rate: 0.5, ..Weather::CALM })
}

/// Which of a series of requests fail.
async fn failures(injection: Injection, order: impl Iterator<Item = u32>) -> Vec<(u32, bool)> {
    let House { client, .. } = &House::with(injection).await;
    let mut failures = Vec::new();
    for id in order {
        let failed = match client.user(id).await {
            Ok(_) => false,
            Err(error) => {
                assert_eq!(error.status(), Some(503), "{error}");
                true
            }
        };
        failures.push((id, failed));
    }
    failures.sort_unstable();
    failures
}

#[tokio::test]
async fn the_same_seed_fails_the_same_requests_in_whatever_order_they_come() {
    let forth = failures(failing(5), 1..=30).await;
    assert_eq!(forth, failures(failing(5), (1..=30).rev()).await);
    assert_ne!(forth, failures(failing(6), 1..=30).await);
    let failed = forth.iter().filter(|(_, failed)| *failed).count();
    assert!((5..=25).contains(&failed), "half of 30 should fail, {failed} did");
}

#[tokio::test]
async fn an_endpoint_may_have_its_own_weather() {
    let down = Weather { fail_rate: 1.0, ..Weather::CALM };
    let House { client, .. } = &House::with(Injection::none().at(Endpoint::Spaces, down)).await;
    assert_eq!(client.spaces(0, 5).await.unwrap_err().status(), Some(503));
    assert!(client.user(1).await.is_ok());
}

#[tokio::test]
async fn a_scripted_search_is_answered_after_the_one_that_it_waits_for() {
    let script = vec![SearchScene {
        query: "a".to_owned(),
        after: Some("ab".to_owned()),
        latency: Duration::ZERO,
    }];
    let House { service, client, .. } = &House::with(Injection::none().search_script(script)).await;
    let early = tokio::spawn({
        let client = client.clone();
        async move { client.search("a").await }
    });
    let traffic = service.seen(|traffic| traffic.at(Endpoint::Search).received == 1).await;
    assert!(!traffic.search_is_over("a"));
    client.search("ab").await.unwrap();
    early.await.unwrap().unwrap();
    let requests = service.traffic().at(Endpoint::Search);
    assert_eq!((requests.received, requests.completed, requests.dropped), (2, 2, 0));
}
