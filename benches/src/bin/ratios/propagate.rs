//! A source, `width` chains of `height` derived cells, an observer at the end of each: set the source.

use crate::{Row, peers};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use trine_benches::Workload;
use trine_core::{Derived, Store};

const SHAPES: [(usize, usize); 7] =
    [(1, 1), (1, 10), (10, 1), (10, 10), (100, 1), (1, 100), (100, 100)];

/// A library that can do the workload.
type Contender = fn(usize, usize) -> Workload<'static>;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let rivals: [(&'static str, Contender); 4] = [
        ("alien-signals", peers::alien_signals),
        ("sycamore", peers::sycamore),
        ("reactive_graph", peers::reactive_graph),
        ("floem_reactive", peers::floem),
    ];
    for (peer, rival) in rivals {
        for (width, height) in SHAPES {
            rows.push(Row::new(
                format!("propagate/{width}x{height}"),
                move || trine(width, height),
                peer,
                move || rival(width, height),
            ));
        }
    }
}

fn trine(width: usize, height: usize) -> Workload<'static> {
    let store = Store::new();
    let source = store.source(0_u64);
    let tally = Tally::new(width);
    for _ in 0..width {
        let mut last: Derived<u64> = store.derived(move |cx| cx.get(source) + 1);
        for _ in 1..height {
            let before = last;
            last = store.derived(move |cx| cx.get(before) + 1);
        }
        let tally = tally.clone();
        store.subscribe(last, move |value| tally.note(*value)).detach();
    }
    let mut value = 0;
    Box::new(move |n| {
        tally.start();
        for _ in 0..n {
            value += 1;
            store.set(source, value);
        }
        tally.check(n, value + height as u64);
    })
}

/// What the observers of a workload saw: every contender pays for the same.
#[derive(Clone)]
pub(crate) struct Tally {
    width: u64,
    /// How many notifications there were.
    heard: Arc<AtomicU64>,
    /// The last value.
    last: Arc<AtomicU64>,
}

impl Tally {
    pub(crate) fn new(width: usize) -> Self {
        Self { width: width as u64, heard: Arc::default(), last: Arc::default() }
    }

    #[inline]
    pub(crate) fn note(&self, value: u64) {
        // Plain stores: every observer runs on the measuring thread.
        self.heard.store(self.heard.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.last.store(value, Ordering::Relaxed);
    }

    pub(crate) fn start(&self) {
        self.heard.store(0, Ordering::Relaxed);
    }

    pub(crate) fn check(&self, sets: u64, last: u64) {
        assert_eq!(self.heard.load(Ordering::Relaxed), sets * self.width, "notifications");
        assert_eq!(self.last.load(Ordering::Relaxed), last, "value");
    }
}
