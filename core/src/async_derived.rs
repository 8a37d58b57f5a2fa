//! Async derivations: cells that are computed by a body which may wait.
//!
//! Three cells stand for one. They depend on each other like any others, so that commits, observers and transactions need
//! to know nothing of them:
//!
//! ```text
//!   what the body reads ---> inputs ---> state <--- result <--- the body's run, when it ends
//! ```
//!
//! - *inputs* (`inputs.rs`) depends on all that the present run has read so far, and says whether any of it is different
//!   from what was read. A read of the body, before or after an await, adds an edge inside the same lease that it reads in;
//!   so nothing is missed in between, and a change that is undone again (a transaction that rolls back) is none.
//! - *result* is written once per run, when it ends (`run.rs`): a commit, caused by that run.
//! - *state* is what the handle names. Its derivation compares the two: if the result is that of the present inputs, the
//!   state is [`Ready`](AsyncState::Ready) or [`Failed`](AsyncState::Failed), else it asks for a run.
//!
//! A run that was asked for starts when the thread has left the lease, queued: no part of the body runs on the stack of
//! whoever reads or commits. It is a run like any other, to be seen in the registry and the event feed, and superseded
//! there. Nobody reads, nothing runs: a state that is not observed is computed when it is next read.

mod inputs;
mod reader;
mod run;
mod state;

pub use reader::AsyncReader;
pub use state::AsyncState;

use crate::{
    cell::{ByValue, Cell, CellBuilder, CellKey, Equality, Never, Source, Workshop},
    commit::Transaction,
    error::CellError,
    executor::Rejection,
    graph::Reader,
    store::Store,
};
use inputs::Inputs;
use run::{Body, Definition, Machine, Owner, Settled};
use std::{fmt, future::Future, hash, marker::PhantomData, panic::Location, sync::Arc};

/// A cell that is computed by a body which may wait. Its value is an [`AsyncState`].
///
/// Made by [`Store::derived_async`]. Copying the handle does not copy the cell. It can be read, watched, subscribed to and
/// derived from like any other cell, and is lazy like any other: nothing runs until somebody reads or observes it.
///
/// ```
/// # #[cfg(feature = "tokio")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use trine_core::{AsyncState, Store};
///
/// async fn fetch(id: u32) -> Result<String, String> {
///     tokio::task::yield_now().await;
///     if id == 0 { Err("no such user".to_owned()) } else { Ok(format!("user {id}")) }
/// }
///
/// let store = Store::new();
/// let selected = store.source(7);
/// let loud = store.source(false);
/// let greeting = store.cell("greeting").derived_async(move |cx| async move {
///     let name = fetch(cx.get(selected).await).await?;
///     // A dependency that is found after an await:
///     Ok::<_, String>(if cx.get(loud).await { name.to_uppercase() } else { name })
/// });
///
/// assert!(store.get(greeting).is_pending()); // whoever reads it first sets it going
/// assert_eq!(store.ready(greeting).await.unwrap().as_str(), "user 7");
///
/// store.set(loud, true);
/// let AsyncState::Stale { value } = store.get(greeting) else { panic!() };
/// assert_eq!(value.as_str(), "user 7"); // the last good value, until the next one is there
/// assert_eq!(store.ready(greeting).await.unwrap().as_str(), "USER 7");
///
/// store.set(selected, 0);
/// assert!(store.ready(greeting).await.is_err());
/// assert_eq!(store.get(greeting).value().unwrap().as_str(), "USER 7");
/// # });
/// ```
pub struct AsyncDerived<T, E> {
    /// The cell that has the state.
    state: CellKey,
    /// The types of value and error.
    types: PhantomData<fn() -> (T, E)>,
}

/// What becomes of a run of an async derivation when something that it has read changes before it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum AsyncPolicy {
    /// It is superseded by a run that reads the new values, and its own further reads never resolve. Each change begins
    /// the wait anew.
    #[default]
    Latest,
    /// It goes on to its end, with the new values from there on; its result is shown as [`AsyncState::Stale`], and the next
    /// run begins. So there is progress however often the inputs change.
    Finish,
}

impl Store {
    /// Makes a cell that is computed by an async body, with [`AsyncPolicy::Latest`].
    ///
    /// `body` reads cells through what it is handed, before and after its await points; what it has read decides when it
    /// is due again. It is called on the first poll of its run, where the store's [`Spawn`](crate::Spawn)er polls, outside the
    /// lease; never on the stack of whoever reads the cell. Without a runtime the state is
    /// [`AsyncState::Failed`] with [`Failure::NoRuntime`](crate::Failure::NoRuntime).
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn derived_async<T, E, B, F>(&self, body: B) -> AsyncDerived<T, E>
    where
        T: PartialEq + Send + Sync + 'static,
        E: Send + Sync + 'static,
        B: Fn(AsyncReader) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let definition = Definition {
            name: None,
            created: Location::caller(),
            policy: AsyncPolicy::Latest,
            same: ByValue.comparator(),
            body: boxed(body),
        };
        make(Workshop::Store(self), definition)
    }

    /// Has an async derivation run again, though none of its inputs has changed: after a failure, say. If nobody observes
    /// it, that is when it is next read.
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn refresh<T, E>(&self, cell: AsyncDerived<T, E>)
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        if let Err(error) = self.try_refresh(cell) {
            panic!("{error}");
        }
    }

    /// Like [`refresh`](Self::refresh), for a cell that may be gone.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn try_refresh<T, E>(&self, cell: AsyncDerived<T, E>) -> Result<(), CellError>
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let used = Location::caller();
        let result = self.core().enter(|graph| graph.companion(cell.state, used))??;
        let result = Source::<Settled<T, E>>::from_key(result);
        self.try_update(result, |settled| settled.refreshed += 1)?;
        Ok(())
    }

    /// Waits until an async derivation is up to date; sets it going if need be.
    ///
    /// # Errors
    ///
    /// The future gives the [`Rejection`] of a run that did not come to a value, and
    /// [`Failure::Dependency`](crate::Failure::Dependency) if the cell is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing; the run goes on.
    pub fn ready<T, E>(
        &self,
        cell: AsyncDerived<T, E>,
    ) -> impl Future<Output = Result<Arc<T>, Rejection<E>>> + Send + use<T, E>
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        state::ready(self.try_watch(cell))
    }
}

