//! Traces: what cascades did, as a source like any other, and as a file.

use super::graph::{Edge, EdgeKind, Entry, Graph, HandlerNode, Origin, Runs};
use crate::{Conclusion, Ending, HandlerId, Kernel, Phase, RecordedCascade, Recorder, Trigram};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What cascades did: the record of a run, in a form that can be kept in a file.
///
/// ```
/// use trine_tao::{AppCtx, Kernel, Store, path::Trace};
///
/// let tao = Kernel::new(&Store::new());
/// let _enter = tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal"));
/// let _view = tao.on_inline(("App", "View", "Portal"), |_| ());
///
/// let recorder = tao.record();
/// tao.set(AppCtx::new("App", "Enter", "Portal"));
/// let trace = Trace::of(&recorder.take());
/// assert_eq!(trace.graph().edges[0].to.to_string(), "{App,View,Portal}");
/// assert_eq!(Trace::from_json(&trace.to_json())?, trace);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The cascades, oldest first.
    pub cascades: Vec<TracedCascade>,
}

/// What one cascade did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TracedCascade {
    /// Its number.
    pub cascade: u64,
    /// Its dispatches, in the order in which they were received.
    pub dispatches: Vec<TracedDispatch>,
    /// How it ended, unless everything has happened.
    pub ended: Option<String>,
}

/// What became of one signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TracedDispatch {
    /// Its number in the cascade.
    pub dispatch: u32,
    /// The signal.
    #[serde(with = "super::graph::trigram_text")]
    pub signal: Trigram,
    /// The dispatch that led to it, and the handler; none for the signal that was set.
    pub via: Option<(u32, TracedHandler)>,
    /// What became of it.
    pub fate: Fate,
    /// The handlers that answered.
    pub answers: Vec<TracedHandler>,
    /// What went wrong: the handler, if it was one, and its error.
    pub errors: Vec<(Option<TracedHandler>, String)>,
    /// How long it took, in line.
    pub took: Option<Duration>,
}

/// What became of a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Fate {
    /// It reached its handlers.
    Proceeded,
    /// Nobody handled it.
    Unhandled,
    /// An intercept halted it, for this reason.
    Halted(String),
    /// An intercept redirected it.
    Redirected,
    /// There was no verdict: this went wrong.
    Failed(String),
    /// Nothing was decided: it was under way.
    Open,
}

/// A handler, as a trace knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TracedHandler {
    /// Its phase.
    #[serde(with = "super::graph::phase_text")]
    pub phase: Phase,
    /// Where it is registered.
    pub location: String,
    /// Its number in its kernel.
    pub number: u64,
}

impl Trace {
    /// The trace of what was recorded.
    #[must_use]
    pub fn of(cascades: &[RecordedCascade]) -> Self {
        Self { cascades: cascades.iter().map(TracedCascade::of).collect() }
    }

    /// What `recorder` has recorded so far; it goes on.
    #[must_use]
    pub fn so_far(recorder: &Recorder) -> Self {
        Self::of(&recorder.cascades())
    }

    /// The trace as JSON.
    ///
    /// # Panics
    ///
    /// Never: everything in a trace can be written.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// A trace from JSON.
    ///
    /// # Errors
    ///
    /// If it is not the JSON of a trace.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The graph of what happened: handlers that chained, what they chained to, how often and how long that took.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        let mut handlers: FxHashMap<(&TracedHandler, &Trigram), usize> = FxHashMap::default();
        let mut edges: FxHashMap<(usize, &Trigram), usize> = FxHashMap::default();
        let mut entries: FxHashMap<&Trigram, usize> = FxHashMap::default();
        for cascade in &self.cascades {
            let signals: FxHashMap<u32, &Trigram> =
                cascade.dispatches.iter().map(|own| (own.dispatch, &own.signal)).collect();
            for own in &cascade.dispatches {
                let runs = own.runs();
                let from = own.via.as_ref().map(|(from, via)| (signals.get(from).copied(), via));
                let Some((Some(before), via)) = from else {
                    let next = graph.entries.len();
                    let at = *entries.entry(&own.signal).or_insert(next);
                    if at == next {
                        let origin = Origin::Recorded { location: None, cascade: cascade.cascade };
                        let to = own.signal.clone();
                        graph.entries.push(Entry {
                            to,
                            trigger: None,
                            path: None,
                            row: None,
                            origin,
                            runs: Some(Runs::default()),
                        });
                    }
                    graph.entries[at].runs.get_or_insert_default().add(runs);
                    continue;
                };
                let origin = || Origin::Recorded {
                    location: Some(via.location.clone()),
                    cascade: cascade.cascade,
                };
                let from = *handlers.entry((via, before)).or_insert_with(|| {
                    graph.handlers.push(HandlerNode {
                        may_redirect: via.phase == Phase::Intercept,
                        ..HandlerNode::new(before.into(), Some(via.phase), origin())
                    });
                    graph.handlers.len() - 1
                });
                let at = *edges.entry((from, &own.signal)).or_insert_with(|| {
                    graph.edges.push(Edge {
                        from,
                        to: own.signal.clone(),
                        kind: EdgeKind::Recorded,
                        when: String::new(),
                        row: None,
                        path: None,
                        origin: origin(),
                        runs: Some(Runs::default()),
                    });
                    graph.edges.len() - 1
                });
                graph.edges[at].runs.get_or_insert_default().add(runs);
            }
        }
        graph
    }
}

