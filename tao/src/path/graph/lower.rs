//! From rows to a graph.
//!
//! # What the rows of a path mean together
//!
//! Rows of one signal that follow each other are a *group*: the handlers of that signal. A row begins a group if its chain has an arrow
//! or a trigger, or if its signal is another one than that of the row above. What an arrow comes from is a group above:
//!
//! | chain | comes from | by |
//! |---|---|---|
//! | `=>` | the nearest group above that is not a branch | its last inline handler, else its last handler |
//! | `\=>` | the group above: it goes on inside of a branch | the same |
//! | `\a:=>` | nothing above: only references lead here | |
//! | `a:=>` | as `=>`, and references lead here too | |
//! | `+=>` | the nearest group above that is not itself `+=>` | a handler of its own, of the phase of the last one there |
//! | `/=>` | as `=>` | its last async handler; one that leads nowhere yet is preferred |
//!
//! A branch (`\`) is left out both ways, since its result does not fall through to the row below it either: the main line goes on behind it.
//! References (`[^a]`, in a mode or a spec) lead from the handler of their row to the row with that label: in the same path, else
//! in any. A link to a path is a goto: if that path begins with the same signal, it says what handles it; else the signal is chained to.

use super::{Edge, EdgeKind, Entry, Graph, HandlerNode, Origin, PathNode};
use crate::{
    Pattern, Phase, Trigram,
    path::{
        document::{Document, Path, Row, Space},
        place::Place,
        problem::{Check, Problem},
        symbols::{Arrow, Manner, Reaction, Reference},
    },
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A graph, and what was found wrong on the way to it.
pub(crate) struct Lowered {
    pub(crate) graph: Graph,
    pub(crate) problems: Vec<Problem>,
}

impl Document {
    /// The graph of all its paths. What cannot be resolved is left out; [`Checks`](crate::path::Checks) tell of it.
    #[must_use]
    pub fn graph(&self) -> Graph {
        Lowered::of([self]).graph
    }
}

impl Graph {
    /// The graph of several documents: their references may lead from one to another.
    #[must_use]
    pub fn of_documents<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        Lowered::of(documents).graph
    }
}

/// Handlers of one signal, in rows that follow each other.
struct Group {
    pattern: Pattern,
    branch: bool,
    beside: bool,
    /// The handlers: indices.
    handlers: Vec<usize>,
}

/// A row that has a label.
#[derive(Clone, Copy)]
struct Labelled {
    handler: usize,
    path: usize,
    /// Whether another row has the same label.
    twice: bool,
}

/// A reference that is resolved when all rows are known.
struct Pending<'a> {
    handler: usize,
    path: usize,
    row: &'a Row,
    manner: Manner,
    to: Reference,
    when: String,
    link: bool,
}

/// The groups of a path so far, and where to look for what an arrow comes from: no look-up passes over rows again.
#[derive(Default)]
struct Groups {
    all: Vec<Group>,
    /// The last one that is not a branch.
    main: Option<usize>,
    /// The last one that is not beside another.
    apart: Option<usize>,
}

impl Groups {
    fn push(&mut self, group: Group) {
        let next = Some(self.all.len());
        self.main = if group.branch { self.main } else { next };
        self.apart = if group.beside { self.apart } else { next };
        self.all.push(group);
    }
}

struct Lowering<'a> {
    graph: Graph,
    problems: Vec<Problem>,
    /// Labels of each path, and of all of them.
    labels: FxHashMap<(usize, String), Labelled>,
    everywhere: FxHashMap<String, Labelled>,
    /// Paths by their name, and the handler of the first row of each.
    names: FxHashMap<String, usize>,
    first: Vec<Option<usize>>,
    /// How many edges lead out of each handler.
    leaving: Vec<u32>,
    /// The rows that only references lead to, with their labels, and the rows that one leads to.
    branches: Vec<(usize, &'a str)>,
    referred: FxHashMap<usize, ()>,
    pending: Vec<Pending<'a>>,
}

