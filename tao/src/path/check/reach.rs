//! What signals reach, and what they do not.

use super::leaving;
use crate::{
    Phase, Trigram,
    path::{
        graph::{Graph, HandlerIndex, Origin},
        problem::{Check, Problem},
    },
};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) fn check(graph: &Graph, index: &HandlerIndex, problems: &mut Vec<Problem>) {
    unhandled(graph, index, problems);
    // Code that declares nothing may set anything, anywhere.
    if !graph.open && !graph.entries.is_empty() {
        unreached(graph, index, problems);
    }
    endless(graph, index, problems);
}

/// Signals that are chained to or set, and that nobody handles.
fn unhandled(graph: &Graph, index: &HandlerIndex, problems: &mut Vec<Problem>) {
    let mut answers = FxHashSet::default();
    for answer in graph.paths.iter().flat_map(|path| &path.answers) {
        answers.extend(super::super::graph::keys(answer));
    }
    let is_answer = |signal: &Trigram| {
        let parts = signal.parts();
        !answers.is_empty()
            && (0..8).any(|mask| {
                let key: [Option<_>; 3] = std::array::from_fn(|axis| {
                    (mask & (1 << axis) == 0).then(|| parts[axis].clone())
                });
                answers.contains(&key)
            })
    };
    let mut told: FxHashSet<&Trigram> = FxHashSet::default();
    let reacts = |signal: &Trigram| {
        index.hears(graph, signal, Phase::Inline) || index.hears(graph, signal, Phase::Async)
    };
    let help = |signal: &Trigram| {
        format!("give {signal} a row with a mode, or say that it is an answer: `Answers: {signal}`")
    };
    for edge in &graph.edges {
        let signal = &edge.to;
        if reacts(signal) || is_answer(signal) || !told.insert(signal) {
            continue;
        }
        let from = &graph.handlers[edge.from].origin;
        let message = format!("{signal} is chained to, and nothing handles it");
        let mut problem = Problem::new(Check::UnhandledEdge, message, help(signal));
        if let Some(row) = edge.row {
            problem = problem.mark(&graph.handlers[row].origin, "no handler here");
        }
        problems.push(problem.mark(from, "chained to from here"));
    }
    for entry in &graph.entries {
        let signal = &entry.to;
        if !matches!(entry.origin, Origin::Recorded { .. })
            && !reacts(signal)
            && !is_answer(signal)
            && told.insert(signal)
        {
            let message = format!("{signal} is set, and nothing handles it");
            let problem = Problem::new(Check::UnhandledEdge, message, help(signal));
            problems.push(problem.mark(&entry.origin, "no handler here"));
        }
    }
}

/// Rows to which nothing leads, and handlers whose signals never come about.
fn unreached(graph: &Graph, index: &HandlerIndex, problems: &mut Vec<Problem>) {
    let leaving = leaving(graph);
    let mut reached = vec![false; graph.handlers.len()];
    let mut keys = vec![false; index.len()];
    let mut signals: FxHashSet<&Trigram> = FxHashSet::default();
    let mut open: Vec<&Trigram> = graph.entries.iter().map(|entry| &entry.to).collect();
    while let Some(signal) = open.pop() {
        if !signals.insert(signal) {
            continue;
        }
        for key in index.keys_of(signal) {
            if std::mem::replace(&mut keys[key], true) {
                continue;
            }
            for handler in index.handlers(key) {
                if !std::mem::replace(&mut reached[*handler], true) {
                    open.extend(leaving[*handler].iter().map(|edge| &graph.edges[*edge].to));
                }
            }
        }
    }
    // Rows that an edge leads to or that begin something are rows of a chain, the others are handlers of what comes along.
    let chained: FxHashSet<usize> = graph.edges.iter().filter_map(|edge| edge.row).collect();
    for (at, handler) in graph.handlers.iter().enumerate() {
        let named = || handler.pattern.trigram().is_some_and(|signal| signals.contains(&signal));
        if reached[at] || handler.implied || (handler.phase.is_none() && named()) {
            continue;
        }
        let pattern = &handler.pattern;
        let problem = if chained.contains(&at) {
            let message = format!("nothing leads to this row of {pattern}");
            let help = "the rows that lead here are not reached either: give one of them a trigger";
            Problem::new(Check::UnreachableRow, message, help)
        } else {
            let message = format!("no signal that comes about matches {pattern}");
            let help = "chain to it or set it, or remove its handler; perhaps a name is misspelt";
            Problem::new(Check::DeadHandler, message, help)
        };
        problems.push(problem.mark(&handler.origin, "never runs"));
    }
}

/// Paths that never come to an end: from none of their signals does anything end.
fn endless(graph: &Graph, index: &HandlerIndex, problems: &mut Vec<Problem>) {
    let leaving = leaving(graph);
    // Backwards: from handlers that chain to nothing, over who chains to what they hear.
    let mut hearing: FxHashMap<usize, Vec<&Trigram>> = FxHashMap::default();
    let mut leading: FxHashMap<&Trigram, Vec<usize>> = FxHashMap::default();
    let mut open: Vec<&Trigram> = Vec::new();
    let signals =
        graph.edges.iter().map(|edge| &edge.to).chain(graph.entries.iter().map(|entry| &entry.to));
    let signals: FxHashSet<&Trigram> = signals.collect();
    for signal in &signals {
        let mut handled = false;
        for key in index.keys_of(signal) {
            hearing.entry(key).or_default().push(signal);
            handled = true;
        }
        if !handled {
            open.push(signal);
        }
    }
    for edge in graph.edges.iter().filter(|edge| edge.kind.is_result()) {
        leading.entry(&edge.to).or_default().push(edge.from);
    }
    let mut keys_of = vec![Vec::new(); graph.handlers.len()];
    let mut done = vec![false; index.len()];
    let end = |key: usize, done: &mut Vec<bool>, open: &mut Vec<_>| {
        if !std::mem::replace(&mut done[key], true) {
            open.extend(hearing.get(&key).into_iter().flatten().copied());
        }
    };
    for key in 0..index.len() {
        for handler in index.handlers(key) {
            keys_of[*handler].push(key);
            let node = &graph.handlers[*handler];
            let ends = leaving[*handler].iter().all(|edge| !graph.edges[*edge].kind.is_result());
            if ends && node.phase != Some(Phase::Intercept) || node.may_halt {
                end(key, &mut done, &mut open);
            }
        }
    }
    let mut ended: FxHashSet<&Trigram> = FxHashSet::default();
    while let Some(signal) = open.pop() {
        if ended.insert(signal) {
            for handler in leading.get(signal).into_iter().flatten() {
                for key in &keys_of[*handler] {
                    end(*key, &mut done, &mut open);
                }
            }
        }
    }
    let mut ends = vec![false; graph.paths.len()];
    let mut begins = vec![false; graph.paths.len()];
    for entry in &graph.entries {
        if let Some(path) = entry.path {
            begins[path] = true;
            ends[path] |= ended.contains(&entry.to);
        }
    }
    for (at, path) in graph.paths.iter().enumerate() {
        let (message, help) = if path.rows == 0 {
            (format!("the path `{}` has no rows", path.name), "write its rows, or remove it")
        } else if begins[at] && !ends[at] {
            let message = format!("the path `{}` never comes to an end", path.name);
            (message, "let one of its handlers end it: chain to nothing, or halt")
        } else {
            continue;
        };
        let problem = Problem::new(Check::GoesNowhere, message, help);
        problems.push(match &path.origin {
            Some(origin) => problem.mark(origin, "this path"),
            None => problem,
        });
    }
}