impl Transaction<'_> {
    /// Has an async derivation forget its value: it is [`Pending`](AsyncState::Pending), as if it had just been made, and is
    /// computed again when it is read or observed. What a run that is under way comes to is not shown. For a logout, say;
    /// [`Store::refresh`] keeps the last value.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use trine_core::Store;
    ///
    /// let store = Store::new();
    /// let user = store.source("ada");
    /// let mail = store.derived_async(move |cx| async move {
    ///     Ok::<_, String>(format!("letters to {}", cx.get(user).await))
    /// });
    /// store.ready(mail).await.unwrap();
    /// store.batch(|tx| {
    ///     tx.set(user, "grace");
    ///     tx.forget(mail);
    /// });
    /// assert!(store.get(mail).is_pending()); // nobody reads Ada's letters any more
    /// assert_eq!(store.ready(mail).await.unwrap().as_str(), "letters to grace");
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store.
    #[track_caller]
    pub fn forget<T, E>(&mut self, cell: AsyncDerived<T, E>)
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        if let Err(error) = self.try_forget(cell) {
            panic!("{error}");
        }
    }

    /// Like [`forget`](Self::forget), for a cell that may be gone.
    ///
    /// # Errors
    ///
    /// If the cell was removed or belongs to another store.
    #[track_caller]
    pub fn try_forget<T, E>(&mut self, cell: AsyncDerived<T, E>) -> Result<(), CellError>
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let result = self.graph.companion(cell.state, Location::caller())?;
        let result = Source::<Settled<T, E>>::from_key(result);
        let anew = self.try_with(result, Settled::anew)?;
        self.try_set(result, anew)
    }
}

impl<Q> CellBuilder<'_, Q> {
    /// Makes a cell that is computed by an async body; see [`Store::derived_async`]. A value that is the same as the one
    /// before, by the rule of this builder, is no change.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn derived_async<T, E, B, F>(self, body: B) -> AsyncDerived<T, E>
    where
        Q: Equality<T>,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        B: Fn(AsyncReader) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.derived_async_with(AsyncPolicy::Latest, body)
    }

    /// Like [`derived_async`](Self::derived_async), with another policy.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn derived_async_with<T, E, B, F>(self, policy: AsyncPolicy, body: B) -> AsyncDerived<T, E>
    where
        Q: Equality<T>,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
        B: Fn(AsyncReader) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (workshop, name, equality) = self.into_parts();
        let definition = Definition {
            name: Some(name),
            created: Location::caller(),
            policy,
            same: equality.comparator(),
            body: boxed(body),
        };
        make(workshop, definition)
    }
}

impl<T, E> AsyncDerived<T, E> {
    /// The handle to a cell whose identity is known; see [`Source::from_key`].
    #[must_use]
    pub fn from_key(key: CellKey) -> Self {
        Self { state: key, types: PhantomData }
    }
}

/// Makes the three cells.
#[track_caller]
fn make<T, E>(mut workshop: Workshop<'_>, definition: Definition<T, E>) -> AsyncDerived<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let (name, created) = (definition.name.clone(), definition.created);
    let inputs = Inputs::make(&mut workshop, name.as_ref(), created);
    let never = Equality::<Settled<T, E>>::comparator(Never);
    let result = workshop.make_source(Settled::new(), never, name.clone(), created);
    let machine = Machine::new(workshop.store(), definition, inputs, result);
    let owner = Owner::new(Arc::clone(&machine));
    let derivation = move |cx: &mut Reader<'_>| owner.state(cx);
    let state = workshop.make_derived(derivation, ByValue, name, created);
    machine.set_state(state.key());
    workshop.set_companion(state.key(), result.key());
    AsyncDerived::from_key(state.key())
}

/// Forgets the type of a body.
fn boxed<T, E, B, F>(body: B) -> Body<T, E>
where
    B: Fn(AsyncReader) -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    Box::new(move |cx| Box::pin(body(cx)))
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Cell for AsyncDerived<T, E> {
    type Value = AsyncState<T, E>;

    #[inline]
    fn key(self) -> CellKey {
        self.state
    }
}

impl<T, E> Clone for AsyncDerived<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for AsyncDerived<T, E> {}

impl<T, E> PartialEq for AsyncDerived<T, E> {
    fn eq(&self, other: &Self) -> bool {
        self.state == other.state
    }
}

impl<T, E> Eq for AsyncDerived<T, E> {}

impl<T, E> hash::Hash for AsyncDerived<T, E> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.state.hash(state);
    }
}

impl<T, E> fmt::Debug for AsyncDerived<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AsyncDerived({})", self.state.id)
    }
}
