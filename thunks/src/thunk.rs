//! Async thunks: work with a lifecycle that slices can follow.
//!
//! | file | holds |
//! |---|---|
//! | `thunk.rs` | the definition of a thunk |
//! | `thunk/options.rs`, `keys.rs`, `condition.rs` | its options: policies and times, what tells runs apart, whether a run is wanted |
//! | `thunk/call.rs` | a thunk with its argument: what is dispatched |
//! | `thunk/named.rs` | calls whose errors name thunk, run and key |
//! | `thunk/launch.rs` | how a call becomes a run |
//! | `thunk/api.rs` | what its body is given |
//! | `thunk/ending.rs` | how slices are told of its end |
//! | `thunk/control.rs` | the runs that are under way |
//! | `thunk/meta.rs`, `lifecycle.rs`, `phases.rs`, `matchers.rs` | what they are told, and the cases and matchers for that |
//! | `thunk/progress.rs` | what a body tells before it is done |
//! | `thunk/patches.rs` | what is shown of a slice before it is known |
//! | `thunk/state.rs`, `states.rs` | what becomes of runs, as cells, without a slice |

mod api;
mod call;
mod condition;
mod control;
mod ending;
mod keys;
mod launch;
mod lifecycle;
mod matchers;
mod meta;
mod named;
mod options;
mod patches;
mod phases;
mod progress;
mod state;
mod states;

pub use api::ThunkApi;
pub use call::{ThunkCall, TiedCall};
pub use condition::ConditionApi;
pub use lifecycle::{Fulfilled, Pending, Rejected, Settled};
pub use matchers::{
    ThunkMatcher, is_async_thunk_action, is_fulfilled, is_pending, is_rejected,
    is_rejected_with_value, is_settled,
};
pub use named::{NamedCall, NamedResult, NamedRun, ThunkError};
pub(crate) use patches::Shown;
pub use phases::{LifecycleCase, SettledMatcher};
pub use progress::{Progress, ProgressMatcher, Progressed};
pub use state::{ThunkState, ThunkStatus};
pub(crate) use states::States;

use crate::case::{Phase, ThunkId, ThunkRef};
use condition::Ask;
use keys::Keyed;
use launch::Body;
use options::Options;
use patches::PatchOf;
use std::{
    fmt,
    future::Future,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::Text;

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
pub struct AsyncThunk<A, T, E, X = (), M = ()> {
    /// The definition, shared with the runs.
    definition: Arc<Definition<A, T, E, X, M>>,
}

/// What a thunk is.
struct Definition<A, T, E, X, M> {
    /// Its identity and name.
    refers: ThunkRef,
    /// What the executor is told of its runs.
    options: Options<E>,
    /// Tells its runs apart.
    key: Option<Arc<dyn Keyed<A, T, E>>>,
    /// Whether a run is wanted.
    condition: Option<Ask<A, X>>,
    /// Makes the value of a run.
    prepare: Prepare<A, X, M>,
    /// What it shows of slices while it is under way.
    patches: Vec<Arc<dyn PatchOf<A, X, M>>>,
    /// The stamp of the store that it is known to have no namesake in.
    fits: AtomicU64,
    /// The work.
    body: Arc<dyn Body<A, T, E, X, M>>,
}

/// Makes the value of a run.
enum Prepare<A, X, M> {
    /// From nothing.
    Empty(fn() -> M),
    /// From the argument and the state.
    From(Arc<PrepareFrom<A, X, M>>),
}

type PrepareFrom<A, X, M> = dyn Fn(&A, &ConditionApi<'_, X>) -> M + Send + Sync;

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
        Self::define(refers, Prepare::Empty(|| ()), body)
    }
}

