//! Dropping the future of a request is seen on both sides.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use trine_examples::api::Endpoint;
use trine_examples::client::Ending;
use trine_examples::service::{Injection, SearchScene, Weather};

use crate::House;

const FOREVER: Duration = Duration::from_secs(3_600);

fn stuck() -> Injection {
    Injection::seeded(1, Weather { latency: FOREVER..=FOREVER, fail_rate: 0.0 })
}

/// Polls `request` until `seen`, then drops it.
async fn give_up<T>(request: impl Future<Output = T>, seen: impl Future) {
    match select(pin!(request), pin!(seen)).await {
        Either::Left(_) => panic!("the request was answered"),
        Either::Right(_) => {}
    }
}

#[tokio::test]
async fn a_dropped_request_is_given_up_by_the_service() {
    let House { service, client, .. } = &House::with(stuck()).await;
    let received = service.seen(|traffic| traffic.at(Endpoint::Page).received == 1);
    give_up(client.page(1), received).await;

    let traffic = service.seen(|traffic| traffic.at(Endpoint::Page).dropped == 1).await;
    assert_eq!(traffic.at(Endpoint::Page).completed, 0);
    assert_eq!(traffic.total().received, 1);
}

#[tokio::test]
async fn the_ledger_tells_cancelled_from_finished() {
    let House { service, client, .. } = &House::with(
        Injection::none()
            .at(Endpoint::Page, Weather { latency: FOREVER..=FOREVER, fail_rate: 0.0 }),
    )
    .await;
    client.user(7).await.unwrap();
    client.user(0).await.unwrap_err();
    let received = service.seen(|traffic| traffic.at(Endpoint::Page).received == 1);
    give_up(client.page(9), received).await;

    let entries = client.ledger().entries();
    let endings: Vec<_> = entries
        .iter()
        .map(|entry| (entry.endpoint, entry.key.as_str(), entry.ended.unwrap().1))
        .collect();
    assert_eq!(
        endings,
        [
            (Endpoint::User, "7", Ending::Finished),
            (Endpoint::User, "0", Ending::Finished),
            (Endpoint::Page, "9", Ending::Cancelled),
        ]
    );
    let totals = client.ledger().totals();
    assert_eq!((totals.started, totals.finished, totals.cancelled), (3, 2, 1));
}

#[tokio::test]
async fn a_search_that_waits_for_another_goes_on_when_that_one_is_given_up() {
    let line = |query: &str, after: Option<&str>, latency| SearchScene {
        query: query.to_owned(),
        after: after.map(str::to_owned),
        latency,
    };
    let script = vec![line("a", Some("ab"), Duration::ZERO), line("ab", None, FOREVER)];
    let House { service, client, .. } = &House::with(Injection::none().search_script(script)).await;
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.search("a").await }
    });
    let both = service.seen(|traffic| traffic.at(Endpoint::Search).received == 2);
    give_up(client.search("ab"), both).await;
    assert_eq!(first.await.unwrap().unwrap().query, "a");
}
