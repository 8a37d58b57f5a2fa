//! Exactly one terminal event per pending one, whatever fails.

use crate::service::{Api, ApiError, UserId, manual, store_of};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use trine_core::{Event, Failure, Outcome, OutcomeKind};
use trine_thunks::{Action, AsyncThunk, Slice, SliceKey, Store, StoreBuilder, ThunkApi, action};

type Work = AsyncThunk<(), (), ApiError, Api>;

/// What a slice was told: the phase, and how it ended.
static TOLD: SliceKey<Vec<(&'static str, Option<OutcomeKind>)>> = SliceKey::new("told");
static FRAGILE: SliceKey<u32> = SliceKey::new("fragile");

struct Poke;
impl Action for Poke {}

fn cannot_count<E>(_: &mut u32, _: &E) {
    panic!("cannot count");
}

fn telling(work: &Work) -> Slice<Vec<(&'static str, Option<OutcomeKind>)>> {
    TOLD.slice(Vec::new)
        .on(work.pending(), |told, _| told.push(("pending", None)))
        .on(work.fulfilled(), |told, _| told.push(("fulfilled", None)))
        .on(work.rejected(), |told, run| told.push(("rejected", Some(run.rejection().kind()))))
}

/// What slices were told, and the messages of what nobody could be told.
fn watching(builder: StoreBuilder<Api>) -> (Store<Api>, Arc<Mutex<Vec<String>>>) {
    let (store, failures) = (builder.build().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let failed = failures.clone();
    let observing = store.core().observe(move |event| {
        if let Event::Failed { what, message } = event {
            failed.lock().unwrap().push(format!("{what}: {message}"));
        }
    });
    std::mem::forget(observing);
    (store, failures)
}

#[test]
fn a_body_that_panics_is_rejected() {
    let work: Work =
        AsyncThunk::new("work", |(), _: ThunkApi<Api>| async { panic!("by accident") });
    let (store, ..) = store_of(telling(&work));
    match store.dispatch(work.with(())).outcome().unwrap() {
        Outcome::Panicked { message } => assert_eq!(message, "by accident"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.get(&TOLD), [("pending", None), ("rejected", Some(OutcomeKind::Panicked))]);
}

#[test]
fn a_body_that_panics_before_its_future_is_there_is_rejected_too() {
    let work: Work = AsyncThunk::new("work", |(), api: ThunkApi<Api>| {
        assert!(api.is_aborted(), "not aborted");
        async { Ok(()) }
    });
    let (store, ..) = store_of(telling(&work));
    assert!(store.dispatch(work.with(())).outcome().unwrap().is_panicked());
    assert_eq!(store.get(&TOLD), [("pending", None), ("rejected", Some(OutcomeKind::Panicked))]);
}

#[test]
fn a_reducer_that_panics_on_pending_fails_the_run_and_the_body_is_not_called() {
    let called = Arc::new(AtomicBool::new(false));
    let calls = called.clone();
    let work: Work = AsyncThunk::new("work", move |(), _: ThunkApi<Api>| {
        calls.store(true, Ordering::Relaxed);
        async { Ok(()) }
    });
    let (builder, ..) = manual();
    let fragile = FRAGILE.slice(|| 0).on(work.pending(), cannot_count);
    let store = builder.slice(fragile).slice(telling(&work)).build().unwrap();

    match store.dispatch(work.with(())).outcome().unwrap() {
        Outcome::Failed { failure: Failure::Start { message } } => {
            assert_eq!(message, "cannot count");
        }
        other => panic!("{other:?}"),
    }
    assert!(!called.load(Ordering::Relaxed));
    assert_eq!(store.get(&TOLD), [("pending", None), ("rejected", Some(OutcomeKind::Failed))]);
    assert!(store.try_read(&FRAGILE, |_| ()).is_err(), "the state that it was changing is torn");
}

#[test]
fn a_reducer_that_panics_at_the_end_does_not_keep_the_end_from_others_nor_from_awaiters() {
    let work: Work = AsyncThunk::new("work", |(), _: ThunkApi<Api>| async { Ok(()) });
    let (builder, ..) = manual();
    let fragile = FRAGILE.slice(|| 0).on(work.fulfilled(), cannot_count);
    let (store, failures) = watching(builder.slice(fragile).slice(telling(&work)));

    assert!(store.dispatch(work.with(())).outcome().unwrap().is_fulfilled());
    assert_eq!(store.get(&TOLD), [("pending", None), ("fulfilled", None)]);
    let failures = failures.lock().unwrap();
    assert!(failures.iter().any(|failure| failure.contains("cannot count")), "{failures:?}");
}

#[test]
fn a_slice_that_is_torn_already_fails_the_run_that_it_has_a_case_for() {
    let work: Work = AsyncThunk::new("work", |(), _: ThunkApi<Api>| async { Ok(()) });
    let (builder, ..) = manual();
    let fragile = FRAGILE
        .slice(|| 0)
        .on(action::<Poke>(), cannot_count)
        .on(work.pending(), |count, _| *count += 1);
    let store = builder.slice(fragile).slice(telling(&work)).build().unwrap();
    let poked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| store.dispatch(Poke)));
    assert!(poked.is_err());

    let outcome = store.dispatch(work.with(())).outcome().unwrap();
    assert!(outcome.is_failed(), "{outcome:?}");
    assert_eq!(store.get(&TOLD), [("pending", None), ("rejected", Some(OutcomeKind::Failed))]);

    store.recover(&FRAGILE, |count| *count = 0);
    assert!(store.dispatch(work.with(())).outcome().unwrap().is_fulfilled());
}

#[test]
fn a_condition_that_panics_fails_the_run_without_any_event() {
    let work: Work = AsyncThunk::new("work", |(), _: ThunkApi<Api>| async { Ok(()) })
        .condition(|(), _| -> bool { panic!("cannot tell") });
    let (store, ..) = store_of(telling(&work));
    assert!(store.dispatch(work.with(())).outcome().unwrap().is_failed());
    assert!(store.get(&TOLD).is_empty());
}

#[test]
fn without_a_runtime_a_body_that_waits_fails_and_says_what_to_do() {
    let api = Api::default();
    let fetch = AsyncThunk::new("users/fetch", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    });
    let told = TOLD
        .slice(Vec::new)
        .on(fetch.rejected(), |told, run| told.push(("rejected", Some(run.rejection().kind()))));
    let store = Store::builder().extra(api).slice(told).build().unwrap();
    let outcome = store.dispatch(fetch.with(1)).outcome().unwrap();
    assert!(matches!(outcome, Outcome::Failed { failure: Failure::NoRuntime(_) }), "{outcome:?}");
    assert_eq!(store.get(&TOLD), [("rejected", Some(OutcomeKind::Failed))]);
}

#[test]
fn a_runtime_that_is_shut_down_ends_its_runs() {
    let fetch = AsyncThunk::new("users/fetch", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    });
    let told = TOLD
        .slice(Vec::new)
        .on(fetch.rejected(), |told, run| told.push(("rejected", Some(run.rejection().kind()))));
    let (store, _, executor) = store_of(told);
    let run = store.dispatch(fetch.with(1));
    executor.shut_down();
    assert!(run.outcome().unwrap().is_failed());
    assert_eq!(store.get(&TOLD), [("rejected", Some(OutcomeKind::Failed))]);
}
