//! Diffs of a list that is kept elsewhere.
//!
//! A [`ListCell`](super::ListCell) is a vector: an insertion into its middle moves what is behind. Whoever keeps a list in a structure that
//! does better, a tree whose versions share their nodes say, has no use for a vector beside it. A relay is the part of
//! a list cell that readers see: they subscribe to it, and whoever changes the list says, inside the lease, what has changed.
//! The content is needed only for readers that have just come or lag behind, and made into elements when they read it.

use super::{
    diff::ListDiff,
    log::{DiffLog, Pending, Told},
    stream::ListDiffs,
};
use crate::{
    cell::{Cell, CellBuilder, CellKey, Source, Workshop},
    commit::Updates,
    error::CellError,
    store::Store,
};
use std::{fmt, hash, marker::PhantomData, num::NonZeroUsize, panic::Location, sync::Arc};

/// What a list consists of, in a form that is cheap to make and to keep: a version of a persistent structure, say.
pub trait ListContent<T>: Send + Sync + 'static {
    /// The elements, in order. Called by who reads, on the thread that reads, with no lock held.
    fn elements(&self) -> Vec<T>;
}

impl<T: Clone + Send + Sync + 'static> ListContent<T> for Vec<T> {
    fn elements(&self) -> Vec<T> {
        self.clone()
    }
}

/// The diffs of a list that is kept elsewhere, on their way to those who read them: for front ends and data structures.
///
/// It is a cell without a value. Made by [`Store::list_relay`], it is told what changes by [`Updates::relay`], in the commit of
/// the change; readers join by [`Updates::relayed_diffs`], and find what readers of a [`ListCell`](crate::ListCell) find. A change costs
/// what its diffs cost, however long the list is; for a reader that lags behind the content of the last commit is kept, and
/// made into elements when it is read.
///
/// ```
/// use std::num::NonZeroUsize;
/// use trine_core::{ListDiff, Store};
///
/// let store = Store::new();
/// // A list of our own: every number is there once, in order.
/// let numbers = store.source(vec![1, 5]);
/// let relay = store.list_relay::<i32>();
/// let insert = |number: i32| store.updates(|cells| {
///     let (mut diff, mut now) = (None, Vec::new());
///     cells.update(numbers, |numbers| {
///         if let Err(index) = numbers.binary_search(&number) {
///             numbers.insert(index, number);
///             diff = Some(ListDiff::Insert { index, value: number });
///         }
///         now.clone_from(numbers);
///     }).unwrap();
///     cells.relay(relay, diff, || now).unwrap();
/// });
///
/// let (mut diffs, _) = store.updates(|cells| {
///     let now = cells.get(numbers).unwrap();
///     cells.relayed_diffs(relay, now, NonZeroUsize::new(16).unwrap()).unwrap()
/// });
/// insert(3);
/// assert_eq!(diffs.try_next().unwrap(), [ListDiff::Reset { values: vec![1, 5] }]);
/// assert_eq!(diffs.try_next().unwrap(), [ListDiff::Insert { index: 1, value: 3 }]);
/// ```
pub struct ListRelay<T> {
    /// The cell whose subscribers the readers are.
    source: Source<()>,
    /// What the list consists of.
    elements: PhantomData<fn() -> T>,
}

impl Store {
    /// Makes a relay for the diffs of a list that is kept elsewhere.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn list_relay<T: Clone + Send + 'static>(&self) -> ListRelay<T> {
        make(Workshop::Store(self), None, Location::caller())
    }
}

impl CellBuilder<'_> {
    /// Makes a relay; see [`Store::list_relay`].
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn list_relay<T: Clone + Send + 'static>(self) -> ListRelay<T> {
        make(self.workshop, Some(self.name), Location::caller())
    }
}

#[track_caller]
fn make<T>(
    mut workshop: Workshop<'_>,
    name: Option<Arc<str>>,
    created: &'static Location<'static>,
) -> ListRelay<T> {
    let source = workshop.make_source((), |(), ()| false, name, created);
    ListRelay { source, elements: PhantomData }
}

