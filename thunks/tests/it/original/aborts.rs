//! Who may abort a run when, and what comes of it.

use super::{Plain, SEEN, followed, manual, ready, seen, waits};
use crate::log::Log;
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::{AbortedBy, Outcome, Run, RunId, test::yield_now};
use trine_thunks::{AsyncThunk, Store, ThunkApi};

fn reason(run: &Run<u32, String>) -> String {
    match run.outcome() {
        Some(Outcome::Aborted { reason, .. }) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn external_signal_already_aborted_means_no_pending_and_no_body_before_dispatch_returns() {
    let body = Log::default();
    let called = body.clone();
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        called.note("body");
        async move { Ok(n) }
    });
    let (store, _executor, log, _following) = followed(seen(&fetch));
    let run = store.dispatch(fetch.with(1).abort_when(async { "gone already" }));
    let outcome = run.outcome().unwrap();
    assert!(
        matches!(outcome, Outcome::Aborted { reason, by: AbortedBy::Signal } if reason == "gone already"),
        "the reason that came from outside is kept"
    );
    body.is([]);
    // Different: rejected is told there. Here it is where asked for.
    log.is([]);
    let told = ready().dispatch_skipped();
    let (store, _executor, log, _following) = followed(seen(&told));
    store.dispatch(told.with(1).abort_when(async { "gone already" }));
    log.is(["ready/rejected"]);
}

#[test]
fn during_an_async_condition_an_abort_interrupts_it_whatever_it_would_have_said() {
    // Different: there the condition is waited for, and a `false` wins over the abort.
    for answer in [true, false] {
        let fetch = waits().condition_async(move |_, _| async move {
            yield_now().await;
            answer
        });
        let (store, executor, log, _following) = followed(seen(&fetch));
        let run = store.dispatch(fetch.with(1));
        assert!(run.abort("left the page"));
        assert_eq!(reason(&run), "left the page");
        executor.run_until_stalled();
        log.is([]);
    }
}

#[test]
fn by_a_subscriber_during_pending_the_body_is_not_called() {
    // Different: it is called there, with a signal that is aborted already.
    let body = Log::default();
    let called = body.clone();
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        called.note("body");
        async move { Ok(n) }
    });
    let (store, _executor, log, _following) = followed(seen(&fetch));
    let within = store.clone();
    let guard = store.subscribe(&SEEN, move |_| {
        within.runs().abort_all("by a subscriber");
    });
    let run = store.dispatch(fetch.with(2));
    assert_eq!(reason(&run), "by a subscriber");
    body.is([]);
    log.is(["fetch/pending", "fetch/rejected"]);
    drop(guard);
}

#[test]
fn synchronously_right_after_dispatch_a_run_that_waits_is_aborted() {
    let waits = waits();
    let (store, _executor, log, _following) = followed(seen(&waits));
    let run = store.dispatch(waits.with(1));
    assert!(run.abort("changed my mind"));
    assert_eq!(reason(&run), "changed my mind");
    log.is(["waits/pending", "waits/rejected"]);
}

#[test]
fn once_the_value_is_there_an_abort_is_ignored() {
    // Different: there is no time between the value and the end, not even right after dispatch.
    let ready = ready();
    let (store, ..) = followed(seen(&ready));
    let run = store.dispatch(ready.with(2));
    assert!(!run.abort("too late"));
    assert!(run.outcome().unwrap().is_fulfilled());
}

#[test]
fn while_running_the_run_settles_at_once_and_the_body_stops_where_it_waits() {
    // Different: there the body goes on, and what it dispatches arrives.
    let log = Log::default();
    let body = log.clone();
    let fetch = Plain::new("fetch", move |n, _: ThunkApi| {
        let body = body.clone();
        async move {
            body.note("first");
            yield_now().await;
            body.note("second");
            Ok(n)
        }
    });
    let (store, executor, events, _following) = followed(seen(&fetch));
    let run = store.dispatch(fetch.with(1));
    run.abort("enough");
    assert!(run.is_settled());
    executor.run_until_stalled();
    log.is(["first"]);
    events.is(["fetch/pending", "fetch/rejected"]);
}

#[test]
fn inside_the_body_an_abort_wins_over_the_value_that_follows() {
    for value in [Ok(1), Err("a value".to_owned())] {
        let fetch = Plain::new("fetch", move |_, api: ThunkApi| {
            let value = value.clone();
            async move {
                assert!(api.abort("by itself"));
                value
            }
        });
        let (store, _executor, log, _following) = followed(seen(&fetch));
        let run = store.dispatch(fetch.with(1));
        assert_eq!(reason(&run), "by itself");
        log.is(["fetch/pending", "fetch/rejected"]);
    }
}

#[test]
fn inside_the_body_an_abort_wins_over_a_panic_that_follows() {
    // Different: a synchronous throw wins there.
    let fetch = Plain::new("fetch", |_, api: ThunkApi| async move {
        api.abort("by itself");
        panic!("and then")
    });
    let (store, _executor, log, _following) = followed(seen(&fetch));
    let run = store.dispatch(fetch.with(1));
    assert_eq!(reason(&run), "by itself");
    log.is(["fetch/pending", "fetch/rejected"]);
}

#[test]
fn of_two_aborts_the_first_one_decides() {
    let waits = waits();
    let (store, _executor, log, _following) = followed(seen(&waits));
    let run = store.dispatch(waits.with(1));
    assert!(run.abort("first"));
    assert!(!run.abort("second"));
    assert_eq!(reason(&run), "first");
    log.is(["waits/pending", "waits/rejected"]);
}

