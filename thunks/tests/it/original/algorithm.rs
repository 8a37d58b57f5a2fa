//! What a dispatch does, step by step.

use super::{Plain, SEEN, followed, manual, ready, seen, waits};
use crate::log::Log;
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use trine_core::{Failure, Outcome, test::yield_now};
use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi};

#[test]
fn step_1_each_run_has_an_identity_of_the_stores_making_so_that_no_generator_can_give_one_twice() {
    // Different: there is no `idGenerator`. What an app wants to know a run by is its meta.
    let fetch = AsyncThunk::with_meta(
        "fetch",
        |n: &u32, _| format!("request-{n}"),
        |n: u32, _: ThunkApi<(), String>| async move { Ok::<_, String>(n) },
    );
    static NAMES: SliceKey<Vec<String>> = SliceKey::new("names");
    let names = NAMES.slice(Vec::new).on(fetch.fulfilled(), |names, run| {
        names.push(run.meta().clone());
    });
    let store = Store::builder().slice(names).build().unwrap();
    let (one, other) = (store.dispatch(fetch.with(1)), store.dispatch(fetch.with(1)));
    assert_ne!(one.id(), other.id());
    assert_eq!(store.get(&NAMES), ["request-1", "request-1"]);
}

#[test]
fn step_2_an_external_signal_leaves_nothing_registered_after_a_hundred_runs() {
    // Different: the original's listeners stay.
    struct Listening(Arc<AtomicUsize>);
    impl Drop for Listening {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Relaxed);
        }
    }
    let (listeners, (builder, executor)) = (Arc::new(AtomicUsize::new(0)), manual());
    let store = builder.build().unwrap();
    let (ready, waits) = (ready(), waits());
    for n in 0..100 {
        listeners.fetch_add(1, Relaxed);
        let listening = Listening(Arc::clone(&listeners));
        let signal = async move {
            let _listening = listening;
            pending::<String>().await
        };
        let thunk = if n % 3 == 0 { &waits } else { &ready };
        let run = store.dispatch(thunk.with(n).abort_when(signal));
        executor.run_until_stalled();
        run.abort("enough");
    }
    executor.run_until_stalled();
    assert_eq!(listeners.load(Relaxed), 0);
}

#[test]
#[cfg(feature = "tokio-util")]
fn step_2_a_cancellation_token_aborts_its_run() {
    let token = tokio_util::sync::CancellationToken::new();
    let waits = waits();
    let (store, executor, log, _following) = followed(seen(&waits));
    let run = store.dispatch(waits.with(1).abort_with(&token));
    executor.run_until_stalled();
    token.cancel();
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_aborted());
    log.is(["waits/pending", "waits/rejected"]);
    // One that is cancelled already keeps a run from becoming pending.
    assert!(store.dispatch(waits.with(1).abort_with(&token)).outcome().unwrap().is_aborted());
    log.is([]);
}

#[test]
fn step_3_1_a_condition_is_asked_first_and_one_that_waits_is_waited_for() {
    let log = Log::default();
    let (asked, body) = (log.clone(), log.clone());
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        body.note("body");
        async move { Ok(n) }
    })
    .condition_async(move |n, api| {
        let asked = asked.clone();
        async move {
            asked.note("condition");
            yield_now().await;
            asked.note(format_args!("seen {:?}", api.read(&SEEN, Vec::clone)));
            n > 0
        }
    });
    let (store, executor, events, _following) = followed(seen(&fetch));
    let run = store.dispatch(fetch.with(2));
    log.is(["condition"]);
    events.is([]);
    executor.run_until_stalled();
    log.is(["seen []", "body"]);
    events.is(["fetch/pending", "fetch/fulfilled"]);
    assert!(run.outcome().unwrap().is_fulfilled());
}

#[test]
fn step_3_1_an_async_condition_that_is_ready_at_once_lets_the_run_be_pending_before_dispatch_returns()
 {
    // Different: the original is pending a microtask later.
    let fetch = waits().condition_async(|_, _| async { true });
    let (store, _executor, log, _following) = followed(seen(&fetch));
    let _run = store.dispatch(fetch.with(1));
    log.is(["waits/pending"]);
}

#[test]
fn step_3_2_a_condition_that_says_no_skips_the_run() {
    let now = ready().condition(|_, _| false);
    let (store, _executor, log, _following) = followed(seen(&now));
    assert!(store.dispatch(now.with(2)).outcome().unwrap().is_skipped());
    log.is([]);

    let later = ready().condition_async(|_, _| async {
        yield_now().await;
        false
    });
    let (store, executor, log, _following) = followed(seen(&later));
    let run = store.dispatch(later.with(2));
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_skipped());
    log.is([]);
}

