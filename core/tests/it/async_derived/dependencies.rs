//! What an async derivation depends on, and when that makes it run.

use super::{Stage, show};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use trine_core::{
    AsyncDerived, AsyncPolicy, AsyncState, CellErrorKind, Failure, Rejection, Store,
    test::{Log, yield_now},
};

#[test]
fn what_is_read_before_and_after_an_await_is_a_dependency() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let watch = stage.store.watch(sum);
    stage.run();
    assert_eq!(show(&watch.borrow()), "3");
    for (cell, value, expected) in [(a, 10, "12"), (b, 20, "30"), (a, 1, "21")] {
        stage.store.set(cell, value);
        assert!(watch.borrow().is_stale());
        stage.run();
        assert_eq!(show(&watch.borrow()), expected);
    }
}

#[test]
fn a_cell_that_the_last_run_did_not_read_is_no_dependency_any_more() {
    let stage = Stage::new();
    let (first, a, b) = (stage.store.source(true), stage.store.source(1), stage.store.source(2));
    let log = stage.log.clone();
    let chosen = stage.store.derived_async(move |cx| {
        log.note("run");
        async move {
            let first = cx.get(first).await;
            yield_now().await;
            Ok::<_, Infallible>(if first { cx.get(a).await } else { cx.get(b).await })
        }
    });
    let watch = stage.store.watch(chosen);
    stage.run();
    stage.store.set(b, 3);
    stage.run();
    stage.log.is(["run"]);
    stage.store.set(first, false);
    stage.run();
    assert_eq!(show(&watch.borrow()), "3");
    stage.log.is(["run"]);
    stage.store.set(a, 5);
    stage.run();
    stage.log.is([]);
    stage.store.set(b, 4);
    stage.run();
    assert_eq!(show(&watch.borrow()), "4");
}

#[test]
fn a_change_that_is_undone_before_anybody_could_see_it_supersedes_nobody() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let _watch = stage.store.watch(sum);
    stage.run();
    stage.log.clear();
    let result = stage.store.transaction(|tx| {
        tx.set(a, 10);
        // Looking at it asks for a run; by the end of the transaction none is wanted.
        assert!(tx.get(sum).is_stale());
        Err::<(), _>("no")
    });
    assert_eq!(result, Err("no"));
    assert_eq!(stage.show(sum), "3");
    stage.store.batch(|tx| {
        tx.set(a, 10);
        tx.set(a, 1);
    });
    assert_eq!(stage.show(sum), "3");
    stage.run();
    stage.log.is([]);
    assert!(stage.store.runs().is_empty());
}

#[test]
fn one_commit_of_several_inputs_is_one_run() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let _watch = stage.store.watch(sum);
    stage.run();
    stage.log.clear();
    stage.store.batch(|tx| {
        tx.set(a, 10);
        tx.set(b, 20);
    });
    stage.run();
    stage.log.is(["begin", "a is 10", "b is 20", "dropped"]);
}

#[test]
fn unobserved_it_goes_stale_in_silence_and_runs_when_it_is_next_read() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    stage.store.get(sum);
    stage.run();
    stage.log.clear();
    stage.store.set(a, 10);
    stage.run();
    stage.log.is([]);
    assert_eq!(stage.show(sum), "stale 3");
    stage.run();
    assert_eq!(stage.show(sum), "12");

    // A run that finds its inputs changed by itself is superseded, observed or not.
    stage.store.set(a, 20);
    stage.store.get(sum);
    stage.log.clear();
    stage.executor.run_one();
    stage.store.set(a, 30);
    stage.run();
    stage.log.is(["begin", "a is 20", "dropped", "begin", "a is 30", "b is 2", "dropped"]);
    assert_eq!(stage.show(sum), "32");
}

#[test]
fn a_dependency_without_a_value_fails_the_run_and_heals_it_when_it_has_one() {
    let stage = Stage::new();
    let a = stage.store.source(-1);
    let checked = stage.store.cell("checked").derived(move |cx| {
        let a = cx.get(a);
        assert!(a >= 0, "negative");
        a
    });
    let log = stage.log.clone();
    let cell = stage.store.derived_async(move |cx| {
        let log = log.clone();
        async move {
            let checked = cx.get(checked).await;
            log.note("went on");
            Ok::<_, Infallible>(checked)
        }
    });
    let seen = stage.store.derived_async(move |cx| async move {
        Ok::<_, Infallible>(cx.try_get(checked).await.unwrap_or(0))
    });
    let (watch, tried) = (stage.store.watch(cell), stage.store.watch(seen));
    stage.run();
    let state = stage.store.get(cell);
    let Some(Rejection::Failed { failure: Failure::Dependency { message } }) = state.error() else {
        panic!("{state:?}")
    };
    assert!(message.contains("derivation of `checked` panicked: negative"), "{message}");
    assert_eq!(show(&tried.borrow()), "0");
    stage.log.is([]);
    stage.store.set(a, 1);
    stage.run();
    assert_eq!((show(&watch.borrow()), show(&tried.borrow())), ("1".to_owned(), "1".to_owned()));
}

#[test]
fn a_removed_dependency_is_a_failure() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let watch = stage.store.watch(sum);
    stage.run();
    stage.store.remove(b).unwrap();
    stage.run();
    assert_eq!(show(&watch.borrow()), "failed after 3");
}

