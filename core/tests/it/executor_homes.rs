//! Bodies without a task: those that nobody has woken, and those in line for their first poll.

use crate::log::Log;
use futures_util::future::BoxFuture;
use std::{
    future::{Future, pending, poll_fn},
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};
use trine_core::{
    Failure, NoRuntime, Outcome, Policy, Run, RunContext, Spawn, Store, Task, test::ManualExecutor,
};

/// Wakes a body that waits, and lets it end.
#[derive(Clone, Default)]
struct Bell(Arc<Mutex<(bool, Option<Waker>)>>);

impl Bell {
    /// Pending until the bell has rung; notes each poll.
    fn wait(&self, log: &Log) -> impl Future<Output = Result<(), String>> + Send + use<> {
        let (bell, log) = (self.clone(), log.clone());
        let held = Noted(log.clone());
        poll_fn(move |cx| {
            let _held = &held;
            log.note("polled");
            let mut inside = bell.0.lock().unwrap();
            if inside.0 {
                return Poll::Ready(Ok(()));
            }
            inside.1 = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    /// A body that does nothing but wait.
    fn body(
        &self,
        log: &Log,
    ) -> impl FnOnce(RunContext) -> BoxFuture<'static, Result<(), String>> + Send + use<> {
        let body = self.wait(log);
        move |_| Box::pin(body)
    }

    /// Wakes whoever waits, for nothing.
    fn shake(&self) {
        let waker = self.waker();
        waker.wake_by_ref();
    }

    fn ring(&self) {
        self.0.lock().unwrap().0 = true;
        self.shake();
    }

    fn waker(&self) -> Waker {
        self.0.lock().unwrap().1.clone().expect("somebody waits")
    }
}

struct Noted(Log);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

fn lazy() -> (ManualExecutor, Store, Log, Bell) {
    let executor = ManualExecutor::lazy();
    let store = Store::with_spawner(executor.clone());
    (executor, store, Log::default(), Bell::default())
}

#[test]
fn a_body_is_not_polled_again_before_it_is_woken_and_once_for_all_that_wake_it_until_then() {
    let (executor, store, log, bell) = lazy();
    let run = store.run("waits", bell.body(&log));
    executor.run_until_stalled();
    // The driver.
    assert_eq!(executor.pending(), 1);
    log.is(["polled"]);
    bell.shake();
    bell.shake();
    assert_eq!((executor.pending(), executor.ready()), (2, 1));
    executor.run_until_stalled();
    log.is(["polled"]);
    bell.ring();
    executor.run_until_stalled();
    log.is(["polled", "dropped"]);
    assert!(run.outcome().unwrap().is_fulfilled());
    assert_eq!(executor.pending(), 1);
}

#[test]
fn a_body_that_is_woken_while_it_is_polled_becomes_a_task_at_once() {
    let (executor, store, log, _) = lazy();
    let (mut polls, told) = (0, log.clone());
    let run = store.run("yields", move |_| {
        poll_fn(move |cx| {
            polls += 1;
            told.note(format!("poll {polls}"));
            cx.waker().wake_by_ref();
            let second = cx.waker().clone();
            cx.waker().wake_by_ref();
            drop(second);
            if polls < 3 { Poll::Pending } else { Poll::Ready(Ok::<_, String>(())) }
        })
    });
    assert_eq!(executor.pending(), 2);
    executor.run_until_stalled();
    log.is(["poll 1", "poll 2", "poll 3"]);
    assert!(run.is_settled());
}

#[test]
fn a_body_that_was_never_woken_is_dropped_by_the_abort_and_makes_no_task() {
    let (executor, store, log, bell) = lazy();
    let settle = log.clone();
    let builder = store.run_builder("waits").on_settle(move |outcome| settle.note(outcome.kind()));
    let run = builder.start(bell.body(&log));
    executor.run_until_stalled();
    assert!(run.abort("enough"));
    log.is(["polled", "aborted", "dropped"]);
    assert_eq!((executor.pending(), executor.ready()), (1, 0));
}

#[test]
fn a_body_that_is_aborted_between_its_wake_up_and_its_task_is_not_polled_again() {
    let (executor, store, log, bell) = lazy();
    let run = store.run("waits", bell.body(&log));
    bell.ring();
    assert!(run.abort("enough"));
    log.is(["polled", "dropped"]);
    executor.run_until_stalled();
    assert!(log.take().is_empty());
    assert!(run.outcome().unwrap().is_aborted());
}

#[test]
fn a_successor_ends_a_body_that_nobody_has_woken_without_a_task() {
    let (executor, store, log, bell) = lazy();
    let start = || {
        let builder = store.run_builder("latest").policy(Policy::Latest);
        builder.start(bell.body(&log))
    };
    let (old, new) = (start(), start());
    assert_eq!(old.outcome(), Some(Outcome::Superseded { by: new.id() }));
    log.is(["polled", "dropped", "polled"]);
    assert_eq!(executor.pending(), 1);
}

#[test]
fn a_waker_that_is_kept_after_the_end_keeps_neither_body_nor_store_and_wakes_nobody() {
    let (executor, store, log, bell) = lazy();
    let run = store.run("waits", bell.body(&log));
    let (waker, weak) = (bell.waker(), store.downgrade());
    run.abort("enough");
    drop(store);
    assert!(weak.upgrade().is_none());
    log.is(["polled", "dropped"]);
    waker.wake();
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0);
}

#[test]
fn the_end_of_the_store_drops_bodies_that_rest_and_ends_the_driver() {
    let (executor, store, log, bell) = lazy();
    let run = store.run("waits", bell.body(&log));
    executor.run_until_stalled();
    drop(store);
    log.is(["polled", "dropped"]);
    assert!(matches!(run.outcome(), Some(Outcome::Failed { failure: Failure::StoreDropped(_) })));
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0);
}

