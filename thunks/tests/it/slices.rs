//! Slices: prepared actions, atomic ones, late ones, and what they begin with (reference 3.2, 3.3, 3.6).

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU32, Ordering},
};
use trine_thunks::{
    Action, ActionCreator, AsyncThunk, BuildError, Slice, SliceKey, Store, ThunkApi, action,
};

struct Added(i32);
impl Action for Added {}

static COUNT: SliceKey<i32> = SliceKey::new("count");
static LIST: SliceKey<Vec<i32>> = SliceKey::new("list");
static OTHER: SliceKey<i32> = SliceKey::new("other");

fn counting(key: &SliceKey<i32>) -> Slice<i32> {
    key.slice(|| 0).on(action::<Added>(), |count, added| *count += added.0)
}

/// Pushes, and panics half way at 13.
fn listing() -> Slice<Vec<i32>> {
    LIST.slice(Vec::new).on(action::<Added>(), |list, added| {
        list.push(added.0);
        assert_ne!(added.0, 13, "unlucky");
        list.push(-added.0);
    })
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn a_prepared_action_makes_its_payload_where_it_is_created() {
    static LAST_ID: AtomicU32 = AtomicU32::new(0);
    static NAMED: ActionCreator<(u32, String), &str> =
        ActionCreator::prepared("named", |name: &str| {
            (LAST_ID.fetch_add(1, Ordering::Relaxed) + 1, name.to_uppercase())
        });
    static NAMES: SliceKey<Vec<(u32, String)>> = SliceKey::new("names");
    let names = NAMES.slice(Vec::new).on(&NAMED, |names, named| names.push(named.clone()));
    let store = Store::builder().slice(names).build().unwrap();
    let (first, second) = (NAMED.with("ada"), NAMED.with("grace"));
    store.dispatch(second);
    store.dispatch(first);
    let found = store.get(&NAMES);
    assert_eq!(found, [(2, "GRACE".to_owned()), (1, "ADA".to_owned())]);
}

#[test]
fn creators_with_one_name_are_refused_with_both_places_also_across_slices() {
    static ONE: ActionCreator<i32> = ActionCreator::new("added");
    static TWO: ActionCreator<String> = ActionCreator::new("added");
    let error = Store::builder()
        .slice(COUNT.slice(|| 0).on(&ONE, |count, by| *count += by))
        .slice(OTHER.slice(|| 0).on(&TWO, |count, _| *count += 1))
        .build()
        .unwrap_err();
    let BuildError::DuplicateAction { action: "added", first, second } = &error else {
        panic!("{error}")
    };
    assert_eq!(second.line() - first.line(), 1, "{error}");
}

#[test]
fn one_creator_may_have_cases_in_many_slices() {
    static BY: ActionCreator<i32> = ActionCreator::new("by");
    let store = Store::builder()
        .slice(COUNT.slice(|| 0).on(&BY, |count, by| *count += by))
        .slice(OTHER.slice(|| 0).on(&BY, |count, by| *count -= by))
        .build()
        .unwrap();
    store.dispatch(BY.with(3));
    assert_eq!((store.get(&COUNT), store.get(&OTHER)), (3, -3));
}

#[test]
fn a_reducer_that_panics_tears_its_slice_and_the_others_change_in_one_commit() {
    let store = Store::builder()
        .slice(listing())
        .slice(counting(&COUNT))
        .slice(counting(&OTHER))
        .build()
        .unwrap();
    let log = Log::default();
    let seen = log.clone();
    let _guard = store.subscribe(&COUNT, move |count| seen.note(format_args!("count {count}")));
    let before = store.core().last_commit().get();
    let panicked = catch_unwind(AssertUnwindSafe(|| store.dispatch(Added(13)))).unwrap_err();
    assert!(message(&*panicked).contains("unlucky"));
    assert_eq!((store.get(&COUNT), store.get(&OTHER)), (13, 13));
    assert_eq!(log.take(), ["count 13"], "told before the panic goes on");
    assert_eq!(store.core().last_commit().get(), before + 1);
    assert!(store.try_read(&LIST, |_| ()).is_err());
    let error = store.try_dispatch(Added(1)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("list") && text.contains("slices.rs"), "which slice, and where: {text}");
    assert_eq!(store.get(&COUNT), 14, "the slices that are sound have changed");
    store.recover(&LIST, Vec::clear);
    store.dispatch(Added(2));
    assert_eq!(store.get(&LIST), [2, -2]);
}

#[test]
fn a_reducer_of_an_atomic_slice_that_panics_changes_nothing_there() {
    let store = Store::builder().slice(listing().atomic()).slice(counting(&COUNT)).build().unwrap();
    store.dispatch(Added(1));
    let panicked = catch_unwind(AssertUnwindSafe(|| store.dispatch(Added(13)))).unwrap_err();
    assert!(message(&*panicked).contains("unlucky"));
    assert_eq!((store.get(&LIST), store.get(&COUNT)), (vec![1, -1], 14));
    store.dispatch(Added(2));
    assert_eq!(store.get(&LIST), [1, -1, 2, -2]);
}

#[test]
fn a_matcher_that_panics_takes_back_what_the_case_of_an_atomic_slice_did() {
    let list = LIST
        .slice(Vec::new)
        .on(action::<Added>(), |list, added| list.push(added.0))
        .on_any(action::<Added>(), |_, added| assert_ne!(added.0, 13))
        .atomic();
    let store = Store::builder().slice(list).build().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| store.dispatch(Added(13)))).is_err());
    assert!(store.get(&LIST).is_empty());
}