impl Lowered {
    /// The graph of several documents together: their references may lead from one to another.
    pub(crate) fn of<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let mut lowering = Lowering {
            graph: Graph::default(),
            problems: Vec::new(),
            labels: FxHashMap::default(),
            everywhere: FxHashMap::default(),
            names: FxHashMap::default(),
            first: Vec::new(),
            leaving: Vec::new(),
            branches: Vec::new(),
            referred: FxHashMap::default(),
            pending: Vec::new(),
        };
        for document in documents {
            for space in document.spaces() {
                lowering.space(space);
            }
            for path in document.paths() {
                lowering.path(path);
            }
        }
        lowering.resolve();
        let Lowering { graph, problems, .. } = lowering;
        Self { graph, problems }
    }
}

impl<'a> Lowering<'a> {
    fn space(&mut self, space: &Space) {
        for (own, names) in self.graph.space.axes.iter_mut().zip(&space.axes) {
            own.extend(names.iter().cloned());
        }
    }

    fn path(&mut self, path: &'a Path) {
        let index = self.graph.paths.len();
        let name: Arc<str> = path.name.as_str().into();
        let origin = path.place.clone().map(|place| written(place, &name, None));
        if let Some(other) = self.names.insert(Path::key(&path.name), index) {
            let mut problem = Problem::new(
                Check::DuplicateLabel,
                format!("two paths are called `{}`", path.name),
                "give one of them another name: links and tests find a path by its name",
            );
            problem = marked(problem, origin.as_ref(), "this one");
            let other = self.graph.paths[other].origin.clone();
            self.problems.push(marked(problem, other.as_ref(), "and this one"));
        }
        self.graph.paths.push(PathNode {
            name: path.name.clone(),
            answers: path.answers.clone(),
            goes_on_in: Vec::new(),
            rows: path.rows.len(),
            origin,
        });
        self.first.push(None);
        let mut groups = Groups::default();
        for row in &path.rows {
            self.row(path, &name, index, row, &mut groups);
        }
    }

    fn row(
        &mut self,
        path: &'a Path,
        name: &Arc<str>,
        index: usize,
        row: &'a Row,
        groups: &mut Groups,
    ) {
        let place = row.place.clone().or_else(|| path.place.clone());
        let origin = written(place.unwrap_or_else(nowhere), name, row.number.clone());
        let source = self.source(row, groups, &origin);
        let handler = self.handler(HandlerNode {
            phase: phase(row.mode.reaction),
            does: row.summary(),
            may_redirect: matches!(row.mode.reaction, Reaction::Intercept { choice: true, .. }),
            may_halt: matches!(row.mode.reaction, Reaction::Intercept { halt: true, .. }),
            joins: row.chain.join,
            goes_on: row.mode.reaction == Reaction::Goto,
            path: Some(index),
            ..HandlerNode::new(row.pattern.clone(), None, origin.clone())
        });
        if let Some(label) = &row.chain.label {
            self.label(label, handler, index, &origin);
            if row.chain.branch {
                self.branches.push((handler, label));
            }
        }
        let begins = groups.all.is_empty();
        if begins {
            self.first[index] = Some(handler);
        }
        let chained = row.chain.arrow.is_some();
        match row.pattern.trigram() {
            Some(signal) => {
                if begins && !row.chain.branch || row.chain.trigger.is_some() {
                    let trigger = row.chain.trigger.clone();
                    let entry = Entry {
                        to: signal.clone(),
                        trigger,
                        path: Some(index),
                        row: Some(handler),
                        origin: origin.clone(),
                        runs: None,
                    };
                    self.graph.entries.push(entry);
                }
                if let Some((from, kind)) = source {
                    self.edge(from, signal, kind, String::new(), Some(handler), origin);
                }
            }
            None if chained || row.chain.trigger.is_some() => self.problems.push(
                Problem::new(
                    Check::WildSignal,
                    format!("{} is chained to, but is wild", row.pattern),
                    "name the signal; a row for many signals has an empty chain",
                )
                .mark(origin, "here"),
            ),
            None => {}
        }
        let new = chained || row.chain.trigger.is_some();
        match groups.all.last_mut().filter(|group| !new && group.pattern == row.pattern) {
            Some(group) => group.handlers.push(handler),
            None => groups.push(Group {
                pattern: row.pattern.clone(),
                branch: row.chain.branch,
                beside: row.chain.arrow == Some(Arrow::Beside),
                handlers: vec![handler],
            }),
        }
        self.references(row, handler, index);
    }

