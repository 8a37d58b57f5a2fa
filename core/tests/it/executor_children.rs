//! Children: aborted with their parents, unless detached.

use crate::log::Log;
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::{AbortedBy, Event, Outcome, Run, RunContext, Store, test::ManualExecutor};

type Unit = Result<(), String>;

fn logged(cx: &RunContext, log: &Log, name: &'static str) -> Run<(), String> {
    let log = log.clone();
    cx.run_builder(name)
        .on_settle(move |outcome| log.note(format!("{name} {}", outcome.kind())))
        .start(|_| pending())
}

#[test]
fn whatever_settles_a_parent_aborts_its_children_in_the_order_of_their_start() {
    for end in ["fulfilled", "rejected", "aborted", "panicked"] {
        let (executor, log) = (ManualExecutor::new(), Log::default());
        let store = Store::with_spawner(executor.clone());
        let (body, settle) = (log.clone(), log.clone());
        let child = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&child);
        let parent = store
            .run_builder("parent")
            .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
            .start(move |cx| async move {
                logged(&cx, &body, "a");
                *slot.lock().unwrap() = Some(logged(&cx, &body, "b"));
                match end {
                    "fulfilled" => Ok(()),
                    "rejected" => Err(String::new()),
                    "panicked" => panic!(),
                    _ => pending().await,
                }
            });
        if end == "aborted" {
            parent.abort("enough");
        }
        log.is([end, "a aborted", "b aborted"]);
        let child = child.lock().unwrap().take().unwrap();
        assert_eq!(
            child.outcome(),
            Some(Outcome::Aborted {
                // Who was aborted passes the reason on.
                reason: (if end == "aborted" { "enough" } else { "its parent has settled" }).into(),
                by: AbortedBy::Parent(parent.id())
            })
        );
        assert_eq!(child.parent(), Some(parent.id()));
        assert!(store.runs().is_empty());
    }
}

#[test]
fn detached_children_go_on() {
    let store = Store::with_spawner(ManualExecutor::new());
    store.run("parent", |cx| async move {
        cx.run_builder("from the start").detached().start(|_| pending::<Unit>());
        cx.run("later", |_| pending::<Unit>()).detach_from_parent();
        cx.run("tied", |_| pending::<Unit>());
        Ok::<_, String>(())
    });
    let names: Vec<_> = store.runs().list().into_iter().map(|run| run.name).collect();
    assert_eq!(names, ["from the start", "later"]);
    assert!(store.runs().list().iter().all(|run| run.parent.is_some()));
}

#[test]
fn a_settled_parent_gets_no_more_children() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let shared: Arc<Mutex<Option<RunContext>>> = Arc::default();
    let inner = Arc::clone(&shared);
    let parent = store.run("parent", move |cx| async move {
        *inner.lock().unwrap() = Some(cx);
        Ok::<_, String>(())
    });
    let cx = shared.lock().unwrap().take().unwrap();
    let (start, settle, body) = (log.clone(), log.clone(), log.clone());
    let child = cx
        .run_builder("late")
        .on_start(|_| {
            start.note("start");
            Ok::<_, String>(())
        })
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(move |_| {
            body.note("body");
            pending::<Unit>()
        });
    log.is(["aborted"]);
    let reason = "its parent has settled".into();
    let by = AbortedBy::Parent(parent.id());
    assert_eq!(child.outcome(), Some(Outcome::Aborted { reason, by }));
    // A detached one is only a note of where it came from.
    assert!(!cx.run_builder("free").detached().start(|_| pending::<Unit>()).is_settled());
}

#[test]
fn the_reason_of_an_abort_goes_down_the_family() {
    let store = Store::with_spawner(ManualExecutor::new());
    let last: Arc<Mutex<Option<RunContext>>> = Arc::default();
    let slot = Arc::clone(&last);
    let root = store.run("root", move |cx| {
        let child = cx.run("child", move |cx| {
            cx.run("grandchild", move |cx| {
                *slot.lock().unwrap() = Some(cx);
                pending::<Unit>()
            });
            pending::<Unit>()
        });
        async move { child.await.into_result().map(|_| ()).map_err(|error| error.to_string()) }
    });
    let log = Log::default();
    let heard = log.clone();
    let _observer = store.observe(move |event| {
        if let Event::RunSettled { name, outcome, .. } = event {
            heard.note(format_args!("{name} {outcome}"));
        }
    });
    let cx = last.lock().unwrap().take().unwrap();
    root.abort("left the page");
    log.is(["root aborted", "child aborted", "grandchild aborted"]);
    assert_eq!(cx.abort_reason(), Some("left the page".into()));
    let late = cx.run("late", |_| pending::<Unit>());
    let Some(Outcome::Aborted { reason, by }) = late.outcome() else { panic!("{late:?}") };
    assert_eq!((reason.as_str(), by), ("left the page", AbortedBy::Parent(cx.id())));
}

#[test]
fn a_child_that_settles_first_is_forgotten_by_its_parent() {
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let store = Store::with_spawner(executor.clone());
    let body = log.clone();
    let parent = store.run("parent", |cx| async move {
        let child = logged(&cx, &body, "child");
        child.abort("done with it");
        pending::<Unit>().await
    });
    log.is(["child aborted"]);
    parent.abort("enough");
    log.is([]);
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn grandchildren_go_generation_by_generation_and_any_depth_fits_on_the_stack() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let last: Arc<Mutex<Option<RunContext>>> = Arc::default();
    let slot = Arc::clone(&last);
    let root = store.run("root", move |cx| {
        *slot.lock().unwrap() = Some(cx);
        pending::<Unit>()
    });
    for _ in 0..100_000 {
        let cx = last.lock().unwrap().take().unwrap();
        let slot = Arc::clone(&last);
        cx.run("link", move |cx| {
            *slot.lock().unwrap() = Some(cx);
            pending::<Unit>()
        });
    }
    assert_eq!(store.runs().len(), 100_001);
    root.abort("cut");
    assert!(store.runs().is_empty());
    assert!(!last.lock().unwrap().as_ref().unwrap().is_active());
}
