//! The life of a run among middleware and listeners: one end for each beginning, whatever they do.

use crate::log::Log;
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::test::{ManualExecutor, yield_now};
use trine_thunks::{
    Action, AnyAction, AsyncThunk, DispatchError, Later, Listener, ListenerApi, Next, Progress,
    SliceKey, Store, StoreBuilder, ThunkApi, action, is_async_thunk_action, matching,
};

type Work = AsyncThunk<u32, u32, String>;

static SEEN: SliceKey<Vec<String>> = SliceKey::new("seen");
static PERCENT: Progress<u8> = Progress::new("percent");

struct LoggedOut;
impl Action for LoggedOut {}

/// An event that a middleware lets go on later.
type Kept = (Later, Arc<dyn AnyAction>);

/// Reports, waits once, and is done; 100 and more wait for ever.
fn work() -> Work {
    AsyncThunk::new("work", |n: u32, api: ThunkApi| async move {
        api.report(&PERCENT, 50);
        yield_now().await;
        if n >= 100 {
            pending::<()>().await;
        }
        Ok(n)
    })
}

fn event_is_fine() -> bool {
    false
}

fn builder(work: &Work) -> (StoreBuilder, ManualExecutor) {
    let seen = SEEN
        .slice(Vec::new)
        .on_any(is_async_thunk_action(), |seen, event| seen.push(event.action_type().to_string()))
        .on_any(work.progress(&PERCENT), |seen, run| seen.push(format!("{}%", run.progress())))
        .on(action::<LoggedOut>(), |seen, _| seen.clear());
    let executor = ManualExecutor::new();
    let core = trine_core::Store::with_spawner(executor.clone());
    (Store::builder().on(core).slice(seen), executor)
}

#[test]
fn listeners_whose_effects_panic_change_nothing_about_a_run() {
    let work = work();
    let (builder, executor) = builder(&work);
    let log = Log::default();
    let heard = log.clone();
    let listener = Listener::when(|_| true).run(move |event, _: ListenerApi| {
        heard.note(event.action_type());
        async { assert!(event_is_fine(), "effect") }
    });
    let store = builder.listener(listener).build().unwrap();
    let run = store.dispatch(work.with(1));
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_fulfilled());
    let [pending, percent, fulfilled] = ["work/pending", "work/percent", "work/fulfilled"];
    log.is([pending, percent, fulfilled]);
    assert_eq!(store.get(&SEEN), [pending, "50%", fulfilled]);
    assert!(store.runs().is_empty());
}

#[test]
fn after_a_reset_neither_middleware_nor_listeners_hear_of_what_was_under_way() {
    let work = work();
    let (builder, executor) = builder(&work);
    let log = Log::default();
    let (passed, heard) = (log.clone(), log.clone());
    let store = builder
        .middleware(move |action: Arc<dyn AnyAction>, next: Next<'_>| {
            passed.note(format_args!("passed {}", action.action_type()));
            next.run(action)
        })
        .listener(Listener::on_any(matching(|_| true)).run(move |event, _: ListenerApi| {
            heard.note(format_args!("heard {}", event.action_type()));
            async {}
        }))
        .build()
        .unwrap();
    let _runs = [store.dispatch(work.with(1)), store.dispatch(work.with(100))];
    log.clear();
    assert_eq!(store.reset(LoggedOut, "logged out"), 2);
    executor.run_until_stalled();
    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("passed ") && lines[0].ends_with("LoggedOut"), "{lines:?}");
    assert!(lines[1].starts_with("heard ") && lines[1].ends_with("LoggedOut"), "{lines:?}");
    assert_eq!(store.get(&SEEN), [""; 0]);
}

#[test]
fn what_a_middleware_lets_go_on_after_a_reset_is_inert_if_it_is_of_a_run_from_before() {
    let work = work();
    let (builder, executor) = builder(&work);
    let log = Log::default();
    let heard = log.clone();
    let kept: Arc<Mutex<Vec<Kept>>> = Arc::default();
    let keeps = Arc::clone(&kept);
    let store = builder
        .middleware(move |any: Arc<dyn AnyAction>, next: Next<'_>| {
            if any.outcome().is_some() {
                keeps.lock().unwrap().push((next.later(), any));
                return Ok(());
            }
            next.run(any)
        })
        .listener(Listener::on_any(is_async_thunk_action()).run(move |event, _: ListenerApi| {
            heard.note(event.action_type());
            async {}
        }))
        .build()
        .unwrap();
    let let_go = || {
        for (later, event) in std::mem::take(&mut *kept.lock().unwrap()) {
            assert_eq!(later.run(event), Ok(()));
        }
    };
    let run = store.dispatch(work.with(1));
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_fulfilled());
    log.clear();
    store.reset(LoggedOut, "logged out");
    let_go();
    assert_eq!(store.get(&SEEN), [""; 0]);
    log.is([""; 0]);

    // Of the new epoch it arrives.
    drop(store.dispatch(work.with(2)));
    executor.run_until_stalled();
    let_go();
    assert_eq!(store.get(&SEEN), ["work/pending", "50%", "work/fulfilled"]);
    log.is(["work/pending", "work/fulfilled"]);
}

#[test]
fn a_middleware_may_stop_a_reset_and_then_nothing_has_happened() {
    let work = work();
    let (builder, _executor) = builder(&work);
    let stop = |any: Arc<dyn AnyAction>, next: Next<'_>| -> Result<(), DispatchError> {
        if any.is(action::<LoggedOut>()) { Ok(()) } else { next.run(any) }
    };
    let store = builder.middleware(stop).build().unwrap();
    let run = store.dispatch(work.with(100));
    assert_eq!(store.reset(LoggedOut, "logged out"), 0);
    assert!(!run.is_settled());
    assert_eq!(store.get(&SEEN), ["work/pending", "50%"]);
}

#[test]
fn a_middleware_that_stops_the_events_of_a_run_stops_neither_its_state_nor_its_patches() {
    static HOPED: SliceKey<u32> = SliceKey::new("hoped");
    let work = work().optimistic(&HOPED, |hoped, n| *hoped += n);
    let (builder, executor) = builder(&work);
    let stop = |any: Arc<dyn AnyAction>, next: Next<'_>| -> Result<(), DispatchError> {
        if any.request_id().is_some() { Ok(()) } else { next.run(any) }
    };
    let store = builder.slice(HOPED.slice(|| 0)).middleware(stop).build().unwrap();
    let (state, shown) = (store.state_of(&work), store.optimistic(&HOPED));
    let run = store.dispatch(work.with(7));
    assert_eq!((store.read(state, |state| state.in_flight()), store.get(shown)), (1, 7));
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_fulfilled());
    assert_eq!((store.read(state, |state| state.in_flight()), store.get(&HOPED)), (0, 7));
    assert_eq!(store.get(&SEEN), [""; 0], "its slices heard nothing");
}
