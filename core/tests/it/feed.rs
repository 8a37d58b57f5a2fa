//! The event feed and the runs: what is told, and when beside the hooks.

use crate::log::Log;
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::{Event, ObserverGuard, PanicPolicy, Policy, Run, Store, test::ManualExecutor};

/// Notes the events of runs.
fn observe(store: &Store, log: &Log) -> ObserverGuard {
    let heard = log.clone();
    store.observe(move |event| match event {
        Event::RunStarted { run, name, parent } => {
            let parent = parent.map_or_else(String::new, |parent| format!(" by {parent}"));
            heard.note(format!("{run} {name} started{parent}"));
        }
        Event::RunSettled { run, outcome, .. } => heard.note(format!("{run} {outcome}")),
        Event::Failed { what, message } => heard.note(format!("{what}: {message}")),
        Event::Committed { number, .. } => heard.note(number),
        _ => {}
    })
}

#[test]
fn the_feed_is_told_of_start_and_end_before_the_hooks_and_in_order_with_commits() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let _observer = observe(&store, &log);
    let (start, end) = (log.clone(), log.clone());
    let run = store
        .run_builder("writes")
        .on_start(|_| {
            start.note("start hook");
            Ok::<_, String>(())
        })
        .on_settle(move |_| end.note("settle hook"))
        .start(move |cx| async move { cx.set(cell, 1).map(drop) });
    assert!(run.is_settled());
    log.is(["run 1 writes started", "start hook", "#1", "run 1 fulfilled", "settle hook"]);
}

#[test]
fn a_superseded_run_ends_in_the_feed_before_its_successor_starts() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let _observer = observe(&store, &log);
    let search = || -> Run<(), String> {
        store.run_builder("search").policy(Policy::Latest).start(|_| pending())
    };
    let _first = search();
    let _second = search();
    log.is(["run 1 search started", "run 1 superseded", "run 2 search started"]);
}

#[test]
fn children_end_in_the_feed_after_their_parent_and_name_it_when_they_start() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let _observer = observe(&store, &log);
    let parent: Run<(), String> = store.run("parent", |cx| async move {
        let _child: Run<(), String> = cx.run("child", |_| pending());
        pending().await
    });
    parent.abort("over");
    log.is([
        "run 1 parent started",
        "run 2 child started by run 1",
        "run 1 aborted",
        "run 2 aborted",
    ]);
}

#[test]
fn of_a_run_that_is_refused_only_the_end_is_told() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let lead = || -> Run<(), String> {
        store.run_builder("once").policy(Policy::Leading).start(|_| pending())
    };
    let _first = lead();
    let _observer = observe(&store, &log);
    let _second = lead();
    log.is(["run 2 skipped"]);
}

#[test]
fn a_hook_and_a_destructor_that_panic_are_failures_in_the_feed_and_nowhere_else() {
    struct Fails;
    impl Drop for Fails {
        fn drop(&mut self) {
            panic!("no end");
        }
    }
    let log = Log::default();
    let heard = log.clone();
    let report = PanicPolicy::Report(Box::new(move |message| heard.note(format!("?? {message}"))));
    let store = Store::builder().on_panic(report).spawner(ManualExecutor::new()).build();
    let _observer = observe(&store, &log);
    let held = Fails;
    let run: Run<(), String> =
        store.run_builder("broken").on_settle(|_| panic!("no hook")).start(|_| async move {
            let _held = held;
            pending().await
        });
    run.abort("over");
    log.is([
        "run 1 broken started",
        "run 1 aborted",
        "the settle hook of run 1 `broken`: no hook",
        "the drop of the body of run 1 `broken`: no end",
    ]);
}

#[test]
fn runs_that_end_with_their_store_call_their_hooks_and_tell_no_events() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    observe(&store, &log).detach();
    let end = log.clone();
    let run: Run<(), String> = store
        .run_builder("last")
        .on_settle(move |outcome| end.note(format!("hook: {}", outcome.kind())))
        .start(|_| pending());
    drop(store);
    assert!(run.outcome().unwrap().is_failed());
    log.is(["run 1 last started", "hook: failed"]);
}

#[test]
fn an_observer_that_replaces_itself_is_replaced() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let guard: Arc<Mutex<Option<ObserverGuard>>> = Arc::default();
    let (own, weak, heard) = (Arc::clone(&guard), store.downgrade(), log.clone());
    *guard.lock().unwrap() = Some(store.observe(move |_| {
        heard.note("first");
        let heard = heard.clone();
        drop(own.lock().unwrap().take());
        let second = weak.upgrade().unwrap().observe(move |_| heard.note("second"));
        *own.lock().unwrap() = Some(second);
    }));
    store.set(cell, 1);
    log.is(["first"]);
    store.set(cell, 2);
    log.is(["second"]);
}