/// Lists that are kept elsewhere.
impl Updates<'_> {
    /// Whether anybody reads the diffs of a relay: if not, they need not be made.
    pub fn is_relayed<T: Clone + Send + 'static>(&mut self, relay: ListRelay<T>) -> bool {
        let found = self.graph.locate(relay.key(), Location::caller());
        found.is_ok_and(|index| self.graph.diff_log::<(), T>(index).is_some())
    }

    /// Tells the readers of a relay what is done to the list in this commit. `content` makes the list as it is then; it is
    /// called if a reader needs that. Of several calls in one commit, that of the last one counts. Nothing happens if nobody reads.
    ///
    /// Both run inside the lease and must be pure.
    ///
    /// # Errors
    ///
    /// If the relay was removed or belongs to another store; if callbacks answer each other's writes without end.
    #[track_caller]
    pub fn relay<T: Clone + Send + 'static, C: ListContent<T>>(
        &mut self,
        relay: ListRelay<T>,
        diffs: impl IntoIterator<Item = ListDiff<T>>,
        content: impl FnOnce() -> C,
    ) -> Result<(), CellError> {
        let Some(log) = self.log_of(relay)? else { return Ok(()) };
        // User code may panic: nothing is taken out of the log meanwhile.
        let mut diffs: Vec<_> = diffs.into_iter().collect();
        if diffs.is_empty() {
            return Ok(());
        }
        let content = log.needs_content().then(content);
        let mut pending = log.take();
        if pending.whole {
            self.graph.discard(diffs);
        } else if pending.diffs.is_empty() {
            pending.diffs = diffs;
        } else {
            pending.diffs.append(&mut diffs);
        }
        self.relay_pending(relay, &log, pending, content)
    }

    /// Tells the readers of a relay that the list is another one: a [`ListDiff::Reset`].
    ///
    /// # Errors
    ///
    /// As [`relay`](Self::relay).
    #[track_caller]
    pub fn relay_reset<T: Clone + Send + 'static, C: ListContent<T>>(
        &mut self,
        relay: ListRelay<T>,
        content: impl FnOnce() -> C,
    ) -> Result<(), CellError> {
        let Some(log) = self.log_of(relay)? else { return Ok(()) };
        let content = content();
        let mut pending = log.take();
        pending.whole = true;
        self.relay_pending(relay, &log, pending, Some(content))
    }

    /// What the readers of a relay share, if there are any.
    fn log_of<T: Clone + Send + 'static>(
        &mut self,
        relay: ListRelay<T>,
    ) -> Result<Option<Arc<DiffLog<T>>>, CellError> {
        let index = self.graph.locate(relay.key(), self.writer.location)?;
        self.graph.check_depth(index, self.writer)?;
        Ok(self.graph.diff_log::<(), T>(index))
    }

    fn relay_pending<T: Clone + Send + 'static>(
        &mut self,
        relay: ListRelay<T>,
        log: &DiffLog<T>,
        mut pending: Pending<T>,
        content: Option<impl ListContent<T>>,
    ) -> Result<(), CellError> {
        if let Some(content) = content
            && let Some(old) = pending.content.replace(Arc::new(content))
        {
            self.graph.discard(old);
        }
        log.put(pending);
        let index = self.graph.locate(relay.key(), self.writer.location)?;
        self.note_changed(index);
        Ok(())
    }

    /// The content of a list that is kept elsewhere, and its diffs from now on, as a stream that holds at most `capacity`
    /// batches: see [`Store::diffs`]. `content` is the list as it is now, with what these updates have done and told so far.
    ///
    /// # Errors
    ///
    /// If the relay was removed or belongs to another store.
    #[track_caller]
    pub fn relayed_diffs<T: Clone + Send + 'static>(
        &mut self,
        relay: ListRelay<T>,
        content: impl ListContent<T>,
        capacity: NonZeroUsize,
    ) -> Result<ListDiffs<T>, CellError> {
        let index = self.graph.locate(relay.key(), Location::caller())?;
        let content: Arc<dyn ListContent<T>> = Arc::new(content);
        if let Some(log) = self.graph.diff_log::<(), T>(index) {
            let mut pending = log.take();
            if !pending.diffs.is_empty() {
                // Others are to hear of what the new one has in its content already.
                pending.whole = true;
                pending.content = Some(Arc::clone(&content));
            }
            log.put(pending);
        }
        let first = Some(Told::Content(content));
        Ok(self.graph.join_log::<(), T>(relay.key(), index, first, capacity))
    }
}

impl<T: Send + 'static> Cell for ListRelay<T> {
    type Value = ();

    fn key(self) -> CellKey {
        self.source.key()
    }
}

impl<T> Clone for ListRelay<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ListRelay<T> {}

impl<T> PartialEq for ListRelay<T> {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl<T> Eq for ListRelay<T> {}

impl<T> hash::Hash for ListRelay<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl<T> fmt::Debug for ListRelay<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListRelay").field(&self.source).finish()
    }
}
