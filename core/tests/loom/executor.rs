//! Who settles a run, who drops its body, and whether those who wait are woken.

use crate::block_on;
use loom::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};
use std::time::Duration;
use std::{
    future::{pending, poll_fn},
    sync::Arc,
    task::Poll,
};
use trine_core::{OutcomeKind, Policy, Run, Store, test::ManualExecutor};

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

/// A run of a policy that is pending until it is ended.
fn of(store: &Store, policy: Policy) -> (Run<(), ()>, Arc<AtomicUsize>) {
    let hooks = Arc::new(AtomicUsize::new(0));
    let hook = Arc::clone(&hooks);
    let builder = store.run_builder("raced").policy(policy).on_settle(move |_| {
        hook.fetch_add(1, SeqCst);
    });
    (builder.start(|_| pending()), hooks)
}

#[test]
fn a_run_that_is_superseded_while_it_is_aborted_ends_once() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let (old, hooks) = of(&store, Policy::Latest);
        let (id, runs) = (old.id(), store.runs());
        let aborter = thread::spawn(move || runs.abort(id, "race"));
        let (new, _) = of(&store, Policy::Latest);
        let aborted = aborter.join().unwrap();
        let outcome = old.outcome().unwrap();
        assert_eq!((outcome.is_aborted(), outcome.is_superseded()), (aborted, !aborted));
        assert_eq!(hooks.load(SeqCst), 1);
        assert!(!new.is_settled());
        assert_eq!(store.runs().len(), 1);
    });
}

#[test]
fn a_run_that_completes_while_its_store_goes_ends_once() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let told = Arc::new(loom::sync::Mutex::new(None));
        let (hook, mut polled) = (Arc::clone(&told), false);
        let builder = store.run_builder("raced").on_settle(move |outcome| {
            assert!(hook.lock().unwrap().replace(outcome.kind()).is_none());
        });
        let run: Run<(), ()> = builder.start(move |_| {
            poll_fn(move |_| {
                let again = std::mem::replace(&mut polled, true);
                if again { Poll::Ready(Ok(())) } else { Poll::Pending }
            })
        });
        let poller = thread::spawn(move || executor.run_one());
        drop(store);
        poller.join().unwrap();
        // What was told is what stays.
        assert_eq!(*told.lock().unwrap(), run.outcome().map(|outcome| outcome.kind()));
        assert!(run.is_settled());
    });
}

#[test]
fn a_run_that_joins_while_the_last_waiter_leaves_has_work_that_goes_on() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let (first, _) = of(&store, Policy::Shared);
        let other = store.clone();
        let joiner = thread::spawn(move || of(&other, Policy::Shared).0);
        assert!(first.abort("race"));
        let second = joiner.join().unwrap();
        assert!(!second.is_settled());
        // It, and the work: the old one, or new.
        assert_eq!(store.runs().len(), 2);
        assert!(second.abort("end"));
        assert!(store.runs().is_empty());
    });
}

#[test]
fn work_that_all_leave_at_once_ends() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let (first, _) = of(&store, Policy::Shared);
        let (second, _) = of(&store, Policy::Shared);
        let other = thread::spawn(move || second.abort("race"));
        assert!(first.abort("race"));
        assert!(other.join().unwrap());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_run_that_looks_for_its_turn_while_the_one_before_ends_gets_it() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let (first, _) = of(&store, Policy::Queue(1));
        executor.run_until_stalled();
        let builder = store.run_builder("raced").policy(Policy::Queue(1));
        let second = builder.start(|_| async { Ok::<(), ()>(()) });
        let other = executor.clone();
        let poller = thread::spawn(move || other.run_one());
        first.abort("race");
        poller.join().unwrap();
        executor.run_until_stalled();
        assert!(second.outcome().unwrap().is_fulfilled());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_run_that_starts_while_the_store_shuts_down_is_refused_or_ended() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let other = store.clone();
        let starter = thread::spawn(move || {
            let run: Run<(), ()> = other.run("raced", |_| pending());
            run
        });
        block_on(store.runs().shut_down(Duration::ZERO).unwrap());
        let run = starter.join().unwrap();
        assert!(run.outcome().is_some());
        assert!(store.runs().is_empty());
    });
}

/// Starts a run that waits, as the successor of those of its name.
fn succeeds(store: &Store, name: &'static str, told: &Told) -> Run<(), ()> {
    let (start, end) = (Arc::clone(told), Arc::clone(told));
    store
        .run_builder(name)
        .policy(Policy::Latest)
        .on_start(move |cx| {
            start.lock().unwrap().push((cx.id().get(), "start"));
            Ok::<_, String>(())
        })
        .on_settle(move |_| end.lock().unwrap().push((0, "end")))
        .start(|_| pending())
}

/// Who has told what; 0 for whom nobody asks.
type Told = Arc<std::sync::Mutex<Vec<(u64, &'static str)>>>;

#[test]
fn an_end_that_another_thread_is_telling_comes_before_the_start_of_the_successor() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let told = Told::default();
        let first = succeeds(&store, "raced", &told);
        let aborter = thread::spawn(move || first.abort("race"));
        let second = succeeds(&store, "raced", &told);
        assert_eq!(*told.lock().unwrap(), [(1, "start"), (0, "end"), (2, "start")]);
        aborter.join().unwrap();
        drop(second);
    });
}

#[test]
fn a_start_that_another_thread_is_telling_ends_before_the_start_of_the_successor() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let told = Told::default();
        let (there, log) = (store.clone(), Arc::clone(&told));
        let other = thread::spawn(move || drop(succeeds(&there, "raced", &log)));
        drop(succeeds(&store, "raced", &told));
        other.join().unwrap();
        let told = told.lock().unwrap();
        let what: Vec<_> = told.iter().map(|(_, what)| *what).collect();
        // One of them has superseded the other; or was superseded before its own start was told, and has only an end.
        assert!(what == ["start", "end", "start"] || what == ["end", "start"], "{told:?}");
    });
}

#[test]
fn two_hooks_that_supersede_each_others_runs_do_not_wait_for_each_other_forever() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let crossing = |name: &'static str, other: &'static str| -> Run<(), ()> {
            let then = store.clone();
            store
                .run_builder(name)
                .policy(Policy::Latest)
                .on_settle(move |_| {
                    let builder = then.run_builder(other).policy(Policy::Latest);
                    drop(builder.start(|_| pending::<Result<(), ()>>()));
                })
                .start(|_| pending())
        };
        let (a, b) = (crossing("a", "b"), crossing("b", "a"));
        let there = thread::spawn(move || b.abort("race"));
        a.abort("race");
        there.join().unwrap();
        store.runs().abort_all("end");
        assert!(store.runs().is_empty());
    });
}

#[test]
fn nothing_is_written_once_the_end_was_told() {
    loom::model(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let (cell, slot) = (store.source(0), Arc::new(std::sync::Mutex::new(None)));
        let (told, own) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&slot));
        let end = Arc::clone(&told);
        let run: Run<(), ()> =
            store.run_builder("raced").on_settle(move |_| end.store(1, SeqCst)).start(move |cx| {
                *own.lock().unwrap() = Some(cx);
                pending()
            });
        let cx = slot.lock().unwrap().take().unwrap();
        // Noted on this thread, which is the one that ends it: the other one is to be waited for all the same.
        cx.set(cell, 1).unwrap();
        let writer = thread::spawn(move || {
            let mut late = 0;
            let _ = cx.update(cell, |value| {
                late = told.load(SeqCst);
                *value += 1;
            });
            late
        });
        assert!(run.abort("race"));
        assert_eq!(writer.join().unwrap(), 0);
    });
}
