//! The handlers of one dispatch: what matched when it began.

use super::table::{Bound, Table};
use crate::{
    handler::{Contexts, Handler, Verdict},
    trigram::Trigram,
};
use std::sync::Arc;

/// The handlers that a dispatch found, whatever is registered or removed meanwhile.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// The handlers of each matching pattern, of which there are at most eight.
    bound: [Option<Arc<Bound>>; 8],
    /// An order of its own, in a kernel that shuffles.
    order: Option<Box<Order>>,
}

/// For each phase, the handlers' places in a shuffled order.
struct Order {
    intercepts: Vec<usize>,
    asyncs: Vec<usize>,
    inlines: Vec<usize>,
}

impl Snapshot {
    #[inline]
    pub(crate) fn take(table: &Table, trigram: &Trigram) -> Self {
        let mut snapshot = Self::default();
        let mut places = snapshot.bound.iter_mut();
        table.matching(trigram, |bound| {
            if let Some(place) = places.next() {
                *place = Some(Arc::clone(bound));
            }
        });
        snapshot
    }

    /// Shuffles the order inside each phase, with numbers from `random`.
    pub(super) fn shuffle(&mut self, mut random: impl FnMut() -> u64) {
        let mut order = |count: usize| {
            let mut places: Vec<usize> = (0..count).collect();
            for place in (1..count).rev() {
                // The remainder is below the count, which is a `usize`.
                let other = (random() % (place as u64 + 1)) as usize;
                places.swap(place, other);
            }
            places
        };
        self.order = Some(Box::new(Order {
            intercepts: order(self.count(|bound| bound.intercepts.len())),
            asyncs: order(self.count(|bound| bound.asyncs.len())),
            inlines: order(self.count(|bound| bound.inlines.len())),
        }));
    }

    /// The intercept that is to be asked as number `n`.
    #[inline]
    pub(crate) fn intercept(&self, n: usize) -> Option<&Arc<Handler<Verdict>>> {
        let n = self.place(n, |order| &order.intercepts)?;
        self.nth(n, |bound| &bound.intercepts)
    }

    /// The async handler that is to be queued as number `n`.
    #[inline]
    pub(crate) fn asynchronous(&self, n: usize) -> Option<&Arc<Handler<Contexts>>> {
        let n = self.place(n, |order| &order.asyncs)?;
        self.nth(n, |bound| &bound.asyncs)
    }

    /// The inline handler that is to be called as number `n`.
    #[inline]
    pub(crate) fn inline(&self, n: usize) -> Option<&Arc<Handler<Contexts>>> {
        let n = self.place(n, |order| &order.inlines)?;
        self.nth(n, |bound| &bound.inlines)
    }

    /// Whether nothing matched.
    pub(crate) fn is_empty(&self) -> bool {
        self.bound[0].is_none()
    }

    #[inline]
    fn place(&self, n: usize, phase: impl FnOnce(&Order) -> &Vec<usize>) -> Option<usize> {
        match &self.order {
            None => Some(n),
            Some(order) => phase(order).get(n).copied(),
        }
    }

    #[inline]
    fn nth<T>(
        &self,
        mut n: usize,
        phase: impl Fn(&Bound) -> &Vec<Arc<Handler<T>>>,
    ) -> Option<&Arc<Handler<T>>> {
        for bound in self.found() {
            let handlers = phase(bound);
            if let Some(handler) = handlers.get(n) {
                return Some(handler);
            }
            n -= handlers.len();
        }
        None
    }

    fn count(&self, phase: impl Fn(&Bound) -> usize) -> usize {
        self.found().map(phase).sum()
    }

    #[inline]
    fn found(&self) -> impl Iterator<Item = &Bound> {
        self.bound.iter().map_while(Option::as_deref)
    }
}
