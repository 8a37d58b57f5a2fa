//! Each endpoint, over TCP, through the client.

use trine_examples::api::{Endpoint, HitKind};
use trine_examples::client::ApiError;

use crate::{House, SMALL};

#[tokio::test]
async fn a_session_is_found_only_after_it_was_created_and_counts_its_visits() {
    let House { client, .. } = &House::calm().await;
    assert_eq!(client.find_session("t").await.unwrap(), None);
    let created = client.create_session("t").await.unwrap();
    assert_eq!((created.token.as_str(), created.visits), ("t", 0));
    assert!((1..=SMALL.users).contains(&created.user));

    assert_eq!(client.enter_session("t").await.unwrap().visits, 1);
    assert_eq!(client.enter_session("t").await.unwrap().visits, 2);
    let found = client.find_session("t").await.unwrap().unwrap();
    assert_eq!((found.user, found.visits), (created.user, 2));

    assert!(client.end_session("t").await.unwrap());
    assert!(!client.end_session("t").await.unwrap());
    assert_eq!(client.find_session("t").await.unwrap(), None);
}

#[tokio::test]
async fn a_token_may_hold_any_character() {
    let House { client, .. } = &House::calm().await;
    let token = "my device/2 ü?#";
    client.create_session(token).await.unwrap();
    assert_eq!(client.find_session(token).await.unwrap().unwrap().token, token);
}

#[tokio::test]
async fn a_second_session_for_a_token_is_a_conflict() {
    let House { client, .. } = &House::calm().await;
    client.create_session("t").await.unwrap();
    assert_eq!(client.create_session("t").await.unwrap_err().status(), Some(409));
}

#[tokio::test]
async fn an_invalid_token_is_refused_with_a_field_error() {
    let House { client, .. } = &House::calm().await;
    for token in ["", &"x".repeat(65)] {
        let error = client.create_session(token).await.unwrap_err();
        assert_eq!(error.status(), Some(422));
        assert_eq!(error.field("token"), Some("must have 1 to 64 characters"));
        assert_eq!(error.field("user"), None);
    }
}

#[tokio::test]
async fn entering_without_a_session_is_not_found() {
    let House { client, .. } = &House::calm().await;
    let error = client.enter_session("nobody").await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert!(error.to_string().contains("nobody"), "{error}");
}

#[tokio::test]
async fn users_and_pages_are_read_by_identity() {
    let House { client, data, .. } = &House::calm().await;
    assert_eq!(Some(client.user(7).await.unwrap()), data.user(7).unwrap());
    assert_eq!(Some(client.page(3).await.unwrap()), data.page(3).unwrap());
    assert_eq!(client.user(0).await.unwrap_err().status(), Some(404));
    assert_eq!(client.page(u32::MAX).await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn spaces_come_in_parts() {
    let House { client, .. } = &House::calm().await;
    let first = client.spaces(0, 20).await.unwrap();
    assert_eq!((first.total, first.spaces.len()), (SMALL.spaces, 20));
    let ids = |list: &trine_examples::api::SpaceList| -> Vec<u32> {
        list.spaces.iter().map(|space| space.id).collect()
    };
    assert_eq!(ids(&first), (1..=20).collect::<Vec<_>>());
    assert_eq!(ids(&client.spaces(35, 20).await.unwrap()), [36, 37, 38, 39, 40]);
    assert!(client.spaces(u32::MAX, u32::MAX).await.unwrap().spaces.is_empty());
}

#[tokio::test]
async fn a_search_finds_every_word_that_starts_with_the_query() {
    let House { client, data, .. } = &House::calm().await;
    let found = client.search("Ann").await.unwrap();
    assert_eq!(found.query, "Ann");
    assert!(!found.hits.is_empty());
    for hit in &found.hits {
        let words = hit.label.to_lowercase();
        assert!(words.split(' ').any(|word| word.starts_with("ann")), "{hit:?}");
    }
    // By last name, and by both.
    let user = data.user(1).unwrap().unwrap();
    let last_name = user.name.split(' ').next_back().unwrap();
    for query in [last_name, &user.name] {
        let hits = data.search(query, 400).unwrap();
        assert!(hits.iter().any(|hit| (hit.kind, hit.id) == (HitKind::User, 1)), "{query}");
    }
    assert!(client.search("  ").await.unwrap().hits.is_empty());
    assert!(client.search("zzz").await.unwrap().hits.is_empty());
}

#[tokio::test]
async fn a_hit_is_listed_once_though_several_of_its_words_match() {
    let House { data, .. } = &House::calm().await;
    let hits = data.search("a", 1_000).unwrap();
    let mut ids: Vec<_> = hits.iter().map(|hit| (hit.kind, hit.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), hits.len());
}

#[tokio::test]
async fn malformed_requests_are_answered_with_a_message() {
    let House { service, .. } = &House::calm().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let at = |path: &str| format!("http://{}{path}", service.address());
    for (path, status) in
        [("/users/seven", 400), ("/spaces?limit=-1", 400), ("/search", 400), ("/nowhere", 404)]
    {
        let response = http.get(at(path)).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let problem: trine_examples::api::Problem = response.json().await.unwrap();
        assert!(!problem.message.is_empty(), "{path}");
    }
    let response = http.post(at("/sessions")).body("{").send().await.unwrap();
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn the_service_finishes_its_answers_before_it_stops() {
    let House { service, client, .. } = House::calm().await;
    let asked = tokio::spawn({
        let client = client.clone();
        async move { client.user(1).await }
    });
    service.seen(|traffic| traffic.at(Endpoint::User).received == 1).await;
    let traffic = service.stop().await.unwrap();
    assert_eq!(traffic.at(Endpoint::User).completed, 1);
    assert_eq!(asked.await.unwrap().unwrap().id, 1);
    let error = client.user(2).await.unwrap_err();
    assert!(matches!(error, ApiError::Transport { .. }), "{error:?}");
}
