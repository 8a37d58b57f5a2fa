//! User code at its worst: it panics, blocks, re-enters, drops and compares where it should not.

mod payloads;
mod readers;

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, mpsc},
    task::{Wake, Waker},
    thread,
    time::{Duration, Instant},
};
use trine_core::{
    CellErrorKind, Event, ObserverGuard, PanicPolicy, Source, Store, SubscriptionGuard,
};

/// Calls `test` on a thread of its own, and fails if it takes longer than any sound test would.
#[track_caller]
fn in_time(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    match ended.recv_timeout(Duration::from_secs(20)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        _ => thread.join().unwrap(),
    }
}

/// A store whose callbacks may panic without anybody else's harm.
fn tolerant() -> (Store, Log) {
    let (log, heard) = (Log::default(), Log::default());
    let noted = heard.clone();
    let report = PanicPolicy::Report(Box::new(move |message| noted.note(message)));
    drop(log);
    (Store::builder().on_panic(report).build(), heard)
}

/// Uses a store when it is dropped.
struct Counted(Store, Source<i32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.update(self.1, |count| *count += 1).delivered();
    }
}

impl PartialEq for Counted {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1)
    }
}

#[test]
fn a_value_that_a_removed_cell_refuses_is_dropped_outside_the_lease() {
    let store = Store::new();
    let drops = store.source(0);
    let cell = store.source(Counted(store.clone(), drops));
    store.remove(cell).unwrap();
    assert_eq!(store.get(drops), 1);
    assert!(store.try_set(cell, Counted(store.clone(), drops)).unwrap_err().is_disposed());
    assert_eq!(store.get(drops), 2);
    let refused = store.batch(|tx| tx.try_set(cell, Counted(store.clone(), drops)));
    assert!(refused.unwrap_err().is_disposed());
    assert_eq!(store.get(drops), 3);
}

#[test]
fn a_value_whose_comparison_panics_is_dropped_outside_the_lease() {
    struct Fussy(#[expect(dead_code)] Counted);
    impl PartialEq for Fussy {
        fn eq(&self, _: &Self) -> bool {
            panic!("incomparable")
        }
    }
    let store = Store::new();
    let drops = store.source(0);
    let cell = store.source(Fussy(Counted(store.clone(), drops)));
    let refused = catch_unwind(AssertUnwindSafe(|| {
        store.set(cell, Fussy(Counted(store.clone(), drops)));
    }));
    assert!(refused.is_err());
    assert_eq!(store.get(drops), 1);
}

#[test]
fn the_drop_of_a_replaced_value_may_write_and_wait_for_the_delivery() {
    in_time(|| {
        let store = Store::new();
        let drops = store.source(0);
        let cell = store.source(Some(Counted(store.clone(), drops)));
        let _drops = store.subscribe(drops, |_| {});
        let _cell = store.subscribe(cell, |_| {});
        store.batch(|tx| tx.set(cell, None));
        assert!(store.get(drops) >= 1);
    });
}

#[test]
fn a_waker_may_wait_for_the_delivery() {
    struct Waits(Store);
    impl Wake for Waits {
        fn wake(self: Arc<Self>) {
            self.0.delivered();
        }
    }
    in_time(|| {
        let store = Store::new();
        let cell = store.source(0);
        let _heard = store.subscribe(cell, |_| {});
        let mut watch = store.watch(cell);
        let waker = Waker::from(Arc::new(Waits(store.clone())));
        let mut changed = Box::pin(watch.changed());
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(changed.as_mut().poll(&mut cx).is_pending());
        store.set(cell, 1);
        assert!(changed.as_mut().poll(&mut cx).is_ready());
    });
}

#[test]
fn a_callback_of_another_store_may_wait_for_the_delivery_of_the_first() {
    in_time(|| {
        let (one, two) = (Store::new(), Store::new());
        let (first, second) = (one.source(0), two.source(0));
        let log = Log::default();
        let heard = log.clone();
        let within = one.clone();
        let _second = two.subscribe(second, move |_| {
            within.set(first, 2).delivered();
            heard.note("second");
        });
        let _first = one.subscribe(first, move |value| {
            if *value == 1 {
                two.set(second, 1).delivered();
            }
        });
        one.set(first, 1);
        log.is(["second"]);
        assert_eq!(one.get(first), 2);
    });
}

#[test]
fn an_observer_that_removes_itself_and_adds_another_is_not_told_again() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let guards = Arc::new(Mutex::new(Vec::<ObserverGuard>::new()));
    let first = store.observe({
        let (store, log, guards) = (store.clone(), log.clone(), Arc::clone(&guards));
        move |_| {
            log.note("first");
            let mine = guards.lock().unwrap().pop();
            drop(mine);
            let log = log.clone();
            guards.lock().unwrap().push(store.observe(move |_| log.note("second")));
        }
    });
    guards.lock().unwrap().push(first);
    store.set(cell, 1);
    log.is(["first"]);
    store.set(cell, 2);
    log.is(["second"]);
}

