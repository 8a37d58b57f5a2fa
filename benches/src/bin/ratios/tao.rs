//! Signals beside what any such dispatch must at least do, and beside bare tasks.

use crate::{Row, runs::runtime};
use rustc_hash::FxHashMap;
use std::{
    future::Future,
    hint::black_box,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};
use trine_benches::Workload;
use trine_core::Store;
use trine_tao::{AppCtx, Kernel, Pattern};

pub(crate) fn rows(rows: &mut Vec<Row>) {
    rows.push(Row::new("tao/inline", || inline(10), "hand-written", probes_and_call));
    rows.push(Row::new("tao/inline-async", inline_async, "hand-written", probes_and_poll));
    rows.push(Row::new("tao/async", out_of_band, "tokio-spawn", boxed_task));
    rows.push(Row::new("tao/chain10", || ten(true), "self/ten-signals", || ten(false)));
    rows.push(Row::new("tao/wild8", || eight(wild), "self/8-concrete", || eight(concrete)));
    let many = || inline(100_000);
    rows.push(Row::new("tao/patterns-100000", many, "self/10", || inline(10)));
}

fn find() -> AppCtx {
    AppCtx::new("User", "Find", "Portal")
}

/// A counter, and what counts.
fn counter() -> (Arc<AtomicU64>, impl Fn() + Clone + Send + Sync) {
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    (heard, move || tally.store(tally.load(Relaxed) + 1, Relaxed))
}

/// Sets a signal with one sync inline handler; `patterns` patterns have handlers, one of which matches.
fn inline(patterns: usize) -> Workload<'static> {
    let tao = Kernel::new(&Store::new());
    let (heard, count) = counter();
    tao.on_inline(("User", "Find", "Portal"), move |_| count()).detach();
    for number in 1..patterns {
        let pattern = (format!("Term {}", number % 100), format!("Action {number}"), "Portal");
        tao.on_inline(pattern, |_| ()).detach();
    }
    assert_eq!(tao.pattern_count(), patterns);
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            let cascade = tao.set(black_box(find()));
            assert!(cascade.is_settled());
        }
        assert_eq!(heard.load(Relaxed), n);
    })
}

/// Sets a signal with an inline handler that is an async function, ready at once.
fn inline_async() -> Workload<'static> {
    let tao = Kernel::new(&Store::new());
    let (heard, count) = counter();
    let handler = move |_| {
        let count = count.clone();
        async move { count() }
    };
    tao.on_inline(("User", "Find", "Portal"), handler).detach();
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            let cascade = tao.set(black_box(find()));
            assert!(cascade.is_settled());
        }
        assert_eq!(heard.load(Relaxed), n);
    })
}

/// The parts of a signal, interned.
type Key = [u32; 3];

/// The keys of the eight patterns that match a signal.
fn matching(key: Key) -> [Key; 8] {
    std::array::from_fn(|shape| {
        std::array::from_fn(|axis| if shape & (1 << axis) == 0 { key[axis] } else { 0 })
    })
}

type Handler<R> = Box<dyn Fn(Key) -> R + Send + Sync>;

/// A table of ten handlers, one of which is at `[1, 2, 3]`.
fn table<R: 'static>(
    one: Handler<R>,
    others: impl Fn(Key) -> R + Copy + Send + Sync + 'static,
) -> FxHashMap<Key, Handler<R>> {
    let mut table = FxHashMap::default();
    table.insert([1, 2, 3], one);
    for number in 1..10 {
        table.insert([number, number + 10, 3], Box::new(others) as Handler<R>);
    }
    table
}

/// Eight probes of a map keyed by interned parts, and one boxed call.
fn probes_and_call() -> Workload<'static> {
    let (heard, count) = counter();
    let table = table(Box::new(move |_| count()), |_| ());
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            let signal = black_box([1, 2, 3]);
            for key in matching(signal) {
                if let Some(handler) = table.get(&key) {
                    handler(signal);
                }
            }
        }
        assert_eq!(heard.load(Relaxed), n);
    })
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The same probes, and one boxed future polled once.
fn probes_and_poll() -> Workload<'static> {
    let (heard, count) = counter();
    let handler = move |_| {
        let count = count.clone();
        Box::pin(async move { count() }) as Boxed
    };
    let table = table(Box::new(handler), |_| Box::pin(async {}) as Boxed);
    Box::new(move |n| {
        let mut cx = Context::from_waker(Waker::noop());
        heard.store(0, Relaxed);
        for _ in 0..n {
            let signal = black_box([1, 2, 3]);
            for key in matching(signal) {
                if let Some(handler) = table.get(&key) {
                    assert_eq!(handler(signal).as_mut().poll(&mut cx), Poll::Ready(()));
                }
            }
        }
        assert_eq!(heard.load(Relaxed), n);
    })
}

/// Sets a signal with one async handler and waits until that has run.
fn out_of_band() -> Workload<'static> {
    let runtime = runtime();
    let tao = Kernel::new(&Store::new());
    let (heard, count) = counter();
    tao.on_async(("User", "Find", "Portal"), move |_| count()).detach();
    Box::new(move |n| {
        heard.store(0, Relaxed);
        runtime.block_on(async {
            for _ in 0..n {
                tao.set(black_box(find())).settled().await;
            }
        });
        assert_eq!(heard.load(Relaxed), n);
    })
}

/// Spawns a boxed future and awaits it.
fn boxed_task() -> Workload<'static> {
    let runtime = runtime();
    let (heard, count) = counter();
    Box::new(move |n| {
        heard.store(0, Relaxed);
        runtime.block_on(async {
            for _ in 0..n {
                let count = count.clone();
                tokio::spawn(Box::pin(async move { count() }) as Boxed).await.expect("no panic");
            }
        });
        assert_eq!(heard.load(Relaxed), n);
    })
}

const STEPS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Ten signals with an inline handler each: chained, or set one by one.
fn ten(chained: bool) -> Workload<'static> {
    let tao = Kernel::new(&Store::new());
    let (heard, count) = counter();
    let step = |number: usize| AppCtx::new("Step", STEPS[number], "Portal");
    for (number, name) in STEPS.into_iter().enumerate() {
        let count = count.clone();
        let handler = move |_| {
            count();
            (chained && number < 9).then(|| step(number + 1))
        };
        tao.on_inline(("Step", name, "Portal"), handler).detach();
    }
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            for number in 0..if chained { 1 } else { 10 } {
                assert!(tao.set(black_box(step(number))).is_settled());
            }
        }
        assert_eq!(heard.load(Relaxed), n * 10);
    })
}

/// The eight patterns that match the signal.
fn wild(shape: usize) -> Pattern {
    let part = |axis: usize, name| if shape & (1 << axis) == 0 { name } else { "*" };
    Pattern::new(part(0, "User"), part(1, "Find"), part(2, "Portal"))
}

/// The pattern that is the signal, each time.
fn concrete(_: usize) -> Pattern {
    Pattern::new("User", "Find", "Portal")
}

/// Sets a signal with eight inline handlers.
fn eight(pattern: fn(usize) -> Pattern) -> Workload<'static> {
    let tao = Kernel::new(&Store::new());
    let (heard, count) = counter();
    for shape in 0..8 {
        let count = count.clone();
        tao.on_inline(pattern(shape), move |_| count()).detach();
    }
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for _ in 0..n {
            assert!(tao.set(black_box(find())).is_settled());
        }
        assert_eq!(heard.load(Relaxed), n * 8);
    })
}
