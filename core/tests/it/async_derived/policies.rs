//! What becomes of a run whose inputs change.

use super::{Stage, show};
use futures_util::FutureExt;
use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::{AsyncPolicy, AsyncReader, AsyncState, test::yield_now};

#[test]
fn latest_drops_a_run_whose_inputs_change_and_its_further_reads_never_resolve() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let _watch = stage.store.watch(sum);
    stage.executor.run_one();
    stage.follow();
    stage.log.is(["begin", "a is 1"]);
    stage.store.set(a, 10);
    // Superseded by the commit, on the way out of its lease; the event queues behind those of the commit.
    stage.log.is(["dropped", "sum superseded"]);
    stage.run();
    stage.log.is(["begin", "a is 10", "b is 2", "dropped", "sum fulfilled"]);
    assert_eq!(stage.show(sum), "12");
}

#[test]
fn a_read_of_a_superseded_run_never_resolves_though_somebody_still_polls_it() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let readers: Arc<Mutex<Vec<AsyncReader>>> = Arc::default();
    let kept = Arc::clone(&readers);
    let cell = stage.store.derived_async(move |cx| {
        kept.lock().unwrap().push(cx.clone());
        async move {
            let a = cx.get(a).await;
            pending::<()>().await;
            Ok::<_, Infallible>(a)
        }
    });
    let watch = stage.store.watch(cell);
    stage.run();
    let first = readers.lock().unwrap()[0].clone();
    assert_eq!(first.get(b).now_or_never(), Some(2));
    stage.store.set(a, 10);
    assert_eq!(first.get(b).now_or_never(), None);
    stage.run();
    let second = readers.lock().unwrap()[1].clone();
    assert_eq!(first.get(b).now_or_never(), None);
    assert_eq!(second.get(b).now_or_never(), Some(2));
    drop(watch);
    stage.store.remove(cell).unwrap();
    assert_eq!(second.get(b).now_or_never(), None);
}

#[test]
fn finish_lets_a_run_come_to_its_end_shows_its_value_as_stale_and_runs_again() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Finish, a, b);
    let watch = stage.store.watch(sum);
    stage.executor.run_one();
    stage.log.is(["begin", "a is 1"]);
    stage.store.set(a, 10);
    stage.store.set(b, 20);
    stage.log.is([]);
    assert_eq!(stage.store.runs().len(), 1);
    stage.executor.run_one();
    stage.executor.run_one();
    stage.log.is(["b is 20", "dropped"]);
    assert_eq!(show(&watch.borrow()), "stale 21");
    stage.run();
    stage.log.is(["begin", "a is 10", "b is 20", "dropped"]);
    assert_eq!(show(&watch.borrow()), "30");
}

#[test]
fn busy_inputs_starve_latest_but_not_finish() {
    for (policy, expected) in [(AsyncPolicy::Latest, 0), (AsyncPolicy::Finish, 10)] {
        let stage = Stage::new();
        let (a, b) = (stage.store.source(0), stage.store.source(0));
        let sum = stage.sum(policy, a, b);
        let values = Arc::new(Mutex::new(0));
        let count = Arc::clone(&values);
        let counting = stage.store.subscribe(sum, move |state| {
            *count.lock().unwrap() += usize::from(state.value().is_some());
        });
        for n in 1..=30 {
            stage.store.set(a, n);
            stage.executor.run_one();
        }
        assert_eq!(*values.lock().unwrap(), expected, "{policy:?}");
        drop(counting);
    }
}

#[test]
fn finish_is_not_up_to_date_with_two_values_of_one_cell_though_the_first_is_back() {
    let stage = Stage::new();
    let a = stage.store.source(1);
    let cell =
        stage.store.cell("twice").derived_async_with(AsyncPolicy::Finish, move |cx| async move {
            let first = cx.get(a).await;
            yield_now().await;
            let second = cx.get(a).await;
            yield_now().await;
            Ok::<_, Infallible>(format!("{first} {second}"))
        });
    let watch = stage.store.watch(cell);
    stage.executor.run_one();
    stage.store.set(a, 2);
    stage.executor.run_one();
    stage.store.set(a, 1);
    stage.executor.run_one();
    assert_eq!(show(&watch.borrow()), "stale 1 2");
    stage.run();
    assert_eq!(show(&watch.borrow()), "1 1");
}

#[test]
fn what_is_forgotten_is_not_shown_any_more_nor_is_what_was_under_way() {
    for policy in [AsyncPolicy::Latest, AsyncPolicy::Finish] {
        let stage = Stage::new();
        let (a, b) = (stage.store.source(1), stage.store.source(2));
        let sum = stage.sum(policy, a, b);
        let watch = stage.store.watch(sum);
        stage.run();
        assert_eq!(show(&watch.borrow()), "3");
        // Under way, with the inputs of before.
        stage.store.set(a, 10);
        stage.executor.run_one();
        stage.store.batch(|tx| {
            tx.set(a, 20);
            tx.forget(sum);
        });
        assert!(watch.borrow().is_pending(), "{policy:?}");
        let mut seen = Vec::new();
        while stage.executor.run_one() {
            seen.push(show(&watch.borrow()));
        }
        seen.dedup();
        assert_eq!(
            seen,
            [show(&AsyncState::<i32, Infallible>::Pending), "22".to_owned()],
            "{policy:?}"
        );
        assert!(stage.store.runs().is_empty());
    }
}

#[test]
fn what_was_to_be_forgotten_in_a_transaction_that_is_rolled_back_is_kept() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    stage.store.get(sum);
    stage.run();
    stage.log.clear();
    let rolled_back = stage.store.transaction(|tx| {
        tx.forget(sum);
        assert!(tx.get(sum).is_pending());
        Err::<(), _>("no")
    });
    assert_eq!(rolled_back, Err("no"));
    assert_eq!(stage.show(sum), "3");
    stage.run();
    stage.log.is([]);
    stage.store.remove(sum).unwrap();
    let gone = stage.store.batch(|tx| tx.try_forget(sum)).unwrap_err();
    assert!(gone.is_disposed());
}
