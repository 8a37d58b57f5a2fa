//! Drift: what one source promises and another does not do, and what that does and the first does not say.
//!
//! | tier | what it is |
//! |---|---|
//! | on the path | both say it |
//! | off the path | all its names are in the space of the first, but it says nothing of it |
//! | outside of the space | it has a name that the first does not know |
//!
//! The space is what is declared; an axis on which nothing is declared has the names that the first source uses.
//!
//! Handlers are compared by what they listen to and their phase, chains by where they come from, by which phase, and where they lead. A
//! source that is open (code whose handlers may chain to any signal) promises no chains and misses none: of it,
//! only what is declared or was recorded is compared.

use super::graph::{Edge, Graph, HandlerIndex, HandlerNode, Origin};
use crate::{Pattern, Phase, Trigram};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use std::fmt;

/// What two sources say differently, as [`Graph::diff`] finds it.
///
/// Its [`Display`](fmt::Display) is a report: what is promised and missing, then what is done, tier by tier.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Diff {
    /// What the first source says and the second does not do.
    pub missing: Vec<Difference>,
    /// What both say.
    pub on_path: Vec<Difference>,
    /// What the second does off any path of the first.
    pub off_path: Vec<Difference>,
    /// What the second does outside of the space of the first.
    pub outside: Vec<Difference>,
}

/// A handler or a chain that one source has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// What it is.
    pub what: Fact,
    /// Where it comes from.
    pub origin: Origin,
}

/// A handler or a chain, without where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
#[non_exhaustive]
pub enum Fact {
    /// A handler: what it listens to, and its phase.
    Handler(Pattern, Phase),
    /// A chain: what its handler listens to, the handler's phase, and where it leads.
    Chain(Pattern, Phase, Trigram),
    /// A signal that comes from outside.
    Entry(Trigram),
}

impl Graph {
    /// Compares what this source says with what `other` does.
    ///
    /// ```
    /// use trine_tao::{AppCtx, Kernel, Store, path::{Document, Graph}};
    ///
    /// let document = Document::read("app.tao", r#"
    /// path "Open" {
    ///     "opens the app" {App,Enter,Portal} => "prepare"
    ///     =>              {App,View,Portal}  => "show"
    /// }
    /// "#);
    /// let tao = Kernel::new(&Store::new());
    /// let _enter = tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal"));
    /// let _trace = tao.on_async(("App", "Enter", "Portal"), |_| ());
    ///
    /// let diff = document.graph().diff(&Graph::of_kernel(&tao));
    /// assert_eq!(diff.missing[0].what.to_string(), "inline handler of {App,View,Portal}");
    /// assert_eq!(diff.off_path[0].what.to_string(), "async handler of {App,Enter,Portal}");
    /// ```
    #[must_use]
    pub fn diff(&self, other: &Self) -> Diff {
        let mut diff = Diff::default();
        let (own, theirs) = (Facts::of(self), Facts::of(other));
        let space = Space::of(self);
        let compared = |fact: &Fact, graph: &Self, facts: &Facts| match fact {
            Fact::Handler(..) => facts.registers,
            Fact::Chain(pattern, phase, _) => {
                facts.recorded || !facts.hides(graph, pattern, *phase)
            }
            Fact::Entry(_) => false,
        };
        for (fact, origin) in &own.list {
            let difference = Difference { what: fact.clone(), origin: (*origin).clone() };
            if theirs.says(fact, other) {
                diff.on_path.push(difference);
            } else if compared(fact, other, &theirs) {
                diff.missing.push(difference);
            }
        }
        for (fact, origin) in &theirs.list {
            if own.says(fact, self)
                || !(compared(fact, self, &own) || matches!(fact, Fact::Entry(_)))
            {
                continue;
            }
            let difference = Difference { what: fact.clone(), origin: (*origin).clone() };
            let tier = if space.has(fact) { &mut diff.off_path } else { &mut diff.outside };
            tier.push(difference);
        }
        diff
    }
}

