//! Layers around the reducers (reference 3.1: `applyMiddleware`, 3.6: `createDynamicMiddleware`).

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};
use trine_core::test::{ManualClock, ManualExecutor};
use trine_thunks::{
    Action, AnyAction, AsyncThunk, DispatchError, Later, Next, SliceKey, Store, StoreBuilder,
    ThunkApi, action,
};

struct Added(i32);
impl Action for Added {}
struct Twice;
impl Action for Twice {}

static SUM: SliceKey<i32> = SliceKey::new("sum");

fn builder() -> StoreBuilder {
    Store::builder().slice(
        SUM.slice(|| 0)
            .on(action::<Added>(), |sum, added| {
                assert_ne!(added.0, 13, "unlucky");
                *sum += added.0;
            })
            .on(action::<Twice>(), |sum, _| *sum *= 2),
    )
}

type Any = Arc<dyn AnyAction>;
type Passed = Result<(), DispatchError>;

fn noting(log: &Log, name: &'static str) -> impl Fn(Any, Next<'_>) -> Passed + use<> {
    let log = log.clone();
    move |action, next| {
        let store = next.store().clone();
        log.note(format_args!("{name} before {}", store.get(&SUM)));
        let passed = next.run(action);
        log.note(format_args!("{name} after {}", store.get(&SUM)));
        passed
    }
}

#[test]
fn layers_surround_the_reducers_and_the_first_is_the_outermost() {
    let log = Log::default();
    let store =
        builder().middleware(noting(&log, "one")).middleware(noting(&log, "two")).build().unwrap();
    let told = log.clone();
    let _guard = store.subscribe(&SUM, move |sum| told.note(format_args!("told {sum}")));
    store.dispatch(Added(3));
    let expected = ["one before 0", "two before 0", "told 3", "two after 3", "one after 3"];
    assert_eq!(log.take(), expected);
}

#[test]
fn a_layer_can_stop_an_action() {
    let stop = |action: Any, next: Next<'_>| {
        if action.is(trine_thunks::action::<Twice>()) { Ok(()) } else { next.run(action) }
    };
    let store = builder().middleware(stop).build().unwrap();
    store.dispatch(Added(2));
    store.dispatch(Twice);
    assert_eq!(store.get(&SUM), 2);
}

#[test]
fn a_layer_can_replace_an_action_for_those_behind_it() {
    let log = Log::default();
    let store = builder()
        .middleware(noting(&log, "outer"))
        .middleware(|action: Any, next: Next<'_>| {
            match action.of(trine_thunks::action::<Added>()) {
                Some(added) => next.run(Arc::new(Added(added.0 * 10))),
                None => next.run(action),
            }
        })
        .build()
        .unwrap();
    store.dispatch(Added(1));
    assert_eq!(log.take(), ["outer before 0", "outer after 10"]);
}

#[test]
fn what_a_layer_dispatches_goes_through_all_layers() {
    let log = Log::default();
    let store = builder()
        .middleware(noting(&log, "outer"))
        .middleware(|action: Any, next: Next<'_>| {
            let store = next.store().clone();
            let doubled = action.is(trine_thunks::action::<Added>());
            next.run(action)?;
            if doubled { store.try_dispatch(Twice) } else { Ok(()) }
        })
        .build()
        .unwrap();
    store.dispatch(Added(2));
    let expected = ["outer before 0", "outer before 2", "outer after 4", "outer after 4"];
    assert_eq!(log.take(), expected);
}

#[test]
fn a_layer_can_let_an_action_go_on_later_in_virtual_time() {
    let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
    let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    let store = builder()
        .on(core)
        .middleware(|action: Any, next: Next<'_>| {
            let core = next.store().core().clone();
            let later = next.later();
            core.run("delay", move |cx| async move {
                let clock = cx.store().unwrap().clock().unwrap();
                clock.sleep(Duration::from_secs(1)).await;
                later.run(action).map_err(|error| error.to_string())
            });
            Ok(())
        })
        .build()
        .unwrap();
    store.dispatch(Added(5));
    executor.run_until_stalled();
    assert_eq!(store.get(&SUM), 0);
    clock.advance(Duration::from_secs(1));
    executor.run_until_stalled();
    assert_eq!(store.get(&SUM), 5);
}

