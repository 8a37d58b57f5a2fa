//! Runs that share one piece of work.

use futures_util::FutureExt;
use std::{future::pending, sync::Arc};
use tokio::sync::Notify;
use trine_core::{
    AbortedBy, Event, Failure, Outcome, Policy, Run, Store,
    test::{Log, ManualExecutor},
};

struct House {
    store: Store,
    executor: ManualExecutor,
    log: Log,
    done: Arc<Notify>,
}

impl House {
    fn new() -> Self {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        Self { store, executor, log: Log::default(), done: Arc::default() }
    }

    fn fetch(&self, who: &'static str) -> Run<u64, String> {
        let (start, body, settle) = (self.log.clone(), self.log.clone(), self.log.clone());
        let done = Arc::clone(&self.done);
        let held = self.log.on_drop("body dropped");
        self.store
            .run_builder("fetch")
            .policy(Policy::Shared)
            .key(7)
            .on_start(move |_| {
                start.note(format!("{who} starts"));
                Ok::<_, String>(())
            })
            .on_settle(move |outcome| settle.note(format!("{who} {}", outcome.kind())))
            .start(move |_| async move {
                let _held = held;
                body.note(format!("body of {who}"));
                done.notified().await;
                Ok(42)
            })
    }
}

#[test]
fn a_second_run_gets_the_first_ones_result_and_no_body_of_its_own() {
    let house = House::new();
    let (a, b) = (house.fetch("a"), house.fetch("b"));
    // The body that is not needed is dropped at once.
    house.log.is(["a starts", "body of a", "b starts", "body dropped"]);
    assert_eq!(house.store.runs().len(), 3);
    house.done.notify_one();
    house.executor.run_until_stalled();
    house.log.is(["body dropped", "a fulfilled", "b fulfilled"]);
    let payload = |run: &Run<u64, String>| run.outcome().unwrap().into_result().unwrap();
    assert!(Arc::ptr_eq(&payload(&a), &payload(&b)));
    assert_ne!(a.id(), b.id());
    assert!(a.stopped().now_or_never().is_some());
    assert!(house.store.runs().is_empty());
    // Over is over: the next one does the work anew.
    house.fetch("c");
    house.log.is(["c starts", "body of c"]);
}

#[test]
fn aborting_the_first_leaves_the_second_and_aborting_the_last_ends_the_work() {
    let house = House::new();
    let (a, b) = (house.fetch("a"), house.fetch("b"));
    house.log.is(["a starts", "body of a", "b starts", "body dropped"]);
    assert!(a.abort("left"));
    house.log.is(["a aborted"]);
    assert!(!b.is_settled());
    assert!(b.abort("left too"));
    house.log.is(["b aborted", "body dropped"]);
    assert!(house.store.runs().is_empty());
    let Some(Outcome::Aborted { by, .. }) = b.outcome() else { panic!() };
    assert_eq!(by, AbortedBy::Handle);
}

#[test]
fn whoever_is_left_gets_the_result() {
    let house = House::new();
    let (a, b) = (house.fetch("a"), house.fetch("b"));
    a.abort("left");
    house.done.notify_one();
    house.executor.run_until_stalled();
    assert_eq!(b.outcome().unwrap().into_result().map(|payload| *payload), Ok(42));
    assert!(a.outcome().unwrap().is_aborted());
}

#[test]
fn the_work_is_told_as_a_run_of_its_own_that_its_last_waiter_aborts() {
    let house = House::new();
    let log = house.log.clone();
    let _guard = house.store.observe(move |event| match event {
        Event::RunStarted { run, parent, .. } => log.note(format!("{run} starts, of {parent:?}")),
        Event::RunSettled { run, outcome, .. } => log.note(format!("{run} {outcome}")),
        _ => {}
    });
    let run: Run<(), String> =
        house.store.run_builder("quiet").policy(Policy::Shared).start(|_| pending());
    run.abort("enough");
    house.log.is([
        "run 1 starts, of None",
        "run 2 starts, of None",
        "run 1 aborted",
        "run 2 aborted",
    ]);
}

#[test]
fn a_body_that_is_ready_at_once_settles_the_run_before_the_call_returns() {
    let store = Store::new();
    let builder = store.run_builder("ready").policy(Policy::Shared);
    let run = builder.start(|_| async { Ok::<_, String>(1) });
    assert!(run.outcome().unwrap().is_fulfilled());
    assert!(store.runs().is_empty());
}

#[test]
fn a_start_hook_that_refuses_begins_no_work() {
    let house = House::new();
    let body = house.log.clone();
    let run = house.store.run_builder("fetch").policy(Policy::Shared).on_start(|_| Err("no"));
    let run = run.start(move |_| {
        body.note("body");
        pending::<Result<(), String>>()
    });
    assert!(run.outcome().unwrap().is_failed());
    house.log.is([]);
    assert!(house.store.runs().is_empty());
}

#[test]
fn a_run_of_other_types_fails_instead_of_sharing() {
    let house = House::new();
    let _a = house.fetch("a");
    let builder = house.store.run_builder("fetch").policy(Policy::Shared).key(7);
    let other = builder.start(|_| async { Ok::<_, String>("text") });
    let Some(Outcome::Failed { failure: Failure::Start { message } }) = other.outcome() else {
        panic!("{other:?}")
    };
    assert!(message.contains("other types"), "{message}");
}

#[test]
fn a_panic_and_an_abort_of_the_work_reach_all_who_share_it() {
    let house = House::new();
    let (a, b) = (house.fetch("a"), house.fetch("b"));
    house.store.runs().abort_all("closing");
    assert!([a, b].iter().all(|run| run.outcome().unwrap().is_aborted()));
    let start = || {
        let builder = house.store.run_builder("broken").policy(Policy::Shared).queued();
        builder.start(|_| async { if true { panic!("broken") } else { Ok::<_, String>(()) } })
    };
    let (a, b) = (start(), start());
    house.executor.run_until_stalled();
    assert!([a, b].iter().all(|run| run.outcome().unwrap().is_panicked()));
    assert!(house.store.runs().is_empty());
}
