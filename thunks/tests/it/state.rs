//! State without a reducer: of a thunk, of a key, of a tag.

use crate::log::Log;
use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};
use trine_core::{
    OutcomeKind,
    test::{ManualClock, ManualExecutor, yield_now},
};
use trine_thunks::{AsyncThunk, Retry, SliceKey, Store, ThunkApi, ThunkState, ThunkStatus};

type Fetch = AsyncThunk<u32, u32, String>;

static COUNT: SliceKey<i32> = SliceKey::new("count");

/// Odd arguments are refused, 100 and more wait for ever.
fn fetch() -> Fetch {
    AsyncThunk::new("fetch", |n: u32, _: ThunkApi| async move {
        if n >= 100 {
            pending::<()>().await;
        }
        yield_now().await;
        if n.is_multiple_of(2) { Ok(n) } else { Err(format!("{n} is odd")) }
    })
}

fn manual() -> (Store, ManualExecutor) {
    let executor = ManualExecutor::new();
    let store = Store::builder().on(trine_core::Store::with_spawner(executor.clone()));
    (store.build().unwrap(), executor)
}

fn text(state: &ThunkState<u32, u32, String>) -> String {
    let error = state.error().map(|error| error.kind().to_string());
    format!(
        "{:?} {} {:?} {:?} {:?}",
        state.status(),
        state.in_flight(),
        state.arg(),
        state.data().map(|data| **data),
        error
    )
}

