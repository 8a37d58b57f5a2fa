//! What goes wrong in comparable libraries, and does not here.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    thread,
};
use trine_core::{
    CellErrorKind, Event, Store,
    test::{Log, ManualExecutor, yield_now},
};

/// Enough for threads to meet; fewer where each step is interpreted.
const WRITES: u64 = if cfg!(miri) { 50 } else { 20_000 };

#[test]
fn no_read_is_refused_while_another_thread_writes() {
    let store = Store::new();
    let cell = store.source(0_u64);
    let double = store.derived(move |cx| cx.get(cell) * 2);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for value in 1..=WRITES {
                store.set(cell, value);
            }
            done.store(true, Ordering::Relaxed);
        });
        let mut last = 0;
        while !done.load(Ordering::Relaxed) {
            let seen = store.try_get(cell).expect("never refused");
            assert!(seen >= last);
            last = seen;
            assert!(store.try_get(double).expect("never refused") >= 2 * seen);
        }
    });
    assert_eq!(store.get(double), 2 * WRITES);
}

#[test]
fn a_diamond_is_seen_whole() {
    let store = Store::new();
    let source = store.source(1);
    let (next, double) =
        (store.derived(move |cx| cx.get(source) + 1), store.derived(move |cx| cx.get(source) * 2));
    let both = store.derived(move |cx| (cx.get(next), cx.get(double)));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let _guard = store.subscribe(both, move |pair| log.lock().unwrap().push(*pair));
    store.set(source, 10);
    assert_eq!(*heard.lock().unwrap(), [(11, 20)]);
}

#[test]
fn a_change_of_a_long_chain_runs_each_link_once_and_tells_once() {
    // That finding out costs no more than the length of the chain either is counted in `src/graph/cost.rs`.
    for links in [100, 200, 400] {
        let store = Store::new();
        let source = store.source(0_u64);
        let mut last = store.derived(move |cx| cx.get(source));
        for _ in 1..links {
            let before = last;
            last = store.derived(move |cx| cx.get(before) + 1);
            store.get(last);
        }
        let (runs, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, tally) = (Arc::clone(&runs), Arc::clone(&told));
        let _guard = store.subscribe(last, move |_| {
            tally.fetch_add(1, Ordering::Relaxed);
        });
        let _observer = store.observe(move |event| {
            if matches!(event, Event::Recomputed { changed: true, .. }) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        store.set(source, 1);
        assert_eq!(store.get(last), links);
        let counts = (runs.load(Ordering::Relaxed), told.load(Ordering::Relaxed));
        assert_eq!(counts, (links as usize, 1));
    }
}

#[test]
fn a_batch_on_one_thread_defers_nothing_on_another() {
    let (mine, theirs) = (Store::new(), Store::new());
    let cell = theirs.source(0);
    let heard = Arc::new(AtomicUsize::new(0));
    let tally = Arc::clone(&heard);
    let _guard = theirs.subscribe(cell, move |_| {
        tally.fetch_add(1, Ordering::Relaxed);
    });
    mine.batch(|_| {
        thread::scope(|scope| {
            scope.spawn(|| theirs.set(cell, 1));
        });
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_panic_in_an_update_harms_one_cell_until_it_is_set_again() {
    let store = Store::new();
    let (torn, sound) = (store.source(vec![1]), store.source(1));
    let heard = Arc::new(AtomicUsize::new(0));
    let tally = Arc::clone(&heard);
    let _guard = store.subscribe(torn, move |_| {
        tally.fetch_add(1, Ordering::Relaxed);
    });
    let panic = catch_unwind(AssertUnwindSafe(|| {
        store.update(torn, |list| -> () {
            list.clear();
            panic!("half way");
        });
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"half way"));
    assert!(matches!(store.try_get(torn).unwrap_err().kind(), CellErrorKind::Torn { .. }));
    store.set(sound, 2);
    assert_eq!(store.get(sound), 2);
    store.set(torn, vec![2]);
    assert_eq!((store.get(torn), heard.load(Ordering::Relaxed)), (vec![2], 1));
    // Nor does the panic come back when everything is dropped, even while another one unwinds.
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _dropped_while_unwinding = (store, _guard);
        panic!("another");
    }));
    assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"another"));
}

#[test]
fn a_waker_may_write_to_the_store_that_wakes_it() {
    struct Writes(Store, trine_core::Source<i32>);
    impl Wake for Writes {
        fn wake(self: Arc<Self>) {
            self.0.update(self.1, |wakes| *wakes += 1);
        }
    }
    let store = Store::new();
    let (cell, wakes) = (store.source(0), store.source(0));
    let mut watch = store.watch(cell);
    let waker = Waker::from(Arc::new(Writes(store.clone(), wakes)));
    let mut changed = std::pin::pin!(watch.changed());
    assert!(changed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    store.set(cell, 1);
    assert_eq!(store.get(wakes), 1);
}

#[test]
fn a_thousand_spurious_polls_are_one_wake_up() {
    struct Counts(AtomicUsize);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let store = Store::new();
    let cell = store.source(0);
    let mut watch = store.watch(cell);
    let wakes = Arc::new(Counts(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&wakes));
    let mut changed = std::pin::pin!(watch.changed());
    for _ in 0..1_000 {
        assert!(changed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    store.set(cell, 1);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
}

#[test]
fn async_work_that_is_out_of_date_is_dropped_and_what_it_still_brings_is_rejected() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (question, notes) = (store.source(1), store.source(Vec::new()));
    let log = Log::new();
    let (body_log, contexts) = (log.clone(), Arc::new(Mutex::new(Vec::new())));
    let escaped = Arc::clone(&contexts);
    let answer = store.derived_async(move |cx| {
        let log = body_log.clone();
        escaped.lock().unwrap().push(cx.run().clone());
        async move {
            let _held = log.on_drop("body dropped");
            let question = cx.get(question).await;
            log.note(format!("asked {question}"));
            yield_now().await;
            log.note(format!("answered {question}"));
            Ok::<_, String>(question * 10)
        }
    });
    let watch = store.watch(answer);
    executor.run_one();
    log.is(["asked 1"]);
    let old = contexts.lock().unwrap()[0].clone();
    store.set(question, 2);
    // Cancelled by the commit itself: nothing of it is left to be polled.
    log.is(["body dropped"]);
    assert!(!old.is_active());
    // A helper that has kept its context brings nothing in any more.
    assert!(old.update(notes, |notes: &mut Vec<i32>| notes.push(1)).is_err());
    assert!(store.get(notes).is_empty());
    executor.run_until_stalled();
    log.is(["asked 2", "answered 2", "body dropped"]);
    assert_eq!(**watch.borrow().value().unwrap(), 20);
    assert_eq!(store.runs().len(), 0);
}
