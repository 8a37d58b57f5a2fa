//! The command line.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use crate::models;
use crate::portal::Model;
use crate::service::{Injection, Weather};
use crate::story::{Conditions, Script};
use crate::which_model;

/// Runs Portal, one app written in each model of Trine, on a real service, and compares the models.
///
/// Exit code:
///   0  all models end in the same, right state
///   1  they do not
///   2  the comparison could not be run, or its report not written
///   130, 143  interrupted: Ctrl-C, told to end
#[derive(Clone, Debug, Parser)]
#[command(
    name = "trine-examples",
    version,
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true
)]
pub struct Options {
    /// Instead of the comparison.
    #[command(subcommand)]
    pub task: Option<Task>,

    /// Run only this model; may be repeated
    #[arg(long = "model", value_name = "NAME", value_parser = model_names())]
    pub models: Vec<String>,

    /// Play only this scene; may be repeated
    #[arg(long = "scene", value_name = "NAME", value_parser = scene_names())]
    pub scenes: Vec<String>,

    /// The service.
    #[command(flatten)]
    pub service: ServiceOptions,

    /// Write the report for a browser to this file [default: portal/report.html in the target folder]
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Print JSON instead of the tables; its keys are stable, and listed in examples/src/report/json.rs
    #[arg(long)]
    pub json: bool,

    /// No progress line, and instead of the tables one line: whether the models agree
    #[arg(long)]
    pub quiet: bool,
}

/// What else there is to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Task {
    /// Use the app yourself, in this terminal
    Tui(TuiOptions),
    /// The document that helps to choose a model: print it, with the numbers and the code of now
    ///
    /// Exit code:
    ///   0  the document says what the example says
    ///   1  it does not
    ///   2  it could not be read or written, or is not made of the parts that the example writes
    #[command(verbatim_doc_comment)]
    WhichModel(WhichModelOptions),
}

/// What to do with the document that helps to choose a model.
#[derive(Clone, Debug, Args)]
pub struct WhichModelOptions {
    /// Change nothing; say what in the document is not as it is now
    #[arg(long, conflicts_with = "write")]
    pub check: bool,

    /// Write the numbers and the code of now into the document, and leave its prose as it is
    #[arg(long)]
    pub write: bool,

    /// The document
    #[arg(long, value_name = "FILE", default_value = which_model::PLACE)]
    pub file: PathBuf,

    /// No progress line
    #[arg(long)]
    pub quiet: bool,
}

/// How to use the app in a terminal.
#[derive(Clone, Debug, Args)]
pub struct TuiOptions {
    /// The model that the app is written in
    #[arg(long, value_name = "NAME", default_value = "atoms", value_parser = watched_models())]
    pub model: String,

    /// The service.
    #[command(flatten)]
    pub service: ServiceOptions,
}

/// How the service behaves.
#[derive(Clone, Debug, Args)]
pub struct ServiceOptions {
    /// Seed of the latencies and failures: the same seed, the same story
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How long an answer takes, in ms: a number or a range from 0 to 1000
    #[arg(long, value_name = "MS", default_value = "5..25", value_parser = latency)]
    pub latency: Latency,

    /// The share of requests that fail, 0.0 to 1.0
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate)]
    pub fail: f64,

    /// Stop the service after this many requests (in each scene), as if it had crashed
    #[arg(long, value_name = "N")]
    pub stop_after: Option<u64>,

    /// The service's data, made when missing; the comparison works on a copy [default: a temporary file]
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

/// The least and the most time of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency(pub RangeInclusive<Duration>);

impl ServiceOptions {
    /// What the service does to any request.
    #[must_use]
    pub fn injection(&self) -> Injection {
        let weather = Weather { latency: self.latency.0.clone(), fail_rate: self.fail };
        Injection::seeded(self.seed, weather).stop_after(self.stop_after)
    }
}

impl Options {
    /// The models to run: those asked for in the order of the columns, or all.
    #[must_use]
    pub fn chosen_models(&self) -> Vec<Model> {
        let chosen = |model: &Model| {
            self.models.is_empty() || self.models.iter().any(|name| name == model.name)
        };
        models::ALL.iter().copied().filter(chosen).collect()
    }

    /// The scenes to play: those asked for in the order of the story, or all.
    #[must_use]
    pub fn chosen_scenes(&self) -> Vec<Script> {
        let chosen = |scene: &Script| {
            self.scenes.is_empty() || self.scenes.iter().any(|flag| flag == scene.flag())
        };
        Script::ALL.into_iter().filter(chosen).collect()
    }

