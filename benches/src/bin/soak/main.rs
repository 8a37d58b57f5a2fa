//! A soak: millions of mixed operations on one store, with as much memory in use at the end as near the beginning.
//!
//! `cargo run --release -p trine-benches --bin soak [-- OPERATIONS [SEED]]`
//!
//! Operations are drawn by a seed, so a run can be repeated exactly: writes, updates and transactions, some of which fail;
//! cells that come and go; dependencies that change; callbacks, streams and watches; lists and their views; scopes; runs that
//! are ready, wait, are aborted and superseded. Memory is counted by an allocator that adds up what is asked for and given
//! back. The work is cut into windows. At the end of each everything that comes and goes is let go, and what is left, the
//! store and its lasting cells, is weighed: it has to stay what it was after the first windows, which warm up the
//! capacities of the store's own tables. In the end the store goes as well, and nothing may be left at all.

#![forbid(unsafe_code)]

mod cells;
mod listeners;
mod lists;
mod random;
mod runs;
mod world;

use random::Random;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use world::World;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many windows there are.
const WINDOWS: u64 = 40;
/// How many of them only warm up.
const WARM_UP: u64 = 10;
/// By how many blocks what is left may grow over all windows after the warm-up, however many operations there are.
const BLOCKS: i64 = 4;
/// By how many bytes: a table or two of the store's own may see their fullest moment late, and grow for it.
const BYTES: i64 = 16 * 1_024;

/// Memory in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct InUse {
    blocks: i64,
    bytes: i64,
}

impl InUse {
    fn now() -> Self {
        let stats = ALLOCATOR.stats();
        Self {
            blocks: stats.allocations as i64 - stats.deallocations as i64,
            bytes: stats.bytes_allocated as i64 - stats.bytes_deallocated as i64,
        }
    }

    fn since(self, earlier: Self) -> Self {
        Self { blocks: self.blocks - earlier.blocks, bytes: self.bytes - earlier.bytes }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |name: &str, default: u64| match arguments.next().map(|text| text.parse()) {
        None => default,
        Some(Ok(number)) => number,
        Some(Err(_)) => {
            eprintln!("{name} is a number");
            std::process::exit(2)
        }
    };
    let (operations, seed) = (number("OPERATIONS", 10_000_000), number("SEED", 1));
    println!("{operations} operations in {WINDOWS} windows, seed {seed}");
    // What the process needs once and keeps: thread-locals, the buffer of standard output.
    soak(WINDOWS * 200, seed, |_, _, _| {});
    let before = InUse::now();
    let mut weighed = Vec::with_capacity(WINDOWS as usize);
    println!("window\tin use at work\tlet go: blocks\tbytes");
    let counts = soak(operations, seed, |window, busy, idle| {
        let (busy, idle) = (busy.since(before), idle.since(before));
        println!("{window}\t{}\t{}\t{}", busy.blocks, idle.blocks, idle.bytes);
        weighed.push(idle);
    });
    let after = InUse::now().since(before);
    let after = InUse {
        blocks: after.blocks - i64::from(weighed.capacity() > 0),
        bytes: after.bytes - (weighed.capacity() * size_of::<InUse>()) as i64,
    };
    for (name, count) in counts {
        println!("{name}: {count}");
        assert!(count > 0, "{name} never happened");
    }
    let (warm, rest) = weighed.split_at(WARM_UP as usize);
    let (first, last) = (warm[warm.len() - 1], rest[rest.len() - 1]);
    let most = |part: fn(&InUse) -> i64| rest.iter().map(part).max().unwrap_or(0);
    let (blocks, bytes) = (most(|use_| use_.blocks), most(|use_| use_.bytes));
    println!(
        "after the warm-up {} blocks, {} bytes; at most {blocks}, {bytes}; at the end {}, {}",
        first.blocks, first.bytes, last.blocks, last.bytes
    );
    println!("when the store is gone: {} blocks, {} bytes", after.blocks, after.bytes);
    assert!(blocks - first.blocks <= BLOCKS, "blocks were left behind");
    assert!(bytes - first.bytes <= BYTES, "bytes were left behind");
    assert_eq!(after, InUse { blocks: 0, bytes: 0 }, "something outlives its store");
    println!("OK: flat");
}

/// Does the operations and tells, at the end of each window, what was in use before and after everything was let go. Returns
/// how often what happened.
fn soak(
    operations: u64,
    seed: u64,
    mut weigh: impl FnMut(u64, InUse, InUse),
) -> [(&'static str, u64); world::KINDS] {
    let mut world = World::new(Random::new(seed));
    for window in 1..=WINDOWS {
        let end = operations * window / WINDOWS;
        let start = operations * (window - 1) / WINDOWS;
        for _ in start..end {
            world.step();
        }
        let busy = InUse::now();
        world.let_go();
        weigh(window, busy, InUse::now());
    }
    world.counts()
}
