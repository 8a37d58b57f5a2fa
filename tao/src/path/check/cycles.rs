//! Circles in line: chains that come back to where they began without ever waiting for their turn.
//!
//! Tarjan's strongly connected components, without recursion, over signals, keys and handlers (see `graph/index.rs`). Async handlers
//! are left out, for they let go; so are loops with a bound, and what only happens if something takes too long or fails.

use super::leaving;
use crate::{
    Phase, Trigram,
    path::{
        graph::{EdgeKind, Graph, HandlerIndex},
        problem::{Check, Problem},
    },
};
use rustc_hash::FxHashMap;

/// How many rows are named in one problem.
const NAMED: usize = 6;

pub(super) fn check(graph: &Graph, index: &HandlerIndex, problems: &mut Vec<Problem>) {
    let walk = Walk::new(graph, index);
    for mut cycle in components(&walk.next) {
        let handlers = walk.signals.len() + index.len();
        cycle.retain(|node| *node >= handlers);
        cycle.sort_unstable();
        let rows: Vec<_> = cycle.iter().map(|node| &graph.handlers[node - handlers]).collect();
        let Some(first) = rows.first() else { continue };
        let names: Vec<_> = rows.iter().take(NAMED).map(|row| row.pattern.to_string()).collect();
        let more = if rows.len() > NAMED { " -> .." } else { "" };
        let mut problem = Problem::new(
            Check::InlineCycle,
            format!("a circle in line: {}{more} -> {}", names.join(" -> "), first.pattern),
            "bound the loop (`*3[^label]`), or let a handler of it be async (`=>/`)",
        );
        for row in rows.iter().take(NAMED) {
            problem = problem.mark(&row.origin, "part of the circle");
        }
        problems.push(problem);
    }
}

/// What leads to what.
struct Walk<'a> {
    signals: Vec<&'a Trigram>,
    /// From each node: signals first, then keys, then handlers.
    next: Vec<Vec<usize>>,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a Graph, index: &HandlerIndex) -> Self {
        let mut numbers: FxHashMap<&Trigram, usize> = FxHashMap::default();
        let mut signals: Vec<&Trigram> = Vec::new();
        for edge in &graph.edges {
            let next = signals.len();
            if *numbers.entry(&edge.to).or_insert(next) == next {
                signals.push(&edge.to);
            }
        }
        let (keys, handlers) = (signals.len(), signals.len() + index.len());
        let mut next: Vec<Vec<usize>> = signals
            .iter()
            .map(|signal| index.keys_of(signal).map(|key| keys + key).collect())
            .collect();
        next.extend(
            (0..index.len())
                .map(|key| index.handlers(key).iter().map(|at| handlers + at).collect()),
        );
        let leaving = leaving(graph);
        for (handler, edges) in graph.handlers.iter().zip(&leaving) {
            let in_line = matches!(handler.phase, Some(Phase::Inline | Phase::Intercept));
            let edges = edges.iter().map(|edge| &graph.edges[*edge]);
            let counts =
                |kind: EdgeKind| kind.is_result() && !matches!(kind, EdgeKind::Loop(Some(_)));
            let edges = edges.filter(|edge| in_line && counts(edge.kind));
            next.push(edges.map(|edge| numbers[&edge.to]).collect());
        }
        Self { signals, next }
    }
}

/// The strongly connected components of more than one node.
fn components(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut order = vec![NEW; next.len()];
    let mut low = vec![0; next.len()];
    let mut waits = vec![false; next.len()];
    let (mut stack, mut found, mut count) = (Vec::new(), Vec::new(), 0);
    for root in 0..next.len() {
        if order[root] != NEW {
            continue;
        }
        // A node, and which of what it leads to comes next.
        let mut calls = vec![(root, 0)];
        while let Some((node, step)) = calls.last_mut() {
            let (node, at) = (*node, *step);
            if at == 0 {
                (order[node], low[node], waits[node]) = (count, count, true);
                count += 1;
                stack.push(node);
            }
            if let Some(to) = next[node].get(at).copied() {
                *step += 1;
                if order[to] == NEW {
                    calls.push((to, 0));
                } else if waits[to] {
                    low[node] = low[node].min(order[to]);
                }
                continue;
            }
            calls.pop();
            if let Some((above, _)) = calls.last() {
                low[*above] = low[*above].min(low[node]);
            }
            if low[node] == order[node] {
                let from = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                let component = stack.split_off(from);
                component.iter().for_each(|node| waits[*node] = false);
                if component.len() > 1 {
                    found.push(component);
                }
            }
        }
    }
    found
}
