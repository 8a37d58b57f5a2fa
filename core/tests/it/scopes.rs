//! Scopes: what belongs together ends together.

use crate::log::Log;
use std::{cell::Cell as StdCell, future::pending, sync::Arc};
use trine_core::{Event, Failure, Outcome, Store, test::ManualExecutor};

#[test]
fn the_end_of_a_scope_aborts_runs_then_ends_subscriptions_then_removes_cells() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let scope = store.scope("dialog");
    let cell = scope.source(1);
    let derived = scope.derived(move |cx| cx.get(cell) * 2);
    scope.subscribe(derived, |_| {});
    let run = scope.run("load", |_| pending::<Result<(), ()>>());
    let heard = log.clone();
    let state = store.clone();
    store
        .observe(move |event| match event {
            Event::RunSettled { .. } => {
                heard.note(format!("run over, {} cells", state.cell_count()));
            }
            Event::Unsubscribed { .. } => heard.note("unsubscribed"),
            Event::Committed { .. } => heard.note("commit"),
            _ => {}
        })
        .detach();
    scope.end();
    assert!(scope.is_ended());
    assert!(
        matches!(run.outcome(), Some(Outcome::Aborted { reason, .. }) if reason == "scope `dialog` has ended")
    );
    log.is(["run over, 2 cells", "unsubscribed"]);
    assert_eq!(store.cell_count(), 0);
    assert!(store.try_get(cell).unwrap_err().is_disposed());
    scope.end();
}

#[test]
fn dropping_a_scope_ends_it_and_its_inner_scopes() {
    let store = Store::new();
    let outer = store.scope("outer");
    let inner = outer.scope("inner");
    let cell = inner.source(1);
    drop(outer);
    assert!(inner.is_ended());
    assert!(store.try_get(cell).is_err());
    let error = inner.try_adopt(store.source(2)).unwrap_err();
    assert_eq!((error.name.as_str(), error.used.line()), ("inner", line!() - 1));
    assert!(error.to_string().starts_with("scope `inner` was used at core/tests/it/scopes.rs"));
}

#[test]
fn an_inner_scope_may_end_first() {
    let store = Store::new();
    let outer = store.scope("outer");
    let kept = outer.source(1);
    for _ in 0..100 {
        outer.scope("inner").source(2);
    }
    assert_eq!(store.cell_count(), 1);
    assert_eq!(store.get(kept), 1);
}

#[test]
fn outside_readers_are_told_once_that_what_they_read_is_gone() {
    let (store, log) = (Store::new(), Log::default());
    let scope = store.scope("part");
    let (a, b) = (scope.source(1), scope.source(2));
    let sum = store.derived(move |cx| cx.get(a) + cx.get(b));
    let heard = log.clone();
    let _guard = store.subscribe_changes(sum, move |change| {
        heard.note(change.value().is_err_and(trine_core::CellError::is_disposed));
    });
    scope.end();
    log.is(["true"]);
}

#[test]
fn a_run_started_in_a_scope_that_has_ended_fails_without_being_called() {
    let store = Store::new();
    let scope = store.scope("gone");
    scope.end();
    let called = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let noted = called.clone();
    let run = scope.run("late", move |_| {
        noted.store(true, std::sync::atomic::Ordering::Relaxed);
        async { Ok::<_, ()>(()) }
    });
    let outcome = run.outcome().unwrap();
    assert!(
        matches!(&outcome, Outcome::Failed { failure: Failure::Start { message } } if message.contains("`gone`")),
        "{outcome:?}"
    );
    assert!(!called.load(std::sync::atomic::Ordering::Relaxed));
}

#[test]
fn a_scope_keeps_no_trace_of_runs_that_are_over() {
    let store = Store::new();
    let scope = store.scope("long");
    for _ in 0..1_000 {
        assert!(scope.run("quick", |_| async { Ok::<_, ()>(()) }).is_settled());
    }
    assert!(store.runs().is_empty());
    scope.end();
}

#[test]
fn a_scope_dropped_inside_a_lease_ends_at_its_end() {
    let store = Store::new();
    let scope = store.scope("inside");
    let cell = scope.source(1);
    let seen = StdCell::new(0);
    store.with(cell, |value| {
        drop(scope);
        seen.set(*value);
    });
    assert_eq!(seen.get(), 1);
    assert!(store.try_get(cell).is_err());
}

#[test]
fn a_scope_outlives_its_store_in_peace() {
    let store = Store::new();
    let scope = store.scope("orphan");
    scope.source(1);
    drop(store);
    scope.end();
}
