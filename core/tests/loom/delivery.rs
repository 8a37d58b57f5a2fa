//! Who calls the callbacks of a commit, and whether each of them is called.
//!
//! Under the model checker a deliverer delivers its own commit and one other, then passes on, so two threads are enough to
//! see every kind of hand-over.

use crate::block_on;
use futures_util::Stream;
use loom::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use std::{future::poll_fn, num::NonZeroUsize, pin::Pin, sync::Arc};
use trine_core::{Source, Store, SubscriptionGuard, test::ManualExecutor};

/// What callbacks heard, in order.
type Log = Arc<Mutex<Vec<u64>>>;

fn new_log() -> Log {
    Arc::new(Mutex::new(Vec::new()))
}

/// Notes the numbers of a cell's commits, and that no other callback that shares `busy` is called meanwhile.
fn listen(store: &Store, cell: Source<u64>, log: &Log, busy: &Arc<AtomicBool>) {
    let (log, busy) = (Arc::clone(log), Arc::clone(busy));
    let heard = move |change: &trine_core::Change<'_, u64>| {
        assert!(!busy.swap(true, SeqCst), "two callbacks at a time");
        log.lock().unwrap().push(change.number().get());
        busy.store(false, SeqCst);
    };
    store.subscribe_changes(cell, heard).detach();
}

/// Two threads write a cell each, one of them twice, and wait for what they wrote: what both cells' subscribers heard.
fn two_writers(store: Store) -> Vec<u64> {
    let (log, busy) = (new_log(), Arc::new(AtomicBool::new(false)));
    let (a, b) = (store.source(0), store.source(0));
    listen(&store, a, &log, &busy);
    listen(&store, b, &log, &busy);
    let writer = |cell, values: std::ops::RangeInclusive<u64>| {
        let (store, log) = (store.clone(), Arc::clone(&log));
        move || {
            let commit = values.fold(None, |_, value| Some(store.set(cell, value))).unwrap();
            commit.delivered();
            assert!(log.lock().unwrap().contains(&commit.number().unwrap().get()), "told late");
        }
    };
    // Both spawned, so that waiting for them costs no preemption.
    let writers = [thread::spawn(writer(a, 1..=1)), thread::spawn(writer(b, 1..=2))];
    for writer in writers {
        writer.join().unwrap();
    }
    let heard = log.lock().unwrap();
    heard.clone()
}

#[test]
fn callbacks_of_two_writers_are_called_once_each_in_commit_order_one_at_a_time() {
    loom::model(|| assert_eq!(two_writers(Store::new()), [1, 2, 3]));
}

#[test]
fn a_delivery_that_is_passed_on_to_a_waiting_thread_is_not_lost() {
    // This spawner runs nothing: all depends on the threads that wait.
    loom::model(|| assert_eq!(two_writers(Store::with_spawner(ManualExecutor::new())), [1, 2, 3]));
}

#[test]
fn a_delivery_that_is_passed_on_to_the_spawner_is_not_lost() {
    loom::model(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let (log, busy) = (new_log(), Arc::new(AtomicBool::new(false)));
        let cell = store.source(0);
        listen(&store, cell, &log, &busy);
        let there = thread::spawn({
            let store = store.clone();
            move || {
                store.update(cell, |n| *n += 1);
            }
        });
        store.update(cell, |n| *n += 1);
        store.update(cell, |n| *n += 1);
        there.join().unwrap();
        executor.run_until_stalled();
        assert_eq!(*log.lock().unwrap(), [1, 2, 3]);
    });
}

#[test]
fn a_callback_is_not_called_once_the_drop_of_its_guard_has_returned() {
    loom::model(|| {
        let store = Store::new();
        let cell = store.source(0);
        let gone = Arc::new(AtomicBool::new(false));
        // Called before the victim: what it sees was so before the victim's turn came.
        let (seen, look) = (Arc::new(AtomicBool::new(false)), Arc::clone(&gone));
        let saw = Arc::clone(&seen);
        store.subscribe(cell, move |_| saw.store(look.load(SeqCst), SeqCst)).detach();
        let victim: SubscriptionGuard = store.subscribe(cell, move |_| {
            assert!(!seen.load(SeqCst), "called after its guard was gone");
        });
        let there = thread::spawn(move || {
            drop(victim);
            gone.store(true, SeqCst);
        });
        store.set(cell, 1);
        there.join().unwrap();
    });
}