#[test]
fn the_end_of_the_runtime_ends_bodies_that_rest_and_those_in_line() {
    let (executor, store, log, bell) = lazy();
    let rests = store.run("rests", bell.body(&log));
    let in_line = store.run_builder("in line").queued().start(bell.body(&log));
    executor.shut_down();
    for run in [&rests, &in_line] {
        assert_eq!(run.outcome(), Some(Outcome::Failed { failure: Failure::RuntimeShutDown }));
    }
    log.is(["polled", "dropped", "dropped"]);
    // What comes later has a home again.
    let later = store.run("later", bell.body(&log));
    bell.ring();
    executor.run_until_stalled();
    assert!(later.outcome().unwrap().is_fulfilled());
}

#[test]
fn a_wake_up_inside_a_lease_makes_a_task_and_runs_nothing_there() {
    let (executor, store, log, bell) = lazy();
    let (run, cell) = (store.run("waits", bell.body(&log)), store.source(0));
    log.is(["polled"]);
    store.update(cell, |_| {
        bell.ring();
        assert!(log.take().is_empty());
    });
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_fulfilled());
}

#[test]
fn queued_bodies_are_polled_by_one_task_in_the_order_in_which_they_came() {
    let (executor, store, log, bell) = lazy();
    let queue = |name: &'static str| -> Run<(), String> {
        let (log, bell) = (log.clone(), bell.clone());
        store.run_builder(name).queued().start(move |cx| async move {
            log.note(cx.name().as_str());
            if name == "b" { bell.wait(&log).await } else { Ok(()) }
        })
    };
    let runs = ["a", "b", "c"].map(queue);
    assert_eq!(runs[0].status(), trine_core::RunStatus::Queued);
    assert!(log.take().is_empty());
    executor.run_until_stalled();
    log.is(["a", "b", "polled", "c"]);
    assert_eq!(runs.each_ref().map(Run::is_settled), [true, false, true]);
    bell.ring();
    executor.run_until_stalled();
    log.is(["polled", "dropped"]);
    assert!(runs[1].is_settled());
}

