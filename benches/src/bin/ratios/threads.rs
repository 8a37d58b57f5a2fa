//! Two threads that write different cells. What counts is a thread's own time for its writes, the mean of the two.

use crate::Row;
use std::{
    hint::{black_box, spin_loop},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};
use trine_benches::Timer;
use trine_core::Store;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    rows.push(Row::clocked("threads/one-store", one_store, "one-mutex", one_mutex));
    rows.push(Row::clocked("threads/two-stores", two_stores, "two-mutexes", two_mutexes));
}

/// What one of the threads does `n` times.
type Writer = Box<dyn FnMut(u64) + Send>;

/// How many writes are a unit: turns long enough that two threads meet on a busy machine.
const UNIT: u32 = 64;

/// Runs both writers at a time: from the moment when both are there, and whoever is done first goes on, off the clock,
/// for as long as the other one needs.
fn both(mut writers: [Writer; 2]) -> Timer<'static> {
    Box::new(move |n| {
        let (there, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (there, done) = (&there, &done);
        let times = thread::scope(|scope| {
            let threads = writers.each_mut().map(|write| {
                scope.spawn(move || {
                    there.fetch_add(1, SeqCst);
                    while there.load(SeqCst) < 2 {
                        spin_loop();
                    }
                    let start = Instant::now();
                    write(n * u64::from(UNIT));
                    let elapsed = start.elapsed();
                    done.fetch_add(1, SeqCst);
                    while done.load(SeqCst) < 2 {
                        write(100);
                    }
                    elapsed
                })
            });
            threads.map(|thread| thread.join().expect("no panic"))
        });
        times.iter().sum::<Duration>() / 2 / UNIT
    })
}

/// Writes a cell of `store`.
fn cell_writer(store: Store) -> Writer {
    let cell = store.source(0_u64);
    let mut value = 0;
    Box::new(move |n| {
        for _ in 0..n {
            value += 1;
            store.set(cell, black_box(value));
        }
        assert_eq!(store.get(cell), value);
    })
}

/// Two cells of one store.
fn one_store() -> Timer<'static> {
    let store = Store::new();
    both([cell_writer(store.clone()), cell_writer(store)])
}

/// Two cells of a store each.
fn two_stores() -> Timer<'static> {
    both([cell_writer(Store::new()), cell_writer(Store::new())])
}

/// Keeps two things off each other's cache lines.
#[repr(align(128))]
struct Apart<T>(T);

/// Two words behind one mutex.
fn one_mutex() -> Timer<'static> {
    let words = Arc::new(Apart(Mutex::new([0_u64; 2])));
    both([0, 1].map(|place| -> Writer {
        let words = Arc::clone(&words);
        let mut value = 0;
        Box::new(move |n| {
            for _ in 0..n {
                value += 1;
                words.0.lock().unwrap()[place] = black_box(value);
            }
            assert_eq!(words.0.lock().unwrap()[place], value);
        })
    }))
}

/// Two words behind a mutex each.
fn two_mutexes() -> Timer<'static> {
    both([0, 1].map(|_| -> Writer {
        let word = Box::new(Apart(Mutex::new(0_u64)));
        let mut value = 0;
        Box::new(move |n| {
            for _ in 0..n {
                value += 1;
                *word.0.lock().unwrap() = black_box(value);
            }
            assert_eq!(*word.0.lock().unwrap(), value);
        })
    }))
}
