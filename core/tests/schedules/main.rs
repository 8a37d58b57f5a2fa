//! Whole-store scenarios under interleavings that are drawn by a seed: more threads, and longer lives, than the model
//! checker can look at exhaustively.
//!
//! ```text
//! .ci/schedules
//! TRINE_SCHEDULES=100000 .ci/schedules
//! TRINE_SEED=42 .ci/schedules transfers      # again what failed
//! ```
//!
//! Each scenario is run [`schedules`] times by a scheduler that decides at random who goes on, and as often by one that
//! changes its mind at a few random moments only (probabilistic concurrency testing, Burckhardt and others, 2010), which
//! finds bugs that need one thread to be slow for long. `.ci/schedules-mutations` proves that the scenarios notice what
//! they are there for.
#![cfg(trine_shuttle)]

mod delivery;
mod lifetimes;
mod listener;
mod mixed;
mod outlets;
mod runs;
mod transactions;

use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler},
};
use std::{
    hash::{BuildHasher, RandomState},
    str::FromStr,
};

/// How many threads are preempted at most under the scheduler that seldom changes its mind.
const PREEMPTIONS: usize = 3;

/// How many schedules each scheduler tries.
fn schedules() -> usize {
    from_environment("TRINE_SCHEDULES").unwrap_or(300)
}

fn from_environment<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Runs a scenario under many schedules. A deadlock is a failure, as is a schedule without end.
fn explore(scenario: fn()) {
    let seed = from_environment("TRINE_SEED").unwrap_or_else(|| RandomState::new().hash_one(()));
    println!("TRINE_SEED={seed} tries these schedules again");
    let config = || {
        let mut config = Config::new();
        config.silence_warnings = true;
        // The scenarios' own states are small, but their panics are formatted on these stacks.
        config.stack_size = 256 * 1_024;
        config
    };
    Runner::new(RandomScheduler::new_from_seed(seed, schedules()), config()).run(scenario);
    let few = PctScheduler::new_from_seed(seed, PREEMPTIONS, schedules());
    Runner::new(few, config()).run(scenario);
}