#[test]
fn after_the_end_or_a_refusal_an_abort_does_nothing() {
    let (ready, skipped) = (ready(), waits().condition(|_, _| false));
    let (store, ..) = followed(seen(&ready));
    for run in [store.dispatch(ready.with(2)), store.dispatch(skipped.with(1))] {
        let before = run.outcome();
        assert!(!run.abort("too late"));
        assert_eq!(run.outcome(), before);
    }
}

#[test]
fn thunks_that_the_run_has_dispatched_end_with_it_and_learn_why() {
    // Different: they go on there.
    let waits = waits();
    let inner = waits.clone();
    let runs: Arc<Mutex<Vec<Run<u32, String>>>> = Arc::default();
    let made = Arc::clone(&runs);
    let outer: AsyncThunk<(), (), String> = AsyncThunk::new("outer", move |(), api: ThunkApi| {
        let both = [api.dispatch(inner.with(1)), api.dispatch(inner.with(2).detached())];
        made.lock().unwrap().extend(both);
        pending()
    });
    let (store, _executor, log, _following) = followed(seen(&waits));
    let run = store.dispatch(outer.with(()));
    log.is(["outer/pending", "waits/pending", "waits/pending"]);
    run.abort("left the page");
    log.is(["outer/rejected", "waits/rejected"]);
    let runs = runs.lock().unwrap();
    let Some(Outcome::Aborted { reason, by }) = runs[0].outcome() else { panic!() };
    assert_eq!((reason.as_str(), by), ("left the page", AbortedBy::Parent(run.id())));
    assert!(!runs[1].is_settled(), "it is detached");
}

#[test]
fn the_reason_is_known_to_helpers_that_go_on() {
    // Different: there the reason does not reach the signal.
    let api: Arc<Mutex<Option<ThunkApi>>> = Arc::default();
    let kept = Arc::clone(&api);
    let fetch = Plain::new("fetch", move |_, api: ThunkApi| {
        *kept.lock().unwrap() = Some(api);
        pending()
    });
    let (builder, _executor) = manual();
    let store = builder.build().unwrap();
    let run = store.dispatch(fetch.with(1));
    let api = api.lock().unwrap().take().unwrap();
    assert_eq!((api.is_aborted(), api.abort_reason()), (false, None));
    run.abort("left the page");
    assert_eq!((api.is_aborted(), api.abort_reason()), (true, Some("left the page".into())));
}

#[test]
fn what_a_run_that_is_over_dispatches_and_reports_reaches_nothing() {
    use trine_thunks::{Action, Progress, SliceKey, action};
    struct Poke;
    impl Action for Poke {}
    static POKES: SliceKey<u32> = SliceKey::new("pokes");
    static PERCENT: Progress<u8> = Progress::new("percent");
    let api: Arc<Mutex<Option<ThunkApi>>> = Arc::default();
    let kept = Arc::clone(&api);
    let fetch = Plain::new("fetch", move |_, api: ThunkApi| {
        *kept.lock().unwrap() = Some(api);
        pending()
    });
    let pokes = POKES
        .slice(|| 0)
        .on(action::<Poke>(), |pokes, _| *pokes += 1)
        .on_any(fetch.progress(&PERCENT), |pokes, _| *pokes += 1);
    let (builder, _executor) = manual();
    let store = builder.slice(pokes).build().unwrap();
    let run = store.dispatch(fetch.with(1));
    let api = api.lock().unwrap().take().unwrap();
    api.dispatch(Poke);
    api.report(&PERCENT, 1);
    run.abort("enough");
    api.dispatch(Poke);
    api.report(&PERCENT, 2);
    let child = api.dispatch(waits().with(1));
    assert!(child.outcome().unwrap().is_aborted());
    assert_eq!(store.get(&POKES), 2);
}

#[test]
fn runs_are_aborted_by_id_by_thunk_by_key_by_tag_and_all_without_their_handles() {
    let fetch = waits().key(|n| n % 10).tag("network");
    let (builder, _executor) = manual();
    let store = builder.build().unwrap();
    let start = || -> (Vec<Run<u32, String>>, Vec<RunId>) {
        let runs: Vec<_> = [1, 2, 11]
            .into_iter()
            .map(|n| store.dispatch(fetch.with(n).tag(if n > 10 { "large" } else { "small" })))
            .collect();
        let ids = runs.iter().map(Run::id).collect();
        (runs, ids)
    };
    let ended =
        |runs: &[Run<u32, String>]| -> Vec<bool> { runs.iter().map(Run::is_settled).collect() };
    type Abort = fn(&Store, &Plain, &[RunId]);
    let stores: [(Abort, [bool; 3]); 6] = [
        (|store, _, ids| assert!(store.runs().abort(ids[1], "by id")), [false, true, false]),
        (|store, fetch, _| assert_eq!(store.runs_of(fetch).abort_all("by thunk"), 3), [true; 3]),
        (
            |store, fetch, _| assert_eq!(store.runs_of_key(fetch, 1_u32).abort_all("by key"), 2),
            [true, false, true],
        ),
        (
            |store, _, _| assert_eq!(store.runs().tagged("large").abort_all("by tag"), 1),
            [false, false, true],
        ),
        (
            |store, _, _| assert_eq!(store.runs().tagged("network").abort_all("by tag"), 3),
            [true; 3],
        ),
        (|store, _, _| assert_eq!(store.runs().abort_all("all"), 3), [true; 3]),
    ];
    for (abort, expected) in stores {
        let (runs, ids) = start();
        abort(&store, &fetch, &ids);
        assert_eq!(ended(&runs), expected);
        store.runs().abort_all("the rest");
    }
}
