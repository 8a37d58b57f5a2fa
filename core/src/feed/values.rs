//! The values of cells in the event feed.
//!
//! Events name cells and bear no values: a copy of each would cost O(size) per commit, and most cells' types cannot be
//! printed. Who wants to see the values of a cell says how to show them, and gets an outlet at the cell, like a watch. With each
//! commit that changes the cell it makes a text of the new value, inside the lease, and keeps it as the old one for the next
//! time. What it has to tell waits here until the event of that commit is told, and follows it.

use super::{ObserverGuard, What};
use crate::{
    cell::{AnyCell, Cell, CellLabel},
    commit::CommitNumber,
    delivery::{Outlet, let_go},
    error::{CellError, CellErrorKind, panic_message},
    event::Event,
    graph::{Garbage, Graph, Naming},
    store::Store,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    text::Text,
};
use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
    task::Waker,
};

/// What the outlets have to tell.
pub(super) struct ValueLog {
    /// Whether anybody would hear of it. Written inside the lease, where outlets read it: relaxed.
    observed: AtomicBool,
    /// Changes whose commits have not been told yet, in order.
    changes: Mutex<VecDeque<(CommitNumber, Event)>>,
}

impl ValueLog {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { observed: AtomicBool::new(false), changes: Mutex::new(VecDeque::new()) })
    }

    pub(super) fn set_observed(&self, observed: bool) {
        self.observed.store(observed, Ordering::Relaxed);
    }

    /// The next change of this commit or of an earlier one.
    pub(super) fn next(&self, number: CommitNumber) -> Option<Event> {
        let mut changes = self.changes.lock();
        if changes.front()?.0 > number {
            return None;
        }
        changes.pop_front().map(|(_, event)| event)
    }
}

/// Tells the values of one cell.
struct Values<T, F> {
    log: Arc<ValueLog>,
    state: Mutex<Shown<F>>,
    value: std::marker::PhantomData<fn(&T)>,
}

struct Shown<F> {
    /// The cell.
    cell: CellLabel,
    /// The user's code.
    show: F,
    /// What the value looked like last; none if that is not known.
    last: Option<Text>,
}

impl<F> Shown<F> {
    /// A text of the value. What a panic carries goes to `garbage`.
    fn show<T, M: Into<Text>>(
        &mut self,
        value: &T,
        garbage: &mut Vec<Garbage>,
    ) -> Result<Text, CellError>
    where
        F: FnMut(&T) -> M,
    {
        catch_unwind(AssertUnwindSafe(|| (self.show)(value).into())).map_err(|payload| {
            let (cell, message) = (self.cell.clone(), panic_message(&*payload));
            garbage.push(payload);
            CellError::new(CellErrorKind::ShowFailed { cell, message })
        })
    }
}

impl<T, F, M> Outlet for Values<T, F>
where
    T: Send + 'static,
    F: FnMut(&T) -> M + Send + 'static,
    M: Into<Text> + 'static,
{
    fn publish(
        &self,
        cell: &dyn AnyCell,
        _naming: &Naming<'_>,
        error: Option<&CellError>,
        number: CommitNumber,
        _wakers: &mut Vec<Waker>,
        garbage: &mut Vec<Garbage>,
    ) {
        // Locked here only, inside the lease: nobody waits.
        let mut shown = self.state.lock();
        if !self.log.observed.load(Ordering::Relaxed) {
            shown.last = None;
            return;
        }
        let new = match (error, cell.value_as::<T>()) {
            (None, Some(value)) => shown.show(value, garbage),
            (Some(error), _) => Err(error.clone()),
            (None, None) => return,
        };
        let old = std::mem::replace(&mut shown.last, new.as_ref().ok().cloned());
        let event = Event::Changed { number, cell: shown.cell.clone(), old, new };
        self.log.changes.lock().push_back((number, event));
    }

    fn close(&self, _wakers: &mut Vec<Waker>, _garbage: &mut Vec<Garbage>) {}

    fn let_go(self: Arc<Self>, garbage: &mut Vec<Garbage>) {
        let_go(self, garbage);
    }
}

impl Store {
    /// Has the event feed tell the values of a cell, old and new, as [`Event::Changed`], until the guard is dropped. `show`
    /// makes a text of a value; it runs inside the lease and must be pure.
    ///
    /// It costs what `show` costs, now and with each commit that changes the cell, while anybody
    /// [observes](Self::observe) the feed; while nobody does, next to nothing. A derived cell is kept up to date, as by a
    /// subscription. For values instead of texts there is [`subscribe_diff`](Self::subscribe_diff).
    ///
    /// ```
    /// use trine_core::{Event, Store};
    ///
    /// let store = Store::new();
    /// let price = store.cell("price").source(20);
    /// let values = store.observe_values(price, |price| format!("{price} EUR"));
    /// let observer = store.observe(|event| {
    ///     if let Event::Changed { cell, old: Some(old), new: Ok(new), .. } = event {
    ///         println!("{cell}: {old} -> {new}");
    ///     }
    /// });
    /// store.set(price, 30); // prints "`price`: 20 EUR -> 30 EUR"
    /// # drop((values, observer));
    /// ```
    ///
    /// # Panics
    ///
    /// If the cell was removed or belongs to another store; inside a lease.
    #[track_caller]
    pub fn observe_values<C: Cell, M: Into<Text> + 'static>(
        &self,
        cell: C,
        show: impl FnMut(&C::Value) -> M + Send + 'static,
    ) -> ObserverGuard
    where
        C::Value: Clone,
    {
        let (core, used) = (self.core(), Location::caller());
        let added = self.demand(|graph| graph.add_values(&core.feed.values, cell, show, used));
        match added {
            Ok(outlet) => {
                ObserverGuard { core: Arc::downgrade(core), what: What::Values(Some(outlet)) }
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl Graph {
    fn add_values<C: Cell, M: Into<Text> + 'static>(
        &mut self,
        log: &Arc<ValueLog>,
        cell: C,
        show: impl FnMut(&C::Value) -> M + Send + 'static,
        used: &'static Location<'static>,
    ) -> Result<Arc<dyn Any + Send + Sync>, CellError>
    where
        C::Value: Clone,
    {
        let index = self.locate(cell.key(), used)?;
        self.pull(index)?;
        let mut shown = Shown { cell: self.label(index), show, last: None };
        let mut garbage = Vec::new();
        shown.last = self.peek::<C>(index).and_then(|value| shown.show(value, &mut garbage).ok());
        self.garbage.append(&mut garbage);
        let outlet = Arc::new(Values {
            log: Arc::clone(log),
            state: Mutex::new(shown),
            value: std::marker::PhantomData,
        });
        let published: Arc<dyn Outlet> = Arc::clone(&outlet) as _;
        self.outlets::<C::Value>(index).push(Arc::downgrade(&published));
        Ok(outlet)
    }
}