#[test]
fn it_follows_a_thunk_from_idle_to_each_kind_of_end() {
    let ((store, executor), fetch) = (manual(), fetch());
    let state = store.state_of(&fetch);
    let look = || store.read(state, text);
    assert_eq!(look(), "Idle 0 None None None");
    drop(store.dispatch(fetch.with(2)));
    assert_eq!(look(), "Pending 1 Some(2) None None");
    executor.run_until_stalled();
    assert_eq!(look(), "Fulfilled 0 Some(2) Some(2) None");
    drop(store.dispatch(fetch.with(3)));
    assert!(store.read(state, |state| state.is_refetching()));
    executor.run_until_stalled();
    // The data stay, for a view that goes on showing them.
    assert_eq!(look(), r#"Rejected 0 Some(3) Some(2) Some("rejected")"#);
    store.dispatch(fetch.with(100)).abort("enough");
    assert_eq!(look(), r#"Rejected 0 Some(100) Some(2) Some("aborted")"#);
    assert_eq!(store.read(state, |state| state.last()), Some(OutcomeKind::Aborted));
    assert_eq!(store.read(state, |state| state.attempts()), 3);
    assert_eq!(store.state_of(&fetch), state, "it is made once");
}

#[test]
fn it_changes_in_the_same_commit_as_the_slices() {
    let (executor, fetch) = (ManualExecutor::new(), fetch());
    let count = COUNT
        .slice(|| 0)
        .on(fetch.pending(), |count, _| *count += 1)
        .on_any(fetch.settled(), |count, _| *count -= 1);
    let core = trine_core::Store::with_spawner(executor.clone());
    let store = Store::builder().on(core).slice(count).build().unwrap();
    let (state, count) = (store.state_of(&fetch), store.cell(&COUNT));
    let both = store.core().derived(move |cx| {
        (cx.with(state, |state| state.in_flight()), usize::try_from(cx.get(count)).unwrap())
    });
    let log = Log::default();
    let seen = log.clone();
    let _view =
        store.subscribe(both, move |(state, slice)| seen.note(format_args!("{state} {slice}")));
    drop((store.dispatch(fetch.with(2)), store.dispatch(fetch.with(3))));
    executor.run_until_stalled();
    log.is(["1 1", "2 2", "1 1", "0 0"]);
}

#[test]
fn runs_that_are_under_way_when_it_is_made_are_counted() {
    let ((store, executor), fetch) = (manual(), fetch());
    let runs = [store.dispatch(fetch.with(2)), store.dispatch(fetch.with(100))];
    let state = store.state_of(&fetch);
    assert_eq!(store.read(state, |state| state.in_flight()), 2);
    executor.run_until_stalled();
    assert_eq!(store.read(state, text), "Pending 1 None Some(2) None");
    runs[1].abort("enough");
    assert_eq!(store.read(state, |state| state.in_flight()), 0);
}

#[test]
fn a_cell_that_is_made_when_the_end_is_being_told_does_not_count_that_run() {
    // By a subscriber of the end itself, when the run is still in the store's list.
    let (executor, fetch) = (ManualExecutor::new(), fetch());
    let count = COUNT.slice(|| 0).on_any(fetch.settled(), |count, _| *count += 1);
    let core = trine_core::Store::with_spawner(executor.clone());
    let store = Store::builder().on(core).slice(count).build().unwrap();
    let made = Arc::new(Mutex::new(None));
    let (within, thunk, cell) = (store.clone(), fetch.clone(), Arc::clone(&made));
    let guard = store.subscribe(&COUNT, move |_| {
        cell.lock().unwrap().get_or_insert_with(|| within.state_of(&thunk));
    });
    drop(store.dispatch(fetch.with(2)));
    executor.run_until_stalled();
    let state = made.lock().unwrap().unwrap();
    assert_eq!(store.read(state, |state| state.in_flight()), 0);
    drop(guard);
}

#[test]
fn one_that_was_skipped_or_refused_is_not_counted() {
    let (store, executor) = manual();
    let fetch = fetch().condition(|n, _| *n != 2);
    let later = AsyncThunk::new("later", |n: u32, _: ThunkApi| async move { Ok::<_, String>(n) })
        .condition_async(|_, _| async {
            yield_now().await;
            false
        });
    let (now, then) = (store.state_of(&fetch), store.state_of(&later));
    drop((store.dispatch(fetch.with(2)), store.dispatch(later.with(2))));
    // It is made while the condition is being asked, and again: it counts the run as long as that is open.
    executor.run_until_stalled();
    assert_eq!(store.read(now, text), "Idle 0 None None None");
    assert_eq!(
        store.read(then, |state| (state.in_flight(), state.status())),
        (0, ThunkStatus::Idle)
    );
}

#[test]
fn a_cell_that_is_made_while_a_condition_waits_lets_go_of_a_run_that_was_not_wanted() {
    let (store, executor) = manual();
    let later = AsyncThunk::new("later", |n: u32, _: ThunkApi| async move { Ok::<_, String>(n) })
        .condition_async(|n, _| async move {
            yield_now().await;
            n > 2
        });
    drop((store.dispatch(later.with(2)), store.dispatch(later.with(3))));
    let state = store.state_of(&later);
    executor.run_until_stalled();
    assert_eq!(store.read(state, |state| (state.in_flight(), state.attempts())), (0, 1));
}

#[test]
fn of_a_key_only_its_runs_are_counted() {
    let (store, executor) = manual();
    let fetch = fetch().key(|n| n % 10);
    let (one, two, all) = (
        store.state_of_key(&fetch, 1_u32),
        store.state_of_key(&fetch, 2_u32),
        store.state_of(&fetch),
    );
    for n in [1, 2, 12, 11] {
        drop(store.dispatch(fetch.with(n)));
    }
    let in_flight =
        |cell| store.read(cell, |state: &ThunkState<u32, u32, String>| state.in_flight());
    assert_eq!([one, two, all].map(in_flight), [2, 2, 4]);
    executor.run_until_stalled();
    assert_eq!(store.read(two, text), "Fulfilled 0 Some(12) Some(12) None");
    assert_eq!(store.read(one, text), r#"Rejected 0 Some(11) None Some("rejected")"#);
    assert_eq!(store.state_of_key(&fetch, 2_u32), two);
}

#[test]
fn a_key_of_another_type_is_an_error_that_names_both_types_and_the_thunk() {
    let (store, _) = manual();
    let message = |thunk: &Fetch| {
        let asked = catch_unwind(AssertUnwindSafe(|| store.state_of_key(thunk, "one")));
        *asked.unwrap_err().downcast::<String>().unwrap()
    };
    let keyed = message(&fetch().key(|n| *n));
    assert!(keyed.contains("`fetch`") && keyed.contains("`u32`, not `&str`"), "{keyed}");
    let without = message(&fetch());
    assert!(without.contains("has no keys"), "{without}");
}

#[test]
fn attempts_are_counted_one_by_one() {
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    static SEEN: SliceKey<Vec<u32>> = SliceKey::new("seen");
    let fetch = fetch().retry(Retry::constant(3, Duration::from_secs(1)));
    let seen = SEEN.slice(Vec::new).on(fetch.rejected(), |seen, run| seen.push(run.attempts()));
    let store = Store::builder().on(core).slice(seen).build().unwrap();
    let state = store.state_of(&fetch);
    let log = Log::default();
    let heard = log.clone();
    let _view = store.subscribe(state, move |state| heard.note(state.attempts()));
    drop(store.dispatch(fetch.with(3)));
    executor.run_until_stalled();
    while clock.advance_to_next() {
        executor.run_until_stalled();
    }
    log.is(["1", "2", "3", "3"]);
    assert_eq!(store.get(&SEEN), [3]);
}

#[test]
fn of_a_tag_all_pending_runs_are_counted_whatever_their_thunk() {
    let (store, executor) = manual();
    let (save, load) = (fetch().tag("busy"), fetch());
    let before = store.dispatch(save.with(100));
    let busy = store.pending_of_tag("busy");
    assert_eq!(store.get(busy), 1);
    drop((store.dispatch(load.with(2).tag("busy")), store.dispatch(load.with(2))));
    assert_eq!(store.get(busy), 2);
    executor.run_until_stalled();
    assert_eq!(store.get(busy), 1);
    before.abort("enough");
    assert_eq!(store.get(busy), 0);
    assert_eq!(store.pending_of_tag("busy"), busy);
}

#[test]
fn a_cell_that_was_removed_is_made_anew() {
    let ((store, executor), fetch) = (manual(), fetch());
    let state = store.state_of(&fetch);
    let run = store.dispatch(fetch.with(100));
    store.core().remove(state).unwrap();
    run.abort("enough");
    drop(store.dispatch(fetch.with(2)));
    let again = store.state_of(&fetch);
    executor.run_until_stalled();
    assert_eq!(store.read(again, text), "Fulfilled 0 None Some(2) None");
}

#[test]
fn what_it_replaces_is_dropped_outside_the_lease() {
    struct Nosy(Arc<Mutex<Option<Store>>>, Log);
    impl Drop for Nosy {
        fn drop(&mut self) {
            if let Some(store) = &*self.0.lock().unwrap() {
                self.1.note(store.core().try_updates(|_| ()).is_ok());
            }
        }
    }
    let (slot, log): (Arc<Mutex<Option<Store>>>, _) = (Arc::default(), Log::default());
    let (within, notes) = (Arc::clone(&slot), log.clone());
    let make = AsyncThunk::new("make", move |(): (), _: ThunkApi| {
        let nosy = Nosy(Arc::clone(&within), notes.clone());
        async move { Ok::<_, String>(nosy) }
    });
    let store = Store::builder().build().unwrap();
    let _state = store.state_of(&make);
    *slot.lock().unwrap() = Some(store.clone());
    drop(store.dispatch(make.with(())));
    log.is([]);
    drop(store.dispatch(make.with(())));
    log.is(["true"]);
    *slot.lock().unwrap() = None;
}
