//! The TAO: what happens in an app is a signal `{Term,Action,Orient}`, and handlers react to it in three phases.
//!
//! The parts of an app do not call each other. One sets an *Application Context*, for example `{User,Enter,Portal}` with
//! a user in it; others have said which contexts they handle; what a handler returns is the next context. So
//! an app reads as the paths that its users take, and a new feature is a handler more, not a change.
//!
//! # User enters the app
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use trine_tao::{AppCtx, Kernel, Store, Verdict};
//!
//! #[derive(Clone, PartialEq)]
//! struct Session { user: u32 }
//!
//! # async fn find_session() -> Result<Option<Session>, std::io::Error> { Ok(Some(Session { user: 7 })) }
//! let store = Store::new();
//! let session = store.source(None);
//! let tao = Kernel::new(&store);
//!
//! // In line: a function, and what it returns is chained when all inline handlers have run.
//! let _enter = tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal"));
//! let _view = tao.on_inline(("App", "View", "Portal"), |_| println!("the portal is shown"));
//!
//! // Out of band: the same signal forks off the session's path, which holds up nothing and can break nothing.
//! let _fork = tao.on_async(("App", "Enter", "Portal"), |_| AppCtx::new("Session", "Find", "Portal"));
//!
//! // Handlers may be async; `?` works on any error; a branch is an `if` between contexts.
//! let _find = tao.on_inline(("Session", "Find", "Portal"), |_| async {
//!     Ok(match find_session().await? {
//!         Some(session) => AppCtx::new("Session", "Enter", "Portal").term(session),
//!         None => AppCtx::new("Session", "Create", "Portal"),
//!     })
//! });
//!
//! // State is kept in cells of the store. Data is typed: one slot for each part of the trigram.
//! let _local = tao.on_inline(("Session", "Enter", "Portal"), {
//!     let store = store.clone();
//!     move |cx| {
//!         store.set(session, Some(cx.term_datum::<Session>()?.clone()));
//!         Ok(())
//!     }
//! });
//!
//! // An intercept decides whether the others hear of it. Any part of a pattern may be wild.
//! let _gate = tao.on_intercept(("*", "*", "Admin"), |_| Verdict::halt("not allowed"));
//!
//! let cascade = tao.set(AppCtx::new("App", "Enter", "Portal")); // prints "the portal is shown"
//! assert!(store.get(session).is_none()); // out of band: not yet
//! cascade.settled().await;
//! assert_eq!(store.get(session).unwrap().user, 7);
//! # });
//! ```
//!
//! The guide goes on from here, [from the first trigram to a protocol with branches](guide::user_enters_the_app).
//!
//! # What there is
//!
//! - **Three phases, one order**: intercepts gate, then async handlers are queued, then inline handlers run, then
//!   what they returned is chained. Inside a phase there is no order to rely on; [`KernelBuilder::shuffle`] proves that a test
//!   does not.
//! - **Functions and async functions alike**, with or without `Result`, returning nothing, one context or several:
//!   [`Answer`]. Work that is ready at once needs no runtime and is done when [`Kernel::set`] returns.
//! - **Isolation**: an error or a panic of a handler is that handler's; no caller and no sibling sees it.
//! - **Cascades** have a handle: wait until all is at rest, see what the first signal came to, abort: [`Cascade`].
//! - **Bounds**: chains need no stack, a circle ends at the [hop budget](KernelBuilder::hop_budget) with an error that names it, and
//!   a long chain out of band lets others have the thread.
//! - **Observation** of every waypoint, every chain and every error, with the handler's place in the source:
//!   [`Kernel::observe`]. Observers are handed nothing to change anything with.
//! - **Typed trigrams** beside string ones, and outputs that the compiler holds a handler to: [`typed`].
//! - **Likely mistakes** are observed, and allowed, warned of or denied: [`KernelBuilder::space`], [`KernelBuilder::unhandled`].
//! - **What handles this, who emits it**: [`Kernel::handlers_of`], [`Kernel::emitters_of`]; what has happened: [`Kernel::record`].
//! - **Chains** of values from cause to effect, W3C trace contexts, and ids by which what is delivered again is known:
//!   [`Kernel::chain_reducer`], [`Kernel::trace_context`], [`Kernel::derived_ids`]; `tracing`
//!   spans for cascades, dispatches and handlers.
//! - **Paths as documents**, with the feature `path`: tables that people write are checked, drawn, run, and compared with the code and
//!   with what the app did.
//! - **Signals are concrete by type, patterns may be wild**; a dispatch looks at no more than eight patterns, however many there are,
//!   and signals that nobody handles leave no trace.
//!
//! - **Parts and processes**: channels, requests, bridges, links to other processes, views. The guide's chapter
//!   [from one kernel to a client and a server](guide) goes through them, and has the table of what they are in tao.js.
//!
//! A signal cannot be made of what only a pattern may be made of:
//!
//! ```compile_fail,E0277
//! use trine_tao::{ANY, AppCtx};
//! let _ = AppCtx::new(ANY, "Enter", "Portal");
//! ```
//!
//! # Features
//!
//! None is on by default.
//!
//! - `serde`: data and chains as JSON, by a model of what the slots hold.
//! - `wire`: links to other processes; `tcp`: over TCP, with tokio.
//! - `path`: TAO-Paths, checked, drawn, and held against what an app does; `proptest`: with generated data; `cli`: the command `tao-path`.
//!
//! # The document and its tests
//!
//! The model is that of [tao.js](https://github.com/zzyzxlab/tao.js). Each sample and guarantee of its document
//! on async handlers is a test in `tests/it`:
//!
//! | the document | test |
//! |---|---|
//! | *TAO-Path: Bootstrap Home Page* | `bootstrap_home_page::the_portal_is_shown_in_line_and_the_session_is_kicked_off_out_of_band` |
//! | "happen out of band so it doesn't block the User's experience" | `bootstrap_home_page::a_slow_session_holds_up_nothing_of_the_home_page` |
//! | *TAO-Path: Bootstrap User Session*, not found: `1a` | `bootstrap_user_session::branch_1a_a_session_that_is_not_found_is_created_and_then_entered` |
//! | found: `1b` | `bootstrap_user_session::branch_1b_a_session_that_is_found_is_entered` |
//! | *Refined Bootstrap User Session*; `addAsyncHandler` three times | `bootstrap_user_session::refined_an_entered_session_is_tracked_and_its_user_fetched_each_out_of_band` |
//! | tracking is a side effect | `bootstrap_user_session::refined_tracking_that_fails_changes_nothing_for_the_user` |
//! | "Async Handlers are not async handlers" | `async_handlers::an_async_handler_may_be_an_ordinary_function` |
//! | "do not block the setCtx or setAppCtx calls" | `async_handlers::set_returns_before_any_async_handler_ran` |
//! | "the main line of execution will continue without regard" | `async_handlers::async_handlers_are_queued_before_the_first_inline_handler_runs` |
//! | "another Async Handler execution context can take over" | `async_handlers::async_handlers_do_not_block_each_other_nor_the_line` |
//! | "a whole new set of handlers of all types" | `async_handlers::a_context_returned_by_an_async_handler_faces_handlers_of_all_types_in_its_own_execution_context` |
//! | "All Errors are Swallowed", "or any downstream (chained) handlers" | `async_handlers::errors_of_async_handlers_and_of_everything_chained_from_them_never_reach_the_caller` |
//! | ordering: intercept, async, inline, chains | `gates`, `inline_handlers::chains_are_dispatched_after_all_inline_handlers_and_in_line_each_facing_its_own_phases` |
//!
//! The clauses of the TAO's contract, what tao.js does with them, its defects, and the test for each of these: [`contract`].
//!
//! # tao.js -> trine-tao
//!
//! What a user of tao.js looks for, and where it is. Why it differs: see the table below.
//!
//! | tao.js | here |
//! |---|---|
//! | `new Kernel()`, the default `TAO` | [`Kernel::new`]; no global one |
//! | `TAO.setCtx({t, a, o}, data)`, `setAppCtx` | [`Kernel::set`] with an [`AppCtx`] |
//! | `new AppCtx(t, a, o, ...data)` | [`AppCtx::new`], then [`term`](AppCtx::term), [`action`](AppCtx::action), [`orient`](AppCtx::orient) |
//! | `unwrapCtx`, `data` | [`AppCtx::trigram`], [`AppCtx::term_datum`] and its siblings |
//! | `addInterceptHandler`, `addAsyncHandler`, `addInlineHandler` | [`Kernel::on_intercept`], [`on_async`](Kernel::on_async), [`on_inline`](Kernel::on_inline) |
//! | an array of trigrams, wildcards | `(["User", "Space"], "Find", ANY)`: [`Pattern`] |
//! | `removeInlineHandler(trigram, fn)` | drop its [`HandlerGuard`] |
//! | return an `AppCtx` | the same; several: an array or `Vec`: [`Answer`] |
//! | return truthy from an intercept | [`Verdict::halt`], with a reason |
//! | return an `AppCtx` from an intercept | [`Verdict::Redirect`] |
//! | `throw` | return `Err`, or panic: observed, never thrown at a caller |
//! | `clone()` | [`Kernel::copy`]; `Kernel::clone` is one more handle |
//! | `canSetWildcard` | there is none: a signal cannot be wild |
//! | `decorate({onDispatch, onReturn, onProceed, onForward})` | [`Kernel::observe`]: [`What`] |
//! | `decorate({chain: {key, next}})` | [`Kernel::chain_reducer`] |
//! | `envelope.cascade`, `.hop`, `.chain` | [`CascadeId`], [`Via`], [`Chain`] |
//! | `Tracer`, `InMemorySink`, `traceparent` | [`Kernel::record`], [`Kernel::trace_context`], spans of `tracing` |
//! | `TaoLogger` | [`Kernel::observe`] and `println!("{observation}")` |
//! | `@tao.js/typed` | [`typed`] |
//! | `freezeDatum` | data is shared and cannot be changed |
//!
//! # Where this differs from tao.js
//!
//! | tao.js | here | why |
//! |---|---|---|
//! | handlers that come or go during a dispatch take part in it, or not, by chance | a dispatch keeps the handlers that matched when it began | what happens can be told from what was registered |
//! | an inline error skips the handlers after it and drops the chains of those before | the error is observed; siblings run, their chains are kept | features do not know each other, so they cannot break each other |
//! | an error downstream of an async handler is an unhandled rejection, which ends the process | observed, like every error out of band | the document's own guarantee |
//! | an intercept that fails leaves a signal without an outcome | [`Conclusion::Failed`], never a pass | a gate that is broken is closed |
//! | an observer is handed the kernel, and changes how errors go | observers can change nothing | watching an app does not change it |
//! | a signal may be wild | concrete by type: only a [`Pattern`] may be wild | a signal reaches a definite set of handlers |
//! | data is matched to the parts of the trigram by the shape of an object | three slots, each set and read by its type | a missing or wrong datum is a [`DatumError`] that names the slot |
//! | a handler is removed by the identity of its function | by its [`HandlerGuard`] | the same function can be registered twice |
//! | a cascade cannot be stopped, a circle never ends | [`Cascade::abort`], [`KernelBuilder::hop_budget`] | leaving a page stops what opening it has led to |

