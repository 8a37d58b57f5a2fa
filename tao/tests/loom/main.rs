//! Every interleaving of a few threads, by the model checker:
//!
//! ```text
//! RUSTFLAGS="--cfg trine_loom" LOOM_MAX_PREEMPTIONS=3 cargo test -p trine-tao --release --test loom
//! ```
//!
//! `.ci/loom-mutations` proves that the tests notice what they are there for.
#![cfg(trine_loom)]

use loom::{
    sync::{
        Condvar, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};
use trine_core::{Store, test::ManualExecutor};
use trine_tao::{AppCtx, Kernel, What};

/// Wakes a thread of the model.
struct Parked(Mutex<bool>, Condvar);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let parked = Arc::new(Parked(Mutex::new(false), Condvar::new()));
    let waker = Waker::from(Arc::clone(&parked));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        let mut woken = parked.0.lock().unwrap();
        while !std::mem::take(&mut *woken) {
            woken = parked.1.wait(woken).unwrap();
        }
    }
}

const ON: (&str, &str, &str) = ("User", "Find", "Portal");

fn signal() -> AppCtx {
    AppCtx::new("User", "Find", "Portal")
}

fn counter() -> (Arc<AtomicUsize>, impl Fn(AppCtx) + Clone + Send + Sync + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    (count, move |_| {
        counted.fetch_add(1, SeqCst);
    })
}

#[test]
fn a_handler_registered_during_a_dispatch_is_heard_by_all_of_it_or_none_and_by_the_next_one() {
    loom::model(|| {
        let tao = Kernel::new(&Store::with_spawner(ManualExecutor::new()));
        let (first, count) = counter();
        let _first = tao.on_inline(ON, count);
        let other = tao.clone();
        let (second, count) = counter();
        let registrar = thread::spawn(move || {
            // One handler for two patterns that match, through a list and through a wildcard.
            [
                other.on_inline((["User", "Space"], "Find", "*"), count.clone()),
                other.on_inline(ON, count),
            ]
        });
        tao.set(signal());
        let guards = registrar.join().unwrap();
        assert_eq!(first.load(SeqCst), 1);
        assert!(second.load(SeqCst) <= 2);
        let before = second.load(SeqCst);
        tao.set(signal());
        assert_eq!(second.load(SeqCst), before + 2);
        drop(guards);
        assert_eq!(tao.pattern_count(), 1);
    });
}

#[test]
fn handlers_registered_at_once_by_two_threads_are_both_there_and_differ() {
    loom::model(|| {
        let tao = Kernel::new(&Store::with_spawner(ManualExecutor::new()));
        let other = tao.clone();
        let (calls, count) = counter();
        let counts = count.clone();
        let registrar = thread::spawn(move || other.on_inline(ON, counts));
        let own = tao.on_inline(ON, count);
        let others = registrar.join().unwrap();
        assert_ne!(own.id().number(), others.id().number());
        tao.set(signal());
        assert_eq!((tao.handlers().len(), calls.load(SeqCst)), (2, 2));
        drop((own, others));
        assert_eq!((tao.handlers().len(), tao.pattern_count()), (0, 0));
    });
}

#[test]
fn a_handler_removed_during_a_dispatch_is_dropped_once_and_heard_at_most_once() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    loom::model(|| {
        let tao = Kernel::new(&Store::with_spawner(ManualExecutor::new()));
        let drops = Arc::new(AtomicUsize::new(0));
        let dropped = Dropped(Arc::clone(&drops));
        let (calls, count) = counter();
        let guard = tao.on_inline(ON, move |cx| {
            assert_eq!(dropped.0.load(SeqCst), 0, "not while it is there");
            count(cx);
        });
        let remover = thread::spawn(move || drop(guard));
        tao.set(signal());
        remover.join().unwrap();
        assert!(calls.load(SeqCst) <= 1);
        assert_eq!(drops.load(SeqCst), 1);
        let before = calls.load(SeqCst);
        tao.set(signal());
        assert_eq!((calls.load(SeqCst), tao.pattern_count()), (before, 0));
    });
}

#[test]
fn who_waits_for_rest_is_woken_while_the_last_line_ends() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let tao = Kernel::new(&Store::with_spawner(executor.clone()));
        let (calls, count) = counter();
        let _fork = tao.on_async(ON, count);
        let cascade = tao.set(signal());
        let settled = cascade.settled();
        let waiter = thread::spawn(move || block_on(settled));
        executor.run_until_stalled();
        waiter.join().unwrap();
        assert!(cascade.is_settled());
        assert_eq!(calls.load(SeqCst), 1);
    });
}

#[test]
fn an_abort_while_the_last_line_ends_is_told_as_it_is_and_the_end_once() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let tao = Kernel::new(&Store::with_spawner(executor.clone()));
        let ends = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&ends);
        let _observer = tao.observe(move |observation| {
            if let What::Rested(ending) = observation.what {
                told.fetch_add(if ending.is_completed() { 1 } else { 100 }, SeqCst);
            }
        });
        let _fork = tao.on_async(ON, |_| ());
        let cascade = tao.set(signal());
        let other = cascade.clone();
        let aborter = thread::spawn(move || other.abort("race"));
        executor.run_until_stalled();
        let aborted = aborter.join().unwrap();
        executor.run_until_stalled();
        assert!(cascade.is_settled());
        assert_eq!(cascade.ending().unwrap().is_completed(), !aborted);
        assert_eq!(ends.load(SeqCst), if aborted { 100 } else { 1 });
    });
}
