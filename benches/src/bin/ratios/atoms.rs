//! Atoms beside what they are made of.

use crate::{
    Row, cells,
    runs::{self, runtime},
};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use trine_atoms::{Action, AsyncAction, Atom, Store, synergy};
use trine_benches::Workload;

static FIRST: Atom<u64> = Atom::new("first", || 0);
static SECOND: Atom<u64> = Atom::new("second", || 0);
static THIRD: Atom<u64> = Atom::new("third", || 0);

pub(crate) fn rows(rows: &mut Vec<Row>) {
    rows.push(Row::new("atoms/set", set, "self/core-cell", cells::set_callback));
    rows.push(Row::new("atoms/action", action, "self/core-transaction", transaction));
    rows.push(Row::new("atoms/async-ready", async_ready, "self/run-ready", || runs::trine(0)));
}

/// Sets an atom with one callback.
fn set() -> Workload<'static> {
    let store = Store::new();
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    FIRST.subscribe(&store, move |_| tally.store(tally.load(Relaxed) + 1, Relaxed)).detach();
    let mut value = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            value += 1;
            FIRST.set(&store, black_box(value));
        }
        assert_eq!(heard.load(Relaxed), n);
        assert_eq!(FIRST.get(&store), value);
    })
}

/// A sync action that writes three atoms, one of which has a callback.
fn action() -> Workload<'static> {
    let store = Store::new();
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    THIRD.subscribe(&store, move |_| tally.store(tally.load(Relaxed) + 1, Relaxed)).detach();
    let add: Action<u64> = synergy((&FIRST, &SECOND, &THIRD)).action(
        |(mut first, mut second, mut third), value: u64| {
            *first += value;
            *second += value;
            *third += value;
        },
    );
    let mut sum = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for value in 1..=n {
            sum += value;
            add.run(&store, black_box(value));
        }
        assert_eq!(heard.load(Relaxed), n);
        assert_eq!([&FIRST, &SECOND, &THIRD].map(|atom| atom.get(&store)), [sum; 3]);
    })
}

/// The same as a transaction over three cells.
fn transaction() -> Workload<'static> {
    let store = Store::new();
    let cells = [(); 3].map(|()| store.source(0_u64));
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    store.subscribe(cells[2], move |_| tally.store(tally.load(Relaxed) + 1, Relaxed)).detach();
    let mut sum = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for value in 1..=n {
            sum += value;
            store.batch(|tx| {
                for cell in cells {
                    tx.update(cell, |held| *held += black_box(value));
                }
            });
        }
        assert_eq!(heard.load(Relaxed), n);
        assert_eq!(cells.map(|cell| store.get(cell)), [sum; 3]);
    })
}

/// An async action that writes one atom and is ready at once, awaited.
fn async_ready() -> Workload<'static> {
    let (runtime, store) = (runtime(), Store::new());
    let set: AsyncAction<u64, u64> = synergy(&FIRST).async_action(|mut first, value| async move {
        first.set(value);
        Ok(value)
    });
    Box::new(move |n| {
        let sum = runtime.block_on(async {
            let mut sum = 0;
            for value in 1..=n {
                sum += set.run(&store, black_box(value)).await.expect("fulfilled");
            }
            sum
        });
        assert_eq!(sum, n * (n + 1) / 2);
        assert_eq!(FIRST.get(&store), n);
        assert!(store.runs().is_empty());
    })
}
