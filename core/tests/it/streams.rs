//! Every change of a cell, in order, within a bound.

use crate::log::Log;
use futures_util::{FutureExt, StreamExt};
use std::{
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
    task::{Context, Poll, Wake, Waker},
    thread,
};
use trine_core::{Changes, Missed, Store};

const fn capacity(changes: usize) -> NonZeroUsize {
    NonZeroUsize::new(changes).unwrap()
}

/// What can be read without waiting.
fn drain<T>(changes: &mut Changes<T>) -> Vec<Result<T, Missed>> {
    std::iter::from_fn(|| changes.next().now_or_never().flatten()).collect()
}

#[test]
fn a_stream_brings_every_change_once_and_in_order() {
    let store = Store::new();
    let cell = store.source(0);
    store.set(cell, 1);
    let mut changes = store.changes(cell, capacity(8));
    store.set(cell, 2);
    store.set(cell, 2);
    store.batch(|tx| {
        tx.set(cell, 3);
        tx.set(cell, 4);
    });
    assert_eq!(drain(&mut changes), [Ok(2), Ok(4)]);
}

#[test]
fn a_slow_reader_is_told_how_many_it_has_lost() {
    let store = Store::new();
    let cell = store.source(0);
    let mut changes = store.changes(cell, capacity(3));
    for value in 1..=10 {
        store.set(cell, value);
    }
    assert_eq!(changes.len(), 3);
    assert_eq!(drain(&mut changes), [Err(Missed::Lagged(7)), Ok(8), Ok(9), Ok(10)]);
    store.set(cell, 11);
    assert_eq!(drain(&mut changes), [Ok(11)]);
}

#[test]
fn a_failed_derivation_is_told_and_its_recovery_too() {
    let store = Store::new();
    let source = store.source(1);
    let derived = store.derived(move |cx| 10 / cx.get(source));
    let mut changes = store.changes(derived, capacity(8));
    store.set(source, 0);
    store.set(source, 5);
    let told = drain(&mut changes);
    assert!(matches!(&told[..], [Err(Missed::Failed(_)), Ok(2)]), "{told:?}");
}

#[test]
fn a_stream_ends_when_its_cell_or_its_store_is_gone_once_everything_is_read() {
    let store = Store::new();
    let (cell, other) = (store.source(0), store.source(0));
    let (mut changes, mut others) =
        (store.changes(cell, capacity(8)), store.changes(other, capacity(8)));
    store.set(cell, 1);
    store.remove(cell).unwrap();
    assert_eq!(changes.next().now_or_never(), Some(Some(Ok(1))));
    assert_eq!(changes.next().now_or_never(), Some(None));
    assert_eq!(others.next().now_or_never(), None);
    drop(store);
    assert_eq!(others.next().now_or_never(), Some(None));
}

#[test]
fn a_cell_is_lazy_again_when_its_stream_is_dropped() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.source(1);
    let derived = store.derived(log.noting("derive", move |cx| cx.get(source)));
    let changes = store.changes(derived, capacity(1));
    log.is(["derive"]);
    store.set(source, 2);
    log.is(["derive"]);
    drop(changes);
    store.set(source, 3);
    log.is([]);
}

struct CountsWakes(AtomicUsize);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn spurious_polls_keep_one_waker_and_each_change_wakes_once() {
    let store = Store::new();
    let cell = store.source(0);
    let mut changes = store.changes(cell, capacity(4));
    let wakes = Arc::new(CountsWakes(AtomicUsize::new(0)));
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    for _ in 0..1_000 {
        assert_eq!(changes.poll_next_unpin(&mut cx), Poll::Pending);
    }
    // The one here, the local one, and its copy in the stream.
    assert_eq!(Arc::strong_count(&wakes), 3);
    store.set(cell, 1);
    store.set(cell, 2);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
}

/// Enough for threads to meet; fewer where each step is interpreted.
const WRITES: u32 = if cfg!(miri) { 50 } else { 10_000 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_a_writer_and_a_reader_on_two_threads() {
    let store = Store::new();
    let cell = store.source(0_u32);
    let mut changes = store.changes(cell, capacity(16));
    let writer = thread::spawn(move || {
        for value in 1..=WRITES {
            store.set(cell, value);
        }
    });
    let (mut expected, mut lost) = (1, 0);
    while let Some(change) = changes.next().await {
        match change {
            Ok(value) => {
                assert_eq!(value, expected);
                expected += 1;
            }
            Err(Missed::Lagged(n)) => {
                expected += u32::try_from(n).unwrap();
                lost += n;
            }
            Err(error) => panic!("{error}"),
        }
    }
    writer.join().unwrap();
    assert_eq!(expected, WRITES + 1, "{lost} lost, and told of");
}
