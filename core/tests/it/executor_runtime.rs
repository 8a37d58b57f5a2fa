//! On tokio: timers, budget, shutdown.

#![cfg(feature = "tokio")]

use crate::log::Log;
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{runtime, sync::mpsc, time};
use trine_core::{Failure, Outcome, Run, Store, TokioSpawner};

#[tokio::test(start_paused = true)]
async fn a_timer_made_in_the_prefix_goes_off() {
    let store = Store::new();
    let started = time::Instant::now();
    let run = store.run("timer", |_| async {
        time::sleep(Duration::from_secs(60)).await;
        Ok::<_, String>(time::Instant::now())
    });
    assert_eq!(*run.result().await.unwrap() - started, Duration::from_secs(60));
}

#[test]
fn a_store_with_a_handle_runs_bodies_of_threads_that_are_in_no_runtime() {
    let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.unwrap();
    let store = Store::with_spawner(TokioSpawner::new(runtime.handle().clone()));
    let run = store.run("timer", |_| async {
        time::sleep(Duration::from_secs(60)).await;
        Ok::<_, String>("rang")
    });
    assert_eq!(*runtime.block_on(run.result()).unwrap(), "rang");
}

#[tokio::test]
async fn two_hundred_ready_channels_in_a_row_settle_inline() {
    // A task's budget is 128 operations; the first poll is exempt from it.
    tokio::spawn(async {
        let store = Store::new();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        (0..200).for_each(|number| sender.send(number).unwrap());
        let run = store.run("drain", |_| async move {
            let mut sum = 0;
            for _ in 0..200 {
                sum += receiver.recv().await.unwrap();
            }
            Ok::<_, String>(sum)
        });
        assert_eq!(run.outcome(), Some(Outcome::Fulfilled { payload: Arc::new(19_900) }));
        for _ in 0..200 {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            sender.send(()).unwrap();
            let run = store.run("one", |_| async move { receiver.await.map_err(|_| ()) });
            assert!(run.is_settled());
        }
    })
    .await
    .unwrap();
}

#[test]
fn the_shutdown_of_the_runtime_fails_its_runs() {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    let store = Store::with_spawner(TokioSpawner::new(runtime.handle().clone()));
    let before: Run<(), String> = store.run("before", |_| pending());
    drop(runtime);
    let after: Run<(), String> = store.run("after", |_| pending());
    for run in [before, after] {
        assert_eq!(run.outcome(), Some(Outcome::Failed { failure: Failure::RuntimeShutDown }));
    }
}

#[tokio::test]
async fn an_abort_ends_the_task_of_a_body_that_was_woken_and_the_end_of_the_store_its_driver() {
    let (store, metrics) = (Store::new(), runtime::Handle::current().metrics());
    let run: Run<(), String> = store.run("waits", |_| async {
        tokio::task::yield_now().await;
        pending().await
    });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    // The driver, and the body, which was woken.
    assert_eq!(metrics.num_alive_tasks(), 2);
    run.abort("enough");
    run.stopped().await;
    tokio::task::yield_now().await;
    assert_eq!(metrics.num_alive_tasks(), 1);
    drop(store);
    tokio::task::yield_now().await;
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test]
async fn bodies_that_nobody_wakes_take_no_task() {
    let (store, metrics) = (Store::new(), runtime::Handle::current().metrics());
    let runs: Vec<Run<(), String>> = (0..100).map(|_| store.run("waits", |_| pending())).collect();
    tokio::task::yield_now().await;
    assert_eq!(metrics.num_alive_tasks(), 1);
    assert_eq!(store.runs().abort_all("enough"), 100);
    assert!(runs.iter().all(Run::is_settled));
    assert_eq!(metrics.num_alive_tasks(), 1);
}

