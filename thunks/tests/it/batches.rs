//! Several actions in one commit.

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock},
};
use trine_core::Event;
use trine_thunks::{
    Action, ActionCreator, AnyAction, DispatchError, Heard, Later, Listener, ListenerApi, Next,
    SliceKey, Store, StoreBuilder, action,
};

struct Added(i32);
impl Action for Added {}
struct Twice;
impl Action for Twice {}
struct Unheard;
impl Action for Unheard {}

static SUM: SliceKey<i32> = SliceKey::new("sum");
static COUNT: SliceKey<u32> = SliceKey::new("count");
static RESET: ActionCreator<i32> = ActionCreator::new("reset");

type Any = Arc<dyn AnyAction>;

fn builder() -> StoreBuilder {
    let sum = SUM
        .slice(|| 0)
        .on(action::<Added>(), |sum, added| {
            assert_ne!(added.0, 13, "unlucky");
            *sum += added.0;
        })
        .on(action::<Twice>(), |sum, _| *sum *= 2)
        .on(&RESET, |sum, to| *sum = *to);
    Store::builder()
        .slice(sum)
        .slice(COUNT.slice(|| 0).on(action::<Added>(), |count, _| *count += 1))
}

fn store() -> Store {
    builder().build().unwrap()
}

/// Notes what subscribers of the sum are told, and of a cell over both slices.
fn telling(store: &Store, log: &Log) -> [trine_thunks::SubscriptionGuard; 2] {
    let (sums, both) = (log.clone(), log.clone());
    let (sum, count) = (store.cell(&SUM), store.cell(&COUNT));
    let pair = store.core().derived(move |cx| (cx.get(sum), cx.get(count)));
    [
        store.subscribe(&SUM, move |sum| sums.note(format_args!("sum {sum}"))),
        store.subscribe(pair, move |pair| both.note(format_args!("both {pair:?}"))),
    ]
}

#[test]
fn actions_of_a_batch_are_reduced_in_order_and_subscribers_are_told_once() {
    let (store, log) = (store(), Log::default());
    let _guards = telling(&store, &log);
    let said = store.batch(|batch| {
        assert!(batch.is_empty());
        batch.dispatch(RESET.with(1));
        batch.dispatch(Added(2));
        batch.dispatch(Twice);
        batch.dispatch(Added(4));
        assert_eq!(store.get(&SUM), 0, "nothing is reduced yet");
        batch.len()
    });
    assert_eq!(said, 4);
    assert_eq!(log.take(), ["sum 10", "both (10, 2)"]);
}

#[test]
fn the_event_feed_has_each_action_and_one_commit() {
    let (store, log) = (store(), Log::default());
    let _observer = log.follow(store.core(), |event| match event {
        Event::Dispatched { action, .. } => Some(action.rsplit(':').next()?.to_owned()),
        Event::Committed { .. } => Some("commit".to_owned()),
        _ => None,
    });
    store.batch(|batch| {
        batch.dispatch(Added(1));
        batch.dispatch(RESET.with(7));
        batch.dispatch(Unheard);
    });
    assert_eq!(log.take(), ["Added", "reset", "Unheard", "commit"]);
}

#[test]
fn a_batch_that_comes_to_nothing_tells_nobody() {
    let (store, log) = (store(), Log::default());
    let _guards = telling(&store, &log);
    store.batch(|_| ());
    store.batch(|batch| batch.dispatch(Unheard));
    assert!(log.take().is_empty());
}

#[test]
fn a_body_that_panics_has_dispatched_nothing() {
    let store = store();
    let body = || {
        store.batch(|batch| {
            batch.dispatch(Added(1));
            panic!("no");
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(body)).is_err());
    assert_eq!(store.get(&SUM), 0);
    store.batch(|batch| batch.dispatch(Added(1)));
    assert_eq!(store.get(&SUM), 1);
}

#[test]
fn what_a_body_dispatches_to_the_store_or_batches_itself_comes_first_and_by_itself() {
    let (store, log) = (store(), Log::default());
    let _guards = telling(&store, &log);
    store.batch(|batch| {
        batch.dispatch(Twice);
        store.dispatch(RESET.with(1));
        store.batch(|inner| inner.dispatch(RESET.with(5)));
    });
    assert_eq!(
        log.take(),
        ["sum 1", "both (1, 0)", "sum 5", "both (5, 0)", "sum 10", "both (10, 0)"]
    );
}

#[test]
fn layers_see_each_action_before_any_is_reduced_and_may_stop_or_replace_it() {
    let log = Log::default();
    let seen = log.clone();
    let store = builder()
        .middleware(move |action: Any, next: Next<'_>| {
            let (store, name) = (next.store().clone(), action.action_type());
            let name = name.as_str().rsplit(':').next().unwrap().to_owned();
            seen.note(format_args!("{name} before {}", store.get(&SUM)));
            let done = next.run(action);
            seen.note(format_args!("{name} after {}", store.get(&SUM)));
            done
        })
        .middleware(|any: Any, next: Next<'_>| match any.of(action::<Added>()) {
            Some(Added(0)) => Ok(()),
            Some(Added(1)) => next.run(Arc::new(Added(100))),
            _ => next.run(any),
        })
        .build()
        .unwrap();
    let _guards = telling(&store, &log);
    store.batch(|batch| {
        for number in [0, 1, 2] {
            batch.dispatch(Added(number));
        }
    });
    let around = ["Added before 0", "Added after 0"];
    assert_eq!(log.take(), [&around[..], &around, &around, &["sum 102", "both (102, 2)"]].concat());
}