#[test]
fn a_queued_body_that_is_aborted_in_line_is_never_called() {
    let (executor, store, log, bell) = lazy();
    let first = store.run_builder("first").queued().start(bell.body(&log));
    let (told, held) = (log.clone(), Noted(log.clone()));
    let second = store.run_builder("second").queued().start(move |_| async move {
        let _held = held;
        told.note("called");
        Ok::<_, String>(())
    });
    second.abort("enough");
    log.is(["dropped"]);
    executor.run_until_stalled();
    log.is(["polled"]);
    assert!(!first.is_settled() && second.outcome().unwrap().is_aborted());
}

#[test]
fn a_body_whose_turn_comes_is_put_into_the_line_and_needs_no_task_before() {
    let (executor, store, log, bell) = lazy();
    let start = |name: &'static str| {
        let (log, bell) = (log.clone(), bell.clone());
        let builder = store.run_builder("one at a time").policy(Policy::Queue(2));
        builder.start(move |_| async move {
            log.note(name);
            bell.wait(&log).await
        })
    };
    let [first, second, third] = ["first", "second", "third"].map(start);
    executor.run_until_stalled();
    log.is(["first", "polled"]);
    assert_eq!(executor.pending(), 1);
    second.abort("not needed");
    first.abort("enough");
    log.is(["dropped"]);
    executor.run_until_stalled();
    log.is(["third", "polled"]);
    bell.ring();
    executor.run_until_stalled();
    assert!(third.outcome().unwrap().is_fulfilled());
}

#[test]
fn a_queued_body_that_panics_takes_neither_the_driver_nor_the_others_with_it() {
    let (executor, store, ..) = lazy();
    let bad: Run<(), String> =
        store.run_builder("bad").queued().start(|_| async { panic!("bang") });
    let good = store.run_builder("good").queued().start(|_| async { Ok::<_, String>(1) });
    executor.run_until_stalled();
    assert!(bad.outcome().unwrap().is_panicked());
    assert!(good.outcome().unwrap().is_fulfilled());
}

#[test]
fn a_driver_is_called_before_a_body_is_polled_that_leaves_others_behind() {
    let (executor, store, log, _) = lazy();
    let (inside, told) = (executor.clone(), log.clone());
    // It blocks on what is behind it, which another driver polls: here, one that is polled by hand, further up this stack.
    let first = store.run_builder("blocks").queued().start(move |_| async move {
        told.note("blocks");
        while inside.run_one() {}
        told.note("goes on");
        Ok::<_, String>(())
    });
    let told = log.clone();
    let second = store.run_builder("behind").queued().start(move |_| async move {
        told.note("behind");
        Ok::<_, String>(())
    });
    executor.run_until_stalled();
    log.is(["blocks", "behind", "goes on"]);
    assert!(first.is_settled() && second.is_settled());
    // Drivers that have nothing to do are not kept without bound.
    assert!(executor.pending() <= 4);
}

#[test]
fn a_spawner_that_knows_its_runtime_but_leads_nowhere_fails_the_run_as_ever() {
    struct Nowhere;
    impl Spawn for Nowhere {
        fn spawn(&self, _: Task) -> Result<(), NoRuntime> {
            Err(NoRuntime::new())
        }
        fn runtime_id(&self) -> Option<std::num::NonZeroU64> {
            std::num::NonZeroU64::new(1)
        }
        fn bound(&self) -> Option<Box<dyn Spawn>> {
            Some(Box::new(Self))
        }
    }
    let store = Store::with_spawner(Nowhere);
    for queued in [false, true] {
        let builder = store.run_builder("waits");
        let builder = if queued { builder.queued() } else { builder };
        let run: Run<(), String> = builder.start(|_| pending());
        let Some(Outcome::Failed { failure: Failure::NoRuntime(_) }) = run.outcome() else {
            panic!("{:?}", run.outcome());
        };
    }
    assert!(store.runs().is_empty());
}
