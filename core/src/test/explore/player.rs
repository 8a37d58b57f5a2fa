//! Plays a scenario once, one step at a time.

use super::{Explorer, scene::Scene};
use crate::error::panic_message;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// The most steps that a schedule may have: beyond it, the bodies are taken to go on forever.
const ENDLESS: usize = 10_000;

/// The reason that runs are aborted with.
const CANCELLED: &str = "cancelled by the schedule";

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A task goes on to its next await point.
    Go(u64),
    /// The clock goes on to the next time that somebody waits for.
    Tick,
    /// Nothing can go on: the end.
    Stop,
    /// A task is cancelled where it waits.
    Cancel(u64),
}

/// A step and its name in the schedule.
#[derive(Debug)]
pub(super) struct Choice {
    /// The step.
    pub(super) step: Step,
    /// Its name; empty for the end, which goes without saying.
    pub(super) name: String,
}

/// Says what comes next.
pub(super) trait Chooser {
    /// The place of the chosen step. `choices` is not empty; the first is the ordinary one.
    ///
    /// # Errors
    ///
    /// Why no choice fits.
    fn choose(&mut self, choices: &[Choice]) -> Result<usize, String>;
}

/// A scenario that was played.
pub(super) struct Played {
    /// The names of the steps.
    pub(super) steps: Vec<String>,
    /// What went wrong.
    pub(super) failure: Option<String>,
}

/// Plays `scenario` as `chooser` says.
pub(super) fn play(
    explorer: &Explorer,
    scenario: &dyn Fn(&Scene),
    chooser: &mut dyn Chooser,
) -> Played {
    let scene = Scene::new();
    let mut steps = Vec::new();
    let mut failure = contained(|| scenario(&scene)).or_else(|| scene.take_failure());
    if failure.is_none() {
        failure = run(explorer, &scene, chooser, &mut steps).err();
    }
    // What is left is dropped here, and may panic like anything else.
    let dropped = contained(|| {
        scene.executor().shut_down();
        drop(scene);
    });
    Played { steps, failure: failure.or(dropped) }
}

fn run(
    explorer: &Explorer,
    scene: &Scene,
    chooser: &mut dyn Chooser,
    steps: &mut Vec<String>,
) -> Result<(), String> {
    let (mut cancelled, mut ticks) = (0, 0);
    loop {
        if steps.len() == ENDLESS {
            return Err(format!("the bodies are not done after {ENDLESS} steps"));
        }
        let cancellable = cancelled < explorer.cancellations;
        let choices = choices(scene, cancellable, ticks < explorer.clock_steps)?;
        let early = matches!(choices[0].step, Step::Go(_));
        let chosen = &choices[chooser.choose(&choices)?];
        if chosen.step != Step::Stop {
            steps.push(chosen.name.clone());
        }
        let executor = scene.executor();
        let failure = match chosen.step {
            Step::Go(task) => contained(|| {
                executor.run_task(task);
            }),
            Step::Cancel(task) => {
                cancelled += 1;
                contained(|| executor.cancel_task(task, CANCELLED))
            }
            Step::Tick => {
                ticks += usize::from(early);
                contained(|| {
                    scene.clock().advance_to_next();
                })
            }
            Step::Stop => return end(scene),
        };
        if let Some(failure) = failure.or_else(|| scene.take_failure()) {
            return Err(failure);
        }
    }
}

/// What may come next, the ordinary step first.
fn choices(scene: &Scene, cancel: bool, tick: bool) -> Result<Vec<Choice>, String> {
    let executor = scene.executor();
    // The task of a run that has settled has nothing to do but to end: that is no choice.
    for task in executor.resting_tasks() {
        if executor.is_spent(task)
            && let Some(failure) = contained(|| {
                executor.run_task(task);
            })
        {
            return Err(failure);
        }
    }
    let mut choices: Vec<Choice> = Vec::new();
    let ready = executor.ready_tasks();
    choices
        .extend(ready.iter().map(|&task| Choice { step: Step::Go(task), name: scene.name(task) }));
    let waiting = scene.clock().next_due().is_some();
    if waiting && (tick || ready.is_empty()) {
        choices.push(Choice { step: Step::Tick, name: "+".to_owned() });
    }
    if choices.is_empty() {
        choices.push(Choice { step: Step::Stop, name: String::new() });
    }
    if cancel {
        choices.extend(executor.resting_tasks().into_iter().map(|task| Choice {
            step: Step::Cancel(task),
            name: format!("{}!", scene.name(task)),
        }));
    }
    Ok(choices)
}

/// Makes the checks of the end.
fn end(scene: &Scene) -> Result<(), String> {
    let left = scene.executor().resting_tasks().into_iter().filter(|&task| scene.is_body(task));
    let left: Vec<_> = left.map(|task| scene.name(task)).collect();
    if !left.is_empty() {
        return Err(format!("waits for what never comes: {}", left.join(", ")));
    }
    for check in scene.take_checks() {
        if let Some(failure) = contained(check).or_else(|| scene.take_failure()) {
            return Err(failure);
        }
    }
    Ok(())
}

/// Calls user code; returns the message of its panic.
fn contained(code: impl FnOnce()) -> Option<String> {
    let panicked = catch_unwind(AssertUnwindSafe(code)).err()?;
    let message = panic_message(&*panicked).to_string();
    // What a panic carries is the user's, and so is its drop.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(panicked)));
    Some(message)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.name.is_empty() { "the end" } else { &self.name })
    }
}
