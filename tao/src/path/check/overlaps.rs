//! Patterns that have signals in common, where that is a surprise.

use crate::{
    Pattern, Phase,
    path::{
        graph::{Graph, HandlerNode, Key, keys},
        problem::{Check, Problem},
    },
};
use rustc_hash::FxHashMap;

pub(super) fn check(graph: &Graph, problems: &mut Vec<Problem>) {
    redirects(graph, problems);
    shadowed(graph, problems);
}

/// Which axes a key names, as bits.
fn named(key: &Key) -> u8 {
    (0..3).filter(|axis| key[*axis].is_some()).fold(0, |mask, axis| mask | 1 << axis)
}

/// `key` with names on these axes only.
fn restricted(key: &Key, axes: u8) -> Key {
    std::array::from_fn(|axis| key[axis].clone().filter(|_| axes & (1 << axis) != 0))
}

/// Two patterns overlap if they agree on the axes that both of them name. So each intercept is filed under the axes that it names and under
/// its names on each subset of them; whoever overlaps it knows where to look.
fn redirects(graph: &Graph, problems: &mut Vec<Problem>) {
    let gates = graph.handlers.iter().enumerate().filter(|(_, node)| node.may_redirect);
    let gates: Vec<_> = gates.map(|(at, node)| (at, keys(&node.pattern))).collect();
    let mut filed: FxHashMap<(u8, Key), usize> = FxHashMap::default();
    for (at, keys) in &gates {
        let node = &graph.handlers[*at];
        let mut other = None;
        for key in keys {
            for axes in 0..8_u8 {
                let common = restricted(key, axes & named(key));
                let found = filed.get(&(axes, common)).copied();
                other = other.or(found.filter(|found| differ(node, &graph.handlers[*found])));
            }
        }
        for key in keys {
            for axes in 0..8_u8 {
                filed.entry((named(key), restricted(key, axes & named(key)))).or_insert(*at);
            }
        }
        let Some(other) = other else { continue };
        let other = &graph.handlers[other];
        problems.push(
            Problem::new(
                Check::OverlappingRedirects,
                format!("the intercepts of {} and {} may both redirect the same signal", node.pattern, other.pattern),
                "the one that is registered first has its way: make one intercept of them, or keep their patterns apart",
            )
            .mark(&node.origin, "this one")
            .mark(&other.origin, "and this one"),
        );
    }
}

/// Whether they are two handlers, and not one that two paths tell of.
fn differ(one: &HandlerNode, two: &HandlerNode) -> bool {
    one.pattern != two.pattern || one.path == two.path
}

fn shadowed(graph: &Graph, problems: &mut Vec<Problem>) {
    let wild = |pattern: &Pattern| pattern.parts().iter().any(|part| part.names().is_none());
    let mut first: FxHashMap<(Phase, Key), usize> = FxHashMap::default();
    let handlers = || graph.handlers.iter().enumerate().filter(|(_, node)| wild(&node.pattern));
    for (at, node) in handlers() {
        let keys = keys(&node.pattern);
        let (Some(phase), [key]) = (node.phase, keys.as_slice()) else { continue };
        first.entry((phase, key.clone())).or_insert(at);
    }
    for (_, node) in handlers() {
        let keys = keys(&node.pattern);
        let (Some(phase), [key]) = (node.phase, keys.as_slice()) else { continue };
        let wider = (0..8_u8)
            .filter(|axes| axes & named(key) != named(key))
            .find_map(|axes| first.get(&(phase, restricted(key, axes))))
            .map(|wider| &graph.handlers[*wider])
            .filter(|wider| wider.pattern.covers(&node.pattern));
        let Some(wider) = wider else { continue };
        problems.push(
            Problem::new(
                Check::ShadowedWildcard,
                format!("every signal of {} is heard by the {phase} handler of {} as well", node.pattern, wider.pattern),
                "both run, the narrower one does not replace the wider: remove one, or keep them apart",
            )
            .mark(&node.origin, "the narrower one")
            .mark(&wider.origin, "the wider one"),
        );
    }
}
