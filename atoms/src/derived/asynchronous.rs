//! Async derived atoms: computed by a body that may wait.

use crate::{
    definition::{About, Call, Reach},
    handle::ReadHandle,
    memo::Memo,
    place::{Place, PlaceError, Site},
    readable::{self, Owned, Readable, fail, reading},
    reset::Reset,
    table::{AnyAtom, Maker, Tabled},
};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};
use trine_core::{
    AsyncDerived, AsyncPolicy, AsyncReader, AsyncState, CellError, CellKey, Rejection, RunContext,
    Text,
};

/// What the function of a static [`AsyncAtom`] returns: a future in a box.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

type Body<T, E> = Call<fn(AsyncAtomReader) -> BoxFuture<Result<T, E>>, BodyClosure<T, E>>;
type BodyClosure<T, E> = dyn Fn(AsyncAtomReader) -> BoxFuture<Result<T, E>> + Send + Sync;

/// An atom that is computed by a body which may wait. Its value is an [`AsyncState`]: pending, ready, stale or failed, with
/// the last good value.
///
/// ```
/// use trine_atoms::{AsyncAtom, Atom, Store};
///
/// # async fn fetch(id: u32) -> Result<String, String> { Ok(format!("user {id}")) }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// static SELECTED: Atom<u32> = Atom::new("selected", || 7);
/// static USER: AsyncAtom<String, String> = AsyncAtom::new("user", |cx| {
///     Box::pin(async move { fetch(cx.get(&SELECTED).await).await })
/// });
///
/// let store = Store::new();
/// assert!(USER.read(&store).is_pending()); // whoever reads it first sets it going
/// assert_eq!(USER.ready(&store).await.unwrap().as_str(), "user 7");
/// SELECTED.set(&store, 8);
/// assert!(USER.read(&store).is_stale()); // and shows the last value meanwhile
/// assert_eq!(USER.ready(&store).await.unwrap().as_str(), "user 8");
/// # });
/// ```
///
/// Everything that the body reads, before or after an await, is a dependency. A change of it supersedes the run: what comes
/// late is never shown. The body runs on the store's executor, outside every lock, never on the stack of who reads; see
/// [`Store::derived_async`](crate::Store::derived_async). Nobody reads, nothing runs.
///
/// Like every derived atom it is computed in each place that it is read from; one that does not depend on the place is best
/// [`shared`](Self::shared), lest each provider fetches for itself.
pub struct AsyncAtom<T, E> {
    about: About,
    body: Body<T, E>,
    policy: AsyncPolicy,
    /// Whether two values are the same.
    same: fn(&T, &T) -> bool,
}

impl<T: PartialEq, E> AsyncAtom<T, E> {
    /// An atom that `body` computes.
    pub const fn new(
        name: &'static str,
        body: fn(AsyncAtomReader) -> BoxFuture<Result<T, E>>,
    ) -> Self {
        Self::with(Text::from_static(name), Call::Plain(body), |a, b| *a == *b)
    }

    /// An atom made at run time, whose body may use what is at hand: a client, say.
    pub fn dynamic<F>(
        name: impl Into<Text>,
        body: impl Fn(AsyncAtomReader) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let body = move |cx| Box::pin(body(cx)) as BoxFuture<_>;
        Self::with(name.into(), Call::Closure(Arc::new(body)), |a, b| *a == *b)
    }
}

impl<T, E> AsyncAtom<T, E> {
    /// An atom for values that cannot be compared: every run that ends well is a change.
    pub const fn by_identity(
        name: &'static str,
        body: fn(AsyncAtomReader) -> BoxFuture<Result<T, E>>,
    ) -> Self {
        Self::with(Text::from_static(name), Call::Plain(body), |_, _| false)
    }

    const fn with(name: Text, body: Body<T, E>, same: fn(&T, &T) -> bool) -> Self {
        Self { about: About::new(name, Reach::Local), body, policy: AsyncPolicy::Latest, same }
    }

    /// What becomes of a run when something that it has read changes before it has ended;
    /// [`AsyncPolicy::Latest`] unless it is chosen.
    #[must_use]
    pub const fn policy(mut self, policy: AsyncPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Is computed once, from the store's own values, wherever it is read.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.about.reach = Reach::Store;
        self
    }
}