#[test]
fn an_observer_that_answers_every_commit_with_a_commit_is_a_causal_loop() {
    in_time(|| {
        let (store, reported) = tolerant();
        let cell = store.source(0_u64);
        let _guard = store.observe({
            let store = store.clone();
            move |event| {
                if let Event::Committed { .. } = event {
                    store.update(cell, |count| *count += 1);
                }
            }
        });
        store.set(cell, 1);
        let reported = reported.take();
        assert!(reported[0].contains("without end"), "{reported:?}");
    });
}

#[test]
fn an_observer_dropped_inside_a_lease_is_dropped_outside_of_it() {
    let store = Store::new();
    let drops = store.source(0);
    let counted = Counted(store.clone(), drops);
    let guard = store.observe(move |_| {
        let _ = &counted;
    });
    store.batch(move |_| drop(guard));
    assert_eq!(store.get(drops), 1);
}

#[test]
fn a_subscription_whose_callback_panics_when_it_is_dropped_does_not_keep_others_subscribed() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let bomb = Bomb;
    let first: SubscriptionGuard = store.subscribe(cell, move |_| {
        let _ = &bomb;
    });
    let heard = log.clone();
    let second = store.subscribe(cell, move |value| heard.note(value));
    let _ = catch_unwind(AssertUnwindSafe(|| {
        store.batch(move |_| {
            drop(first);
            drop(second);
        });
    }));
    store.set(cell, 1);
    log.is([]);
}

#[test]
fn an_observer_that_panics_at_the_end_of_a_run_does_not_keep_it_from_ending() {
    let store = Store::new();
    let _guard = store.observe(|event| {
        if let Event::RunSettled { .. } = event {
            panic!("observer");
        }
    });
    let run = catch_unwind(AssertUnwindSafe(|| store.run("run", |_| async { Ok::<_, String>(1) })));
    assert_eq!(store.runs().list().len(), 0);
    assert!(run.unwrap().outcome().unwrap().is_fulfilled());
}

#[test]
fn an_observer_that_panics_at_the_start_of_a_run_does_not_keep_it_from_running() {
    let store = Store::new();
    let _guard = store.observe(|event| {
        if let Event::RunStarted { .. } = event {
            panic!("observer");
        }
    });
    let run = catch_unwind(AssertUnwindSafe(|| store.run("run", |_| async { Ok::<_, String>(1) })));
    assert_eq!(store.runs().list().len(), 0);
    assert!(run.unwrap().outcome().unwrap().is_fulfilled());
}

#[test]
fn an_update_that_panics_in_a_transaction_and_is_caught_there_tears_its_cell() {
    let store = Store::new();
    let cell = store.source(vec![1]);
    let length = store.derived(move |cx| cx.with(cell, Vec::len));
    assert_eq!(store.get(length), 1);
    store.batch(|tx| {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            tx.update(cell, |list| {
                list.push(2);
                assert!(list.is_empty(), "half way");
            });
        }));
        assert!(caught.is_err());
    });
    let error = store.try_get(cell).unwrap_err();
    assert!(matches!(error.kind(), CellErrorKind::Torn { .. }), "{error}");
    assert!(store.try_get(length).is_err());
    store.recover(cell, |list| list.truncate(1));
    assert_eq!(store.get(length), 1);
}

#[test]
fn what_an_inner_transaction_undid_is_not_told_with_the_outer_one() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.source(1), store.source(1));
    let double = store.derived(move |cx| cx.get(a) * 2);
    let heard = log.clone();
    let _guard = store.subscribe(double, move |double| heard.note(double));
    store.batch(|tx| {
        let undone = tx.transaction(|tx| {
            tx.set(a, 5);
            assert_eq!(tx.get(double), 10);
            Err::<(), _>(())
        });
        assert!(undone.is_err());
        tx.set(b, 2);
    });
    log.is([]);
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn several_updates_take_time_in_proportion_to_their_number() {
    let store = Store::new();
    let cells: Vec<_> = (0..200_000).map(|n| store.source(n)).collect();
    let begun = Instant::now();
    store.updates(|cx| {
        for cell in &cells {
            cx.update(*cell, |n| *n += 1).unwrap();
        }
    });
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(3), "{taken:?}");
}

#[test]
fn updates_skip_removed_cells_and_go_on() {
    let store = Store::new();
    let (gone, here) = (store.source(1), store.source(1));
    let sum = store.derived(move |cx| cx.try_get(gone).unwrap_or(100) + cx.get(here));
    assert_eq!(store.get(sum), 2);
    store.remove(gone).unwrap();
    let (refused, commit) = store.updates(|cx| {
        let refused = cx.update(gone, |value| *value += 1);
        cx.update(here, |value| *value += 1).unwrap();
        assert_eq!(cx.get(sum).unwrap(), 102);
        refused
    });
    assert!(refused.unwrap_err().is_disposed());
    assert!(commit.number().is_some());
    assert_eq!(store.get(sum), 102);
}

