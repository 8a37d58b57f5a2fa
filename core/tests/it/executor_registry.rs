//! The list of live runs.

use futures_util::FutureExt;
use std::{future::pending, time::Duration};
use trine_core::{AbortedBy, Outcome, Run, Store, test::ManualExecutor};

fn wait(store: &Store, name: &'static str) -> Run<(), String> {
    store.run(name, |_| pending())
}

#[test]
fn runs_are_listed_oldest_first_and_aborted_by_id_by_name_and_all() {
    let store = Store::with_spawner(ManualExecutor::new());
    let runs = ["a", "b", "a", "c"].map(|name| wait(&store, name));
    let list = store.runs();
    assert_eq!(list.list().iter().map(|run| run.name.as_str()).collect::<String>(), "abac");
    assert!(list.abort(runs[1].id(), "one"));
    assert!(!list.abort(runs[1].id(), "again"));
    assert_eq!(list.abort_named("a", "two"), 2);
    assert_eq!(list.abort_named("a", "none"), 0);
    assert_eq!(list.abort_all("rest"), 1);
    assert!(list.is_empty());
    let by = AbortedBy::Registry;
    assert_eq!(runs[3].outcome(), Some(Outcome::Aborted { reason: "rest".into(), by }));
}

#[test]
fn all_are_aborted_as_themselves_not_as_children() {
    let store = Store::with_spawner(ManualExecutor::new());
    store.run("parent", |cx| {
        cx.run("child", |_| pending::<Result<(), String>>());
        pending::<Result<(), String>>()
    });
    assert_eq!(store.runs().abort_all("end"), 2);
}

#[test]
fn idle_resolves_when_the_last_run_has_settled() {
    let store = Store::with_spawner(ManualExecutor::new());
    assert_eq!(store.runs().idle().now_or_never(), Some(()));
    let runs = [wait(&store, "a"), wait(&store, "b")];
    let mut idle = store.runs().idle();
    assert!((&mut idle).now_or_never().is_none());
    runs[0].abort("1");
    assert!((&mut idle).now_or_never().is_none());
    assert!(!store.runs().wait_blocking(Duration::ZERO));
    runs[1].abort("2");
    assert_eq!(idle.now_or_never(), Some(()));
    assert!(store.runs().wait_blocking(Duration::ZERO));
}

#[test]
fn idle_wakes_a_blocked_thread() {
    let store = Store::with_spawner(ManualExecutor::new());
    let run = wait(&store, "a");
    let list = store.runs();
    let waiter = std::thread::spawn(move || list.wait_blocking(Duration::MAX));
    run.abort("go");
    assert!(waiter.join().unwrap());
}
