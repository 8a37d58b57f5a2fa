//! Plays the story in each model and compares how they end.

use std::sync::Arc;

use crate::measure;
use crate::portal::Model;
use crate::service::{Data, Size};
use crate::story::{self, Conditions, Performance, Script, StoryError};

/// The models side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What the service did to their requests.
    pub conditions: Conditions,
    /// How much data the service had.
    pub size: Size,
    /// One entry per model, in the order asked for.
    pub contestants: Vec<Contestant>,
    /// What is not as it must be, one line each; empty when all models agree.
    pub differences: Vec<String>,
}

/// One model, played and measured.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// How it has played.
    pub performance: Performance,
    /// Nanoseconds of a trivial synchronous dispatch with one subscriber.
    pub dispatch_ns: f64,
    /// Lines of its files, without blank lines, comments and tests.
    pub lines_of_code: usize,
    /// Everything that was counted, over all scenes.
    pub counts: Counts,
}

/// What was counted while a model played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changes of the model's state that became visible together.
    pub commits: u64,
    /// Calls of the view's subscriber.
    pub notifications: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Requests that the model has cancelled.
    pub cancelled: u64,
    /// Answers that came too late and were thrown away.
    pub stale_answers: u64,
    /// Requests that the service has seen being cancelled.
    pub dropped_by_service: u64,
}

/// Plays `scenes` with each of `models` on `data`. `progress` is told what is next.
///
/// # Errors
/// [`StoryError`] when the story cannot be played. That models disagree is a result, not an error.
pub async fn compare(
    models: &[Model],
    scenes: &[Script],
    data: &Arc<Data>,
    conditions: Conditions,
    mut progress: impl FnMut(&str),
) -> Result<Comparison, StoryError> {
    let mut performances = Vec::new();
    let (mut turn, turns) = (0, models.len() * scenes.len());
    for model in models {
        let mut performance = Performance { model: *model, scenes: Vec::new() };
        for scene in scenes {
            turn += 1;
            progress(&format!("{turn} of {turns}: {}, {}", model.name, scene.name()));
            let played = story::play(*model, &[*scene], data, &conditions).await?;
            performance.scenes.extend(played.scenes);
        }
        performances.push(performance);
    }
    progress("dispatch overhead");
    let times = measure::dispatch_ns(models);
    let differences = differences(&performances);
    let contestants = performances
        .into_iter()
        .zip(times)
        .map(|(performance, dispatch_ns)| Contestant {
            counts: count(&performance),
            dispatch_ns,
            lines_of_code: lines_of_code(performance.model),
            performance,
        })
        .collect();
    Ok(Comparison { conditions, size: data.size()?, contestants, differences })
}

/// The complaints of each performance, then where they end differently from the last one: the
/// baseline, when it plays.
fn differences(performances: &[Performance]) -> Vec<String> {
    let mut lines = Vec::new();
    for Performance { model, scenes } in performances {
        for scene in scenes {
            let complaints = scene.complaints.iter();
            lines.extend(
                complaints.map(|c| format!("{}, {}: {c}", model.name, scene.script.name())),
            );
        }
    }
    let Some((last, others)) = performances.split_last() else { return lines };
    for other in others {
        for (one, two) in other.scenes.iter().zip(&last.scenes) {
            let found = one.end.differences(other.model.name, &two.end, last.model.name);
            lines.extend(found.into_iter().map(|line| format!("{}: {line}", one.script.name())));
        }
    }
    lines
}

fn lines_of_code(model: Model) -> usize {
    model.sources.iter().map(|file| measure::lines_of_code(file.text)).sum()
}

fn count(performance: &Performance) -> Counts {
    performance.scenes.iter().fold(Counts::default(), |sum, scene| Counts {
        commits: sum.commits + scene.tally.commits,
        notifications: sum.notifications + scene.shown.len() as u64,
        sent: sum.sent + scene.totals.started,
        cancelled: sum.cancelled + scene.totals.cancelled,
        stale_answers: sum.stale_answers + scene.tally.stale_answers,
        dropped_by_service: sum.dropped_by_service + scene.service.dropped,
    })
}