    /// What the arrow of a row comes from.
    fn source(&mut self, row: &Row, groups: &Groups, origin: &Origin) -> Option<(usize, EdgeKind)> {
        let arrow = row.chain.arrow?;
        if row.chain.branch && row.chain.label.is_some() {
            return None;
        }
        let inside = row.chain.branch;
        let group = match arrow {
            Arrow::Beside => groups.apart,
            Arrow::Then | Arrow::Aside if inside => groups.all.len().checked_sub(1),
            Arrow::Then | Arrow::Aside => groups.main,
        }?;
        let group = &groups.all[group];
        let of = |wanted: Phase| {
            let is = |at: &&usize| self.graph.handlers[**at].phase == Some(wanted);
            group.handlers.iter().rev().find(is).copied()
        };
        let last = *group.handlers.last()?;
        let imply = |this: &mut Self, phase, does: &str| {
            let node = HandlerNode {
                does: does.to_owned(),
                implied: true,
                path: this.graph.handlers[last].path,
                ..HandlerNode::new(group.pattern.clone(), Some(phase), origin.clone())
            };
            this.handler(node)
        };
        Some(match arrow {
            Arrow::Then => match of(Phase::Inline) {
                Some(inline) => (inline, EdgeKind::Then),
                None if self.graph.handlers[last].phase.is_some() => (last, EdgeKind::Then),
                None => (imply(self, Phase::Inline, ""), EdgeKind::Then),
            },
            Arrow::Beside => {
                let phase = self.graph.handlers[last].phase.unwrap_or(Phase::Inline);
                (imply(self, phase, ""), EdgeKind::Beside)
            }
            Arrow::Aside => {
                let idle = |at: &&usize| {
                    self.graph.handlers[**at].phase == Some(Phase::Async) && self.leaving[**at] == 0
                };
                let idle = group.handlers.iter().rev().find(idle).copied();
                match idle.or_else(|| of(Phase::Async)) {
                    Some(aside) => (aside, EdgeKind::Then),
                    None => (imply(self, Phase::Async, ""), EdgeKind::Then),
                }
            }
        })
    }

    fn label(&mut self, label: &str, handler: usize, path: usize, origin: &Origin) {
        let labelled = Labelled { handler, path, twice: false };
        if let Some(other) = self.labels.insert((path, label.to_owned()), labelled) {
            let first = self.graph.handlers[other.handler].origin.clone();
            self.problems.push(
                Problem::new(
                    Check::DuplicateLabel,
                    format!("two rows of one path have the label `{label}`"),
                    "give one of them another label",
                )
                .mark(origin, "this row")
                .mark(first, "and this one"),
            );
        }
        self.everywhere
            .entry(label.to_owned())
            .and_modify(|known| known.twice |= known.path != path)
            .or_insert(labelled);
    }

    fn references(&mut self, row: &'a Row, handler: usize, path: usize) {
        let targets = row
            .mode
            .targets
            .iter()
            .map(|target| (target.manner, target.to.clone(), String::new(), false));
        let spec = row.references().into_iter();
        let spec = spec.map(|found| (Manner::Go, found.to, found.guard.to_owned(), found.link));
        for (manner, to, when, link) in targets.chain(spec) {
            // Only results count when a later row asks who leads nowhere yet.
            self.leaving[handler] += u32::from(!link);
            self.pending.push(Pending { handler, path, row, manner, to, when, link });
        }
    }

