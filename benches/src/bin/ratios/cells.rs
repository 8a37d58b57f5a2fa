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
        rows.push(Row {
            workload: workload.to_owned(),
            subject: Box::new(subject),
            peer,
            rival: Box::new(rival),
        });
    };
    row("set/silent", set_silent, "mutex", floors::mutex_set);
    row("read/u64", read, "tokio-watch", floors::watch_borrow);
    row("set/callback", set_callback, "tokio-watch", floors::watch_send);
    row("set/watch", set_watch, "tokio-watch", floors::watch_send);
    row("fanout/1000000", || fanout(1_000_000), "boxed-loop", || floors::boxed_loop(1_000_000));
    row("subscribe/1000000", || subscribe(1_000_000), "self/1000", || subscribe(1_000));
    row("transaction/100", transaction, "self/100-sets", hundred_sets);
    row("update/vec100k", || update_vec(100_000), "mutex-vec", || floors::mutex_vec(100_000));
}

fn set_silent() -> Workload<'static> {
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

fn read() -> Workload<'static> {
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

fn set_callback() -> Workload<'static> {
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

fn set_watch() -> Workload<'static> {
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

fn fanout(count: u64) -> Workload<'static> {
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

fn subscribe(present: u64) -> Workload<'static> {
    let store = Store::new();
    let cell = store.source(0_u64);
    for _ in 0..present {
        store.subscribe(cell, |_| {}).detach();
    }
    Box::new(move |n| {
        for _ in 0..n {
            drop(store.subscribe(cell, |value| {
                black_box(value);
            }));
        }
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
