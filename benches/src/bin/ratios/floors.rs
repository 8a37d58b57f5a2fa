//! Hand-written floors, and tokio's `watch`.

use std::{
    hint::black_box,
    sync::{Arc, Mutex},
};
use tokio::sync::watch;
use trine_benches::Workload;

/// A mutex locked, a word written.
pub(crate) fn mutex_set() -> Workload<'static> {
    let cell = Arc::new(Mutex::new(0_u64));
    Box::new(move |n| {
        for value in 0..n {
            *cell.lock().unwrap() = black_box(value);
        }
    })
}

/// `borrow` of tokio's `watch`.
pub(crate) fn watch_borrow() -> Workload<'static> {
    let (sender, receiver) = watch::channel(1_u64);
    Box::new(move |n| {
        let _keep = &sender;
        let mut sum = 0;
        for _ in 0..n {
            sum += *black_box(&receiver).borrow();
        }
        assert_eq!(sum, n);
    })
}

/// `send` of tokio's `watch` with a receiver.
pub(crate) fn watch_send() -> Workload<'static> {
    let (sender, receiver) = watch::channel(0_u64);
    let mut value = 0;
    Box::new(move |n| {
        for _ in 0..n {
            value += 1;
            sender.send(black_box(value)).unwrap();
        }
        assert_eq!(*receiver.borrow(), value);
    })
}

type Closure = Box<dyn FnMut(&u64) + Send>;

/// As many boxed closures, called one after the other.
pub(crate) fn boxed_loop(count: usize) -> Workload<'static> {
    let heard = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let mut closures: Vec<Closure> = (0..count)
        .map(|_| {
            let heard = Arc::clone(&heard);
            Box::new(move |value: &u64| {
                use std::sync::atomic::Ordering::Relaxed;
                heard.store(heard.load(Relaxed) + value, Relaxed);
            }) as Closure
        })
        .collect();
    Box::new(move |n| {
        for _ in 0..n {
            for closure in &mut closures {
                closure(black_box(&1));
            }
        }
    })
}

/// A vector behind a mutex: push and pop.
pub(crate) fn mutex_vec(length: usize) -> Workload<'static> {
    let list = Arc::new(Mutex::new(vec![0_u64; length]));
    Box::new(move |n| {
        for value in 0..n {
            let mut list = list.lock().unwrap();
            list.push(black_box(value));
            list.pop();
        }
    })
}
