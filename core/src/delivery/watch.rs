//! Watches: the last value of a cell, to be looked at without a lease and awaited.
//!
//! All watches of a cell share one place, where each commit that changes the cell leaves the new value before
//! the lease is free. Looking at it takes a lock that is only ever held to copy a pointer: never while
//! user code runs, neither a derivation nor a callback nor the `Drop` of a value.

use super::{subscription::Leaving, topic::copy_of};
use crate::{
    cell::{AnyCell, Cell, CellLabel},
    commit::CommitNumber,
    error::CellError,
    graph::{Garbage, Graph, Naming},
    lease,
    store::Core,
    sync::{Mutex, mutant},
};
use slab::Slab;
use std::{
    any::Any,
    fmt,
    future::Future,
    ops::Deref,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// What the watches of one cell share.
pub(super) struct WatchShared<T> {
    /// The cell.
    cell: CellLabel,
    /// The last value, and who waits for the next.
    state: Mutex<WatchState<T>>,
}

struct WatchState<T> {
    /// The last good value.
    value: Option<Arc<T>>,
    /// Why the cell has no value now.
    error: Option<CellError>,
    /// The commit that brought it.
    number: CommitNumber,
    /// Whether the cell is gone.
    closed: bool,
    /// A place for each who waits; its waker is gone once woken.
    waiting: Slab<Option<Waker>>,
}

/// The last value of a cell, kept up to date by every commit that changes it.
///
/// Made by [`Store::watch`](crate::Store::watch). It suits render loops, which look at what is there with
/// [`borrow`](Self::borrow), and tasks, which wait with [`changed`](Self::changed). Values between two looks
/// are skipped, the last one never.
///
/// ```
/// use trine_core::Store;
///
/// let store = Store::new();
/// let name = store.source("Ada".to_owned());
/// let mut watch = store.watch(name);
/// assert_eq!(*watch.borrow(), "Ada");
/// store.set(name, "Grace".to_owned());
/// assert!(watch.has_changed());
/// assert_eq!(*watch.borrow_and_update(), "Grace");
/// assert!(!watch.has_changed());
/// ```
pub struct Watch<T: 'static> {
    /// Shared with the store and the other watches of the cell.
    shared: Arc<WatchShared<T>>,
    /// The commit that this watch has seen.
    seen: CommitNumber,
    /// Dropped after `shared`.
    leaving: Leaving,
}

/// A value that a [`Watch`] has lent. It does not change under the reader, and holding on to it blocks nobody. If it is the
/// last to hold the value, the value is dropped with it; inside a lease, when that ends.
pub struct WatchRef<T: 'static>(Arc<T>);

/// The watched cell was removed, or its store dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the watch of {cell} is closed: the cell was removed, or its store dropped")]
pub struct WatchClosed {
    /// The cell.
    pub cell: CellLabel,
}

impl<T: 'static> Watch<T> {
    /// The last value. Takes no lease and never waits for user code.
    ///
    /// While the cell is in error, this is the last good value; see [`error`](Self::error).
    pub fn borrow(&self) -> WatchRef<T> {
        let state = self.shared.state.lock();
        WatchRef(state.value.clone().expect("a watch starts with a value"))
    }

    /// The last value, which counts as seen from now on.
    pub fn borrow_and_update(&mut self) -> WatchRef<T> {
        let state = self.shared.state.lock();
        self.seen = state.number;
        WatchRef(state.value.clone().expect("a watch starts with a value"))
    }

    /// Whether the cell has changed since this watch last saw it.
    pub fn has_changed(&self) -> bool {
        self.shared.state.lock().number > self.seen
    }

    /// Why the cell has no value now, if it has none.
    pub fn error(&self) -> Option<CellError> {
        self.shared.state.lock().error.clone()
    }

    /// The commit that brought the last value.
    pub fn number(&self) -> CommitNumber {
        self.shared.state.lock().number
    }

    /// Waits until the cell has changed since this watch last saw it, and counts that as seen.
    ///
    /// # Errors
    ///
    /// [`WatchClosed`] when the cell was removed or its store dropped, once everything has been seen.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a change counts as seen only when the future has returned it.
    pub fn changed(&mut self) -> Changed<'_, T> {
        Changed { watch: self, key: None }
    }
}

