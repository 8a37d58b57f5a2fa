//! A subscriber that checks how it is called.

use shuttle::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};
use trine_core::{Cell, Store, SubscriptionGuard};

/// Numbers of commits, and the values as of them. `None` is a cell without a value.
type Heard<T> = Vec<(u64, Option<T>)>;

/// What a subscriber has heard.
pub(crate) struct Listener<T> {
    heard: Arc<Mutex<Heard<T>>>,
}

impl<T: Clone + Debug + PartialEq + Send + 'static> Listener<T> {
    /// Subscribes. At each call the callback checks that no other one of this subscriber is under way and that commits come
    /// in order; then it calls `also`.
    pub(crate) fn new(
        store: &Store,
        cell: impl Cell<Value = T>,
        mut also: impl FnMut(Option<&T>) + Send + 'static,
    ) -> (Self, SubscriptionGuard) {
        let (heard, busy) = (Arc::default(), AtomicBool::new(false));
        let log: Arc<Mutex<Heard<T>>> = Arc::clone(&heard);
        let guard = store.subscribe_changes(cell, move |change| {
            assert!(!busy.swap(true, SeqCst), "called twice at a time");
            {
                let mut log = log.lock().unwrap();
                let number = change.number().get();
                assert!(log.last().is_none_or(|(last, _)| *last < number), "out of order");
                log.push((number, change.value().ok().cloned()));
            }
            // Slow enough for somebody else to come in between.
            thread::yield_now();
            also(change.value().ok());
            busy.store(false, SeqCst);
        });
        (Self { heard }, guard)
    }

    pub(crate) fn heard(&self) -> Heard<T> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn has_heard_of(&self, number: u64) -> bool {
        self.heard.lock().unwrap().iter().any(|(heard, _)| *heard == number)
    }

    /// Asserts that the last thing that was heard is what is there, or that nothing was and `before` is there.
    #[track_caller]
    pub(crate) fn is_up_to_date(&self, now: Option<T>, before: Option<T>) {
        let last = self.heard().pop().map_or(before, |(_, value)| value);
        assert_eq!(last, now, "the last change was not told");
    }
}