#[test]
fn a_derivation_that_depends_on_itself_is_a_cycle_that_names_its_path() {
    let stage = Stage::new();
    let own: Arc<Mutex<Option<AsyncDerived<i32, CellErrorKind>>>> = Arc::default();
    let handle = Arc::clone(&own);
    let cell = stage.store.cell("own").derived_async(move |cx| {
        let own = handle.lock().unwrap().unwrap();
        async move { cx.try_get(own).await.map(|_| 1).map_err(|error| error.kind().clone()) }
    });
    *own.lock().unwrap() = Some(cell);
    stage.store.get(cell);
    stage.run();
    assert_eq!(path(&stage.store.get(cell)), ["`own`", "`own`"]);

    // By way of another cell.
    let through: Arc<Mutex<Option<trine_core::Derived<bool>>>> = Arc::default();
    let handle = Arc::clone(&through);
    let outer = stage.store.cell("outer").derived_async(move |cx| {
        let through = handle.lock().unwrap().unwrap();
        async move { cx.try_get(through).await.map(|_| 1).map_err(|error| error.kind().clone()) }
    });
    let between = stage
        .store
        .cell("between")
        .derived(move |cx| cx.with(outer, |state: &AsyncState<_, _>| state.value().is_some()));
    *through.lock().unwrap() = Some(between);
    let watch = stage.store.watch(between);
    for _ in 0..20 {
        stage.run();
    }
    assert_eq!(path(&stage.store.get(outer)), ["`between`", "`outer`", "`between`"]);
    assert!(stage.store.runs().is_empty());
    assert!(!*watch.borrow());
}

fn path(state: &AsyncState<i32, CellErrorKind>) -> Vec<String> {
    let Some(Rejection::Rejected { error }) = state.error() else { panic!("{state:?}") };
    let CellErrorKind::Cycle { path } = &**error else { panic!("{error}") };
    path.iter().map(ToString::to_string).collect()
}

#[test]
fn one_async_derivation_waits_for_another_and_only_a_new_value_supersedes_it() {
    for policy in [AsyncPolicy::Latest, AsyncPolicy::Finish] {
        let stage = Stage::new();
        let a = stage.store.source(1);
        let half = stage.store.cell("half").derived_async(move |cx| async move {
            let a = cx.get(a).await;
            yield_now().await;
            if a < 0 { Err("negative") } else { Ok(a / 2) }
        });
        let log = stage.log.clone();
        let text = stage.store.cell("text").derived_async_with(policy, move |cx| {
            let log = log.clone();
            async move {
                let half = cx.ready(half).await;
                log.note(format!("half is {half}"));
                yield_now().await;
                Ok::<_, Infallible>(format!("<{half}>"))
            }
        });
        let watch = stage.store.watch(text);
        stage.run();
        assert_eq!(show(&watch.borrow()), "<0>");
        stage.log.is(["half is 0"]);
        // The other one runs, and comes to the same.
        stage.store.set(a, 0);
        stage.run();
        stage.log.is([]);
        stage.store.set(a, 8);
        stage.run();
        stage.log.is(["half is 4"]);
        assert_eq!(show(&watch.borrow()), "<4>");
        stage.store.set(a, -1);
        stage.run();
        assert_eq!(show(&watch.borrow()), "failed after <4>");
        stage.store.set(a, 2);
        stage.run();
        assert_eq!(show(&watch.borrow()), "<1>", "{policy:?}");
        assert!(stage.store.runs().is_empty());
    }
}

#[test]
fn values_that_cannot_be_told_apart_supersede_with_every_change_but_not_without_one() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(1));
    let odd = stage.store.cell("odd").always_different().source(f64::NAN);
    let log = stage.log.clone();
    let cell = stage.store.derived_async(move |cx| {
        let log = log.clone();
        log.note("run");
        async move {
            let odd = cx.get_always_different(odd).await.unwrap();
            yield_now().await;
            let a = cx.get(a).await;
            yield_now().await;
            let b = cx.get(b).await;
            log.note("done");
            Ok::<_, Infallible>(format!("{odd} {a} {b}"))
        }
    });
    let watch = stage.store.watch(cell);
    stage.run();
    stage.log.is(["run", "done"]);
    stage.store.set(odd, f64::NAN);
    stage.run();
    stage.log.is(["run", "done"]);
    stage.store.set(b, 2);
    stage.run();
    stage.log.is(["run", "done"]);
    assert_eq!(show(&watch.borrow()), "NaN 1 2");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn what_counts_as_the_same_value_can_be_chosen_per_read() {
    let (store, log) = (Store::new(), Log::new());
    let word = store.source("tea".to_owned());
    let runs = log.clone();
    let length = store.derived_async(move |cx| {
        runs.note("run");
        async move {
            let word = cx.try_get_by(word, |seen, now| seen.len() == now.len()).await;
            Ok::<_, String>(word.map_err(|error| error.to_string())?.len())
        }
    });
    let _observer = store.subscribe(length, |_| {});
    assert_eq!(*store.ready(length).await.unwrap(), 3);
    log.is(["run"]);
    store.set(word, "pot".to_owned());
    assert_eq!(*store.ready(length).await.unwrap(), 3);
    log.is([]);
    store.set(word, "cups".to_owned());
    assert_eq!(*store.ready(length).await.unwrap(), 4);
    log.is(["run"]);
}
