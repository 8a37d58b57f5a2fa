//! Waiting for a run.

use futures_util::FutureExt;
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};
use trine_core::{Rejection, Run, Store, test::ManualExecutor};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn any_number_may_wait_and_each_is_woken_once() {
    let store = Store::with_spawner(ManualExecutor::new());
    let run: Run<(), String> = store.run("shared", |_| pending());
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut cx = Context::from_waker(&waker);
    let mut waiting = [run.result(), run.result(), run.result()];
    for _ in 0..2 {
        for waiter in &mut waiting {
            assert!(waiter.poll_unpin(&mut cx).is_pending());
        }
    }
    // One leaves: its slot goes with it.
    let [gone, stays, other] = waiting;
    drop(gone);
    run.abort("go");
    assert_eq!(count.0.load(Ordering::Relaxed), 2);
    for waiter in [stays, other] {
        assert!(matches!(waiter.now_or_never(), Some(Err(Rejection::Aborted { .. }))));
    }
    assert!((&run).into_future().now_or_never().unwrap().is_aborted());
    assert!(run.into_future().now_or_never().unwrap().is_aborted());
}

#[test]
fn a_waiter_that_moves_to_another_task_is_woken_there() {
    let store = Store::with_spawner(ManualExecutor::new());
    let run: Run<(), String> = store.run("moved", |_| pending());
    let (before, after) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut result = run.result();
    for count in [&before, &after] {
        let waker = Waker::from(Arc::clone(count));
        assert!(result.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    }
    run.abort("go");
    assert_eq!((before.0.load(Ordering::Relaxed), after.0.load(Ordering::Relaxed)), (0, 1));
    assert_eq!(Arc::strong_count(&before), 1);
}

#[test]
fn a_panicking_waker_does_not_starve_the_others() {
    struct Breaks;
    impl Wake for Breaks {
        fn wake(self: Arc<Self>) {
            panic!("broken waker");
        }
    }
    let store = Store::with_spawner(ManualExecutor::new());
    let run: Run<(), String> = store.run("shared", |_| pending());
    let count = Arc::new(Count::default());
    let wakers = [Waker::from(Arc::new(Breaks)), Waker::from(Arc::clone(&count))];
    let mut waiting = [run.result(), run.result()];
    for (waiter, waker) in waiting.iter_mut().zip(&wakers) {
        assert!(waiter.poll_unpin(&mut Context::from_waker(waker)).is_pending());
    }
    assert!(run.abort("go"));
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_thread_may_block_for_the_outcome_with_a_limit() {
    let store = Store::with_spawner(ManualExecutor::new());
    let run: Run<(), String> = store.run("blocked on", |_| pending());
    assert!(run.wait_blocking(Duration::ZERO).is_none());
    assert!(run.wait_blocking(Duration::from_millis(1)).is_none());
    let list = store.runs();
    let aborter = std::thread::spawn(move || list.abort_all("go"));
    assert!(run.wait_blocking(Duration::MAX).unwrap().is_aborted());
    aborter.join().unwrap();
    assert!(run.wait_blocking(Duration::ZERO).unwrap().is_aborted());
}

#[test]
fn stopped_waits_for_a_body_that_another_thread_is_polling() {
    let store = Store::new();
    let (polling, told) = std::sync::mpsc::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let list = store.runs();
    let starter = {
        let store = store.clone();
        std::thread::spawn(move || {
            store.run("slow", |_| async move {
                polling.send(()).unwrap();
                wait.recv().unwrap();
                pending::<Result<(), String>>().await
            })
        })
    };
    told.recv().unwrap();
    assert_eq!(list.abort_all("go"), 1);
    go.send(()).unwrap();
    let run = starter.join().unwrap();
    assert_eq!(run.stopped().now_or_never(), Some(()));
}
