//! Errors that are not the body's.

use super::{Plain, SEEN, followed, manual, ready, seen, waits};
use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use trine_core::{Event, Failure, Outcome, Run, test::yield_now};
use trine_thunks::{Action, AsyncThunk, SliceKey, Store, ThunkApi, action};

static FRAGILE: SliceKey<u32> = SliceKey::new("fragile");

fn why(run: &Run<u32, String>) -> String {
    match run.outcome() {
        Some(Outcome::Failed { failure: Failure::Start { message } }) => message.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_panics_is_the_runs_outcome_not_the_dispatchers_panic() {
    // Different: what is called first there, `idGenerator`, throws out of dispatch.
    let fetch = ready().key(|n| -> u32 { panic!("no key for {n}") });
    let (store, _executor, log, _following) = followed(seen(&fetch));
    assert_eq!(why(&store.dispatch(fetch.with(2))), "no key for 2");
    log.is([]);
}

#[test]
fn a_condition_that_panics_fails_the_run() {
    let now = ready().condition(|_, _| -> bool { panic!("cannot tell") });
    let (store, ..) = followed(seen(&now));
    assert_eq!(why(&store.dispatch(now.with(2))), "cannot tell");

    // Called, or polled: a condition that waits may panic in both.
    let called = ready().condition_async(|n, _| {
        assert!(n > 9, "too small");
        async { true }
    });
    let (store, ..) = followed(seen(&called));
    assert_eq!(why(&store.dispatch(called.with(2))), "too small");
    let polled = ready().condition_async(|_, _| async {
        yield_now().await;
        if true { panic!("cannot tell") } else { false }
    });
    let (store, executor, log, _following) = followed(seen(&polled));
    let run = store.dispatch(polled.with(2));
    executor.run_until_stalled();
    assert_eq!(why(&run), "cannot tell");
    log.is([]);
}

#[test]
fn a_value_that_cannot_be_made_fails_the_run_before_it_is_pending() {
    let fetch = AsyncThunk::with_meta(
        "fetch",
        |_: &u32, _| -> u32 { panic!("no value") },
        |n: u32, _: ThunkApi<(), u32>| async move { Ok::<_, String>(n) },
    );
    let later = fetch.clone().condition_async(|_, _| async { true });
    static STARTED: SliceKey<u32> = SliceKey::new("started");
    for fetch in [fetch, later] {
        let started = STARTED.slice(|| 0).on(fetch.pending(), |started, _| *started += 1);
        let store = Store::builder().slice(started).build().unwrap();
        assert_eq!(why(&store.dispatch(fetch.with(2))), "no value");
        assert_eq!(store.get(&STARTED), 0);
    }
}

#[test]
fn a_reducer_that_panics_at_pending_fails_the_run_and_the_body_is_not_called() {
    let body = Log::default();
    let called = body.clone();
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        called.note("body");
        async move { Ok(n) }
    });
    let fragile = FRAGILE.slice(|| 0).on(fetch.pending(), |_, _| -> () { panic!("reducer") });
    let store = Store::builder().slice(fragile).slice(seen(&fetch)).build().unwrap();
    assert_eq!(why(&store.dispatch(fetch.with(2))), "reducer");
    assert_eq!(store.get(&SEEN), ["pending 2", "rejected failed"]);
    body.is([]);
}

#[test]
fn a_reducer_that_panics_at_the_end_leaves_the_outcome_and_all_other_slices_are_told() {
    let ready = ready();
    let fragile = FRAGILE
        .slice(|| 0)
        .on(ready.fulfilled(), |_, _| -> () { panic!("reducer") })
        .on(ready.rejected(), |_, _| -> () { panic!("reducer") });
    let store = Store::builder().slice(fragile).slice(seen(&ready)).build().unwrap();
    let log = Log::default();
    let heard = log.clone();
    let _observer = store.core().observe(move |event| {
        if let Event::Failed { what, message } = event {
            heard.note(format_args!("{what}: {message}"));
        }
    });
    assert!(store.dispatch(ready.with(2)).outcome().unwrap().is_fulfilled());
    store.recover(&FRAGILE, |count| *count += 1);
    assert!(store.dispatch(ready.with(3)).outcome().unwrap().is_rejected());
    let seen = store.get(&SEEN);
    assert_eq!(seen, ["pending 2", "fulfilled 2", "pending 3", "rejected rejected"]);
    let lines = log.take();
    assert!(lines.iter().any(|line| line.contains("reducer")), "{lines:?}");
}

#[test]
fn a_subscriber_that_panics_at_pending_or_at_the_end_fails_nothing() {
    // Different: at pending that is a rejection there, at the end a promise that rejects.
    let ready = ready();
    let (store, _executor, log, _following) = followed(seen(&ready));
    store.subscribe(&SEEN, |_| panic!("view")).detach();
    assert!(store.dispatch(ready.with(2)).outcome().unwrap().is_fulfilled());
    log.is(["ready/pending", "ready/fulfilled"]);
}

