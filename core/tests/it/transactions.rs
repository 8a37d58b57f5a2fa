//! Several writes, one commit; or none.

use crate::log::Log;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trine_core::{CellErrorKind, Store};

#[test]
fn each_subscriber_is_told_once_per_transaction() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.source(1), store.source(2));
    let sum = store.derived(move |cx| cx.get(a) + cx.get(b));
    let (heard, heard_too) = (log.clone(), log.clone());
    let _sum = store.subscribe(sum, move |sum| heard.note(format!("sum {sum}")));
    let _a = store.subscribe(a, move |a| heard_too.note(format!("a {a}")));
    let ((), commit) = store
        .transaction_with_commit(|tx| {
            tx.set(a, 5);
            tx.set(a, 10);
            tx.set(b, 20);
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!(commit.number().unwrap().get(), 1);
    log.is(["a 10", "sum 30"]);
}

#[test]
fn the_closure_sees_its_own_writes_and_fresh_derived_values() {
    let store = Store::new();
    let a = store.source(1);
    let double = store.derived(move |cx| cx.get(a) * 2);
    let seen = store.batch(|tx| {
        let before = tx.get(double);
        tx.set(a, 5);
        (before, tx.get(double))
    });
    assert_eq!(seen, (2, 10));
}

#[test]
fn an_error_changes_nothing_and_tells_nobody() {
    let (store, log) = (Store::new(), Log::default());
    let (a, list) = (store.source(1), store.source(vec![1]));
    let double = store.derived(move |cx| cx.get(a) * 2);
    let heard = log.clone();
    let _guard = store.subscribe(double, move |value| heard.note(value));
    let result = store.transaction(|tx| {
        tx.set(a, 5);
        tx.update(list, |list| list.push(2));
        assert_eq!(tx.get(double), 10);
        Err::<(), _>("no")
    });
    assert_eq!(result, Err("no"));
    assert_eq!((store.get(a), store.get(list), store.get(double)), (1, vec![1], 2));
    assert_eq!(store.last_commit().get(), 0);
    log.is([]);
    // What was derived inside the failed transaction is not mistaken for what subscribers know.
    store.set(a, 5);
    log.is(["10"]);
}

#[test]
fn a_panic_changes_nothing_and_goes_on() {
    let store = Store::new();
    let a = store.source(1);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        store.batch(|tx| {
            tx.set(a, 2);
            panic!("half way");
        })
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"half way"));
    assert_eq!(store.get(a), 1);
    store.set(a, 3);
    assert_eq!(store.get(a), 3);
}

#[test]
fn writing_back_the_old_value_is_no_change() {
    let (store, log) = (Store::new(), Log::default());
    let a = store.source(1);
    let heard = log.clone();
    let _guard = store.subscribe(a, move |value| heard.note(value));
    store.batch(|tx| {
        tx.set(a, 2);
        tx.set(a, 1);
    });
    log.is([]);
    assert_eq!(store.last_commit().get(), 0);
}

#[test]
fn an_inner_transaction_joins_the_outer_one_or_is_undone_alone() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.source(0), store.source(0));
    let (heard, heard_too) = (log.clone(), log.clone());
    let _a = store.subscribe(a, move |a| heard.note(format!("a {a}")));
    let _b = store.subscribe(b, move |b| heard_too.note(format!("b {b}")));
    store.batch(|tx| {
        tx.set(a, 1);
        let undone = tx.transaction(|tx| {
            tx.set(a, 2);
            tx.set(b, 2);
            Err::<(), _>(())
        });
        assert!(undone.is_err());
        assert_eq!((tx.get(a), tx.get(b)), (1, 0));
        tx.transaction(|tx| {
            tx.set(b, 3);
            Ok::<_, ()>(())
        })
        .unwrap();
    });
    log.is(["a 1", "b 3"]);
}

