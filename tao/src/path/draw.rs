//! Pictures of paths: Mermaid for where that is rendered, and SVG that is drawn here.
//!
//! | step | file |
//! |---|---|
//! | a graph becomes boxes and arrows, each with its texts | here |
//! | Mermaid | `draw/mermaid.rs` |
//! | where each box is, and how each arrow goes | `draw/layout.rs` |
//! | SVG | `draw/svg.rs`, `draw/style.rs` |
//!
//! What an arrow means is told by its line, its head and its words, in the notation's own symbols; colour only helps.

mod layout;
mod mermaid;
mod style;
mod svg;

use super::{
    document::plain,
    graph::{Edge, EdgeKind, Graph, HandlerNode, Runs},
};
use crate::{Pattern, Phase, Trigram};
use rustc_hash::FxHashMap;

/// A picture of a graph, or of one path of it. With a [trace laid over](Graph::lay_over) it, arrows say how often they were gone.
///
/// ```
/// use trine_tao::path::{Document, Picture};
///
/// let graph = Document::read("app.tao", r#"
/// path "Open" {
///     "opens the app" {App,Enter,Portal} =>  "prepare"
///     =>              {App,View,Portal}  =>  "show"
/// }
/// "#).graph();
/// let picture = Picture::of(&graph);
/// assert!(picture.to_svg().starts_with("<svg"));
/// assert!(picture.to_mermaid().starts_with("flowchart TD"));
/// ```
#[derive(Debug, Clone)]
pub struct Picture {
    boxes: Vec<Shape>,
    arrows: Vec<Arrow>,
    title: String,
}

/// A box of the picture.
#[derive(Debug, Clone)]
struct Shape {
    kind: ShapeKind,
    title: String,
    /// A symbol and words, for each handler.
    lines: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShapeKind {
    /// What happens outside.
    Trigger,
    /// A signal.
    Signal,
    /// Many signals.
    Wild,
    /// A signal that another path tells of, or nobody.
    Elsewhere,
    /// The end of signals that an intercept halts.
    Halt,
}

/// An arrow of the picture.
#[derive(Debug, Clone)]
struct Arrow {
    from: usize,
    to: usize,
    kind: ArrowKind,
    words: String,
    /// What a trace says of it, if there is one.
    runs: Option<Runs>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ArrowKind {
    /// From outside.
    Enter,
    /// In line.
    Inline,
    /// In line, one of several.
    Branch,
    /// Out of band.
    Async,
    /// By an intercept.
    Redirect,
    /// By an intercept, to nowhere.
    Halt,
    /// If something takes too long.
    Timeout,
    /// To undo.
    Compensation,
}

/// Texts longer than this, in characters, are cut.
const WORDS: usize = 44;

/// A box has no more lines than this.
const LINES: usize = 16;

impl Picture {
    /// A picture of everything in it.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let title = match graph.paths.as_slice() {
            [one] => format!("TAO-Path: {}", one.name),
            paths => format!("{} TAO-Paths", paths.len()),
        };
        Drawing::new(graph, None).finish(title)
    }

    /// A picture of the path of this index. Signals that it leads to and that other paths tell of are links to those.
    #[must_use]
    pub fn of_path(graph: &Graph, path: usize) -> Self {
        let title = graph.paths.get(path).map(|node| format!("TAO-Path: {}", node.name));
        Drawing::new(graph, Some(path)).finish(title.unwrap_or_default())
    }

    /// The picture as a Mermaid flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::written(self)
    }

    /// The picture as SVG: one element, light or dark as the reader prefers, without scripts and without anything to load.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::drawn(self)
    }
}

struct Drawing<'a> {
    graph: &'a Graph,
    path: Option<usize>,
    picture: Picture,
    boxes: FxHashMap<Pattern, usize>,
    /// How many results each handler has: of several, each is a branch.
    results: Vec<u32>,
}

impl<'a> Drawing<'a> {
    fn new(graph: &'a Graph, path: Option<usize>) -> Self {
        let mut results = vec![0; graph.handlers.len()];
        for edge in graph.edges.iter().filter(|edge| edge.kind.is_result()) {
            results[edge.from] += 1;
        }
        let picture = Picture { boxes: Vec::new(), arrows: Vec::new(), title: String::new() };
        Self { graph, path, picture, boxes: FxHashMap::default(), results }
    }

