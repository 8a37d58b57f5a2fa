//! What the example has to say, as Markdown: a block for each part of the document that is generated.

use std::fmt::Write;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use super::concepts;
use super::cut::CutError;
use super::features::{FEATURES, Feature, Shown};
use super::forgotten::{Forgotten, forgotten};
use super::operations::Operations;
use crate::comparison::{Comparison, Contestant, Counts};
use crate::measure;
use crate::models;
use crate::story::Script;

/// A part of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name in the marker.
    pub name: &'static str,
    /// What is between its markers.
    pub text: String,
    /// What of it must be in the document.
    pub exactness: Exactness,
}

/// How a block is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// To the letter: it is the same on every machine.
    Letter,
    /// All but the numbers, which are times, and where they were taken.
    Shape,
}

/// The names of all blocks, in the order of [`blocks`].
#[must_use]
pub fn names() -> Vec<&'static str> {
    let code = FEATURES.iter().map(|feature| feature.name);
    code.chain([LINES, CONCEPTS, COUNTS, TIMES, FORGOTTEN]).collect()
}

const LINES: &str = "lines";
const CONCEPTS: &str = "concepts";
const COUNTS: &str = "counts";
const TIMES: &str = "times";
const FORGOTTEN: &str = "forgotten";

/// Every block, in the order of the document.
///
/// # Errors
/// [`CutError`] when code is not where it was.
pub fn blocks(comparison: &Comparison, operations: &Operations) -> Result<Vec<Block>, CutError> {
    let exact = |name, text| Block { name, text, exactness: Exactness::Letter };
    let mut blocks = Vec::new();
    for feature in &FEATURES {
        blocks.push(exact(feature.name, code(feature)?));
    }
    blocks.push(exact(LINES, lines()));
    blocks.push(exact(CONCEPTS, vocabulary()));
    blocks.push(exact(COUNTS, counts(comparison)));
    let text = times(comparison, operations);
    blocks.push(Block { name: TIMES, text, exactness: Exactness::Shape });
    blocks.push(exact(FORGOTTEN, ends(&forgotten())));
    Ok(blocks)
}

fn heading(first: &str) -> String {
    let names = models::ALL.iter().map(|model| heading_of(model.name));
    let columns: Vec<_> = std::iter::once(first).chain(names).collect();
    let rules = std::iter::repeat_n("---:", models::ALL.len());
    format!("| {} |\n|---|{}|\n", columns.join(" | "), rules.collect::<Vec<_>>().join("|"))
}

/// A model in the head of a table.
pub(super) fn heading_of(name: &str) -> &str {
    match name {
        "tao" => "TAO",
        "by-hand" => "by hand",
        other => other,
    }
}

fn row(text: &mut String, label: &str, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<_> = cells.into_iter().collect();
    let _ = writeln!(text, "| {label} | {} |", cells.join(" | "));
}

/// A feature in each model, one after the other, with what it takes.
fn code(feature: &Feature) -> Result<String, CutError> {
    let shown = feature.shown()?;
    let mut text = heading("");
    row(&mut text, "lines", shown.iter().map(|shown| shown.lines.to_string()));
    row(&mut text, "names of an API", shown.iter().map(|shown| shown.concepts.len().to_string()));
    for Shown { model, files, code, .. } in &shown {
        let links = files.iter().map(|file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            format!("[`{name}`](../{file})")
        });
        let links = links.collect::<Vec<_>>().join(", ");
        let name = heading_of(model.name);
        let _ = write!(
            text,
            "\n<details><summary><b>{name}</b></summary>\n\n{links}\n\n```rust\n{code}```\n\n</details>\n"
        );
    }
    Ok(text)
}

/// The lines of each model, file by file.
fn lines() -> String {
    let mut text = heading("file");
    let names = models::ALL.iter().take(1).flat_map(|model| model.sources);
    for name in names.map(|file| file.name) {
        let scenes =
            Script::ALL.iter().filter(|scene| scene.file() == name).map(|scene| scene.name());
        let scenes: Vec<_> = scenes.collect();
        let about = if scenes.is_empty() { "the app itself".to_owned() } else { scenes.join(", ") };
        let lines = models::ALL.iter().map(|model| {
            let file = model.sources.iter().find(|file| file.name == name);
            file.map_or("-".to_owned(), |file| measure::lines_of_code(file.text).to_string())
        });
        row(&mut text, &format!("`{name}`: {about}"), lines);
    }
    let all = models::ALL.iter().map(|model| {
        let lines = model.sources.iter().map(|file| measure::lines_of_code(file.text));
        format!("**{}**", lines.sum::<usize>())
    });
    row(&mut text, "**all**", all);
    text
}