impl<T: 'static> Clone for Watch<T> {
    fn clone(&self) -> Self {
        let leaving = self.leaving.clone();
        Self { shared: Arc::clone(&self.shared), seen: self.seen, leaving }
    }
}

/// The future of [`Watch::changed`].
#[must_use = "futures do nothing unless awaited"]
pub struct Changed<'w, T: 'static> {
    watch: &'w mut Watch<T>,
    /// The place of our waker.
    key: Option<usize>,
}

impl<T: 'static> Future for Changed<'_, T> {
    type Output = Result<(), WatchClosed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { watch: Watch { shared, seen, .. }, key } = self.get_mut();
        let mut state = shared.state.lock();
        let mut outcome = state.look(seen, &shared.cell);
        let mut dropped = None;
        if outcome.is_none() {
            if state.is_waiting(*key, cx.waker()) {
                return Poll::Pending;
            }
            // A waker is user code, which may look at this very cell: cloned outside the lock, dropped outside it.
            drop(state);
            let waker = cx.waker().clone();
            state = shared.state.lock();
            if !mutant("looked before it registered") {
                outcome = state.look(seen, &shared.cell);
            }
            dropped = match outcome {
                None => state.wait(key, waker),
                Some(_) => Some(waker),
            };
        }
        let Some(outcome) = outcome else {
            drop(state);
            drop(dropped);
            return Poll::Pending;
        };
        let waker = key.take().and_then(|key| state.waiting.remove(key));
        drop(state);
        drop((waker, dropped));
        Poll::Ready(outcome)
    }
}

impl<T: 'static> Drop for Changed<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.watch.shared.state.lock().waiting.remove(key);
            drop(waker);
        }
    }
}

/// Where a commit leaves the new value of a cell: a [`WatchShared`], or the buffer of a stream.
pub(crate) trait Outlet: Any + Send + Sync {
    /// Takes a new value. Called inside the lease.
    fn publish(
        &self,
        cell: &dyn AnyCell,
        naming: &Naming<'_>,
        error: Option<&CellError>,
        number: CommitNumber,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    );

    /// The cell is gone: whoever waits is woken.
    fn close(&self, wakers: &mut Vec<Waker>, garbage: &mut Vec<Garbage>);

    /// Gives up a handle that was taken inside the lease. The reader may have gone on another thread meanwhile, so that it is
    /// the last one: then what it shares, values of the user's, goes to `garbage`.
    fn let_go(self: Arc<Self>, garbage: &mut Vec<Garbage>);
}

/// What [`Outlet::let_go`] does.
pub(crate) fn let_go<T: Any + Send>(outlet: Arc<T>, garbage: &mut Vec<Garbage>) {
    if let Some(last) = Arc::into_inner(outlet) {
        garbage.push(Box::new(last));
    }
}

impl<T: Clone + Send + Sync + 'static> Outlet for WatchShared<T> {
    fn publish(
        &self,
        cell: &dyn AnyCell,
        naming: &Naming<'_>,
        error: Option<&CellError>,
        number: CommitNumber,
        wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) {
        let value = match error {
            Some(error) => Err(error.clone()),
            None => copy_of::<T>(cell, naming, garbage),
        };
        let mut state = self.state.lock();
        match value {
            Ok(value) => {
                // In the place of the old value if nobody looks at it and dropping it runs no code.
                let place = state.value.as_mut().and_then(Arc::get_mut);
                match place {
                    Some(place) if !std::mem::needs_drop::<T>() => *place = value,
                    _ => garbage.extend(
                        state.value.replace(Arc::new(value)).map(|old| Box::new(old) as Garbage),
                    ),
                }
                if state.error.is_some() {
                    state.error = None;
                }
            }
            Err(error) => state.error = Some(error),
        }
        state.number = number;
        state.wake(wakers);
    }

    fn close(&self, wakers: &mut Vec<Waker>, _garbage: &mut Vec<Garbage>) {
        let mut state = self.state.lock();
        state.closed = true;
        state.wake(wakers);
    }

    fn let_go(self: Arc<Self>, garbage: &mut Vec<Garbage>) {
        let_go(self, garbage);
    }
}

