//! The comparison as a page for a browser: one file that needs nothing else, no network, no script.
//!
//! Per scene, a lane per model, one above the other on one axis of time, with the model's code of the scene beside it.

mod lane;
mod rows;

use std::time::Duration;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::lane::lane;
use super::verdict;
use crate::comparison::{Comparison, Contestant, Counts};
use crate::portal::Model;
use crate::story::{Scene, Script};

const STYLE: &str = include_str!("page/style.css");

/// The whole page.
#[must_use]
pub fn page(comparison: &Comparison) -> String {
    let well = comparison.differences.is_empty();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Portal in each model" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "One app, written once per model" }
                    (introduction(comparison))
                    p class=(if well { "verdict well" } else { "verdict" }) {
                        @for line in verdict(comparison).lines() { (line) br; }
                    }
                    (contents(comparison))
                }
                main {
                    (legend())
                    @for (place, scene) in scenes(comparison).enumerate() { (self::scene(comparison, scene, place)) }
                    (costs(comparison))
                }
            }
        }
    };
    page.into_string()
}

fn introduction(comparison: &Comparison) -> Markup {
    let (size, conditions) = (comparison.size, &comparison.conditions);
    let (least, most) =
        (conditions.latency.start().as_millis(), conditions.latency.end().as_millis());
    html! {
        p {
            "Each app below was used by the same scripted user, on a real HTTP service with "
            (size.users) " users in " (size.spaces) " spaces, whose answers take " (least) " to " (most)
            " ms; " (conditions.fail_rate * 100.0) " % of the requests fail (seed " (conditions.seed) ")."
        }
    }
}

