//! The story in every model: all end in the same state, under calm and bad conditions.

use trine_examples::comparison::{Comparison, compare};
use trine_examples::models;
use trine_examples::portal::Model;
use trine_examples::report;
use trine_examples::story::{self, Conditions};

use crate::small_data;

async fn compared(models: &[Model], conditions: Conditions) -> Comparison {
    let (data, _folder) = small_data();
    compare(models, &data, conditions, |_| {}).await.unwrap()
}

fn assert_agree(comparison: &Comparison) {
    let none: &[String] = &[];
    assert_eq!(comparison.differences, none);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_models_end_in_the_state_that_the_data_says() {
    for seed in 1..=3 {
        let conditions = Conditions { seed, ..Conditions::default() };
        assert_agree(&compared(models::ALL, conditions).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_models_agree_when_requests_fail() {
    for seed in 1..=3 {
        let conditions = Conditions { seed, fail_rate: 0.4, ..Conditions::default() };
        assert_agree(&compared(models::ALL, conditions).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_models_agree_when_every_request_fails() {
    let comparison =
        compared(models::ALL, Conditions { fail_rate: 1.0, ..Conditions::default() }).await;
    assert_agree(&comparison);
    let end = &comparison.contestants[0].performance.scenes[0].end;
    assert!(end.shown && end.search.problem.is_some() && end.search.hits.is_empty(), "{end:?}");
}

#[tokio::test]
async fn all_models_agree_on_one_thread() {
    assert_agree(&compared(models::ALL, Conditions::default()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_sends_the_same_requests_each_time_and_to_each_model() {
    let (data, _folder) = small_data();
    let mut runs = Vec::new();
    for model in models::ALL.iter().chain(models::ALL) {
        let performance = story::play(*model, &data, &Conditions::default()).await.unwrap();
        let requests = performance.scenes.into_iter().map(|scene| {
            // Out of band, spaces and session race: their order is nobody's promise.
            let mut requests: Vec<_> = scene
                .requests
                .into_iter()
                .map(|request| (request.entry.endpoint, request.entry.key))
                .collect();
            requests.sort_unstable();
            requests
        });
        runs.push(requests.collect::<Vec<_>>());
    }
    assert!(runs.windows(2).all(|pair| pair[0] == pair[1]), "{runs:#?}");
    assert_eq!(runs[0].iter().map(Vec::len).collect::<Vec<_>>(), [10, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_fit_into_100_columns_and_have_no_colours() {
    let name = ["atoms", "thunks", "tao", "by-hand"];
    let four = name.map(|name| Model { name, ..models::named("by-hand").unwrap() });
    let comparison = compared(&four, Conditions::default()).await;
    let text = report::tables(&comparison);
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
    }
    assert!(!text.contains('\x1b'));
    assert!(text.ends_with(
        "OK: atoms, thunks, tao, by-hand end in the same state, the one that the service's data says.\n"
    ));
    // No label was broken over two lines for want of room.
    assert!(text.contains("session: none found, creating "), "{text}");
}
