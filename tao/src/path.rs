//! TAO-Path: the paths of an app, written down, checked, drawn, and held against what the app does.

mod check;
mod coverage;
mod diff;
mod document;
mod draw;
mod graph;
mod place;
mod problem;
mod read;
mod routes;
mod run;
mod symbols;
mod trace;
mod walk;
mod write;

pub use check::Checks;
pub use coverage::Coverage;
pub use diff::{Diff, Difference, Fact};
pub use document::{Document, Item, Path, Row, Space};
pub use draw::Picture;
pub use graph::{Edge, EdgeKind, Entry, Graph, HandlerNode, Origin, PathNode, Runs};
pub use place::{Place, Span};
pub use problem::{Check, Level, Mark, Problem, Unreadable};
pub use routes::{Route, Step, routes};
pub use run::{BeginError, PathRun, Paths, begin};
pub use symbols::{Arrow, Chain, Manner, Mode, Reaction, Reference, Target};
pub use trace::{Fate, Trace, TracedCascade, TracedDispatch, TracedHandler};
pub use walk::{Deviation, Walk, walks_of};

#[cfg(feature = "proptest")]
pub use routes::{IntoWalk, test_routes};

#[doc(hidden)]
pub use run::{PATIENCE, begun, held};