fn contents(comparison: &Comparison) -> Markup {
    html! {
        nav {
            ul {
                @for script in scenes(comparison) { li { a href={ "#" (script.flag()) } { (script.name()) } } }
                li { a href="#costs" { "counts and costs" } }
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        section class="legend" {
            h2 { "How to read the lanes" }
            dl {
                dt { "requests" } dd {
                    "What was asked of the service, from the moment it was sent to its answer. "
                    b { "!" } ": it was refused or failed. Dashed, with " b { "✕" } ": the app has dropped it before its answer."
                }
                dt { "runs" } dd {
                    "What runs in the store: actions, thunks, lines of a cascade. Dashed, with " b { "✕" }
                    ": aborted or superseded. By hand nothing runs in a store, so nothing is known of it."
                }
                dt { "commits" } dd { "One stroke for each change of the app's state." }
                dt { "view" } dd { "What the user saw change, when; the mark is the moment." }
            }
        }
    }
}

fn scenes(comparison: &Comparison) -> impl Iterator<Item = Script> {
    let first = comparison.contestants.first().into_iter();
    first.flat_map(|one| one.performance.scenes.iter().map(|scene| scene.script))
}

fn scene(comparison: &Comparison, script: Script, place: usize) -> Markup {
    let played: Vec<(&Contestant, &Scene)> = comparison
        .contestants
        .iter()
        .filter_map(|one| Some((one, one.performance.scenes.get(place)?)))
        .collect();
    // One axis for all lanes of a scene.
    let longest = played.iter().map(|(_, scene)| end_of(scene)).max().unwrap_or_default();
    html! {
        section class="scene" id=(script.flag()) {
            h2 { (script.name()) }
            p { (script.plot()) }
            @for (one, scene) in played {
                article {
                    h3 { (one.performance.model.name) (counted(scene)) }
                    div class="pair" {
                        div { (lane(one.performance.model.name, scene, longest)) }
                        (code(one.performance.model, script))
                    }
                    @for complaint in &scene.complaints { p class="complaint" { "✕ " (complaint) } }
                }
            }
        }
    }
}

fn counted(scene: &Scene) -> Markup {
    let (requests, cancelled) = (scene.totals.started, scene.totals.cancelled);
    html! {
        small {
            (requests) " requests, " (cancelled) " cancelled · " (scene.tally.commits) " commits · "
            (scene.shown.len()) " notifications of the view"
        }
    }
}

/// When the last thing happened.
fn end_of(scene: &Scene) -> Duration {
    let requests = scene.requests.iter().filter_map(|request| request.ended);
    let shown = scene.shown.iter().map(|shown| shown.at);
    let works = scene.works.iter().filter_map(|work| work.ended.map(|(at, _)| at));
    requests.chain(shown).chain(works).max().unwrap_or_default()
}

fn code(model: Model, script: Script) -> Markup {
    let file = model.sources.iter().find(|file| file.name == script.file());
    html! {
        @if let Some(file) = file {
            details open {
                summary { (model.folder) "/" (file.name) }
                pre tabindex="0" { code { (without_header(file.text)) } }
            }
        }
    }
}

/// The code without what every file begins with: its documentation and its imports.
fn without_header(text: &str) -> &str {
    let mut rest = text;
    loop {
        let header = match rest {
            _ if rest.starts_with("//!") || rest.starts_with('\n') => "\n",
            // Of one line or of many.
            _ if rest.starts_with("use ") => ";\n",
            _ => return rest,
        };
        let Some((_, after)) = rest.split_once(header) else { return rest };
        rest = after;
    }
}

/// A label, the value of a model under it, and whether the smallest one is marked.
type Row = (&'static str, fn(&Contestant) -> f64, bool);

fn costs(comparison: &Comparison) -> Markup {
    const fn of(one: &Contestant) -> &Counts {
        &one.counts
    }
    let rows: [Row; 8] = [
        ("commits", |one| of(one).commits as f64, false),
        ("notifications of the view", |one| of(one).notifications as f64, false),
        ("requests sent", |one| of(one).sent as f64, false),
        ("requests cancelled", |one| of(one).cancelled as f64, false),
        ("… noticed by the service", |one| of(one).dropped_by_service as f64, false),
        ("stale answers that had to be noticed", |one| of(one).stale_answers as f64, true),
        ("overhead of a dispatch, ns", |one| one.dispatch_ns, true),
        ("lines of code", |one| one.lines_of_code as f64, true),
    ];
    html! {
        section id="costs" {
            h2 { "Counts and costs" }
            p { "All scenes together. The smallest of what is better small is " strong { "bold" } "." }
            div class="wide" role="region" aria-label="counts and costs" tabindex="0" {
                table {
                    thead {
                        tr { th {} @for one in &comparison.contestants { th scope="col" { (one.performance.model.name) } } }
                    }
                    tbody {
                        @for (label, value, better_small) in rows {
                            (row(comparison, label, value, better_small))
                        }
                    }
                }
            }
        }
    }
}

fn row(
    comparison: &Comparison,
    label: &str,
    value: fn(&Contestant) -> f64,
    better_small: bool,
) -> Markup {
    let least = comparison.contestants.iter().map(value).fold(f64::INFINITY, f64::min);
    html! {
        tr {
            th scope="row" { (label) }
            @for one in &comparison.contestants {
                @let here = value(one);
                td {
                    @if better_small && here <= least { strong { (format!("{here:.0}")) } }
                    @else { (format!("{here:.0}")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_begins_behind_its_documentation_and_its_imports() {
        let text =
            "//! A page.\n\nuse std::{\n    fmt,\n};\n\nuse super::Page;\n\n/// It.\nuse_it();\n";
        assert_eq!(without_header(text), "/// It.\nuse_it();\n");
        assert_eq!(without_header("fn main() {}"), "fn main() {}");
        assert_eq!(without_header("use what::ends;\n"), "");
        assert_eq!(without_header("use what_has_no_end"), "use what_has_no_end");
    }

    #[test]
    fn the_code_of_no_model_is_all_header() {
        for file in crate::models::ALL.iter().flat_map(|model| model.sources) {
            let code = without_header(file.text);
            assert!(code.len() > file.text.len() / 2, "{}", file.name);
        }
    }
}
