//! Runs: a body through the executor against the same body as a task of tokio, on the current-thread runtime.

use crate::Row;
use std::{
    future::{Future, pending},
    hint::black_box,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, yield_now},
};
use trine_benches::Workload;
use trine_core::{Outcome, Policy, Run, Store};

pub(crate) fn rows(rows: &mut Vec<Row>) {
    rows.push(Row::new("run/ready", || trine(0), "tokio-spawn", || tokio_spawn(0)));
    rows.push(Row::new("run/followed", || beside_status("body"), "self/ready", || trine(0)));
    rows.push(Row::new("run/unrelated", || beside_status("other"), "self/ready", || trine(0)));
    rows.push(Row::new("run/yield", || trine(1), "tokio-spawn", || tokio_spawn(1)));
    rows.push(Row::new("run/latest", latest, "tokio-spawn", tokio_abort));
    let crowd = || among(100_000);
    rows.push(Row::new("run/in-flight-100000", crowd, "self/1000", || among(1_000)));
}

/// A body: ready after it has been pending `polls` times.
pub(crate) struct Body {
    pub(crate) polls: u32,
    pub(crate) value: u64,
}

impl Future for Body {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        if self.polls == 0 {
            return Poll::Ready(self.value);
        }
        self.polls -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime without drivers")
}

/// A run whose body is pending `polls` times, awaited.
pub(crate) fn trine(polls: u32) -> Workload<'static> {
    awaited(polls, Store::new())
}

/// A run that is ready at once, in a store with a cell, that nobody reads, of the status of the runs of a name.
fn beside_status(name: &'static str) -> Workload<'static> {
    let store = Store::new();
    store.status_of(name);
    awaited(0, store)
}

fn awaited(polls: u32, store: Store) -> Workload<'static> {
    let runtime = runtime();
    Box::new(move |n| {
        let sum = runtime.block_on(async {
            let mut sum = 0;
            for value in 1..=n {
                let body = Body { polls, value: black_box(value) };
                let run = store.run("body", |_| async { Ok::<_, String>(body.await) });
                sum += *run.result().await.expect("fulfilled");
            }
            sum
        });
        assert_eq!(sum, n * (n + 1) / 2);
        assert!(store.runs().is_empty());
    })
}

/// The same body as a task, awaited.
pub(crate) fn tokio_spawn(polls: u32) -> Workload<'static> {
    let runtime = runtime();
    Box::new(move |n| {
        let sum = runtime.block_on(async {
            let mut sum = 0;
            for value in 1..=n {
                let body = Body { polls, value: black_box(value) };
                sum += tokio::spawn(async { Ok::<_, String>(body.await) })
                    .await
                    .expect("no panic")
                    .expect("fulfilled");
            }
            sum
        });
        assert_eq!(sum, n * (n + 1) / 2);
    })
}

/// Starts a run that supersedes a pending one, then lets the runtime have the thread once.
fn latest() -> Workload<'static> {
    let (runtime, store) = (runtime(), Store::new());
    let mut before: Option<Run<(), String>> = None;
    Box::new(move |n| {
        runtime.block_on(async {
            for _ in 0..n {
                let run = store.run_builder("latest").policy(Policy::Latest).start(|_| pending());
                if let Some(before) = before.replace(run) {
                    assert!(matches!(before.outcome(), Some(Outcome::Superseded { .. })));
                }
                yield_now().await;
            }
        });
        assert_eq!(store.runs().len(), 1);
    })
}

/// Aborts a pending task and spawns another one, then lets the runtime have the thread once.
fn tokio_abort() -> Workload<'static> {
    let runtime = runtime();
    let mut before: Option<JoinHandle<Result<(), String>>> = None;
    Box::new(move |n| {
        runtime.block_on(async {
            for _ in 0..n {
                let task = tokio::spawn(pending());
                let before = before.replace(task).inspect(JoinHandle::abort);
                yield_now().await;
                assert!(before.is_none_or(|before| before.is_finished()));
            }
        });
        assert_eq!(runtime.metrics().num_alive_tasks(), 1);
    })
}

/// Lets the runtime poll so many tasks, so that their first polls are over before anything is timed: it takes a few dozen of
/// them whenever it gets the thread.
pub(crate) async fn rest(tasks: usize) {
    for _ in 0..tasks.div_ceil(16) {
        yield_now().await;
    }
}

/// A run whose body is pending once, awaited while `others` are in flight.
fn among(others: usize) -> Workload<'static> {
    let (runtime, store) = (runtime(), Store::new());
    runtime.block_on(async {
        for _ in 0..others {
            drop(store.run("other", |_| pending::<Result<(), String>>()));
        }
        rest(others).await;
    });
    Box::new(move |n| {
        let sum = runtime.block_on(async {
            let mut sum = 0;
            for value in 1..=n {
                let body = Body { polls: 1, value: black_box(value) };
                let run = store.run("body", |_| async { Ok::<_, String>(body.await) });
                sum += *run.result().await.expect("fulfilled");
            }
            sum
        });
        assert_eq!(sum, n * (n + 1) / 2);
        assert_eq!(store.runs().len(), others);
    })
}
