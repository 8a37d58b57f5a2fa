//! Measuring two workloads against each other on a machine that does other things as well.
//!
//! Times from different minutes, let alone different machines, do not compare. So the subject and its peer
//! run in one process, in turns of about a millisecond, and what counts is the ratio of their medians.

#![forbid(unsafe_code)]

use std::time::Instant;

/// How many turns each side gets.
const TURNS: usize = 61;
/// How long a turn is to last, in nanoseconds.
const TURN: u128 = 1_000_000;

/// Something to measure: does its work `n` times.
pub type Workload<'a> = Box<dyn FnMut(u64) + 'a>;

/// Two medians, in nanoseconds per unit of work.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The subject's.
    pub subject: f64,
    /// The peer's.
    pub peer: f64,
}

impl Pair {
    /// How many times as long the subject takes.
    pub fn ratio(self) -> f64 {
        self.subject / self.peer
    }
}

/// Measures two workloads in turns.
pub fn compare(mut subject: Workload<'_>, mut peer: Workload<'_>) -> Pair {
    let subject_size = calibrate(&mut subject);
    let peer_size = calibrate(&mut peer);
    let (mut ours, mut theirs) = (Vec::with_capacity(TURNS), Vec::with_capacity(TURNS));
    for _ in 0..TURNS {
        ours.push(turn(&mut subject, subject_size));
        theirs.push(turn(&mut peer, peer_size));
    }
    Pair { subject: median(ours), peer: median(theirs) }
}

/// How often the workload fits into a turn; warms it up on the way.
fn calibrate(workload: &mut Workload<'_>) -> u64 {
    let mut size = 1;
    loop {
        let start = Instant::now();
        workload(size);
        if start.elapsed().as_nanos() >= TURN || size >= 1 << 24 {
            return size;
        }
        size *= 2;
    }
}

fn turn(workload: &mut Workload<'_>, size: u64) -> f64 {
    let start = Instant::now();
    workload(size);
    start.elapsed().as_nanos() as f64 / size as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
