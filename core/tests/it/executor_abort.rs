//! Aborts: from everywhere, at every time.

use crate::log::Log;
use futures_util::FutureExt;
use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex},
    task::{Poll, Wake, Waker},
};
use trine_core::{AbortedBy, Outcome, Run, Store, test::ManualExecutor};

fn waiting(store: &Store, log: &Log) -> Run<(), String> {
    let (settle, held) = (log.clone(), log.on_drop("body dropped"));
    store
        .run_builder("waiting")
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(|_| async move {
            let _held = held;
            pending().await
        })
}

struct LogWaker(Log);

impl Wake for LogWaker {
    fn wake(self: Arc<Self>) {
        self.0.note("waiter woken");
    }
}

#[test]
fn abort_tells_then_wakes_then_drops_the_body_and_then_returns() {
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let store = Store::with_spawner(executor.clone());
    let run = waiting(&store, &log);
    executor.run_until_stalled();
    let waker = Waker::from(Arc::new(LogWaker(log.clone())));
    let mut result = run.result();
    assert!(result.poll_unpin(&mut std::task::Context::from_waker(&waker)).is_pending());

    assert!(run.abort("enough"));
    log.note("returned");
    log.is(["aborted", "waiter woken", "body dropped", "returned"]);
    let by = AbortedBy::Handle;
    assert_eq!(run.outcome(), Some(Outcome::Aborted { reason: "enough".into(), by }));
    assert_eq!(run.stopped().now_or_never(), Some(()));
    assert!(store.runs().is_empty());
    // The abort has woken the task, which ends.
    assert_eq!((executor.pending(), executor.run_until_stalled(), executor.pending()), (1, 1, 0));
}

#[test]
fn only_the_first_abort_settles() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let run = waiting(&store, &log);
    assert!(run.abort("first"));
    assert!(!run.abort("second"));
    log.is(["aborted", "body dropped"]);
    let error = run.result().now_or_never().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the run was aborted by a holder of its handle: first");
}

#[test]
fn an_abort_after_the_end_does_nothing() {
    let store = Store::new();
    let run = store.run("done", |_| async { Ok::<_, String>(()) });
    assert!(!run.abort("late"));
    assert!(run.outcome().unwrap().is_fulfilled());
}

#[test]
fn a_body_that_aborts_itself_is_dropped_when_its_poll_returns() {
    for late in ["pending", "ready"] {
        let log = Log::default();
        let store = Store::with_spawner(ManualExecutor::new());
        let (body, settle, held) = (log.clone(), log.clone(), log.on_drop("body dropped"));
        let run = store
            .run_builder("self")
            .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
            .start(move |cx| {
                poll_fn(move |_| {
                    let _held = &held;
                    assert!(cx.abort("my own will"));
                    assert!(!cx.is_active());
                    body.note("poll goes on");
                    if late == "ready" { Poll::Ready(Ok::<_, String>(())) } else { Poll::Pending }
                })
            });
        log.note("returned");
        log.is(["aborted", "poll goes on", "body dropped", "returned"]);
        let by = AbortedBy::Body;
        assert_eq!(run.outcome(), Some(Outcome::Aborted { reason: "my own will".into(), by }));
        assert_eq!(run.stopped().now_or_never(), Some(()));
    }
}

#[test]
fn an_abort_from_outside_during_a_poll_leaves_the_drop_to_the_poller() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let (settle, body, held) = (log.clone(), log.clone(), log.on_drop("body dropped"));
    let runs = store.runs();
    store
        .run_builder("polled")
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(move |cx| async move {
            let _held = held;
            let id = cx.id();
            // Another thread, while this one polls.
            assert!(std::thread::spawn(move || runs.abort(id, "now")).join().unwrap());
            body.note("poll goes on");
            pending::<Result<(), String>>().await
        });
    log.is(["aborted", "poll goes on", "body dropped"]);
}

#[test]
fn a_waker_may_abort_another_run() {
    struct Aborts(Run<(), String>);
    impl Wake for Aborts {
        fn wake(self: Arc<Self>) {
            assert!(self.0.abort("woken"));
        }
    }
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let (first, second) = (waiting(&store, &log), waiting(&store, &log));
    let waker = Waker::from(Arc::new(Aborts(second)));
    let mut result = first.result();
    assert!(result.poll_unpin(&mut std::task::Context::from_waker(&waker)).is_pending());
    assert!(first.abort("go"));
    log.is(["aborted", "aborted", "body dropped", "body dropped"]);
    assert!(store.runs().is_empty());
}

#[test]
fn settle_hooks_may_abort_each_others_runs() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let runs: Arc<Mutex<Vec<Run<(), String>>>> = Arc::default();
    for number in 0..2 {
        let (log, others, list) = (log.clone(), Arc::clone(&runs), store.runs());
        let run = store
            .run_builder("mutual")
            .on_settle(move |_| {
                let others = std::mem::take(&mut *others.lock().unwrap());
                for run in others {
                    let settled = list.abort(run.id(), "by a hook");
                    log.note(format!("hook {number} aborts {}: {settled}", run.id()));
                }
            })
            .start(|_| pending());
        runs.lock().unwrap().push(run);
    }
    store.runs().abort(store.runs().list()[0].id, "start");
    log.is(["hook 0 aborts run 1: false", "hook 0 aborts run 2: true"]);
    assert!(store.runs().is_empty());
}

#[test]
fn a_result_that_comes_after_the_abort_is_dropped_and_not_seen() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let value = log.on_drop("value dropped");
    let run = store.run("late", |cx| async move {
        cx.abort("too late");
        Ok::<_, String>(value)
    });
    log.is(["value dropped"]);
    assert!(run.outcome().unwrap().is_aborted());
}

#[test]
fn dropping_a_run_detaches_it_and_dropping_its_guard_aborts_it() {
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let store = Store::with_spawner(executor.clone());
    drop(waiting(&store, &log));
    assert_eq!(store.runs().len(), 1);
    let guard = waiting(&store, &log).abort_on_drop();
    assert_eq!(guard.id().get(), 2);
    drop(guard);
    log.is(["aborted", "body dropped"]);
    waiting(&store, &log).abort_on_drop().detach();
    assert_eq!(store.runs().list().iter().map(|run| run.id.get()).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn a_helper_of_the_body_learns_of_the_abort() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let helper = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&helper);
    let run: Run<(), String> = store.run("helped", move |cx| {
        *slot.lock().unwrap() = Some(cx.clone());
        pending()
    });
    let cx = helper.lock().unwrap().take().unwrap();
    let mut aborted = cx.aborted();
    assert!((&mut aborted).now_or_never().is_none());
    run.abort("bye");
    assert_eq!(aborted.now_or_never(), Some(()));
    assert!(!cx.is_active());
}
