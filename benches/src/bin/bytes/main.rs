//! Memory: bytes per thing over 1,000,000 of them (100,000 runs), the room for handles that own something included.
//!
//! `bytes WORKLOAD SIDE` prints one number. The rows `bytes/` of the `ratios` binary ask this program for it: here every
//! allocation is counted, which would slow down what is timed there, and each side has a process of its own. What counts
//! is what was asked of the allocator and not given back; what the allocator itself needs for that is not in it.

#![forbid(unsafe_code)]

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::{alloc::System, future::pending, hint::black_box, process::exit};
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};
use tokio_util::sync::CancellationToken;
use trine_atoms::AtomFamily;
use trine_core::Store;
use trine_tao::{AppCtx, Kernel};
use trine_thunks::{AsyncThunk, SliceKey, ThunkApi};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MANY: usize = 1_000_000;
const MANY_RUNS: usize = 100_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(workload), Some(side)) = (arguments.next(), arguments.next()) else { exit(2) };
    match (&*workload, &*side) {
        ("bytes/cell", "trine") => cells(),
        ("bytes/derived", "trine") => derived(),
        ("bytes/subscription", "trine") => subscriptions(),
        ("bytes/run", "trine") => runs(),
        ("bytes/thunk", "trine") => thunks(),
        ("bytes/family-atom", "trine") => family_atoms(),
        ("bytes/unhandled-signal", "trine") => unhandled_signals(),
        ("bytes/request", "trine") => requests(),
        ("bytes/cell", "reactive_graph") => peer_cells(),
        ("bytes/derived", "reactive_graph") => peer_derived(),
        ("bytes/subscription", "reactive_graph") => peer_subscriptions(),
        ("bytes/run", "tokio-spawn") => peer_runs(),
        _ => exit(2),
    }
}

/// How many bytes are in use.
fn in_use() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Prints what each of `count` things costs that `make` makes and keeps.
fn report<R>(count: usize, make: impl FnOnce() -> R) {
    let before = in_use();
    let things = black_box(make());
    println!("{}", in_use().saturating_sub(before) as f64 / count as f64);
    drop(things);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime without drivers")
}

/// Cells of `u64` that nobody listens to.
fn cells() {
    let store = Store::new();
    report(MANY, || {
        // A handle owns nothing and may be forgotten.
        for value in 0..MANY as u64 {
            store.source(value);
        }
    });
    assert_eq!(store.cell_count(), MANY);
}

/// Entries of a family of `u64` by `u64`, which it keeps; nobody has a handle to them.
fn family_atoms() {
    static ROWS: AtomFamily<u64, u64> = AtomFamily::new("rows", |key| *key).kept();
    let store = Store::new();
    report(MANY, || {
        for key in 0..MANY as u64 {
            ROWS.entry(&store, key);
        }
    });
    assert_eq!(ROWS.len(&store), MANY);
}

/// Derivations of `u64` from one source, each read once.
fn derived() {
    let store = Store::new();
    let source = store.source(1_u64);
    report(MANY, || {
        let mut cells = Vec::with_capacity(MANY);
        cells.extend((0..MANY).map(|_| store.derived(move |cx| cx.get(source) + 1)));
        assert_eq!(cells.iter().map(|&cell| store.get(cell)).sum::<u64>(), 2 * MANY as u64);
        cells
    });
}

/// Callbacks of one cell, which capture nothing.
fn subscriptions() {
    let store = Store::new();
    let cell = store.source(0_u64);
    report(MANY, || {
        let mut guards = Vec::with_capacity(MANY);
        guards.extend((0..MANY).map(|_| {
            store.subscribe(cell, |value| {
                black_box(value);
            })
        }));
        guards
    });
}

/// Runs whose futures have no size and never end.
fn runs() {
    let (runtime, store) = (runtime(), Store::new());
    runtime.block_on(async {
        report(MANY_RUNS, || {
            let mut runs = Vec::with_capacity(MANY_RUNS);
            runs.extend(
                (0..MANY_RUNS).map(|_| store.run("run", |_| pending::<Result<u64, String>>())),
            );
            runs
        });
        yield_now().await;
        assert_eq!(store.runs().len(), MANY_RUNS);
    });
}

