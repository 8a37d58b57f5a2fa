//! Thunks, from the first one to an outbox: a guide, and Redux Toolkit's names for it. (Documentation only.)
//!
//! # A thunk and its life
//!
//! A thunk is work that takes time, with a name. Dispatched, it becomes a run, and slices are told of that: it is *pending*, and in
//! the end *fulfilled* or *rejected*. What a body returns decides: `Ok` fulfils, `Err` rejects with the value as it is.
//!
//! ```
//! use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi};
//!
//! #[derive(Default, Clone, Debug, PartialEq)]
//! struct Page { loading: bool, text: String, error: Option<String> }
//! static PAGE: SliceKey<Page> = SliceKey::new("page");
//!
//! let load = AsyncThunk::new("page/load", |path: &'static str, _: ThunkApi| async move {
//!     if path.starts_with('/') { Ok(format!("the text of {path}")) } else { Err("no such page") }
//! });
//! let page = PAGE
//!     .slice(Page::default)
//!     .on(load.pending(), |page, _| page.loading = true)
//!     .on(load.fulfilled(), |page, run| page.text = run.payload().to_string())
//!     .on(load.rejected(), |page, run| page.error = Some(run.message()))
//!     .on_any(load.settled(), |page, _| page.loading = false); // a `finally`
//! let store = Store::builder().slice(page).build()?;
//!
//! store.dispatch(load.with("/home"));
//! assert_eq!(store.read(&PAGE, |page| page.text.clone()), "the text of /home");
//! # Ok::<(), trine_thunks::BuildError>(())
//! ```
//!
//! In this order, all before `dispatch` returns: the [condition](crate::AsyncThunk::condition) is asked; a run that is superseded is
//! rejected; the run's [own value](crate::AsyncThunk::with_meta) is made; pending is reduced, and subscribers are told; the body
//! runs up to where it first waits. A body that does not wait has ended by then. Later: the end is reduced, subscribers are told,
//! an aborted body is dropped, and then whoever awaits the run goes on.
//!
//! **A run that was pending has exactly one terminal event**, whatever panics, aborts or goes away; one that never was has none,
//! unless the thunk [asks for it](crate::AsyncThunk::dispatch_skipped). After it, nothing that belongs to the run reaches the
//! store: its [`ThunkApi`](crate::ThunkApi) is inert, whoever still holds it.
//!
//! # What the caller gets
//!
//! [`Run`](crate::Run): await it for the [`Outcome`](crate::Outcome), a sum type; await [`result`](crate::Run::result) for a
//! `Result`, with the shared payload or a [`Rejection`](crate::Rejection), which has the body's own error in it, of its own type. The
//! promise of the original never rejects, and neither does an outcome that nobody looks at. An error that goes further than to who
//! dispatched is better of a [`named`](crate::ThunkCall::named) call: a [`ThunkError`](crate::ThunkError) says which thunk, run and key
//! it is about. What is written to a log is made of it
//! [there](crate::SerializedError).
//!
//! # Ending a run
//!
//! | by | how |
//! |---|---|
//! | its handle | [`Run::abort`](crate::Run::abort), [`abort_on_drop`](crate::Run::abort_on_drop) |
//! | whoever knows what it is | [`Store::runs`](crate::Store::runs) by id or tag, [`runs_of`](crate::Store::runs_of) a thunk, [`runs_of_key`](crate::Store::runs_of_key) |
//! | something outside | [`ThunkCall::abort_when`](crate::ThunkCall::abort_when) any future; a cancellation token with the feature `tokio-util` |
//! | the run that dispatched it | by ending, in whatever way, unless it is [detached](crate::ThunkCall::detached); children are told the reason |
//! | a later run | [`Policy::Latest`](crate::Policy::Latest) |
//! | time | [`timeout`](crate::AsyncThunk::timeout), [`Retry::attempt_timeout`](crate::Retry::attempt_timeout) |
//! | a new epoch | [`Store::reset`](crate::Store::reset): not even its rejected event is reduced |
//!
//! The rejected event is out when `abort` returns, and the body is dropped where it waits.
//!
//! # Beside others, and in time
//!
//! [`policy`](crate::AsyncThunk::policy) says what happens when runs of one thunk meet, [`key`](crate::AsyncThunk::key) which of them do:
//! latest, leading (exhaust), queue, limit, shared. [`debounce`](crate::AsyncThunk::debounce) and
//! [`throttle`](crate::AsyncThunk::throttle) say how often bodies begin, [`retry`](crate::AsyncThunk::retry) what happens when one
//! fails. All times are the store's clock's, so tests run in virtual time.
//!
//! # Without a reducer
//!
//! [`state_of`](crate::Store::state_of) a thunk, [`state_of_key`](crate::Store::state_of_key) and
//! [`pending_of_tag`](crate::Store::pending_of_tag) are cells that follow runs, in the same commits as the slices. What a body tells
//! before it is done is [`Progress`](crate::Progress). What is hoped is shown with [`optimistic`](crate::AsyncThunk::optimistic):
//!
//! ```
//! use trine_thunks::{AsyncThunk, Policy, SliceKey, Store, ThunkApi};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), trine_thunks::BuildError> {
//! static SENT: SliceKey<Vec<&str>> = SliceKey::new("sent");
//! let send = AsyncThunk::new("send", |message: &'static str, _: ThunkApi| async move {
//!     tokio::task::yield_now().await;
//!     if message.is_empty() { Err("nothing to send") } else { Ok(()) }
//! })
//! .policy(Policy::Queue(100)) // an outbox: one after the other, in order
//! .optimistic(&SENT, |sent, message| sent.push(message));
//!
//! let store = Store::builder().slice(SENT.slice(Vec::new)).build()?;
//! let (shown, state) = (store.optimistic(&SENT), store.state_of(&send));
//! for message in ["hello", "", "how are you?"] {
//!     drop(store.dispatch(send.with(message)));
//! }
//! assert_eq!(store.get(shown).len(), 3);
//! assert_eq!(store.read(state, |state| state.in_flight()), 3);
//! store.runs().idle().await;
//! assert_eq!(store.get(&SENT), ["hello", "how are you?"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Redux Toolkit's names
//!
//! | there | here |
//! |---|---|
//! | `createAsyncThunk(typePrefix, payloadCreator)` | [`AsyncThunk::new`](crate::AsyncThunk::new) |
//! | `dispatch(thunk(arg))` | [`store.dispatch(thunk.with(arg))`](crate::Store::dispatch) |
//! | `dispatch(thunk(arg, { signal }))` | [`thunk.with(arg).abort_when(signal)`](crate::ThunkCall::abort_when) |
//! | `promise.abort(reason)`, `.requestId`, `.arg` | [`Run::abort`](crate::Run::abort), [`Run::id`](crate::Run::id), the call's [`arg`](crate::ThunkCall::arg) |
//! | `await promise`; `.unwrap()`, `unwrapResult` | await the [`Run`](crate::Run); [`Run::result`](crate::Run::result) |
//! | `thunkAPI.dispatch`, `.getState`, `.extra`, `.requestId` | [`dispatch`](crate::ThunkApi::dispatch), [`read`](crate::ThunkApi::read), [`extra`](crate::ThunkApi::extra), [`request_id`](crate::ThunkApi::request_id) |
//! | `signal.aborted`, `.reason`, `addEventListener('abort')` | [`is_aborted`](crate::ThunkApi::is_aborted), [`abort_reason`](crate::ThunkApi::abort_reason), [`aborted`](crate::ThunkApi::aborted) |
//! | `thunkAPI.abort` | [`abort`](crate::ThunkApi::abort) |
//! | `rejectWithValue(value)`, `throw` | `Err(value)` |
//! | `rejectWithValue(value, meta)`, `fulfillWithValue(value, meta)` | an error or payload type with a field for it: a type of your own says more than two values |
//! | `condition` | [`condition`](crate::AsyncThunk::condition), [`condition_async`](crate::AsyncThunk::condition_async) |
//! | `dispatchConditionRejection` | [`dispatch_skipped`](crate::AsyncThunk::dispatch_skipped) |
//! | `getPendingMeta` | [`with_meta`](crate::AsyncThunk::with_meta), seen until the end |
//! | `idGenerator` | none: a [`RunId`](crate::RunId) is unique, which no generator can promise; an id of your own is a value of `with_meta` |
//! | `serializeError`, `miniSerializeError`, `SerializedError` | [`SerializedError`](crate::SerializedError), where something is serialised |
//! | `.pending`, `.fulfilled`, `.rejected`, `.settled`, `.typePrefix` | [`pending`](crate::AsyncThunk::pending), [`fulfilled`](crate::AsyncThunk::fulfilled), [`rejected`](crate::AsyncThunk::rejected), [`settled`](crate::AsyncThunk::settled), [`name`](crate::AsyncThunk::name) |
//! | calling these as action creators, in tests | none: an event is made by a run, so that none can be without one; tests drive bodies by hand |
//! | `meta.arg`, `meta.requestId` | [`arg`](crate::Pending::arg), [`request_id`](crate::Pending::request_id) of each event |
//! | `meta.requestStatus` | the type of the event; `outcome` of any [action](crate::AnyAction) |
//! | `meta.aborted`, `.condition`, `.rejectedWithValue` | [`is_aborted`](crate::Rejected::is_aborted), [`is_skipped`](crate::Rejected::is_skipped), [`is_rejected_with_value`](crate::Rejected::is_rejected_with_value) |
//! | `isPending(a, b)`, `isFulfilled`, `isRejected`, `isRejectedWithValue`, `isAsyncThunkAction` | [`is_pending`](crate::is_pending)`().of(&a).of(&b)`, and so on; without `of`, of all thunks; [`matches`](crate::Matcher::matches) asks directly |
//! | `createAsyncThunk.withTypes`, `AsyncThunkConfig` | none: the types are those of the body |
//! | takeLatest by hand, with `currentRequestId` in the state | [`latest`](crate::AsyncThunk::latest) |
//! | loading flags by hand | [`state_of`](crate::Store::state_of) |
//!
//! # The rows of the original's tables
//!
//! What the original does at each step, in which order, on which abort and on which error is held row by row by the tests in
//! `tests/it/original/`: each is named after its row, and says so where the answer here is another one on purpose.
