//! Bodies without a task: who wakes them, who ends them, and who polls them first.

use loom::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
};
use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};
use trine_core::{OutcomeKind, Policy, Run, Store, test::ManualExecutor};

fn lazy() -> (ManualExecutor, Store) {
    let executor = ManualExecutor::lazy();
    let store = Store::with_spawner(executor.clone());
    (executor, store)
}

/// What a body waits for.
#[derive(Clone)]
struct Bell {
    rung: Arc<AtomicBool>,
    waker: Arc<loom::sync::Mutex<Option<Waker>>>,
}

impl Bell {
    fn new() -> Self {
        let (rung, waker) = (AtomicBool::new(false), loom::sync::Mutex::new(None));
        Self { rung: Arc::new(rung), waker: Arc::new(waker) }
    }

    fn ring(&self) {
        self.rung.store(true, SeqCst);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Starts a run that ends when the bell has rung; counts its settle hooks and its body's drops.
    fn start(&self, store: &Store) -> (Run<(), ()>, Arc<AtomicUsize>, Arc<AtomicUsize>) {
        let (hooks, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (hook, held, bell) = (Arc::clone(&hooks), Counted(Arc::clone(&drops)), self.clone());
        let builder = store.run_builder("raced").on_settle(move |_| {
            hook.fetch_add(1, SeqCst);
        });
        let run = builder.start(move |_| {
            poll_fn(move |cx| {
                let _held = &held;
                *bell.waker.lock().unwrap() = Some(cx.waker().clone());
                if bell.rung.load(SeqCst) { Poll::Ready(Ok(())) } else { Poll::Pending }
            })
        });
        (run, hooks, drops)
    }
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_wake_up_while_the_body_is_put_to_rest_is_not_lost() {
    loom::model(|| {
        let (executor, store) = lazy();
        let bell = Bell::new();
        let ringer = bell.clone();
        let other = thread::spawn(move || ringer.ring());
        let (run, hooks, drops) = bell.start(&store);
        other.join().unwrap();
        executor.run_until_stalled();
        assert_eq!(run.outcome().map(|outcome| outcome.kind()), Some(OutcomeKind::Fulfilled));
        assert_eq!((hooks.load(SeqCst), drops.load(SeqCst)), (1, 1));
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_wake_up_against_an_abort_has_one_end_and_one_drop() {
    loom::model(|| {
        let (executor, store) = lazy();
        let bell = Bell::new();
        let (run, hooks, drops) = bell.start(&store);
        let polling = executor.clone();
        let other = thread::spawn(move || {
            bell.ring();
            polling.run_until_stalled();
        });
        let aborted = run.abort("race");
        other.join().unwrap();
        executor.run_until_stalled();
        let kind = if aborted { OutcomeKind::Aborted } else { OutcomeKind::Fulfilled };
        assert_eq!(run.outcome().map(|outcome| outcome.kind()), Some(kind));
        assert_eq!((hooks.load(SeqCst), drops.load(SeqCst)), (1, 1));
        assert!(store.runs().is_empty());
    });
}

#[test]
fn two_who_wake_a_body_make_one_task() {
    loom::model(|| {
        let (executor, store) = lazy();
        let slot = Arc::new(Mutex::new(None));
        let inside = Arc::clone(&slot);
        let run: Run<(), ()> = store.run("raced", move |_| {
            poll_fn(move |cx| {
                *inside.lock().unwrap() = Some(cx.waker().clone());
                Poll::Pending
            })
        });
        let here = slot.lock().unwrap().take().unwrap();
        let there = here.clone();
        let other = thread::spawn(move || there.wake());
        here.wake();
        other.join().unwrap();
        // The driver, and the body.
        assert_eq!(executor.pending(), 2);
        drop(run);
    });
}

#[test]
fn a_body_that_is_put_to_rest_while_its_runtime_ends_is_ended_or_has_another_home() {
    loom::model(|| {
        let (executor, store) = lazy();
        let first: Run<(), ()> = store.run("first", |_| pending());
        let ending = executor.clone();
        let other = thread::spawn(move || ending.shut_down());
        let second: Run<(), ()> = store.run("second", |_| pending());
        other.join().unwrap();
        assert!(first.is_settled());
        executor.shut_down();
        assert!(second.is_settled());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_run_that_lines_up_while_the_driver_goes_to_sleep_is_polled() {
    loom::model(|| {
        let (executor, store) = lazy();
        let queued = || store.run_builder("raced").queued().start(|_| async { Ok::<(), ()>(()) });
        let first = queued();
        let polling = executor.clone();
        let other = thread::spawn(move || polling.run_one());
        let second = queued();
        other.join().unwrap();
        executor.run_until_stalled();
        assert!(first.is_settled() && second.is_settled());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_body_that_is_put_into_the_line_while_its_turn_comes_is_polled() {
    loom::model(|| {
        let (executor, store) = lazy();
        let builder = || store.run_builder("raced").policy(Policy::Queue(1));
        let first: Run<(), ()> = builder().start(|_| pending());
        let id = first.id();
        let runs = store.runs();
        let other = thread::spawn(move || runs.abort(id, "race"));
        let second = builder().start(|_| async { Ok::<(), ()>(()) });
        assert!(other.join().unwrap());
        executor.run_until_stalled();
        assert!(second.outcome().unwrap().is_fulfilled());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_queued_run_that_is_aborted_while_the_driver_takes_it_ends_once() {
    loom::model(|| {
        let (executor, store) = lazy();
        let (drops, polls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (held, polled) = (Counted(Arc::clone(&drops)), Arc::clone(&polls));
        let run: Run<(), ()> = store.run_builder("raced").queued().start(move |_| async move {
            let _held = held;
            polled.fetch_add(1, SeqCst);
            pending().await
        });
        let polling = executor.clone();
        let other = thread::spawn(move || polling.run_one());
        assert!(run.abort("race"));
        other.join().unwrap();
        executor.run_until_stalled();
        assert_eq!(drops.load(SeqCst), 1);
        assert!(polls.load(SeqCst) <= 1);
        assert!(store.runs().is_empty());
    });
}
