//! One graph, four sources: what is written, declared, registered, and what has really happened.
//!
//! | source | made by | its handlers | its edges |
//! |---|---|---|---|
//! | paths that somebody has written | [`Document::graph`](super::Document::graph) | rows | chains and references |
//! | handlers whose type says what they chain to | [`Graph::of_kernel`] | registrations | declared outputs |
//! | all other handlers of a kernel | [`Graph::of_kernel`] | registrations | none: they may chain to anything |
//! | what a run did | [`Trace::graph`](super::Trace::graph) | those that chained | what was chained, how often, how long it took |
//!
//! A node is a signal; it has no entry of its own. Handlers listen to patterns, edges lead from a handler to the signal that it chains to,
//! and whoever listens to that signal goes on. So graphs of different sources can be put together ([`Graph::merge`]) and compared
//! ([`Graph::diff`](Graph::diff)), and each handler and edge says where it comes from.

mod index;
mod kernel;
mod lower;
mod serial;

pub(crate) use index::{HandlerIndex, Key, keys};
pub(crate) use lower::Lowered;
pub(crate) use serial::{one_phase as phase_text, trigram as trigram_text};

use super::{document::Space, place::Place, symbols::Manner};
use crate::{Pattern, Phase, Trigram};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};

/// Signals, what handles them, and what follows from what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The names that trigrams may be made of.
    #[serde(default)]
    pub space: Space,
    /// The paths that it is made of.
    #[serde(default)]
    pub paths: Vec<PathNode>,
    /// What handles signals.
    pub handlers: Vec<HandlerNode>,
    /// What follows from what.
    pub edges: Vec<Edge>,
    /// Where signals come from outside.
    #[serde(default)]
    pub entries: Vec<Entry>,
    /// Whether its handlers may chain to signals that no edge says: code that declares nothing.
    #[serde(default)]
    pub open: bool,
}

/// A path in a graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathNode {
    /// Its name.
    pub name: String,
    /// The signals that answer it, if it is a request.
    #[serde(with = "serial::patterns")]
    pub answers: Vec<Pattern>,
    /// Other paths in which its rows go on: indices.
    pub goes_on_in: Vec<usize>,
    /// How many rows it has.
    pub rows: usize,
    /// Where it is.
    pub origin: Option<Origin>,
}

/// A handler, or a signal that is only named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandlerNode {
    /// What it listens to.
    #[serde(with = "serial::pattern")]
    pub pattern: Pattern,
    /// Its phase; none for a row that only names its signal.
    #[serde(with = "serial::phase")]
    pub phase: Option<Phase>,
    /// What it does.
    pub does: String,
    /// Whether it may redirect: an intercept with `?`.
    pub may_redirect: bool,
    /// Whether it may halt: an intercept with `!`.
    pub may_halt: bool,
    /// Whether no row says so: it follows from another row that it is there.
    pub implied: bool,
    /// Whether it waits for all the chains that lead to it.
    pub joins: bool,
    /// Whether it goes on in another path, which says what handles its signal.
    pub goes_on: bool,
    /// What it may chain to, if it declares that.
    #[serde(with = "serial::trigrams")]
    pub declared: Option<Vec<Trigram>>,
    /// The path it is in: an index.
    pub path: Option<usize>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A chain: a handler leads to a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// The handler: an index.
    pub from: usize,
    /// The signal.
    #[serde(with = "serial::trigram")]
    pub to: Trigram,
    /// How it leads there.
    pub kind: EdgeKind,
    /// When it leads there, in the words of the spec.
    pub when: String,
    /// The row that it leads to, if that is known: an index of a handler.
    pub row: Option<usize>,
    /// The path it is in: an index.
    pub path: Option<usize>,
    /// Where it comes from.
    pub origin: Origin,
    /// What a trace says of it.
    pub runs: Option<Runs>,
}

/// How a handler leads to a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EdgeKind {
    /// To the row below.
    Then,
    /// Beside what else it does.
    Beside,
    /// To one of several rows, by reference.
    Branch,
    /// To another path.
    Goto,
    /// Back, at most so many times if there is a number.
    Loop(Option<u32>),
    /// If there is no result within this time.
    Timeout(Duration),
    /// To undo, if something after it fails.
    Compensation,
    /// To a signal that its type declares.
    Declared,
    /// To a signal that it has really chained to.
    Recorded,
}