impl<T, E> readable::sealed::Sealed for AsyncAtom<T, E> {}
impl<T, E> readable::sealed::Sealed for &AsyncAtom<T, E> {}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Readable for AsyncAtom<T, E> {
    type Shared = AsyncState<T, E>;
    type Value = AsyncState<T, E>;
    type Cell = AsyncDerived<T, E>;

    readable::looked_up! {}

    fn about_it(&self) -> &About {
        &self.about
    }

    fn sameness(&self) -> fn(&Self::Shared, &Self::Shared) -> bool {
        AsyncState::eq
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Owned for AsyncAtom<T, E> {
    fn own(shared: &AsyncState<T, E>) -> AsyncState<T, E> {
        shared.clone()
    }
}

reading! {
    [T: Send + Sync + 'static, E: Send + Sync + 'static]
    AsyncAtom<T, E>, AsyncState<T, E>, AsyncState<T, E>
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> AsyncAtom<T, E> {
    /// Waits until the atom is up to date in a place; sets it going if need be.
    ///
    /// # Errors
    ///
    /// The future gives the [`Rejection`] of a run that did not come to a value.
    ///
    /// # Panics
    ///
    /// If a provider around has ended; inside a lease of a store.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing; the run goes on.
    #[track_caller]
    pub fn ready<P: Place>(
        &self,
        at: &P,
    ) -> impl Future<Output = Result<Arc<T>, Rejection<E>>> + Send + use<T, E, P> {
        at.store().ready(self.cell(at))
    }

    /// Has it computed again, though nothing that it has read has changed: after a failure, say. If nobody observes it, that is
    /// when it is next read.
    ///
    /// # Panics
    ///
    /// As [`ready`](Self::ready).
    #[track_caller]
    pub fn refresh(&self, at: &impl Place) {
        at.store().refresh(self.cell(at));
    }

    /// Has it forget its value: it is [`Pending`](AsyncState::Pending), as if nobody had read it yet, and is computed again when
    /// it is observed or next read. For what is not to be shown any more, even for the time being.
    ///
    /// # Panics
    ///
    /// As [`ready`](Self::ready).
    #[track_caller]
    pub fn reset(&self, at: &impl Place) {
        let cell = self.cell(at);
        at.store().batch(|tx| tx.forget(cell));
    }

    /// The atom in a place.
    ///
    /// # Errors
    ///
    /// If a provider around has ended.
    #[track_caller]
    pub fn at(&self, at: &impl Place) -> Result<ReadHandle<AsyncDerived<T, E>>, PlaceError> {
        let cell = self.cell_at(at.at())?;
        Ok(ReadHandle::new(at.store().clone(), cell, self.about.name.clone(), None))
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Tabled for AsyncAtom<T, E> {
    type Cell = AsyncDerived<T, E>;

    #[inline]
    fn about(&self) -> &About {
        &self.about
    }

    fn of_key(&self, key: CellKey) -> Self::Cell {
        AsyncDerived::from_key(key)
    }

    fn atom(&self) -> Option<Arc<dyn AnyAtom>> {
        readable::any(self.clone())
    }

    fn make(&self, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> Self::Cell {
        let (body, read) = (self.body.clone(), AsyncAtomReader::maker(site));
        let body = move |cx: AsyncReader| match &body {
            Call::Plain(body) => body(read(cx)),
            Call::Closure(body) => body(read(cx)),
        };
        let cell = maker.cell(&self.about.name).equality(self.same);
        cell.derived_async_with(self.policy, body)
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> AnyAtom for AsyncAtom<T, E> {
    fn name(&self) -> &Text {
        &self.about.name
    }

    fn is_state(&self) -> bool {
        false
    }

    fn reset(&self, _site: &Site, key: CellKey) -> Reset {
        let cell = self.of_key(key);
        // Somebody may have removed it meanwhile.
        Box::new(move |tx| _ = tx.try_forget(cell))
    }
}

/// Reads atoms for the body of an async derivation, and remembers which.
///
/// A read is a future, since it may have nothing to give any more: in a run that is over or superseded it never resolves. See
/// [`AsyncReader`]. Clones read for the same run.
#[derive(Clone)]
pub struct AsyncAtomReader {
    cx: AsyncReader,
    site: Arc<Site>,
    /// What this run has read of families.
    memo: Arc<Mutex<Memo>>,
}

impl AsyncAtomReader {
    /// Makes the reader of each run of one derivation.
    ///
    /// What a run has read of families stays in use until the one after the next begins: between the end of a run and the
    /// reads of the next one, nobody else may be using it.
    pub(crate) fn maker(site: &Arc<Site>) -> impl Fn(AsyncReader) -> Self + Send + Sync + 'static {
        let site = Arc::clone(site);
        let kept = Mutex::new([const { None }; 2]);
        move |cx| {
            let memo = Arc::new(Mutex::new(Memo::default()));
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.swap(0, 1);
            let gone = kept[0].replace(Arc::clone(&memo));
            drop(kept);
            drop(gone);
            Self { cx, site: Arc::clone(&site), memo }
        }
    }

    /// The value of an atom.
    ///
    /// If it has none (its derivation has failed, it depends on this one), the run ends here, and the atom has failed with
    /// [`Failure::Dependency`](trine_core::Failure::Dependency); use [`try_read`](Self::try_read) to go on instead.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the read happens when the future is polled, at once or never.
    #[track_caller]
    pub fn get<'r, A: Owned>(
        &'r self,
        atom: &A,
    ) -> impl Future<Output = A::Value> + Send + use<'r, A> {
        let read = self.read(atom);
        async move { A::own(&read.await) }
    }

    /// The value of an atom, shared.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn read<'r, A: Readable>(
        &'r self,
        atom: &A,
    ) -> impl Future<Output = A::Shared> + Send + use<'r, A> {
        let (cell, same) = (self.find(atom), atom.sameness());
        async move { self.cx.get_by(or_never(cell).await, same).await }
    }

    /// The value of an atom, shared, or why it has none.
    ///
    /// # Errors
    ///
    /// If its derivation has failed, or it depends on this one.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn try_read<'r, A: Readable>(
        &'r self,
        atom: &A,
    ) -> impl Future<Output = Result<A::Shared, CellError>> + Send + use<'r, A> {
        let (cell, same) = (self.find(atom), atom.sameness());
        async move { self.cx.try_get_by(or_never(cell).await, same).await }
    }

    /// The value of another async atom, once that is up to date; until then the run waits.
    ///
    /// If the other one has failed, so does this one, with [`Failure::Dependency`](trine_core::Failure::Dependency).
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn ready<'r, T, E>(
        &'r self,
        atom: &AsyncAtom<T, E>,
    ) -> impl Future<Output = Arc<T>> + Send + use<'r, T, E>
    where
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let cell = self.find(atom);
        async move { self.cx.ready(or_never(cell).await).await }
    }

    /// The run: to start children, or to hand on.
    #[must_use]
    pub fn run(&self) -> &RunContext {
        self.cx.run()
    }

    /// The atom's cell; none if the store was dropped.
    #[track_caller]
    fn find<A: Readable>(&self, atom: &A) -> Option<A::Cell> {
        let store = self.cx.run().store().ok()?;
        let mut found = Memo::default();
        let cell = atom.cell_in(&self.site, &mut Maker::Store(&store), &mut found);
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).keep_all(found);
        match cell {
            Ok(cell) => Some(cell),
            Err(error) => fail(&error),
        }
    }
}

/// The cell; never resolves if there is none, as no read of a run that is over does.
async fn or_never<C>(cell: Option<C>) -> C {
    match cell {
        Some(cell) => cell,
        None => std::future::pending().await,
    }
}

impl<T, E> Clone for AsyncAtom<T, E> {
    fn clone(&self) -> Self {
        let (about, body) = (self.about.clone(), self.body.clone());
        Self { about, body, policy: self.policy, same: self.same }
    }
}

impl<T, E> fmt::Debug for AsyncAtom<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncAtom").field(&self.about.name).finish()
    }
}

impl fmt::Debug for AsyncAtomReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncAtomReader").field("cx", &self.cx).finish_non_exhaustive()
    }
}
