//! Which schedules are played: all of them, or a sample.

use super::{
    Counterexample, Explored, Explorer,
    player::{Choice, Chooser, Played, Step, play},
    scene::Scene,
    shrink::{Shrunk, shrink},
};
use crate::test::Seeded;
use std::collections::VecDeque;

/// One in so many choices of a random schedule is an unusual one: a cancellation, an early step of the clock.
const UNUSUAL: usize = 8;

/// An exploration under way.
pub(super) struct Search<'a> {
    /// What is to be tried.
    pub(super) explorer: &'a Explorer,
    /// What is played.
    pub(super) scenario: &'a dyn Fn(&Scene),
}

impl Search<'_> {
    pub(super) fn run(&self) -> Result<Explored, Counterexample> {
        if let Some(schedule) = &self.explorer.replay {
            let mut replay = Replay::strict(words(schedule));
            let Played { steps, failure } = self.play(&mut replay);
            let (schedule, played) = (schedule.clone(), steps.join(" "));
            return match failure {
                Some(failure) => Err(Counterexample { schedule, played, failure, passed: 0 }),
                None => Ok(Explored { schedules: 1, exhaustive: false }),
            };
        }
        let mut schedules = 0;
        let mut tree = DepthFirst::default();
        loop {
            if schedules == self.explorer.limit {
                break;
            }
            let played = self.play(&mut tree);
            self.judge(played, schedules)?;
            schedules += 1;
            if !tree.next() {
                return Ok(Explored { schedules, exhaustive: true });
            }
        }
        let mut sample = Sample { draws: Seeded::new(self.explorer.seed) };
        for _ in 0..self.explorer.samples {
            let played = self.play(&mut sample);
            self.judge(played, schedules)?;
            schedules += 1;
        }
        Ok(Explored { schedules, exhaustive: false })
    }

    pub(super) fn play(&self, chooser: &mut dyn Chooser) -> Played {
        play(self.explorer, self.scenario, chooser)
    }

    /// Makes a counterexample of a schedule that failed.
    fn judge(&self, played: Played, passed: u64) -> Result<(), Counterexample> {
        let Some(failure) = played.failure else { return Ok(()) };
        let Shrunk { steps, played, failure } = shrink(self, played.steps, failure);
        let (schedule, played) = (steps.join(" "), played.join(" "));
        Err(Counterexample { schedule, played, failure, passed })
    }
}

fn words(schedule: &str) -> Vec<String> {
    schedule.split_whitespace().map(str::to_owned).collect()
}

/// Walks the tree of schedules from its first leaf to its last.
#[derive(Default)]
struct DepthFirst {
    /// The way to the present leaf: which choice, out of how many.
    path: Vec<(usize, usize)>,
    /// How far down that way we are.
    at: usize,
}

impl DepthFirst {
    /// Turns to the next leaf; false if that was the last one.
    fn next(&mut self) -> bool {
        self.path.truncate(self.at);
        self.at = 0;
        while let Some((chosen, of)) = self.path.pop() {
            if chosen + 1 < of {
                self.path.push((chosen + 1, of));
                return true;
            }
        }
        false
    }
}

impl Chooser for DepthFirst {
    fn choose(&mut self, choices: &[Choice]) -> Result<usize, String> {
        let (chosen, of) = *self.path.get(self.at).unwrap_or(&(0, choices.len()));
        if of != choices.len() {
            return Err(format!(
                "the scenario is not the same each time it is played: at step {} there were {of} \
                 choices, now there are {}",
                self.at + 1,
                choices.len()
            ));
        }
        if self.at == self.path.len() {
            self.path.push((chosen, of));
        }
        self.at += 1;
        Ok(chosen)
    }
}

/// Takes its choices at random.
struct Sample {
    /// Decides.
    draws: Seeded,
}

impl Chooser for Sample {
    fn choose(&mut self, choices: &[Choice]) -> Result<usize, String> {
        let ready = choices.iter().take_while(|choice| matches!(choice.step, Step::Go(_))).count();
        let ordinary = ready.max(1);
        let unusual = choices.len() - ordinary;
        // There are more cancellations to choose from than steps: evenly drawn, all would happen at the beginning.
        if unusual > 0 && self.draws.below(UNUSUAL) == 0 {
            return Ok(ordinary + self.draws.below(unusual));
        }
        Ok(self.draws.below(ordinary))
    }
}

/// Plays a given schedule, then lets the oldest ready task go on each time.
pub(super) struct Replay {
    /// The steps to come.
    steps: VecDeque<String>,
    /// Whether every step has to fit; else those that do not are left out.
    strict: bool,
}

impl Replay {
    pub(super) fn strict(steps: Vec<String>) -> Self {
        Self { steps: steps.into(), strict: true }
    }

    pub(super) fn lenient(steps: Vec<String>) -> Self {
        Self { steps: steps.into(), strict: false }
    }
}

impl Chooser for Replay {
    fn choose(&mut self, choices: &[Choice]) -> Result<usize, String> {
        while let Some(step) = self.steps.pop_front() {
            if let Some(place) = choices.iter().position(|choice| choice.name == step) {
                return Ok(place);
            }
            if self.strict {
                let choices: Vec<_> = choices.iter().map(ToString::to_string).collect();
                return Err(format!(
                    "the schedule does not fit the scenario: `{step}` cannot be next, but {}",
                    choices.join(", ")
                ));
            }
        }
        Ok(0)
    }
}
