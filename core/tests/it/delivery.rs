//! Who is told of a commit, when, and in which order.

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, mpsc::channel},
    thread,
};
use trine_core::{
    CellErrorKind, Event, PanicPolicy, Store, SubscriptionGuard, test::ManualExecutor,
};

#[test]
fn a_write_in_a_callback_is_readable_at_once_and_its_callbacks_queue() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.source(0), store.source(0));
    let (writer, heard, heard_too, heard_last) =
        (store.clone(), log.clone(), log.clone(), log.clone());
    let _first = store.subscribe(a, move |a| {
        heard.note(format!("first hears a {a}"));
        writer.set(b, *a);
        heard.note(format!("first reads b {}", writer.get(b)));
    });
    let _second = store.subscribe(a, move |a| heard_too.note(format!("second hears a {a}")));
    let _third = store.subscribe(b, move |b| heard_last.note(format!("third hears b {b}")));
    store.set(a, 1);
    log.is(["first hears a 1", "first reads b 1", "second hears a 1", "third hears b 1"]);
}

#[test]
fn one_panicking_callback_does_not_starve_the_rest() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let (heard, heard_too) = (log.clone(), log.clone());
    let _a = store.subscribe(cell, move |value| heard.note(format!("a {value}")));
    let _b = store.subscribe(cell, |_| panic!("b fails"));
    let _c = store.subscribe(cell, move |value| heard_too.note(format!("c {value}")));
    let panic = catch_unwind(AssertUnwindSafe(|| store.set(cell, 1)));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"b fails"));
    log.is(["a 1", "c 1"]);
    assert_eq!(store.get(cell), 1);
}

#[test]
fn a_panic_is_reported_where_the_store_was_told_to() {
    let log = Log::default();
    let heard = log.clone();
    let report = PanicPolicy::Report(Box::new(move |message| heard.note(message)));
    let store = Store::builder().on_panic(report).build();
    let cell = store.source(0);
    let _guard = store.subscribe(cell, |value| panic!("fails at {value}"));
    store.set(cell, 1);
    store.set(cell, 2);
    log.is(["fails at 1", "fails at 2"]);
}

#[test]
fn a_subscriber_added_during_delivery_sees_the_next_commit() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let added = Arc::new(Mutex::new(None::<SubscriptionGuard>));
    let (keep, adder, heard) = (Arc::clone(&added), store.clone(), log.clone());
    let _first = store.subscribe(cell, move |_| {
        let heard = heard.clone();
        keep.lock().unwrap().get_or_insert_with(|| {
            adder.subscribe(cell, move |value| heard.note(format!("late {value}")))
        });
    });
    store.set(cell, 1);
    log.is([]);
    store.set(cell, 2);
    log.is(["late 2"]);
}

#[test]
fn a_subscriber_removed_during_delivery_is_not_called_again() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let victim = Arc::new(Mutex::new(None::<SubscriptionGuard>));
    let (killed, heard) = (Arc::clone(&victim), log.clone());
    let _killer = store.subscribe(cell, move |_| {
        heard.note("killer");
        drop(killed.lock().unwrap().take());
    });
    let heard = log.clone();
    *victim.lock().unwrap() = Some(store.subscribe(cell, move |_| heard.note("victim")));
    store.set(cell, 1);
    log.is(["killer"]);
    store.set(cell, 2);
    log.is(["killer"]);
}

#[test]
fn all_subscribers_of_a_cell_may_be_removed_by_the_first() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let guards = Arc::new(Mutex::new(Vec::new()));
    for name in ["first", "second"] {
        let (all, heard) = (Arc::clone(&guards), log.clone());
        let guard = store.subscribe(cell, move |_| {
            heard.note(name);
            all.lock().unwrap().clear();
        });
        guards.lock().unwrap().push(guard);
    }
    store.set(cell, 1);
    log.is(["first"]);
    store.set(cell, 2);
    log.is([]);
}

