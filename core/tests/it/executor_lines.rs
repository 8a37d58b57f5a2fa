//! Policies that make runs wait for their turn.

use std::{future::pending, sync::Arc};
use tokio::sync::Notify;
use trine_core::{
    Outcome, Policy, Run, RunStatus, Store,
    test::{Log, ManualExecutor},
};

struct Line {
    store: Store,
    executor: ManualExecutor,
    log: Log,
}

/// A run that ends when it is told.
struct Member {
    run: Run<u64, String>,
    done: Arc<Notify>,
}

impl Line {
    fn new() -> Self {
        let executor = ManualExecutor::new();
        Self { store: Store::with_spawner(executor.clone()), executor, log: Log::default() }
    }

    fn start(&self, policy: Policy, key: u8) -> Member {
        let done = Arc::new(Notify::new());
        let (start, begin, settle) = (self.log.clone(), self.log.clone(), self.log.clone());
        let end = Arc::clone(&done);
        let run = self
            .store
            .run_builder("send")
            .policy(policy)
            .key(key)
            .on_start(move |cx| {
                start.note(format!("start {}", cx.id().get()));
                Ok::<_, String>(())
            })
            .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
            .start(move |cx| async move {
                begin.note(format!("body {}", cx.id().get()));
                end.notified().await;
                Ok(cx.id().get())
            });
        Member { run, done }
    }

    fn go_on(&self) {
        self.executor.run_until_stalled();
    }
}

#[test]
fn a_queue_begins_one_body_at_a_time_in_order_once_the_end_before_is_told() {
    let line = Line::new();
    let runs = [0, 1, 2].map(|_| line.start(Policy::Queue(2), 0));
    line.log.is(["start 1", "body 1", "start 2", "start 3"]);
    line.go_on();
    assert_eq!(runs[1].run.status(), RunStatus::Queued);
    line.log.is([]);
    runs[0].done.notify_one();
    line.go_on();
    line.log.is(["fulfilled", "body 2"]);
    runs[1].done.notify_one();
    line.go_on();
    line.log.is(["fulfilled", "body 3"]);
    runs[2].done.notify_one();
    line.go_on();
    line.log.is(["fulfilled"]);
    assert!(line.store.runs().is_empty());
    // The group is forgotten: the next one begins at once.
    line.start(Policy::Queue(0), 0);
    line.log.is(["start 4", "body 4"]);
}

#[test]
fn a_run_that_finds_a_full_queue_is_skipped_and_one_that_leaves_makes_room() {
    let line = Line::new();
    let first = line.start(Policy::Queue(1), 0);
    let second = line.start(Policy::Queue(1), 0);
    let third = line.start(Policy::Queue(1), 0);
    let Some(Outcome::Skipped { reason }) = third.run.outcome() else { panic!() };
    assert_eq!(reason, "1 are waiting already");
    line.log.is(["start 1", "body 1", "start 2", "skipped"]);
    assert!(second.run.abort("never mind"));
    let fourth = line.start(Policy::Queue(1), 0);
    first.run.abort("enough");
    line.go_on();
    line.log.is(["aborted", "start 4", "aborted", "body 4"]);
    assert!(!fourth.run.is_settled());
    assert_eq!(line.store.runs().len(), 1);
}

#[test]
fn queues_of_different_keys_do_not_wait_for_each_other() {
    let line = Line::new();
    let _runs = [0, 1, 0].map(|key| line.start(Policy::Queue(9), key));
    line.log.is(["start 1", "body 1", "start 2", "body 2", "start 3"]);
}

#[test]
fn a_limit_lets_so_many_begin_and_any_number_wait() {
    let line = Line::new();
    let runs = [0; 5].map(|_| line.start(Policy::Limit(2), 0));
    line.log.is(["start 1", "body 1", "start 2", "body 2", "start 3", "start 4", "start 5"]);
    runs[1].done.notify_one();
    line.go_on();
    line.log.is(["fulfilled", "body 3"]);
    runs[0].done.notify_one();
    runs[2].done.notify_one();
    line.go_on();
    line.log.is(["fulfilled", "fulfilled", "body 4", "body 5"]);
}

#[test]
fn a_latest_run_supersedes_those_that_wait_too() {
    let line = Line::new();
    let runs = [0; 3].map(|_| line.start(Policy::Queue(9), 0));
    line.log.is(["start 1", "body 1", "start 2", "start 3"]);
    let last = line.start(Policy::Latest, 0);
    line.log.is(["superseded", "superseded", "superseded", "start 4", "body 4"]);
    assert!(runs.iter().all(|member| member.run.outcome().unwrap().is_superseded()));
    line.go_on();
    line.log.is([]);
    assert!(!last.run.is_settled());
}

#[test]
fn a_run_that_waits_when_its_store_goes_ends_with_it() {
    let line = Line::new();
    let runs = [0; 2].map(|_| line.start(Policy::Queue(9), 0));
    let Line { store, executor, .. } = line;
    drop(store);
    executor.run_until_stalled();
    assert!(runs.iter().all(|member| member.run.outcome().unwrap().is_failed()));
    assert_eq!(executor.pending(), 0);
}

#[test]
fn an_end_in_a_lease_lets_the_next_one_go_on_when_the_lease_ends() {
    let line = Line::new();
    let runs = [0; 2].map(|_| line.start(Policy::Queue(9), 0));
    let cell = line.store.source(0);
    line.store.batch(|tx| {
        runs[0].run.abort("inside");
        tx.set(cell, 1);
    });
    line.go_on();
    line.log.is(["start 1", "body 1", "start 2", "aborted", "body 2"]);
}

#[test]
fn a_run_that_waits_for_its_turn_may_be_a_child_and_ends_with_its_parent() {
    let line = Line::new();
    let first = line.start(Policy::Queue(9), 0);
    let slot = Arc::new(std::sync::Mutex::new(None));
    let own = Arc::clone(&slot);
    let parent: Run<(), String> = line.store.run("parent", move |cx| {
        let child = cx.run_builder("send").policy(Policy::Queue(9)).key(0_u8);
        *own.lock().unwrap() = Some(child.start(|_| pending::<Result<u64, String>>()));
        pending()
    });
    let child = slot.lock().unwrap().take().unwrap();
    parent.abort("over");
    assert!(child.outcome().unwrap().is_aborted());
    first.done.notify_one();
    line.go_on();
    assert!(line.store.runs().is_empty());
}
