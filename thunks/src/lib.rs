//! Slices and async thunks: Redux Toolkit's model of state with typed outcomes and real cancellation.
//!
//! *Slices* hold the state and say how it changes. *Thunks* are the work that takes time; when one is dispatched it is
//! *pending*, and in the end *fulfilled* or *rejected*. Slices have cases for that, so loading flags and errors are plain state,
//! and all views are told of them once.
//!
//! ```
//! use std::{collections::{BTreeMap, BTreeSet}, sync::Arc};
//! use trine_thunks::{Action, AsyncThunk, Outcome, SliceKey, Store, ThunkApi, action};
//! # #[derive(Clone)] struct Api;
//! # #[derive(Debug, Clone)] struct User { id: u32, name: String }
//! # #[derive(Debug, thiserror::Error)] #[error("not found")] struct ApiError;
//! # impl Api {
//! #     async fn fetch_user(&self, id: u32) -> Result<User, ApiError> {
//! #         tokio::task::yield_now().await;
//! #         if id < 100 { Ok(User { id, name: "Ada".to_owned() }) } else { Err(ApiError) }
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let api = Api;
//!
//! #[derive(Default)]
//! struct Users {
//!     entities: BTreeMap<u32, Arc<User>>,
//!     loading: BTreeSet<u32>,
//! }
//!
//! // Slices, thunks and views refer to the key: there is no type of the whole state.
//! static USERS: SliceKey<Users> = SliceKey::new("users");
//!
//! // Something that happened: a type.
//! struct AddUser(User);
//! impl Action for AddUser {}
//!
//! // Work that takes time. `Ok` fulfils it, `Err` rejects it with the error as it is.
//! let fetch_user = AsyncThunk::new("users/fetchByIdStatus", |id: u32, api: ThunkApi<Api>| async move {
//!     api.extra().fetch_user(id).await
//! })
//! .condition(|id, api| !api.read(&USERS, |users| users.loading.contains(id)));
//!
//! // The state, and what it answers to: reducers change it in place.
//! let users = USERS
//!     .slice(Users::default)
//!     .on(action::<AddUser>(), |users, AddUser(user)| {
//!         users.entities.insert(user.id, Arc::new(user.clone()));
//!     })
//!     .on(fetch_user.pending(), |users, run| {
//!         users.loading.insert(*run.arg());
//!     })
//!     .on(fetch_user.fulfilled(), |users, run| {
//!         users.entities.insert(*run.arg(), run.payload().clone());
//!     })
//!     .on_any(fetch_user.settled(), |users, run| {
//!         users.loading.remove(run.arg());
//!     });
//!
//! let store = Store::builder().extra(api).slice(users).build()?;
//! let count = store.select(&USERS, |users| users.entities.len());
//! let view = store.subscribe(count, |count| println!("{count} users"));
//!
//! store.dispatch(AddUser(User { id: 1, name: "Grace".to_owned() })); // prints "1 users"
//!
//! let run = store.dispatch(fetch_user.with(7)); // pending is reduced, the body's first part has run
//! assert!(store.read(&USERS, |users| users.loading.contains(&7)));
//! let user: Arc<User> = run.result().await?; // the original's `unwrap`
//! assert_eq!(user.name, "Ada");
//!
//! let run = store.dispatch(fetch_user.with(8));
//! run.abort("left the page"); // the body has stopped, and the slice knows
//! match run.await {
//!     Outcome::Fulfilled { payload } => println!("{}", payload.name),
//!     Outcome::Aborted { reason, .. } => assert_eq!(reason, "left the page"),
//!     other => println!("{other:?}"),
//! }
//! assert!(store.read(&USERS, |users| users.loading.is_empty()));
//! # drop(view);
//! # Ok(())
//! # }
//! ```
//!
//! # What there is
//!
//! - [`SliceKey`], [`Slice`]: state with a lazy initial value and typed cases; several slices of one action change in one commit.
//! - [`Action`]: actions are Rust types, matched by type; [`Store::dispatch`] reduces them before it returns,
//!   [`Store::batch`] several in one commit.
//! - [`AsyncThunk`]: [`condition`](AsyncThunk::condition), typed rejection, [policies](AsyncThunk::policy) by
//!   [`key`](AsyncThunk::key), [times](AsyncThunk::timeout) and [retries](AsyncThunk::retry), a [value](AsyncThunk::with_meta) for each
//!   run; it is told apart by instance, not by type. [`thunk_guide`] has all of it, and Redux Toolkit's names.
//! - [`ThunkApi`]: `dispatch`, `read`, `report`, `extra`, `request_id`, `is_aborted`, `aborted`, `abort`. Thunks dispatched through it are
//!   children.
//! - [`Store::state_of`], [`pending_of_tag`](Store::pending_of_tag): what becomes of runs, without a reducer;
//!   [`AsyncThunk::optimistic`]: what is shown meanwhile; [`Progress`]: what bodies tell.
//! - [`Run`]: await it for the [`Outcome`], [`result`](Run::result) for a `Result`, [`abort`](Run::abort) it. Of a [`named`](ThunkCall::named)
//!   call the error says which thunk, run and key it is about.
//! - [`Entities`]: tables by key; [`Selector`]: cells by argument; [`middleware`] and [`listener`]s around the reducers. The [`guide`] goes
//!   from the state to the views, and has Redux Toolkit's names for all of it.
//! - [`Store::select`], [`subscribe`](Store::subscribe), [`watch`](Store::watch): views. [`Store::core`]: everything else that
//!   the store underneath can do, other front ends included.
//!
//! # The order of things
//!
//! Within `dispatch`: the condition; the rejected event of the run that is superseded; `pending` is reduced and
//! subscribers are told; the body runs up to where it first waits. At the end: the terminal event is reduced and
//! subscribers are told, then the body is dropped if it was aborted, and whoever awaits the run goes on. A run that was pending has
//! exactly one terminal event, also when its body or a reducer panics, and one that was not has none.
//!
//! # Where this differs from Redux Toolkit
//!
//! | there | here | why |
//! |---|---|---|
//! | an aborted body goes on and its dispatches still arrive | the body is dropped, and its `api` is inert | no zombie writes into a store that has moved on |
//! | aborting a thunk leaves those that it has dispatched running | children end with their parent, unless detached | nothing is left behind |
//! | rejected after an abort arrives later | it is out before `abort` returns, and before the successor's pending | flags never flip the wrong way |
//! | `rejectWithValue`, `serializeError`, names of errors | `Err(e)` rejects with `e`; [`Rejection`] is a sum type | nothing to mistake: an `undefined` payload or an error called `AbortError` |
//! | a reducer that throws on pending looks like a failed request, on fulfilled leaves it pending for ever | [`Failed`](Outcome::Failed); the terminal event reaches all other slices | one end for each beginning |
//! | a condition skips on the literal `false` only, and a skipped run is a rejected action | a `bool` or a [`Wanted`] with a reason; [`Skipped`](Outcome::Skipped), no event unless [asked for](AsyncThunk::dispatch_skipped) | it never began |
//! | an async condition is waited out after an abort, and its `false` wins | the abort interrupts it, and wins | nobody waits for it any more |
//! | an abort during pending still calls the body; a synchronous throw wins over an abort before it | the body is not called; the abort wins | who decides first decides |
//! | a listener stays with an external signal for ever; its reason is lost | nothing stays; the reason is kept | a token outlives many runs |
//! | the value of `getPendingMeta` is in the pending action only | all events and the body see it | the image from before, for a roll-back |
//! | one type prefix used twice, a case that shadows another: silent | a [`BuildError`] that names both places | no silent override |
//! | an action that is answered by a middleware or listener without end overflows the stack | [`TooDeep`](DispatchError::TooDeep); effects go on with the runtime | a bug that says where it is |
//! | an update of one entity is O(n) in what looks at them | O(log n), and only that entity's views run | see [`entities`] |
//! | fulfilled comes three microtasks after the body | at once, before `dispatch` returns if the body is ready | only the order matters |
//! | a lazy slice that has not joined yet reads as its initial state | [`NoSuchSlice`](ReadError::NoSuchSlice); [`try_read`](Store::try_read) where it may not be there | a state that nothing was reduced into looks like one that is known |
//! | every dispatch tells every subscriber | only those whose slice or selector has changed are told | nothing to filter |
//! | a reducer that throws leaves the state as it was | its slice is torn until it is [recovered](Store::recover), the others have changed | reducers change the state in place, without copies |
//!
//! # The document and its tests
//!
//! | sample | test in `tests/it/document.rs` |
//! |---|---|
//! | Sample usage | `sample_usage_a_slice_takes_the_fulfilled_payload` |
//! | Promise lifecycle actions | `pending_fulfilled_and_rejected_carry_the_request_id_and_the_argument` |
//! | The `settled` matcher | `settled_matches_fulfilled_and_rejected_and_runs_after_the_cases` |
//! | Handling thunk results | `awaiting_a_run_gives_its_outcome_whether_it_succeeded_or_not` |
//! | Unwrapping result actions | `unwrap_gives_the_payload_or_the_error_that_the_body_returned` |
//! | Checking errors after dispatching | `a_rejected_run_that_nobody_looks_at_troubles_nobody` |
//! | Handling thunk errors, `rejectWithValue` in a component | `update_user::field_errors_reach_the_reducer_and_the_component_typed` |
//! | Canceling before execution | `canceling_before_execution_a_condition_reads_the_state_and_skips_the_run` |
//! | Canceling while running | `canceling_while_running_a_component_that_goes_away_stops_the_request` |
//! | Reading the signal value | `reading_the_signal_value_stops_costly_work_that_never_waits` |
//! | Listening for abort events | `listening_for_abort_tells_a_helper_that_goes_on_elsewhere` |
//! | Error or cancellation | `checking_whether_a_rejection_was_an_error_or_a_cancellation`, `this_thunk_should_always_be_skipped` |
//! | A user by ID, one request at a time | `one_request_at_a_time::*` |

