//! From the call to the first poll.

use crate::log::Log;
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use trine_core::{
    Failure, NoRuntime, Outcome, OutcomeKind, Run, RunContext, RunStatus, Spawn, Store, Task,
    test::ManualExecutor,
};

#[test]
fn a_ready_body_settles_before_the_call_returns_and_needs_no_runtime() {
    let store = Store::new();
    let run = store.run("ready", |cx| async move { Ok::<_, String>(cx.id().get() + 41) });
    assert_eq!(run.status(), RunStatus::Settled(OutcomeKind::Fulfilled));
    assert_eq!(run.outcome().unwrap().into_result().map(|sum| *sum), Ok(42));
    assert_eq!(run.id().to_string(), "run 1");
    assert!(store.runs().is_empty());
}

#[test]
fn an_error_of_the_body_rejects() {
    let run = Store::new().run("no", |_| async { Err::<(), _>("no") });
    assert_eq!(run.outcome(), Some(Outcome::Rejected { error: Arc::new("no") }));
}

#[test]
fn hooks_and_body_run_in_order_on_the_calling_thread() {
    let (store, log) = (Store::new(), Log::default());
    let (start, body, settle) = (log.clone(), log.clone(), log.clone());
    let run = store
        .run_builder("ordered")
        .on_start(|cx| {
            start.note(format!("start {}", cx.id()));
            Ok::<_, String>(())
        })
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(move |_| async move {
            body.note("body");
            Ok::<_, String>(())
        });
    log.note("returned");
    log.is(["start run 1", "body", "fulfilled", "returned"]);
    drop(run);
}

#[test]
fn a_start_hook_that_fails_keeps_the_body_from_being_called() {
    let (store, log) = (Store::new(), Log::default());
    let body = log.clone();
    let run = store.run_builder("refused").on_start(|_| Err("not today")).start(move |_| {
        body.note("body");
        async { Ok::<_, String>(()) }
    });
    let failure = Failure::Start { message: "not today".into() };
    assert_eq!(run.outcome(), Some(Outcome::Failed { failure }));
    let run: Run<(), String> = store
        .run_builder("refused")
        .on_start(|_| -> Result<(), String> { panic!("broken hook") })
        .start(|_| pending());
    let failure = Failure::Start { message: "broken hook".into() };
    assert_eq!(run.outcome(), Some(Outcome::Failed { failure }));
    assert!(store.runs().is_empty());
    log.is([]);
}

#[test]
fn a_run_aborted_by_its_start_hook_never_calls_its_body() {
    let (store, log) = (Store::new(), Log::default());
    let (start, body, settle) = (log.clone(), log.clone(), log.clone());
    let held = log.on_drop("body dropped");
    let run = store
        .run_builder("aborted")
        .on_start(|cx| {
            assert!(cx.abort("changed my mind"));
            assert!(!cx.is_active());
            start.note("start hook goes on");
            Ok::<_, String>(())
        })
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(move |_| {
            let _held = held;
            body.note("body");
            async { Ok::<_, String>(()) }
        });
    log.is(["start hook goes on", "aborted", "body dropped"]);
    assert!(run.outcome().unwrap().is_aborted());
}

#[test]
fn a_queued_body_is_neither_called_nor_polled_on_the_callers_stack() {
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let store = Store::with_spawner(executor.clone());
    let body = log.clone();
    let run = store.run_builder("queued").queued().start(move |_| {
        body.note("called");
        async move {
            body.note("polled");
            Ok::<_, String>(())
        }
    });
    log.is([]);
    assert_eq!(run.status(), RunStatus::Queued);
    assert_eq!(executor.run_until_stalled(), 1);
    log.is(["called", "polled"]);
    assert!(run.is_settled());
    assert_eq!(executor.pending(), 0);
}

#[test]
fn a_body_that_is_not_ready_is_polled_again_at_once_by_its_task() {
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let store = Store::with_spawner(executor.clone());
    let body = log.clone();
    let mut polls = 0;
    // It asks nobody to wake it: only the task's own first poll can bring it on.
    let run = store.run("impatient", move |_| {
        std::future::poll_fn(move |_| {
            polls += 1;
            body.note(format!("poll {polls}"));
            if polls == 2 {
                std::task::Poll::Ready(Ok::<_, String>(()))
            } else {
                std::task::Poll::Pending
            }
        })
    });
    log.is(["poll 1"]);
    assert_eq!(run.status(), RunStatus::Running);
    executor.run_until_stalled();
    log.is(["poll 2"]);
    assert!(run.is_settled());
}