#[test]
fn the_last_handle_of_another_store_may_be_dropped_inside_a_lease() {
    struct Uses(Store, Source<i32>);
    impl Wake for Uses {
        fn wake(self: Arc<Self>) {
            self.0.update(self.1, |count| *count += 1);
        }
    }
    let (one, two) = (Store::new(), Store::new());
    let drops = one.source(0);
    let cell = two.source(Counted(one.clone(), drops));
    let woken = one.source(0);
    let watched = two.source(0);
    let mut watch = two.watch(watched);
    let waker = Waker::from(Arc::new(Uses(one.clone(), woken)));
    let mut cx = std::task::Context::from_waker(&waker);
    let mut changed = Box::pin(watch.changed());
    assert!(changed.as_mut().poll(&mut cx).is_pending());
    one.batch(move |_| drop(two));
    assert_eq!(one.get(drops), 1);
    assert_eq!(one.get(woken), 1);
    let _ = cell;
}

#[test]
fn a_derivation_that_reads_a_removed_cell_can_be_subscribed_to_and_heals() {
    let (store, log) = (Store::new(), Log::default());
    let (gone, pick) = (store.source(1), store.source(true));
    let derived = store.derived(move |cx| if cx.get(pick) { cx.get(gone) } else { 7 });
    store.remove(gone).unwrap();
    let heard = log.clone();
    let _guard = store.subscribe(derived, move |value| heard.note(value));
    assert!(store.try_get(derived).unwrap_err().is_disposed());
    store.set(pick, false);
    log.is(["7"]);
    store.set(pick, true);
    assert!(store.try_get(derived).unwrap_err().is_disposed());
}

#[test]
fn removing_a_cell_in_the_callback_of_another_one_of_the_same_commit_silences_it() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.source(0), store.source(0));
    let _a = store.subscribe(a, {
        let store = store.clone();
        move |_| drop(store.remove(b))
    });
    let heard = log.clone();
    let _b = store.subscribe(b, move |value| heard.note(value));
    store.batch(|tx| {
        tx.set(a, 1);
        tx.set(b, 1);
    });
    log.is([]);
}

#[test]
fn a_million_cells_come_and_go() {
    let store = Store::new();
    let base = store.source(1);
    let cells: Vec<_> = (0..300_000).map(|n| store.derived(move |cx| cx.get(base) + n)).collect();
    let guards: Vec<_> = cells.iter().map(|cell| store.subscribe(*cell, |_| {})).collect();
    store.set(base, 2);
    drop(guards);
    for cell in cells {
        store.remove(cell).unwrap();
    }
    assert_eq!(store.cell_count(), 1);
}

#[test]
fn a_store_dropped_in_its_own_callback_lets_the_delivery_end() {
    let log = Log::default();
    let store = Store::new();
    let cell = store.source(0);
    let slot = Arc::new(Mutex::new(Some(store.clone())));
    let heard = log.clone();
    store
        .subscribe(cell, {
            let slot = Arc::clone(&slot);
            move |_| {
                drop(slot.lock().unwrap().take());
                heard.note("first");
            }
        })
        .detach();
    let heard = log.clone();
    store.subscribe(cell, move |_| heard.note("second")).detach();
    let weak = store.downgrade();
    store.set(cell, 1);
    drop(store);
    assert!(weak.upgrade().is_none());
    log.is(["first", "second"]);
}

#[test]
fn every_panic_of_a_delivery_is_reported() {
    let (store, reported) = tolerant();
    let cell = store.source(0);
    let _one = store.subscribe(cell, |_| panic!("one"));
    let _two = store.subscribe(cell, |_| panic!("two"));
    store.set(cell, 1);
    reported.is(["one", "two"]);
}

#[test]
fn a_scope_whose_subscription_panics_when_it_is_dropped_removes_its_cells_all_the_same() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    let store = Store::new();
    let scope = store.scope("dialog");
    let cell = scope.source(0);
    let bomb = Bomb;
    scope.subscribe(cell, move |_| {
        let _ = &bomb;
    });
    let ended = catch_unwind(AssertUnwindSafe(|| scope.end()));
    assert!(ended.is_err());
    assert_eq!(store.cell_count(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_scope_of_many_scopes_takes_time_in_proportion_to_their_number() {
    let store = Store::new();
    let begun = Instant::now();
    let outer = store.scope("outer");
    let inner: Vec<_> = (0..30_000).map(|_| outer.scope("inner")).collect();
    drop(inner);
    outer.end();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn scopes_nested_deeply_end_without_a_deep_stack() {
    let store = Store::new();
    let mut scopes = vec![store.scope("0")];
    for _ in 0..100_000 {
        let inner = scopes.last().unwrap().scope("inner");
        scopes.push(inner);
    }
    scopes[0].end();
    assert!(scopes.iter().all(trine_core::Scope::is_ended));
}
