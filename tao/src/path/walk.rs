//! Whether a cascade has gone along a path.
//!
//! A cascade is a walk of a path if
//!
//! - it begins with a signal that begins the path;
//! - each signal that is chained comes by a chain of the path, or of one that it goes on in;
//! - each row whose signal has come has had a handler of its phase, without an error;
//! - a row that leads somewhere has led somewhere: to one of its branches, or to the row below; a row whose only way on is a failure
//!   (a line of its spec that begins with `!`) may also end;
//! - a signal is halted only where a row says that it may be (`!`), and everything that was begun came to its end.
//!
//! Handlers of which no row tells may hear the signals as well, as long as they chain to nothing: a feature that looks on is no
//! drift. What a path says happens beside, after a time, or to undo need not happen.

use super::{
    document::Document,
    graph::{Edge, EdgeKind, Graph, HandlerIndex},
    trace::{Fate, Trace, TracedCascade, TracedDispatch},
};
use crate::{Phase, Trigram};
use rustc_hash::FxHashMap;
use std::fmt;

/// A cascade, held against a path: what it did, and where that was not what the path says.
///
/// Its [`Display`](fmt::Display) is the cascade as a tree, with a mark and a reason at each signal at which it left the path.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Walk {
    /// The name of the path.
    pub path: String,
    /// What the cascade did.
    pub cascade: TracedCascade,
    /// Where it left the path, in order.
    pub deviations: Vec<Deviation>,
}

/// A signal at which a cascade left its path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deviation {
    /// The number of its dispatch.
    pub dispatch: u32,
    /// What was to happen and did not, or the other way round.
    pub reason: String,
}

impl Walk {
    /// Whether it is a walk of the path.
    #[must_use]
    pub fn is_on_path(&self) -> bool {
        self.deviations.is_empty()
    }

    /// Whether the cascade began with this signal.
    pub(crate) fn begins_with(&self, signal: &Trigram) -> bool {
        self.cascade.dispatches.first().is_some_and(|own| own.signal == *signal)
    }

    /// Whether this signal was halted.
    pub(crate) fn halted(&self, signal: &Trigram) -> bool {
        let halted = |own: &TracedDispatch| matches!(own.fate, Fate::Halted(_));
        self.cascade.dispatches.iter().any(|own| own.signal == *signal && halted(own))
    }

    /// The chains of the path that it took, in order: what [`Route`](super::Route) compares.
    pub(crate) fn steps(&self) -> Vec<(Trigram, Phase, Trigram)> {
        let signals: FxHashMap<u32, &Trigram> =
            self.cascade.dispatches.iter().map(|own| (own.dispatch, &own.signal)).collect();
        let mut steps: Vec<_> = self
            .cascade
            .dispatches
            .iter()
            .filter_map(|own| {
                let (before, via) = own.via.as_ref()?;
                Some(((*signals.get(before)?).clone(), via.phase, own.signal.clone()))
            })
            .collect();
        steps.sort();
        steps.dedup();
        steps
    }
}

/// Holds the cascades of `trace` against the path of this index, and what it goes on in.
pub(crate) fn walks(graph: &Graph, path: usize, trace: &Trace) -> Vec<Walk> {
    let part = graph.part(path, true);
    let own = part.path(&graph.paths[path].name).unwrap_or(0);
    let checked = Checked::new(&part, own);
    trace.cascades.iter().map(|cascade| checked.walk(cascade)).collect()
}

/// A cascade is held against no more paths than this.
const TRIED: usize = 16;

/// Holds each cascade of a trace against the path that begins with its signal; of several, against the one that it keeps to best. A
/// cascade whose signal begins no path is left out, for no document tells of it: [`Graph::diff`] does.
///
/// The time is linear in the trace and, for each path, in what it goes on in.
#[must_use]
pub fn walks_of(document: &Document, trace: &Trace) -> Vec<Walk> {
    let graph = document.graph();
    let mut parts: FxHashMap<usize, (Graph, usize)> = FxHashMap::default();
    let mut paths: FxHashMap<&Trigram, Vec<usize>> = FxHashMap::default();
    for entry in &graph.entries {
        let begun = paths.entry(&entry.to).or_default();
        let new = entry.path.filter(|path| begun.len() < TRIED && !begun.contains(path));
        begun.extend(new);
    }
    let begins = |cascade: &TracedCascade| {
        let first = cascade.dispatches.first()?;
        paths.get(&first.signal)
    };
    for path in trace.cascades.iter().filter_map(begins).flatten() {
        parts.entry(*path).or_insert_with(|| {
            let part = graph.part(*path, true);
            let own = part.path(&graph.paths[*path].name).unwrap_or(0);
            (part, own)
        });
    }
    let checked: FxHashMap<usize, Checked<'_>> =
        parts.iter().map(|(path, (part, own))| (*path, Checked::new(part, *own))).collect();
    let best = |cascade: &TracedCascade| {
        let walks = begins(cascade)?.iter().map(|path| checked[path].walk(cascade));
        walks.min_by_key(|walk| walk.deviations.len())
    };
    trace.cascades.iter().filter_map(best).collect()
}

