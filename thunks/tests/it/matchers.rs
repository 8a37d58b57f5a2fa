//! Several kinds of events at once, and what is left over (reference 3.3: `createReducer`, `isAnyOf`, `isAllOf`).

use crate::log::Log;
use trine_core::Update;
use trine_thunks::{
    Action, ActionCreator, AsyncThunk, BuildError, Matcher, Slice, SliceKey, Store, ThunkApi,
    action, any_of, matching,
};

struct Added;
impl Action for Added {}
struct Removed(i32);
impl Action for Removed {}
struct Cleared;
impl Action for Cleared {}

static RENAMED: ActionCreator<&'static str> = ActionCreator::new("renamed");
static RAN: SliceKey<Vec<&'static str>> = SliceKey::new("ran");
static COUNT: SliceKey<i32> = SliceKey::new("count");

fn load() -> AsyncThunk<u32, u32, &'static str> {
    AsyncThunk::new("load", |number, _: ThunkApi| async move {
        if number < 10 { Ok(number) } else { Err("too large") }
    })
}

fn store(ran: Slice<Vec<&'static str>>) -> Store {
    Store::builder().slice(ran).build().unwrap()
}

#[test]
fn the_case_runs_first_then_all_matching_matchers_in_the_order_of_definition() {
    let store = store(
        RAN.slice(Vec::new)
            .on_any(matching(|_| true), |ran, _| ran.push("anything"))
            .on_any(any_of((action::<Removed>(), action::<Added>())), |ran, _| ran.push("either"))
            .on_any(matching(|_| false), |ran, _| ran.push("nothing"))
            .on_any(action::<Added>(), |ran, _| ran.push("added too"))
            .on(action::<Added>(), |ran, _| ran.push("case"))
            .otherwise(|ran, _| ran.push("default")),
    );
    store.dispatch(Added);
    assert_eq!(store.get(&RAN), ["case", "anything", "either", "added too"]);
}

#[test]
fn the_default_runs_only_if_neither_a_case_nor_a_matcher_did() {
    let store = store(
        RAN.slice(Vec::new)
            .on(action::<Added>(), |ran, _| ran.push("case"))
            .on_any(action::<Removed>().filter(|removed| removed.0 > 0), |ran, _| {
                ran.push("matcher");
            })
            .otherwise(|ran, _| ran.push("default")),
    );
    for dispatch in [0, 1, 2, 3] {
        match dispatch {
            0 => store.dispatch(Added),
            1 => store.dispatch(Removed(1)),
            2 => store.dispatch(Removed(0)),
            _ => store.dispatch(Cleared),
        }
    }
    assert_eq!(store.get(&RAN), ["case", "matcher", "default", "default"]);
}

#[test]
fn a_default_that_says_unchanged_tells_nobody() {
    let count = COUNT.slice(|| 0).otherwise(|_, _| Update::Unchanged);
    let store = Store::builder().slice(count).build().unwrap();
    let before = store.core().last_commit();
    store.dispatch(Cleared);
    assert_eq!(store.core().last_commit(), before);
}

#[test]
fn two_defaults_are_refused_with_both_places() {
    let count = COUNT.slice(|| 0).otherwise(|_, _| ()).otherwise(|_, _| ());
    let error = Store::builder().slice(count).build().unwrap_err();
    let BuildError::DuplicateDefault { slice: "count", first, second } = &error else {
        panic!("{error}")
    };
    assert!(first.column() < second.column() && first.file().ends_with("matchers.rs"), "{error}");
}

#[test]
fn any_of_takes_actions_creators_and_phases_of_thunks() {
    let load = load();
    let pending = load.pending();
    let all = any_of((action::<Added>(), &RENAMED, load.pending(), load.settled()));
    let store = store(RAN.slice(Vec::new).on_any(all, move |ran, any| {
        ran.push(match (any.of(action::<Added>()), any.of(&RENAMED)) {
            (Some(_), _) => "added",
            (_, Some(name)) => name,
            _ if any.is(pending.clone()) => "pending",
            _ => "settled",
        });
    }));
    store.dispatch(Added);
    store.dispatch(RENAMED.with("Ada"));
    store.dispatch(Cleared);
    store.dispatch(load.with(1));
    assert_eq!(store.get(&RAN), ["added", "Ada", "pending", "settled"]);
}

#[test]
fn lifecycle_events_are_actions_with_a_name_and_a_run() {
    let load = load();
    let log = Log::default();
    let seen = log.clone();
    let count =
        COUNT.slice(|| 0).on_any(matching(|any| any.request_id().is_some()), move |_, any| {
            seen.note(any.action_type());
        });
    let store = Store::builder().slice(count).build().unwrap();
    store.dispatch(Added);
    store.dispatch(load.with(1));
    store.dispatch(load.with(10));
    let phases = ["load/pending", "load/fulfilled", "load/pending", "load/rejected"];
    assert_eq!(log.take(), phases);
}

#[test]
fn thunks_of_identical_types_are_told_apart_by_what_looks_at_any_action() {
    let one = AsyncThunk::<u32, u32, ()>::new("one", |n, _: ThunkApi| async move { Ok(n) });
    let other = AsyncThunk::<u32, u32, ()>::new("other", |n, _: ThunkApi| async move { Ok(n) });
    let of_one = one.clone();
    let count = COUNT.slice(|| 0).on_any(matching(|_| true), move |count, any| {
        *count += any.of(of_one.fulfilled()).map_or(0, |run| **run.payload() as i32);
    });
    let store = Store::builder().slice(count).build().unwrap();
    store.dispatch(other.with(5));
    store.dispatch(one.with(2));
    assert_eq!(store.get(&COUNT), 2);
}

#[test]
fn filters_narrow_a_matcher_and_see_its_own_event() {
    let load = load();
    let large = load.settled().filter(|run| *run.arg() > 5).filter(|run| *run.arg() < 8);
    let store = Store::builder()
        .slice(COUNT.slice(|| 0).on_any(large, |count, run| *count += *run.arg() as i32))
        .build()
        .unwrap();
    for number in [1, 6, 7, 8, 20] {
        store.dispatch(load.with(number));
    }
    assert_eq!(store.get(&COUNT), 13);
}

#[test]
fn a_matcher_can_be_asked_directly() {
    let either = any_of([action::<Added>()]);
    assert!(either.matches(&Added));
    assert!(!either.matches(&Removed(1)));
    assert!(matching(|any| any.is(action::<Removed>())).matches(&Removed(1)));
}
