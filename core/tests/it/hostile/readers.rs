//! Streams, readers of diffs and watches that go at the worst moment, and values that use the store when they go.

use super::{Counted, in_time};
use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
};
use trine_core::Store;

#[test]
fn a_stream_whose_waker_uses_the_store_and_whose_values_use_it_when_they_are_dropped() {
    use futures_util::{FutureExt, StreamExt};
    in_time(|| {
        let store = Store::new();
        let drops = store.source(0);
        let cell = store.source(None);
        let mut changes = store.changes(cell, std::num::NonZeroUsize::new(2).unwrap());
        for _ in 0..5 {
            store.set(cell, Some(Counted(store.clone(), drops)));
        }
        assert!(store.get(drops) > 0);
        let first = changes.next().now_or_never().unwrap().unwrap();
        assert!(first.is_err(), "lagged");
        drop(changes);
        store.set(cell, None);
        assert_eq!(store.get(drops), 10);
    });
}

#[test]
fn a_stream_with_unread_values_may_be_dropped_inside_a_lease() {
    let store = Store::new();
    let drops = store.source(0);
    let cell = store.source(None);
    let changes = store.changes(cell, std::num::NonZeroUsize::new(2).unwrap());
    store.set(cell, Some(Counted(store.clone(), drops)));
    let dropped = store.get(drops);
    store.batch(move |tx| {
        drop(changes);
        assert_eq!(tx.get(drops), dropped);
    });
    assert_eq!(store.get(drops), dropped + 1);
}

#[test]
fn a_reader_of_diffs_with_unread_batches_may_be_dropped_inside_a_lease() {
    let store = Store::new();
    let drops = store.source(0);
    let list = store.list(vec![Counted(store.clone(), drops)]);
    let diffs = store.diffs(list, std::num::NonZeroUsize::new(2).unwrap());
    let dropped = store.get(drops);
    store.batch(move |tx| {
        drop(diffs);
        assert_eq!(tx.get(drops), dropped);
    });
    assert_eq!(store.get(drops), dropped + 1);
}

#[test]
fn a_watch_that_goes_on_another_thread_during_a_commit_leaves_its_value_to_the_end_of_the_lease() {
    /// Says that it may go, and hears that it is gone.
    type Meeting = (mpsc::Sender<()>, mpsc::Receiver<()>);
    /// Waits, while it is cloned, until the last watch is gone.
    struct Waits(Counted, Arc<Mutex<Option<Meeting>>>);
    impl Clone for Waits {
        fn clone(&self) -> Self {
            if let Some((go, gone)) = self.1.lock().unwrap().take() {
                go.send(()).unwrap();
                gone.recv().unwrap();
            }
            Self(self.0.clone(), self.1.clone())
        }
    }
    in_time(|| {
        let store = Store::new();
        let drops = store.source(0);
        let meeting = Arc::new(Mutex::new(None));
        let value = || Waits(Counted(store.clone(), drops), meeting.clone());
        let cell = store.cell("cell").always_different().source(value());
        let watch = store.watch(cell);
        let dropped = store.get(drops);
        let ((go, going), (gone, left)) = (mpsc::channel(), mpsc::channel());
        *meeting.lock().unwrap() = Some((go, left));
        let reader = thread::spawn(move || {
            going.recv().unwrap();
            drop(watch);
            gone.send(()).unwrap();
        });
        store.set(cell, value());
        reader.join().unwrap();
        // The replaced value, and the two that the watch had: the old copy and the new one.
        assert_eq!(store.get(drops), dropped + 3);
    });
}
