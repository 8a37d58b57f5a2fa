//! Work that is done only while somebody observes a cell, directly or through what is derived from it.

use futures_util::FutureExt;
use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Barrier,
        atomic::{AtomicI32, Ordering},
    },
    thread,
};
use trine_core::{Cell, Store, test::Log};

/// Notes when it goes.
struct Off(Log, String);

impl Drop for Off {
    fn drop(&mut self) {
        self.0.note(format!("{} off", self.1));
    }
}

/// Notes `name on` and `name off`.
fn note(store: &Store, cell: impl Cell, name: &str, log: &Log) {
    let (log, name) = (log.clone(), name.to_owned());
    let begin = move || {
        log.note(format!("{name} on"));
        Off(log.clone(), name.clone())
    };
    store.while_observed(cell, begin).detach();
}

#[test]
fn the_first_subscriber_begins_it_and_the_last_one_ends_it() {
    let (store, log) = (Store::new(), Log::new());
    let cell = store.source(1);
    note(&store, cell, "cell", &log);
    assert_eq!(store.get(cell), 1);
    log.is([]);
    let first = store.subscribe(cell, |_| {});
    let second = store.subscribe(cell, |_| {});
    log.is(["cell on"]);
    drop(first);
    log.is([]);
    drop(second);
    log.is(["cell off"]);
    let _again = store.subscribe(cell, |_| {});
    log.is(["cell on"]);
}

#[test]
fn observers_of_what_is_derived_count_and_sources_begin_before_what_reads_them() {
    let (store, log) = (Store::new(), Log::new());
    let source = store.source(1);
    let twice = store.derived(move |cx| cx.get(source) * 2);
    let shown = store.derived(move |cx| cx.get(twice).to_string());
    note(&store, source, "source", &log);
    note(&store, shown, "shown", &log);
    assert_eq!(store.get(shown), "2");
    log.is([]);
    let screen = store.subscribe(shown, |_| {});
    log.is(["source on", "shown on"]);
    drop(screen);
    log.is(["shown off", "source off"]);
}

#[test]
fn a_dependency_that_comes_and_goes_begins_and_ends_with_the_commit() {
    let (store, log) = (Store::new(), Log::new());
    let (flag, costly) = (store.source(false), store.source(7));
    let shown = store.derived(move |cx| if cx.get(flag) { cx.get(costly) } else { 0 });
    note(&store, costly, "costly", &log);
    let _screen = store.subscribe(shown, |_| {});
    log.is([]);
    store.set(flag, true);
    log.is(["costly on"]);
    store.set(costly, 8);
    log.is([]);
    store.set(flag, false);
    log.is(["costly off"]);
}

#[test]
fn a_diamond_ends_it_once() {
    let (store, log) = (Store::new(), Log::new());
    let source = store.source(1);
    let left = store.derived(move |cx| cx.get(source) + 1);
    let right = store.derived(move |cx| cx.get(source) + 2);
    let sum = store.derived(move |cx| cx.get(left) + cx.get(right));
    note(&store, source, "source", &log);
    let screen = store.subscribe(sum, |_| {});
    let other = store.subscribe(left, |_| {});
    drop(screen);
    log.is(["source on"]);
    drop(other);
    log.is(["source off"]);
}

#[test]
fn watches_and_streams_count_and_the_last_one_ends_it_when_it_is_dropped() {
    let (store, log) = (Store::new(), Log::new());
    let cell = store.source(1);
    let list = store.list(vec![1]);
    note(&store, cell, "cell", &log);
    note(&store, list, "list", &log);
    let watch = store.watch(cell);
    let clone = watch.clone();
    let changes = store.changes(cell, NonZeroUsize::MIN);
    log.is(["cell on"]);
    drop(watch);
    drop(clone);
    log.is([]);
    drop(changes);
    log.is(["cell off"]);
    let diffs = store.diffs(list, NonZeroUsize::MIN);
    log.is(["list on"]);
    drop(diffs);
    log.is(["list off"]);
}

#[test]
fn who_asks_late_is_told_at_once() {
    let (store, log) = (Store::new(), Log::new());
    let cell = store.source(1);
    let twice = store.derived(move |cx| cx.get(cell) * 2);
    let screen = store.subscribe(twice, |_| {});
    note(&store, cell, "cell", &log);
    log.is(["cell on"]);
    drop(screen);
    log.is(["cell off"]);
}

#[test]
fn removing_the_cell_or_what_observes_it_ends_it() {
    let (store, log) = (Store::new(), Log::new());
    let cell = store.source(1);
    let twice = store.derived(move |cx| cx.get(cell) * 2);
    note(&store, cell, "cell", &log);
    store.subscribe(twice, |_| {}).detach();
    log.is(["cell on"]);
    store.remove(twice).unwrap();
    log.is(["cell off"]);
    store.subscribe(cell, |_| {}).detach();
    log.is(["cell on"]);
    store.remove(cell).unwrap();
    log.is(["cell off"]);
    // The place is another cell's now, which is none of its affairs.
    let other = store.source(2);
    let _observer = store.subscribe(other, |_| {});
    log.is([]);
}

#[test]
fn the_guard_ends_it_for_good() {
    let (store, log) = (Store::new(), Log::new());
    let cell = store.source(1);
    let _observer = store.subscribe(cell, |_| {});
    let inner = log.clone();
    let guard = store.while_observed(cell, move || {
        inner.note("on");
        Off(inner.clone(), "cell".to_owned())
    });
    log.is(["on"]);
    store.with(cell, |_| drop(guard)); // inside a lease: when that ends
    log.is(["cell off"]);
    let _second = store.subscribe(cell, |_| {});
    log.is([]);
}

