//! Coverage: which branches of the paths a test run has gone.

use super::{
    document::Document,
    graph::{EdgeKind, Graph, HandlerIndex, Origin},
    run::{BeginError, Paths},
    trace::{Fate, Trace},
};
use std::fmt;

/// Which chains, entries and halts of the paths have been seen, over any number of traces.
///
/// ```
/// use trine_tao::{AppCtx, Kernel, Store, path::{Coverage, Trace}};
///
/// let mut coverage = Coverage::of(r#"
/// path "Log in" {
///     "User hits login" {User,Find,Portal}  => "there is one [^1a]" "there is none [^1b]"
///     \1a:=>            {User,Enter,Portal} => "greet them"
///     \1b:=>            {User,Fail,Portal}  => "say so"
/// }
/// "#)?;
/// let tao = Kernel::new(&Store::new());
/// let _find = tao.on_inline(("User", "Find", "Portal"), |_| AppCtx::new("User", "Enter", "Portal"));
///
/// let recorder = tao.record();
/// tao.set(AppCtx::new("User", "Find", "Portal"));
/// coverage.add(&Trace::so_far(&recorder));
/// assert_eq!((coverage.seen(), coverage.total()), (2, 3));
/// assert_eq!(coverage.unseen(), ["Log in: {User,Find,Portal} => {User,Fail,Portal} (there is none)"]);
/// # Ok::<_, trine_tao::path::BeginError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Coverage {
    graph: Graph,
    /// Of each handler that may halt, whether it was seen to.
    halts: Vec<(usize, bool)>,
}

/// One thing that may be seen.
struct Item<'a> {
    path: Option<usize>,
    seen: bool,
    what: String,
    origin: &'a Origin,
}

impl Coverage {
    /// None of these paths has been gone so far.
    ///
    /// # Errors
    ///
    /// [`BeginError`] if they cannot be read.
    pub fn of(paths: impl Paths) -> Result<Self, BeginError> {
        Ok(Self::of_document(paths.document()?.as_ref()))
    }

    fn of_document(document: &Document) -> Self {
        let mut graph = document.graph();
        graph.lay_over(&Trace::default());
        let halts = graph.handlers.iter().enumerate().filter(|(_, node)| node.may_halt);
        let halts = halts.map(|(at, _)| (at, false)).collect();
        Self { graph, halts }
    }

    /// Adds what a trace has seen.
    pub fn add(&mut self, trace: &Trace) {
        self.graph.lay_over(trace);
        if self.halts.is_empty() {
            return;
        }
        let index = HandlerIndex::new(&self.graph);
        for own in trace.cascades.iter().flat_map(|cascade| &cascade.dispatches) {
            if let Fate::Halted(_) = own.fate {
                for handler in index.hearing(&own.signal) {
                    for (_, seen) in self.halts.iter_mut().filter(|(at, _)| *at == handler) {
                        *seen = true;
                    }
                }
            }
        }
    }

    /// How many there are: triggers, chains, and halts.
    #[must_use]
    pub fn total(&self) -> usize {
        self.items().count()
    }

    /// How many of them have been seen.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.items().filter(|item| item.seen).count()
    }

    /// What has not been seen, with the name of its path.
    #[must_use]
    pub fn unseen(&self) -> Vec<String> {
        self.items().filter(|item| !item.seen).map(|item| self.named(&item)).collect()
    }

    /// Asserts that everything has been seen.
    ///
    /// # Panics
    ///
    /// If something has not, with a report.
    #[track_caller]
    pub fn assert_complete(&self) {
        assert!(self.seen() == self.total(), "not all branches have been gone:\n{self}");
    }

    /// The paths with what was seen of each edge, for drawing.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    fn named(&self, item: &Item<'_>) -> String {
        match item.path.map(|path| &self.graph.paths[path].name) {
            Some(name) => format!("{name}: {}", item.what),
            None => item.what.clone(),
        }
    }

    fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let graph = &self.graph;
        let entries = graph.entries.iter().filter_map(|entry| {
            let trigger = entry.trigger.as_ref()?;
            let seen = entry.runs.is_some_and(|runs| runs.count > 0);
            let what = format!("\"{trigger}\" {}", entry.to);
            Some(Item { path: entry.path, seen, what, origin: &entry.origin })
        });
        let edges = graph.edges.iter().filter_map(|edge| {
            let node = &graph.handlers[edge.from];
            let when = match (&edge.kind, edge.when.as_str()) {
                (EdgeKind::Then | EdgeKind::Beside | EdgeKind::Branch, "") => String::new(),
                (_, "") => format!(" ({})", edge.kind),
                (_, when) => format!(" ({when})"),
            };
            let what =
                format!("{} {} {}{when}", node.pattern, super::diff::arrow(node.phase?), edge.to);
            let seen = edge.runs.is_some_and(|runs| runs.count > 0);
            Some(Item { path: edge.path, seen, what, origin: &edge.origin })
        });
        let halts = self.halts.iter().map(|(at, seen)| {
            let node = &graph.handlers[*at];
            let what = format!("{} halted", node.pattern);
            Item { path: node.path, seen: *seen, what, origin: &node.origin }
        });
        entries.chain(edges).chain(halts)
    }
}

/// A line for each path, and what has not been seen below it.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<_> = self.items().collect();
        for (index, path) in self.graph.paths.iter().enumerate() {
            let own = || items.iter().filter(|item| item.path == Some(index));
            let (seen, total) = (own().filter(|item| item.seen).count(), own().count());
            writeln!(
                f,
                "{} of {total} ({} %) {}",
                seen,
                (seen * 100).checked_div(total).unwrap_or(100),
                path.name
            )?;
            for item in own().filter(|item| !item.seen) {
                writeln!(f, "    not seen: {} at {}", item.what, item.origin)?;
            }
        }
        Ok(())
    }
}