#[test]
fn what_is_let_go_after_the_store_is_gone_is_an_error() {
    let held: Arc<Mutex<Option<(Any, Later)>>> = Arc::default();
    let hold = Arc::clone(&held);
    let store = builder()
        .middleware(move |action, next: Next<'_>| {
            *hold.lock().unwrap() = Some((action, next.later()));
            Ok(())
        })
        .build()
        .unwrap();
    store.dispatch(Added(1));
    drop(store);
    let (action, later) = held.lock().unwrap().take().unwrap();
    assert!(matches!(later.run(action), Err(DispatchError::StoreDropped(_))));
}

#[test]
fn layers_come_and_go() {
    let (store, log) = (builder().build().unwrap(), Log::default());
    let one = store.add_middleware(noting(&log, "one"));
    store.add_middleware(noting(&log, "two")).detach();
    store.dispatch(Added(1));
    drop(one);
    store.dispatch(Added(1));
    let expected = [
        "one before 0",
        "two before 0",
        "two after 1",
        "one after 1",
        "two before 1",
        "two after 2",
    ];
    assert_eq!(log.take(), expected);
}

#[test]
fn a_layer_may_remove_itself_while_it_runs() {
    let (store, log) = (builder().build().unwrap(), Log::default());
    let own = Arc::new(Mutex::new(None));
    let (guard, noted) = (Arc::clone(&own), log.clone());
    *own.lock().unwrap() = Some(store.add_middleware(move |action, next: Next<'_>| {
        noted.note("once");
        drop(guard.lock().unwrap().take());
        next.run(action)
    }));
    store.dispatch(Added(1));
    store.dispatch(Added(1));
    assert_eq!((log.take(), store.get(&SUM)), (vec!["once".to_owned()], 2));
}

#[test]
fn a_layer_that_answers_itself_without_end_is_an_error_that_names_the_action() {
    let store =
        builder().middleware(|_, next: Next<'_>| next.store().try_dispatch(Twice)).build().unwrap();
    let error = store.try_dispatch(Added(1)).unwrap_err();
    assert!(matches!(error, DispatchError::TooDeep { .. }), "{error}");
    assert!(error.to_string().contains("Twice"), "{error}");
    assert!(store.try_dispatch(Added(1)).is_err(), "and it can be found again");
}

#[test]
fn a_panic_of_a_layer_goes_to_who_dispatched_and_the_store_goes_on() {
    let store = builder()
        .middleware(|action: Any, next: Next<'_>| {
            let unlucky = action.of(trine_thunks::action::<Added>()).is_some_and(|a| a.0 == 7);
            assert!(!unlucky, "seven");
            next.run(action)
        })
        .build()
        .unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| store.dispatch(Added(7)))).is_err());
    store.dispatch(Added(1));
    assert_eq!(store.get(&SUM), 1);
}

#[test]
fn a_panic_of_a_reducer_passes_through_the_layers() {
    let log = Log::default();
    let store = builder().middleware(noting(&log, "layer")).build().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| store.dispatch(Added(13)))).is_err());
    assert_eq!(log.take(), ["layer before 0"]);
    store.recover(&SUM, |sum| *sum = 0);
    store.dispatch(Added(1));
    assert_eq!(store.get(&SUM), 1);
}

#[test]
fn no_layer_is_called_inside_a_lease() {
    let log = Log::default();
    let store = builder().middleware(noting(&log, "layer")).build().unwrap();
    let error = store.read(&SUM, |_| store.try_dispatch(Added(1))).unwrap_err();
    assert!(matches!(error, DispatchError::Reentrant(_)), "{error}");
    assert!(log.take().is_empty());
}

