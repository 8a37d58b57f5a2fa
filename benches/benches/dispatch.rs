//! The central workloads on their own, for following one of them over time or into a profiler:
//! `cargo bench -p trine-benches [-- FILTER]`. The names are those of the `ratios` binary, which compares.

use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};
use trine_atoms::{Action as SyncAction, Atom, synergy};
use trine_core::{Derived, Store};
use trine_tao::{AppCtx, Kernel};
use trine_thunks::{Action, AsyncThunk, SliceKey, ThunkApi, action};

/// Sets a cell with one callback.
fn set_callback(bencher: &mut Bencher<'_>) {
    let store = Store::new();
    let cell = store.source(0_u64);
    let _guard = store.subscribe(cell, |value| {
        black_box(value);
    });
    let mut value = 0;
    bencher.iter(|| {
        value += 1;
        store.set(cell, black_box(value));
    });
    assert_eq!(store.get(cell), value);
}

/// Sets the source of ten chains of ten derivations, each with a callback at its end.
fn propagate(bencher: &mut Bencher<'_>) {
    let store = Store::new();
    let source = store.source(0_u64);
    let ends: Vec<Derived<u64>> = (0..10)
        .map(|_| {
            let first = store.derived(move |cx| cx.get(source) + 1);
            (1..10).fold(first, |before, _| store.derived(move |cx| cx.get(before) + 1))
        })
        .collect();
    for &end in &ends {
        let callback = |value: &u64| {
            black_box(value);
        };
        store.subscribe(end, callback).detach();
    }
    let mut value = 0;
    bencher.iter(|| {
        value += 1;
        store.set(source, black_box(value));
    });
    assert_eq!(store.get(ends[0]), value + 10);
}

/// One transaction over a hundred cells.
fn transaction(bencher: &mut Bencher<'_>) {
    let store = Store::new();
    let cells: Vec<_> = (0..100).map(|_| store.source(0_u64)).collect();
    let mut value = 0;
    bencher.iter(|| {
        value += 1;
        store.batch(|tx| cells.iter().for_each(|&cell| tx.set(cell, black_box(value))));
    });
    assert_eq!(store.get(cells[99]), value);
}

/// Polls a future that is ready at once.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it is ready at once"),
    }
}

/// A run whose body is ready at once.
fn run_ready(bencher: &mut Bencher<'_>) {
    let store = Store::new();
    bencher.iter(|| {
        let run = store.run("body", |_| async { Ok::<_, String>(black_box(1_u64)) });
        assert_eq!(*ready(run.result()).expect("fulfilled"), 1);
    });
}

/// A sync action over three atoms.
fn atoms_action(bencher: &mut Bencher<'_>) {
    static ATOMS: [Atom<u64>; 3] =
        [Atom::new("0", || 0), Atom::new("1", || 0), Atom::new("2", || 0)];
    let store = Store::new();
    let add: SyncAction<u64> = synergy((&ATOMS[0], &ATOMS[1], &ATOMS[2])).action(
        |(mut first, mut second, mut third), value| {
            *first += value;
            *second += value;
            *third += value;
        },
    );
    bencher.iter(|| add.run(&store, black_box(1)));
    assert_eq!(ATOMS[0].get(&store), ATOMS[2].get(&store));
}

/// Adds to the counter.
struct Add(u64);
impl Action for Add {}

static COUNTER: SliceKey<u64> = SliceKey::new("counter");

/// Dispatches an action to one slice with one callback.
fn thunks_dispatch(bencher: &mut Bencher<'_>) {
    let counter = COUNTER.slice(|| 0).on(action::<Add>(), |count, add| *count += add.0);
    let store = trine_thunks::Store::builder().slice(counter).build().expect("one slice");
    let _guard = store.subscribe(&COUNTER, |count| {
        black_box(count);
    });
    bencher.iter(|| store.dispatch(Add(black_box(1))));
    assert!(store.get(&COUNTER) > 0);
}

/// Dispatches a thunk that is ready at once, with cases for pending and fulfilled.
fn thunks_ready(bencher: &mut Bencher<'_>) {
    let add: AsyncThunk<u64, u64, String> =
        AsyncThunk::new("add", |value: u64, _: ThunkApi| async move { Ok(value) });
    let counter = COUNTER
        .slice(|| 0)
        .on(add.pending(), |count, run| *count += run.arg())
        .on(add.fulfilled(), |count, run| *count += **run.payload());
    let store = trine_thunks::Store::builder().slice(counter).build().expect("one slice");
    bencher.iter(|| {
        let run = store.dispatch(add.with(black_box(1)));
        assert_eq!(*ready(run.result()).expect("fulfilled"), 1);
    });
    assert!(store.get(&COUNTER) > 0);
}

/// Sets a signal with one inline handler.
fn tao_inline(bencher: &mut Bencher<'_>) {
    let tao = Kernel::new(&Store::new());
    let _handler = tao.on_inline(("User", "Find", "Portal"), |cx| {
        black_box(cx);
    });
    bencher.iter(|| {
        assert!(tao.set(black_box(AppCtx::new("User", "Find", "Portal"))).is_settled());
    });
}

fn all(criterion: &mut Criterion) {
    criterion.bench_function("set/callback", set_callback);
    criterion.bench_function("propagate/10x10", propagate);
    criterion.bench_function("transaction/100", transaction);
    criterion.bench_function("run/ready", run_ready);
    criterion.bench_function("atoms/action", atoms_action);
    criterion.bench_function("thunks/dispatch", thunks_dispatch);
    criterion.bench_function("thunks/ready", thunks_ready);
    criterion.bench_function("tao/inline", tao_inline);
}

criterion_group! {
    name = central;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = all
}
criterion_main!(central);