/// Thunks whose bodies never end.
fn thunks() {
    static PENDING: SliceKey<u64> = SliceKey::new("pending");
    let wait: AsyncThunk<u64, u64, String> =
        AsyncThunk::new("wait", |_: u64, _: ThunkApi| pending::<Result<u64, String>>());
    let slice = PENDING.slice(|| 0).on(wait.pending(), |count, _| *count += 1);
    let store = trine_thunks::Store::builder().slice(slice).build().expect("one slice");
    let runtime = runtime();
    runtime.block_on(async {
        report(MANY_RUNS, || {
            let mut runs = Vec::with_capacity(MANY_RUNS);
            runs.extend((0..MANY_RUNS as u64).map(|number| store.dispatch(wait.with(number))));
            runs
        });
        yield_now().await;
        assert_eq!(store.get(&PENDING), MANY_RUNS as u64);
    });
}

/// Distinct signals that nobody handles: what is left of each.
fn unhandled_signals() {
    let tao = Kernel::new(&Store::new());
    tao.on_inline(("User", "Find", "Portal"), |_| ()).detach();
    let set = |number: usize| {
        let signal = AppCtx::new(format!("Term {number}"), format!("Action {number}"), "Portal");
        assert!(tao.set(signal).is_settled());
    };
    // What a process needs for its first signals is not what signals leave behind.
    (0..1_000).for_each(set);
    report(MANY, || (1_000..1_000 + MANY).for_each(set));
}

/// Requests, every other of which is answered: what is left of each.
fn requests() {
    let tao = Kernel::new(&Store::new());
    let enter = ("User", "Enter", "Portal");
    tao.on_inline(("User", "Find", "Portal"), |_| AppCtx::new("User", "Enter", "Portal")).detach();
    let channel = tao.channel("client");
    let ask = |number: usize| {
        let action = if number.is_multiple_of(2) { "Find" } else { "Lose" };
        let signal = AppCtx::new("User", action, "Portal");
        let asked = if number % 4 < 2 { tao.request(signal) } else { channel.request(signal) };
        let answer = asked.expect(enter).start().answer().expect("nobody has to wait");
        assert_eq!(answer.is_ok(), number.is_multiple_of(2));
    };
    (0..1_000).for_each(ask);
    report(MANY, || (1_000..1_000 + MANY).for_each(ask));
}

/// Arena signals.
fn peer_cells() {
    use reactive_graph::{owner::Owner, signal::RwSignal, traits::GetUntracked};
    let owner = Owner::new();
    owner.set();
    report(MANY, || {
        let mut cells = Vec::with_capacity(MANY);
        cells.extend((0..MANY as u64).map(|value| RwSignal::new(value)));
        assert_eq!(cells[MANY - 1].get_untracked(), MANY as u64 - 1);
        cells
    });
}

/// Arena memos of one signal, each read once.
fn peer_derived() {
    use reactive_graph::{
        computed::Memo,
        owner::Owner,
        signal::RwSignal,
        traits::{Get, GetUntracked},
    };
    let owner = Owner::new();
    owner.set();
    let source = RwSignal::new(1_u64);
    report(MANY, || {
        let mut cells = Vec::with_capacity(MANY);
        cells.extend((0..MANY).map(|_| Memo::new(move |_| source.get() + 1)));
        assert_eq!(cells.iter().map(|cell| cell.get_untracked()).sum::<u64>(), 2 * MANY as u64);
        cells
    });
}

/// Immediate effects of one signal.
fn peer_subscriptions() {
    use reactive_graph::{effect::ImmediateEffect, owner::Owner, signal::RwSignal, traits::Get};
    let owner = Owner::new();
    owner.set();
    let cell = RwSignal::new(0_u64);
    report(MANY, || {
        let mut effects = Vec::with_capacity(MANY);
        effects.extend((0..MANY).map(|_| {
            ImmediateEffect::new(move || {
                black_box(cell.get());
            })
        }));
        effects
    });
}

/// Tasks whose futures hold a cancellation token and never end, with their join handles and tokens.
fn peer_runs() {
    runtime().block_on(async {
        report(MANY_RUNS, || {
            let mut tasks = Vec::with_capacity(MANY_RUNS);
            tasks.extend((0..MANY_RUNS).map(|_| {
                let token = CancellationToken::new();
                let held = token.clone();
                let task = tokio::spawn(async move {
                    let _held = held;
                    pending::<Result<u64, String>>().await
                });
                (task, token)
            }));
            tasks
        });
        yield_now().await;
    });
}
