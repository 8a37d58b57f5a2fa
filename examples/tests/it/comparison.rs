//! The models side by side: the comparison, its tables and its page. Scenes, seeds and weathers are in `matrix.rs`.

use trine_examples::comparison::{Comparison, compare};
use trine_examples::models;
use trine_examples::portal::Model;
use trine_examples::report;
use trine_examples::story::{self, Conditions, Script};

use crate::small_data;

async fn compared(models: &[Model], conditions: Conditions) -> Comparison {
    let (data, _folder) = small_data();
    // A hundredth of a second of live updates is enough to see what becomes of them.
    let conditions = Conditions { live: 100, ..conditions };
    compare(models, &Script::ALL, &data, conditions, |_| {}).await.unwrap()
}

fn assert_agree(comparison: &Comparison) {
    let none: &[String] = &[];
    assert_eq!(comparison.differences, none);
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
        let conditions = Conditions { live: 100, ..Conditions::default() };
        let played = story::play(*model, &Script::ALL, &data, &conditions).await;
        let performance = played.unwrap();
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
    assert_eq!(runs[0].iter().map(Vec::len).collect::<Vec<_>>(), [10, 4, 3, 3, 6, 6, 4, 9, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scene_can_be_played_alone_and_as_often_as_one_likes() {
    let (data, _folder) = small_data();
    let conditions = Conditions { live: 100, ..Conditions::default() };
    for script in [Script::LogOut, Script::TwoEditors, Script::StoppedImport, Script::TwoEditors] {
        let played = compare(models::ALL, &[script], &data, conditions.clone(), |_| {}).await;
        assert_agree(&played.unwrap());
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_has_a_lane_and_the_code_of_each_model_in_each_scene_and_needs_nothing_else() {
    let comparison = compared(models::ALL, Conditions::default()).await;
    let page = report::page(&comparison);
    let lanes = models::ALL.len() * Script::ALL.len();
    // Each drawing is there in words too.
    let words = page.matches("<summary>in words</summary>").count();
    assert_eq!([page.matches("<svg").count(), words], [lanes; 2]);
    for script in Script::ALL {
        assert!(page.contains(&format!("id=\"{}\"", script.flag())), "{}", script.name());
        for model in models::ALL {
            let file = format!("{}/{}", model.folder, script.file());
            assert!(page.contains(&file), "{file}");
            let lane = format!("aria-label=\"{}, {}: ", script.name(), model.name);
            assert!(page.contains(&lane), "{lane}");
        }
    }
    // No script, no style, no font and no picture from elsewhere.
    for elsewhere in ["<script", "<link", "<img", "@import", "url(", "http://", "https://"] {
        // What the code of the models says is only shown.
        let shown = page.split("<pre").map(|part| part.split("</pre>").last().unwrap_or(part));
        for part in shown {
            assert!(!part.contains(elsewhere), "{elsewhere}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_comparison_that_failed_says_what_is_wrong() {
    let mut comparison = compared(models::ALL, Conditions::default()).await;
    comparison.differences.push("tao, log out: a <b> has landed".to_owned());
    let page = report::page(&comparison);
    assert!(page.contains("FAILED: the models do not end as they must:"), "no verdict");
    assert!(page.contains("a &lt;b&gt; has landed"));
}
