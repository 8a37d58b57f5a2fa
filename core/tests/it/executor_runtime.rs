//! On tokio: timers, budget, shutdown.

#![cfg(feature = "tokio")]

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
async fn an_abort_ends_the_task_of_the_runtime() {
    let store = Store::new();
    let run: Run<(), String> = store.run("waits", |_| pending());
    tokio::task::yield_now().await;
    let metrics = runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 1);
    run.abort("enough");
    run.stopped().await;
    tokio::task::yield_now().await;
    assert_eq!(metrics.num_alive_tasks(), 0);
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
