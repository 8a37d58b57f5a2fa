//! How the cost grows with the number of things, from 10 to 1,000,000, beside what it is with 10 of them.

use crate::{Row, cells};
use std::num::NonZeroUsize;
use trine_benches::Workload;
use trine_core::{Derived, ListDiff, Store};
use trine_thunks::{Action, Entities, EntityKey, SliceKey, action};

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
    for size in SIZES {
        let name = format!("curve/entity-diffs/{size}");
        rows.push(Row::new(name, move || entity_diffs(size), "self/10", || entity_diffs(10)));
    }
}

/// An entity comes into the middle of a sorted table of `size`, or goes from there.
enum Middle {
    Comes,
    Goes,
}
impl Action for Middle {}

static NUMBERS: SliceKey<Entities<(u64, u64)>> = SliceKey::new("numbers");
static NUMBER: EntityKey<Entities<(u64, u64)>, (u64, u64)> = NUMBERS.entities(|numbers| numbers);

/// Inserts into the middle of a table and removes from there, each a dispatch, and reads the diffs. Per pair.
fn entity_diffs(size: u64) -> Workload<'static> {
    // Odd ones come and go; what is there is even.
    let middle = size / 2 * 2 + 1;
    let numbers = NUMBERS
        .slice(move || {
            let empty = Entities::sorted_by_key(|number: &(u64, u64)| number.0);
            empty.with((0..size).map(|number| (2 * number, 0)))
        })
        .on(action::<Middle>(), move |numbers, what| match what {
            Middle::Comes => numbers.add_one((middle, 1)),
            Middle::Goes => numbers.remove_one(&middle),
        });
    let store = trine_thunks::Store::builder().slice(numbers).build().expect("one name");
    let mut diffs = store.entity_diffs(&NUMBER, NonZeroUsize::new(16).expect("not 0"));
    assert!(diffs.try_next().is_some());
    let place = size as usize / 2 + 1;
    Box::new(move |n| {
        for _ in 0..n {
            store.dispatch(Middle::Comes);
            let batch = diffs.try_next().expect("something came");
            assert_eq!(batch, [ListDiff::Insert { index: place, value: (middle, 1) }]);
            store.dispatch(Middle::Goes);
            let batch = diffs.try_next().expect("something went");
            assert_eq!(batch, [ListDiff::Remove { index: place }]);
        }
    })
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
