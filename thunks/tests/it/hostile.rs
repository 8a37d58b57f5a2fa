//! Reducers, conditions, bodies and subscribers at their worst.

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock},
};
use trine_core::{Failure, Outcome, RunId, test::ManualExecutor};
use trine_thunks::{Action, AsyncThunk, BuildError, SliceKey, Store, ThunkApi, action};

type Work = AsyncThunk<u32, u32, String>;

static PHASES: SliceKey<Vec<String>> = SliceKey::new("phases");
static OTHER: SliceKey<u32> = SliceKey::new("other");

struct Poke;
impl Action for Poke {}

fn waits() -> Work {
    AsyncThunk::new("work", |_, _: ThunkApi| std::future::pending())
}

fn ready() -> Work {
    AsyncThunk::new("work", |arg, _: ThunkApi| async move { Ok(arg) })
}

/// A slice that notes the phases of `work`.
fn noting(work: &Work) -> trine_thunks::Slice<Vec<String>> {
    PHASES
        .slice(Vec::new)
        .on(work.pending(), |phases, run| phases.push(format!("pending {}", run.arg())))
        .on(work.fulfilled(), |phases, run| phases.push(format!("fulfilled {}", run.arg())))
        .on(work.rejected(), |phases, run| {
            phases.push(format!("rejected {} {}", run.arg(), run.rejection().kind()));
        })
}

fn panics<E>(_: &mut u32, _: &E) {
    panic!("reducer");
}

fn manual() -> (ManualExecutor, trine_core::Store) {
    let executor = ManualExecutor::new();
    (executor.clone(), trine_core::Store::with_spawner(executor))
}

#[test]
fn a_reducer_that_panics_at_pending_leaves_one_end_for_every_other_slice() {
    let work = ready();
    let other = OTHER.slice(|| 0).on(work.pending(), panics);
    let store = Store::builder().slice(other).slice(noting(&work)).build().unwrap();
    let run = store.dispatch(work.with(1));
    assert!(matches!(run.outcome(), Some(Outcome::Failed { failure: Failure::Start { .. } })));
    assert_eq!(store.get(&PHASES), ["pending 1", "rejected 1 failed"]);
    assert!(store.try_read(&OTHER, |other| *other).is_err());
}

#[test]
fn a_reducer_that_panics_at_the_end_changes_nothing_about_the_outcome() {
    let work = ready();
    let other = OTHER.slice(|| 0).on(work.fulfilled(), panics);
    let store = Store::builder().slice(other).slice(noting(&work)).build().unwrap();
    let run = store.dispatch(work.with(1));
    assert!(run.outcome().unwrap().is_fulfilled());
    assert_eq!(store.get(&PHASES), ["pending 1", "fulfilled 1"]);
}

#[test]
fn a_condition_may_dispatch_and_its_actions_come_first() {
    let work = ready();
    let slot: Arc<OnceLock<trine_core::WeakStore>> = Arc::default();
    let core = trine_core::Store::new();
    slot.set(core.downgrade()).unwrap();
    let stores: Arc<OnceLock<Store>> = Arc::default();
    let within = Arc::clone(&stores);
    let work = work.condition(move |arg, _| {
        if let Some(store) = within.get() {
            store.dispatch(Poke);
        }
        *arg > 0
    });
    let phases = noting(&work).on(action::<Poke>(), |phases, _| phases.push("poke".to_owned()));
    let store = Store::builder().on(core).slice(phases).build().unwrap();
    stores.set(store.clone()).unwrap();
    assert!(store.dispatch(work.with(0)).outcome().unwrap().is_skipped());
    drop(store.dispatch(work.with(1)));
    assert_eq!(store.get(&PHASES), ["poke", "poke", "pending 1", "fulfilled 1"]);
}