#[test]
fn what_a_body_dispatches_goes_through_the_layers_until_it_is_over() {
    let (executor, log) = (ManualExecutor::new(), Log::default());
    let core = trine_core::Store::with_spawner(executor.clone());
    let store = builder().on(core).middleware(noting(&log, "layer")).build().unwrap();
    let kept: Arc<Mutex<Option<ThunkApi>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let adding = AsyncThunk::<(), (), ()>::new("adding", move |(), api: ThunkApi| {
        *keep.lock().unwrap() = Some(api.clone());
        async move {
            api.dispatch(Added(4));
            Ok(())
        }
    });
    store.dispatch(adding.with(()));
    assert!(log.take().contains(&"layer after 4".to_owned()));
    let api = kept.lock().unwrap().take().unwrap();
    let error = api.try_dispatch(Added(1)).unwrap_err();
    assert!(matches!(error, DispatchError::RunSettled { .. }), "{error}");
    assert!(log.take().is_empty());
}

#[test]
#[should_panic(expected = "the extra value comes before")]
fn the_extra_value_comes_before_middleware() {
    let _ = builder().middleware(|action: Any, next: Next<'_>| next.run(action)).extra(1);
}

#[test]
fn dispatch_from_many_threads_through_layers_loses_nothing() {
    let store =
        builder().middleware(|action: Any, next: Next<'_>| next.run(action)).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..250).for_each(|_| store.dispatch(Added(1))));
        }
    });
    assert_eq!(store.get(&SUM), 1_000);
}

mod of_thunks {
    //! Lifecycle events pass the layers, which cannot break what a store promises of them.

    use super::{Any, Log, Passed};
    use std::sync::{Arc, Mutex};
    use trine_core::test::ManualExecutor;
    use trine_thunks::{
        AsyncThunk, Listener, ListenerApi, Next, SliceKey, Store, ThunkApi, any_of, matching,
    };

    static HEARD: SliceKey<Vec<String>> = SliceKey::new("heard");

    type Load = AsyncThunk<u32, u32, String>;

    fn load() -> Load {
        AsyncThunk::new("load", |number, _: ThunkApi| async move {
            if number < 10 { Ok(number) } else { Err("too large".to_owned()) }
        })
    }

    fn waiting() -> Load {
        AsyncThunk::new("waiting", |_, _: ThunkApi| std::future::pending())
    }