#[test]
fn a_cell_that_is_removed_during_delivery_is_not_told_of() {
    let (store, log) = (Store::new(), Log::default());
    let (first, second) = (store.source(0), store.source(0));
    let (remover, heard) = (store.clone(), log.clone());
    let _first = store.subscribe(first, move |_| {
        heard.note("first");
        remover.remove(second).unwrap();
    });
    let heard = log.clone();
    let _second = store.subscribe(second, move |_| heard.note("second"));
    store.batch(|tx| {
        tx.set(first, 1);
        tx.set(second, 1);
    });
    log.is(["first"]);
}

#[test]
fn a_subscriber_can_end_itself() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let own = Arc::new(Mutex::new(None::<SubscriptionGuard>));
    let (mine, heard) = (Arc::clone(&own), log.clone());
    *own.lock().unwrap() = Some(store.subscribe(cell, move |value| {
        heard.note(value);
        drop(mine.lock().unwrap().take());
    }));
    store.set(cell, 1);
    store.set(cell, 2);
    log.is(["1"]);
}

#[test]
fn the_store_can_be_used_in_the_destructor_of_a_callback() {
    struct Writes(Store, trine_core::Source<i32>);
    impl Drop for Writes {
        fn drop(&mut self) {
            self.0.set(self.1, 99);
        }
    }
    let store = Store::new();
    let (cell, told) = (store.source(0), store.source(0));
    let writes = Writes(store.clone(), told);
    let guard = store.subscribe(cell, move |_| {
        let _ = &writes;
    });
    drop(guard);
    assert_eq!(store.get(told), 99);
}

#[test]
fn callbacks_that_answer_each_other_without_end_are_an_error_that_names_the_cells() {
    let store = Store::builder().causal_limit(10).build();
    let (ping, pong) = (store.cell("ping").source(0), store.cell("pong").source(0));
    let errors = Arc::new(Mutex::new(Vec::new()));
    let (forth, noted) = (store.clone(), Arc::clone(&errors));
    let _a = store.subscribe(ping, move |n| {
        if let Err(error) = forth.try_set(pong, n + 1) {
            noted.lock().unwrap().push(error);
        }
    });
    let (back, noted) = (store.clone(), Arc::clone(&errors));
    let _b = store.subscribe(pong, move |n| {
        if let Err(error) = back.try_set(ping, n + 1) {
            noted.lock().unwrap().push(error);
        }
    });
    store.set(ping, 1);
    let errors = errors.lock().unwrap();
    let CellErrorKind::CausalLoop { cells, limit: 10, .. } = errors[0].kind() else {
        panic!("{:?}", errors)
    };
    let mut names: Vec<_> = cells.iter().map(|cell| cell.name.as_deref().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ping", "pong"]);
    assert_eq!(errors.len(), 1);
}

#[test]
fn a_write_returns_while_another_thread_delivers_and_delivered_waits() {
    let store = Store::new();
    let (slow, quick) = (store.source(0), store.source(0));
    let (entered, wait_entered) = channel();
    let (release, wait_release) = channel::<()>();
    let wait_release = Mutex::new(wait_release);
    let _slow = store.subscribe(slow, move |_| {
        entered.send(()).unwrap();
        wait_release.lock().unwrap().recv().unwrap();
    });
    let log = Log::default();
    let heard = log.clone();
    let _quick = store.subscribe(quick, move |value| heard.note(value));
    let deliverer = thread::spawn({
        let store = store.clone();
        move || {
            store.set(slow, 1);
        }
    });
    wait_entered.recv().unwrap();
    let commit = store.set(quick, 1);
    assert_eq!(store.get(quick), 1);
    log.is([]);
    release.send(()).unwrap();
    commit.delivered();
    log.is(["1"]);
    deliverer.join().unwrap();
}

#[test]
fn delivered_in_a_callback_returns_at_once() {
    let store = Store::new();
    let (a, b) = (store.source(0), store.source(0));
    let (writer, log) = (store.clone(), Log::default());
    let heard = log.clone();
    let _a = store.subscribe(a, move |a| {
        writer.set(b, *a).delivered();
        heard.note("returned");
    });
    let heard = log.clone();
    let _b = store.subscribe(b, move |_| heard.note("b"));
    store.set(a, 1);
    log.is(["returned", "b"]);
}

/// A store of which one thread was delivering a commit of its own while 1,000 others were made: what has been
/// heard of these when that thread has returned, and the last of them.
fn after_a_thousand_foreign_commits(
    store: &Store,
) -> (Arc<Mutex<Vec<i32>>>, trine_core::Commit<'_>) {
    let (gate, busy) = (store.source(0), store.source(0));
    let (entered, wait_entered) = channel();
    let (release, wait_release) = channel::<()>();
    let wait_release = Mutex::new(wait_release);
    let hold = move |_: &i32| {
        entered.send(()).unwrap();
        wait_release.lock().unwrap().recv().unwrap();
    };
    // Detached: whoever leaves the lease, to end a subscription say, may take the delivery over.
    store.subscribe(gate, hold).detach();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    store.subscribe(busy, move |value| log.lock().unwrap().push(*value)).detach();
    let last = thread::scope(|scope| {
        scope.spawn(|| {
            store.set(gate, 1);
        });
        wait_entered.recv().unwrap();
        let last = (1..=1_000).fold(None, |_, value| Some(store.set(busy, value))).unwrap();
        release.send(()).unwrap();
        last
    });
    (heard, last)
}

#[test]
fn a_deliverer_does_a_bounded_amount_of_other_threads_work_and_passes_on_to_the_spawner() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (heard, _) = after_a_thousand_foreign_commits(&store);
    assert!(heard.lock().unwrap().iter().copied().eq(1..=64));
    assert_eq!(executor.pending(), 1);
    executor.run_until_stalled();
    assert!(heard.lock().unwrap().iter().copied().eq(1..=1_000));
}

