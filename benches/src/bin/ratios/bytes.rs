//! Memory: bytes per thing over 1,000,000 of them (100,000 runs), the room for their handles included.
//!
//! What counts is by how much the resident memory of a process grows (`/proc/self/statm`), so the allocator's own
//! overhead is in it, and room that was never touched is not. Each side has a process of its own: this program, started again
//! with `bytes/child NAME`, in which large blocks are mapped and given back one by one. Where there is no `/proc`
//! the rows are empty.

use crate::{Row, runs::runtime};
use std::{
    fs,
    future::pending,
    hint::black_box,
    process::{Command, exit},
};
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;
use trine_benches::Pair;
use trine_core::Store;
use trine_tao::{AppCtx, Kernel};
use trine_thunks::{AsyncThunk, SliceKey, ThunkApi};

/// What the second process is started with.
const CHILD: &str = "bytes/child";

const MANY: usize = 1_000_000;
const MANY_RUNS: usize = 100_000;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let mut row = |workload: &'static str, peer: &'static str| {
        let measure = move || {
            let subject = in_child(workload, "trine")?;
            let rival = if peer == "none" { 0.0 } else { in_child(workload, peer)? };
            Some(Pair { subject, peer: rival })
        };
        rows.push(Row { workload: workload.to_owned(), peer, measure: Box::new(measure) });
    };
    row("bytes/cell", "reactive_graph");
    row("bytes/derived", "reactive_graph");
    row("bytes/subscription", "reactive_graph");
    row("bytes/run", "tokio-spawn");
    row("bytes/thunk", "none");
    row("bytes/unhandled-signal", "none");
}

/// Whether this process was started to measure one side of a row, which it then has done.
pub(crate) fn is_child(first: &str) -> bool {
    if first != CHILD {
        return false;
    }
    let mut rest = std::env::args().skip(2);
    let (Some(workload), Some(side)) = (rest.next(), rest.next()) else { exit(2) };
    match (&*workload, &*side) {
        ("bytes/cell", "trine") => cells(),
        ("bytes/derived", "trine") => derived(),
        ("bytes/subscription", "trine") => subscriptions(),
        ("bytes/run", "trine") => runs(),
        ("bytes/thunk", "trine") => thunks(),
        ("bytes/unhandled-signal", "trine") => unhandled_signals(),
        ("bytes/cell", _) => peer_cells(),
        ("bytes/derived", _) => peer_derived(),
        ("bytes/subscription", _) => peer_subscriptions(),
        ("bytes/run", _) => peer_runs(),
        _ => exit(2),
    }
    true
}

/// What one side comes to, measured in a process of its own.
fn in_child(workload: &str, side: &str) -> Option<f64> {
    let output = Command::new(std::env::current_exe().ok()?)
        .args([CHILD, workload, side])
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .output()
        .ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The resident memory of this process, in bytes.
fn resident() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4_096)
}

/// Prints what each of `count` things costs that `make` makes and keeps.
fn report<R>(count: usize, make: impl FnOnce() -> R) {
    let before = resident();
    let things = black_box(make());
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("{}", after.saturating_sub(before) as f64 / count as f64);
    }
    drop(things);
}

/// Cells of `u64` that nobody listens to.
fn cells() {
    let store = Store::new();
    report(MANY, || {
        let mut cells = Vec::with_capacity(MANY);
        cells.extend((0..MANY as u64).map(|value| store.source(value)));
        assert_eq!(store.get(cells[MANY - 1]), MANY as u64 - 1);
        cells
    });
    assert_eq!(store.cell_count(), MANY);
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