#[test]
fn step_3_3_an_abort_before_pending_means_no_pending_and_no_call_of_the_body() {
    let body = Log::default();
    let called = body.clone();
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        called.note("body");
        async move { Ok(n) }
    })
    .condition_async(|_, _| pending::<bool>());
    let (store, executor, log, _following) = followed(seen(&fetch));
    let run = store.dispatch(fetch.with(2));
    assert!(run.abort("left the page"));
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_aborted());
    log.is([]);
    body.is([]);
}

#[test]
fn step_3_5_the_pending_meta_is_made_from_the_state_before_and_seen_by_all() {
    static COUNT: SliceKey<u32> = SliceKey::new("count");
    static METAS: SliceKey<Vec<(&str, u32)>> = SliceKey::new("metas");
    let fetch = AsyncThunk::with_meta(
        "fetch",
        |_: &u32, api| api.read(&COUNT, |count| *count),
        |n: u32, api: ThunkApi<(), u32>| async move {
            if n == 0 { Err(format!("{} before", api.meta())) } else { Ok(*api.meta()) }
        },
    );
    let count = COUNT.slice(|| 10).on(fetch.pending(), |count, _| *count += 1);
    let metas = METAS
        .slice(Vec::new)
        .on(fetch.pending(), |metas, run| metas.push(("pending", *run.meta())))
        .on(fetch.fulfilled(), |metas, run| metas.push(("fulfilled", *run.meta())))
        .on(fetch.rejected(), |metas, run| metas.push(("rejected", *run.meta().unwrap())))
        .on_any(fetch.settled(), |metas, run| metas.push(("settled", *run.meta().unwrap())));
    let store = Store::builder().slice(count).slice(metas).build().unwrap();
    let fulfilled = store.dispatch(fetch.with(1)).outcome().unwrap().into_result().unwrap();
    assert_eq!(*fulfilled, 10);
    store.dispatch(fetch.with(0));
    assert_eq!(
        store.get(&METAS),
        [
            ("pending", 10),
            ("fulfilled", 10),
            ("settled", 10),
            ("pending", 11),
            ("rejected", 11),
            ("settled", 11)
        ]
    );
}

#[test]
fn step_3_6_what_the_body_returns_decides_between_fulfilled_and_rejected() {
    let ready = ready();
    let (store, _executor, log, _following) = followed(seen(&ready));
    assert_eq!(*store.dispatch(ready.with(2)).outcome().unwrap().into_result().unwrap(), 2);
    let outcome = store.dispatch(ready.with(3)).outcome().unwrap();
    assert!(matches!(outcome, Outcome::Rejected { error } if *error == "3 is odd"));
    log.is(["ready/pending", "ready/fulfilled", "ready/pending", "ready/rejected"]);
}

#[test]
fn step_4_a_skipped_run_is_told_only_where_asked_for() {
    let silent = ready().condition(|_, _| false);
    let (store, _executor, log, _following) = followed(seen(&silent));
    store.dispatch(silent.with(2));
    log.is([]);

    let told = ready().condition(|_, _| false).dispatch_skipped();
    let (store, _executor, log, _following) = followed(seen(&told));
    let run = store.dispatch(told.with(2));
    log.is(["ready/rejected"]);
    assert_eq!(store.get(&SEEN), ["rejected skipped"]);
    assert!(run.outcome().unwrap().is_skipped());
    // Also with a condition that waits.
    let later = ready()
        .condition_async(|_, _| async {
            yield_now().await;
            false
        })
        .dispatch_skipped();
    let (store, executor, log, _following) = followed(seen(&later));
    store.dispatch(later.with(2));
    log.is([]);
    executor.run_until_stalled();
    log.is(["ready/rejected"]);
    // And of a policy.
    let leading = waits().leading().dispatch_skipped();
    let (store, _executor, log, _following) = followed(seen(&leading));
    let (_first, _second) = (store.dispatch(leading.with(1)), store.dispatch(leading.with(2)));
    log.is(["waits/pending", "waits/rejected"]);
}

#[test]
fn step_5_the_awaiter_gets_what_the_reducers_were_shown() {
    static GOT: SliceKey<Option<Arc<u32>>> = SliceKey::new("got");
    let ready = ready();
    let got =
        GOT.slice(|| None).on(ready.fulfilled(), |got, run| *got = Some(run.payload().clone()));
    let store = Store::builder().slice(got).build().unwrap();
    let payload = store.dispatch(ready.with(2)).outcome().unwrap().into_result().unwrap();
    assert!(Arc::ptr_eq(&payload, &store.get(&GOT).unwrap()));
}

#[test]
fn a_run_that_was_refused_because_of_its_value_says_so() {
    let fetch = AsyncThunk::with_meta(
        "fetch",
        |_: &u32, _| -> u32 { panic!("no value") },
        |n: u32, _: ThunkApi<(), u32>| async move { Ok::<_, String>(n) },
    );
    let store = Store::builder().build().unwrap();
    let outcome = store.dispatch(fetch.with(1)).outcome().unwrap();
    let Outcome::Failed { failure: Failure::Start { message } } = outcome else { panic!() };
    assert_eq!(message, "no value");
}
