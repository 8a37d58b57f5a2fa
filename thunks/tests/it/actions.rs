//! Plain actions: reducers, one commit, subscribers.

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
};
use trine_core::{CellErrorKind, Event, Update};
use trine_thunks::{Action, DispatchError, ReadError, SliceKey, Store, action};

struct Added(i32);
impl Action for Added {
    fn action_type() -> &'static str {
        "counter/added"
    }
}

/// Several related actions in one type.
enum Todo {
    Add(&'static str),
    Clear,
}
impl Action for Todo {}

struct Unheard;
impl Action for Unheard {}

static COUNT: SliceKey<i32> = SliceKey::new("count");
static HISTORY: SliceKey<Vec<i32>> = SliceKey::new("history");
static TODOS: SliceKey<Vec<&'static str>> = SliceKey::new("todos");

fn counting() -> Store {
    Store::builder()
        .slice(COUNT.slice(|| 0).on(action::<Added>(), |count, added| *count += added.0))
        .slice(
            HISTORY.slice(Vec::new).on(action::<Added>(), |history, added| history.push(added.0)),
        )
        .build()
        .unwrap()
}

#[test]
fn dispatch_reduces_before_it_returns() {
    let store = counting();
    store.dispatch(Added(2));
    store.dispatch(Added(3));
    assert_eq!((store.get(&COUNT), store.get(&HISTORY)), (5, vec![2, 3]));
}

#[test]
fn an_enum_is_an_action_with_variants() {
    let todos = TODOS.slice(|| vec!["read"]).on(action(), |todos, action: &Todo| match action {
        Todo::Add(todo) => todos.push(todo),
        Todo::Clear => todos.clear(),
    });
    let store = Store::builder().slice(todos).build().unwrap();
    store.dispatch(Todo::Add("write"));
    assert_eq!(store.get(&TODOS), ["read", "write"]);
    store.dispatch(Todo::Clear);
    assert!(store.get(&TODOS).is_empty());
}

#[test]
fn all_slices_of_an_action_change_in_one_commit() {
    let (store, log) = (counting(), Log::default());
    let (count, history) = (store.cell(&COUNT), store.cell(&HISTORY));
    let both = store.core().derived(move |cx| (cx.get(count), cx.with(history, Vec::len)));
    let told = log.clone();
    let _guard = store.subscribe(both, move |both| told.note(format_args!("{both:?}")));
    let before = store.core().last_commit().get();
    store.dispatch(Added(2));
    store.dispatch(Added(3));
    assert_eq!(log.take(), ["(2, 1)", "(5, 2)"]);
    assert_eq!(store.core().last_commit().get(), before + 2);
}

#[test]
fn an_action_without_cases_makes_no_commit() {
    let store = counting();
    let before = store.core().last_commit();
    store.dispatch(Unheard);
    assert_eq!(store.core().last_commit(), before);
}

#[test]
fn a_reducer_that_changes_nothing_can_say_so() {
    let count = COUNT.slice(|| 0).on(action::<Added>(), |count, added| {
        if added.0 == 0 {
            return Update::Unchanged;
        }
        *count += added.0;
        Update::Changed
    });
    let store = Store::builder().slice(count).build().unwrap();
    let log = Log::default();
    let told = log.clone();
    let _guard = store.subscribe(&COUNT, move |count| told.note(count));
    store.dispatch(Added(0));
    store.dispatch(Added(1));
    assert_eq!(log.take(), ["1"]);
}

#[test]
fn a_selector_tells_only_when_its_value_differs() {
    let (store, log) = (counting(), Log::default());
    let is_even = store.select(&COUNT, |count| count % 2 == 0);
    let told = log.clone();
    let _guard = store.subscribe(is_even, move |even| told.note(even));
    store.dispatch(Added(2));
    store.dispatch(Added(1));
    store.dispatch(Added(2));
    store.dispatch(Added(1));
    assert_eq!(log.take(), ["false", "true"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_watch_shows_the_last_state_and_the_next_change() {
    let store = counting();
    let mut watch = store.watch(&COUNT);
    assert_eq!(*watch.borrow(), 0);
    store.dispatch(Added(4));
    watch.changed().await.unwrap();
    assert_eq!(*watch.borrow(), 4);
}

#[test]
fn a_subscriber_may_dispatch_and_its_dispatch_is_readable_at_once() {
    let (store, log) = (counting(), Log::default());
    let (told, inner) = (log.clone(), store.clone());
    let _guard = store.subscribe(&COUNT, move |count| {
        told.note(format_args!("told {count}"));
        if *count < 3 {
            inner.dispatch(Added(1));
            told.note(format_args!("read {}", inner.get(&COUNT)));
        }
    });
    store.dispatch(Added(1));
    assert_eq!(log.take(), ["told 1", "read 2", "told 2", "read 3", "told 3"]);
}

#[test]
fn a_reducer_that_reaches_for_a_captured_store_gets_reentrant() {
    let (captured, errors) = (Arc::new(OnceLock::<Store>::new()), Arc::new(OnceLock::new()));
    let (store_in_reducer, errors_in_reducer) = (captured.clone(), errors.clone());
    let count = COUNT.slice(|| 0).on(action::<Added>(), move |count, _| {
        let store = store_in_reducer.get().unwrap();
        let dispatched = store.try_dispatch(Unheard).unwrap_err();
        let read = store.try_read(&COUNT, |count| *count).unwrap_err();
        errors_in_reducer.set((dispatched, read)).unwrap();
        *count += 1;
    });
    let store = Store::builder().slice(count).build().unwrap();
    captured.set(store.clone()).unwrap();
    store.dispatch(Added(1));

    let (dispatched, read) = errors.get().unwrap();
    let DispatchError::Reentrant(reentrant) = dispatched else { panic!("{dispatched:?}") };
    assert!(reentrant.outer.file().ends_with("actions.rs"), "{reentrant}");
    assert!(reentrant.inner.file().ends_with("actions.rs"), "{reentrant}");
    assert!(matches!(read, ReadError::Cell(error) if error.is_reentrant()));
    assert_eq!(store.get(&COUNT), 1);
}

#[test]
fn a_panicking_reducer_tears_its_own_slice_and_no_other() {
    let store = Store::builder()
        .slice(COUNT.slice(|| 0).on(action::<Added>(), |count, added| {
            *count += added.0;
            assert!(*count < 5, "too many");
        }))
        .slice(
            HISTORY.slice(Vec::new).on(action::<Added>(), |history, added| history.push(added.0)),
        )
        .build()
        .unwrap();
    store.dispatch(Added(1));
    let panicked = catch_unwind(AssertUnwindSafe(|| store.dispatch(Added(7))));
    assert!(panicked.is_err(), "the panic goes on in who dispatched");

    assert_eq!(store.get(&HISTORY), [1, 7]);
    let ReadError::Cell(error) = store.try_read(&COUNT, |count| *count).unwrap_err() else {
        panic!("not a cell's error")
    };
    assert!(matches!(error.kind(), CellErrorKind::Torn { .. }), "{error}");
    assert!(error.to_string().contains("`count`"), "{error}");

    // The others go on meanwhile.
    let error = store.try_dispatch(Added(2)).unwrap_err();
    assert!(matches!(error, DispatchError::Slice(_)), "{error}");
    assert_eq!(store.get(&HISTORY), [1, 7, 2]);

    store.recover(&COUNT, |count| *count = 0);
    store.dispatch(Added(3));
    assert_eq!(store.get(&COUNT), 3);
}

#[test]
fn the_feed_names_the_action_in_front_of_its_commit() {
    let (store, log) = (counting(), Log::default());
    let told = log.clone();
    let _observing = store.core().observe(move |event| match event {
        Event::Dispatched { action, run: None } => told.note(action),
        Event::Committed { cause, cells, .. } => {
            let names: Vec<_> = cells.iter().map(ToString::to_string).collect();
            told.note(format_args!("{} at {}", names.join(" "), cause.location.file()));
        }
        _ => {}
    });
    store.dispatch(Added(1));
    assert_eq!(log.take(), ["counter/added", "`count` `history` at thunks/tests/it/actions.rs"]);
}

#[test]
fn any_thread_may_dispatch() {
    let store = counting();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let store = store.clone();
            scope.spawn(move || (0..100).for_each(|_| store.dispatch(Added(1))));
        }
    });
    assert_eq!(store.get(&COUNT), 400);
    assert_eq!(store.get(&HISTORY).len(), 400);
}
