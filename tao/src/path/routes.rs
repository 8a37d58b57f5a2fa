//! The simple ways through a path, and tests that are made of them.
//!
//! A route goes from a signal that begins the path to one where nothing follows, and to no signal twice. A path with a branch has two,
//! one that forks has one for each prong. Of loops, a route takes none; their bodies are in it.

use super::{
    graph::{EdgeKind, Graph, HandlerIndex},
    run::{BeginError, Paths, find},
    walk::Walk,
};
use crate::{Pattern, Phase, Trigram};
use rustc_hash::FxHashSet;
use std::fmt;

/// One simple way through a path.
///
/// ```
/// let routes = trine_tao::path::routes(r#"
/// path "Log in" {
///     "User hits login" {User,Find,Portal}  => "there is one [^1a]" "there is none [^1b]"
///     \1a:=>            {User,Enter,Portal} => "greet them"
///     \1b:=>            {User,Fail,Portal}  => "say so"
/// }
/// "#, "Log in")?;
/// assert_eq!(routes[0].to_string(), "{User,Find,Portal} => {User,Enter,Portal}");
/// assert!(routes[1].visits(("*", "Fail", "*")));
/// # Ok::<_, trine_tao::path::BeginError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The signal that it begins with.
    pub begin: Trigram,
    /// What follows, in order.
    pub steps: Vec<Step>,
    /// Whether it ends since an intercept halts the last signal.
    pub halts: bool,
}

/// A chain on a route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The phase of the handler that chains.
    pub phase: Phase,
    /// The signal that it leads to.
    pub to: Trigram,
    /// When it does, in the words of the spec.
    pub when: String,
}

/// How many routes a path may have: beyond it, those that are first in the document are given.
const MOST: usize = 1_000;

/// The simple ways through the path of this name, and what it goes on in: at most 1,000.
///
/// # Errors
///
/// [`BeginError`] if the paths cannot be read, or there is none of that name.
pub fn routes(paths: impl Paths, name: &str) -> Result<Vec<Route>, BeginError> {
    let document = paths.document()?;
    let graph = document.graph();
    let path = find(&graph, name)?;
    let part = graph.part(path, true);
    let own = part.path(&graph.paths[path].name).unwrap_or(0);
    Ok(Search::new(&part).all(own))
}

struct Search<'a> {
    graph: &'a Graph,
    index: HandlerIndex,
    leaving: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut leaving = vec![Vec::new(); graph.handlers.len()];
        for (at, edge) in graph.edges.iter().enumerate() {
            leaving[edge.from].push(at);
        }
        Self { graph, index: HandlerIndex::new(graph), leaving }
    }

    fn all(&self, path: usize) -> Vec<Route> {
        let mut found = Vec::new();
        let mut begun: FxHashSet<&Trigram> = FxHashSet::default();
        for entry in self.graph.entries.iter().filter(|entry| entry.path == Some(path)) {
            if begun.insert(&entry.to) {
                self.from(&entry.to, &mut found);
            }
        }
        found
    }

    /// Depth first, without recursion: each signal on the way with the ways on that are left.
    fn from(&self, begin: &'a Trigram, found: &mut Vec<Route>) {
        let mut way: Vec<(Option<usize>, &Trigram, Vec<usize>)> = Vec::new();
        let mut on_way: FxHashSet<&Trigram> = FxHashSet::default();
        let mut enter = Some((None, begin));
        loop {
            if let Some((by, signal)) = enter.take() {
                on_way.insert(signal);
                let (mut on, ends, halts) = self.ways_on(signal);
                on.retain(|edge| !on_way.contains(&self.graph.edges[*edge].to));
                on.reverse();
                let over = ends || on.is_empty();
                way.push((by, signal, on));
                for halts in [over.then_some(false), halts.then_some(true)].into_iter().flatten() {
                    found.push(self.route(begin, &way, halts));
                }
            }
            if found.len() >= MOST {
                found.truncate(MOST);
                return;
            }
            let Some((_, signal, on)) = way.last_mut() else { return };
            match on.pop() {
                Some(edge) => {
                    let to = &self.graph.edges[edge].to;
                    if !on_way.contains(to) {
                        enter = Some((Some(edge), to));
                    }
                }
                None => {
                    on_way.remove(*signal);
                    way.pop();
                }
            }
        }
    }

    /// The edges that lead on from a signal, whether it may also end there, and whether it may be halted.
    fn ways_on(&self, signal: &Trigram) -> (Vec<usize>, bool, bool) {
        let (mut on, mut ends, mut halts) = (Vec::new(), false, false);
        let mut seen: FxHashSet<(Phase, &Trigram)> = FxHashSet::default();
        for at in self.index.hearing(signal) {
            let node = &self.graph.handlers[at];
            let Some(phase) = node.phase else { continue };
            halts |= node.may_halt;
            let results: Vec<_> = self.leaving[at]
                .iter()
                .filter(|edge| {
                    let kind = self.graph.edges[**edge].kind;
                    kind.is_result() && !matches!(kind, EdgeKind::Loop(_))
                })
                .collect();
            let failure = |edge: &&usize| {
                let when = &self.graph.edges[**edge].when;
                when.starts_with('!') || when.starts_with("`!`")
            };
            ends |= phase != Phase::Intercept
                && !results.is_empty()
                && results.iter().copied().all(|edge| failure(&edge));
            let new = results
                .into_iter()
                .filter(|edge| seen.insert((phase, &self.graph.edges[**edge].to)));
            on.extend(new.copied());
        }
        (on, ends, halts)
    }

    fn route(
        &self,
        begin: &Trigram,
        way: &[(Option<usize>, &Trigram, Vec<usize>)],
        halts: bool,
    ) -> Route {
        let steps = way.iter().filter_map(|(by, ..)| {
            let edge = &self.graph.edges[(*by)?];
            let phase = self.graph.handlers[edge.from].phase?;
            Some(Step { phase, to: edge.to.clone(), when: edge.when.clone() })
        });
        Route { begin: begin.clone(), steps: steps.collect(), halts }
    }
}

