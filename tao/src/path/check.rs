//! Checks: what does not add up, though each row can be read.
//!
//! | file | what it finds |
//! |---|---|
//! | `graph/lower.rs` | labels and names that are undefined, twice there, or refer to something wild |
//! | `check/reach.rs` | what is unhandled, unreachable or dead; paths that never end |
//! | `check/answers.rs` | requests that are not answered on every branch |
//! | `check/cycles.rs` | circles in line without a bound |
//! | `check/overlaps.rs` | redirects that overlap, wild rows that a wider one shadows |
//! | `check/names.rs` | names outside of the space, outputs that are not declared |
//!
//! All of them take time linear in the graph.

mod answers;
mod cycles;
mod names;
mod overlaps;
mod reach;

use super::{
    document::Document,
    graph::{Graph, HandlerIndex, Lowered},
    problem::{Check, Level, Problem},
};
use std::collections::BTreeMap;

/// Which checks there are to be, and how much each of them matters.
///
/// ```
/// use trine_tao::path::{Check, Checks, Document, Level};
///
/// let document = Document::read("login.tao", r#"
/// path "Log in" {
///     "User hits login" {User,Enter,Portal} => "find the user"
///     =>                {User,Fnid,Portal}
/// }
/// "#);
/// let problems = Checks::new().of(&[&document]);
/// assert_eq!(problems[0].check, Check::UnhandledEdge);
/// assert_eq!(problems[0].place().unwrap().line, 4);
/// assert_eq!(Checks::new().level(Check::UnhandledEdge, Level::Allow).of(&[&document]), []);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Checks {
    levels: BTreeMap<Check, Level>,
}

impl Checks {
    /// All checks, each with its default level.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How much `check` matters.
    #[must_use]
    pub fn level(mut self, check: Check, level: Level) -> Self {
        self.levels.insert(check, level);
        self
    }

    /// What is wrong with these documents, which may refer to each other: what cannot be read, what does not add up.
    ///
    /// In the order of the files and lines. The time is linear in the documents.
    #[must_use]
    pub fn of(&self, documents: &[&Document]) -> Vec<Problem> {
        let Lowered { graph, problems } = Lowered::of(documents.iter().copied());
        let read = documents.iter().flat_map(|document| document.problems().iter().cloned());
        self.sorted(read.chain(problems).chain(found(&graph)).collect())
    }

    /// What does not add up in a graph, from whatever source.
    #[must_use]
    pub fn of_graph(&self, graph: &Graph) -> Vec<Problem> {
        self.sorted(found(graph))
    }

    fn sorted(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        problems.retain_mut(|problem| {
            let level = self.levels.get(&problem.check).copied();
            problem.level = level.unwrap_or(problem.check.default_level());
            problem.level != Level::Allow
        });
        let key = |problem: &Problem| {
            let place = problem.place();
            place.map(|place| (place.file.clone(), place.span.start))
        };
        problems.sort_by_cached_key(|problem| (key(problem), problem.check));
        // One row may be found in several ways; once is enough.
        problems.dedup_by(|one, two| {
            one.check == two.check
                && one.marks.first() == two.marks.first()
                && one.message == two.message
        });
        problems
    }
}

fn found(graph: &Graph) -> Vec<Problem> {
    let index = HandlerIndex::new(graph);
    let mut problems = Vec::new();
    reach::check(graph, &index, &mut problems);
    answers::check(graph, &index, &mut problems);
    cycles::check(graph, &index, &mut problems);
    overlaps::check(graph, &mut problems);
    names::check(graph, &mut problems);
    problems
}

/// The edges that lead out of each handler: indices.
fn leaving(graph: &Graph) -> Vec<Vec<usize>> {
    let mut leaving = vec![Vec::new(); graph.handlers.len()];
    for (at, edge) in graph.edges.iter().enumerate() {
        leaving[edge.from].push(at);
    }
    leaving
}
