//! Cells that have no value: why, and how they heal.

use trine_core::{CellErrorKind, Derived, Store};

use std::sync::{Arc, Mutex};

#[test]
fn a_removed_cell_is_an_error_that_says_where_it_was_removed() {
    let store = Store::new();
    let cell = store.cell("gone").source(1);
    store.remove(cell).unwrap();
    let again = store.source(2);
    assert_eq!(store.get(again), 2);
    let error = store.try_get(cell).unwrap_err();
    assert!(error.is_disposed());
    let text = error.to_string();
    assert!(text.contains("`gone` was removed at core/tests/it/errors.rs"), "{text}");
    assert!(store.try_set(cell, 3).is_err());
    assert!(store.remove(cell).is_err());
}

#[test]
fn a_handle_on_the_wrong_store_is_an_error_and_never_another_cell() {
    let (store, other) = (Store::new(), Store::new());
    let cell = store.source(1);
    let _same_place = other.source(2);
    assert!(other.try_get(cell).unwrap_err().is_disposed());
}

#[test]
fn what_reads_a_removed_cell_fails_until_it_no_longer_does() {
    let store = Store::new();
    let (flag, cell) = (store.source(true), store.source(1));
    let derived = store.derived(move |cx| if cx.get(flag) { cx.get(cell) } else { 0 });
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let _guard = store.subscribe_changes(derived, move |change| {
        log.lock().unwrap().push(change.value().ok().copied());
    });
    store.remove(cell).unwrap();
    assert!(store.try_get(derived).unwrap_err().is_disposed());
    store.set(flag, false);
    assert_eq!(store.get(derived), 0);
    assert_eq!(*heard.lock().unwrap(), [None, Some(0)]);
}

#[test]
fn a_panic_in_a_derivation_is_kept_and_heals() {
    let store = Store::new();
    let source = store.source(0);
    let fragile = store.cell("fragile").derived(move |cx| 10 / cx.get(source));
    let above = store.derived(move |cx| cx.get(fragile) + 1);
    let error = store.try_get(above).unwrap_err();
    assert_eq!(
        error.to_string(),
        "derivation of `fragile` panicked: attempt to divide by zero; it runs again when a cell that it read changes",
        "the error is that of the cell where it began"
    );
    store.set(source, 5);
    assert_eq!(store.get(above), 3);
}

#[test]
fn a_derivation_can_go_on_without_a_failed_cell() {
    let store = Store::new();
    let source = store.source(0);
    let fragile = store.derived(move |cx| 10 / cx.get(source));
    let tolerant = store.derived(move |cx| cx.try_get(fragile).unwrap_or(-1));
    assert_eq!(store.get(tolerant), -1);
    store.set(source, 2);
    assert_eq!(store.get(tolerant), 5);
}

/// Two cells that read each other while `flag` is set.
fn circle(store: &Store, flag: trine_core::Source<bool>) -> (Derived<i32>, Derived<i32>) {
    let later: Arc<Mutex<Option<Derived<i32>>>> = Arc::default();
    let filled = Arc::clone(&later);
    let a = store.cell("a").derived(move |cx| {
        let b = later.lock().unwrap().unwrap();
        if cx.get(flag) { cx.get(b) + 1 } else { 1 }
    });
    let b = store.cell("b").derived(move |cx| cx.get(a) + 1);
    *filled.lock().unwrap() = Some(b);
    (a, b)
}

#[test]
fn a_circle_is_an_error_that_names_its_path_and_heals() {
    let store = Store::new();
    let flag = store.source(true);
    let (a, b) = circle(&store, flag);
    let error = store.try_get(a).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("cells depend on each other in a circle: `a` -> `b` -> `a`;"),
        "{text}"
    );
    assert!(store.try_get(b).is_err());
    store.set(flag, false);
    assert_eq!((store.get(b), store.get(a)), (2, 1));
}

#[test]
fn a_subscribed_circle_tells_when_it_closes_and_when_it_opens() {
    let store = Store::new();
    let flag = store.source(false);
    let (_, b) = circle(&store, flag);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let _guard = store.subscribe_changes(b, move |change| {
        log.lock().unwrap().push(match change.value() {
            Ok(value) => value.to_string(),
            Err(error) if matches!(error.kind(), CellErrorKind::Cycle { .. }) => "circle".into(),
            Err(error) => error.to_string(),
        });
    });
    store.set(flag, true);
    store.set(flag, false);
    assert_eq!(*heard.lock().unwrap(), ["circle", "2"]);
}

#[test]
fn a_cell_that_reads_itself_is_a_circle_of_one() {
    let store = Store::new();
    let own: Arc<Mutex<Option<Derived<i32>>>> = Arc::default();
    let mine = Arc::clone(&own);
    let cell = store.cell("own").derived(move |cx| {
        let own = mine.lock().unwrap().unwrap();
        cx.try_get(own).unwrap_or(1) + cx.try_get(own).unwrap_or(1)
    });
    *own.lock().unwrap() = Some(cell);
    assert_eq!(store.get(cell), 2);
}
