//! Callbacks, streams, watches and observers that come and go.

use crate::world::{World, join};
use futures_util::{FutureExt, StreamExt};
use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::{Derived, Missed, SubscriptionGuard};

impl World {
    /// A cell to listen to: one that lasts, or one that may go first.
    fn subject(&mut self) -> Derived<u64> {
        match self.crowd.derived.front() {
            Some(&cell) if self.random.once_in(2) => cell,
            _ => self.sum,
        }
    }

    pub(crate) fn subscribe(&mut self) {
        let cell = self.subject();
        let heard = Arc::clone(&self.heard);
        let guard = match self.random.below(4) {
            0 => self.store.subscribe_diff(cell, move |old, new| count(&heard, old != new)),
            // Ends itself at the first call.
            1 => {
                let own: Arc<Mutex<Option<SubscriptionGuard>>> = Arc::default();
                let slot = Arc::clone(&own);
                let guard = self.store.subscribe(cell, move |_| {
                    count(&heard, true);
                    let own = slot.lock().expect("sound").take();
                    drop(own);
                });
                *own.lock().expect("sound") = Some(guard);
                // Unless it has ended by then, the younger subscription ends the older.
                let ends = move |_: &u64| drop(own.lock().expect("sound").take());
                self.store.subscribe(self.chosen, ends)
            }
            // Writes in answer, which is queued behind.
            2 => {
                let (store, list) = (self.store.downgrade(), self.list);
                self.store.subscribe(cell, move |value| {
                    if let Some(store) = store.upgrade() {
                        store.edit(list, |list| {
                            list.push(*value);
                            list.pop()
                        });
                    }
                })
            }
            _ => self.store.subscribe(cell, move |_| count(&heard, true)),
        };
        drop(join(&mut self.crowd.subscriptions, guard));
    }

    pub(crate) fn stream(&mut self) {
        let capacity = NonZeroUsize::new(1 + self.random.below(8)).expect("not zero");
        let cell = self.subject();
        let stream = self.store.changes(cell, capacity);
        drop(join(&mut self.crowd.streams, stream));
        let which = self.random.below(self.crowd.streams.len());
        let stream = &mut self.crowd.streams[which];
        // Until it is empty or has ended. Now and then its waker stays behind.
        while let Some(Some(change)) = stream.next().now_or_never() {
            assert!(!matches!(change, Err(Missed::Lagged(0))));
        }
    }

    pub(crate) fn watch(&mut self) {
        let watch = self.store.watch(self.text);
        let watch = if self.random.once_in(3) { watch.clone() } else { watch };
        drop(join(&mut self.crowd.watches, watch));
        let which = self.random.below(self.crowd.watches.len());
        let watch = &mut self.crowd.watches[which];
        let seen = watch.borrow_and_update();
        assert!(!watch.has_changed());
        assert_eq!(seen.len(), self.store.with(self.text, Vec::len));
    }

    pub(crate) fn wait(&mut self) {
        let mut watch = self.store.watch(self.text);
        assert!(watch.changed().now_or_never().is_none());
        let mut waiting = watch.changed();
        assert!((&mut waiting).now_or_never().is_none());
        self.store.update(self.text, |text| text.push(1));
        assert!(waiting.now_or_never().is_some());
    }

    pub(crate) fn observe(&mut self) {
        let heard = Arc::clone(&self.heard);
        let guard = self.store.observe(move |_| count(&heard, true));
        drop(join(&mut self.crowd.observers, guard));
        // Events cost; mostly there are no observers.
        if self.random.once_in(2) {
            self.crowd.observers.clear();
        }
    }
}

fn count(heard: &AtomicU64, really: bool) {
    assert!(really);
    heard.fetch_add(1, Ordering::Relaxed);
}