impl Graph {
    /// Lays a trace over it: each edge and entry says how often it was taken, how long what it led to took, and how often that failed.
    /// Returns what the trace did beside it.
    pub fn lay_over(&mut self, trace: &Trace) -> Vec<(Trigram, Phase, Trigram)> {
        for edge in &mut self.edges {
            edge.runs.get_or_insert_default();
        }
        for entry in &mut self.entries {
            entry.runs.get_or_insert_default();
        }
        let mut edges: FxHashMap<(Phase, Trigram), Vec<usize>> = FxHashMap::default();
        for (at, edge) in self.edges.iter().enumerate() {
            if let Some(phase) = self.handlers[edge.from].phase {
                edges.entry((phase, edge.to.clone())).or_default().push(at);
            }
        }
        let mut entries: FxHashMap<Trigram, Vec<usize>> = FxHashMap::default();
        for (at, entry) in self.entries.iter().enumerate() {
            entries.entry(entry.to.clone()).or_default().push(at);
        }
        let mut beside = Vec::new();
        // Steps are put together first: a long trace takes few kinds of steps.
        let taken = trace.graph();
        for edge in &taken.edges {
            let node = &taken.handlers[edge.from];
            let (Some(phase), Some(before), Some(runs)) =
                (node.phase, node.pattern.trigram(), edge.runs)
            else {
                continue;
            };
            let mut known = false;
            for at in edges.get(&(phase, edge.to.clone())).into_iter().flatten() {
                if self.handlers[self.edges[*at].from].pattern.matches(&before) {
                    self.edges[*at].runs.get_or_insert_default().add(runs);
                    known = true;
                }
            }
            if !known {
                beside.push((before, phase, edge.to.clone()));
            }
        }
        for entry in &taken.entries {
            for at in entries.get(&entry.to).into_iter().flatten() {
                self.entries[*at].runs.get_or_insert_default().add(entry.runs.unwrap_or_default());
            }
        }
        beside.sort();
        beside.dedup();
        beside
    }
}

impl TracedCascade {
    fn of(cascade: &RecordedCascade) -> Self {
        let ended = match &cascade.ending {
            Some(Ending::Completed) => None,
            Some(ending) => Some(ending.to_string()),
            None => Some("under way".to_owned()),
        };
        let dispatches = cascade.dispatches.iter().map(|own| TracedDispatch {
            dispatch: own.dispatch,
            signal: own.signal.clone(),
            via: own.via.map(|via| (via.dispatch, TracedHandler::of(via.handler))),
            fate: match &own.conclusion {
                _ if own.unhandled => Fate::Unhandled,
                None => Fate::Open,
                Some(Conclusion::Proceeded) => Fate::Proceeded,
                Some(Conclusion::Halted { reason, .. }) => Fate::Halted(reason.to_string()),
                Some(Conclusion::Redirected { .. }) => Fate::Redirected,
                Some(Conclusion::Failed(error)) => Fate::Failed(error.to_string()),
            },
            answers: own.answers.iter().map(|answer| TracedHandler::of(answer.handler)).collect(),
            errors: own.errors.iter().map(|error| (failed(error), error.to_string())).collect(),
            took: own.took,
        });
        Self { cascade: cascade.id.get(), dispatches: dispatches.collect(), ended }
    }
}

fn failed(error: &crate::CascadeError) -> Option<TracedHandler> {
    match error {
        crate::CascadeError::Handler(error) => Some(TracedHandler::of(error.handler)),
        _ => None,
    }
}

impl TracedDispatch {
    /// What it says of the edge that it came by.
    fn runs(&self) -> Runs {
        let took = self.took.unwrap_or_default();
        let failed = !self.errors.is_empty() || matches!(self.fate, Fate::Failed(_));
        let halted = matches!(self.fate, Fate::Halted(_));
        Runs { count: 1, failed: failed.into(), halted: halted.into(), total: took, longest: took }
    }
}

impl TracedHandler {
    fn of(handler: HandlerId) -> Self {
        Self {
            phase: handler.phase(),
            location: handler.location().to_string(),
            number: handler.number(),
        }
    }
}

/// Records the cascades of a kernel and gives their trace.
pub(crate) fn recorded(kernel: &Kernel) -> Recorder {
    kernel.record_last(usize::MAX)
}
