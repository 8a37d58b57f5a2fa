//! Names that the space does not have, and outputs that are not declared.

use crate::{
    Axis, Pattern, Trigram,
    path::{
        graph::{Graph, Origin},
        problem::{Check, Problem},
    },
};
use rustc_hash::{FxHashMap, FxHashSet};

const AXES: [Axis; 3] = [Axis::Term, Axis::Action, Axis::Orient];

/// Suggestions are looked for among no more names than this.
const SUGGESTED: usize = 500;

pub(super) fn check(graph: &Graph, problems: &mut Vec<Problem>) {
    space(graph, problems);
    outputs(graph, problems);
}

fn space(graph: &Graph, problems: &mut Vec<Problem>) {
    let known: [FxHashSet<&str>; 3] =
        std::array::from_fn(|axis| graph.space.axes[axis].iter().map(String::as_str).collect());
    if known.iter().all(FxHashSet::is_empty) {
        return;
    }
    let mut told: FxHashSet<(usize, String)> = FxHashSet::default();
    let rows = graph.handlers.iter().map(|node| (node.pattern.clone(), &node.origin));
    let chained = graph.edges.iter().map(|edge| (Pattern::from(&edge.to), &edge.origin));
    let set = graph.entries.iter().map(|entry| (Pattern::from(&entry.to), &entry.origin));
    for (pattern, origin) in rows.chain(chained).chain(set) {
        for (axis, part) in
            pattern.parts().iter().enumerate().filter(|(axis, _)| !known[*axis].is_empty())
        {
            for name in part.names().unwrap_or_default() {
                if known[axis].contains(name.as_str())
                    || !told.insert((axis, name.as_str().to_owned()))
                {
                    continue;
                }
                let message = format!(
                    "{pattern} is outside of the space: there is no {} `{name}`",
                    AXES[axis]
                );
                let help = match nearest(name, &graph.space.axes[axis]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("add `{name}` to the {}s of the space", AXES[axis]),
                };
                problems.push(Problem::new(Check::OutOfSpace, message, help).mark(origin, "here"));
            }
        }
    }
}

/// The known name that differs least, if it differs little.
fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a String> {
    const LONGEST: usize = 64;
    if known.len() > SUGGESTED || name.len() > LONGEST {
        return None;
    }
    let near = known.iter().filter(|other| other.len() <= LONGEST);
    let near = near.map(|other| (distance(&name.to_lowercase(), &other.to_lowercase()), other));
    near.min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, other)| other)
}

/// How many letters have to be put in, taken out, replaced or swapped with the next one.
fn distance(one: &str, two: &str) -> usize {
    let (one, two): (Vec<_>, Vec<_>) = (one.chars().collect(), two.chars().collect());
    let mut rows = vec![(0..=two.len()).collect::<Vec<usize>>()];
    for at in 1..=one.len() {
        let mut row = vec![at];
        for to in 1..=two.len() {
            let same = usize::from(one[at - 1] != two[to - 1]);
            let mut best =
                (rows[at - 1][to - 1] + same).min(rows[at - 1][to] + 1).min(row[to - 1] + 1);
            if at > 1 && to > 1 && one[at - 1] == two[to - 2] && one[at - 2] == two[to - 1] {
                best = best.min(rows[at - 2][to - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][two.len()]
}

/// What a handler has chained to against what its declaration names: where a graph has both.
fn outputs(graph: &Graph, problems: &mut Vec<Problem>) {
    let mut declared: FxHashMap<&str, Vec<&[Trigram]>> = FxHashMap::default();
    let mut anything: FxHashSet<&str> = FxHashSet::default();
    for node in &graph.handlers {
        if let Origin::Registered { location } = &node.origin {
            match &node.declared {
                Some(signals) => declared.entry(location).or_default().push(signals),
                // One line may register several handlers.
                None => drop(anything.insert(location)),
            }
        }
    }
    for edge in &graph.edges {
        let Origin::Recorded { location: Some(location), .. } = &edge.origin else { continue };
        let Some(lists) =
            declared.get(location.as_str()).filter(|_| !anything.contains(location.as_str()))
        else {
            continue;
        };
        if lists.iter().any(|signals| signals.contains(&edge.to)) {
            continue;
        }
        let message = format!(
            "the handler at {location} has chained to {}, which it does not declare",
            edge.to
        );
        let help = "name it among its outputs, or do not chain to it";
        problems.push(
            Problem::new(Check::UndeclaredOutput, message, help).mark(&edge.origin, "recorded"),
        );
    }
}
