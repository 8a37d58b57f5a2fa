//! Lists that tell their changes as diffs, 100,000 elements long, beside eyeball-im's and futures-signals'. A unit of work is
//! two changes, which leave the list as it was, each read by whoever follows. All are polled by hand; eyeball's vector is owned by its
//! writer, Trine's and futures-signals' are behind a lock.

use crate::Row;
use eyeball_im::{ObservableVector, VectorDiff};
use eyeball_im_util::vector::VectorObserverExt;
use futures_core::Stream;
use futures_signals::signal_vec::{MutableVec, SignalVec, SignalVecExt, VecDiff};
use std::{
    future::Future,
    hint::black_box,
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};
use trine_benches::Workload;
use trine_core::{ListCell, ListDiff, Store};

/// How long the lists are.
const LEN: u64 = 100_000;
/// Far from one another, and each only once in a round.
const STRIDE: u64 = 61_803;
/// How many batches a reader may be behind.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(16).unwrap();

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let mut row = |workload: &str, subject: fn() -> Workload<'static>, rivals: [Rival; 2]| {
        for (peer, rival) in rivals {
            rows.push(Row::new(workload, subject, peer, rival));
        }
    };
    let (im, signals) = ("eyeball-im", "futures-signals");
    row("list/push-100k", push, [(im, im_push), (signals, signals_push)]);
    row("list/insert-100k", insert, [(im, im_insert), (signals, signals_insert)]);
    row("list/filter", filter, [(im, im_filter), (signals, signals_filter)]);
    row("list/sort", sort, [(im, im_sort), (signals, signals_sort)]);
    rows.push(Row::new("list/callback", callback, signals, signals_for_each));
}

/// A peer and what it does.
type Rival = (&'static str, fn() -> Workload<'static>);

/// The elements to begin with.
fn elements() -> Vec<u64> {
    (0..LEN).collect()
}

/// The places that are changed, one after the other.
fn places() -> impl FnMut() -> usize {
    let mut place = 0;
    move || {
        place = (place + STRIDE) % LEN;
        place as usize
    }
}

/// What the followers of `n` units have seen: as many additions as removals, and the values that were added.
#[derive(Default)]
struct Seen {
    added: u64,
    removed: u64,
    sum: u64,
}

impl Seen {
    fn add(&mut self, value: u64) {
        self.added += 1;
        self.sum += black_box(value);
    }

    fn check(&self, n: u64, sum: u64) {
        assert_eq!((self.added, self.removed, self.sum), (n, n, sum));
    }

    fn ours(&mut self, batch: Option<Vec<ListDiff<u64>>>) {
        for diff in batch.expect("something has changed") {
            match diff {
                ListDiff::Push { value } | ListDiff::Insert { value, .. } => self.add(value),
                ListDiff::Remove { .. } | ListDiff::Truncate { .. } => self.removed += 1,
                other => panic!("{other:?}"),
            }
        }
    }

    fn eyeball(&mut self, stream: &mut (impl Stream<Item = VectorDiff<u64>> + Unpin)) {
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(stream).poll_next(&mut cx) {
            Poll::Ready(Some(
                VectorDiff::PushBack { value }
                | VectorDiff::PushFront { value }
                | VectorDiff::Insert { value, .. },
            )) => self.add(value),
            Poll::Ready(Some(
                VectorDiff::PopBack | VectorDiff::PopFront | VectorDiff::Remove { .. },
            )) => self.removed += 1,
            other => panic!("{other:?}"),
        }
    }

    fn signals(&mut self, signal: &mut (impl SignalVec<Item = u64> + Unpin)) {
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(signal).poll_vec_change(&mut cx) {
            Poll::Ready(Some(VecDiff::Push { value } | VecDiff::InsertAt { value, .. })) => {
                self.add(value);
            }
            Poll::Ready(Some(VecDiff::Pop {} | VecDiff::RemoveAt { .. })) => self.removed += 1,
            _ => panic!("something has changed"),
        }
    }
}

/// A store with a list.
fn ours() -> (Store, ListCell<u64>) {
    let store = Store::new();
    let list = store.list(elements());
    (store, list)
}

/// Pushes and pops.
fn push() -> Workload<'static> {
    let (store, list) = ours();
    let mut diffs = store.diffs(list, CAPACITY);
    diffs.try_next();
    Box::new(move |n| {
        let mut seen = Seen::default();
        for value in 0..n {
            store.edit(list, |list| list.push(black_box(value)));
            seen.ours(diffs.try_next());
            store.edit(list, |list| list.pop());
            seen.ours(diffs.try_next());
        }
        seen.check(n, n * (n - 1) / 2);
        assert_eq!(store.with(list, Vec::len) as u64, LEN);
    })
}