#[test]
fn a_thread_that_waits_for_its_commit_delivers_what_was_passed_on() {
    let store = Store::with_spawner(ManualExecutor::new());
    let (heard, last) = after_a_thousand_foreign_commits(&store);
    assert_eq!(heard.lock().unwrap().len(), 64);
    last.delivered();
    assert!(heard.lock().unwrap().iter().copied().eq(1..=1_000));
}

#[test]
fn a_deliverer_whom_nobody_can_relieve_goes_on() {
    let store = Store::new();
    let (heard, _) = after_a_thousand_foreign_commits(&store);
    assert!(heard.lock().unwrap().iter().copied().eq(1..=1_000));
}

#[test]
fn notifications_of_a_subscriber_coalesce_when_the_outbox_is_full_and_say_so() {
    let store = Store::builder().outbox_capacity(4).build();
    let (gate, busy) = (store.source(0), store.source(0));
    let (writer, log) = (store.clone(), Log::default());
    let _gate = store.subscribe(gate, move |_| {
        for value in 1..=100 {
            writer.set(busy, value);
        }
    });
    let heard = log.clone();
    let _busy = store.subscribe_changes(busy, move |change| {
        heard.note(format!("{} after {}", change.value().unwrap(), change.coalesced()));
    });
    store.set(gate, 1);
    log.is(["1 after 0", "2 after 0", "3 after 0", "100 after 96"]);
}

#[test]
fn guards_dropped_inside_a_lease_take_effect_at_its_end() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let heard = log.clone();
    let guard = store.subscribe(cell, move |value| heard.note(value));
    store.update(cell, move |value| {
        drop(guard);
        *value = 1;
    });
    // Not even that commit is told: the callbacks come after the lease.
    log.is([]);
    store.set(cell, 2);
    log.is([]);
}

#[test]
fn removing_a_cell_ends_its_subscriptions() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let heard = log.clone();
    let guard = store.subscribe(cell, move |value| heard.note(value));
    store.remove(cell).unwrap();
    drop(guard);
    let another = store.source(0);
    store.set(another, 1);
    log.is([]);
}

