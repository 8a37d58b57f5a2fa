//! Async thunks: work with a lifecycle that slices can follow.
//!
//! | file | holds |
//! |---|---|
//! | `thunk.rs` | the definition of a thunk, and its options |
//! | `thunk/call.rs` | a thunk with its argument: what is dispatched, and how it becomes a run |
//! | `thunk/api.rs` | what its body and its condition are given |
//! | `thunk/lifecycle.rs` | what slices are told |
//! | `thunk/phases.rs` | the cases and the matcher for that |

mod api;
mod call;
mod lifecycle;
mod phases;

pub use api::{ConditionApi, ThunkApi};
pub use call::ThunkCall;
pub use lifecycle::{Fulfilled, Pending, Rejected, Settled};
pub use phases::{LifecycleCase, SettledMatcher};

use crate::case::{Phase, ThunkId, ThunkRef};
use call::Body;
use std::{
    fmt,
    future::Future,
    hash::Hash,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::{Policy, RunBuilder, Text};

/// The last identity given to a thunk. Only uniqueness matters, so no ordering does.
static LAST_ID: AtomicU64 = AtomicU64::new(0);

/// Work with a lifecycle: when it is dispatched it is *pending*, and in the end *fulfilled* with a `T` or
/// *rejected*, for which slices have cases. The original's `createAsyncThunk`.
///
/// It takes an argument `A`, gives a payload `T` or an error `E`, and needs the extra value `X` of its store. Cheap to clone; the
/// clones are one thunk. Slices refer to the thunk and it refers to slices by their keys, so there is no order in which
/// they would have to be made.
///
/// ```
/// use trine_thunks::{AsyncThunk, ThunkApi};
/// # #[derive(Clone)] struct Api;
/// # struct User; struct ApiError;
/// # impl Api { async fn user(&self, _: u32) -> Result<User, ApiError> { Ok(User) } }
///
/// let fetch_user = AsyncThunk::new("users/fetchByIdStatus", |id: u32, api: ThunkApi<Api>| async move {
///     api.extra().user(id).await
/// });
/// # let _ = fetch_user.name();
/// ```
pub struct AsyncThunk<A, T, E, X = ()> {
    /// The definition, shared with the runs.
    definition: Arc<Definition<A, T, E, X>>,
}

/// What a thunk is.
struct Definition<A, T, E, X> {
    /// Its identity and name.
    refers: ThunkRef,
    /// Whom a run excludes.
    policy: Policy,
    /// Tells a run apart from others, for the policy.
    key: Option<Arc<Keyed<A, T, E>>>,
    /// Whether a run is wanted.
    condition: Option<Arc<Condition<A, X>>>,
    /// The work.
    body: Arc<dyn Body<A, T, E, X>>,
}

/// Gives a run its key.
type Keyed<A, T, E> =
    dyn for<'a> Fn(&A, RunBuilder<'a, T, E>) -> RunBuilder<'a, T, E> + Send + Sync;