#[test]
fn a_late_slice_begins_when_it_joins_and_runs_after_those_that_were_there() {
    let log = Log::default();
    let noting = |key: &SliceKey<i32>, name: &'static str| {
        let log = log.clone();
        key.slice(|| 0).on(action::<Added>(), move |count, added| {
            log.note(name);
            *count += added.0;
        })
    };
    let store = Store::builder().slice(noting(&COUNT, "count")).build().unwrap();
    store.dispatch(Added(1));
    store.add_slice(noting(&OTHER, "other")).unwrap();
    let both = {
        let (count, other) = (store.cell(&COUNT), store.cell(&OTHER));
        store.core().derived(move |cx| (cx.get(count), cx.get(other)))
    };
    assert_eq!(store.get(both), (1, 0));
    store.dispatch(Added(2));
    assert_eq!(
        (store.get(both), log.take()),
        ((3, 2), vec!["count".into(), "count".into(), "other".into()])
    );
}

#[test]
fn a_late_slice_is_checked_like_the_others_and_a_refused_one_leaves_nothing_behind() {
    let store = Store::builder().slice(counting(&COUNT)).build().unwrap();
    let error = store.add_slice(counting(&COUNT)).unwrap_err();
    assert!(matches!(error, BuildError::DuplicateSlice { slice: "count", .. }), "{error}");
    let twice = counting(&OTHER).on(action::<Added>(), |_, _| ());
    assert!(matches!(store.add_slice(twice), Err(BuildError::DuplicateCase { .. })));
    let broken = OTHER.slice(|| panic!("no state"));
    assert!(catch_unwind(AssertUnwindSafe(|| store.add_slice(broken))).is_err());
    assert!(store.try_read(&OTHER, |_| ()).is_err());
    store.add_slice(counting(&OTHER)).unwrap();
    store.dispatch(Added(2));
    assert_eq!((store.get(&COUNT), store.get(&OTHER)), (2, 2));
}

#[test]
fn a_late_slice_hears_of_thunks_and_of_everything_it_matches() {
    let load = AsyncThunk::<i32, i32, ()>::new("load", |n, _: ThunkApi| async move { Ok(n) });
    let store = Store::builder().build().unwrap();
    store
        .add_slice(LIST.slice(Vec::new).on(load.fulfilled(), |list, run| list.push(*run.arg())))
        .unwrap();
    store.add_slice(COUNT.slice(|| 0).otherwise(|count, _| *count += 1)).unwrap();
    store.dispatch(load.with(4));
    store.dispatch(Added(1));
    assert_eq!((store.get(&LIST), store.get(&COUNT)), (vec![4], 3));
    let namesake = AsyncThunk::<i32, i32, ()>::new("load", |n, _: ThunkApi| async move { Ok(n) });
    assert!(store.dispatch(namesake.with(1)).outcome().unwrap().is_failed());
}

#[test]
fn slices_can_join_from_any_thread_while_others_dispatch() {
    static LATE: [SliceKey<i32>; 8] = [
        SliceKey::new("0"),
        SliceKey::new("1"),
        SliceKey::new("2"),
        SliceKey::new("3"),
        SliceKey::new("4"),
        SliceKey::new("5"),
        SliceKey::new("6"),
        SliceKey::new("7"),
    ];
    let store = Store::builder().slice(counting(&COUNT)).build().unwrap();
    std::thread::scope(|scope| {
        let dispatching = scope.spawn(|| (0..1_000).for_each(|_| store.dispatch(Added(1))));
        for key in &LATE {
            scope.spawn(|| store.add_slice(counting(key)).unwrap());
        }
        dispatching.join().unwrap();
    });
    let before: Vec<_> = LATE.iter().map(|key| store.get(key)).collect();
    store.dispatch(Added(1));
    let after: Vec<_> = LATE.iter().map(|key| store.get(key)).collect();
    assert!(before.iter().zip(&after).all(|(before, after)| before + 1 == *after));
    assert_eq!(store.get(&COUNT), 1_001);
}

#[test]
fn a_preloaded_state_takes_the_place_of_the_initial_one_which_is_never_made() {
    let slice = COUNT.slice(|| panic!("not to be made")).on(action::<Added>(), |c, a| *c += a.0);
    let store = Store::builder().preloaded(&COUNT, 40).slice(slice).build().unwrap();
    store.dispatch(Added(2));
    assert_eq!(store.get(&COUNT), 42);
}

#[test]
fn a_preloaded_state_without_its_slice_is_refused() {
    static WRONG: SliceKey<String> = SliceKey::new("count");
    let missing = Store::builder().preloaded(&OTHER, 1).slice(counting(&COUNT)).build();
    let error = missing.unwrap_err();
    assert!(matches!(error, BuildError::NothingToPreload { slice: "other", .. }), "{error}");
    let wrong = Store::builder().preloaded(&WRONG, String::new()).slice(counting(&COUNT)).build();
    let error = wrong.unwrap_err();
    assert!(
        error.to_string().contains("String") && error.to_string().contains("slices.rs"),
        "{error}"
    );
}
