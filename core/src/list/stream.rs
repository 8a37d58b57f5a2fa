//! Reading the diffs of a list: a stream, and views of it.
//!
//! A reader and its list share a buffer (`log.rs`); reading takes that buffer's lock, never the lease. A view is a reader with a
//! state machine behind it, so that what a filter, a map or a sort costs is paid by who reads, when he reads.

use super::{
    ListCell,
    adapter::{ListAdapter, Then},
    diff::ListDiff,
    filter::ListFilter,
    log::{Buffer, DiffLog, Next, Told},
    map::ListMap,
    sort::ListSort,
};
use crate::{
    cell::{Cell, CellKey},
    commit::CommitNumber,
    delivery::{Leaving, Outlet},
    error::CellError,
    graph::Graph,
    lease,
    store::Store,
};
use futures_core::Stream;
use std::{
    cmp::Ordering,
    fmt,
    num::NonZeroUsize,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// The diffs of a list: a [`Stream`] of one batch per commit. Made by [`Store::diffs`](crate::Store::diffs).
///
/// The first batch is a [`ListDiff::Reset`] with the content at that time. A reader that lags more than the bound behind
/// finds a single `Reset` with all that it has missed. While the list is torn, nothing comes; its repair comes as a
/// `Reset`. The stream ends when the list was removed or the store dropped, once everything before has been read.
///
/// Reading takes no lease, and may happen anywhere: in a task, in a render loop, or in a callback, where the batch of the
/// commit is there already. To be called back with each batch, there is [`Store::subscribe_diffs`](crate::Store::subscribe_diffs).
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use futures_util::StreamExt;
/// use std::num::NonZeroUsize;
/// use trine_core::{ListDiff, Store};
///
/// let store = Store::new();
/// let list = store.list(["a"]);
/// let mut diffs = store.diffs(list, NonZeroUsize::new(2).unwrap());
/// assert_eq!(diffs.next().await.unwrap(), [ListDiff::Reset { values: vec!["a"] }]);
/// store.edit(list, |list| {
///     list.push("b");
///     list.move_item(0, 1);
/// });
/// let batch = diffs.next().await.unwrap();
/// assert_eq!(batch, [ListDiff::Push { value: "b" }, ListDiff::Move { from: 0, to: 1 }]);
/// # });
/// ```
#[must_use = "a stream that is not read collects batches up to its bound, then a copy of the list"]
pub struct ListDiffs<T: 'static> {
    buffer: Arc<Buffer<T>>,
    /// Keeps the log alive.
    log: Arc<DiffLog<T>>,
    /// Dropped after both.
    _leaving: Leaving,
}

/// The diffs of a view of a list: a [`Stream`] of batches, without those that do not concern the view.
///
/// Made by [`ListDiffs::filter`], [`map`](ListDiffs::map), [`sort_by`](ListDiffs::sort_by) and
/// [`adapt`](ListDiffs::adapt). If a closure of the view panics, the view is as of an unknown diff from then on: drop it and
/// begin a new one.
#[must_use = "a stream that is not read collects batches up to its bound, then a copy of the list"]
pub struct ListView<T: 'static, A> {
    diffs: ListDiffs<T>,
    adapter: A,
}

impl<T: 'static> ListDiffs<T> {
    /// The next batch, if there is one now: for render loops.
    pub fn try_next(&mut self) -> Option<Vec<ListDiff<T>>> {
        match self.buffer.next(None) {
            Next::Batch(batch) => Some(batch),
            Next::Pending | Next::End => None,
        }
    }

    /// The next batch, unless it is of a later commit than this one.
    pub(super) fn next_until(&self, number: CommitNumber) -> Option<Vec<ListDiff<T>>> {
        self.buffer.next_until(number)
    }

    /// How many batches wait to be read.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether no batch waits to be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A view by a state machine of your own.
    pub fn adapt<A: ListAdapter<T>>(self, adapter: A) -> ListView<T, A> {
        ListView { diffs: self, adapter }
    }

    /// A view of the elements for which `keep` returns true.
    pub fn filter<P: FnMut(&T) -> bool>(self, keep: P) -> ListView<T, ListFilter<P>> {
        self.adapt(ListFilter::new(keep))
    }

    /// A view of what `f` makes of the elements.
    pub fn map<U, F: FnMut(T) -> U>(self, f: F) -> ListView<T, ListMap<F>> {
        self.adapt(ListMap::new(f))
    }

    /// A view in the order of `compare`; elements that are equal stay in the order of the list.
    pub fn sort_by<C: FnMut(&T, &T) -> Ordering>(self, compare: C) -> ListView<T, ListSort<T, C>>
    where
        T: Clone,
    {
        self.adapt(ListSort::new(compare))
    }

    fn poll(&self, waker: Option<&Waker>) -> Poll<Option<Vec<ListDiff<T>>>> {
        match self.buffer.next(waker) {
            Next::Batch(batch) => Poll::Ready(Some(batch)),
            Next::Pending => Poll::Pending,
            Next::End => Poll::Ready(None),
        }
    }
}