/// What a trace says of an edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// How often it was taken.
    pub count: u64,
    /// How many of the dispatches that it led to failed.
    pub failed: u64,
    /// How many of them were halted.
    pub halted: u64,
    /// How long the dispatches that it led to took, all together.
    pub total: Duration,
    /// How long the longest of them took.
    pub longest: Duration,
}

/// A signal that comes from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The signal.
    #[serde(with = "serial::trigram")]
    pub to: Trigram,
    /// What happens outside; none if it is entered by reference or by name.
    pub trigger: Option<String>,
    /// The path that it begins: an index.
    pub path: Option<usize>,
    /// The row that says so: an index of a handler.
    pub row: Option<usize>,
    /// Where it comes from.
    pub origin: Origin,
    /// What a trace says of it.
    pub runs: Option<Runs>,
}

/// Where a part of a graph comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Origin {
    /// A row that somebody has written.
    Written {
        /// Where.
        place: Place,
        /// The name of its path.
        path: Arc<str>,
        /// Its number, as it is written.
        row: Option<String>,
    },
    /// The type of a handler's answer.
    Declared {
        /// Where it is registered: `src/app.rs:12:5`.
        location: String,
    },
    /// A registration.
    Registered {
        /// Where: `src/app.rs:12:5`.
        location: String,
    },
    /// A run.
    Recorded {
        /// Where the handler that chained is registered; none for a signal that was set.
        location: Option<String>,
        /// The cascade it was first seen in.
        cascade: u64,
    },
}

impl Graph {
    /// Adds all of `other` to it.
    pub fn merge(&mut self, other: Self) {
        let (handlers, paths) = (self.handlers.len(), self.paths.len());
        let path = |path: &mut Option<usize>| *path = path.map(|path| path + paths);
        let row = |row: &mut Option<usize>| *row = row.map(|row| row + handlers);
        for (own, other) in self.space.axes.iter_mut().zip(other.space.axes) {
            own.extend(other);
        }
        self.paths.extend(other.paths.into_iter().map(|mut node| {
            node.goes_on_in.iter_mut().for_each(|path| *path += paths);
            node
        }));
        self.handlers.extend(other.handlers.into_iter().map(|mut handler| {
            path(&mut handler.path);
            handler
        }));
        self.edges.extend(other.edges.into_iter().map(|mut edge| {
            edge.from += handlers;
            path(&mut edge.path);
            row(&mut edge.row);
            edge
        }));
        self.entries.extend(other.entries.into_iter().map(|mut entry| {
            path(&mut entry.path);
            row(&mut entry.row);
            entry
        }));
        self.open |= other.open;
    }

    /// The index of the path of this name.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<usize> {
        let wanted = super::Path::key(name);
        self.paths.iter().position(|path| super::Path::key(&path.name) == wanted)
    }

    /// The part of it that is one path, and the paths that it goes on in if `further` is set.
    ///
    /// The time is linear in the graph.
    #[must_use]
    pub fn part(&self, path: usize, further: bool) -> Self {
        let mut wanted = vec![false; self.paths.len()];
        let mut open = vec![path];
        while let Some(path) = open.pop() {
            if let Some(wanted) = wanted.get_mut(path).filter(|wanted| !**wanted) {
                *wanted = true;
                if further {
                    open.extend(&self.paths[path].goes_on_in);
                }
            }
        }
        let kept = |path: Option<usize>| path.is_some_and(|path| wanted[path]);
        let mut places = vec![None; self.handlers.len()];
        let mut part = Self { space: self.space.clone(), open: self.open, ..Self::default() };
        let mut paths = vec![None; self.paths.len()];
        for (index, node) in self.paths.iter().enumerate().filter(|(index, _)| wanted[*index]) {
            paths[index] = Some(part.paths.len());
            part.paths.push(node.clone());
        }
        for node in &mut part.paths {
            node.goes_on_in = node.goes_on_in.iter().filter_map(|path| paths[*path]).collect();
        }
        let of = |path: Option<usize>| path.and_then(|path| paths[path]);
        for (index, handler) in self.handlers.iter().enumerate().filter(|(_, node)| kept(node.path))
        {
            places[index] = Some(part.handlers.len());
            part.handlers.push(HandlerNode { path: of(handler.path), ..handler.clone() });
        }
        let at = |row: Option<usize>| row.and_then(|row| places[row]);
        for edge in &self.edges {
            if let Some(from) = places[edge.from] {
                part.edges.push(Edge {
                    from,
                    path: of(edge.path),
                    row: at(edge.row),
                    ..edge.clone()
                });
            }
        }
        for entry in self.entries.iter().filter(|entry| kept(entry.path)) {
            part.entries.push(Entry { path: of(entry.path), row: at(entry.row), ..entry.clone() });
        }
        part
    }

    /// The graph as JSON, for the command `tao-path` and other tools.
    ///
    /// # Panics
    ///
    /// Never: everything in a graph can be written.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// A graph from JSON.
    ///
    /// # Errors
    ///
    /// If it is not the JSON of a graph, or an index in it leads nowhere.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let graph: Self = serde_json::from_str(json)?;
        let (paths, rows) = (graph.paths.len(), graph.handlers.len());
        let path = |path: Option<usize>| path.is_none_or(|path| path < paths);
        let row = |row: Option<usize>| row.is_none_or(|row| row < rows);
        let sound = graph.handlers.iter().all(|handler| path(handler.path))
            && graph.paths.iter().all(|node| node.goes_on_in.iter().all(|path| *path < paths))
            && graph.edges.iter().all(|edge| edge.from < rows && path(edge.path) && row(edge.row))
            && graph.entries.iter().all(|entry| path(entry.path) && row(entry.row));
        if sound {
            Ok(graph)
        } else {
            Err(serde_json::Error::custom("an index in the graph leads nowhere"))
        }
    }
}

