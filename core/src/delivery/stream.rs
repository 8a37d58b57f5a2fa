//! Streams: every change of a cell, in order, within a bound.
//!
//! Each commit that changes the cell leaves a copy of the value in the stream's buffer, inside the lease, and wakes the
//! reader as soon as the lease is free. A reader that is slower than the writers for long loses the oldest values, and is
//! told how many: [`Missed::Lagged`].

use super::{
    subscription::Leaving,
    topic::copy_of,
    watch::{Outlet, let_go},
};
use crate::{
    cell::{AnyCell, Cell},
    commit::CommitNumber,
    error::CellError,
    graph::{Garbage, Graph, Naming},
    lease,
    store::Core,
    sync::{Mutex, mutant},
};
use futures_core::Stream;
use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroUsize,
    panic::Location,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

/// The changes of a cell, in order: a stream. Made by [`Store::changes`](crate::Store::changes).
///
/// It ends when the cell was removed or the store dropped, once everything before has been read.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use futures_util::StreamExt;
/// use std::num::NonZeroUsize;
/// use trine_core::{Missed, Store};
///
/// let store = Store::new();
/// let cell = store.source(0);
/// let mut changes = store.changes(cell, NonZeroUsize::new(2).unwrap());
/// store.set(cell, 1);
/// assert_eq!(changes.next().await, Some(Ok(1)));
/// for value in 2..=5 {
///     store.set(cell, value);
/// }
/// assert_eq!(changes.next().await, Some(Err(Missed::Lagged(2)))); // 2 and 3
/// assert_eq!(changes.next().await, Some(Ok(4)));
/// # });
/// ```
#[must_use = "a stream that is not read collects values up to its bound, then loses the oldest"]
pub struct Changes<T: 'static> {
    buffer: Arc<Buffer<T>>,
    /// Dropped after `buffer`.
    _leaving: Leaving,
}

/// What a stream brings instead of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missed {
    /// The reader was too slow: this many changes, the oldest ones, were lost.
    #[error("{0} changes were lost, since they were not read in time")]
    Lagged(u64),
    /// The cell has no value as of this change: its derivation failed, or it is torn.
    #[error(transparent)]
    Failed(CellError),
}

/// What a stream and its cell share.
struct Buffer<T> {
    state: Mutex<BufferState<T>>,
    /// How many changes it holds.
    capacity: usize,
}

struct BufferState<T> {
    /// Changes that have not been read.
    changes: VecDeque<Result<T, CellError>>,
    /// How many were lost since the last read.
    lagged: u64,
    /// Whether the cell is gone.
    closed: bool,
    /// Who waits for the next change.
    waiting: Option<Waker>,
}

impl<T: 'static> Changes<T> {
    /// How many changes wait to be read.
    pub fn len(&self) -> usize {
        self.buffer.state.lock().changes.len()
    }

    /// Whether no change waits to be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: 'static> Stream for Changes<T> {
    type Item = Result<T, Missed>;

    /// # Cancel safety
    ///
    /// Cancel safe: a change leaves the stream only when it is returned.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.buffer.state.lock();
        if let Poll::Ready(next) = state.next() {
            return Poll::Ready(next);
        }
        if state.waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        // A waker is user code, which may look at this very stream: cloned outside the lock, dropped outside it.
        drop(state);
        let waker = cx.waker().clone();
        let mut state = self.buffer.state.lock();
        let next = if mutant("looked before it registered") { Poll::Pending } else { state.next() };
        let (next, dropped) = match next {
            Poll::Pending => (Poll::Pending, state.waiting.replace(waker)),
            ready => (ready, Some(waker)),
        };
        drop(state);
        drop(dropped);
        next
    }
}

impl<T> BufferState<T> {
    /// What a reader finds.
    fn next(&mut self) -> Poll<Option<Result<T, Missed>>> {
        if self.lagged > 0 {
            return Poll::Ready(Some(Err(Missed::Lagged(std::mem::take(&mut self.lagged)))));
        }
        if let Some(change) = self.changes.pop_front() {
            return Poll::Ready(Some(change.map_err(Missed::Failed)));
        }
        if self.closed { Poll::Ready(None) } else { Poll::Pending }
    }
}

impl<T: 'static> Drop for Changes<T> {
    fn drop(&mut self) {
        lease::release(&self.buffer);
    }
}

impl<T: Clone + Send + 'static> Outlet for Buffer<T> {
    fn publish(
        &self,
        cell: &dyn AnyCell,
        naming: &Naming<'_>,
        error: Option<&CellError>,
        _number: CommitNumber,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) {
        let change = match error {
            Some(error) => Err(error.clone()),
            None => copy_of::<T>(cell, naming, garbage),
        };
        let mut state = self.state.lock();
        if state.changes.len() == self.capacity {
            let lost = state.changes.pop_front();
            if std::mem::needs_drop::<T>() {
                garbage.push(Box::new(lost));
            }
            state.lagged += 1;
        }
        state.changes.push_back(change);
        wakers.extend(state.waiting.take());
    }

    fn close(&self, wakers: &mut Vec<Waker>, _garbage: &mut Vec<Garbage>) {
        let mut state = self.state.lock();
        state.closed = true;
        wakers.extend(state.waiting.take());
    }

    fn let_go(self: Arc<Self>, garbage: &mut Vec<Garbage>) {
        let_go(self, garbage);
    }
}

impl Core {
    /// A stream of a cell's changes.
    pub(crate) fn changes<C: Cell>(
        self: &Arc<Self>,
        cell: C,
        capacity: NonZeroUsize,
        used: &'static Location<'static>,
    ) -> Result<Changes<C::Value>, CellError>
    where
        C::Value: Clone,
    {
        self.enter(|graph| graph.changes(cell, capacity, used))?
    }
}

impl Graph {
    /// Where commits leave the value of a cell besides its watches.
    pub(crate) fn outlets<T: Clone + Send + 'static>(
        &mut self,
        index: u32,
    ) -> &mut Vec<Weak<dyn Outlet>> {
        self.topic_of::<T>(index).1.streams()
    }

    fn changes<C: Cell>(
        &mut self,
        cell: C,
        capacity: NonZeroUsize,
        used: &'static Location<'static>,
    ) -> Result<Changes<C::Value>, CellError>
    where
        C::Value: Clone,
    {
        let index = self.observe(cell.key(), used)?;
        let state =
            BufferState { changes: VecDeque::new(), lagged: 0, closed: false, waiting: None };
        let buffer = Arc::new(Buffer { state: Mutex::new(state), capacity: capacity.get() });
        let outlet: Arc<dyn Outlet> = Arc::clone(&buffer) as _;
        let outlet: Weak<dyn Outlet> = Arc::downgrade(&outlet);
        self.topic_of::<C::Value>(index).1.streams().push(outlet);
        Ok(Changes { buffer, _leaving: Leaving::new(self, cell.key()) })
    }
}

impl<T: 'static> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("waiting", &self.len()).finish_non_exhaustive()
    }
}
