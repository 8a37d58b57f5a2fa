//! What the readers of one list's diffs share, and how a commit reaches them.
//!
//! An edit borrows the pending diffs from the log and puts them back longer, so several edits of one transaction make one
//! batch, and a roll-back cuts off what it undoes. The commit publishes: each reader's buffer gets the batch, or, where the
//! reader is full, stale or the list was replaced, a reset with a copy of the list. A reset that waits is kept up to date by
//! later batches instead of being copied anew: lagging for long costs one copy. Batches bear the number of their commit, which is how a
//! callback is told no further than its turn.
//!
//! Of a list that is kept elsewhere (`relay.rs`) the log is told the content besides, in a form that is cheap to keep. That is what
//! lags behind then, and it is made into elements when it is read.

use super::{diff::ListDiff, relay::ListContent};
use crate::{
    cell::AnyCell,
    commit::CommitNumber,
    delivery::{Outlet, let_go},
    error::CellError,
    graph::{Garbage, Naming},
    lease,
    sync::{Mutex, mutant},
};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Weak},
    task::Waker,
};

/// The log of one list: its readers, and what they will hear of at the end of the commit. Kept alive by the readers.
pub(super) struct DiffLog<T> {
    /// Written inside the lease only.
    state: Mutex<LogState<T>>,
    /// Whether the list is kept elsewhere, and not in the cell.
    relayed: bool,
}

struct LogState<T> {
    /// What edits have noted since the last commit.
    pending: Pending<T>,
    /// The readers; some may be gone.
    readers: Vec<Weak<Buffer<T>>>,
}

/// What edits have noted since the last commit.
pub(super) struct Pending<T> {
    /// The diffs.
    pub(super) diffs: Vec<ListDiff<T>>,
    /// Whether the list was replaced: then it is told as a whole, and further diffs are not noted.
    pub(super) whole: bool,
    /// The content, if the list is kept elsewhere and a reader needs it.
    pub(super) content: Option<Arc<dyn ListContent<T>>>,
}

/// How far a [`Pending`] had got.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingMark {
    diffs: usize,
    whole: bool,
}

impl<T> Pending<T> {
    const NONE: Self = Self { diffs: Vec::new(), whole: false, content: None };

    pub(super) fn mark(&self) -> PendingMark {
        PendingMark { diffs: self.diffs.len(), whole: self.whole }
    }
}

/// What one reader and the log share.
pub(super) struct Buffer<T> {
    state: Mutex<BufferState<T>>,
    /// How many batches it holds.
    capacity: usize,
}

/// What a reader is told of a commit.
pub(super) enum Told<T> {
    /// What was done.
    Diffs(Vec<ListDiff<T>>),
    /// What the list is now.
    Content(Arc<dyn ListContent<T>>),
}

/// What a commit did.
struct Batch<T> {
    told: Told<T>,
    /// The commit; the last one, if several have fallen together.
    number: CommitNumber,
}

struct BufferState<T> {
    /// Batches that have not been read.
    batches: VecDeque<Batch<T>>,
    /// Whether the reader lags: then the only batch is a reset, which further commits change.
    lagging: bool,
    /// Whether the reader has missed something that is not in the batches: the next one must be a reset.
    stale: bool,
    /// Whether the list is gone.
    closed: bool,
    /// Who waits for the next batch.
    waiting: Option<Waker>,
}

impl<T> DiffLog<T> {
    pub(super) fn new(relayed: bool) -> Arc<Self> {
        let state = LogState { pending: Pending::NONE, readers: Vec::new() };
        Arc::new(Self { state: Mutex::new(state), relayed })
    }

    /// Adds a reader that begins with what it is told first, or, if that is nothing, with the first content that there will be.
    pub(super) fn add_reader(&self, first: Option<Told<T>>, capacity: usize) -> Arc<Buffer<T>> {
        let stale = first.is_none();
        let batches =
            first.map(|told| Batch { told, number: CommitNumber(0) }).into_iter().collect();
        let state = BufferState { batches, lagging: false, stale, closed: false, waiting: None };
        let buffer = Arc::new(Buffer { state: Mutex::new(state), capacity });
        let mut log = self.state.lock();
        log.readers.retain(|reader| reader.strong_count() > 0);
        log.readers.push(Arc::downgrade(&buffer));
        buffer
    }

    /// Whether any reader will have to be told the content at the next commit.
    pub(super) fn needs_content(&self) -> bool {
        if self.state.lock().pending.whole {
            return true;
        }
        let any_needs = |reader: &Arc<Buffer<T>>| {
            let state = reader.state.lock();
            state.stale || state.lagging || state.batches.len() >= reader.capacity
        };
        self.readers().iter().any(any_needs)
    }

