//! TAO-Path: the paths of an app, written down, checked, drawn, and held against what the app does.

mod check;
mod diff;
mod document;
mod graph;
mod place;
mod problem;
mod read;
mod symbols;
mod write;

pub use check::Checks;
pub use diff::{Diff, Difference, Fact};
pub use document::{Document, Item, Path, Row, Space};
pub use graph::{Edge, EdgeKind, Entry, Graph, HandlerNode, Origin, PathNode, Runs};
pub use place::{Place, Span};
pub use problem::{Check, Level, Mark, Problem, Unreadable};
pub use symbols::{Arrow, Chain, Manner, Mode, Reaction, Reference, Target};
