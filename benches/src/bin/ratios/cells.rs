//! Single cells: writes, reads, subscribers, transactions.

use crate::{Row, floors};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use trine_benches::Workload;
use trine_core::{Source, Store};

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let mut row = |workload: &str,
                   subject: fn() -> Workload<'static>,
                   peer: &'static str,
                   rival: fn() -> Workload<'static>| {
        rows.push(Row::new(workload, subject, peer, rival));
    };
    row("set/silent", set_silent, "mutex", floors::mutex_set);
    row("read/u64", read, "tokio-watch", floors::watch_borrow);
    row("set/callback", set_callback, "tokio-watch", floors::watch_send);
    row("set/watch", set_watch, "tokio-watch", floors::watch_send);
    row("fanout/1000000", || fanout(1_000_000), "boxed-loop", || floors::boxed_loop(1_000_000));
    row("subscribe/1000000", || subscribe(1_000_000), "self/1000", || subscribe(1_000));
    row("transaction/100", transaction, "self/100-sets", hundred_sets);
    row("unlink/1000000", || unlink(1_000_000), "self/1000", || unlink(1_000));
    row("update/vec100k", || update_vec(100_000), "mutex-vec", || floors::mutex_vec(100_000));
}

/// Sets a cell that nobody listens to.
pub(crate) fn set_silent() -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(0_u64);
    let mut value = 0;
    Box::new(move |n| {
        for _ in 0..n {
            value += 1;
            store.set(cell, black_box(value));
        }
        assert_eq!(store.get(cell), value);
    })
}

/// Reads a cell.
pub(crate) fn read() -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(1_u64);
    Box::new(move |n| {
        let mut sum = 0;
        for _ in 0..n {
            sum += store.get(black_box(cell));
        }
        assert_eq!(sum, n);
    })
}

/// Sets a cell with one callback.
pub(crate) fn set_callback() -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(0_u64);
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    store.subscribe(cell, move |_| tally.store(tally.load(Relaxed) + 1, Relaxed)).detach();
    let mut value = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            value += 1;
            store.set(cell, black_box(value));
        }
        assert_eq!(heard.load(Relaxed), n);
    })
}

/// Sets a cell with one watch.
pub(crate) fn set_watch() -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(0_u64);
    let watch = store.watch(cell);
    let mut value = 0;
    Box::new(move |n| {
        for _ in 0..n {
            value += 1;
            store.set(cell, black_box(value));
        }
        assert_eq!(*watch.borrow(), value);
    })
}

/// Sets a cell with `count` callbacks.
pub(crate) fn fanout(count: u64) -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(0_u64);
    let heard = Arc::new(AtomicU64::new(0));
    for _ in 0..count {
        let tally = Arc::clone(&heard);
        store.subscribe(cell, move |_| tally.store(tally.load(Relaxed) + 1, Relaxed)).detach();
    }
    let mut value = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            value += 1;
            store.set(cell, black_box(value));
        }
        assert_eq!(heard.load(Relaxed), n * count);
    })
}

/// Adds a callback to a cell that has `present` of them, and removes it.
fn subscribe(present: u64) -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(0_u64);
    let heard = Arc::new(AtomicU64::new(0));
    for _ in 0..present {
        let tally = Arc::clone(&heard);
        store.subscribe(cell, move |_| tally.store(tally.load(Relaxed) + 1, Relaxed)).detach();
    }
    store.set(cell, 1);
    assert_eq!(heard.load(Relaxed), present);
    Box::new(move |n| {
        for _ in 0..n {
            drop(store.subscribe(cell, |_| panic!("it is gone before anything changes")));
        }
        assert_eq!(heard.load(Relaxed), present);
    })
}

/// A store with a hundred cells, each with a subscriber that counts.
fn hundred_cells() -> (Store, Vec<Source<u64>>, Arc<AtomicU64>) {
    let store = Store::new();
    let heard = Arc::new(AtomicU64::new(0));
    let cells: Vec<_> = (0..100).map(|_| store.source(0_u64)).collect();
    for &cell in &cells {
        let tally = Arc::clone(&heard);
        store.subscribe(cell, move |_| tally.store(tally.load(Relaxed) + 1, Relaxed)).detach();
    }
    (store, cells, heard)
}

/// One transaction that writes a hundred cells.
fn transaction() -> Workload<'static> {
    let (store, cells, heard) = hundred_cells();
    let mut value = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            value += 1;
            store.batch(|tx| {
                for &cell in &cells {
                    tx.set(cell, black_box(value));
                }
            });
        }
        assert_eq!(heard.load(Relaxed), n * 100);
    })
}

/// A hundred writes of one cell each.
fn hundred_sets() -> Workload<'static> {
    let (store, cells, heard) = hundred_cells();
    let mut value = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            value += 1;
            for &cell in &cells {
                store.set(cell, black_box(value));
            }
        }
        assert_eq!(heard.load(Relaxed), n * 100);
    })
}

/// Pushes to a long vector in its cell, from which one observed length is derived, and pops.
fn update_vec(length: usize) -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(vec![0_u64; length]);
    let count = store.derived(move |cx| cx.with(cell, Vec::len));
    store.subscribe(count, |_| {}).detach();
    Box::new(move |n| {
        for value in 0..n {
            store.update(cell, |list| {
                list.push(black_box(value));
                list.pop();
            });
        }
        assert_eq!(store.get(count), length);
    })
}

/// A derivation drops one of its dependencies, which has `dependents` others, and takes it up again; a hundred of them do,
/// in turn. Their places among the others are spread evenly to begin with.
fn unlink(dependents: usize) -> Workload<'static> {
    const SWITCHES: usize = 100;
    let store = Store::new();
    let hub = store.source(7_u64);
    let heard = Arc::new(AtomicU64::new(0));
    let mut switches = Vec::new();
    for place in 0..dependents {
        if place % (dependents / SWITCHES) == 0 {
            let switch = store.source(true);
            let one = store.derived(move |cx| if cx.get(switch) { cx.get(hub) } else { 0 });
            let tally = Arc::clone(&heard);
            store
                .subscribe(one, move |value| tally.store(tally.load(Relaxed) + value, Relaxed))
                .detach();
            switches.push(switch);
        }
        let other = store.derived(move |cx| cx.get(hub));
        assert_eq!(store.get(other), 7);
    }
    let mut place = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            store.set(switches[place], false);
            store.set(switches[place], true);
            place = (place + 1) % SWITCHES;
        }
        assert_eq!(heard.load(Relaxed), n * 7);
    })
}