    /// Gives what has been noted to an edit, which goes on with it.
    pub(super) fn take(&self) -> Pending<T> {
        std::mem::replace(&mut self.state.lock().pending, Pending::NONE)
    }

    /// Takes back what an edit was given.
    pub(super) fn put(&self, pending: Pending<T>) {
        self.state.lock().pending = pending;
    }

    /// Forgets what was noted after `mark`, and returns it.
    pub(super) fn take_back(&self, mark: PendingMark) -> Vec<ListDiff<T>> {
        let mut log = self.state.lock();
        log.pending.whole = mark.whole;
        log.pending.diffs.split_off(mark.diffs)
    }

    fn readers(&self) -> Vec<Arc<Buffer<T>>> {
        self.state.lock().readers.iter().filter_map(Weak::upgrade).collect()
    }
}

impl<T: Clone + Send + 'static> Outlet for DiffLog<T> {
    fn publish(
        &self,
        cell: &dyn AnyCell,
        _naming: &Naming<'_>,
        error: Option<&CellError>,
        number: CommitNumber,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) {
        let Pending { mut diffs, whole, content } = self.take();
        let items = if self.relayed { None } else { cell.value_as::<Vec<T>>() };
        if error.is_some() || items.is_none() && !self.relayed {
            for reader in self.readers() {
                reader.state.lock().stale = true;
                let_go(reader, garbage);
            }
            return garbage.push(Box::new(diffs));
        }
        // Nothing noted: the list was repaired.
        let whole = whole || diffs.is_empty();
        let content = match (items, &content) {
            (Some(items), _) => Content::Here(items),
            (None, Some(content)) => Content::Elsewhere(content),
            (None, None) => Content::NotTold,
        };
        // Nobody adds a reader meanwhile, and the elements' `Clone` is not called under the log's lock.
        let readers = std::mem::take(&mut self.state.lock().readers);
        for (n, reader) in readers.iter().enumerate() {
            let Some(reader) = reader.upgrade() else { continue };
            let last = n + 1 == readers.len();
            let batch = || if last { std::mem::take(&mut diffs) } else { diffs.clone() };
            reader.publish(&content, number, batch, whole, wakers, garbage);
            let_go(reader, garbage);
        }
        self.state.lock().readers = readers;
        if std::mem::needs_drop::<T>() {
            garbage.push(Box::new(diffs));
        }
        if let Content::Elsewhere(content) = content {
            garbage.push(Box::new(Arc::clone(content)));
        }
    }

    fn close(&self, wakers: &mut Vec<Waker>, garbage: &mut Vec<Garbage>) {
        for reader in self.readers() {
            let mut state = reader.state.lock();
            state.closed = true;
            wakers.extend(state.waiting.take());
            drop(state);
            let_go(reader, garbage);
        }
    }

    fn let_go(self: Arc<Self>, garbage: &mut Vec<Garbage>) {
        let_go(self, garbage);
    }
}

/// What the list is, for readers that have missed what was done.
enum Content<'a, T> {
    /// The elements.
    Here(&'a [T]),
    /// What they can be made of.
    Elsewhere(&'a Arc<dyn ListContent<T>>),
    /// Not known now.
    NotTold,
}

impl<T: Clone> Content<'_, T> {
    /// What a reader is told; clones the elements only if there is no other way.
    fn told(&self) -> Option<Told<T>> {
        match self {
            Self::Here(items) => {
                Some(Told::Diffs(vec![ListDiff::Reset { values: items.to_vec() }]))
            }
            Self::Elsewhere(content) => Some(Told::Content(Arc::clone(content))),
            Self::NotTold => None,
        }
    }
}

impl<T: Clone + Send + 'static> Buffer<T> {
    /// Takes the batch of a commit. Called inside the lease, so that batches are added by one thread at a time.
    fn publish(
        &self,
        content: &Content<'_, T>,
        number: CommitNumber,
        batch: impl FnOnce() -> Vec<ListDiff<T>>,
        whole: bool,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) {
        // The elements' `Clone` is the user's code, so no lock is held meanwhile. The reader may read in between, which
        // leaves more room than was found here.
        let (reset, lagging) = {
            let state = self.state.lock();
            let full = !state.lagging && state.batches.len() >= self.capacity;
            // What waits is exchanged for what costs nothing to keep, instead of being brought up to date.
            let exchanged = state.lagging && matches!(content, Content::Elsewhere(_));
            (whole || state.stale || full || exchanged, state.lagging)
        };
        let copied = catch_unwind(AssertUnwindSafe(|| {
            if reset { content.told() } else { Some(Told::Diffs(batch())) }
        }));
        let mut state = self.state.lock();
        if lagging && !state.lagging && mutant("who has read meanwhile misses the batch") {
            return;
        }
        match copied {
            Ok(Some(told)) => {
                state.stale = false;
                state.add(Batch { told, number }, self.capacity, garbage);
                wakers.extend(state.waiting.take());
            }
            Ok(None) => state.stale = true,
            Err(payload) => {
                state.stale = true;
                garbage.push(payload);
            }
        }
    }
}

