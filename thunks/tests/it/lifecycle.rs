//! The order in which things happen to a run.

use crate::{
    log::{Log, follow},
    service::{Api, ApiError, User, UserId, manual, store_of, user},
};
use std::sync::{Arc, Mutex};
use trine_core::Outcome;
use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi};

static EVENTS: SliceKey<Vec<&'static str>> = SliceKey::new("events");

/// A thunk and a slice that note everything they do.
fn noting(log: &Log) -> (AsyncThunk<UserId, User, ApiError, Api>, Store<Api>, Api) {
    let (in_body, in_condition) = (log.clone(), log.clone());
    let fetch = AsyncThunk::new("users/fetch", move |id: UserId, api: ThunkApi<Api>| {
        let log = in_body.clone();
        async move {
            log.note("body: first part");
            let user = api.extra().fetch_user(id).await;
            log.note("body: last part");
            user
        }
    })
    .condition(move |_, _| {
        in_condition.note("condition");
        true
    });
    let reducer = |log: &Log, phase: &'static str| {
        let log = log.clone();
        move |events: &mut Vec<&'static str>| {
            log.note(format_args!("reducer: {phase}"));
            events.push(phase);
        }
    };
    let [pending, fulfilled, rejected] =
        ["pending", "fulfilled", "rejected"].map(|phase| reducer(log, phase));
    let events = EVENTS
        .slice(Vec::new)
        .on(fetch.pending(), move |events, _| pending(events))
        .on(fetch.fulfilled(), move |events, _| fulfilled(events))
        .on(fetch.rejected(), move |events, _| rejected(events));
    let api = Api::default();
    let store = Store::builder().extra(api.clone()).slice(events).build().unwrap();
    let told = log.clone();
    store
        .subscribe(&EVENTS, move |events| {
            told.note(format_args!("subscriber: {}", events[events.len() - 1]));
        })
        .detach();
    (fetch, store, api)
}

#[tokio::test(flavor = "current_thread")]
async fn condition_pending_and_the_first_part_come_before_dispatch_returns_and_the_end_before_awaiters()
 {
    let log = Log::default();
    let (fetch, store, api) = noting(&log);

    let run = store.dispatch(fetch.with(1));
    log.note("dispatch returned");
    let waiting = log.clone();
    let awaiter = tokio::spawn(async move {
        let outcome = run.await;
        waiting.note("awaiter");
        outcome
    });
    tokio::task::yield_now().await;
    api.answer(0, Ok(user(1, "Ada")));
    assert!(awaiter.await.unwrap().is_fulfilled());

    assert_eq!(
        log.take(),
        [
            "condition",
            "reducer: pending",
            "subscriber: pending",
            "body: first part",
            "dispatch returned",
            "body: last part",
            "reducer: fulfilled",
            "subscriber: fulfilled",
            "awaiter",
        ]
    );
}

#[test]
fn an_abort_has_been_told_when_it_returns_and_the_body_does_not_go_on() {
    let log = Log::default();
    let (fetch, store, api) = noting(&log);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();

    let run = store.dispatch(fetch.with(1));
    log.clear();
    assert!(run.abort("left the page"));
    log.note("abort returned");
    assert!(!run.abort("again"), "the first abort decides");
    assert!(!api.answer(0, Ok(user(1, "Ada"))));
    runtime.block_on(tokio::task::yield_now());

    assert_eq!(log.take(), ["reducer: rejected", "subscriber: rejected", "abort returned"]);
    assert!(
        matches!(run.outcome().unwrap(), Outcome::Aborted { reason, .. } if reason == "left the page")
    );
}

#[test]
fn a_body_that_is_ready_settles_before_dispatch_returns_and_needs_no_runtime() {
    let ready =
        AsyncThunk::new("ready", |n: u32, _: ThunkApi| async move { Ok::<_, ApiError>(n * 2) });
    let log = Log::default();
    let store = Store::builder().build().unwrap();
    let _following = follow(&log, &store);
    let run = store.dispatch(ready.with(21));
    assert_eq!(*run.outcome().unwrap().into_result().unwrap(), 42);
    assert_eq!(log.take(), ["ready/pending", "ready/fulfilled"]);
}

#[test]
fn the_body_sees_what_its_pending_event_has_changed() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = seen.clone();
    let look = AsyncThunk::new("look", move |(): (), api: ThunkApi<Api>| {
        *sees.lock().unwrap() = api.read(&EVENTS, Vec::clone);
        async { Ok::<_, ApiError>(()) }
    });
    let events = EVENTS.slice(Vec::new).on(look.pending(), |events, _| events.push("pending"));
    let (store, ..) = store_of(events);
    store.dispatch(look.with(()));
    assert_eq!(*seen.lock().unwrap(), ["pending"]);
}

#[test]
fn two_dispatches_of_one_call_are_two_runs() {
    let (builder, api, executor) = manual();
    let fetch = AsyncThunk::new("users/fetch", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    });
    let store = builder.build().unwrap();
    let call = fetch.with(1);
    let (one, other) = (store.dispatch(call.clone()), store.dispatch(call));
    assert_ne!(one.id(), other.id());
    // They end in the order of the answers, not of the dispatches.
    api.answer(1, Ok(user(1, "second")));
    executor.run_until_stalled();
    assert!(other.is_settled() && !one.is_settled());
}

#[test]
fn the_payload_of_the_event_and_of_the_run_are_one_value() {
    static KEPT: SliceKey<Option<Arc<User>>> = SliceKey::new("kept");
    let fetch = AsyncThunk::new("users/fetch", |id: UserId, _: ThunkApi<Api>| async move {
        Ok::<_, ApiError>(user(id, "Ada"))
    });
    let kept =
        KEPT.slice(|| None).on(fetch.fulfilled(), |kept, run| *kept = Some(run.payload().clone()));
    let (store, ..) = store_of(kept);
    let payload = store.dispatch(fetch.with(1)).outcome().unwrap().into_result().unwrap();
    assert!(Arc::ptr_eq(&payload, store.get(&KEPT).as_ref().unwrap()));
}