    /// What the service does to the requests.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        Conditions {
            seed: self.service.seed,
            latency: self.service.latency.0.clone(),
            fail_rate: self.service.fail,
            stop_after: self.service.stop_after,
            ..Conditions::default()
        }
    }
}

fn model_names() -> PossibleValuesParser {
    models::ALL.iter().map(|model| model.name).into()
}

/// By hand there is nothing to watch.
fn watched_models() -> PossibleValuesParser {
    let names = models::ALL.iter().map(|model| model.name);
    names.filter(|name| *name != "by-hand").collect::<Vec<_>>().into()
}

fn scene_names() -> PossibleValuesParser {
    Script::ALL.map(Script::flag).into()
}

fn latency(text: &str) -> Result<Latency, String> {
    let milliseconds = |text: &str| match text.trim().parse::<u64>() {
        Ok(ms) if ms <= 1_000 => Ok(Duration::from_millis(ms)),
        _ => Err(format!("`{text}` is not a number of milliseconds from 0 to 1000")),
    };
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    if least.is_empty() || most.is_empty() {
        return Err("expected a number like 10, or a range like 5..25".to_owned());
    }
    let (least, most) = (milliseconds(least)?, milliseconds(most.trim_start_matches('='))?);
    if least > most {
        return Err("the range ends before it begins".to_owned());
    }
    Ok(Latency(least..=most))
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err("must be a number from 0.0 to 1.0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, String> {
        let all = std::iter::once("trine-examples").chain(arguments.iter().copied());
        Options::try_parse_from(all).map_err(|error| error.to_string())
    }

    #[test]
    fn without_arguments_every_model_runs_under_the_default_conditions() {
        let options = parsed(&[]).unwrap();
        assert_eq!(options.chosen_models().len(), models::ALL.len());
        assert_eq!(options.chosen_scenes(), Script::ALL);
        assert_eq!(options.conditions(), Conditions::default());
    }

    #[test]
    fn scenes_are_played_in_the_order_of_the_story() {
        let options = parsed(&["--scene", "log-out", "--scene", "first-visit"]).unwrap();
        assert_eq!(options.chosen_scenes(), [Script::FirstVisit, Script::LogOut]);
    }

    #[test]
    fn a_latency_is_a_number_or_a_range() {
        let ms = Duration::from_millis;
        assert_eq!(parsed(&["--latency", "7"]).unwrap().service.latency.0, ms(7)..=ms(7));
        assert_eq!(parsed(&["--latency", "0..40"]).unwrap().service.latency.0, ms(0)..=ms(40));
        for wrong in ["fast", "9..3", "5..", "2000", "-1"] {
            assert!(parsed(&[&format!("--latency={wrong}")]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert!(parsed(&["--no-such-flag"]).unwrap_err().contains("--no-such-flag"));
        let unknown = parsed(&["--model", "redux"]).unwrap_err();
        assert!(unknown.contains("redux") && unknown.contains("by-hand"), "{unknown}");
        let unknown = parsed(&["--scene", "log in"]).unwrap_err();
        assert!(unknown.contains("log in") && unknown.contains("log-out"), "{unknown}");
        assert!(parsed(&["--fail", "1.5"]).is_err());
    }

    #[test]
    fn options_combine() {
        let all =
            ["--json", "--quiet", "--report", "page.html", "--data", "portal.redb", "--seed", "7"];
        let options = parsed(&all).unwrap();
        assert!(options.json && options.quiet && options.report.is_some());
        assert_eq!((options.service.seed, options.service.data.is_some()), (7, true));
    }

    #[test]
    fn a_document_is_checked_or_written_and_not_both() {
        let task = |arguments: &[&str]| match parsed(arguments).unwrap().task {
            Some(Task::WhichModel(options)) => options,
            other => panic!("{other:?}"),
        };
        let plain = task(&["which-model"]);
        assert_eq!((plain.check, plain.write), (false, false));
        assert_eq!(plain.file, PathBuf::from("docs/which-model.md"));
        assert!(task(&["which-model", "--check", "--file", "a.md"]).check);
        assert!(parsed(&["which-model", "--check", "--write"]).is_err());
        // What it says is of all models, all scenes and one seed.
        assert!(parsed(&["--seed", "2", "which-model"]).is_err());
    }
}