impl EdgeKind {
    pub(crate) fn of(manner: Manner, goto: bool) -> Self {
        match manner {
            Manner::Go if goto => Self::Goto,
            Manner::Go => Self::Branch,
            Manner::Loop(max) => Self::Loop(max),
            Manner::Timeout(time) => Self::Timeout(time),
            Manner::Compensation => Self::Compensation,
        }
    }

    /// Whether it is an ordinary result of its handler, and not what happens when there is none.
    #[must_use]
    pub fn is_result(self) -> bool {
        !matches!(self, Self::Timeout(_) | Self::Compensation)
    }
}

impl HandlerNode {
    pub(crate) fn new(pattern: Pattern, phase: Option<Phase>, origin: Origin) -> Self {
        Self {
            pattern,
            phase,
            does: String::new(),
            may_redirect: false,
            may_halt: false,
            implied: false,
            joins: false,
            goes_on: false,
            declared: None,
            path: None,
            origin,
        }
    }
}

impl Runs {
    /// Adds what another one says.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.halted += other.halted;
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }

    /// How long the dispatches took on average.
    #[must_use]
    pub fn mean(&self) -> Duration {
        u32::try_from(self.count)
            .ok()
            .and_then(|count| self.total.checked_div(count))
            .unwrap_or_default()
    }
}

impl Origin {
    /// Where it is written, if it is.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Written { place, .. } => Some(place),
            _ => None,
        }
    }
}

impl From<Place> for Origin {
    fn from(place: Place) -> Self {
        Self::Written { place, path: "".into(), row: None }
    }
}

impl From<&Origin> for Origin {
    fn from(origin: &Origin) -> Self {
        origin.clone()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written { place, .. } => place.fmt(f),
            Self::Declared { location } => write!(f, "{location} (declared)"),
            Self::Registered { location } => write!(f, "{location} (registered)"),
            Self::Recorded { location: Some(location), cascade } => {
                write!(f, "{location} (recorded in cascade {cascade})")
            }
            Self::Recorded { location: None, cascade } => write!(f, "set as cascade {cascade}"),
        }
    }
}

impl fmt::Display for EdgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Then => f.write_str("then"),
            Self::Beside => f.write_str("beside"),
            Self::Branch => f.write_str("branch"),
            Self::Goto => f.write_str("goto"),
            Self::Loop(None) => f.write_str("again"),
            Self::Loop(Some(max)) => write!(f, "again, at most {max} times"),
            Self::Timeout(time) => write!(f, "after {time:?}"),
            Self::Compensation => f.write_str("to undo"),
            Self::Declared => f.write_str("declared"),
            Self::Recorded => f.write_str("recorded"),
        }
    }
}
