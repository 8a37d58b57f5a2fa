//! Runs hold their store weakly.

use crate::log::Log;
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::{Failure, Outcome, Run, Store, StoreDropped, test::ManualExecutor};

fn store_dropped() -> Outcome<(), String> {
    Outcome::Failed { failure: Failure::StoreDropped(StoreDropped) }
}

#[test]
fn dropping_the_last_handle_ends_all_runs_and_drops_their_bodies() {
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let store = Store::with_spawner(executor.clone());
    let child = Arc::new(Mutex::new(None));
    let (slot, settle, held) = (Arc::clone(&child), log.clone(), log.on_drop("body dropped"));
    let run: Run<(), String> = store
        .run_builder("parent")
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(move |cx| async move {
            let _held = held;
            *slot.lock().unwrap() = Some(cx.run("child", |_| pending()));
            pending().await
        });
    let other = store.clone();
    drop(store);
    assert!(!run.is_settled());
    drop(other);
    log.is(["failed", "body dropped"]);
    assert_eq!(run.outcome(), Some(store_dropped()));
    assert_eq!(child.lock().unwrap().take().unwrap().outcome(), Some(store_dropped()));
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0);
}

#[test]
fn a_body_may_drop_the_last_handle() {
    let store = Arc::new(Mutex::new(Some(Store::with_spawner(ManualExecutor::new()))));
    let slot = Arc::clone(&store);
    let handle = store.lock().unwrap().clone().unwrap();
    let other: Run<(), String> = handle.run("other", |_| pending());
    let executor = ManualExecutor::new();
    let mine = Store::with_spawner(executor.clone());
    let own = Arc::new(Mutex::new(Some(mine.clone())));
    let last = Arc::clone(&own);
    let run: Run<(), String> = mine.run_builder("last").queued().start(|cx| async move {
        last.lock().unwrap().take();
        assert!(!cx.is_active());
        assert_eq!(cx.store().unwrap_err(), StoreDropped);
        let late = cx.run("late", |_| pending::<Result<(), String>>());
        assert_eq!(late.outcome(), Some(store_dropped()));
        Ok(())
    });
    drop(mine);
    executor.run_until_stalled();
    assert_eq!(run.outcome(), Some(store_dropped()));
    drop(handle);
    assert!(!other.is_settled());
    slot.lock().unwrap().take();
    assert_eq!(other.outcome(), Some(store_dropped()));
}

#[test]
fn nothing_is_left_in_memory_when_all_is_over() {
    let token = Arc::new(());
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    for _ in 0..3 {
        let token = Arc::clone(&token);
        store.run("holds", |cx| async move {
            let _held = (token, cx);
            pending::<Result<(), String>>().await
        });
    }
    assert_eq!(Arc::strong_count(&token), 4);
    drop(store);
    assert_eq!(Arc::strong_count(&token), 1);
}
