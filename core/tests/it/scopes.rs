//! Scopes: what belongs together ends together.

use crate::log::Log;
use std::{
    cell::Cell as StdCell,
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
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
    let Outcome::Failed { failure: Failure::ScopeEnded(error) } = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((&*error.name, error.used.file()), ("gone", file!()));
    assert!(error.ended.is_some_and(|at| at.line() < error.used.line()));
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

#[test]
fn what_a_scope_owns_is_dropped_in_the_order_in_which_it_ends_the_inner_scopes_first() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let outer = store.scope("outer");
    let inner = outer.scope("inner");
    for (scope, [body, callback, value]) in [
        (&outer, ["outer body", "outer callback", "outer value"]),
        (&inner, ["inner body", "inner callback", "inner value"]),
    ] {
        // Made in another order than that of the end.
        let value = Some(Arc::new(log.on_drop(value)));
        let cell = scope.adopt(store.cell("value").always_different().source(value));
        let told = log.on_drop(callback);
        let length = scope.derived(move |cx| cx.with(cell, |value| value.iter().len()));
        scope.subscribe(length, move |_| {
            let _ = &told;
        });
        let held = log.on_drop(body);
        scope.run("body", |_| async move {
            let _held = held;
            pending::<Result<(), ()>>().await
        });
    }
    outer.end();
    log.is([
        "inner body",
        "inner callback",
        "inner value",
        "outer body",
        "outer callback",
        "outer value",
    ]);
    assert!(store.runs().is_empty());
    assert_eq!(store.cell_count(), 0);
}

#[test]
fn everything_asked_of_a_scope_that_has_ended_is_an_error_that_names_it_and_leaves_nothing_behind()
{
    let store = Store::new();
    let kept = store.source(1);
    let scope = store.scope("dialog");
    scope.end();
    type Ask<'a> = Box<dyn Fn() + 'a>;
    let refused: [(&str, Ask<'_>); 6] = [
        ("source", Box::new(|| _ = scope.source(1))),
        ("derived", Box::new(|| _ = scope.derived(|_| 1))),
        ("list", Box::new(|| _ = scope.list([1]))),
        ("subscribe", Box::new(|| scope.subscribe(kept, |_| {}))),
        ("keep", Box::new(|| scope.keep(store.subscribe(kept, |_| panic!("it has ended"))))),
        ("scope", Box::new(|| drop(scope.scope("inner")))),
    ];
    for (what, refused) in refused {
        let panic = catch_unwind(AssertUnwindSafe(refused)).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(
            message.starts_with("scope `dialog` was used at core/tests/it/scopes.rs:"),
            "{what}: {message}"
        );
    }
    assert_eq!(scope.try_scope("inner").unwrap_err().name, "dialog");
    let late = store.subscribe(kept, |_| panic!("it has ended"));
    assert_eq!(scope.try_keep(late).unwrap_err().used.line(), line!());
    assert_eq!(store.cell_count(), 1);
    store.set(kept, 2);
}

#[test]
fn a_cell_made_through_a_scope_is_made_where_the_scope_was_asked() {
    let store = Store::new();
    let scope = store.scope("dialog");
    let (source, derived, list) = (scope.source(1), scope.derived(|_| 1), scope.list([1]));
    let line = format!("core/tests/it/scopes.rs:{}:", line!() - 1);
    scope.end();
    for error in [store.try_get(source), store.try_get(derived)].map(Result::unwrap_err) {
        assert!(error.to_string().contains(&line), "{error}");
    }
    assert!(store.try_get(list).unwrap_err().to_string().contains(&line));
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_run_that_ends_costs_its_scope_the_same_however_many_others_are_live() {
    // Whoever looks through all live runs at each end does not come to an end himself.
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let store = Store::with_spawner(ManualExecutor::new());
        let scope = store.scope("server");
        let runs: Vec<_> =
            (0..100_000).map(|_| scope.run("serve", |_| pending::<Result<(), ()>>())).collect();
        for run in runs.into_iter().rev() {
            assert!(run.abort("closed"));
        }
        done.send(store.runs().len()).unwrap();
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(0));
}
