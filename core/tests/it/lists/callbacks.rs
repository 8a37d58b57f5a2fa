//! Callbacks that are told the diffs of a list.

use super::{Counted, Counter, capacity};
use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Barrier, Mutex},
    thread,
};
use trine_core::{Event, ListAdapter, ListDiff, ListFilter, PanicPolicy, Store};

#[test]
fn a_callback_is_told_one_batch_per_commit_from_the_content_that_it_began_with() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.list([1, 2]);
    let heard = log.clone();
    let (content, guard) =
        store.subscribe_diffs(list, capacity(8), move |diffs| heard.note(format!("{diffs:?}")));
    assert_eq!(content, [1, 2]);
    store.edit(list, |list| {
        list.push(3);
        list.move_item(0, 2);
    });
    store.edit(list, |_| {});
    store.batch(|tx| {
        tx.edit(list, |list| list.remove(0));
        tx.edit(list, |list| list.clear());
    });
    log.is(["[Push { value: 3 }, Move { from: 0, to: 2 }]", "[Remove { index: 0 }, Clear]"]);
    drop(guard);
    store.edit(list, |list| list.push(4));
    log.is([]);
    assert_eq!(store.cell_count(), 1, "nothing is left of the subscription");
}

#[test]
fn a_callback_costs_what_changes_and_not_what_is_there() {
    let (store, clones) = (Store::new(), Counter::default());
    let new = |n| Counted(n, clones.clone());
    let list = store.list((0..1_000).map(new).collect::<Vec<_>>());
    let (_content, _guard) = store.subscribe_diffs(list, capacity(8), |_| {});
    clones.take();
    store.edit(list, |list| list.push(new(7)));
    store.edit(list, |list| list.truncate(1_000));
    assert_eq!(clones.take(), 1);
}

#[test]
fn a_rolled_back_edit_is_told_to_nobody() {
    let (store, log) = (Store::new(), Log::default());
    let (list, other) = (store.list([1]), store.source(0));
    let heard = log.clone();
    let (_, _guard) =
        store.subscribe_diffs(list, capacity(8), move |diffs| heard.note(format!("{diffs:?}")));
    let refused = store.transaction(|tx| {
        tx.edit(list, |list| list.push(2));
        Err::<(), _>("no")
    });
    assert!(refused.is_err());
    store.batch(|tx| {
        tx.set(other, 1);
        let _ = tx.transaction(|tx| {
            tx.edit(list, |list| list.push(3));
            Err::<(), _>("no")
        });
    });
    log.is([]);
    store.edit(list, |list| list.push(4));
    log.is(["[Push { value: 4 }]"]);
}

#[test]
fn callbacks_hear_of_a_commit_in_its_turn_not_of_later_ones_before() {
    let (store, log) = (Store::new(), Log::default());
    let (list, count) = (store.list(Vec::new()), store.source(0));
    // Answers the first push with a second one, while the delivery of the first is under way.
    let (again, heard) = (store.clone(), log.clone());
    let _count = store.subscribe(count, move |n| {
        heard.note(format!("count {n}"));
        if *n == 1 {
            again.batch(|tx| {
                tx.edit(list, |list| list.push("second"));
                tx.set(count, 2);
            });
        }
    });
    let heard = log.clone();
    let (_, _guard) =
        store.subscribe_diffs(list, capacity(8), move |diffs| heard.note(format!("{diffs:?}")));
    store.batch(|tx| {
        tx.edit(list, |list| list.push("first"));
        tx.set(count, 1);
    });
    log.is(["count 1", "[Push { value: \"first\" }]", "count 2", "[Push { value: \"second\" }]"]);
}

#[test]
fn a_callback_that_lags_gets_a_single_reset_as_of_the_last_commit() {
    let store = Store::new();
    let list = store.list([0]);
    let (busy, free) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let told = Arc::new(Mutex::new(Vec::new()));
    let (heard, at, on) = (told.clone(), busy.clone(), free.clone());
    let (_, _guard) = store.subscribe_diffs(list, capacity(3), move |diffs| {
        let first = heard.lock().unwrap().is_empty();
        heard.lock().unwrap().push(diffs);
        if first {
            at.wait();
            on.wait();
        }
    });
    let other = store.clone();
    let deliverer = thread::spawn(move || other.edit(list, |list| list.push(1)));
    busy.wait();
    // The callback is in progress on the other thread, so these only queue.
    for n in 2..=9 {
        store.edit(list, |list| list.push(n));
    }
    free.wait();
    deliverer.join().unwrap();
    store.delivered();
    let reset = vec![ListDiff::Reset { values: (0..=9).collect() }];
    assert_eq!(*told.lock().unwrap(), [vec![ListDiff::Push { value: 1 }], reset]);
}