#[test]
fn a_thunk_dispatched_by_a_reducer_fails_and_the_reducer_goes_on() {
    let work = ready();
    let stores: Arc<OnceLock<Store>> = Arc::default();
    let (within, inner) = (Arc::clone(&stores), work.clone());
    let outcomes: Arc<Mutex<Vec<bool>>> = Arc::default();
    let seen = Arc::clone(&outcomes);
    let other = OTHER.slice(|| 0).on(action::<Poke>(), move |count, _| {
        let run = within.get().unwrap().dispatch(inner.with(1));
        seen.lock().unwrap().push(run.abort("too late"));
        *count += 1;
    });
    let store = Store::builder().slice(other).slice(noting(&work)).build().unwrap();
    stores.set(store.clone()).unwrap();
    store.dispatch(Poke);
    assert_eq!(store.get(&OTHER), 1);
    assert_eq!(store.get(&PHASES), [""; 0]);
    assert_eq!(*outcomes.lock().unwrap(), [false]);
}

#[test]
fn a_run_aborted_by_a_reducer_is_rejected_after_that_commit() {
    let work = waits();
    let (_executor, core) = manual();
    let runs: Arc<Mutex<Option<(trine_core::WeakStore, RunId)>>> = Arc::default();
    let within = Arc::clone(&runs);
    let phases = noting(&work).on(action::<Poke>(), move |phases, _| {
        let (core, id) = within.lock().unwrap().clone().unwrap();
        assert!(core.upgrade().unwrap().runs().abort(id, "by a reducer"));
        phases.push("poke".to_owned());
    });
    let store = Store::builder().on(core.clone()).slice(phases).build().unwrap();
    let run = store.dispatch(work.with(1));
    *runs.lock().unwrap() = Some((core.downgrade(), run.id()));
    store.dispatch(Poke);
    assert_eq!(store.get(&PHASES), ["pending 1", "poke", "rejected 1 aborted"]);
    assert!(matches!(run.outcome(), Some(Outcome::Aborted { .. })));
}