#[test]
fn it_may_use_the_store_and_end_what_began_it() {
    let (store, log) = (Store::new(), Log::new());
    let cell = store.source(0);
    let (inner, log_inner) = (store.downgrade(), log.clone());
    store
        .while_observed(cell, move || {
            let store = inner.upgrade().unwrap();
            store.set(cell, store.get(cell) + 1);
            // Observed from inside as well: no second beginning.
            drop(store.subscribe(cell, |_| {}));
            log_inner.note("on");
        })
        .detach();
    drop(store.subscribe(cell, |_| {}));
    drop(store.subscribe(cell, |_| {}));
    log.is(["on", "on"]);
    assert_eq!(store.get(cell), 2);
}

#[test]
fn a_panic_at_the_beginning_harms_nobody() {
    let (store, log) = (Store::new(), Log::new());
    let cell = store.source(0);
    store.while_observed(cell, || panic!("no socket")).detach();
    note(&store, cell, "other", &log);
    let subscribed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.subscribe(cell, |_| {}).detach();
    }));
    assert!(subscribed.is_err(), "told as panics of callbacks are");
    log.is(["other on"]);
    store.set(cell, 1);
    assert_eq!(store.get(cell), 1);
}

#[test]
fn a_roll_back_tells_nobody() {
    let (store, log) = (Store::new(), Log::new());
    let (flag, costly) = (store.source(false), store.source(7));
    let shown = store.derived(move |cx| if cx.get(flag) { cx.get(costly) } else { 0 });
    note(&store, costly, "costly", &log);
    let _screen = store.subscribe(shown, |_| {});
    let refused = store.transaction(|tx| {
        tx.set(flag, true);
        assert_eq!(tx.get(shown), 7);
        Err::<(), _>("no")
    });
    refused.unwrap_err();
    log.is([]);
}

#[test]
fn threads_that_come_and_go_leave_it_as_they_leave_the_cell() {
    let store = Store::new();
    let cell = store.source(1);
    let alive = Arc::new(AtomicI32::new(0));
    struct Alive(Arc<AtomicI32>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let count = Arc::clone(&alive);
    store
        .while_observed(cell, move || {
            assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "never two at a time");
            Alive(Arc::clone(&count))
        })
        .detach();
    let barrier = Barrier::new(4);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                barrier.wait();
                for _ in 0..200 {
                    drop(store.subscribe(cell, |_| {}));
                }
            });
        }
    });
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    let _last = store.subscribe(cell, |_| {});
    assert_eq!(alive.load(Ordering::SeqCst), 1);
}

#[test]
fn recompute_runs_a_derivation_whose_inputs_are_as_they_were() {
    let (store, log) = (Store::new(), Log::new());
    let time = Arc::new(AtomicI32::new(1));
    let clock = Arc::clone(&time);
    let now = store.derived(move |_| clock.load(Ordering::SeqCst));
    let runs = log.clone();
    let shown = store.derived(move |cx| {
        runs.note("shown");
        format!("at {}", cx.get(now))
    });
    let told = log.clone();
    let _screen = store.subscribe(shown, move |shown| told.note(shown.clone()));
    log.is(["shown"]);
    store.recompute(now);
    log.is([]); // equal: what is below only has to check
    time.store(2, Ordering::SeqCst);
    assert_eq!(store.get(shown), "at 1");
    store.recompute(now);
    log.is(["shown", "at 2"]);
}

#[test]
fn cells_can_be_made_inside_a_lease() {
    let store = Store::new();
    let outer = store.source(2);
    let mut known = None;
    let derived = store.derived(move |cx| {
        let cells = *known.get_or_insert_with(|| {
            let base = cx.cell("base").source(20);
            (base, cx.cell("twice").derived(move |cx| cx.get(base) * 2))
        });
        cx.get(cells.1) + cx.get(outer)
    });
    assert_eq!(store.get(derived), 42);
    store.set(outer, 3);
    assert_eq!(store.get(derived), 43);
    assert_eq!(store.cell_count(), 4);

    let mut made = None;
    let refused = store.transaction(|tx| {
        let cell = *made.insert(tx.cell("made").source(1));
        tx.set(cell, 2);
        Err::<(), _>("no")
    });
    refused.unwrap_err();
    assert_eq!(store.get(made.unwrap()), 1, "it stays, with what it was made with");
}

#[test]
fn an_async_derivation_can_be_made_inside_a_lease() {
    let store = Store::with_spawner(trine_core::test::ManualExecutor::new());
    let mut known = None;
    let shown = store.derived(move |cx| {
        let cell = *known.get_or_insert_with(|| {
            cx.cell("answer").derived_async(|_| async { Ok::<_, String>(42) })
        });
        cx.get(cell).value().map(|value| **value)
    });
    assert_eq!(store.get(shown), None);
    assert!(store.watch(shown).changed().now_or_never().is_none());
    assert_eq!(store.runs().len(), 1, "asked for when the lease ended");
}

#[test]
fn no_two_stores_have_the_same_number_of_removals() {
    let (one, two) = (Store::new(), Store::new());
    assert_ne!(one.removals(), two.removals());
    let before = one.removals();
    let cell = one.source(1);
    one.remove(cell).unwrap();
    assert_ne!(one.removals(), before);
    assert_ne!(one.removals(), two.removals());
}
