//! Makes a schedule that fails smaller: fewer steps, and fewer changes from one task to another.
//!
//! What is left of a schedule is always followed by the ordinary steps, each task in turn, so steps may be left out at
//! will: at the end, then anywhere, ever smaller pieces of it (Zeller and Hildebrandt: *Simplifying and isolating
//! failure-inducing input*, 2002).

use super::{
    player::Played,
    search::{Replay, Search},
};

/// The most schedules that are played to make one smaller.
const PATIENCE: usize = 2_000;

/// A schedule that fails.
pub(super) struct Shrunk {
    /// The beginning that it takes.
    pub(super) steps: Vec<String>,
    /// All steps that were played.
    pub(super) played: Vec<String>,
    /// How it fails.
    pub(super) failure: String,
}

/// Makes a failing schedule smaller.
pub(super) fn shrink(search: &Search<'_>, steps: Vec<String>, failure: String) -> Shrunk {
    let best = Shrunk { played: steps.clone(), steps, failure };
    let mut smaller = Smaller { search, best, tried: 0 };
    smaller.cut_end();
    loop {
        let changed = smaller.cut_pieces() | smaller.join_neighbours();
        if !changed {
            break;
        }
    }
    smaller.best
}

/// A failing schedule that is being made smaller.
struct Smaller<'a> {
    /// How schedules are played.
    search: &'a Search<'a>,
    /// The smallest one so far.
    best: Shrunk,
    /// How many were tried.
    tried: usize,
}

impl Smaller<'_> {
    /// Keeps `steps` if they fail as well.
    fn keep(&mut self, steps: Vec<String>) -> bool {
        if self.tried == PATIENCE {
            return false;
        }
        self.tried += 1;
        let Played { steps: played, failure } =
            self.search.play(&mut Replay::lenient(steps.clone()));
        let Some(failure) = failure else { return false };
        // Steps that do not fit were left out; then those that were played instead are what fails.
        let fits = played.starts_with(&steps);
        let steps = if fits { steps } else { played.clone() };
        if !fits && steps.len() >= self.best.steps.len() {
            return false;
        }
        self.best = Shrunk { steps, played, failure };
        true
    }

    /// Leaves out what comes after the step that matters last.
    fn cut_end(&mut self) {
        for length in 0..self.best.steps.len() {
            if self.keep(self.best.steps[..length].to_vec()) {
                return;
            }
        }
    }

    /// Leaves out pieces, the larger ones first.
    fn cut_pieces(&mut self) -> bool {
        let mut changed = false;
        let mut size = self.best.steps.len();
        while size > 0 {
            let mut start = 0;
            while start + size <= self.best.steps.len() {
                let mut rest = self.best.steps.clone();
                rest.drain(start..start + size);
                if self.keep(rest) {
                    changed = true;
                } else {
                    start += 1;
                }
            }
            size /= 2;
        }
        changed
    }

    /// Brings steps of one task next to each other.
    fn join_neighbours(&mut self) -> bool {
        let mut changed = false;
        for place in 1..self.best.steps.len() {
            let task = self.best.steps[place - 1].clone();
            let Some(next) = self.best.steps.get(place) else { break };
            if *next == task {
                continue;
            }
            let Some(later) =
                (place + 1..self.best.steps.len()).find(|&later| self.best.steps[later] == task)
            else {
                continue;
            };
            let mut joined = self.best.steps.clone();
            let step = joined.remove(later);
            joined.insert(place, step);
            if switches(&joined) < switches(&self.best.steps) && self.keep(joined) {
                changed = true;
            }
        }
        changed
    }
}

/// How often a schedule changes from one task to another.
fn switches(steps: &[String]) -> usize {
    steps.windows(2).filter(|pair| pair[0] != pair[1]).count()
}
