//! The comparison as text, at most 100 columns wide; for a terminal, with a few colours.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::comparison::{Comparison, Contestant, Counts};
use crate::timeline::{self, Moment};

const WIDTH: u16 = 100;

/// What is counted, for somebody who knows none of the models.
const LEGEND: &str = "
  commits        Changes of the app's state, each visible as a whole or not at all.
  notifications  Calls of the one subscriber that draws the screen: at most one per commit.
  cancelled      What is not wanted any more before it comes: searches that are typed over, a page
  and stale      that is left, an import that is stopped. An app either cancels the request, and the
                 service stops working on it, or lets it run, and has to notice that the answer is
                 stale and drop it.
  overhead       What the model adds to each thing that happens: the time of a command that changes
                 one number and tells one subscriber, without any request. By hand, that is a lock
                 and a call.
  lines          Of the model's files, without comments and blank lines.
";

/// The whole report.
#[must_use]
pub fn tables(comparison: &Comparison) -> String {
    let mut text = introduction(comparison);
    for part in [plots(comparison), timeline(comparison), counts(comparison), files(comparison)] {
        text.push('\n');
        text.push_str(&part);
    }
    text.push('\n');
    text.push_str(&verdict(comparison));
    text
}

/// Whether the models agree; if not, in which fields they differ.
#[must_use]
pub fn verdict(comparison: &Comparison) -> String {
    let names: Vec<&str> =
        comparison.contestants.iter().map(|one| one.performance.model.name).collect();
    let mut text = String::new();
    if comparison.differences.is_empty() {
        let end = match (names.len(), comparison.conditions.fail_rate == 0.0) {
            (1, true) => "ends in the state that the service's data says",
            (1, false) => "ends with what failed shown as failed",
            (_, true) => "end in the same state, the one that the service's data says",
            (_, false) => "end in the same state, what failed shown as failed",
        };
        let _ = writeln!(text, "OK: {} {end}.", names.join(", "));
    } else {
        let _ = writeln!(text, "FAILED: the models do not end as they must:");
        for difference in &comparison.differences {
            let _ = writeln!(text, "  {difference}");
        }
    }
    text
}

/// The text for a terminal: headings stand out, and so does whether all is well.
#[must_use]
pub fn coloured(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let style = match line.split([':', '\n']).next().unwrap_or_default() {
            "OK" => GREEN,
            "FAILED" => RED,
            heading if HEADINGS.contains(&heading) => BOLD,
            _ => return line.to_owned(),
        };
        // What is coloured ends before the line does.
        let (text, end) = line.split_at(line.trim_end_matches('\n').len());
        format!("{style}{text}{PLAIN}{end}")
    });
    lines.collect()
}

const HEADINGS: [&str; 4] = ["Scenes", "Timeline", "Counts", "Read the app in each model"];
const BOLD: &str = "\x1b[1m";
const GREEN: &str = "\x1b[1;32m";
const RED: &str = "\x1b[1;31m";
const PLAIN: &str = "\x1b[0m";

fn introduction(comparison: &Comparison) -> String {
    let (size, conditions) = (comparison.size, &comparison.conditions);
    let (least, most) = (conditions.latency.start(), conditions.latency.end());
    format!(
        "\
Portal is one app, written once per model of Trine, and once by hand without Trine to compare with.
Each app below was just used by the same scripted user, on a real HTTP service in this process:
{} users, {} spaces, {} to {} ms per answer, {} % of the requests fail (seed {}).

",
        size.users,
        size.spaces,
        least.as_millis(),
        most.as_millis(),
        conditions.fail_rate * 100.0,
        conditions.seed,
    )
}

/// What happens in the scenes.
fn plots(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    let played = comparison.contestants.iter().take(1).flat_map(|one| &one.performance.scenes);
    for scene in played {
        table.add_row([scene.script.name(), scene.script.plot()]);
    }
    format!("Scenes\n{}\n", table.trim_fmt())
}

fn timeline(comparison: &Comparison) -> String {
    let performances: Vec<_> = comparison.contestants.iter().map(|one| &one.performance).collect();
    let mut table = table(comparison, &["the user", "the view shows"]);
    let (mut scene, mut step) = ("", "");
    for row in timeline::rows(&performances) {
        if row.scene != scene {
            (scene, step) = (row.scene, "");
            table.add_row([format!("[{scene}]")]);
        }
        let label = if row.step == step { "" } else { row.step };
        step = row.step;
        let mut cells = vec![label.to_owned(), row.change];
        cells.extend(row.moments.into_iter().map(|moment| moment.map_or("-".to_owned(), clock)));
        table.add_row(cells);
    }
    format!(
        "\
Timeline: when each change was on the screen, in ms since the app was opened, and the number of the
commit that brought it: changes with the same number came together. What is loaded side by side
(the session, the spaces) may come in another order in each model and run.
{}
",
        table.trim_fmt()
    )
}

fn clock(Moment { at, commit }: Moment) -> String {
    let ms = at.as_secs_f64() * 1e3;
    // There is no room for tenths of what took a second.
    if ms < 1e3 { format!("{ms:.1} #{commit:<2}") } else { format!("{ms:.0} #{commit:<2}") }
}

fn counts(comparison: &Comparison) -> String {
    let mut table = table(comparison, &["all scenes together"]);
    let mut row = |label: &str, value: &dyn Fn(&Contestant) -> String| {
        let values = comparison.contestants.iter().map(value);
        table.add_row(std::iter::once(label.to_owned()).chain(values));
    };
    let count = |value: fn(&Counts) -> u64| move |one: &Contestant| value(&one.counts).to_string();
    row("commits", &count(|counts| counts.commits));
    row("notifications of the view", &count(|counts| counts.notifications));
    row("requests sent", &count(|counts| counts.sent));
    row("requests cancelled", &count(|counts| counts.cancelled));
    row("  noticed by the service", &count(|counts| counts.dropped_by_service));
    row("stale answers dropped", &count(|counts| counts.stale_answers));
    row("dispatch overhead, ns", &|one| format!("{:.0}", one.dispatch_ns));
    row("lines of model code", &|one| one.lines_of_code.to_string());
    format!("Counts\n{}\n{LEGEND}", table.trim_fmt())
}

fn files(comparison: &Comparison) -> String {
    let mut text = "Read the app in each model\n".to_owned();
    for Contestant { performance, .. } in &comparison.contestants {
        let model = performance.model;
        let _ = writeln!(text, "  {:<8} {:<30}  {}", model.name, model.folder, model.idea);
    }
    text
}

/// A table with these columns of text, then one column of numbers per model.
fn table(comparison: &Comparison, columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    let names = comparison.contestants.iter().map(|one| one.performance.model.name);
    table.set_header(columns.iter().copied().chain(names));
    for index in columns.len()..columns.len() + comparison.contestants.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_the_verdict_are_coloured_and_nothing_else() {
        let text =
            "Scenes\n  OK: not this\nTimeline: when\nOK: all.\nFAILED: some\n  Counts\nCounts";
        assert_eq!(
            coloured(text),
            "\x1b[1mScenes\x1b[0m\n  OK: not this\n\x1b[1mTimeline: when\x1b[0m\n\x1b[1;32mOK: all.\x1b[0m\n\
             \x1b[1;31mFAILED: some\x1b[0m\n  Counts\n\x1b[1mCounts\x1b[0m"
        );
    }
}
