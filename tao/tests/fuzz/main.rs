//! What comes from outside, made of random and of mutated input: nothing panics, and messages that were read are written as they were.
//!
//! `.ci/fuzz [CASES [SEED]]` runs it for longer. Needs nothing but the stable toolchain: inputs come from a corpus that
//! keeps what was answered in a way that was not seen before, so that mutations of it reach further in.

#![allow(missing_docs)]

mod mutate;

#[cfg(feature = "tcp")]
mod frames;
#[cfg(feature = "path")]
mod paths;
#[cfg(feature = "wire")]
mod wire;

use mutate::Random;
use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

/// How many inputs the corpus may hold.
const CORPUS: usize = 1_024;

/// Feeds `check` with so many inputs as `TRINE_FUZZ` says (20,000 by default), or a part of them, drawn from `TRINE_SEED` (0 by
/// default). It answers with what kind of input it was.
pub(crate) fn fuzz(
    name: &str,
    part: u64,
    seeds: &[&[u8]],
    mut mutate: impl FnMut(&[u8], &mut Random) -> Vec<u8>,
    mut check: impl FnMut(&[u8]) -> String,
) {
    let number = |variable: &str, default: u64| {
        std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
    };
    let (cases, seed) = (number("TRINE_FUZZ", 20_000) / part, number("TRINE_SEED", 0));
    let mut corpus: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.to_vec()).collect();
    let mut known = HashSet::new();
    for case in 0..cases {
        let mut random = Random::new(seed, case);
        let input = match corpus.get(case as usize) {
            // Each seed as it is, first.
            Some(input) if case < seeds.len() as u64 => input.clone(),
            _ if random.one_in(20) => random.bytes(200),
            _ => {
                let mut input = corpus[random.below(corpus.len())].clone();
                for _ in 0..=random.below(4) {
                    input = if random.one_in(2) {
                        mutate(&input, &mut random)
                    } else {
                        mutate::bytes(&input, &corpus, &mut random)
                    };
                }
                input.truncate(1 << 16);
                input
            }
        };
        let answer = catch_unwind(AssertUnwindSafe(|| check(&input))).unwrap_or_else(|panic| {
            eprintln!(
                "{name}: case {case} of TRINE_SEED={seed} fails on {} bytes:\nb\"{}\"",
                input.len(),
                input.escape_ascii()
            );
            resume_unwind(panic)
        });
        // Names and numbers are the input's own; what is left says how far it came.
        let kind: String = answer
            .chars()
            .filter(|c| c.is_alphabetic() && c.is_ascii() || *c == ' ')
            .take(80)
            .collect();
        if known.len() < CORPUS && known.insert(kind) {
            corpus.push(input);
        }
    }
    println!("{name}: {cases} cases, {} kinds of answers", known.len());
    assert!(known.len() > 2, "all inputs were answered alike: the mutations reach nothing");
}