/// Pushes and pops, followed by a callback.
fn callback() -> Workload<'static> {
    let (store, list) = ours();
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    let (_, guard) = store.subscribe_diffs(list, CAPACITY, move |diffs| {
        tally.store(tally.load(Relaxed) + black_box(diffs).len() as u64, Relaxed);
    });
    guard.detach();
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for value in 0..n {
            store.edit(list, |list| list.push(black_box(value)));
            store.edit(list, |list| list.pop());
        }
        assert_eq!(heard.load(Relaxed), 2 * n);
    })
}

/// Inserts far from the end, and removes.
fn insert() -> Workload<'static> {
    let (store, list) = ours();
    let mut diffs = store.diffs(list, CAPACITY);
    diffs.try_next();
    let mut place = places();
    Box::new(move |n| {
        let mut seen = Seen::default();
        for value in 0..n {
            let place = place();
            store.edit(list, |list| list.insert(place, black_box(value)));
            seen.ours(diffs.try_next());
            store.edit(list, |list| list.remove(place));
            seen.ours(diffs.try_next());
        }
        seen.check(n, n * (n - 1) / 2);
        assert_eq!(store.with(list, Vec::len) as u64, LEN);
    })
}

/// Makes the element at `place` odd if it is even, or the other way round, and back; returns the even one.
fn touch(place: usize, mut set: impl FnMut(u64), mut read: impl FnMut()) -> u64 {
    let value = place as u64;
    set(value ^ 1);
    read();
    set(value);
    read();
    value & !1
}

/// A view of the even ones, of which an element becomes one, or none any more, and the other way round.
fn filter() -> Workload<'static> {
    let (store, list) = ours();
    let mut view = store.diffs(list, CAPACITY).filter(|n| n % 2 == 0);
    view.try_next();
    let mut place = places();
    Box::new(move |n| {
        let (mut seen, mut sum) = (Seen::default(), 0);
        for _ in 0..n {
            let place = place();
            sum += touch(
                place,
                |value| store.edit(list, |list| list.set(place, black_box(value))),
                || seen.ours(view.try_next()),
            );
        }
        seen.check(n, sum);
    })
}

/// A view with the greatest first; pushes, to be put in its place, and pops.
fn sort() -> Workload<'static> {
    let (store, list) = ours();
    let mut view = store.diffs(list, CAPACITY).sort_by(|a, b| b.cmp(a));
    view.try_next();
    let mut place = places();
    Box::new(move |n| {
        let (mut seen, mut sum) = (Seen::default(), 0);
        for _ in 0..n {
            let value = place() as u64;
            store.edit(list, |list| list.push(black_box(value)));
            seen.ours(view.try_next());
            store.edit(list, |list| list.pop());
            seen.ours(view.try_next());
            sum += value;
        }
        seen.check(n, sum);
    })
}

fn im() -> ObservableVector<u64> {
    let mut vector = ObservableVector::with_capacity(CAPACITY.get());
    vector.append(elements().into_iter().collect());
    vector
}

fn im_push() -> Workload<'static> {
    let mut vector = im();
    let mut stream = vector.subscribe().into_stream();
    Box::new(move |n| {
        let mut seen = Seen::default();
        for value in 0..n {
            vector.push_back(black_box(value));
            seen.eyeball(&mut stream);
            vector.pop_back();
            seen.eyeball(&mut stream);
        }
        seen.check(n, n * (n - 1) / 2);
        assert_eq!(vector.len() as u64, LEN);
    })
}

fn im_insert() -> Workload<'static> {
    let mut vector = im();
    let mut stream = vector.subscribe().into_stream();
    let mut place = places();
    Box::new(move |n| {
        let mut seen = Seen::default();
        for value in 0..n {
            let place = place();
            vector.insert(place, black_box(value));
            seen.eyeball(&mut stream);
            vector.remove(place);
            seen.eyeball(&mut stream);
        }
        seen.check(n, n * (n - 1) / 2);
        assert_eq!(vector.len() as u64, LEN);
    })
}