    fn finish(mut self, title: String) -> Picture {
        let graph = self.graph;
        let wanted = self.path;
        let own = |path: Option<usize>| wanted.is_none() || path == wanted;
        let mine: Vec<bool> = graph.handlers.iter().map(|node| own(node.path)).collect();
        for (_, node) in graph.handlers.iter().enumerate().filter(|(at, _)| mine[*at]) {
            let place = self.place(&node.pattern);
            let symbol = match node.phase {
                None if node.goes_on => "->",
                None => "",
                Some(Phase::Inline) => "=>",
                Some(Phase::Async) => "=>/",
                Some(Phase::Intercept) if node.may_halt && !node.may_redirect => "=>!",
                Some(Phase::Intercept) if node.may_redirect && !node.may_halt => "=>?",
                Some(Phase::Intercept) => "=>?!",
            };
            let told = (symbol.to_owned(), shortened(&node.does, WORDS));
            // The same handler may be told of by several paths, and what is implied may be told elsewhere.
            let lines = &mut self.picture.boxes[place].lines;
            let known = lines.len() > LINES || lines.contains(&told);
            let silent =
                symbol.is_empty() && told.1.is_empty() || node.implied && node.does.is_empty();
            if lines.len() == LINES {
                lines.push((String::new(), "and more".to_owned()));
            } else if !known && !silent {
                lines.push(told);
            }
            if node.may_halt {
                self.halt(place);
            }
        }
        for entry in &graph.entries {
            if let (true, Some(trigger)) = (own(entry.path), &entry.trigger) {
                let to = self.place(&(&entry.to).into());
                let from = self.add(ShapeKind::Trigger, shortened(trigger, WORDS));
                let (kind, words) = (ArrowKind::Enter, String::new());
                self.picture.arrows.push(Arrow { from, to, kind, words, runs: entry.runs });
            }
        }
        let mut known: FxHashMap<(usize, usize, ArrowKind, &str), usize> = FxHashMap::default();
        for edge in graph.edges.iter().filter(|edge| mine[edge.from]) {
            let from = self.place(&graph.handlers[edge.from].pattern);
            let to = self.target(edge);
            let (kind, words) = self.arrow(edge);
            let next = self.picture.arrows.len();
            if *known.entry((from, to, kind, &edge.when)).or_insert(next) == next {
                self.picture.arrows.push(Arrow { from, to, kind, words, runs: edge.runs });
            }
        }
        self.picture.title = title;
        self.picture
    }

    fn add(&mut self, kind: ShapeKind, title: String) -> usize {
        self.picture.boxes.push(Shape { kind, title, lines: Vec::new() });
        self.picture.boxes.len() - 1
    }

    /// The box of a signal, or of a pattern.
    fn place(&mut self, pattern: &Pattern) -> usize {
        if let Some(place) = self.boxes.get(pattern) {
            return *place;
        }
        let kind = if pattern.trigram().is_some() { ShapeKind::Signal } else { ShapeKind::Wild };
        let place = self.add(kind, shortened(&pattern.to_string(), WORDS));
        self.boxes.insert(pattern.clone(), place);
        place
    }

    /// The box that an edge leads to.
    fn target(&mut self, edge: &Edge) -> usize {
        let pattern = Pattern::from(&edge.to);
        if let Some(place) = self.boxes.get(&pattern) {
            return *place;
        }
        let place = self.place(&pattern);
        self.picture.boxes[place].kind = ShapeKind::Elsewhere;
        let row = edge
            .row
            .and_then(|row| self.graph.handlers[row].path)
            .filter(|path| Some(*path) != self.path);
        let line = match row.map(|path| &self.graph.paths[path].name) {
            Some(name) => ("->".to_owned(), shortened(name, WORDS)),
            None if self.handled(&edge.to) => (String::new(), "handled by a wild row".to_owned()),
            None => (String::new(), "nothing handles it".to_owned()),
        };
        self.picture.boxes[place].lines.push(line);
        place
    }

    fn handled(&self, signal: &Trigram) -> bool {
        /// How many wild rows are looked at.
        const LOOKED_AT: usize = 100;
        let wild = self.boxes.keys().filter(|pattern| pattern.trigram().is_none());
        wild.take(LOOKED_AT).any(|pattern| pattern.matches(signal))
    }

    fn halt(&mut self, from: usize) {
        let to = self.add(ShapeKind::Halt, "halt".to_owned());
        let words = "!".to_owned();
        self.picture.arrows.push(Arrow { from, to, kind: ArrowKind::Halt, words, runs: None });
    }

    fn arrow(&self, edge: &Edge) -> (ArrowKind, String) {
        let Some(HandlerNode { phase, does, .. }) = self.graph.handlers.get(edge.from) else {
            return (ArrowKind::Inline, String::new());
        };
        let when = shortened(&plain(&edge.when), WORDS);
        // What the box says already.
        let one = self.results[edge.from] == 1;
        let when = if one && *does == plain(&edge.when) { String::new() } else { when };
        let kind = match (edge.kind, phase) {
            (EdgeKind::Timeout(_), _) => ArrowKind::Timeout,
            (EdgeKind::Compensation, _) => ArrowKind::Compensation,
            (_, Some(Phase::Async)) => ArrowKind::Async,
            (_, Some(Phase::Intercept)) => ArrowKind::Redirect,
            _ if !when.is_empty() || self.results[edge.from] > 1 => ArrowKind::Branch,
            _ => ArrowKind::Inline,
        };
        let how = match edge.kind {
            EdgeKind::Loop(_) | EdgeKind::Timeout(_) | EdgeKind::Compensation => {
                edge.kind.to_string()
            }
            _ if kind == ArrowKind::Async => "async".to_owned(),
            _ if kind == ArrowKind::Redirect => "instead".to_owned(),
            _ => String::new(),
        };
        let comma = if how.is_empty() || when.is_empty() { "" } else { ": " };
        (kind, format!("{how}{comma}{when}"))
    }
}

/// What a trace says of an arrow, for people.
fn told(runs: Runs) -> String {
    if runs.count == 0 {
        return "never".to_owned();
    }
    let mut told = format!("{}x", runs.count);
    if runs.total.as_micros() > 0 {
        told.push_str(&format!(", {}", rounded(runs.mean())));
    }
    if runs.failed > 0 {
        told.push_str(&format!(", {} FAILED", runs.failed));
    }
    if runs.halted > 0 {
        told.push_str(&format!(", {} halted", runs.halted));
    }
    told
}

/// A time with two or three digits.
fn rounded(time: std::time::Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..10_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn shortened(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most - 2).collect();
    format!("{}..", cut.trim_end())
}