struct Checked<'a> {
    graph: &'a Graph,
    path: usize,
    index: HandlerIndex,
    /// The edges that lead out of each handler.
    leaving: Vec<Vec<&'a Edge>>,
}

impl<'a> Checked<'a> {
    fn new(graph: &'a Graph, path: usize) -> Self {
        let mut leaving = vec![Vec::new(); graph.handlers.len()];
        for edge in &graph.edges {
            leaving[edge.from].push(edge);
        }
        Self { graph, path, index: HandlerIndex::new(graph), leaving }
    }

    fn walk(&self, cascade: &TracedCascade) -> Walk {
        let mut followers: FxHashMap<u32, Vec<(Phase, &Trigram)>> = FxHashMap::default();
        for own in &cascade.dispatches {
            if let Some((before, via)) = &own.via {
                followers.entry(*before).or_default().push((via.phase, &own.signal));
            }
        }
        let signals: FxHashMap<u32, &Trigram> =
            cascade.dispatches.iter().map(|own| (own.dispatch, &own.signal)).collect();
        let mut deviations = Vec::new();
        for own in &cascade.dispatches {
            let mut deviates =
                |reason: String| deviations.push(Deviation { dispatch: own.dispatch, reason });
            match &own.via {
                None => self.begins(&own.signal, &mut deviates),
                Some((before, via)) => {
                    if let Some(before) = signals.get(before)
                        && !self.leads(before, via.phase, &own.signal)
                    {
                        let known = self.index.hearing(&own.signal).next().is_some();
                        let tier = if known {
                            "the path goes there, but not from here"
                        } else {
                            "no row of the path has it"
                        };
                        deviates(format!(
                            "an {} handler at {} chained to it: {tier}",
                            via.phase, via.location
                        ));
                    }
                }
            }
            let led = followers.get(&own.dispatch).map_or(&[][..], Vec::as_slice);
            self.came(own, led, &mut deviates);
        }
        if let Some(ended) = &cascade.ended {
            let dispatch = cascade.dispatches.last().map_or(0, |own| own.dispatch);
            deviations.push(Deviation {
                dispatch,
                reason: format!("the cascade ended before its time: {ended}"),
            });
        }
        if cascade.dispatches.is_empty() {
            deviations.push(Deviation { dispatch: 0, reason: "nothing happened".to_owned() });
        }
        deviations.sort_by_key(|deviation| deviation.dispatch);
        Walk {
            path: self.graph.paths[self.path].name.clone(),
            cascade: cascade.clone(),
            deviations,
        }
    }

    fn begins(&self, signal: &Trigram, deviates: &mut impl FnMut(String)) {
        let own = || self.graph.entries.iter().filter(|entry| entry.path == Some(self.path));
        if own().any(|entry| entry.to == *signal) {
            return;
        }
        let begins: Vec<_> = own().map(|entry| entry.to.to_string()).collect();
        deviates(format!("the path begins with {}", begins.join(" or ")));
    }

    fn leads(&self, before: &Trigram, phase: Phase, to: &Trigram) -> bool {
        self.index.hearing(before).any(|at| {
            self.graph.handlers[at].phase == Some(phase)
                && self.leaving[at].iter().any(|edge| edge.to == *to)
        })
    }