impl Route {
    /// Whether it comes to a signal of this pattern.
    #[must_use]
    pub fn visits(&self, pattern: impl Into<Pattern>) -> bool {
        let pattern = pattern.into();
        pattern.matches(&self.begin) || self.steps.iter().any(|step| pattern.matches(&step.to))
    }

    /// Whether a cascade has gone this way, whatever else it did.
    #[must_use]
    pub fn is_in(&self, walk: &Walk) -> bool {
        let taken: FxHashSet<_> = walk.steps().into_iter().collect();
        let mut before = &self.begin;
        let goes = self.steps.iter().all(|step| {
            let step =
                (std::mem::replace(&mut before, &step.to).clone(), step.phase, step.to.clone());
            taken.contains(&step)
        });
        goes && walk.begins_with(&self.begin) && (!self.halts || walk.halted(before))
    }
}

/// As it is written: `{App,Enter,Portal} => {App,View,Portal}`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.begin.fmt(f)?;
        for step in &self.steps {
            write!(f, " {} {}", super::diff::arrow(step.phase), step.to)?;
        }
        f.write_str(if self.halts { " halted" } else { "" })
    }
}

/// Drives every route of a path with data from a generator, and asserts that the app goes that way.
///
/// For each of the [`routes`], `given` says which data leads there, as a proptest strategy; `app` makes the app, begins the path
/// with that data, and gives the walk. The walk has to be on the path, and to go along that route. If it does not, the data is made as
/// simple as it can be, and told with the walk. `PROPTEST_CASES` says how many cases each route has.
///
/// ```
/// use proptest::prelude::*;
/// use trine_tao::{AppCtx, Kernel, Store, path};
///
/// const PATHS: &str = r#"
/// path "Log in" {
///     "User hits login" {User,Find,Portal}  => "there is one [^1a]" "there is none [^1b]"
///     \1a:=>            {User,Enter,Portal} => "greet them"
///     \1b:=>            {User,Fail,Portal}  => "say so"
/// }
/// "#;
///
/// fn handlers(tao: &Kernel) -> Vec<trine_tao::HandlerGuard> {
///     vec![
///         tao.on_inline(("User", "Find", "Portal"), |cx| {
///             let known = *cx.action_datum::<u32>()? < 100;
///             Ok(AppCtx::new("User", if known { "Enter" } else { "Fail" }, "Portal"))
///         }),
///         tao.on_inline(("User", "*", "Portal"), |_| ()),
///     ]
/// }
///
/// path::test_routes(
///     PATHS,
///     "Log in",
///     |route| if route.visits(("User", "Fail", "*")) { 100..u32::MAX } else { 0..100 },
///     |id| {
///         let tao = Kernel::new(&Store::new());
///         let _app = handlers(&tao);
///         let login = AppCtx::new("User", "Find", "Portal").action(id);
///         path::begin(&tao, PATHS, "Log in", login).map(|run| run.walk())
///     },
/// );
/// ```
///
/// # Panics
///
/// If the paths cannot be read, there is none of that name, it has no routes, or a walk is not what it should be.
#[cfg(feature = "proptest")]
#[track_caller]
pub fn test_routes<S, W>(
    paths: impl Paths,
    name: &str,
    given: impl Fn(&Route) -> S,
    app: impl Fn(S::Value) -> W,
) where
    S: proptest::strategy::Strategy,
    W: IntoWalk,
{
    use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

    let routes = match routes(paths, name) {
        Ok(routes) => routes,
        Err(error) => panic!("{error}"),
    };
    assert!(!routes.is_empty(), "the path `{name}` has no routes: nothing begins it");
    for route in routes {
        // Failures are told with their data; a file of seeds would be one more thing to keep.
        let config = Config { failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&given(&route), |data| {
            let walk =
                app(data).into_walk().map_err(|error| TestCaseError::fail(error.to_string()))?;
            if !walk.is_on_path() {
                return Err(TestCaseError::fail(walk.to_string()));
            }
            if !route.is_in(&walk) {
                return Err(TestCaseError::fail(format!("it went another way:\n{walk}")));
            }
            Ok(())
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, data)) => {
                panic!("the route {route} of `{name}`, with {data:?}: {reason}")
            }
            Err(TestError::Abort(reason)) => panic!("the route {route} of `{name}`: {reason}"),
        }
    }
}

/// What the app of [`test_routes`] may give: a walk, or why there is none.
#[cfg(feature = "proptest")]
pub trait IntoWalk {
    /// The walk.
    ///
    /// # Errors
    ///
    /// Why the path could not be begun.
    fn into_walk(self) -> Result<Walk, BeginError>;
}

#[cfg(feature = "proptest")]
impl IntoWalk for Walk {
    fn into_walk(self) -> Result<Walk, BeginError> {
        Ok(self)
    }
}

#[cfg(feature = "proptest")]
impl IntoWalk for Result<Walk, BeginError> {
    fn into_walk(self) -> Result<Walk, BeginError> {
        self
    }
}