#[test]
fn what_a_layer_keeps_for_later_is_no_part_of_the_batch() {
    let held: Arc<Mutex<Vec<(Any, Later)>>> = Arc::default();
    let hold = Arc::clone(&held);
    let store = builder()
        .middleware(move |any: Any, next: Next<'_>| {
            if any.is(action::<Twice>()) {
                hold.lock().unwrap().push((any, next.later()));
                return Ok(());
            }
            next.run(any)
        })
        .build()
        .unwrap();
    store.batch(|batch| {
        batch.dispatch(Twice);
        batch.dispatch(Added(3));
    });
    assert_eq!(store.get(&SUM), 3);
    let (twice, later) = held.lock().unwrap().pop().unwrap();
    later.run(twice).unwrap();
    assert_eq!(store.get(&SUM), 6);
}

#[test]
fn a_layer_that_panics_keeps_the_whole_batch_back_and_one_that_refuses_only_its_action() {
    let store = builder()
        .middleware(|any: Any, next: Next<'_>| {
            let store = next.store().clone();
            match any.of(action::<Added>()) {
                Some(Added(-1)) => panic!("a layer"),
                Some(Added(-2)) => {
                    Err(store.core().updates(|_| store.try_dispatch(Twice).unwrap_err()).0)
                }
                _ => next.run(any),
            }
        })
        .build()
        .unwrap();
    let add = |numbers: [i32; 3]| {
        store.try_batch(|batch| numbers.map(|number| batch.dispatch(Added(number))))
    };
    assert!(catch_unwind(AssertUnwindSafe(|| add([1, -1, 1]))).is_err());
    assert_eq!(store.get(&SUM), 0);
    assert!(matches!(add([1, -2, 2]), Err(DispatchError::Reentrant(_))));
    assert_eq!(store.get(&SUM), 3);
}

#[test]
fn listeners_hear_of_each_action_after_the_commit_with_the_states_around_that_action() {
    let (store, log) = (store(), Log::default());
    let heard = log.clone();
    let listener = Listener::on(action::<Added>()).keeping(&SUM).run(
        move |added: Heard<Added>, api: ListenerApi| {
            let (before, after) = (*api.before(&SUM), *api.after(&SUM));
            let now = api.read(&SUM, |sum| *sum);
            heard.note(format_args!("{}: {before} to {after}, now {now}", added.0));
            async {}
        },
    );
    store.listen(listener).detach();
    let _guards = telling(&store, &log);
    store.batch(|batch| {
        batch.dispatch(Added(1));
        batch.dispatch(Twice);
        batch.dispatch(Added(2));
    });
    assert_eq!(log.take(), ["sum 4", "both (4, 2)", "1: 0 to 1, now 4", "2: 2 to 4, now 4"]);
}

#[test]
fn a_reducer_that_panics_tears_its_slice_and_the_others_change() {
    let store = store();
    let batch = || {
        store.batch(|batch| {
            for number in [1, 13, 2] {
                batch.dispatch(Added(number));
            }
        });
    };
    assert!(catch_unwind(AssertUnwindSafe(batch)).is_err());
    assert_eq!(store.get(&COUNT), 3);
    assert!(store.try_read(&SUM, |sum| *sum).is_err(), "torn");
    assert!(matches!(store.try_batch(|batch| batch.dispatch(Twice)), Err(DispatchError::Slice(_))));
    store.recover(&SUM, |sum| *sum = 0);
    store.batch(|batch| batch.dispatch(Added(1)));
    assert_eq!(store.get(&SUM), 1);
}

#[test]
fn a_reducer_that_batches_is_reentrant_and_its_body_is_not_called() {
    static STORE: OnceLock<Store> = OnceLock::new();
    static GO: SliceKey<bool> = SliceKey::new("go");
    let slice = GO.slice(|| false).on(action::<Twice>(), |reentrant, _| {
        let tried = STORE.get().unwrap().try_batch(|_| -> () { unreachable!("not called") });
        *reentrant = matches!(tried, Err(DispatchError::Reentrant(_)));
    });
    let store = STORE.get_or_init(|| Store::builder().slice(slice).build().unwrap());
    store.dispatch(Twice);
    assert!(store.get(&GO));
}

#[test]
fn subscribers_may_batch() {
    let store = store();
    let inner = store.clone();
    let _guard = store.subscribe(&COUNT, move |count| {
        if *count == 1 {
            inner.batch(|batch| {
                batch.dispatch(Added(10));
                batch.dispatch(Twice);
            });
        }
    });
    store.dispatch(Added(1));
    assert_eq!((store.get(&SUM), store.get(&COUNT)), (22, 2));
}
