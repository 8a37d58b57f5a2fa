//! The last value of a cell, without a lease.

use futures_util::FutureExt;
use std::{
    pin::pin,
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
    task::{Context, Wake, Waker},
};
use trine_core::Store;

#[test]
fn a_watch_shows_the_last_value_and_whether_it_is_news() {
    let store = Store::new();
    let cell = store.source(1);
    let mut watch = store.watch(cell);
    assert!(!watch.has_changed());
    store.set(cell, 2);
    store.set(cell, 3);
    assert!(watch.has_changed());
    assert_eq!(*watch.borrow(), 3);
    assert!(watch.changed().now_or_never().is_some());
    assert!(watch.changed().now_or_never().is_none());
}

#[test]
fn a_watch_can_be_looked_at_inside_a_lease() {
    let store = Store::new();
    let cell = store.source(1);
    let watch = store.watch(cell);
    store.update(cell, |value| *value = *watch.borrow() + 1);
    assert_eq!(*watch.borrow(), 2);
}

#[test]
fn a_failed_derivation_leaves_the_last_good_value() {
    let store = Store::new();
    let source = store.source(1);
    let derived = store.derived(move |cx| 10_i32.checked_div(cx.get(source)).expect("no zero"));
    let watch = store.watch(derived);
    store.set(source, 0);
    assert_eq!(*watch.borrow(), 10);
    assert!(watch.error().unwrap().to_string().contains("no zero"));
    store.set(source, 5);
    assert_eq!((*watch.borrow(), watch.error()), (2, None));
}

#[test]
fn a_removed_cell_closes_its_watches_once_everything_has_been_seen() {
    let store = Store::new();
    let cell = store.source(1);
    let mut watch = store.watch(cell);
    store.set(cell, 2);
    store.remove(cell).unwrap();
    assert_eq!(watch.changed().now_or_never(), Some(Ok(())));
    let closed = watch.changed().now_or_never().unwrap().unwrap_err();
    assert!(
        closed.to_string().starts_with("the watch of the cell made at core/tests/it/watches.rs")
    );
    assert_eq!(*watch.borrow(), 2);
}

#[test]
fn a_dropped_store_closes_its_watches() {
    let store = Store::new();
    let cell = store.cell("name").source(1);
    let mut watch = store.watch(cell);
    drop(store);
    let closed = watch.changed().now_or_never().unwrap().unwrap_err();
    assert_eq!(closed.cell.name.as_deref(), Some("name"));
}

struct CountsWakes(AtomicUsize);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn spurious_polls_keep_one_waker_and_a_dropped_wait_keeps_none() {
    let store = Store::new();
    let cell = store.source(1);
    let mut watch = store.watch(cell);
    let wakes = Arc::new(CountsWakes(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&wakes));
    {
        let mut waiting = pin!(watch.changed());
        for _ in 0..1_000 {
            assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        // The waker here, its copy in the watch, and the local one.
        assert_eq!(Arc::strong_count(&wakes), 3);
        store.set(cell, 2);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    }
    let mut second = store.watch(cell);
    {
        let mut waiting = pin!(second.changed());
        assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    store.set(cell, 3);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_waker_that_reads_the_store_does_not_deadlock() {
    struct Reads(Store, trine_core::Source<i32>, AtomicUsize);
    impl Wake for Reads {
        fn wake(self: Arc<Self>) {
            self.2.store(self.0.get(self.1) as usize, Ordering::Relaxed);
        }
    }
    let store = Store::new();
    let cell = store.source(1);
    let mut watch = store.watch(cell);
    let reads = Arc::new(Reads(store.clone(), cell, AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&reads));
    let mut waiting = pin!(watch.changed());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    store.set(cell, 7);
    assert_eq!(reads.2.load(Ordering::Relaxed), 7);
}

/// A value that uses the store when it is dropped.
#[derive(Clone)]
struct Uses(Store, trine_core::Source<u32>);

impl PartialEq for Uses {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        self.0.update(self.1, |count| *count += 1);
    }
}

#[test]
fn the_last_watch_of_a_removed_cell_may_be_dropped_inside_a_lease() {
    let store = Store::new();
    let drops = store.source(0);
    let cell = store.source(Uses(store.clone(), drops));
    let watch = store.watch(cell);
    store.remove(cell).unwrap();
    let dropped = store.get(drops);
    store.batch(move |tx| {
        drop(watch);
        assert_eq!(tx.get(drops), dropped);
    });
    assert_eq!(store.get(drops), dropped + 1);
}

#[test]
fn a_value_that_a_watch_has_lent_may_be_given_back_inside_a_lease() {
    let store = Store::new();
    let drops = store.source(0);
    let cell = store.source(Uses(store.clone(), drops));
    let watch = store.watch(cell);
    let lent = watch.borrow();
    store.set(cell, Uses(store.clone(), drops));
    let dropped = store.get(drops);
    store.batch(move |tx| {
        drop(lent);
        assert_eq!(tx.get(drops), dropped);
    });
    assert_eq!(store.get(drops), dropped + 1);
    // Its value keeps the store.
    store.remove(cell).unwrap();
}

#[test]
fn one_who_waits_is_woken_once_and_waits_anew_from_the_next_poll_on() {
    let store = Store::new();
    let cell = store.source(1);
    let (mut watch, other) = (store.watch(cell), store.watch(cell));
    let wakes = Arc::new(CountsWakes(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    let mut waiting = Box::pin(watch.changed());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    store.set(cell, 2);
    store.set(cell, 3);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert!(waiting.as_mut().poll(&mut cx).is_ready());
    drop(waiting);
    // The waker here, and the local one: none is left behind.
    assert_eq!(Arc::strong_count(&wakes), 2);
    assert_eq!(*other.borrow(), 3);
}

#[test]
fn a_watch_keeps_the_last_value_when_another_one_of_a_removed_cell_goes() {
    let store = Store::new();
    let cell = store.source(1);
    let (first, second) = (store.watch(cell), store.watch(cell));
    store.remove(cell).unwrap();
    drop(first);
    assert_eq!(*second.borrow(), 1);
}
