//! Single cells once more, beside libraries whose cells are streams and are polled.

use crate::{Row, cells};
use eyeball::SharedObservable;
use futures_signals::signal::{Mutable, SignalExt};
use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};
use trine_benches::Workload;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let mut row = |workload: &str,
                   subject: fn() -> Workload<'static>,
                   peer: &'static str,
                   rival: fn() -> Workload<'static>| {
        rows.push(Row::new(workload, subject, peer, rival));
    };
    row("set/silent", cells::set_silent, "futures-signals", mutable_set);
    row("set/silent", cells::set_silent, "eyeball", observable_set);
    row("read/u64", cells::read, "futures-signals", mutable_get);
    row("read/u64", cells::read, "eyeball", observable_get);
    row("set/callback", cells::set_callback, "futures-signals", mutable_for_each);
    row("set/callback", cells::set_callback, "eyeball", observable_next);
    row("set/watch", cells::set_watch, "futures-signals", mutable_signal);
    row("set/watch", cells::set_watch, "eyeball", observable_subscriber);
}

/// `set` with nobody listening.
fn mutable_set() -> Workload<'static> {
    let cell = Mutable::new(0_u64);
    let mut value = 0;
    Box::new(move |n| {
        for _ in 0..n {
            value += 1;
            cell.set(black_box(value));
        }
        assert_eq!(cell.get(), value);
    })
}

/// `get`.
fn mutable_get() -> Workload<'static> {
    let cell = Mutable::new(1_u64);
    Box::new(move |n| {
        let sum: u64 = (0..n).map(|_| black_box(&cell).get()).sum();
        assert_eq!(sum, n);
    })
}

/// `set`, and the future of `for_each` polled so that its callback hears of it.
fn mutable_for_each() -> Workload<'static> {
    let cell = Mutable::new(0_u64);
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    let mut listener = Box::pin(cell.signal().for_each(move |value| {
        black_box(value);
        tally.store(tally.load(Relaxed) + 1, Relaxed);
        std::future::ready(())
    }));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(listener.as_mut().poll(&mut cx).is_pending());
    let mut value = 0;
    Box::new(move |n| {
        let mut cx = Context::from_waker(Waker::noop());
        heard.store(0, Relaxed);
        for _ in 0..n {
            value += 1;
            cell.set(black_box(value));
            assert!(listener.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(heard.load(Relaxed), n);
    })
}

/// `set` with a signal that waits for it, which looks at the last value in the end.
fn mutable_signal() -> Workload<'static> {
    let cell = Mutable::new(0_u64);
    let mut stream = Box::pin(cell.signal());
    let mut value = 0;
    Box::new(move |n| {
        use futures_signals::signal::Signal;
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..n {
            value += 1;
            cell.set(black_box(value));
        }
        assert_eq!(stream.as_mut().poll_change(&mut cx), Poll::Ready(Some(value)));
        assert_eq!(stream.as_mut().poll_change(&mut cx), Poll::Pending);
    })
}

/// `set` with nobody listening.
fn observable_set() -> Workload<'static> {
    let cell = SharedObservable::new(0_u64);
    let mut value = 0;
    Box::new(move |n| {
        for _ in 0..n {
            value += 1;
            cell.set(black_box(value));
        }
        assert_eq!(cell.get(), value);
    })
}

/// `get`.
fn observable_get() -> Workload<'static> {
    let cell = SharedObservable::new(1_u64);
    Box::new(move |n| {
        let sum: u64 = (0..n).map(|_| black_box(&cell).get()).sum();
        assert_eq!(sum, n);
    })
}

/// `set`, and the subscriber polled so that it hears of it, and once more so that it waits.
fn observable_next() -> Workload<'static> {
    let cell = SharedObservable::new(0_u64);
    let mut subscriber = cell.subscribe();
    let mut value = 0;
    Box::new(move |n| {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(subscriber.next()).poll(&mut cx).is_pending());
        let mut heard = 0;
        for _ in 0..n {
            value += 1;
            cell.set(black_box(value));
            while let Poll::Ready(Some(next)) = pin!(subscriber.next()).poll(&mut cx) {
                black_box(next);
                heard += 1;
            }
        }
        assert_eq!(heard, n);
    })
}

/// `set` with a subscriber, which looks at the last value in the end.
fn observable_subscriber() -> Workload<'static> {
    let cell = SharedObservable::new(0_u64);
    let mut subscriber = cell.subscribe();
    let mut value = 0;
    Box::new(move |n| {
        for _ in 0..n {
            value += 1;
            cell.set(black_box(value));
        }
        assert_eq!(subscriber.next_now(), value);
    })
}
