//! What observers see of what a run comes to.

use super::{Stage, show};
use futures_util::{FutureExt, StreamExt};
use std::{convert::Infallible, num::NonZeroUsize, sync::Arc};
use trine_core::{
    AsyncDerived, AsyncPolicy, AsyncState, Event, Failure, Rejection, Store,
    test::{Log, yield_now},
};

#[test]
fn an_equal_value_is_no_change_for_what_is_derived_from_it() {
    let stage = Stage::new();
    let a = stage.store.source(1);
    let parity = stage.store.derived_async(move |cx| async move {
        let a = cx.get(a).await;
        yield_now().await;
        Ok::<_, Infallible>(a % 2)
    });
    let shown = stage
        .store
        .derived(move |cx| cx.with(parity, |parity| parity.value().map(|value| **value)));
    let log = stage.log.clone();
    let _guard = stage.store.subscribe(shown, move |shown| log.note(format!("{shown:?}")));
    stage.run();
    let AsyncState::Ready { value: before } = stage.store.get(parity) else { panic!() };
    stage.store.set(a, 3);
    stage.run();
    let AsyncState::Ready { value: after } = stage.store.get(parity) else { panic!() };
    assert!(Arc::ptr_eq(&before, &after));
    stage.log.is(["Some(1)"]);
    stage.store.set(a, 4);
    stage.run();
    stage.log.is(["Some(0)"]);

    // Unless every value counts as different.
    let every = stage
        .store
        .cell("every")
        .always_different()
        .derived_async(move |cx| async move { Ok::<_, Infallible>(cx.get(a).await % 2) });
    let watch = stage.store.watch(every);
    stage.run();
    let before = Arc::clone(watch.borrow().value().unwrap());
    stage.store.set(a, 6);
    stage.run();
    assert!(!Arc::ptr_eq(&before, watch.borrow().value().unwrap()));
}

#[test]
fn callbacks_streams_and_watches_see_every_state_once_and_in_order() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    let told = Log::new();
    let log = told.clone();
    let _guard = stage.store.subscribe(sum, move |state| log.note(show(state)));
    let mut changes = stage.store.changes(sum, NonZeroUsize::new(8).unwrap());
    let mut watch = stage.store.watch(sum);
    stage.run();
    stage.store.set(b, 3);
    assert!(watch.has_changed());
    stage.run();
    told.is(["3", "stale 3", "4"]);
    let streamed: Vec<_> = std::iter::from_fn(|| changes.next().now_or_never().flatten())
        .map(|state| show(&state.unwrap()))
        .collect();
    assert_eq!(streamed, ["3", "stale 3", "4"]);
    assert_eq!(show(&watch.borrow_and_update()), "4");
    assert!(!watch.has_changed());
}

#[test]
fn a_result_is_a_commit_that_names_its_cell_and_is_caused_by_its_run() {
    let stage = Stage::new();
    let a = stage.store.source(1);
    let cell = stage
        .store
        .cell("double")
        .derived_async(move |cx| async move { Ok::<_, Infallible>(cx.get(a).await * 2) });
    let _events = stage.log.follow(&stage.store, |event| match event {
        Event::RunStarted { run, name, .. } => Some(format!("{run} {name} started")),
        Event::RunSettled { run, outcome, .. } => Some(format!("{run} {outcome}")),
        Event::Committed { cause, cells, .. } => {
            Some(format!("commit of {} by {:?}", cells[0], cause.run.map(|run| run.get())))
        }
        _ => None,
    });
    stage.store.get(cell);
    stage.run();
    stage.log.is(["run 1 double started", "run 1 fulfilled", "commit of `double` by Some(1)"]);
}