#[test]
fn while_a_list_is_torn_nothing_is_told_and_its_repair_is_a_reset() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.list([1, 2]);
    let heard = log.clone();
    let (_, _guard) =
        store.subscribe_diffs(list, capacity(8), move |diffs| heard.note(format!("{diffs:?}")));
    let torn = catch_unwind(AssertUnwindSafe(|| {
        store.edit(list, |list| {
            list.push(3);
            list.update(0, |_| panic!("half way"));
        });
    }));
    assert!(torn.is_err());
    log.is([]);
    let refused = store.try_subscribe_diffs(list, capacity(8), |_| {}).unwrap_err();
    assert!(refused.to_string().contains("is torn"), "{refused}");
    store.recover_list(list, |list| list.push(4));
    store.edit(list, |list| list.push(5));
    log.is(["[Reset { values: [1, 2, 3, 4] }]", "[Push { value: 5 }]"]);
}

#[test]
fn a_removed_list_takes_its_callbacks_with_it() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.cell("todos").list([1]);
    let dropped = log.on_drop("dropped");
    let (_, guard) = store.subscribe_diffs(list, capacity(8), move |_| {
        let _ = &dropped;
    });
    guard.detach();
    store.remove(list).unwrap();
    log.is(["dropped"]);
    assert_eq!(store.cell_count(), 0);
    let refused = store.try_subscribe_diffs(list, capacity(8), |_| {}).unwrap_err();
    assert!(refused.is_disposed());
    assert_eq!(store.cell_count(), 0);
}

#[test]
fn a_callback_may_end_its_own_subscription_and_edit_the_list() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.list([0]);
    let slot = Arc::new(Mutex::new(None));
    let (own, again, heard) = (slot.clone(), store.clone(), log.clone());
    let (_, guard) = store.subscribe_diffs(list, capacity(8), move |diffs| {
        heard.note(format!("{diffs:?}"));
        again.edit(list, |list| list.push(2));
        drop(own.lock().unwrap().take());
    });
    *slot.lock().unwrap() = Some(guard);
    store.edit(list, |list| list.push(1));
    log.is(["[Push { value: 1 }]"]);
    assert_eq!(store.get(list), [0, 1, 2]);
    assert_eq!(store.cell_count(), 1);
}

#[test]
fn a_callback_that_panics_is_told_the_next_batch_and_loses_none() {
    let log = Log::default();
    let reported = log.clone();
    let report = PanicPolicy::Report(Box::new(move |message| reported.note(message)));
    let store = Store::builder().on_panic(report).build();
    let list = store.list([0]);
    let heard = log.clone();
    let (_, _guard) = store.subscribe_diffs(list, capacity(8), move |diffs| {
        heard.note(format!("{diffs:?}"));
        assert!(diffs != [ListDiff::Push { value: 1 }], "not this one");
    });
    store.edit(list, |list| list.push(1));
    store.edit(list, |list| list.push(2));
    log.is(["[Push { value: 1 }]", "not this one", "[Push { value: 2 }]"]);
}

#[test]
fn a_view_follows_a_callback() {
    let store = Store::new();
    let list = store.list([1, 2, 3, 4]);
    let rows = Arc::new(Mutex::new((ListFilter::new(|n: &i32| n % 2 == 0), Vec::new())));
    let shown = rows.clone();
    let show = move |diffs: Vec<ListDiff<i32>>| {
        let (view, rows) = &mut *shown.lock().unwrap();
        for diff in diffs {
            view.apply(diff).into_iter().for_each(|diff| diff.apply(rows));
        }
    };
    let (values, _guard) = store.subscribe_diffs(list, capacity(8), show.clone());
    show(vec![ListDiff::Reset { values }]);
    store.edit(list, |list| list.push(6));
    store.edit(list, |list| list.remove(1));
    assert_eq!(rows.lock().unwrap().1, [4, 6]);
}

#[test]
fn the_event_feed_names_the_list_that_a_callback_is_told_of() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.cell("todos").list([1]);
    let heard = log.clone();
    let _observer = store.observe(move |event| match event {
        Event::Subscribed { cell, .. } => heard.note(format!("+ {cell}")),
        Event::Unsubscribed { cell } => heard.note(format!("- {cell}")),
        _ => {}
    });
    drop(store.subscribe_diffs(list, capacity(8), |_| {}));
    log.is(["+ `diffs of todos`", "- `diffs of todos`"]);
}