impl<A, T, E, X, M> AsyncThunk<A, T, E, X, M>
where
    A: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    X: Send + Sync + 'static,
    M: Send + Sync + 'static,
{
    /// [`new`](AsyncThunk::new) with a value of its own for each run: `prepare` makes it just before the run becomes pending,
    /// from the state as it is before that, and all who have to do with the run see it: the cases of its events, and its body
    /// ([`ThunkApi::meta`]). The original's `getPendingMeta`, which is not seen after the pending action.
    ///
    /// `prepare` is called outside the lease, on the dispatching thread unless the thunk's condition has to wait. If it
    /// panics the run's outcome is [`Failed`](trine_core::Outcome::Failed), and no event is told.
    ///
    /// ```
    /// use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi};
    ///
    /// static NAME: SliceKey<String> = SliceKey::new("name");
    ///
    /// let rename = AsyncThunk::with_meta(
    ///     "rename",
    ///     |_: &String, api| api.read(&NAME, String::clone), // what was there before
    ///     |new: String, _: ThunkApi<(), String>| async move {
    ///         if new.is_empty() { Err("a name is needed") } else { Ok(()) }
    ///     },
    /// );
    /// let name = NAME
    ///     .slice(|| "Ada".to_owned())
    ///     .on(rename.pending(), |name, run| name.clone_from(run.arg()))
    ///     .on(rename.rejected(), |name, run| name.clone_from(run.meta().unwrap()));
    /// let store = Store::builder().slice(name).build().unwrap();
    /// store.dispatch(rename.with("Grace".to_owned()));
    /// store.dispatch(rename.with(String::new()));
    /// assert_eq!(store.get(&NAME), "Grace");
    /// ```
    #[track_caller]
    pub fn with_meta<B, F>(
        name: impl Into<Text>,
        prepare: impl Fn(&A, &ConditionApi<'_, X>) -> M + Send + Sync + 'static,
        body: B,
    ) -> Self
    where
        B: Fn(A, ThunkApi<X, M>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let refers = ThunkRef { id: next_id(), name: name.into(), made: Location::caller() };
        Self::define(refers, Prepare::From(Arc::new(prepare)), body)
    }

    fn define(
        refers: ThunkRef,
        prepare: Prepare<A, X, M>,
        body: impl Body<A, T, E, X, M> + 'static,
    ) -> Self {
        Self {
            definition: Arc::new(Definition {
                refers,
                options: Options::default(),
                key: None,
                condition: None,
                prepare,
                patches: Vec::new(),
                fits: AtomicU64::new(0),
                body: Arc::new(body),
            }),
        }
    }

    /// The thunk with its argument: what is dispatched.
    #[must_use = "a call does nothing until it is dispatched"]
    pub fn with(&self, arg: A) -> ThunkCall<A, T, E, X, M> {
        ThunkCall::new(self.clone(), arg)
    }

    /// The case of a run that was started.
    #[must_use]
    pub fn pending(&self) -> LifecycleCase<Pending<A, M>> {
        LifecycleCase::new(self.refers(), Phase::Pending)
    }

    /// The case of a run that ended with a payload.
    #[must_use]
    pub fn fulfilled(&self) -> LifecycleCase<Fulfilled<A, T, M>> {
        LifecycleCase::new(self.refers(), Phase::Fulfilled)
    }

    /// The case of a run that ended in any other way: with an error, aborted, superseded, ...
    #[must_use]
    pub fn rejected(&self) -> LifecycleCase<Rejected<A, E, M>> {
        LifecycleCase::new(self.refers(), Phase::Rejected)
    }

    /// The matcher of a run that ended, in whatever way. It is for [`Slice::on_any`](crate::Slice::on_any), and runs after
    /// the cases: think of a `finally`.
    #[must_use]
    pub fn settled(&self) -> SettledMatcher<A, T, E, M> {
        SettledMatcher::new(self.refers())
    }
}

impl<A, T, E, X, M> AsyncThunk<A, T, E, X, M> {
    /// The name: the original's `typePrefix`.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.definition.refers.name
    }

    pub(crate) fn refers(&self) -> &ThunkRef {
        &self.definition.refers
    }
}

impl<A, T, E, X, M> Definition<A, T, E, X, M> {
    /// A definition like this one, of another thunk.
    fn copy(&self) -> Self {
        Self {
            refers: ThunkRef { id: next_id(), ..self.refers.clone() },
            options: self.options.clone(),
            key: self.key.clone(),
            condition: self.condition.clone(),
            prepare: match &self.prepare {
                Prepare::Empty(make) => Prepare::Empty(*make),
                Prepare::From(make) => Prepare::From(Arc::clone(make)),
            },
            patches: self.patches.clone(),
            fits: AtomicU64::new(0),
            body: Arc::clone(&self.body),
        }
    }
}

fn next_id() -> ThunkId {
    ThunkId(LAST_ID.fetch_add(1, Ordering::Relaxed) + 1)
}

impl<A, T, E, X, M> Clone for AsyncThunk<A, T, E, X, M> {
    fn clone(&self) -> Self {
        Self { definition: Arc::clone(&self.definition) }
    }
}

impl<A, T, E, X, M> fmt::Debug for AsyncThunk<A, T, E, X, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncThunk")
            .field("name", self.name())
            .field("policy", &self.definition.options.policy)
            .field("made", &format_args!("{}", self.refers().made))
            .finish_non_exhaustive()
    }
}