#[test]
fn a_run_aborted_by_the_reducer_of_its_own_pending_never_calls_its_body() {
    let log = Log::default();
    let noted = log.clone();
    let work: Work = AsyncThunk::new("work", move |arg, _: ThunkApi| {
        noted.note("body");
        async move { Ok(arg) }
    });
    let core = trine_core::Store::new();
    let weak = core.downgrade();
    let other = OTHER.slice(|| 0).on(work.pending(), move |_, run| {
        assert!(weak.upgrade().unwrap().runs().abort(run.request_id(), "no"));
    });
    let store = Store::builder().on(core).slice(other).slice(noting(&work)).build().unwrap();
    let run = store.dispatch(work.with(1));
    assert!(matches!(run.outcome(), Some(Outcome::Aborted { .. })));
    assert_eq!(store.get(&PHASES), ["pending 1", "rejected 1 aborted"]);
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn a_thunk_dispatched_by_a_subscriber_runs_after_the_commit_it_answers() {
    let work = ready();
    let stores: Arc<OnceLock<Store>> = Arc::default();
    let phases = noting(&work).on(action::<Poke>(), |phases, _| phases.push("poke".to_owned()));
    let store = Store::builder().slice(phases).build().unwrap();
    stores.set(store.clone()).unwrap();
    let within = Arc::clone(&stores);
    let inner = work.clone();
    let _guard = store.subscribe(&PHASES, move |phases| {
        if phases.len() == 1 {
            drop(within.get().unwrap().dispatch(inner.with(1)));
        }
    });
    store.dispatch(Poke);
    assert_eq!(store.get(&PHASES), ["poke", "pending 1", "fulfilled 1"]);
}

#[test]
fn an_argument_whose_clone_panics_rejects_the_run() {
    struct Stubborn;
    impl Clone for Stubborn {
        fn clone(&self) -> Self {
            panic!("one of a kind")
        }
    }
    let work: AsyncThunk<Stubborn, (), String> =
        AsyncThunk::new("work", |_, _: ThunkApi| async { Ok(()) });
    let phases = PHASES
        .slice(Vec::new)
        .on(work.pending(), |phases, _| phases.push("pending".to_owned()))
        .on_any(work.settled(), |phases, run| phases.push(run.outcome().kind().to_string()));
    let store = Store::builder().slice(phases).build().unwrap();
    assert!(matches!(
        store.dispatch(work.with(Stubborn)).outcome(),
        Some(Outcome::Panicked { .. })
    ));
    assert_eq!(store.get(&PHASES), ["pending", "panicked"]);
}

#[test]
fn a_store_whose_initial_state_panics_can_be_built_again() {
    let core = trine_core::Store::new();
    let build = |initial: fn() -> u32| {
        Store::builder().on(core.clone()).slice(OTHER.slice(initial)).build()
    };
    assert!(catch_unwind(AssertUnwindSafe(|| build(|| panic!("not today")))).is_err());
    let again: Result<Store, BuildError> = build(|| 7);
    assert_eq!(again.unwrap().get(&OTHER), 7);
}

#[test]
fn observers_and_subscribers_that_panic_keep_no_run_from_its_end() {
    let work = ready();
    let reported = Log::default();
    let noted = reported.clone();
    let report = trine_core::PanicPolicy::Report(Box::new(move |message| noted.note(message)));
    let core = trine_core::Store::builder().on_panic(report).build();
    let store = Store::builder().on(core).slice(noting(&work)).build().unwrap();
    let _observer = store.core().observe(|_| panic!("observer"));
    let _guard = store.subscribe(&PHASES, |_| panic!("subscriber"));
    let run = store.dispatch(work.with(1));
    assert!(run.outcome().unwrap().is_fulfilled());
    assert_eq!(store.get(&PHASES), ["pending 1", "fulfilled 1"]);
    assert!(reported.take().iter().any(|message| message == "subscriber"));
}

#[test]
fn dropping_the_last_handle_in_a_body_ends_the_run() {
    let (executor, core) = manual();
    let stores: Arc<Mutex<Option<Store>>> = Arc::default();
    let within = Arc::clone(&stores);
    let work: Work = AsyncThunk::new("work", move |arg, api: ThunkApi| {
        let within = Arc::clone(&within);
        async move {
            let store = within.lock().unwrap().take();
            drop(store);
            assert!(api.is_aborted());
            api.dispatch(Poke);
            Ok(arg)
        }
    });
    let store = Store::builder().on(core).slice(noting(&work)).build().unwrap();
    let queued = work.with(1);
    let run = store.core().clone();
    let started = {
        let held = store.clone();
        *stores.lock().unwrap() = Some(held);
        drop(run);
        // The first poll is made while this handle is borrowed: it goes after that.
        store.dispatch(queued)
    };
    drop(store);
    executor.run_until_stalled();
    assert!(started.outcome().is_some());
}

#[test]
fn a_view_that_panics_at_a_lifecycle_event_fails_no_run_and_is_told() {
    let log = Log::default();
    let work = ready();
    let store = Store::builder().slice(noting(&work)).build().unwrap();
    let heard = log.clone();
    let _observer = store.core().observe(move |event| {
        if let trine_core::Event::Failed { what, message } = event {
            heard.note(format!("{what}: {message}"));
        }
    });
    let first = store.subscribe(&PHASES, |phases: &Vec<String>| panic!("view of {}", phases.len()));
    let heard = log.clone();
    let _second = store.subscribe(&PHASES, move |phases: &Vec<String>| heard.note(phases.len()));
    let run = store.dispatch(work.with(1));
    assert!(run.outcome().unwrap().is_fulfilled());
    assert_eq!(store.get(&PHASES), ["pending 1", "fulfilled 1"]);
    assert_eq!(
        log.take(),
        [
            "1",
            "a callback at the start of run 1 `work`: view of 1",
            "2",
            "a callback at the end of run 1 `work`: view of 2",
        ]
    );
    drop(first);
}

#[test]
fn with_a_policy_that_reports_a_view_that_panics_at_pending_is_reported() {
    let log = Log::default();
    let reported = log.clone();
    let report = trine_core::PanicPolicy::Report(Box::new(move |message| reported.note(message)));
    let core = trine_core::Store::builder().on_panic(report).build();
    let work = ready();
    let store = Store::builder().on(core).slice(noting(&work)).build().unwrap();
    let _view = store.subscribe(&PHASES, |phases: &Vec<String>| panic!("view of {}", phases.len()));
    assert!(store.dispatch(work.with(1)).outcome().unwrap().is_fulfilled());
    assert_eq!(log.take(), ["view of 1", "view of 2"]);
}