    /// All rows are known: references become edges.
    fn resolve(&mut self) {
        let mut seen: FxHashMap<(usize, Trigram), ()> = FxHashMap::default();
        for Pending { handler, path, row, manner, to, when, link } in
            std::mem::take(&mut self.pending)
        {
            let (target, goto) = match &to {
                Reference::Label(label) => {
                    let own = self.labels.get(&(path, label.clone()));
                    let Some(found) = own.or_else(|| self.everywhere.get(label)).copied() else {
                        self.undefined(handler, &format!("label `{label}`"), "label");
                        continue;
                    };
                    if found.twice && own.is_none() {
                        let other = self.graph.handlers[found.handler].origin.clone();
                        let problem = Problem::new(
                            Check::DuplicateLabel,
                            format!("the label `{label}` is in several other paths"),
                            "refer to a path by its name, or give the rows different labels",
                        );
                        let origin = self.graph.handlers[handler].origin.clone();
                        self.problems.push(
                            problem.mark(origin, "referred to here").mark(other, "for example"),
                        );
                    }
                    if found.path != path {
                        self.goes_on(path, found.path);
                    }
                    (found.handler, false)
                }
                Reference::Path(name) => {
                    let Some(other) = self.names.get(&Path::key(name)).copied() else {
                        // A link may lead anywhere.
                        if !link {
                            self.undefined(handler, &format!("path `{name}`"), "path");
                        }
                        continue;
                    };
                    self.goes_on(path, other);
                    let Some(first) = self.first[other] else { continue };
                    if self.graph.handlers[first].pattern == row.pattern {
                        self.graph.handlers[handler].goes_on = true;
                        continue;
                    }
                    (first, true)
                }
            };
            self.referred.insert(target, ());
            let Some(signal) = self.graph.handlers[target].pattern.trigram() else {
                let origin = self.graph.handlers[handler].origin.clone();
                let wild = self.graph.handlers[target].origin.clone();
                self.problems.push(
                    Problem::new(
                        Check::WildSignal,
                        format!(
                            "a reference leads to {}, which is wild",
                            self.graph.handlers[target].pattern
                        ),
                        "a signal that is chained to is concrete: refer to a row that names it",
                    )
                    .mark(origin, "the reference")
                    .mark(wild, "the row"),
                );
                continue;
            };
            // The same link in the mode and in the words of the spec is one edge.
            if seen.insert((handler, signal.clone()), ()).is_some() {
                continue;
            }
            let origin = self.graph.handlers[handler].origin.clone();
            let from = if self.graph.handlers[handler].phase.is_some() {
                handler
            } else {
                let path = self.graph.handlers[handler].path;
                let node =
                    HandlerNode::new(row.pattern.clone(), Some(Phase::Inline), origin.clone());
                self.handler(HandlerNode { implied: true, path, ..node })
            };
            self.edge(from, signal, EdgeKind::of(manner, goto), when, Some(target), origin);
        }
        for (handler, label) in std::mem::take(&mut self.branches) {
            if !self.referred.contains_key(&handler) {
                let message = format!("nothing refers to `{label}`");
                let help = format!("write `[^{label}]` where this is gone to, or remove the row");
                let problem = Problem::new(Check::UnreachableRow, message, help);
                let origin = self.graph.handlers[handler].origin.clone();
                self.problems.push(
                    problem.mark(origin, "only references lead to a row that begins with `\\`"),
                );
            }
        }
        for node in &mut self.graph.paths {
            node.goes_on_in.sort_unstable();
            node.goes_on_in.dedup();
        }
    }

    fn undefined(&mut self, handler: usize, what: &str, kind: &str) {
        let origin = self.graph.handlers[handler].origin.clone();
        let help = format!("write the {kind} as it is where it is defined, or define it");
        let problem = Problem::new(Check::UndefinedLabel, format!("there is no {what}"), help);
        self.problems.push(problem.mark(origin, "referred to in this row"));
    }

    fn goes_on(&mut self, path: usize, other: usize) {
        if path != other {
            self.graph.paths[path].goes_on_in.push(other);
        }
    }

    fn handler(&mut self, node: HandlerNode) -> usize {
        self.graph.handlers.push(node);
        self.leaving.push(0);
        self.graph.handlers.len() - 1
    }

    fn edge(
        &mut self,
        from: usize,
        to: Trigram,
        kind: EdgeKind,
        when: String,
        row: Option<usize>,
        origin: Origin,
    ) {
        self.leaving[from] += 1;
        let path = self.graph.handlers[from].path;
        self.graph.edges.push(Edge { from, to, kind, when, row, path, origin, runs: None });
    }
}

fn phase(reaction: Reaction) -> Option<Phase> {
    match reaction {
        Reaction::None | Reaction::Goto => None,
        Reaction::Inline => Some(Phase::Inline),
        Reaction::Async => Some(Phase::Async),
        Reaction::Intercept { .. } => Some(Phase::Intercept),
    }
}

fn written(place: Place, path: &Arc<str>, row: Option<String>) -> Origin {
    Origin::Written { place, path: Arc::clone(path), row }
}

/// The place of a row that was made by hand, and not read.
fn nowhere() -> Place {
    Place { file: "".into(), line: 0, column: 0, span: Default::default() }
}

fn marked(problem: Problem, origin: Option<&Origin>, note: &str) -> Problem {
    match origin {
        Some(origin) => problem.mark(origin, note),
        None => problem,
    }
}
