//! What comes before what.

use super::{Plain, SEEN, followed, manual, ready, seen, waits};
use crate::log::Log;
use std::{cell::Cell, future::pending};
use trine_core::test::yield_now;
use trine_thunks::{SliceKey, Store, ThunkApi};

#[test]
fn pending_and_the_synchronous_prefix_come_before_dispatch_returns() {
    let log = Log::default();
    let body = log.clone();
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        let body = body.clone();
        async move {
            body.note("prefix");
            yield_now().await;
            body.note("rest");
            Ok(n)
        }
    });
    let (told, reduced) = (log.clone(), log.clone());
    let slice = seen(&fetch).on_any(fetch.pending(), move |_, _| reduced.note("reducer"));
    let (store, executor, ..) = followed(slice);
    store.subscribe(&SEEN, move |_| told.note("subscriber")).detach();
    let _run = store.dispatch(fetch.with(1));
    log.note("dispatch returned");
    log.is(["reducer", "subscriber", "prefix", "dispatch returned"]);
    executor.run_until_stalled();
    log.is(["rest", "subscriber"]);
}

#[test]
fn a_queued_thunk_is_pending_before_dispatch_returns_but_no_part_of_its_body_has_run() {
    // Beyond the original: its prefix cannot be put off.
    let log = Log::default();
    let body = log.clone();
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        body.note("prefix");
        async move { Ok(n) }
    })
    .queued();
    let (store, executor, events, _following) = followed(seen(&fetch));
    let _run = store.dispatch(fetch.with(1));
    events.is(["fetch/pending"]);
    log.is([]);
    executor.run_until_stalled();
    log.is(["prefix"]);
}

#[test]
fn a_body_that_settles_at_once_has_ended_before_dispatch_returns() {
    let ready = ready();
    let (store, _executor, log, _following) = followed(seen(&ready));
    assert!(store.dispatch(ready.with(1)).is_settled());
    log.is(["ready/pending", "ready/rejected"]);
}

#[test]
fn a_condition_in_a_second_dispatch_sees_the_first_ones_pending_event() {
    static LOADING: SliceKey<bool> = SliceKey::new("loading");
    let fetch = waits().condition(|_, api| !api.read(&LOADING, |loading| *loading));
    let loading = LOADING.slice(|| false).on(fetch.pending(), |loading, _| *loading = true);
    let (builder, _executor) = manual();
    let store = builder.slice(loading).build().unwrap();
    let (first, second) = (store.dispatch(fetch.with(1)), store.dispatch(fetch.with(2)));
    assert!(!first.is_settled());
    assert!(second.outcome().unwrap().is_skipped());
}

#[test]
fn pending_comes_before_the_end_of_the_same_run() {
    let fetch = Plain::new("fetch", |n, _: ThunkApi| async move {
        yield_now().await;
        Ok(n)
    });
    let (store, executor, ..) = followed(seen(&fetch));
    for n in 0..3 {
        drop(store.dispatch(fetch.with(n)));
    }
    executor.run_until_stalled();
    let seen = store.get(&SEEN);
    for n in 0..3 {
        let at = |phase| seen.iter().position(|line| *line == format!("{phase} {n}")).unwrap();
        assert!(at("pending") < at("fulfilled"));
    }
}

#[test]
fn a_run_that_never_was_pending_is_told_of_only_where_asked_for() {
    // Different: the original rejects without pending where a condition throws or something is aborted before.
    let fetch = waits().condition(|_, _| -> bool { panic!("cannot tell") });
    let (store, _executor, log, _following) = followed(seen(&fetch));
    assert!(store.dispatch(fetch.with(1)).outcome().unwrap().is_failed());
    log.is([]);
    let told = waits().condition(|_, _| -> bool { panic!("cannot tell") }).dispatch_skipped();
    let (store, _executor, log, _following) = followed(seen(&told));
    store.dispatch(told.with(1));
    log.is(["waits/rejected"]);
}

#[test]
fn runs_end_in_the_order_of_completion() {
    let fetch = Plain::new("fetch", |n, _: ThunkApi| async move {
        for _ in 0..n {
            yield_now().await;
        }
        Ok(n)
    });
    let (store, executor, ..) = followed(seen(&fetch));
    for n in [3, 1, 2] {
        drop(store.dispatch(fetch.with(n)));
    }
    executor.run_until_stalled();
    assert_eq!(store.get(&SEEN)[3..], ["fulfilled 1", "fulfilled 2", "fulfilled 3"]);
}

#[test]
fn the_end_is_told_once_the_body_is_done_without_any_turn_in_between() {
    // Different: three microtasks there.
    let fetch = Plain::new("fetch", |n, _: ThunkApi| async move {
        yield_now().await;
        Ok(n)
    });
    let (store, executor, log, _following) = followed(seen(&fetch));
    drop(store.dispatch(fetch.with(1)));
    log.is(["fetch/pending"]);
    executor.run_one();
    executor.run_one();
    log.is(["fetch/fulfilled"]);
}

#[test]
fn a_thunk_dispatched_by_a_subscriber_of_pending_has_begun_before_the_outer_body_is_called() {
    let log = Log::default();
    let (outer_body, inner_body) = (log.clone(), log.clone());
    let outer = Plain::new("outer", move |_, _: ThunkApi| {
        outer_body.note("outer body");
        pending()
    });
    let inner = Plain::new("inner", move |_, _: ThunkApi| {
        inner_body.note("inner body");
        pending()
    });
    let (builder, _executor) = manual();
    let store: Store = builder.slice(seen(&outer)).build().unwrap();
    let (weak, once) = (store.clone(), Cell::new(true));
    let guard = store.subscribe(&SEEN, move |_| {
        if once.replace(false) {
            drop(weak.dispatch(inner.with(1)));
        }
    });
    let _run = store.dispatch(outer.with(1));
    log.is(["inner body", "outer body"]);
    drop(guard);
}
