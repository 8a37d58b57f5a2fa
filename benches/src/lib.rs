//! Measuring two workloads against each other on a machine that does other things as well.
//!
//! Times from different minutes, let alone different machines, do not compare. So the subject and its peer
//! run in one process, in turns, and what counts is the ratio of their medians. Turns are short, so that most of them are
//! over before the machine turns to something else.

#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

/// How many turns each side gets.
const TURNS: usize = 241;
/// How many it gets at least, if they take long.
const FEWEST_TURNS: usize = 9;
/// How long all turns together may last before there are fewer.
const BUDGET: Duration = Duration::from_millis(1_500);
/// How long a turn is to last.
const TURN: Duration = Duration::from_micros(250);

/// Something to measure: does its work `n` times.
pub type Workload<'a> = Box<dyn FnMut(u64) + 'a>;

/// A workload and its clock: does its work `n` times and says how long that took.
pub type Timer<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// Two medians, in nanoseconds per unit of work.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The subject's.
    pub subject: f64,
    /// The peer's.
    pub peer: f64,
}

impl Pair {
    /// How many times as much the subject takes.
    pub fn ratio(self) -> f64 {
        self.subject / self.peer
    }
}

/// Times a workload from its call to its return.
pub fn timed(mut workload: Workload<'_>) -> Timer<'_> {
    Box::new(move |n| {
        let start = Instant::now();
        workload(n);
        start.elapsed()
    })
}

/// Measures two workloads in turns.
pub fn compare(mut subject: Timer<'_>, mut peer: Timer<'_>) -> Pair {
    let subject_size = calibrate(&mut subject);
    let peer_size = calibrate(&mut peer);
    let (mut ours, mut theirs) = (Vec::with_capacity(TURNS), Vec::with_capacity(TURNS));
    let start = Instant::now();
    while ours.len() < FEWEST_TURNS || ours.len() < TURNS && start.elapsed() < BUDGET {
        ours.push(turn(&mut subject, subject_size));
        theirs.push(turn(&mut peer, peer_size));
    }
    Pair { subject: median(ours), peer: median(theirs) }
}

/// How often the workload fits into a turn; warms it up on the way.
fn calibrate(timer: &mut Timer<'_>) -> u64 {
    let mut size = 1;
    while timer(size) < TURN && size < 1 << 24 {
        size *= 2;
    }
    size
}

fn turn(timer: &mut Timer<'_>, size: u64) -> f64 {
    timer(size).as_nanos() as f64 / size as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