#[test]
fn serialising_cannot_fail_a_run_since_it_is_no_part_of_one() {
    use trine_thunks::SerializedError;
    let ready = ready();
    let (store, ..) = followed(seen(&ready));
    let rejection = store.dispatch(ready.with(3)).outcome().unwrap().into_result().unwrap_err();
    let serialised = catch_unwind(AssertUnwindSafe(|| {
        SerializedError::of_rejection_with(&rejection, |error| panic!("cannot serialise {error}"))
    }));
    assert!(serialised.is_err());
    assert_eq!(store.get(&SEEN), ["pending 3", "rejected rejected"]);
}

#[test]
fn a_thunk_dispatched_by_a_reducer_fails_as_reentrant() {
    struct Poke;
    impl Action for Poke {}
    let ready = ready();
    let stores: Arc<Mutex<Option<Store>>> = Arc::default();
    let outcomes: Arc<Mutex<Vec<Run<u32, String>>>> = Arc::default();
    let (within, made, inner) = (Arc::clone(&stores), Arc::clone(&outcomes), ready.clone());
    let fragile = FRAGILE.slice(|| 0).on(action::<Poke>(), move |count, _| {
        let store = within.lock().unwrap().clone().unwrap();
        made.lock().unwrap().push(store.dispatch(inner.with(2)));
        *count += 1;
    });
    let store = Store::builder().slice(fragile).slice(seen(&ready)).build().unwrap();
    *stores.lock().unwrap() = Some(store.clone());
    store.dispatch(Poke);
    let outcome = outcomes.lock().unwrap()[0].outcome().unwrap();
    assert!(matches!(outcome, Outcome::Failed { failure: Failure::Reentrant(_) }));
    assert_eq!((store.get(&FRAGILE), store.get(&SEEN).len()), (1, 0));
    *stores.lock().unwrap() = None;
}

#[test]
fn a_run_that_is_rejected_and_that_nobody_looks_at_troubles_nobody() {
    let ready = ready();
    let (store, _executor, log, _following) = followed(seen(&ready));
    drop(store.dispatch(ready.with(3)));
    log.is(["ready/pending", "ready/rejected"]);
}

#[test]
fn a_body_that_panics_is_rejected_as_panicked() {
    // There a throw is a rejection like any other; here it has its own name, and the message.
    let fetch = Plain::new("fetch", |_, _: ThunkApi| async { panic!("broken") });
    let (store, _executor, log, _following) = followed(seen(&fetch));
    let run = store.dispatch(fetch.with(2));
    assert!(matches!(run.outcome().unwrap(), Outcome::Panicked { message } if message == "broken"));
    log.is(["fetch/pending", "fetch/rejected"]);
    assert_eq!(store.get(&SEEN), ["pending 2", "rejected panicked"]);
    // Called, not polled, too.
    let called = Plain::new("called", |n, _: ThunkApi| {
        assert!(n > 9, "too small");
        async move { Ok(n) }
    });
    let (store, ..) = followed(seen(&called));
    assert!(store.dispatch(called.with(2)).outcome().unwrap().is_panicked());
    assert_eq!(store.get(&SEEN), ["pending 2", "rejected panicked"]);
}

#[test]
fn a_value_of_another_thunks_error_type_does_not_compile_and_one_of_the_same_type_is_just_a_value()
{
    // There, what `rejectWithValue` of any thunk gives is accepted by any other.
    let inner = ready();
    let outer: Plain = AsyncThunk::new("outer", move |n, api: ThunkApi| {
        let inner = inner.clone();
        async move {
            match api.dispatch(inner.with(n)).await {
                Outcome::Rejected { error } => Err(error.to_string()),
                _ => Ok(n),
            }
        }
    });
    let (builder, executor) = manual();
    let store = builder.slice(seen(&outer)).build().unwrap();
    let run = store.dispatch(outer.with(3));
    executor.run_until_stalled();
    assert!(matches!(run.outcome().unwrap(), Outcome::Rejected { error } if *error == "3 is odd"));
}

#[test]
fn without_a_runtime_a_body_that_waits_is_rejected_as_failed() {
    let waits = waits();
    let store = Store::builder().slice(seen(&waits)).build().unwrap();
    let run = store.dispatch(waits.with(1));
    assert!(matches!(run.outcome().unwrap(), Outcome::Failed { failure: Failure::NoRuntime(_) }));
    assert_eq!(store.get(&SEEN), ["pending 1", "rejected failed"]);
}

#[test]
fn what_went_wrong_names_thunk_run_and_key() {
    static LOST: SliceKey<u32> = SliceKey::new("lost");
    let fetch = waits().key(|n| *n).optimistic(&LOST, |lost, _| *lost += 1);
    let (store, ..) = followed(seen(&fetch));
    let message = why(&store.dispatch(fetch.with(7)));
    assert!(message.starts_with("`waits`, run 1, key 7, patching: "), "{message}");
    assert!(message.contains("no slice `lost`"), "{message}");

    static TEXTS: SliceKey<Vec<String>> = SliceKey::new("texts");
    let fetch = waits().key(|n| *n);
    let texts =
        TEXTS.slice(Vec::new).on(fetch.rejected(), |texts, run| texts.push(run.to_string()));
    let (builder, _executor) = manual();
    let store = builder.slice(texts).build().unwrap();
    store.dispatch(fetch.with(7)).abort("left the page");
    assert_eq!(
        store.get(&TEXTS),
        ["`waits`, run 1, key 7: the run was aborted by a holder of its handle: left the page"]
    );
}
