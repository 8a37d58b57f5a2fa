//! How the cost grows with the number of things, from 10 to 1,000,000, beside what it is with 10 of them.

use crate::{Row, cells};
use trine_benches::Workload;
use trine_core::{Derived, Store};

const SIZES: [u64; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

pub(crate) fn rows(rows: &mut Vec<Row>) {
    for size in SIZES {
        let row = Row::new(
            format!("curve/fanout/{size}"),
            move || cells::fanout(size),
            "self/10",
            || cells::fanout(10),
        );
        rows.push(row.per_part((size, 10)));
    }
    for size in SIZES {
        let row =
            Row::new(format!("curve/chain/{size}"), move || chain(size), "self/10", || chain(10));
        rows.push(row.per_part((size, 10)));
    }
    for size in SIZES {
        let name = format!("curve/idle/{size}");
        rows.push(Row::new(name, move || idle(size), "self/10", || idle(10)));
    }
}

/// Sets the source of a chain of `length` derivations with a callback at the end. Per derivation.
fn chain(length: u64) -> Workload<'static> {
    let store = Store::new();
    let source = store.source(0_u64);
    let mut last: Derived<u64> = store.derived(move |cx| cx.get(source) + 1);
    for _ in 1..length {
        let before = last;
        last = store.derived(move |cx| cx.get(before) + 1);
        store.get(last);
    }
    let tally = crate::propagate::Tally::new(1);
    let observer = tally.clone();
    store.subscribe(last, move |value| observer.note(*value)).detach();
    let mut value = 0;
    Box::new(move |n| {
        tally.start();
        for _ in 0..n {
            value += 1;
            store.set(source, value);
        }
        tally.check(n, value + length);
    })
}

/// Sets a cell with one callback in a store with `count` other cells, each with a derivation and a callback of its own
/// that have nothing to do. Per set.
fn idle(count: u64) -> Workload<'static> {
    let store = Store::new();
    for number in 0..count {
        let cell = store.source(number);
        let derived = store.derived(move |cx| cx.get(cell) + 1);
        store.subscribe(derived, |_| panic!("an idle cell does not change")).detach();
    }
    let cell = store.source(0_u64);
    let tally = crate::propagate::Tally::new(1);
    let observer = tally.clone();
    store.subscribe(cell, move |value| observer.note(*value)).detach();
    let mut value = 0;
    Box::new(move |n| {
        tally.start();
        for _ in 0..n {
            value += 1;
            store.set(cell, value);
        }
        tally.check(n, value);
    })
}