    fn store(layer: impl Fn(Any, Next<'_>) -> Passed + Send + Sync + 'static) -> Store {
        let heard = HEARD.slice(Vec::new).on_any(matching(|_| true), |heard, any| {
            heard.push(any.action_type().to_string());
        });
        let core = trine_core::Store::with_spawner(ManualExecutor::new());
        Store::builder().on(core).slice(heard).middleware(layer).build().unwrap()
    }

    fn stopping(phase: &'static str) -> impl Fn(Any, Next<'_>) -> Passed {
        move |action, next| {
            if action.action_type().ends_with(phase) { Ok(()) } else { next.run(action) }
        }
    }

    #[test]
    fn all_events_of_a_run_pass_the_layers_with_its_identity() {
        let seen = Log::default();
        let log = seen.clone();
        let store = store(move |action, next| {
            log.note(format_args!("{} {:?}", action.action_type(), action.request_id()));
            next.run(action)
        });
        let run = store.dispatch(load().with(1));
        let id = Some(run.id());
        let expected = [format!("load/pending {id:?}"), format!("load/fulfilled {id:?}")];
        assert_eq!(seen.take(), expected);
        assert_eq!(store.get(&HEARD), ["load/pending", "load/fulfilled"]);
    }

    #[test]
    fn a_layer_that_stops_pending_does_not_stop_the_run() {
        let store = store(stopping("/pending"));
        assert!(store.dispatch(load().with(1)).outcome().unwrap().is_fulfilled());
        assert_eq!(store.get(&HEARD), ["load/fulfilled"]);
    }

    #[test]
    fn a_layer_that_stops_the_end_changes_nothing_for_who_awaits_it() {
        let store = store(stopping("/fulfilled"));
        assert!(store.dispatch(load().with(1)).outcome().unwrap().is_fulfilled());
        assert_eq!(store.get(&HEARD), ["load/pending"]);
    }

    #[test]
    fn what_takes_the_place_of_an_end_is_not_what_the_run_gives() {
        static INSTEAD: trine_thunks::ActionCreator = trine_thunks::ActionCreator::new("instead");
        let store = store(|action, next| {
            let replaced = action.action_type().ends_with("/rejected");
            if replaced { next.run(Arc::new(INSTEAD.with(()))) } else { next.run(action) }
        });
        assert!(store.dispatch(load().with(10)).outcome().unwrap().is_rejected());
        assert_eq!(store.get(&HEARD), ["load/pending", "instead"]);
    }

    #[test]
    fn a_layer_that_panics_at_the_end_does_not_lose_it() {
        for fails in [true, false] {
            let store = store(move |action, next| {
                let unlucky = action.action_type().ends_with("/fulfilled");
                assert!(!unlucky || !fails, "unlucky");
                if unlucky {
                    return next
                        .store()
                        .read(&HEARD, |_| next.store().try_dispatch(INSIDE.with(())));
                }
                next.run(action)
            });
            static INSIDE: trine_thunks::ActionCreator = trine_thunks::ActionCreator::new("inside");
            let failed = Log::default();
            let _observer = failed.follow(store.core(), |event| match event {
                trine_core::Event::Failed { what, .. } => Some(what.to_string()),
                _ => None,
            });
            assert!(store.dispatch(load().with(1)).outcome().unwrap().is_fulfilled());
            assert_eq!(store.get(&HEARD), ["load/pending", "load/fulfilled"]);
            assert_eq!(failed.take(), ["a middleware that was handed `load/fulfilled`"]);
        }
    }

    #[test]
    fn a_layer_that_panics_at_pending_fails_the_run_before_it_began() {
        let store = store(|action, next| {
            assert!(!action.action_type().ends_with("/pending"), "not today");
            next.run(action)
        });
        assert!(store.dispatch(load().with(1)).outcome().unwrap().is_failed());
        assert!(store.get(&HEARD).is_empty(), "there is no end of what has not begun");
    }

    #[test]
    fn a_layer_that_aborts_the_run_at_pending_gives_it_one_end() {
        let store = store(|action, next| {
            let store = next.store().clone();
            let pending = action.action_type().ends_with("/pending");
            if pending && let Some(run) = action.request_id() {
                store.core().runs().abort(run, "no");
            }
            next.run(action)
        });
        assert!(store.dispatch(waiting().with(1)).outcome().unwrap().is_aborted());
        let heard = store.get(&HEARD);
        assert!(heard.is_empty() || heard == ["waiting/pending", "waiting/rejected"], "{heard:?}");
    }

    #[test]
    fn listeners_hear_of_the_end_before_who_awaits_the_run_goes_on() {
        let (load, log) = (load(), Log::default());
        let noted = log.clone();
        let ends = Listener::on_any(any_of((load.fulfilled(), load.rejected())));
        let failed = Listener::on(load.rejected());
        let (errors, rejected) = (Arc::new(Mutex::new(Vec::new())), load.rejected());
        let kept = Arc::clone(&errors);
        let store = Store::builder()
            .listener(ends.run(move |end, _: ListenerApi| {
                noted.note(format_args!("{} {}", end.action_type(), end.is(rejected.clone())));
                async {}
            }))
            .listener(failed.run(move |rejected, _: ListenerApi| {
                kept.lock().unwrap().extend(rejected.error().cloned());
                async {}
            }))
            .build()
            .unwrap();
        store.dispatch(load.with(1));
        store.dispatch(load.with(10));
        assert_eq!(log.take(), ["load/fulfilled false", "load/rejected true"]);
        assert_eq!(*errors.lock().unwrap(), ["too large"]);
    }

    #[test]
    fn an_end_that_comes_inside_a_lease_is_told_after_it() {
        let store = store(|action, next| next.run(action));
        let run = store.dispatch(waiting().with(1));
        store.read(&HEARD, |_| run.abort("inside"));
        assert_eq!(store.get(&HEARD), ["waiting/pending", "waiting/rejected"]);
    }
}