mod action;
mod batch;
mod case;
mod creator;
mod dispatch;
pub mod entities;
mod error;
pub mod guide;
mod key;
pub mod listener;
mod matcher;
pub mod middleware;
mod pipeline;
mod reach;
mod selector;
mod serialized;
mod slice;
mod store;
mod subject;
mod table;
mod thunk;
pub mod thunk_guide;

pub use action::{Action, ActionCase, AnyAction, action};
pub use batch::Batch;
pub use case::Case;
pub use creator::{ActionCreator, CreatedAction};
pub use dispatch::Dispatch;
#[doc(inline)]
pub use entities::{Entities, Entity, EntityKey};
pub use error::{BuildError, DispatchError, ReadError};
pub use key::SliceKey;
#[doc(inline)]
pub use listener::{Heard, Listener, ListenerApi, ListenerError, ListenerGuard};
pub use matcher::{AnyOf, Filtered, Matcher, Matchers, Matching, any_of, matching};
#[doc(inline)]
pub use middleware::{Later, Middleware, MiddlewareGuard, Next};
pub use selector::Selector;
pub use serialized::SerializedError;
pub use slice::Slice;
pub use store::{Store, StoreBuilder};
pub use subject::Subject;
pub use thunk::{
    AsyncThunk, ConditionApi, Fulfilled, LifecycleCase, NamedCall, NamedResult, NamedRun, Pending,
    Progress, ProgressMatcher, Progressed, Rejected, Settled, SettledMatcher, ThunkApi, ThunkCall,
    ThunkError, ThunkMatcher, ThunkState, ThunkStatus, TiedCall, is_async_thunk_action,
    is_fulfilled, is_pending, is_rejected, is_rejected_with_value, is_settled,
};

/// What a dispatched thunk and a view are made of, from the core.
#[doc(no_inline)]
pub use trine_core::{
    AbortedBy, Derived, Optimistic, Outcome, OutcomeKind, Policy, Rejection, Retry, RetryBudget,
    Run, RunId, Runs, SubscriptionGuard, Text, Update, Wanted, Watch,
};

/// The README's samples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
