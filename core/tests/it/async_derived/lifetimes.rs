//! When runs begin, and what is left when a cell or its store goes.

use super::Stage;
use futures_util::FutureExt;
use std::{
    sync::Mutex,
    task::{Context, Waker},
};
use tokio::sync::oneshot;
use trine_core::{AsyncPolicy, Failure, Rejection};

#[test]
fn nothing_runs_until_somebody_reads_and_no_part_of_the_body_runs_on_the_readers_stack() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    stage.store.set(a, 10);
    stage.run();
    assert!(stage.store.runs().is_empty());
    assert_eq!(stage.show(sum), "pending");
    stage.log.is([]);
    assert_eq!(stage.store.runs().list()[0].name, "sum");
    // Asked again, it is under way already.
    assert_eq!(stage.show(sum), "pending");
    assert_eq!(stage.store.runs().len(), 1);
    stage.run();
    stage.log.is(["begin", "a is 10", "b is 2", "dropped"]);
    assert_eq!(stage.show(sum), "12");
    assert!(stage.store.runs().is_empty());
}

#[test]
fn removing_the_cell_cancels_the_run_and_leaves_nothing() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let cells = stage.store.cell_count();
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let mut watch = stage.store.watch(sum);
    stage.executor.run_one();
    stage.log.is(["begin", "a is 1"]);
    stage.store.remove(sum).unwrap();
    stage.log.is(["dropped"]);
    assert!(stage.store.runs().is_empty());
    assert_eq!(stage.store.cell_count(), cells);
    assert!(watch.changed().now_or_never().unwrap().is_err());
    assert!(stage.store.try_get(sum).unwrap_err().is_disposed());
    assert!(stage.store.try_refresh(sum).is_err());
    stage.run();
    assert_eq!(stage.executor.pending(), 0);
    stage.store.set(a, 2);

    // Before its run has been polled, and with its scope.
    let scope = stage.store.scope("dialog");
    let sum = scope.adopt(stage.sum(AsyncPolicy::Finish, a, b));
    stage.store.get(sum);
    drop(scope);
    stage.run();
    stage.log.is([]);
    assert_eq!((stage.store.cell_count(), stage.store.runs().len()), (cells, 0));
}

#[test]
fn dropping_the_store_ends_the_run_and_who_waits_learns_of_it() {
    let Stage { store, executor, log } = Stage::new();
    let stage = Stage { store: store.clone(), executor: executor.clone(), log: log.clone() };
    let (a, b) = (store.source(1), store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let mut ready = Box::pin(store.ready(sum));
    assert!(ready.poll_unpin(&mut Context::from_waker(Waker::noop())).is_pending());
    executor.run_one();
    drop((stage, store));
    log.is(["begin", "a is 1", "dropped"]);
    assert!(matches!(
        ready.now_or_never().unwrap(),
        Err(Rejection::Failed { failure: Failure::Dependency { .. } })
    ));
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0);
}

#[test]
fn a_result_that_comes_while_the_cell_is_read_elsewhere_is_not_lost() {
    let stage = Stage::new();
    let (answer, asked) = oneshot::channel::<i32>();
    let asked = Mutex::new(Some(asked));
    let cell = stage.store.derived_async(move |_| asked.lock().unwrap().take().unwrap());
    let mut ready = Box::pin(stage.store.ready(cell));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(ready.poll_unpin(&mut cx).is_pending());
    stage.run();
    answer.send(7).unwrap();
    assert!(ready.poll_unpin(&mut cx).is_pending());
    stage.run();
    assert_eq!(*ready.now_or_never().unwrap().unwrap(), 7);
}