impl<T> WatchState<T> {
    /// What `changed` has to say to a watch that has seen the commit `seen`, which is brought up to date.
    fn look(&self, seen: &mut CommitNumber, cell: &CellLabel) -> Option<Result<(), WatchClosed>> {
        if self.number > *seen {
            *seen = self.number;
            return Some(Ok(()));
        }
        self.closed.then(|| Err(WatchClosed { cell: cell.clone() }))
    }

    /// Whether the one at `key` would be woken through `waker` already.
    fn is_waiting(&self, key: Option<usize>, waker: &Waker) -> bool {
        key.and_then(|key| self.waiting[key].as_ref()).is_some_and(|own| own.will_wake(waker))
    }

    /// Puts `waker` at `key`, a new one if there is none; returns what was there.
    fn wait(&mut self, key: &mut Option<usize>, waker: Waker) -> Option<Waker> {
        match *key {
            Some(key) => self.waiting[key].replace(waker),
            None => {
                *key = Some(self.waiting.insert(Some(waker)));
                None
            }
        }
    }

    /// Collects the wakers of those who wait; they are woken when the lease is free.
    fn wake(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.waiting.iter_mut().filter_map(|(_, waiting)| waiting.take()));
    }
}

impl<T: 'static> Drop for Watch<T> {
    fn drop(&mut self) {
        // The cell's topic has a handle too, for as long as it lives, and gives it up at the next commit.
        lease::release(&self.shared);
    }
}

impl<T: 'static> Drop for WatchRef<T> {
    fn drop(&mut self) {
        lease::release(&self.0);
    }
}

impl Core {
    /// A watch on a cell.
    #[track_caller]
    pub(crate) fn watch<C: Cell>(
        self: &Arc<Self>,
        cell: C,
        used: &'static std::panic::Location<'static>,
    ) -> Result<Watch<C::Value>, CellError>
    where
        C::Value: Clone + Sync,
    {
        self.enter(|graph| graph.watch(cell, used))?
    }
}

impl Graph {
    fn watch<C: Cell>(
        &mut self,
        cell: C,
        used: &'static std::panic::Location<'static>,
    ) -> Result<Watch<C::Value>, CellError>
    where
        C::Value: Clone + Sync,
    {
        let index = self.observe(cell.key(), used)?;
        let number = CommitNumber(self.last_commit);
        let value = self.read_clean::<C, _>(index, C::Value::clone)?;
        let (label, leaving) = (self.label(index), Leaving::new(self, cell.key()));
        let place = self.topic_of::<C::Value>(index).1.watch();
        if let Some(shared) = place {
            let shared: Arc<dyn Any + Send + Sync> = Arc::clone(shared) as _;
            let shared: Arc<WatchShared<C::Value>> =
                shared.downcast().expect("a watch has the type of its cell");
            self.discard(value);
            return Ok(Watch { shared, seen: number, leaving });
        }
        let state = WatchState {
            value: Some(Arc::new(value)),
            error: None,
            number,
            closed: false,
            waiting: Slab::new(),
        };
        let shared = Arc::new(WatchShared { cell: label, state: Mutex::new(state) });
        *place = Some(Arc::clone(&shared) as _);
        Ok(Watch { shared, seen: number, leaving })
    }
}

impl<T: 'static> Deref for WatchRef<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for WatchRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: 'static> fmt::Debug for Watch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl<T: 'static> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").field("watch", &self.watch).finish()
    }
}