#[test]
fn without_a_runtime_the_first_body_to_wait_fails_with_advice() {
    let (store, log) = (Store::new(), Log::default());
    let held = log.on_drop("body dropped");
    let run = store.run("waits", |_| async move {
        let _held = held;
        pending::<Result<(), String>>().await
    });
    let error = run.outcome().unwrap().into_result().unwrap_err();
    assert_eq!(error.kind(), OutcomeKind::Failed);
    assert!(error.to_string().contains("Store::with_spawner"), "{error}");
    log.is(["body dropped"]);
    assert!(store.runs().is_empty());
}

#[test]
fn a_runtime_that_is_shut_down_fails_its_runs() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let run: Run<(), String> = store.run("waits", |_| pending());
    assert_eq!(executor.shut_down(), 1);
    assert_eq!(run.outcome(), Some(Outcome::Failed { failure: Failure::RuntimeShutDown }));
    assert!(store.runs().is_empty());
}

#[test]
fn a_spawner_that_loses_or_breaks_a_task_fails_the_run() {
    struct Loses;
    impl Spawn for Loses {
        fn spawn(&self, _task: Task) -> Result<(), NoRuntime> {
            Ok(())
        }
    }
    struct Breaks;
    impl Spawn for Breaks {
        fn spawn(&self, _task: Task) -> Result<(), NoRuntime> {
            panic!("broken spawner")
        }
    }
    let store = Store::with_spawner(Loses);
    let run: Run<(), String> = store.run("lost", |_| pending());
    assert_eq!(run.outcome(), Some(Outcome::Failed { failure: Failure::RuntimeShutDown }));
    let store = Store::with_spawner(Breaks);
    let run: Run<(), String> = store.run("broken", |_| pending());
    assert_eq!(run.outcome(), Some(Outcome::Panicked { message: "broken spawner".into() }));
}

#[test]
fn a_spawner_that_does_not_poll_inline_leaves_the_first_poll_to_the_task() {
    struct Lazy(ManualExecutor);
    impl Spawn for Lazy {
        fn spawn(&self, task: Task) -> Result<(), NoRuntime> {
            self.0.spawn(task)
        }
        fn enter(&self, _poll: &mut dyn FnMut()) {}
    }
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(Lazy(executor.clone()));
    let run = store.run("lazy", |_| async { Ok::<_, String>(()) });
    assert_eq!(run.status(), RunStatus::Queued);
    executor.run_until_stalled();
    assert!(run.is_settled());
}

#[test]
fn panics_of_the_body_are_outcomes_wherever_they_happen() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let in_call: Run<(), String> = store.run("call", |_| -> std::future::Ready<_> { panic!("1") });
    let in_prefix: Run<(), String> = store.run("prefix", |_| async { panic!("2") });
    let later: Run<(), String> =
        store.run_builder("later").queued().start(|_| async { panic!("{}", 3) });
    executor.run_until_stalled();
    for (run, text) in [(in_call, "1"), (in_prefix, "2"), (later, "3")] {
        assert_eq!(run.outcome(), Some(Outcome::Panicked { message: text.into() }));
    }
    assert!(store.runs().is_empty());
}

#[test]
fn a_panic_in_the_drop_of_a_body_is_contained() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let run: Run<(), String> = store.run("armed", |_| async {
        let _bomb = Bomb;
        pending().await
    });
    assert!(run.abort("defuse"));
    assert!(run.outcome().unwrap().is_aborted());
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0);
}

#[test]
fn a_settle_hook_that_panics_changes_nothing() {
    let store = Store::new();
    let run = store
        .run_builder("hooked")
        .on_settle(|_| panic!("broken hook"))
        .start(|_| async { Ok::<_, String>(1) });
    assert!(run.outcome().unwrap().is_fulfilled());
    assert!(store.runs().is_empty());
}

#[test]
fn first_polls_nest_inline_up_to_32_deep_and_are_spawned_beyond() {
    fn dive(
        cx: RunContext,
        depth: u32,
        log: Log,
    ) -> futures_util::future::BoxFuture<'static, Result<(), String>> {
        Box::pin(async move {
            log.note(depth.to_string());
            if depth < 34 {
                cx.run_builder("dive").detached().start(move |cx| dive(cx, depth + 1, log));
            }
            Ok(())
        })
    }
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let store = Store::with_spawner(executor.clone());
    let body = log.clone();
    store.run("dive", move |cx| dive(cx, 1, body));
    let inline: Vec<_> = (1..=32).map(|depth| depth.to_string()).collect();
    assert_eq!(log.take(), inline);
    assert_eq!(executor.ready(), 1);
    // The task is the bottom of a new stack.
    executor.run_until_stalled();
    log.is(["33", "34"]);
    assert!(store.runs().is_empty());
}

