//! Cells that follow runs, and cells that runs compute, while other threads write and end runs.

use loom::thread;
use std::{convert::Infallible, future::poll_fn, task::Poll};
use trine_core::{AsyncState, Store, test::ManualExecutor};

#[test]
fn a_change_while_a_run_reads_is_read_or_supersedes_it() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let a = store.source(1);
        let double =
            store.derived_async(move |cx| async move { Ok::<_, Infallible>(cx.get(a).await * 2) });
        let watch = store.watch(double);
        let poller = executor.clone();
        let poller = thread::spawn(move || poller.run_one());
        store.set(a, 2);
        poller.join().unwrap();
        executor.run_until_stalled();
        let AsyncState::Ready { value } = &*watch.borrow() else { panic!("a run was lost") };
        assert_eq!(**value, 4);
    });
}

#[test]
fn a_status_cell_that_is_made_while_a_run_ends_does_not_count_it_forever() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let mut polled = false;
        let run = store.run("raced", move |_| {
            poll_fn(move |_| {
                if std::mem::replace(&mut polled, true) {
                    Poll::Ready(Ok::<_, Infallible>(()))
                } else {
                    Poll::Pending
                }
            })
        });
        let poller = thread::spawn(move || executor.run_one());
        let status = store.status_of("raced");
        poller.join().unwrap();
        assert!(run.is_settled());
        assert_eq!(store.get(status).in_flight, 0);
    });
}

#[test]
fn a_status_cell_that_is_made_while_a_run_starts_counts_it() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let other = store.clone();
        let starter = thread::spawn(move || {
            other.run("raced", |_| std::future::pending::<Result<(), Infallible>>())
        });
        let status = store.status_of("raced");
        let run = starter.join().unwrap();
        assert_eq!(store.get(status).in_flight, 1);
        assert!(run.abort("enough"));
        assert_eq!(store.get(status).in_flight, 0);
    });
}