    /// What the rows of a signal that has come say of it.
    fn came(
        &self,
        own: &TracedDispatch,
        led: &[(Phase, &Trigram)],
        deviates: &mut impl FnMut(String),
    ) {
        let rows: Vec<_> = self.index.hearing(&own.signal).collect();
        let row = |at: usize| &self.graph.handlers[at];
        for (handler, error) in &own.errors {
            let who = handler
                .as_ref()
                .map_or(String::new(), |handler| format!(" ({})", handler.location));
            deviates(format!("failed: {error}{who}"));
        }
        match &own.fate {
            Fate::Halted(reason) => {
                if !rows.iter().any(|at| row(*at).may_halt) {
                    deviates(format!("halted ({reason}), and no row says that it may be"));
                }
                return;
            }
            Fate::Failed(error) => return deviates(format!("no verdict: {error}")),
            Fate::Open => return deviates("it was still under way".to_owned()),
            Fate::Redirected => return,
            Fate::Proceeded | Fate::Unhandled => {}
        }
        for at in rows {
            let Some(phase) = row(at).phase else { continue };
            let count = own.answers.iter().filter(|handler| handler.phase == phase).count();
            let failed =
                own.errors.iter().flat_map(|(handler, _)| handler).any(|by| by.phase == phase);
            if count == 0 && !failed {
                deviates(format!("no {phase} handler has heard it: {}", self.name(at)));
                continue;
            }
            let is_due = |edge: &&&Edge| {
                matches!(
                    edge.kind,
                    EdgeKind::Then | EdgeKind::Branch | EdgeKind::Goto | EdgeKind::Beside
                )
            };
            let due: Vec<_> = self.leaving[at].iter().filter(is_due).collect();
            let failure =
                |edge: &&&Edge| edge.when.starts_with(['!']) || edge.when.starts_with("`!`");
            let over = failed || phase == Phase::Intercept || due.iter().all(failure);
            if over || due.iter().any(|edge| led.contains(&(phase, &edge.to))) {
                continue;
            }
            // Again is a way on, too.
            if self.leaving[at].iter().any(|edge| led.contains(&(phase, &edge.to))) {
                continue;
            }
            let due: Vec<_> = due.iter().map(|edge| edge.to.to_string()).collect();
            deviates(format!("it was to lead to {}: {}", due.join(" or "), self.name(at)));
        }
    }

    fn name(&self, at: usize) -> String {
        let node = &self.graph.handlers[at];
        match node.does.as_str() {
            "" => node.origin.to_string(),
            does => format!("\"{does}\" at {}", node.origin),
        }
    }
}

impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_on_path() { "is on the path" } else { "has left the path" };
        writeln!(f, "cascade {} {verdict} `{}`:", self.cascade.cascade, self.path)?;
        let mut followers: FxHashMap<u32, Vec<&TracedDispatch>> = FxHashMap::default();
        let mut next = Vec::new();
        for own in &self.cascade.dispatches {
            match &own.via {
                Some((before, _)) => followers.entry(*before).or_default().push(own),
                None => next.push((0_usize, own)),
            }
        }
        // Not recursive: a cascade may be thousands of hops deep. What is below others is not moved in for ever.
        const DEEPEST: usize = 40;
        while let Some((depth, own)) = next.pop() {
            let mut reasons = self
                .deviations
                .iter()
                .filter(|deviation| deviation.dispatch == own.dispatch)
                .peekable();
            let mark = if reasons.peek().is_some() { 'x' } else { ' ' };
            write!(f, "{mark} {:1$}", "", depth.min(DEEPEST) * 2)?;
            if let Some((_, via)) = &own.via {
                write!(f, "{} ", super::diff::arrow(via.phase))?;
            }
            writeln!(f, "{}{}", own.signal, Told(own))?;
            for deviation in reasons {
                writeln!(f, "  {:2$}  ^ {}", "", deviation.reason, depth.min(DEEPEST) * 2)?;
            }
            let below = followers.remove(&own.dispatch).unwrap_or_default();
            next.extend(below.into_iter().rev().map(|own| (depth + 1, own)));
        }
        Ok(())
    }
}

/// What became of a signal, behind its name.
struct Told<'a>(&'a TracedDispatch);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.fate {
            Fate::Proceeded => Ok(()),
            Fate::Unhandled => f.write_str(" unhandled"),
            Fate::Halted(reason) => write!(f, " halted: {reason}"),
            Fate::Redirected => f.write_str(" redirected"),
            Fate::Failed(_) => f.write_str(" failed"),
            Fate::Open => f.write_str(" under way"),
        }
    }
}