#[test]
fn ids_count_from_1_in_each_store() {
    for store in [Store::new(), Store::new()] {
        let ids: Vec<_> =
            (0..3).map(|_| store.run("n", |_| async { Ok::<_, String>(()) }).id().get()).collect();
        assert_eq!(ids, [1, 2, 3]);
    }
}

#[cfg(feature = "tokio")]
#[test]
fn two_hundred_ready_channels_in_a_row_all_settle_inline() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::new();
        // More than the budget that tokio gives a task before it makes ready things pending.
        for value in 0..200 {
            let (send, receive) = tokio::sync::oneshot::channel();
            send.send(value).unwrap();
            let run = store.run("receive", |_| receive);
            assert_eq!(run.outcome().unwrap().into_result().map(|got| *got), Ok(value));
        }
    });
}

#[test]
fn a_first_poll_that_holds_up_its_caller_is_reported() {
    use std::{sync::Mutex, time::Duration};
    use tracing::{Event, Metadata, Subscriber, field, span};
    use trine_core::test::ManualClock;

    #[derive(Default, Clone)]
    struct Reports(Arc<Mutex<Vec<String>>>);
    impl field::Visit for Reports {
        fn record_debug(&mut self, field: &field::Field, value: &dyn std::fmt::Debug) {
            if field.name() == "name" || field.name() == "took" {
                self.0.lock().unwrap().push(format!("{} {value:?}", field.name()));
            }
        }
    }
    impl Subscriber for Reports {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    let clock = ManualClock::new();
    let store = Store::builder().clock(clock.clone()).slow_poll(Duration::from_millis(10)).build();
    let reports = Reports::default();
    tracing::subscriber::with_default(reports.clone(), || {
        for millis in [9, 10] {
            let clock = clock.clone();
            store.run("busy", move |_| async move {
                clock.advance(Duration::from_millis(millis));
                Ok::<_, String>(())
            });
        }
    });
    assert_eq!(*reports.0.lock().unwrap(), ["name busy", "took 10ms"]);
}

#[test]
fn what_the_start_hook_writes_comes_before_the_end_and_names_its_line() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let told = log.clone();
    let _guard = store.subscribe(cell, move |value| told.note(format!("wrote {value}")));
    let settle = log.clone();
    let here = std::panic::Location::caller();
    let run = store
        .run_builder("writing")
        .on_start(|cx| {
            cx.update_called_at(cell, here, |value| *value += 1)
                .map_err(|error| error.to_string())?;
            let torn = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                cx.update_called_at(cell, here, |value| assert!(*value > 1, "half way"))
            }));
            assert!(torn.is_err());
            Ok::<_, String>(())
        })
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(|_| async { Ok::<_, String>(()) });
    assert!(run.is_settled());
    log.is(["wrote 1", "fulfilled"]);
    let error = store.try_get(cell).unwrap_err();
    assert!(error.to_string().contains(&here.to_string()), "{error}");
}

#[test]
fn the_end_waits_for_what_another_thread_writes_with_the_context_of_the_start_hook() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let ending = Arc::new(AtomicBool::new(false));
    let (settle, writer, seen) = (log.clone(), log.clone(), Arc::clone(&ending));
    let (inside, entered) = std::sync::mpsc::channel();
    let mut thread = None;
    let run = store
        .run_builder("shared")
        .on_start(|cx| {
            let cx = cx.clone();
            thread = Some(std::thread::spawn(move || {
                let written = cx.update(cell, |value| {
                    inside.send(()).unwrap();
                    while !seen.load(Ordering::Acquire) {
                        std::thread::yield_now();
                    }
                    // Time enough for an end that does not wait.
                    for _ in 0..1_000 {
                        std::thread::yield_now();
                    }
                    writer.note("written");
                    *value += 1;
                });
                assert!(written.is_ok());
            }));
            entered.recv().unwrap();
            Ok::<_, String>(())
        })
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start(move |_| async move {
            ending.store(true, Ordering::Release);
            Ok::<_, String>(())
        });
    thread.unwrap().join().unwrap();
    assert!(run.is_settled());
    log.is(["written", "fulfilled"]);
}