#[doc = include_str!("../docs/contract.md")]
pub mod contract {}

mod adapter;
mod cascade;
mod channel;
mod context;
mod dispatch;
mod envelope;
mod error;
pub mod guide;
mod handler;
mod journey;
#[cfg(feature = "serde")]
mod json;
mod kernel;
mod observe;
#[cfg(feature = "path")]
pub mod path;
mod pattern;
mod record;
mod request;
mod surface;
mod sync;
pub mod test;
mod trigram;
pub mod typed;
mod view;
#[cfg(feature = "wire")]
pub mod wire;

pub use adapter::{AdapterGuard, Bridge, Duplex, Failed, Filter, Joiner};
pub use cascade::{Cascade, CascadeId, Conclusion, Ending, Settled};
pub use channel::{Channel, WeakChannel};
pub use context::{AppCtx, DatumError};
pub use envelope::{
    BadDerivedId, BadTraceContext, Chain, ChainKeyTaken, ChainStep, ChainValue, DerivedId,
    ReducerGuard, TraceContext,
};
pub use error::{
    CascadeError, Cause, CutError, HandlerError, HopBudgetError, Refusal, RefusedError,
};
pub use handler::{
    Answer, BoxError, Contexts, HandlerId, Later, Now, Outputs, Phase, Response, Step, Verdict,
};
pub use journey::CrossingBudgetError;
#[cfg(feature = "serde")]
pub use json::{JsonError, JsonErrorKind, JsonModel};
pub use kernel::{
    CascadeBuilder, HandlerGuard, HandlerInfo, Kernel, KernelBuilder, Level, ObserverGuard, Space,
    WeakKernel,
};
pub use observe::{HandlerEvent, Observation, Said, Via, What};
pub use pattern::{ANY, Any, Names, Part, Pattern};
pub use record::{RecordedAnswer, RecordedCascade, RecordedDispatch, Recorder};
pub use request::{Question, Reply, Request, RequestError, RequestErrorKind};
pub use surface::Surface;
pub use trigram::{Axis, NotConcrete, Trigram};
pub use view::{NoData, Shown, View};

pub use trine_core::{Store, Text};

/// The README's samples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
