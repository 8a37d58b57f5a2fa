//! Runs: a body through the executor against the same body as a task of tokio, on the current-thread runtime.

use crate::Row;
use std::{
    future::Future,
    hint::black_box,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::runtime::{Builder, Runtime};
use trine_benches::Workload;
use trine_core::Store;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    for (workload, polls) in [("run/ready", 0), ("run/yield", 1)] {
        rows.push(Row {
            workload: workload.to_owned(),
            subject: Box::new(move || trine(polls)),
            peer: "tokio-spawn",
            rival: Box::new(move || tokio_spawn(polls)),
        });
    }
}

/// A body: ready after it has been pending `polls` times.
struct Body {
    polls: u32,
    value: u64,
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

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime without drivers")
}

fn trine(polls: u32) -> Workload<'static> {
    let (runtime, store) = (runtime(), Store::new());
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

fn tokio_spawn(polls: u32) -> Workload<'static> {
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