impl<T> BufferState<T> {
    fn next(&mut self) -> Next<Told<T>> {
        match self.batches.pop_front() {
            Some(batch) => {
                self.lagging = false;
                Next::Batch(batch.told)
            }
            None if self.closed => Next::End,
            None => Next::Pending,
        }
    }
}

impl<T: Send + 'static> BufferState<T> {
    fn add(&mut self, batch: Batch<T>, capacity: usize, garbage: &mut Vec<Garbage>) {
        if self.lagging
            && let Some(waits) = self.batches.front_mut()
        {
            waits.number = batch.number;
            match (&mut waits.told, batch.told) {
                (Told::Diffs(waits), Told::Diffs(diffs)) => {
                    let [ListDiff::Reset { values }] = waits.as_mut_slice() else {
                        unreachable!("who lags behind is told a reset");
                    };
                    let mut displaced = Vec::new();
                    for diff in diffs {
                        diff.apply_keeping(values, |value| displaced.push(value));
                    }
                    if std::mem::needs_drop::<T>() {
                        garbage.push(Box::new(displaced));
                    }
                }
                (waits, content) => garbage.push(Box::new(std::mem::replace(waits, content))),
            }
            return;
        }
        self.lagging = self.batches.len() >= capacity;
        if self.lagging {
            // The batch is a reset, and makes up for them.
            garbage.push(Box::new(std::mem::take(&mut self.batches)));
        }
        self.batches.push_back(batch);
    }
}

/// What a reader finds.
pub(super) enum Next<B> {
    /// The oldest batch.
    Batch(B),
    /// Nothing now; the waker is kept.
    Pending,
    /// Nothing any more.
    End,
}

impl<T: 'static> Buffer<T> {
    /// The oldest batch, or else keeps the waker, if there is one.
    pub(super) fn next(&self, waker: Option<&Waker>) -> Next<Vec<ListDiff<T>>> {
        match self.take(waker) {
            Next::Batch(told) => Next::Batch(self.open(told)),
            Next::Pending => Next::Pending,
            Next::End => Next::End,
        }
    }

    fn take(&self, waker: Option<&Waker>) -> Next<Told<T>> {
        let mut state = self.state.lock();
        let next = state.next();
        let Some(waker) = waker else { return next };
        if !matches!(next, Next::Pending)
            || state.waiting.as_ref().is_some_and(|kept| kept.will_wake(waker))
        {
            return next;
        }
        // A waker is user code, which may look at this very stream: cloned outside the lock, dropped outside it.
        drop(state);
        let waker = waker.clone();
        let mut state = self.state.lock();
        let next = if mutant("looked before it registered") { next } else { state.next() };
        let dropped = match next {
            Next::Pending => state.waiting.replace(waker),
            _ => Some(waker),
        };
        drop(state);
        drop(dropped);
        next
    }

    /// The diffs that a reader is handed. No lock is held: the elements may have to be cloned, which is the user's code.
    fn open(&self, told: Told<T>) -> Vec<ListDiff<T>> {
        let content = match told {
            Told::Diffs(diffs) => return diffs,
            Told::Content(content) => content,
        };
        let values = catch_unwind(AssertUnwindSafe(|| content.elements()));
        // We may have been called inside a lease, and be the last to have it.
        lease::defer(move || drop(content));
        match values {
            Ok(values) => vec![ListDiff::Reset { values }],
            Err(payload) => {
                // The next commit tells the whole list anew.
                self.state.lock().stale = true;
                resume_unwind(payload)
            }
        }
    }

    /// The oldest batch, if it is of this commit or of an earlier one.
    pub(super) fn next_until(&self, number: CommitNumber) -> Option<Vec<ListDiff<T>>> {
        let told = {
            let mut state = self.state.lock();
            if state.batches.front()?.number > number {
                return None;
            }
            match state.next() {
                Next::Batch(told) => told,
                Next::Pending | Next::End => return None,
            }
        };
        Some(self.open(told))
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().batches.len()
    }
}