#[test]
fn the_feed_tells_what_happened_in_order() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.cell("source").source(1);
    let derived = store.cell("double").derived(move |cx| cx.get(source) * 2);
    let heard = log.clone();
    let observer = store.observe(move |event| {
        heard.note(match event {
            Event::Committed { number, cells, .. } => format!("{number} {}", cells[0]),
            Event::Recomputed { cell, changed, .. } => format!("ran {cell}, changed: {changed}"),
            Event::Subscribed { cell, .. } => format!("subscribed {cell}"),
            Event::Unsubscribed { cell } => format!("unsubscribed {cell}"),
            other => format!("{other:?}"),
        });
    });
    let guard = store.subscribe(derived, |_| {});
    store.set(source, 2);
    store.set(source, 2);
    drop(guard);
    log.is([
        "ran `double`, changed: true",
        "subscribed `double`",
        "#1 `source`",
        "ran `double`, changed: true",
        "unsubscribed `double`",
    ]);
    drop(observer);
    store.set(source, 3);
    log.is([]);
}

#[test]
fn an_observer_that_panics_cannot_break_a_commit() {
    let log = Log::default();
    let heard = log.clone();
    let store = Store::builder()
        .on_panic(PanicPolicy::Report(Box::new(move |message| heard.note(message))))
        .build();
    let cell = store.source(1);
    store.observe(|_| panic!("observer")).detach();
    store.set(cell, 2);
    assert_eq!(store.get(cell), 2);
    log.is(["observer"]);
}

#[test]
fn every_thread_sees_commits_in_one_order() {
    let store = Store::new();
    let cell = store.source(0_u64);
    let log = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&log);
    let _guard = store.subscribe_changes(cell, move |change| {
        noted.lock().unwrap().push((change.number().get(), *change.value().unwrap()));
    });
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    store.update(cell, |value| *value += 1).delivered();
                }
            });
        }
    });
    let log = log.lock().unwrap();
    assert!(log.iter().map(|(number, _)| *number).eq(1..=8_000));
    assert!(log.iter().map(|(_, value)| *value).eq(1..=8_000));
}

#[test]
fn a_diff_subscriber_hears_old_and_new() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.source(1);
    let derived = store.derived(move |cx| 10 / cx.get(source));
    let heard = log.clone();
    let _guard =
        store.subscribe_diff(derived, move |old, new| heard.note(format!("{old} -> {new}")));
    store.set(source, 2);
    store.set(source, 0);
    store.set(source, 10);
    log.is(["10 -> 5", "5 -> 1"]);
}

#[test]
fn callbacks_that_come_first_do_so_in_every_commit_also_in_those_that_had_to_wait() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.source(0), store.source(0));
    let sum = store.derived(move |cx| cx.get(a) + cx.get(b));
    let (on_a, on_b, on_sum, again) = (log.clone(), log.clone(), log.clone(), store.clone());
    store
        .subscribe(a, move |value| {
            on_a.note(format!("a {value}"));
            if *value == 1 {
                // This commit waits until the delivery of the one before is over.
                again.batch(|tx| {
                    tx.set(a, 2);
                    tx.set(b, 2);
                });
            }
        })
        .detach();
    store.subscribe(b, move |value| on_b.note(format!("b {value}"))).detach();
    store
        .subscribe_first(sum, move |change| {
            on_sum.note(format!("first {}", change.value().unwrap()));
        })
        .detach();
    let heard = log.clone();
    let _observer = store.observe(move |event| {
        if let Event::Committed { number, .. } = event {
            heard.note(number);
        }
    });
    store.batch(|tx| {
        tx.set(a, 1);
        tx.set(b, 1);
    });
    log.is(["#1", "first 2", "a 1", "b 1", "#2", "first 4", "a 2", "b 2"]);
}
