//! One model in one scene, drawn along the time: requests, runs, commits, and what the view showed.

use std::time::Duration;

use maud::{Markup, html};
use trine_core::OutcomeKind;

use super::rows::rows;
use crate::client::Ending;
use crate::story::Scene;
use crate::view::View;

const WIDTH: f64 = 760.0;
/// Room for the names of the bands.
const LEFT: f64 = 74.0;
/// Room for the mark at the end of the last bar.
const RIGHT: f64 = 22.0;
const ROW: f64 = 17.0;
const GAP: f64 = 9.0;
const AXIS: f64 = 20.0;
/// A letter is about so wide. Too much only wastes room.
const LETTER: f64 = 6.1;

/// Something in a band: from, to, how it ended, and what it is.
struct Item {
    from: f64,
    to: f64,
    ending: &'static str,
    label: String,
    /// The whole story, for who points at it.
    title: String,
}

impl Item {
    /// What stands behind its bar, so that nobody has to tell colours apart.
    fn mark(&self) -> &'static str {
        match self.ending {
            "dropped" => "✕",
            "failed" => "!",
            _ => "",
        }
    }
}

/// The drawing of `scene` as `model` has played it, on an axis that ends at `longest`, and the same in words: for who does not
/// see it, and for who has no pointer to ask a bar with.
pub(super) fn lane(model: &str, scene: &Scene, longest: Duration) -> Markup {
    let scale = Scale::new(longest);
    let (requests, runs, view) =
        (requests(scene, &scale), runs(scene, &scale), view(scene, &scale));
    let mut y = AXIS;
    let bands = [
        ("requests", band(&requests, &mut y, true)),
        ("runs", band(&runs, &mut y, true)),
        ("commits", commits(scene, &scale, &mut y)),
        ("view", band(&view, &mut y, false)),
    ];
    let name = format!("{}, {model}: what happened when", scene.script.name());
    html! {
        // What scrolls can be reached with the keyboard.
        div class="lane" role="region" aria-label=(name) tabindex="0" {
            svg viewBox={ "0 0 " (WIDTH) " " (number(y)) } aria-hidden="true" {
                @for (at, text) in scale.ticks() {
                    line class="tick" x1=(number(at)) x2=(number(at)) y1=(AXIS - 5.0) y2=(number(y)) {}
                    text class="time" x=(number(at)) y="11" { (text) }
                }
                @for (name, (top, drawing)) in &bands {
                    @if let Some(top) = top { text class="band" x="0" y=(number(top + 12.0)) { (name) } }
                    (drawing)
                }
            }
        }
        details class="words" {
            summary { "in words" }
            @for (name, items) in [("requests", &requests), ("runs", &runs), ("view", &view)] {
                @if !items.is_empty() {
                    h4 { (name) }
                    ol { @for item in items { li { (item.title) } } }
                }
            }
        }
    }
}

fn requests(scene: &Scene, scale: &Scale) -> Vec<Item> {
    let item = |request: &crate::story::Request| {
        let entry = &request.entry;
        let (ending, word) = match entry.ended.map(|(_, ending)| ending) {
            Some(Ending::Finished) => ("done", "answered"),
            Some(Ending::Failed) => ("failed", "failed"),
            Some(Ending::Cancelled) => ("dropped", "cancelled"),
            None => ("dropped", "never answered"),
        };
        let what = match entry.key.as_str() {
            "" => entry.endpoint.to_string(),
            key => format!("{} {key}", entry.endpoint),
        };
        let ended = request.ended.unwrap_or(scale.longest);
        let title = format!("{what}: {} to {} ms, {word}", ms(request.started), ms(ended));
        let label = entry.endpoint.to_string();
        Item { from: scale.x(request.started), to: scale.x(ended), ending, label, title }
    };
    scene.requests.iter().map(item).collect()
}

fn runs(scene: &Scene, scale: &Scale) -> Vec<Item> {
    let item = |work: &crate::story::Work| {
        let (ended, kind) = work.ended.unwrap_or((scale.longest, OutcomeKind::Aborted));
        let ending = match kind {
            OutcomeKind::Fulfilled | OutcomeKind::Skipped => "done",
            OutcomeKind::Aborted | OutcomeKind::Superseded => "dropped",
            _ => "failed",
        };
        let title = format!("{}: {} to {} ms, {kind:?}", work.name, ms(work.started), ms(ended));
        let (from, to) = (scale.x(work.started), scale.x(ended));
        // Who has no name is named for where its code is: the file says enough.
        let label = match work.name.split_once(" at ") {
            Some((what, place)) => format!("{what}, {}", place.rsplit('/').next().unwrap_or(place)),
            None => work.name.clone(),
        };
        Item { from, to, ending, label, title }
    };
    scene.works.iter().map(item).collect()
}

fn view(scene: &Scene, scale: &Scale) -> Vec<Item> {
    let mut before = View::default();
    let mut items = Vec::new();
    for shown in &scene.shown {
        let changes = shown.view.changes_since(&before);
        before = shown.view.clone();
        let at = scale.x(shown.at);
        for label in changes {
            // A draft that is typed into says the same again.
            if items.last().is_none_or(|last: &Item| last.label != label) {
                let title = format!("{label}: at {} ms, commit {}", ms(shown.at), shown.commit);
                items.push(Item { from: at, to: at, ending: "moment", label, title });
            }
        }
    }
    items
}

