//! Requests: whatever happens in line, one of the declared answers comes.
//!
//! A signal is answered if it is an answer itself; or if one of its handlers answers it for sure, and no intercept redirects it to a
//! signal that is not answered. A handler answers for sure if it leads to something, and everything that it may lead to is
//! answered. A halt is an answer: whoever asks learns of it. The least solution of this is found by counting backwards.

use super::leaving;
use crate::{
    Phase, Trigram,
    path::{
        graph::{Graph, HandlerIndex},
        problem::{Check, Problem},
    },
};
use rustc_hash::FxHashMap;

/// How many steps all requests together may take, in sizes of the graph: each looks at everything that it may lead to.
const EFFORT: usize = 64;

/// How many rows are named in one problem.
const NAMED: usize = 5;

pub(super) fn check(graph: &Graph, index: &HandlerIndex, problems: &mut Vec<Problem>) {
    if graph.paths.iter().all(|path| path.answers.is_empty()) {
        return;
    }
    let leaving = leaving(graph);
    let mut entries = vec![Vec::new(); graph.paths.len()];
    for entry in &graph.entries {
        if let Some(path) = entry.path {
            entries[path].push(entry);
        }
    }
    let mut effort = EFFORT * (graph.handlers.len() + graph.edges.len()) + 10_000;
    for (at, path) in graph.paths.iter().enumerate().filter(|(_, path)| !path.answers.is_empty()) {
        // Whatever begins the path asks.
        for entry in entries[at].iter().take(1) {
            let search = Search { graph, index, leaving: &leaving, answers: &path.answers };
            let Some(missing) = search.unanswered(&entry.to, &mut effort) else {
                let message = format!("too many requests to check `{}`", path.name);
                let help = "check the documents in parts";
                problems.push(
                    Problem::new(Check::UnansweredRequest, message, help)
                        .mark(&entry.origin, "this one"),
                );
                return;
            };
            if missing.is_empty() {
                continue;
            }
            let answers: Vec<_> = path.answers.iter().map(ToString::to_string).collect();
            let ends: Vec<_> =
                missing.iter().take(NAMED).map(|(signal, _)| signal.to_string()).collect();
            let mut problem = Problem::new(
                Check::UnansweredRequest,
                format!("`{}` may end in {} without an answer", path.name, ends.join(", ")),
                format!("chain on to {}, or halt", answers.join(" or ")),
            )
            .mark(&entry.origin, "the request");
            for (_, handler) in missing.iter().take(NAMED) {
                if let Some(handler) = handler {
                    problem = problem.mark(&graph.handlers[*handler].origin, "ends here");
                }
            }
            problems.push(problem);
        }
    }
}

struct Search<'a> {
    graph: &'a Graph,
    index: &'a HandlerIndex,
    leaving: &'a [Vec<usize>],
    answers: &'a [crate::Pattern],
}

impl<'a> Search<'a> {
    /// Where it may end without an answer: signals, and a handler of each. None if that is too much effort.
    fn unanswered(
        &self,
        entry: &'a Trigram,
        effort: &mut usize,
    ) -> Option<Vec<(&'a Trigram, Option<usize>)>> {
        // Forwards: what it may lead to.
        let mut numbers: FxHashMap<&Trigram, usize> = FxHashMap::default();
        let mut signals = vec![entry];
        numbers.insert(entry, 0);
        let mut hearing: Vec<Vec<usize>> = Vec::new();
        let mut heard: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        let mut waiting: Vec<Vec<usize>> = vec![Vec::new()];
        let mut left: FxHashMap<usize, usize> = FxHashMap::default();
        let mut at = 0;
        while at < signals.len() {
            let signal = signals[at];
            let answers = self.answers.iter().any(|answer| answer.matches(signal));
            let handlers: Vec<_> =
                if answers { Vec::new() } else { self.index.hearing(signal).collect() };
            *effort = effort.checked_sub(1 + handlers.len())?;
            for handler in &handlers {
                heard.entry(*handler).or_default().push(at);
                if left.contains_key(handler) {
                    continue;
                }
                let results = self.leaving[*handler].iter().map(|edge| &self.graph.edges[*edge]);
                let mut count = 0;
                for edge in results.filter(|edge| edge.kind.is_result()) {
                    let next = signals.len();
                    let number = *numbers.entry(&edge.to).or_insert(next);
                    if number == next {
                        signals.push(&edge.to);
                        waiting.push(Vec::new());
                    }
                    waiting[number].push(*handler);
                    count += 1;
                }
                *effort = effort.checked_sub(count)?;
                left.insert(*handler, count);
            }
            hearing.push(handlers);
            at += 1;
        }
        // Backwards: what is answered.
        let is_gate = |handler: usize| self.graph.handlers[handler].phase == Some(Phase::Intercept);
        let leads = |handler: &usize| left.get(handler).is_some_and(|count| *count > 0);
        let mut gates: Vec<usize> = hearing
            .iter()
            .map(|handlers| handlers.iter().filter(|at| is_gate(**at) && leads(at)).count())
            .collect();
        let leading: Vec<bool> =
            hearing.iter().map(|handlers| handlers.iter().any(leads)).collect();
        let mut sure = vec![false; signals.len()];
        let mut answered = vec![false; signals.len()];
        let mut open: Vec<usize> = (0..signals.len())
            .filter(|at| self.answers.iter().any(|answer| answer.matches(signals[*at])))
            .collect();
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut answered[at], true) {
                continue;
            }
            for handler in &waiting[at] {
                let Some(count) = left.get_mut(handler).filter(|count| **count > 0) else {
                    continue;
                };
                *count -= 1;
                if *count > 0 {
                    continue;
                }
                for signal in heard.get(handler).into_iter().flatten() {
                    if is_gate(*handler) {
                        gates[*signal] -= 1;
                    } else {
                        sure[*signal] = true;
                    }
                    if sure[*signal] && gates[*signal] == 0 {
                        open.push(*signal);
                    }
                }
            }
        }
        if answered[0] {
            return Some(Vec::new());
        }
        // What ends without an answer; if nothing ends, the circle itself is what is wrong.
        let mut missing: Vec<_> =
            (0..signals.len()).filter(|at| !answered[*at] && !leading[*at]).collect();
        if missing.is_empty() {
            missing.push(0);
        }
        Some(missing.iter().map(|at| (signals[*at], hearing[*at].first().copied())).collect())
    }
}
