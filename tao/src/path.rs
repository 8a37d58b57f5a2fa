//! TAO-Path: the paths of an app, written down, checked, drawn, and held against what the app does.
//!
//! A [`Document`] is what somebody has written, in Markdown or in a `.tao` file. A [`Graph`] is what it says; the registrations of a
//! [`Kernel`](crate::Kernel) and the [`Trace`] of a run are graphs as well, so that each can be compared with each. The command `tao-path`
//! (feature `cli`) does from outside what is here.
//!
//! | to | there is |
//! |---|---|
//! | read, write, format | [`Document`] |
//! | find what does not add up | [`Checks`] |
//! | find out what code and document say differently | [`Graph::diff`] |
//! | test that an app goes along a path | [`assert_path!`](crate::assert_path), [`begin`] |
//! | see which branches a test run has gone | [`Coverage`] |
//! | drive every way through a path with generated data | `test_routes`, with the feature `proptest`; [`routes`] |
//! | draw, with a trace laid over it | [`Picture`], [`Graph::lay_over`] |
//!
//! # A document that cannot drift
//!
//! Paths that live beside the code, and a test that fails when the two say different things:
//!
//! ```
//! use trine_tao::{AppCtx, HandlerGuard, Kernel, Store, assert_path, path::{Checks, Document, Graph}};
//!
//! const PATHS: &str = "
//! ### TAO-Path: Open the App
//!
//! | chain         | Term  | Action  | Orient   | mode  | handler spec     |
//! |---------------|-------|---------|----------|-------|------------------|
//! | opens the app | `App` | `Enter` | `Portal` | `=>`  | prepare the view |
//! |               | `App` | `Enter` | `Portal` | `=>/` | count the visit  |
//! | `=>`          | `App` | `View`  | `Portal` | `=>`  | show it          |
//! ";
//!
//! fn handlers(tao: &Kernel) -> Vec<HandlerGuard> {
//!     vec![
//!         tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal")),
//!         tao.on_async(("App", "Enter", "Portal"), |_| ()),
//!         tao.on_inline(("App", "View", "Portal"), |_| ()),
//!     ]
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let tao = Kernel::new(&Store::new());
//! let _handlers = handlers(&tao);
//!
//! let document = Document::read("paths.md", PATHS).complete().unwrap();
//! assert_eq!(Checks::new().of(&[&document]), []);
//!
//! let drift = document.graph().diff(&Graph::of_kernel(&tao));
//! assert!(drift.is_empty(), "{drift}");
//!
//! assert_path!(tao, &document, "Open the App", AppCtx::new("App", "Enter", "Portal"), await);
//! # });
//! ```
//!
//! Nothing of this is in an app that does not ask for it: the kernel is looked at from outside, by its list of handlers and its
//! observations. User code runs where it always does, on the thread that sets a signal and on the store's runtime; what is here calls
//! none itself, but for the closures that are handed to it.
//!
//! # The language
//!
#![doc = include_str!("../docs/tao-path.md")]

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