impl<T: 'static, A: ListAdapter<T>> ListView<T, A> {
    /// The next batch that concerns the view, if there is one now: for render loops.
    pub fn try_next(&mut self) -> Option<Vec<ListDiff<A::Item>>> {
        match self.poll(None) {
            Poll::Ready(batch) => batch,
            Poll::Pending => None,
        }
    }

    /// A view of this view by a state machine of your own.
    pub fn adapt<B: ListAdapter<A::Item>>(self, adapter: B) -> ListView<T, Then<A, B>> {
        ListView { diffs: self.diffs, adapter: self.adapter.then(adapter) }
    }

    /// A view of the elements for which `keep` returns true.
    pub fn filter<P: FnMut(&A::Item) -> bool>(
        self,
        keep: P,
    ) -> ListView<T, Then<A, ListFilter<P>>> {
        self.adapt(ListFilter::new(keep))
    }

    /// A view of what `f` makes of the elements.
    pub fn map<U, F: FnMut(A::Item) -> U>(self, f: F) -> ListView<T, Then<A, ListMap<F>>> {
        self.adapt(ListMap::new(f))
    }

    /// A view in the order of `compare`; elements that are equal stay in the order of this view.
    pub fn sort_by<C: FnMut(&A::Item, &A::Item) -> Ordering>(
        self,
        compare: C,
    ) -> ListView<T, Then<A, ListSort<A::Item, C>>>
    where
        A::Item: Clone,
    {
        self.adapt(ListSort::new(compare))
    }

    fn poll(&mut self, waker: Option<&Waker>) -> Poll<Option<Vec<ListDiff<A::Item>>>> {
        loop {
            match self.diffs.poll(waker) {
                Poll::Ready(Some(batch)) => {
                    let mut adapted = Vec::new();
                    for diff in batch {
                        self.adapter.adapt(diff, &mut adapted);
                    }
                    if !adapted.is_empty() {
                        return Poll::Ready(Some(adapted));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T: 'static> Stream for ListDiffs<T> {
    type Item = Vec<ListDiff<T>>;

    /// # Cancel safety
    ///
    /// Cancel safe: a batch leaves the stream only when it is returned.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(Some(cx.waker()))
    }
}

impl<T: 'static> Drop for ListDiffs<T> {
    fn drop(&mut self) {
        lease::release(&self.buffer);
        lease::release(&self.log);
    }
}

/// Nothing in it is pinned.
impl<T: 'static, A> Unpin for ListView<T, A> {}

impl<T: 'static, A: ListAdapter<T>> Stream for ListView<T, A> {
    type Item = Vec<ListDiff<A::Item>>;

    /// # Cancel safety
    ///
    /// Cancel safe: a batch leaves the stream only when it is returned.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(Some(cx.waker()))
    }
}

impl Store {
    /// The content of a list, and its diffs from now on, as a stream that holds at most `capacity` batches.
    ///
    /// # Panics
    ///
    /// If the list was removed or belongs to another store; if cloning its elements panics; inside a lease.
    #[track_caller]
    pub fn diffs<T: Clone + Send + 'static>(
        &self,
        list: ListCell<T>,
        capacity: NonZeroUsize,
    ) -> ListDiffs<T> {
        match self.try_diffs(list, capacity) {
            Ok(diffs) => diffs,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`diffs`](Self::diffs), for a list that may be gone.
    ///
    /// # Errors
    ///
    /// If the list was removed or belongs to another store; inside a lease.
    ///
    /// # Panics
    ///
    /// If cloning its elements panics.
    #[track_caller]
    pub fn try_diffs<T: Clone + Send + 'static>(
        &self,
        list: ListCell<T>,
        capacity: NonZeroUsize,
    ) -> Result<ListDiffs<T>, CellError> {
        let used = Location::caller();
        self.core().enter(|graph| graph.diffs(list, capacity, used))?
    }
}

impl Graph {
    fn diffs<T: Clone + Send + 'static>(
        &mut self,
        list: ListCell<T>,
        capacity: NonZeroUsize,
        used: &'static Location<'static>,
    ) -> Result<ListDiffs<T>, CellError> {
        let index = self.locate(list.key(), used)?;
        let items = self.read_clean::<ListCell<T>, _>(index, Vec::clone).ok();
        let first = items.map(|values| Told::Diffs(vec![ListDiff::Reset { values }]));
        Ok(self.join_log::<Vec<T>, T>(list.key(), index, first, capacity))
    }

    /// A reader of the log of a cell of type `V`, which begins now if there is none.
    pub(super) fn join_log<V: Clone + Send + 'static, T: Clone + Send + 'static>(
        &mut self,
        key: CellKey,
        index: u32,
        first: Option<Told<T>>,
        capacity: NonZeroUsize,
    ) -> ListDiffs<T> {
        let log = match self.diff_log::<V, T>(index) {
            Some(log) => log,
            None => {
                let log = DiffLog::new(matches!(first, Some(Told::Content(_))));
                let outlet: Arc<dyn Outlet> = Arc::clone(&log) as _;
                self.outlets::<V>(index).push(Arc::downgrade(&outlet));
                log
            }
        };
        let buffer = log.add_reader(first, capacity.get());
        ListDiffs { buffer, log, _leaving: Leaving::new(self, key) }
    }

    /// The content of a list that has one, and its diffs from now on.
    pub(super) fn content_and_diffs<T: Clone + Send + 'static>(
        &mut self,
        list: ListCell<T>,
        capacity: NonZeroUsize,
        used: &'static Location<'static>,
    ) -> Result<(Vec<T>, ListDiffs<T>), CellError> {
        let index = self.locate(list.key(), used)?;
        if let Some(error) = self.error(index) {
            return Err(error);
        }
        let mut diffs = self.diffs(list, capacity, used)?;
        let content = match diffs.try_next().as_deref_mut() {
            Some([ListDiff::Reset { values }]) => std::mem::take(values),
            _ => unreachable!("a reader of a sound list begins with a reset"),
        };
        Ok((content, diffs))
    }
}

impl<T: 'static> fmt::Debug for ListDiffs<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListDiffs").field("waiting", &self.len()).finish_non_exhaustive()
    }
}

impl<T: 'static, A> fmt::Debug for ListView<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListView").field("diffs", &self.diffs).finish_non_exhaustive()
    }
}