#[test]
fn an_update_that_panics_tears_its_cell_alone() {
    let (store, log) = (Store::new(), Log::default());
    let torn = store.cell("list").source(vec![1]);
    let sound = store.source(1);
    let length = store.derived(move |cx| cx.with(torn, Vec::len));
    let heard = log.clone();
    let _guard = store.subscribe_changes(length, move |change| match change.value() {
        Ok(length) => heard.note(format!("length {length}")),
        Err(error) => heard.note(error),
    });
    let panic = catch_unwind(AssertUnwindSafe(|| {
        store.update(torn, |list| {
            list.push(2);
            assert!(list.is_empty(), "half way");
        })
    }));
    assert!(panic.is_err());
    let error = store.try_get(torn).unwrap_err();
    assert!(matches!(error.kind(), CellErrorKind::Torn { .. }), "{error}");
    assert!(error.to_string().starts_with("value of `list` is torn, its update at "), "{error}");
    assert_eq!(log.take(), [error.to_string()]);
    store.set(sound, 2);
    assert_eq!(store.get(sound), 2);
    assert!(store.try_update(torn, |list| list.clear()).is_err());
    store.recover(torn, |list| list.truncate(1));
    assert_eq!(store.get(torn), [1]);
    log.is(["length 1"]);
}

#[test]
fn setting_a_torn_cell_heals_it() {
    let store = Store::new();
    let cell = store.source(1);
    let _ = catch_unwind(AssertUnwindSafe(|| {
        store.update(cell, |value| assert_eq!(*value, 2, "torn"))
    }));
    assert!(store.try_get(cell).is_err());
    // Even with the value that it had.
    store.set(cell, 1);
    assert_eq!(store.get(cell), 1);
}

#[test]
fn several_updates_in_place_are_one_commit_and_a_panic_tears_one_cell() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b, c) = (store.source(vec![1]), store.source(vec![1]), store.source(vec![1]));
    let total = store.derived(move |cx| cx.with(a, Vec::len) + cx.with(c, Vec::len));
    let heard = log.clone();
    let _guard = store.subscribe(total, move |total| heard.note(total));
    let panic = catch_unwind(AssertUnwindSafe(|| {
        store.updates(|cells| {
            cells.update(a, |a| a.push(2)).unwrap();
            cells.update(b, |b| assert!(b.is_empty(), "torn")).unwrap();
            cells.update(c, |c| c.push(2)).unwrap();
        })
    }));
    assert!(panic.is_err());
    log.is(["4"]);
    assert_eq!(store.last_commit().get(), 1);
    assert!(store.try_get(b).is_err());
}

#[test]
fn an_update_of_an_atomic_cell_that_panics_changes_nothing() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.cell("list").atomic_source(vec![1]);
    let heard = log.clone();
    let _guard = store.subscribe(list, move |list| heard.note(format!("{list:?}")));
    let panic = catch_unwind(AssertUnwindSafe(|| {
        store.update(list, |list| {
            list.push(2);
            assert!(list.is_empty(), "half way");
        })
    }));
    assert!(panic.is_err());
    assert_eq!((store.get(list), store.last_commit().get()), (vec![1], 0));
    let unchanged = |list: &mut Vec<i32>| {
        list.push(9);
        trine_core::Update::Unchanged
    };
    store.update(list, unchanged);
    assert_eq!(store.get(list), [1]);
    store.update(list, |list| list.push(2));
    log.is(["[1, 2]"]);
    store.remove(list).unwrap();
}

#[test]
fn a_place_in_the_journal_that_an_inner_transaction_gave_up_is_used_by_another_cell() {
    let store = Store::new();
    let (a, b, c) = (store.source(0), store.source(0), store.source(0));
    let sum = store.derived(move |cx| cx.get(a) + cx.get(b) + cx.get(c));
    let log = Log::default();
    let heard = log.clone();
    let _sum = store.subscribe(sum, move |sum| heard.note(format!("sum {sum}")));
    store.batch(|tx| {
        tx.set(c, 1);
        let undone = tx.transaction(|tx| {
            tx.set(a, 10);
            assert_eq!(tx.get(sum), 11);
            Err::<(), _>(())
        });
        assert!(undone.is_err());
        // These take the places that `a` and `sum` had.
        tx.set(b, 100);
        tx.set(a, 1000);
        assert_eq!(tx.get(sum), 1101);
        tx.set(c, 0);
        tx.set(b, 0);
        tx.set(a, 0);
    });
    store.batch(|tx| {
        tx.set(a, 1);
        tx.set(b, 1);
    });
    log.is(["sum 2"]);
}