/// The names of an API that each model uses.
fn vocabulary() -> String {
    let mut text = "| model | how many | which |\n|---|---:|---|\n".to_owned();
    for model in models::ALL {
        let code: String =
            model.sources.iter().map(|file| file.text).collect::<Vec<_>>().join("\n");
        let names = concepts::used(model.name, &code);
        let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ");
        row(&mut text, heading_of(model.name), [names.len().to_string(), list]);
    }
    text
}

/// What was counted while the story was played.
fn counts(comparison: &Comparison) -> String {
    let mut text = heading(&format!("all scenes, seed {}", comparison.conditions.seed));
    type Count = fn(&Counts) -> u64;
    let rows: [(&str, Count); 6] = [
        ("commits: changes of the state, each visible as a whole", |counts| counts.commits),
        ("calls of the view's subscriber", |counts| counts.notifications),
        ("requests sent", |counts| counts.sent),
        ("requests cancelled", |counts| counts.cancelled),
        ("of these, noticed by the service, which stops working on them", |counts| {
            counts.dropped_by_service
        }),
        ("stale answers that the app had to notice", |counts| counts.stale_answers),
    ];
    for (label, count) in rows {
        let cells = comparison.contestants.iter().map(|one| count(&one.counts).to_string());
        row(&mut text, label, cells);
    }
    let runs = |one: &Contestant| {
        let runs: usize = one.performance.scenes.iter().map(|scene| scene.works.len()).sum();
        if one.performance.model.name == "by-hand" {
            "not known".to_owned()
        } else {
            runs.to_string()
        }
    };
    row(
        &mut text,
        "runs of async bodies, as the event feed tells them",
        comparison.contestants.iter().map(runs),
    );
    text
}

/// The times, and where they were taken.
fn times(comparison: &Comparison, operations: &Operations) -> String {
    let mut text = heading("ns");
    let ns = |ns: f64| {
        if ns < 100.0 { format!("{ns:.0}") } else { format!("{:.0}", (ns / 10.0).round() * 10.0) }
    };
    let sync = comparison.contestants.iter().map(|one| ns(one.dispatch_ns));
    row(&mut text, "a sync command", sync);
    row(&mut text, "an async command that never waits", operations.ready.map(ns));
    row(&mut text, "an async command that waits once", operations.waits.map(ns));
    let _ = write!(text, "\n{MEASURED}{}.\n", place());
    text
}

/// How the line begins that says where and when.
pub(super) const MEASURED: &str = "Measured ";

/// What that line says of a build without optimizations.
pub(super) const UNOPTIMIZED: &str = ", without optimizations";

fn place() -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let processor =
        processor.unwrap_or_else(|| format!("a processor of {}", std::env::consts::ARCH));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let rustc = Command::new("rustc").arg("--version").output().ok();
    let rustc = rustc.and_then(|output| String::from_utf8(output.stdout).ok());
    let rustc = rustc.and_then(|text| Some(text.split_whitespace().nth(1)?.to_owned()));
    let rustc = rustc.map_or(String::new(), |version| format!(", Rust {version}"));
    let build = if cfg!(debug_assertions) { UNOPTIMIZED } else { "" };
    format!("on {}, {processor}, {cores} cores{rustc}{build}", today())
}

/// The date, in UTC.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    format!("{year}-{month:02}-{day:02}")
}

/// The date of a day counted from 1970-01-01: `civil_from_days` of Howard Hinnant's *chrono-compatible low-level date
/// algorithms*, for days that are not before.
const fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// What came of what was forgotten.
fn ends(forgotten: &[Forgotten]) -> String {
    let names =
        models::ALL.iter().map(|model| heading_of(model.name)).collect::<Vec<_>>().join(" | ");
    let mut text = format!("| | {names} |\n|---|---|---|---|---|\n");
    for Forgotten { story, ends } in forgotten {
        row(&mut text, story, ends.iter().map(ToString::to_string));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_date() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (19_723, (2024, 1, 1)),
            (20_147, (2025, 2, 28)),
            (20_148, (2025, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "{days}");
        }
    }

    #[test]
    fn every_row_has_a_cell_for_each_column() {
        let tables = [lines(), vocabulary(), ends(&forgotten())];
        for table in tables.iter().chain(&FEATURES.map(|feature| code(&feature).unwrap())) {
            let rows: Vec<_> = table.lines().take_while(|line| line.starts_with('|')).collect();
            let cells = |row: &str| row.matches(" | ").count();
            let columns = cells(rows[0]);
            assert!(rows.len() > 2 && rows[2..].iter().all(|row| cells(row) == columns), "{table}");
        }
    }
}
