//! Every run was awaited or declared detached.

use futures_util::FutureExt;
use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use trine_core::{
    Run, Store,
    test::{ManualExecutor, RunAudit},
};

fn start(store: &Store) -> Run<(), ()> {
    store.run("save", |_| pending())
}

#[test]
fn a_handle_that_is_dropped_with_no_word_is_reported_with_name_and_place() {
    let store = Store::with_spawner(ManualExecutor::new());
    let audit = RunAudit::of(&store);
    drop(store.run("load", |_| pending::<Result<(), ()>>()));
    let line = line!() - 1;
    // Ready at once, described by a builder, a child: all the same.
    drop(store.run("ready", |_| async { Ok::<_, ()>(()) }));
    drop(store.run_builder::<(), ()>("built").key(1).start(|_| pending()));
    let parent = store.run("parent", |cx| async move {
        drop(cx.run("child", |_| pending::<Result<(), ()>>()));
        pending::<Result<(), ()>>().await
    });
    let loose = audit.loose();
    let names: Vec<_> = loose.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["load", "ready", "built", "child"]);
    assert!(loose.iter().all(|run| run.started.file() == file!()));
    assert_eq!(loose[0].started.line(), line);
    let message = catch_unwind(AssertUnwindSafe(|| audit.check())).unwrap_err();
    let message = message.downcast::<String>().unwrap();
    assert!(message.contains(&format!("`load`, started at {}:{line}", file!())), "{message}");
    parent.detach();
    assert_eq!(audit.loose().len(), 4);
}

#[test]
fn a_run_that_somebody_has_cared_for_in_any_way_is_not_reported() {
    let store = Store::with_spawner(ManualExecutor::new());
    let audit = RunAudit::of(&store);
    start(&store).detach();
    drop(start(&store).abort_on_drop());
    start(&store).abort("enough");
    assert!(start(&store).outcome().is_none());
    assert!(start(&store).wait_blocking(Duration::ZERO).is_none());
    assert!(start(&store).into_future().now_or_never().is_none());
    let awaited = start(&store);
    assert!((&awaited).into_future().now_or_never().is_none());
    assert!(start(&store).result().now_or_never().is_none());
    start(&store).attend();
    drop(awaited);
    audit.check();
}

#[test]
fn only_what_starts_during_the_audit_is_looked_at_and_a_handle_that_is_held_not_yet() {
    let store = Store::with_spawner(ManualExecutor::new());
    let before = start(&store);
    let audit = RunAudit::of(&store);
    let held = start(&store);
    drop(before);
    audit.check();
    drop(held);
    assert_eq!(audit.loose().len(), 1);
    // A second audit takes the place of the first, and is not ended by it.
    let second = RunAudit::of(&store);
    drop(audit);
    drop(start(&store));
    assert_eq!(second.loose().len(), 1);
    drop(second);
    drop(start(&store));
    let third = RunAudit::of(&store);
    drop(store);
    third.check();
}