/// Says whether a run is wanted.
type Condition<A, X> = dyn Fn(&A, &ConditionApi<'_, X>) -> bool + Send + Sync;

impl<A, T, E, X> AsyncThunk<A, T, E, X>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
{
    /// A thunk with a name, the original's type prefix, which is unique in a store, and a body.
    ///
    /// The body is called with a clone of the argument and the [`ThunkApi`]. `Ok` fulfils, `Err` rejects with the value
    /// as it is: the original's `rejectWithValue`. A panic is caught and rejects too.
    #[track_caller]
    pub fn new<B, F>(name: impl Into<Text>, body: B) -> Self
    where
        B: Fn(A, ThunkApi<X>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let refers = ThunkRef { id: next_id(), name: name.into(), made: Location::caller() };
        Self {
            definition: Arc::new(Definition {
                refers,
                policy: Policy::Parallel,
                key: None,
                condition: None,
                body: Arc::new(body),
            }),
        }
    }

    /// Asks `condition` before each run whether it is wanted. If it says no, no event is told, and the run's outcome is
    /// [`Skipped`](trine_core::Outcome::Skipped).
    ///
    /// It is asked on the dispatching thread, before anything else happens, and may read the state.
    #[must_use]
    pub fn condition(
        self,
        condition: impl Fn(&A, &ConditionApi<'_, X>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with_option(|definition| definition.condition = Some(Arc::new(condition)))
    }

    /// Lets only the latest run count: a new one supersedes the one under way, whose rejected event is out before the
    /// new one's pending event. With a [`key`](Self::key), the latest run of each key.
    ///
    /// Dispatches do not wait for each other: if another thread is starting or ending the earlier run at this very moment,
    /// that thread tells its end, perhaps a little later. Reducers that go by
    /// [`is_cancelled`](Rejected::is_cancelled) or the request id do not mind.
    #[must_use]
    pub fn latest(self) -> Self {
        self.with_option(|definition| definition.policy = Policy::Latest)
    }

    /// Skips a new run while one is under way, without any event. With a [`key`](Self::key), while one of the same key is.
    #[must_use]
    pub fn leading(self) -> Self {
        self.with_option(|definition| definition.policy = Policy::Leading)
    }

    /// What tells runs apart for [`latest`](Self::latest) and [`leading`](Self::leading): runs of different keys do not
    /// exclude each other.
    #[must_use]
    pub fn key<K: Hash + Eq + Send + Sync + 'static>(
        self,
        key: impl Fn(&A) -> K + Send + Sync + 'static,
    ) -> Self {
        self.with_option(|definition| {
            definition.key = Some(Arc::new(move |arg, builder| builder.key(key(arg))));
        })
    }

    /// The thunk with its argument: what is dispatched.
    #[must_use = "a call does nothing until it is dispatched"]
    pub fn with(&self, arg: A) -> ThunkCall<A, T, E, X> {
        ThunkCall::new(self.clone(), arg)
    }

    /// The case of a run that was started.
    #[must_use]
    pub fn pending(&self) -> LifecycleCase<Pending<A>> {
        LifecycleCase::new(self.refers(), Phase::Pending)
    }

    /// The case of a run that ended with a payload.
    #[must_use]
    pub fn fulfilled(&self) -> LifecycleCase<Fulfilled<A, T>> {
        LifecycleCase::new(self.refers(), Phase::Fulfilled)
    }

    /// The case of a run that ended in any other way: with an error, aborted, superseded, ...
    #[must_use]
    pub fn rejected(&self) -> LifecycleCase<Rejected<A, E>> {
        LifecycleCase::new(self.refers(), Phase::Rejected)
    }

    /// The matcher of a run that ended, in whatever way. It is for [`Slice::on_any`](crate::Slice::on_any), and runs after
    /// the cases: think of a `finally`.
    #[must_use]
    pub fn settled(&self) -> SettledMatcher<A, T, E> {
        SettledMatcher::new(self.refers())
    }

    fn with_option(mut self, set: impl FnOnce(&mut Definition<A, T, E, X>)) -> Self {
        match Arc::get_mut(&mut self.definition) {
            Some(definition) => set(definition),
            None => {
                // There are clones, and they stay what they are: this is another thunk.
                let mut definition = self.definition.copy();
                definition.refers.id = next_id();
                set(&mut definition);
                self.definition = Arc::new(definition);
            }
        }
        self
    }
}

impl<A, T, E, X> AsyncThunk<A, T, E, X> {
    /// The name: the original's `typePrefix`.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.definition.refers.name
    }

    pub(crate) fn refers(&self) -> &ThunkRef {
        &self.definition.refers
    }
}

impl<A, T, E, X> Definition<A, T, E, X> {
    fn copy(&self) -> Self {
        Self {
            refers: self.refers.clone(),
            policy: self.policy,
            key: self.key.clone(),
            condition: self.condition.clone(),
            body: Arc::clone(&self.body),
        }
    }
}

fn next_id() -> ThunkId {
    ThunkId(LAST_ID.fetch_add(1, Ordering::Relaxed) + 1)
}

impl<A, T, E, X> Clone for AsyncThunk<A, T, E, X> {
    fn clone(&self) -> Self {
        Self { definition: Arc::clone(&self.definition) }
    }
}

impl<A, T, E, X> fmt::Debug for AsyncThunk<A, T, E, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncThunk")
            .field("name", self.name())
            .field("policy", &self.definition.policy)
            .field("made", &format_args!("{}", self.refers().made))
            .finish_non_exhaustive()
    }
}
