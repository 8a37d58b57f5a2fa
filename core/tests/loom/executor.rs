//! Who settles a run, who drops its body, and whether those who wait are woken.

use crate::block_on;
use loom::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};
use std::{
    future::{pending, poll_fn},
    sync::Arc,
    task::Poll,
};
use trine_core::{OutcomeKind, Run, Store, test::ManualExecutor};

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A run that has been polled once, and whose next poll completes it; counts its settle hooks and its body's drops.
fn completes_next(store: &Store) -> (Run<(), ()>, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (hooks, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (hook, held) = (Arc::clone(&hooks), Counted(Arc::clone(&drops)));
    let mut polled = false;
    let run = store
        .run_builder("raced")
        .on_settle(move |_| {
            hook.fetch_add(1, SeqCst);
        })
        .start(move |_| {
            poll_fn(move |_| {
                let _held = &held;
                if std::mem::replace(&mut polled, true) {
                    Poll::Ready(Ok(()))
                } else {
                    Poll::Pending
                }
            })
        });
    (run, hooks, drops)
}

#[test]
fn completion_against_abort_has_one_winner_and_one_drop() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let (run, hooks, drops) = completes_next(&store);
        let poller = thread::spawn(move || executor.run_one());
        let aborted = run.abort("race");
        if aborted {
            // Told before `abort` returned, and for good.
            assert_eq!(hooks.load(SeqCst), 1);
            assert!(run.outcome().unwrap().is_aborted());
        }
        poller.join().unwrap();
        let kind = if aborted { OutcomeKind::Aborted } else { OutcomeKind::Fulfilled };
        assert_eq!(run.outcome().unwrap().kind(), kind);
        assert_eq!((hooks.load(SeqCst), drops.load(SeqCst)), (1, 1));
        block_on(run.stopped());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn two_aborts_have_one_winner() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let (run, hooks, drops) = completes_next(&store);
        let (id, runs) = (run.id(), store.runs());
        let other = thread::spawn(move || runs.abort(id, "there"));
        let here = run.abort("here");
        let there = other.join().unwrap();
        assert!(here != there);
        assert_eq!((hooks.load(SeqCst), drops.load(SeqCst)), (1, 1));
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_waiter_that_registers_while_the_run_settles_is_woken() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let (run, ..) = completes_next(&store);
        let result = run.result();
        let waiter = thread::spawn(move || block_on(result).is_err());
        assert!(run.abort("go"));
        assert!(waiter.join().unwrap());
    });
}

#[test]
fn stopped_and_idle_resolve_while_the_body_is_being_polled_and_aborted() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let (run, _, drops) = completes_next(&store);
        let poller = thread::spawn(move || executor.run_one());
        run.abort("race");
        block_on(run.stopped());
        assert_eq!(drops.load(SeqCst), 1);
        block_on(store.runs().idle());
        poller.join().unwrap();
    });
}

#[test]
fn a_child_started_while_its_parent_settles_never_outlives_it() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let slot = Arc::new(std::sync::Mutex::new(None));
        let own = Arc::clone(&slot);
        let parent: Run<(), ()> = store.run("parent", move |cx| {
            *own.lock().unwrap() = Some(cx);
            pending()
        });
        let cx = slot.lock().unwrap().take().unwrap();
        let starter = thread::spawn(move || {
            let child: Run<(), ()> = cx.run("child", |_| pending());
            child
        });
        parent.abort("race");
        let child = starter.join().unwrap();
        assert!(child.outcome().unwrap().is_aborted());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn an_end_is_never_told_before_the_start() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let told = Arc::new(AtomicUsize::new(0));
        let (start, end) = (Arc::clone(&told), Arc::clone(&told));
        let runs = store.runs();
        let aborter = thread::spawn(move || runs.abort_all("race"));
        let run: Run<(), ()> = store
            .run_builder("raced")
            .on_start(move |_| {
                assert_eq!(start.swap(1, SeqCst), 0);
                Ok::<_, String>(())
            })
            .on_settle(move |_| {
                end.store(2, SeqCst);
            })
            .start(|_| pending());
        let aborted = aborter.join().unwrap() == 1;
        assert_eq!(run.is_settled(), aborted);
        assert_eq!(told.load(SeqCst), if aborted { 2 } else { 1 });
        assert_eq!(store.runs().is_empty(), aborted);
    });
}