/// The items in rows below `y`, which is moved on. Where they begin; nowhere when there are none.
fn band(items: &[Item], y: &mut f64, bars: bool) -> (Option<f64>, Markup) {
    if items.is_empty() {
        return (None, html! {});
    }
    let top = *y;
    let placed: Vec<Placed<'_>> = items.iter().map(|item| Placed::of(item, bars)).collect();
    // Rows are given out by where things begin, label included.
    let mut order: Vec<usize> = (0..placed.len()).collect();
    order.sort_by(|a, b| placed[*a].from.total_cmp(&placed[*b].from));
    let spans: Vec<(f64, f64)> = order.iter().map(|&i| (placed[i].from, placed[i].to)).collect();
    let rows = rows(&spans);
    let height = rows.iter().max().map_or(0, |row| row + 1) as f64 * ROW;
    *y += height + GAP;
    let drawn =
        order.iter().zip(rows).map(|(&i, row)| placed[i].draw(top + row as f64 * ROW, bars));
    (Some(top), html! { @for item in drawn { (item) } })
}

/// An item with room for its label.
struct Placed<'a> {
    item: &'a Item,
    label: String,
    /// Where the label begins.
    text: f64,
    from: f64,
    to: f64,
}

impl<'a> Placed<'a> {
    fn of(item: &'a Item, bars: bool) -> Self {
        let label = shortened(&item.label);
        let width = label.chars().count() as f64 * LETTER;
        let mark = match item.mark() {
            _ if !bars => 7.0,
            "" => 5.0,
            _ => 16.0,
        };
        let inside = bars && item.to - item.from > width + 8.0;
        let text = if inside { item.from + 4.0 } else { item.to + mark };
        // At the right edge the label stands before its bar.
        let (text, from, to) = match text + width {
            end if inside => (text, item.from, end.max(item.to)),
            end if end <= WIDTH => (text, item.from, end),
            _ => (item.from - width - 6.0, item.from - width - 6.0, item.to + mark),
        };
        Self { item, label, text, from: from.max(0.0), to: to + 5.0 }
    }

    fn draw(&self, y: f64, bars: bool) -> Markup {
        let Item { from, to, ending, title, .. } = self.item;
        let (width, mark) = ((to - from).max(1.5), self.item.mark());
        html! {
            g class=(ending) {
                title { (title) }
                @if bars {
                    rect x=(number(*from)) y=(number(y + 1.5)) width=(number(width)) height=(ROW - 4.0) rx="2" {}
                    @if !mark.is_empty() { text class="mark" x=(number(from + width + 3.0)) y=(number(y + 12.0)) { (mark) } }
                } @else {
                    circle cx=(number(*from)) cy=(number(y + 8.0)) r="2.6" {}
                }
                text x=(number(self.text)) y=(number(y + 12.0)) { (self.label) }
            }
        }
    }
}

/// One stroke per commit, as one path: there may be a thousand.
fn commits(scene: &Scene, scale: &Scale, y: &mut f64) -> (Option<f64>, Markup) {
    let from_view: Vec<Duration>;
    // Without a store, what was shown is all that is known of commits.
    let moments = if scene.commits.is_empty() {
        from_view = scene.shown.iter().map(|shown| shown.at).collect();
        &from_view
    } else {
        &scene.commits
    };
    if moments.is_empty() {
        return (None, html! {});
    }
    let top = *y;
    *y += ROW + GAP;
    let strokes: String = moments
        .iter()
        .map(|at| format!("M{} {}v{}", number(scale.x(*at)), top + 2.0, ROW - 4.0))
        .collect();
    let title = format!("{} commits", moments.len());
    (Some(top), html! { g { title { (title) } path class="commits" d=(strokes) {} } })
}

/// From times to places.
struct Scale {
    longest: Duration,
}

impl Scale {
    fn new(longest: Duration) -> Self {
        Self { longest: longest.max(Duration::from_millis(1)) }
    }

    fn x(&self, at: Duration) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * at.div_duration_f64(self.longest).min(1.0)
    }

    /// Round numbers of milliseconds, six to twelve of them.
    fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        let longest = self.longest.as_secs_f64() * 1e3;
        let steps = (0..).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
        let step = steps.into_iter().find(|step| longest / step <= 10.0).unwrap_or(longest);
        let times = (0..).map(move |count| f64::from(count) * step);
        times.take_while(move |time| *time <= longest).map(|time| {
            let text = if time == 0.0 { "0 ms".to_owned() } else { format!("{time:.0}") };
            (self.x(Duration::from_secs_f64(time / 1e3)), text)
        })
    }
}

fn shortened(label: &str) -> String {
    const MOST: usize = 44;
    if label.chars().count() <= MOST {
        return label.to_owned();
    }
    label.chars().take(MOST - 1).chain(['…']).collect()
}

fn ms(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e3)
}

/// Tenths are fine enough.
fn number(value: f64) -> String {
    format!("{value:.1}")
}