#[test]
fn a_callback_that_is_dropped_during_delivery_is_dropped_once() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    loom::model(|| {
        let store = Store::new();
        let cell = store.source(0);
        let (drops, calls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, called) = (Counted(Arc::clone(&drops)), Arc::clone(&calls));
        // Without this one the callbacks would go with the last of them.
        store.subscribe(cell, |_| {}).detach();
        let guard = store.subscribe(cell, move |_| {
            let _held = &counted;
            called.fetch_add(1, SeqCst);
        });
        let there = thread::spawn(move || drop(guard));
        store.set(cell, 1);
        there.join().unwrap();
        assert!(calls.load(SeqCst) <= 1);
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn a_callback_is_not_called_once_the_removal_of_its_cell_has_returned() {
    loom::model(|| {
        let store = Store::new();
        let cell = store.source(0);
        let gone = Arc::new(AtomicBool::new(false));
        // Called before the victim: what it sees was so before the victim's turn came.
        let (seen, look) = (Arc::new(AtomicBool::new(false)), Arc::clone(&gone));
        let saw = Arc::clone(&seen);
        store.subscribe(cell, move |_| saw.store(look.load(SeqCst), SeqCst)).detach();
        let victim = move |_: &u64| assert!(!seen.load(SeqCst), "called after its cell was gone");
        store.subscribe(cell, victim).detach();
        let there = thread::spawn({
            let store = store.clone();
            move || {
                store.remove(cell).unwrap();
                gone.store(true, SeqCst);
            }
        });
        if let Err(error) = store.try_set(cell, 1) {
            assert!(error.is_disposed());
        }
        there.join().unwrap();
        assert_eq!(store.cell_count(), 0);
    });
}

#[test]
fn a_stream_that_registers_while_a_thread_commits_is_woken() {
    loom::model(|| {
        let store = Store::new();
        let cell = store.source(0_u64);
        let mut changes = store.changes(cell, NonZeroUsize::MIN);
        let reader = thread::spawn(move || {
            block_on(poll_fn(|cx| Stream::poll_next(Pin::new(&mut changes), cx)))
        });
        store.set(cell, 1);
        assert_eq!(reader.join().unwrap(), Some(Ok(1)));
    });
}

#[test]
fn a_cell_that_a_scope_takes_over_while_it_ends_is_removed_or_refused() {
    loom::model(|| {
        let store = Store::new();
        let (scope, cell) = (Arc::new(store.scope("scope")), store.source(0));
        let ender = thread::spawn({
            let scope = Arc::clone(&scope);
            move || scope.end()
        });
        let adopted = scope.try_adopt(cell).is_ok();
        ender.join().unwrap();
        assert_eq!(store.cell_count(), usize::from(!adopted));
    });
}

#[test]
fn a_watch_that_registers_while_a_thread_commits_misses_nothing() {
    loom::model(|| {
        let store = Store::new();
        let cell = store.source(0);
        let mut watch = store.watch(cell);
        let waiter = thread::spawn(move || {
            block_on(watch.changed()).unwrap();
            *watch.borrow()
        });
        store.set(cell, 1);
        assert_eq!(waiter.join().unwrap(), 1);
    });
}

#[test]
fn a_watch_that_waits_while_its_store_goes_learns_of_it() {
    loom::model(|| {
        let store = Store::new();
        let cell = store.source(0);
        let mut watch = store.watch(cell);
        let waiter = thread::spawn(move || block_on(watch.changed()).is_err());
        drop(store);
        assert!(waiter.join().unwrap());
    });
}

#[test]
fn who_subscribes_during_a_commit_reads_it_or_is_told() {
    loom::model(|| {
        let store = Store::new();
        let cell = store.source(0_u64);
        let writer = thread::spawn({
            let store = store.clone();
            move || store.set(cell, 1).delivered()
        });
        let log = new_log();
        let heard = Arc::clone(&log);
        let _guard = store.subscribe(cell, move |value| heard.lock().unwrap().push(*value));
        let read = store.get(cell);
        writer.join().unwrap();
        let heard = log.lock().unwrap();
        assert!(read == 1 || *heard == [1], "neither");
        assert!(heard.len() <= 1, "told twice");
    });
}