fn im_filter() -> Workload<'static> {
    let mut vector = im();
    let (values, mut stream) = vector.subscribe().filter(|n| n % 2 == 0);
    assert_eq!(values.len() as u64, LEN / 2);
    let mut place = places();
    Box::new(move |n| {
        let (mut seen, mut sum) = (Seen::default(), 0);
        for _ in 0..n {
            let place = place();
            sum += touch(
                place,
                |value| _ = vector.set(place, black_box(value)),
                || seen.eyeball(&mut stream),
            );
        }
        seen.check(n, sum);
    })
}

fn im_sort() -> Workload<'static> {
    let mut vector = im();
    let (values, mut stream) = vector.subscribe().sort_by(|a, b| b.cmp(a));
    assert_eq!(values.len() as u64, LEN);
    let mut place = places();
    Box::new(move |n| {
        let (mut seen, mut sum) = (Seen::default(), 0);
        for _ in 0..n {
            let value = place() as u64;
            vector.push_back(black_box(value));
            seen.eyeball(&mut stream);
            vector.pop_back();
            seen.eyeball(&mut stream);
            sum += value;
        }
        seen.check(n, sum);
    })
}

fn signals() -> MutableVec<u64> {
    MutableVec::new_with_values(elements())
}

fn signals_push() -> Workload<'static> {
    let vec = signals();
    let mut signal = vec.signal_vec();
    skip_first(&mut signal);
    Box::new(move |n| {
        let mut seen = Seen::default();
        for value in 0..n {
            vec.lock_mut().push(black_box(value));
            seen.signals(&mut signal);
            vec.lock_mut().pop();
            seen.signals(&mut signal);
        }
        seen.check(n, n * (n - 1) / 2);
        assert_eq!(vec.lock_ref().len() as u64, LEN);
    })
}

fn signals_for_each() -> Workload<'static> {
    let vec = signals();
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    let mut listener = Box::pin(vec.signal_vec().for_each(move |diff| {
        black_box(diff);
        tally.store(tally.load(Relaxed) + 1, Relaxed);
        std::future::ready(())
    }));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(listener.as_mut().poll(&mut cx).is_pending());
    Box::new(move |n| {
        let mut cx = Context::from_waker(Waker::noop());
        heard.store(0, Relaxed);
        for value in 0..n {
            vec.lock_mut().push(black_box(value));
            assert!(listener.as_mut().poll(&mut cx).is_pending());
            vec.lock_mut().pop();
            assert!(listener.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(heard.load(Relaxed), 2 * n);
    })
}

fn signals_insert() -> Workload<'static> {
    let vec = signals();
    let mut signal = vec.signal_vec();
    skip_first(&mut signal);
    let mut place = places();
    Box::new(move |n| {
        let mut seen = Seen::default();
        for value in 0..n {
            let place = place();
            vec.lock_mut().insert(place, black_box(value));
            seen.signals(&mut signal);
            vec.lock_mut().remove(place);
            seen.signals(&mut signal);
        }
        seen.check(n, n * (n - 1) / 2);
        assert_eq!(vec.lock_ref().len() as u64, LEN);
    })
}

fn signals_filter() -> Workload<'static> {
    let vec = signals();
    let mut signal = vec.signal_vec().filter(|n| n % 2 == 0);
    skip_first(&mut signal);
    let mut place = places();
    Box::new(move |n| {
        let (mut seen, mut sum) = (Seen::default(), 0);
        for _ in 0..n {
            let place = place();
            sum += touch(
                place,
                |value| vec.lock_mut().set(place, black_box(value)),
                || seen.signals(&mut signal),
            );
        }
        seen.check(n, sum);
    })
}

fn signals_sort() -> Workload<'static> {
    let vec = signals();
    let mut signal = vec.signal_vec().sort_by_cloned(|a, b| b.cmp(a));
    skip_first(&mut signal);
    let mut place = places();
    Box::new(move |n| {
        let (mut seen, mut sum) = (Seen::default(), 0);
        for _ in 0..n {
            let value = place() as u64;
            vec.lock_mut().push(black_box(value));
            seen.signals(&mut signal);
            vec.lock_mut().pop();
            seen.signals(&mut signal);
            sum += value;
        }
        seen.check(n, sum);
    })
}

/// The content, which comes first.
fn skip_first(signal: &mut (impl SignalVec<Item = u64> + Unpin)) {
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(signal).poll_vec_change(&mut cx) {
        Poll::Ready(Some(VecDiff::Replace { values })) => assert!(values.len() as u64 >= LEN / 2),
        _ => panic!("the content comes first"),
    }
}