/// What a graph says.
struct Facts<'a> {
    list: Vec<(Fact, &'a Origin)>,
    set: FxHashSet<Fact>,
    /// The chains, by phase and where they lead: who may have taken them.
    leading: FxHashMap<(Phase, &'a Trigram), Vec<&'a HandlerNode>>,
    index: HandlerIndex,
    /// Whether it says which handlers there are: a trace alone tells only of those that chained.
    registers: bool,
    /// Whether it says what has really been chained to.
    recorded: bool,
    /// The phases of which it has a handler that may chain to any signal.
    hiding: Vec<Phase>,
}

impl<'a> Facts<'a> {
    fn of(graph: &'a Graph) -> Self {
        let mut facts = Self {
            list: Vec::new(),
            set: FxHashSet::default(),
            leading: FxHashMap::default(),
            index: HandlerIndex::new(graph),
            registers: graph
                .handlers
                .iter()
                .any(|node| !matches!(node.origin, Origin::Recorded { .. })),
            recorded: graph.edges.iter().any(|edge| edge.runs.is_some()),
            hiding: Vec::new(),
        };
        facts.hiding = graph
            .handlers
            .iter()
            .filter(|node| hides(node))
            .filter_map(|node| node.phase)
            .collect();
        facts.hiding.sort_unstable();
        facts.hiding.dedup();
        for node in &graph.handlers {
            let recorded = matches!(node.origin, Origin::Recorded { .. });
            if let Some(phase) = node.phase.filter(|_| !recorded) {
                facts.add(Fact::Handler(node.pattern.clone(), phase), &node.origin);
            }
        }
        for edge in &graph.edges {
            let node = &graph.handlers[edge.from];
            let Some(phase) = node.phase else { continue };
            facts.leading.entry((phase, &edge.to)).or_default().push(node);
            facts.add(fact(node, phase, edge), &edge.origin);
        }
        for entry in
            graph.entries.iter().filter(|entry| entry.trigger.is_some() || entry.runs.is_some())
        {
            facts.add(Fact::Entry(entry.to.clone()), &entry.origin);
        }
        facts
    }

    fn add(&mut self, fact: Fact, origin: &'a Origin) {
        if self.set.insert(fact.clone()) {
            self.list.push((fact, origin));
        }
    }

    /// Whether it may chain to more than it says, on a signal that matches: then what it does not say is not missing.
    fn hides(&self, graph: &Graph, pattern: &Pattern, phase: Phase) -> bool {
        let Some(signal) = pattern.trigram() else { return self.hiding.contains(&phase) };
        self.hiding.contains(&phase)
            && self.index.hearing(&signal).any(|at| {
                let node = &graph.handlers[at];
                node.phase == Some(phase) && hides(node)
            })
    }

    /// Whether it says this. A chain from one signal is also said by one from all signals, and the other way round: a trace has seen the
    /// signal, a document names the pattern.
    fn says(&self, fact: &Fact, graph: &Graph) -> bool {
        if self.set.contains(fact) {
            return true;
        }
        /// How many handlers that lead to one signal are looked at.
        const LOOKED_AT: usize = 64;
        match fact {
            Fact::Handler(..) => false,
            Fact::Chain(pattern, phase, to) => {
                let known = self.leading.get(&(*phase, to)).map_or(&[][..], Vec::as_slice);
                known.iter().take(LOOKED_AT).any(|node| node.pattern.overlaps(pattern))
            }
            // Whatever is handled may be set.
            Fact::Entry(signal) => self
                .index
                .hearing(signal)
                .any(|at| graph.handlers[at].phase != Some(Phase::Intercept)),
        }
    }
}

/// Whether a handler may chain to signals that no edge says.
fn hides(node: &HandlerNode) -> bool {
    matches!(node.origin, Origin::Registered { .. }) && node.declared.is_none()
}

fn fact(node: &HandlerNode, phase: Phase, edge: &Edge) -> Fact {
    Fact::Chain(node.pattern.clone(), phase, edge.to.clone())
}

/// The names that a source knows, axis by axis.
struct Space<'a>([FxHashSet<&'a str>; 3]);

impl<'a> Space<'a> {
    fn of(graph: &'a Graph) -> Self {
        let mut axes: [FxHashSet<&str>; 3] =
            std::array::from_fn(|axis| graph.space.axes[axis].iter().map(String::as_str).collect());
        let declared = [0, 1, 2].map(|axis: usize| !axes[axis].is_empty());
        for node in &graph.handlers {
            for (axis, part) in
                node.pattern.parts().iter().enumerate().filter(|(axis, _)| !declared[*axis])
            {
                axes[axis]
                    .extend(part.names().unwrap_or_default().iter().map(|name| name.as_str()));
            }
        }
        for signal in graph.edges.iter().map(|edge| &edge.to) {
            for (axis, name) in
                signal.parts().into_iter().enumerate().filter(|(axis, _)| !declared[*axis])
            {
                axes[axis].insert(name.as_str());
            }
        }
        Self(axes)
    }

    fn has(&self, fact: &Fact) -> bool {
        let knows = |pattern: &Pattern| {
            let parts = pattern.parts().iter().zip(&self.0);
            parts.into_iter().all(|(part, names)| {
                part.names().unwrap_or_default().iter().all(|name| names.contains(name.as_str()))
            })
        };
        match fact {
            Fact::Handler(pattern, _) => knows(pattern),
            Fact::Chain(pattern, _, to) => knows(pattern) && knows(&to.into()),
            Fact::Entry(signal) => knows(&signal.into()),
        }
    }
}

impl Diff {
    /// Whether the second source does exactly what the first one says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.off_path.is_empty() && self.outside.is_empty()
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tiers = [
            ("promised, and not done", &self.missing),
            ("done in the space, but on no path", &self.off_path),
            ("done outside of the space", &self.outside),
        ];
        for (title, differences) in tiers.iter().filter(|(_, differences)| !differences.is_empty())
        {
            writeln!(f, "{title}:")?;
            for Difference { what, origin } in *differences {
                writeln!(f, "  {what}\n      at {origin}")?;
            }
        }
        write!(f, "on the path: {}", self.on_path.len())
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(pattern, phase) => write!(f, "{phase} handler of {pattern}"),
            Self::Chain(pattern, phase, to) => write!(f, "{pattern} {} {to}", arrow(*phase)),
            Self::Entry(signal) => write!(f, "{signal} set from outside"),
        }
    }
}

/// How a chain by a handler of that phase is written.
pub(crate) fn arrow(phase: Phase) -> &'static str {
    match phase {
        Phase::Intercept => "=>?",
        Phase::Async => "=>/",
        Phase::Inline => "=>",
    }
}

impl From<Fact> for String {
    fn from(fact: Fact) -> Self {
        fact.to_string()
    }
}
