//! Subscriptions, cells and scopes that come and go while others commit.

use crate::{explore, listener::Listener};
use shuttle::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::{Run, Store, test::ManualExecutor};

#[test]
fn between_reading_and_subscribing_nothing_is_missed_and_after_the_guard_is_gone_nothing_comes() {
    explore(|| {
        let store = Store::new();
        let cell = store.source(0_u64);
        let double = store.derived(move |cx| cx.get(cell) * 2);
        let writers = [1, 10].map(|step| {
            let store = store.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    store.update(cell, |value| *value += step).delivered();
                }
            })
        });
        let readers = [(); 2].map(|()| {
            let store = store.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    let (listener, guard) = Listener::new(&store, double, |_| {});
                    let before = store.get(double);
                    thread::yield_now();
                    let after = store.get(double);
                    store.delivered();
                    if before != after {
                        assert!(
                            listener.heard().iter().any(|(_, value)| *value == Some(after)),
                            "neither read nor told"
                        );
                    }
                    drop(guard);
                    // A call that is in progress on another thread goes on; this is after all of them.
                    store.delivered();
                    let heard = listener.heard();
                    store.update(cell, |value| *value += 100).delivered();
                    assert_eq!(listener.heard(), heard, "called after its guard was gone");
                }
            })
        });
        for thread in writers.into_iter().chain(readers) {
            thread.join().unwrap();
        }
        assert_eq!(store.get(cell), 3 + 30 + 400);
    });
}

#[test]
fn callbacks_that_end_each_others_subscriptions_are_dropped_once_each() {
    explore(|| {
        struct Alive(Arc<Mutex<u32>>);
        impl Drop for Alive {
            fn drop(&mut self) {
                *self.0.lock().unwrap() -= 1;
            }
        }
        let store = Store::new();
        let cell = store.source(0_u64);
        let alive = Arc::new(Mutex::new(0));
        let guards = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..4 {
            *alive.lock().unwrap() += 1;
            let (counted, others) = (Alive(Arc::clone(&alive)), Arc::clone(&guards));
            let guard = store.subscribe(cell, move |_| {
                let _counted = &counted;
                let other = others.lock().unwrap().pop();
                drop(other);
            });
            guards.lock().unwrap().push(guard);
        }
        let threads = [(); 2].map(|()| {
            let (store, guards) = (store.clone(), Arc::clone(&guards));
            thread::spawn(move || {
                store.update(cell, |value| *value += 1);
                let first = guards.lock().unwrap().pop();
                drop(first);
                store.subscribe(cell, |_| {}).detach();
                store.update(cell, |value| *value += 1).delivered();
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        store.delivered();
        let left = std::mem::take(&mut *guards.lock().unwrap());
        assert_eq!(*alive.lock().unwrap() as usize, left.len());
        drop(left);
        assert_eq!(*alive.lock().unwrap(), 0);
    });
}

#[test]
fn cells_that_are_removed_while_they_are_written_read_and_told_of_are_typed_errors() {
    explore(|| {
        let store = Store::new();
        let (base, doomed) = (store.source(1_u64), store.source(1_u64));
        let sum = store.derived(move |cx| cx.get(base) + cx.try_get(doomed).unwrap_or(100));
        let (listener, _guard) = Listener::new(&store, sum, |_| {});
        let (_, doomed_guard) = Listener::new(&store, doomed, |_| {});
        let remover = thread::spawn({
            let store = store.clone();
            move || {
                store.remove(doomed).unwrap().delivered();
                assert!(store.try_get(doomed).unwrap_err().is_disposed());
            }
        });
        let writer = thread::spawn({
            let store = store.clone();
            move || {
                for value in 2..4 {
                    if let Err(error) = store.try_set(doomed, value) {
                        assert!(error.is_disposed());
                    }
                    store.set(base, value);
                }
            }
        });
        let subscriber = thread::spawn({
            let store = store.clone();
            move || match store.try_subscribe_changes(doomed, |_| {}) {
                Ok(guard) => drop(guard),
                Err(error) => assert!(error.is_disposed()),
            }
        });
        for thread in [remover, writer, subscriber] {
            thread.join().unwrap();
        }
        drop(doomed_guard);
        store.delivered();
        assert_eq!(store.get(sum), 103);
        listener.is_up_to_date(Some(103), None);
        assert_eq!(store.cell_count(), 2);
    });
}

#[test]
fn a_scope_that_ends_while_threads_use_it_leaves_nothing_behind() {
    explore(|| {
        let store = Store::with_spawner(ManualExecutor::new());
        let outside = store.source(0_u64);
        let scope = Arc::new(store.scope("dialog"));
        let ended = Arc::new(AtomicBool::new(false));
        let own = scope.source(0_u64);
        let sum = scope.derived(move |cx| cx.get(own) + cx.get(outside));
        let late = Arc::clone(&ended);
        // What began before the end may still be under way at it.
        scope.subscribe(sum, move |_| {
            let _ended = late.load(SeqCst);
        });
        let run: Run<(), ()> = scope.run("run", |_| pending());
        let ender = thread::spawn({
            let (scope, ended) = (Arc::clone(&scope), Arc::clone(&ended));
            move || {
                scope.end();
                ended.store(true, SeqCst);
            }
        });
        let writer = thread::spawn({
            let store = store.clone();
            move || {
                for value in 1..3 {
                    store.set(outside, value);
                    if let Err(error) = store.try_set(own, value) {
                        assert!(error.is_disposed());
                    }
                }
            }
        });
        let owner = thread::spawn({
            let (store, scope) = (store.clone(), Arc::clone(&scope));
            move || {
                let cell = store.source(7_u64);
                if scope.try_adopt(cell).is_err() {
                    store.remove(cell).unwrap();
                }
            }
        });
        for thread in [ender, writer, owner] {
            thread.join().unwrap();
        }
        assert!(run.outcome().unwrap().is_aborted());
        assert_eq!((store.cell_count(), store.runs().len()), (1, 0));
        assert_eq!(store.get(outside), 2);
    });
}
