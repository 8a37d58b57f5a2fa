//! Threads that commit, and who is told.

use crate::{explore, listener::Listener};
use shuttle::thread;
use std::sync::{Arc, Mutex};
use trine_core::{Store, test::ManualExecutor};

/// Three threads write cells of their own, which one derivation sums up. Each commit is told once to who listens to its
/// cell and once to who listens to the sum, before `delivered` returns.
fn three_writers(store: Store) {
    let cells = [store.source(0_u64), store.source(0), store.source(0)];
    let sum = store.derived(move |cx| cells.map(|cell| cx.get(cell)).iter().sum::<u64>());
    let (all, _all) = Listener::new(&store, sum, |_| {});
    let all = Arc::new(all);
    let writers = cells.map(|cell| {
        let (store, all) = (store.clone(), Arc::clone(&all));
        thread::spawn(move || {
            let (own, _own) = Listener::new(&store, cell, |_| {});
            let mut numbers = Vec::new();
            for value in 1..=3 {
                let commit = store.set(cell, value);
                numbers.push((commit.number().unwrap().get(), Some(value)));
                if value != 2 {
                    commit.delivered();
                    let number = commit.number().unwrap().get();
                    assert!(own.has_heard_of(number) && all.has_heard_of(number), "told late");
                }
            }
            store.delivered();
            assert_eq!(own.heard(), numbers);
            numbers
        })
    });
    let mut numbers: Vec<_> = writers
        .into_iter()
        .flat_map(|writer| writer.join().unwrap())
        .map(|(number, _)| number)
        .collect();
    numbers.sort_unstable();
    store.delivered();
    assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
    // No two commits leave the same sum, and none is told half.
    let heard = all.heard();
    assert_eq!(heard, (1..=9).map(|number| (number, Some(number))).collect::<Vec<_>>());
    assert_eq!(store.get(sum), 9);
}

#[test]
fn every_commit_is_told_once_in_order_and_before_delivered_returns() {
    explore(|| three_writers(Store::new()));
}

#[test]
fn so_it_is_when_deliveries_are_passed_on_to_threads_that_wait() {
    // The spawner runs nothing: all depends on the threads that wait.
    explore(|| three_writers(Store::with_spawner(ManualExecutor::new())));
}

#[test]
fn a_delivery_that_is_passed_on_to_the_spawner_goes_on_while_others_commit() {
    explore(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let cell = store.source(0_u64);
        let (listener, _guard) = Listener::new(&store, cell, |_| {});
        let writers = [(); 3].map(|()| {
            let store = store.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    store.update(cell, |value| *value += 1);
                }
            })
        });
        let runtime = thread::spawn({
            let executor = executor.clone();
            move || {
                for _ in 0..4 {
                    executor.run_one();
                    thread::yield_now();
                }
            }
        });
        for thread in writers {
            thread.join().unwrap();
        }
        runtime.join().unwrap();
        executor.run_until_stalled();
        // Nobody waits: what is left, the executor has done.
        let heard = listener.heard();
        assert_eq!(heard, (1..=9).map(|number| (number, Some(number))).collect::<Vec<_>>());
    });
}

#[test]
fn who_writes_from_callbacks_is_heard_however_threads_meet() {
    explore(|| {
        let store = Store::new();
        let (input, output) = (store.source(0_u64), store.source(0_u64));
        let order = Arc::new(Mutex::new(Vec::new()));
        let (inner, log) = (store.downgrade(), Arc::clone(&order));
        let (_, _echo) = Listener::new(&store, input, move |value| {
            let store = inner.upgrade().unwrap();
            let commit = store.update(output, |sum| *sum += value.unwrap());
            // Readable at once; told after this callback. Waiting for it here would be for ever.
            assert!(store.get(output) >= *value.unwrap());
            commit.delivered();
            log.lock().unwrap().push(commit.number().unwrap());
        });
        let (told, _told) = Listener::new(&store, output, |_| {});
        let writers = [1, 2, 4].map(|value| {
            let store = store.clone();
            thread::spawn(move || store.set(input, value).delivered())
        });
        for writer in writers {
            writer.join().unwrap();
        }
        store.delivered();
        assert_eq!(store.get(output), 7);
        told.is_up_to_date(Some(7), None);
        assert_eq!(told.heard().len(), 3);
        assert!(order.lock().unwrap().is_sorted());
    });
}