#[test]
fn the_shutdown_of_the_runtime_fails_what_was_woken_what_was_not_and_what_is_queued() {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    let (store, log) =
        (Store::with_spawner(TokioSpawner::new(runtime.handle().clone())), Log::default());
    let start = |name: &'static str, queued: bool, woken: bool| {
        let settle = log.clone();
        let builder = store.run_builder(name).on_settle(move |outcome| {
            settle.note(format!("{name}: {outcome:?}"));
        });
        let builder = if queued { builder.queued() } else { builder };
        drop(builder.start(move |_| async move {
            if woken {
                tokio::task::yield_now().await;
            }
            pending::<Result<(), String>>().await
        }));
    };
    start("parked", false, false);
    start("woken", false, true);
    start("queued", true, false);
    drop(runtime);
    let mut ends = log.take();
    ends.sort();
    let ends: Vec<_> = ends.iter().map(AsRef::<str>::as_ref).collect();
    assert_eq!(
        ends,
        [
            "parked: Failed { failure: RuntimeShutDown }",
            "queued: Failed { failure: RuntimeShutDown }",
            "woken: Failed { failure: RuntimeShutDown }",
        ]
    );
    assert!(store.runs().is_empty());
}

#[test]
fn a_body_goes_on_in_the_runtime_that_it_was_started_in_whoever_wakes_it() {
    let runtimes = [(); 2].map(|()| runtime::Builder::new_current_thread().build().unwrap());
    let store = Store::new();
    let (runs, senders): (Vec<Run<_, String>>, Vec<_>) = runtimes
        .iter()
        .map(|runtime| {
            let (send, receive) = tokio::sync::oneshot::channel();
            let _context = runtime.enter();
            let run = store.run("waits", |_| async move {
                receive.await.map_err(|_| "forgotten".to_owned())?;
                Ok(runtime::Handle::current().id())
            });
            (run, send)
        })
        .unzip();
    // From a thread that is in no runtime.
    let ringer = std::thread::spawn(|| {
        for send in senders {
            let send: tokio::sync::oneshot::Sender<()> = send;
            send.send(()).unwrap();
        }
    });
    ringer.join().unwrap();
    for (runtime, run) in runtimes.iter().zip(&runs) {
        assert_eq!(*runtime.block_on(run.result()).unwrap(), runtime.handle().id());
    }
}

#[test]
fn a_runtime_takes_only_its_own_bodies_with_it() {
    let [first, second] = [(); 2].map(|()| runtime::Builder::new_current_thread().build().unwrap());
    let store = Store::new();
    let start = |runtime: &runtime::Runtime| -> Run<(), String> {
        let _context = runtime.enter();
        store.run("waits", |_| pending())
    };
    let (here, there) = (start(&first), start(&second));
    drop(first);
    assert_eq!(here.outcome(), Some(Outcome::Failed { failure: Failure::RuntimeShutDown }));
    assert!(!there.is_settled());
    drop(second);
    assert!(there.is_settled());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_poll_that_blocks_does_not_hold_up_those_that_are_queued_behind_it() {
    let store = Store::new();
    let (send, receive) = std::sync::mpsc::channel();
    let first = store
        .run_builder("blocks")
        .queued()
        .start(|_| async move { receive.recv().map_err(|_| "forgotten") });
    let second = store
        .run_builder("sends")
        .queued()
        .start(|_| async move { send.send(7).map_err(|_| "forgotten") });
    assert_eq!(*first.result().await.unwrap(), 7);
    assert!(second.result().await.is_ok());
}

#[tokio::test]
async fn more_queued_bodies_than_one_turn_takes_are_all_polled_in_order() {
    let (store, log) = (Store::new(), Log::default());
    let runs: Vec<Run<(), String>> = (0..100)
        .map(|number| {
            let log = log.clone();
            store.run_builder("queued").queued().start(move |_| async move {
                log.note(format!("{number}"));
                Ok(())
            })
        })
        .collect();
    assert!(log.take().is_empty(), "polled on the caller's stack");
    for run in &runs {
        run.result().await.unwrap();
    }
    let order: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(log.take().iter().map(|note| note.to_string()).collect::<Vec<_>>(), order);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_threads_start_abort_and_await() {
    let store = Store::new();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..500 {
                    let run = store.run("worker", move |_| async move {
                        tokio::task::yield_now().await;
                        Ok::<_, String>(number)
                    });
                    if number % 3 == 0 {
                        run.abort("third");
                    }
                    assert!(run.result().await.is_ok_and(|got| *got == number) || number % 3 == 0);
                    run.stopped().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(store.runs().is_empty());
}