#[test]
fn an_error_is_kept_with_the_last_good_value_until_the_inputs_change() {
    let stage = Stage::new();
    let a = stage.store.source(1);
    let cell = stage.store.derived_async(move |cx| async move {
        let a = cx.get(a).await;
        yield_now().await;
        if a < 0 { Err("negative") } else { Ok(a) }
    });
    let watch = stage.store.watch(cell);
    stage.run();
    stage.store.set(a, -1);
    stage.run();
    assert_eq!(show(&watch.borrow()), "rejected after 1");
    let state = stage.store.get(cell);
    let Some(Rejection::Rejected { error }) = state.error() else { panic!("{state:?}") };
    assert_eq!(**error, "negative");
    stage.store.set(a, 2);
    assert_eq!(show(&watch.borrow()), "stale 1");
    stage.run();
    assert_eq!(show(&watch.borrow()), "2");
}

#[test]
fn a_panic_is_kept_as_a_failure_and_heals_when_the_inputs_change() {
    let stage = Stage::new();
    let a = stage.store.source(-1);
    let cell = stage.store.derived_async(move |cx| async move {
        let a = cx.get(a).await;
        assert!(a >= 0, "{a} is negative");
        Ok::<_, Infallible>(a)
    });
    stage.store.get(cell);
    stage.run();
    let state = stage.store.get(cell);
    let Some(Rejection::Panicked { message }) = state.error() else { panic!("{state:?}") };
    assert_eq!(*message, "-1 is negative");
    stage.store.set(a, 1);
    assert_eq!(stage.show(cell), "pending");
    stage.run();
    assert_eq!(stage.show(cell), "1");
}

#[test]
fn a_body_that_panics_before_its_future_is_made_is_a_failure_too() {
    let stage = Stage::new();
    let cell: AsyncDerived<i32, Infallible> = stage.store.derived_async(|_| {
        assert!(std::hint::black_box(false), "at once");
        std::future::ready(Ok(1))
    });
    stage.store.get(cell);
    stage.run();
    assert_eq!(stage.show(cell), "panicked");
}

#[test]
fn without_a_runtime_the_state_is_a_typed_failure_until_it_is_refreshed_with_one() {
    let store = Store::new();
    let a = store.source(1);
    let cell = store.derived_async(move |cx| async move { Ok::<_, Infallible>(cx.get(a).await) });
    assert!(store.get(cell).is_pending() || store.get(cell).is_failed());
    let state = store.get(cell);
    assert!(
        matches!(state.error(), Some(Rejection::Failed { failure: Failure::NoRuntime(_) })),
        "{state:?}"
    );
    // Reading it again does not try again.
    store.get(cell);
    assert!(store.runs().is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    #[cfg(feature = "tokio")]
    runtime.unwrap().block_on(async {
        store.refresh(cell);
        assert_eq!(*store.ready(cell).await.unwrap(), 1);
    });
    #[cfg(not(feature = "tokio"))]
    drop(runtime);
}

#[test]
fn an_aborted_run_is_a_failure_and_a_refresh_runs_again() {
    let stage = Stage::new();
    let (a, b) = (stage.store.source(1), stage.store.source(2));
    let sum = stage.sum(AsyncPolicy::Latest, a, b);
    stage.store.get(sum);
    stage.executor.run_one();
    assert_eq!(stage.store.runs().abort_named("sum", "no more"), 1);
    let state = stage.store.get(sum);
    let Some(Rejection::Aborted { reason, .. }) = state.error() else { panic!("{state:?}") };
    assert_eq!(*reason, "no more");
    stage.log.clear();
    stage.store.refresh(sum);
    // Nobody observes it: it runs when it is read.
    stage.run();
    stage.log.is([]);
    assert_eq!(stage.show(sum), "pending");
    stage.run();
    assert_eq!(stage.show(sum), "3");
    // With a value that is up to date, and while a run is under way.
    stage.store.refresh(sum);
    assert_eq!(stage.show(sum), "stale 3");
    stage.executor.run_one();
    stage.store.refresh(sum);
    assert_eq!(stage.show(sum), "stale 3");
    stage.log.clear();
    stage.run();
    stage.log.is(["begin", "a is 1", "b is 2", "dropped"]);
    assert_eq!(stage.show(sum), "3");
}
