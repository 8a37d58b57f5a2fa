//! Listeners (reference 3.5), in virtual time.

use crate::log::Log;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};
use trine_core::{
    Event,
    test::{ManualClock, ManualExecutor, yield_now},
};
use trine_thunks::{
    Action, AnyAction, AsyncThunk, Entities, Heard, Listener, ListenerApi, ListenerError, Next,
    SliceKey, Store, StoreBuilder, ThunkApi, action, any_of,
};

struct Added(i32);
impl Action for Added {}
struct Other;
impl Action for Other {}

static SUM: SliceKey<i32> = SliceKey::new("sum");
const SECOND: Duration = Duration::from_secs(1);

/// A store in virtual time.
struct Stage {
    store: Store,
    executor: ManualExecutor,
    clock: ManualClock,
    log: Log,
}

impl Stage {
    fn with(build: impl FnOnce(StoreBuilder, &Log) -> StoreBuilder) -> Self {
        let (executor, clock, log) = (ManualExecutor::new(), ManualClock::new(), Log::default());
        let core =
            trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
        let sum = SUM.slice(|| 0).on(action::<Added>(), |sum, added| {
            assert_ne!(added.0, -13, "unlucky");
            *sum += added.0;
        });
        let store = build(Store::builder().on(core).slice(sum), &log).build().unwrap();
        Self { store, executor, clock, log }
    }

    fn new() -> Self {
        Self::with(|builder, _| builder)
    }

    fn run(&self) {
        self.executor.run_until_stalled();
    }

    fn pass(&self, time: Duration) {
        self.run();
        self.clock.advance(time);
        self.run();
    }

    fn listen(&self, listener: Listener) {
        self.store.listen(listener).detach();
    }
}

#[test]
fn listeners_hear_after_reducers_and_subscribers_in_the_order_in_which_they_were_added() {
    let stage = Stage::with(|builder, log| {
        let noting = |name: &'static str| {
            let log = log.clone();
            move |added: Heard<Added>, api: ListenerApi| {
                log.note(format_args!("{name} {} of {}", added.0, api.read(&SUM, |sum| *sum)));
                async {}
            }
        };
        let log = log.clone();
        builder
            .listener(Listener::on(action::<Added>()).run(noting("one")))
            .listener(Listener::when(|_| true).run(move |any, _| {
                log.note(format_args!("any {}", any.is(action::<Added>())));
                async {}
            }))
            .listener(Listener::on(action::<Added>()).run(noting("two")))
    });
    let told = stage.log.clone();
    let _guard = stage.store.subscribe(&SUM, move |sum| told.note(format_args!("told {sum}")));
    stage.store.dispatch(Added(3));
    assert_eq!(stage.log.take(), ["told 3", "one 3 of 3", "any true", "two 3 of 3"]);
    stage.store.dispatch(Other);
    assert_eq!(stage.log.take(), ["any false"]);
}

#[test]
fn the_first_part_of_an_effect_runs_inside_dispatch_and_the_rest_later() {
    let stage = Stage::new();
    let log = stage.log.clone();
    stage.listen(Listener::on(action::<Added>()).run(move |_, _| {
        let log = log.clone();
        async move {
            log.note("first");
            yield_now().await;
            log.note("second");
        }
    }));
    stage.store.dispatch(Added(1));
    assert_eq!(stage.log.take(), ["first"]);
    stage.run();
    assert_eq!(stage.log.take(), ["second"]);
}

#[test]
fn a_matcher_entry_hears_each_of_its_cases_once() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let both = any_of((action::<Added>(), action::<Other>(), action::<Added>()));
    stage.listen(Listener::on_any(both).run(move |any, _| {
        log.note(any.of(action::<Added>()).map_or("other".to_owned(), |a| a.0.to_string()));
        async {}
    }));
    stage.store.dispatch(Added(1));
    stage.store.dispatch(Other);
    assert_eq!(stage.log.take(), ["1", "other"]);
}

#[test]
fn states_from_before_and_after_are_there_in_predicates_and_after_waits() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let crossing = Listener::on(action::<Added>())
        .keeping(&SUM)
        .when(|change| *change.before(&SUM) < 10 && *change.after(&SUM) >= 10)
        .run(move |_, api: ListenerApi| {
            let log = log.clone();
            async move {
                yield_now().await;
                let now = api.read(&SUM, |sum| *sum);
                log.note(format_args!("{} to {}, now {now}", api.before(&SUM), api.after(&SUM)));
            }
        });
    stage.listen(crossing);
    for number in [4, 5, 6, 7] {
        stage.store.dispatch(Added(number));
    }
    stage.run();
    assert_eq!(stage.log.take(), ["9 to 15, now 22"]);
}

#[test]
fn a_state_that_is_not_kept_is_named_in_the_panic_which_is_an_error_of_the_effect() {
    let stage = Stage::new();
    let errors: Arc<Mutex<Vec<ListenerError>>> = Arc::default();
    let seen = Arc::clone(&errors);
    stage.listen(
        Listener::on(action::<Added>())
            .on_error(move |error| seen.lock().unwrap().push(error.clone()))
            .run(|_, api: ListenerApi| async move { assert_eq!(*api.before(&SUM), 0) }),
    );
    stage.store.dispatch(Added(1));
    let errors = errors.lock().unwrap();
    assert!(errors[0].message.contains("does not keep slice `sum`"), "{}", errors[0]);
}

#[test]
fn take_resolves_with_the_next_action_from_the_call_on() {
    let stage = Stage::new();
    let log = stage.log.clone();
    stage.listen(Listener::on(action::<Other>()).run(move |_, api: ListenerApi| {
        let log = log.clone();
        async move {
            let next = api.take(action::<Added>());
            api.dispatch(Added(1));
            api.dispatch(Added(2));
            log.note(next.await.0);
            log.note(api.take(action::<Added>()).await.0);
            let any = api.take_any(any_of((action::<Added>(), action::<Other>()))).await;
            log.note(any.action_type());
        }
    }));
    stage.store.dispatch(Other);
    assert_eq!(stage.log.take(), ["1"], "what was awaited had happened");
    stage.run();
    stage.store.dispatch(Added(3));
    stage.run();
    assert_eq!(stage.log.take(), ["3"]);
    stage.store.dispatch(Added(4));
    stage.run();
    assert_eq!(stage.log.take().len(), 1);
}

#[test]
fn take_and_condition_give_up_in_time_and_leave_nothing_registered() {
    let stage = Stage::new();
    let log = stage.log.clone();
    stage.listen(Listener::on(action::<Other>()).run(move |_, api: ListenerApi| {
        let log = log.clone();
        async move {
            let taken = api.take_within(action::<Added>(), SECOND).await;
            log.note(taken.map_or(-1, |added| added.0));
            let large = api.condition_within(|change| change.read(&SUM, |sum| *sum > 5), SECOND);
            log.note(large.await.is_some());
        }
    }));
    stage.store.dispatch(Other);
    stage.pass(SECOND);
    assert_eq!(stage.log.take(), ["-1"]);
    stage.pass(SECOND);
    assert_eq!(stage.log.take(), ["false"]);
    stage.store.dispatch(Other);
    stage.run();
    stage.store.dispatch(Added(3));
    stage.run();
    assert_eq!(stage.log.take(), ["3"]);
    stage.store.dispatch(Added(1));
    stage.run();
    assert_eq!(stage.log.take(), [""; 0]);
    stage.store.dispatch(Added(2));
    stage.run();
    assert_eq!(stage.log.take(), ["true"]);
    assert!(stage.store.core().runs().is_empty());
}

#[test]
fn forks_end_with_the_effect_unless_they_are_detached() {
    let stage = Stage::new();
    let log = stage.log.clone();
    stage.listen(Listener::on(action::<Other>()).run(move |_, api: ListenerApi| {
        let log = log.clone();
        async move {
            let waiting = |name: &'static str, time| {
                let log = log.clone();
                api.fork(move |api| async move {
                    api.delay(time).await;
                    log.note(name);
                    Ok::<_, String>(name)
                })
            };
            let joined = waiting("joined", SECOND);
            waiting("left behind", 5 * SECOND);
            waiting("detached", 5 * SECOND).detach_from_parent();
            log.note(format_args!("{:?}", joined.result().await.unwrap()));
        }
    }));
    stage.store.dispatch(Other);
    stage.pass(SECOND);
    stage.pass(5 * SECOND);
    assert_eq!(stage.log.take(), ["joined", "\"joined\"", "detached"]);
}

#[test]
fn cancel_active_ends_the_others_of_its_own_listener_only() {
    let stage = Stage::new();
    for name in ["search", "other"] {
        let log = stage.log.clone();
        let listener = Listener::on(action::<Added>()).name(name);
        stage.listen(listener.run(move |added, api: ListenerApi| {
            let log = log.clone();
            async move {
                if name == "search" {
                    api.cancel_active("a later one has come");
                }
                api.delay(SECOND).await;
                log.note(format_args!("{name} {}", added.0));
            }
        }));
    }
    stage.store.dispatch(Added(1));
    stage.store.dispatch(Added(2));
    stage.pass(SECOND);
    let mut heard = stage.log.take();
    heard.sort();
    assert_eq!(heard, ["other 1", "other 2", "search 2"]);
}

#[test]
fn an_effect_can_cancel_itself() {
    let stage = Stage::new();
    let log = stage.log.clone();
    stage.listen(Listener::on(action::<Added>()).run(move |_, api: ListenerApi| {
        let log = log.clone();
        async move {
            assert!(api.cancel("enough") && api.is_aborted());
            api.dispatch(Added(100));
            yield_now().await;
            log.note("never");
        }
    }));
    stage.store.dispatch(Added(1));
    stage.run();
    assert_eq!((stage.log.take(), stage.store.get(&SUM)), (vec![], 1));
}

#[test]
fn a_listener_can_stop_and_go_on_listening() {
    let stage = Stage::new();
    let log = stage.log.clone();
    stage.listen(Listener::on(action::<Added>()).run(move |added, api: ListenerApi| {
        let log = log.clone();
        async move {
            api.unsubscribe();
            log.note(added.0);
            api.delay(SECOND).await;
            api.subscribe();
        }
    }));
    stage.store.dispatch(Added(1));
    stage.store.dispatch(Added(2));
    stage.pass(SECOND);
    stage.store.dispatch(Added(3));
    assert_eq!(stage.log.take(), ["1", "3"]);
}

#[test]
fn policies_and_paces_of_effects_are_those_of_runs() {
    let stage = Stage::new();
    let noting = |name: &'static str| {
        let log = stage.log.clone();
        move |added: Heard<Added>, api: ListenerApi| {
            let log = log.clone();
            async move {
                api.delay(SECOND).await;
                log.note(format_args!("{name} {}", added.0));
            }
        }
    };
    let on = || Listener::on(action::<Added>());
    stage.listen(on().latest().run(noting("latest")));
    stage.listen(on().leading().run(noting("leading")));
    stage.listen(on().latest().key(|added| added.0 % 2).run(noting("latest by key")));
    stage.listen(on().debounce(SECOND).run(noting("debounced")));
    stage.listen(on().throttle_leading(10 * SECOND).run(noting("throttled")));
    stage.listen(on().timeout(SECOND / 2).on_error(|_| ()).run(noting("timed out")));
    for number in 1..=3 {
        stage.store.dispatch(Added(number));
    }
    stage.pass(SECOND / 2);
    stage.pass(SECOND / 2);
    stage.pass(SECOND);
    let mut heard = stage.log.take();
    heard.sort();
    let expected = [
        "debounced 3",
        "latest 3",
        "latest by key 2",
        "latest by key 3",
        "leading 1",
        "throttled 1",
    ];
    assert_eq!(heard, expected);
}

#[test]
fn errors_and_panics_of_effects_and_predicates_are_reported_and_nothing_stops() {
    let stage = Stage::new();
    let errors: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = |name: &'static str| {
        let errors = Arc::clone(&errors);
        move |error: &ListenerError| {
            errors.lock().unwrap().push(format!("{name}: {} {}", error.raised_by, error.message));
        }
    };
    let on = || Listener::on(action::<Added>());
    stage.listen(on().on_error(told("a")).run(|_, _: ListenerApi| async { Err("no") }));
    stage.listen(
        on().on_error(told("b"))
            .run(|added, _: ListenerApi| async move { assert!(added.0 < 0, "oh") }),
    );
    let predicate = on().when(|_| panic!("maybe")).on_error(told("c"));
    stage.listen(predicate.run(|_, _: ListenerApi| async {}));
    let sync = on().on_error(told("d")).run(|added, _: ListenerApi| {
        assert!(added.0 < 0, "at once");
        async {}
    });
    stage.listen(sync);
    let log = stage.log.clone();
    stage.listen(on().run(move |_, _: ListenerApi| {
        log.note("the last one hears");
        async {}
    }));
    stage.store.dispatch(Added(1));
    assert_eq!(stage.log.take(), ["the last one hears"]);
    let errors = errors.lock().unwrap();
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert_eq!(errors[0], "a: effect no");
    assert!(errors[1].starts_with("b: effect") && errors[1].contains("oh"), "{}", errors[1]);
    assert_eq!(errors[2], "c: predicate maybe");
    assert!(errors[3].starts_with("d: effect") && errors[3].contains("at once"), "{}", errors[3]);
}

#[test]
fn without_on_error_an_error_is_an_event_that_names_the_listener() {
    let stage = Stage::new();
    let _observer = stage.log.follow(stage.store.core(), |event| match event {
        Event::Failed { what, message } => Some(format!("{what}: {message}")),
        _ => None,
    });
    let listener = Listener::on(action::<Added>()).name("save");
    stage.listen(listener.run(|_, _: ListenerApi| async { Err("disk full") }));
    stage.store.dispatch(Added(1));
    assert_eq!(stage.log.take(), ["the effect of `save #1`: disk full"]);
}

#[test]
fn an_on_error_that_panics_is_an_event_too() {
    let stage = Stage::new();
    let _observer = stage.log.follow(stage.store.core(), |event| match event {
        Event::Failed { message, .. } => Some(message.to_string()),
        _ => None,
    });
    let broken = Listener::on(action::<Added>()).on_error(|_| panic!("really"));
    stage.listen(broken.run(|_, _: ListenerApi| async { Err("first") }));
    stage.store.dispatch(Added(1));
    assert!(stage.log.take().contains(&"first".to_owned()));
}

#[test]
fn a_removed_listener_hears_nothing_and_its_effects_go_on_unless_they_are_cancelled() {
    let stage = Stage::new();
    let noting = |name: &'static str| {
        let log = stage.log.clone();
        move |_: Heard<Added>, api: ListenerApi| {
            let log = log.clone();
            async move {
                api.delay(SECOND).await;
                log.note(name);
            }
        }
    };
    let kept = stage.store.listen(Listener::on(action::<Added>()).run(noting("goes on")));
    let gone = stage.store.listen(Listener::on(action::<Added>()).run(noting("cancelled")));
    stage.store.dispatch(Added(1));
    drop(kept);
    gone.cancel("no longer");
    stage.store.dispatch(Added(1));
    stage.pass(SECOND);
    assert_eq!(stage.log.take(), ["goes on"]);
    assert!(stage.store.core().runs().is_empty());
}

#[test]
fn clear_listeners_removes_them_all_and_ends_their_effects() {
    let stage = Stage::new();
    let guard = stage.store.listen(
        Listener::on(action::<Added>())
            .run(|_, api: ListenerApi| async move { api.delay(SECOND).await }),
    );
    stage.store.dispatch(Added(1));
    stage.store.dispatch(Added(1));
    assert_eq!(stage.store.clear_listeners("logged out"), 2);
    stage.store.dispatch(Added(1));
    assert!(stage.store.core().runs().is_empty());
    drop(guard);
    stage.store.dispatch(Added(1));
    assert_eq!(stage.store.get(&SUM), 4);
}

#[test]
fn an_effect_may_remove_its_own_listener_and_a_guard_may_be_dropped_inside_a_lease() {
    let stage = Stage::new();
    let own = Arc::new(Mutex::new(None));
    let (log, guard) = (stage.log.clone(), Arc::clone(&own));
    let listener = Listener::on(action::<Added>()).run(move |_, _: ListenerApi| {
        log.note("once");
        drop(guard.lock().unwrap().take());
        async {}
    });
    *own.lock().unwrap() = Some(stage.store.listen(listener));
    stage.store.dispatch(Added(1));
    stage.store.dispatch(Added(1));
    assert_eq!(stage.log.take(), ["once"]);
    let guard =
        stage.store.listen(Listener::on(action::<Added>()).run(|_, _: ListenerApi| async {}));
    stage.store.read(&SUM, move |_| drop(guard));
    stage.store.dispatch(Added(1));
}

#[test]
fn what_a_middleware_stops_is_not_heard_and_what_it_puts_in_the_place_is() {
    let stage = Stage::with(|builder, log| {
        let log = log.clone();
        builder
            .middleware(|any: Arc<dyn AnyAction>, next: Next<'_>| match any.of(action::<Added>()) {
                Some(Added(1)) => Ok(()),
                Some(Added(2)) => next.run(Arc::new(Added(20))),
                _ => next.run(any),
            })
            .listener(Listener::on(action::<Added>()).run(move |added, _| {
                log.note(added.0);
                async {}
            }))
    });
    for number in 1..=3 {
        stage.store.dispatch(Added(number));
    }
    assert_eq!(stage.log.take(), ["20", "3"]);
}

#[test]
fn an_action_whose_reducer_has_panicked_is_heard_before_the_panic_goes_on() {
    let stage = Stage::new();
    let log = stage.log.clone();
    stage.listen(Listener::on(action::<Added>()).keeping(&SUM).run(move |added, _| {
        log.note(added.0);
        async {}
    }));
    assert!(catch_unwind(AssertUnwindSafe(|| stage.store.dispatch(Added(-13)))).is_err());
    assert_eq!(stage.log.take(), ["-13"]);
}

#[test]
fn listeners_do_not_keep_the_store_alive_and_end_with_it() {
    let stage = Stage::new();
    let dropped = Arc::new(());
    let held = Arc::clone(&dropped);
    stage.listen(Listener::on(action::<Added>()).run(move |_, api: ListenerApi| {
        let held = Arc::clone(&held);
        async move {
            api.take(action::<Other>()).await;
            drop(held);
        }
    }));
    stage.store.dispatch(Added(1));
    stage.run();
    let Stage { store, executor, .. } = stage;
    drop(store);
    executor.run_until_stalled();
    assert_eq!(Arc::strong_count(&dropped), 1);
}

#[test]
fn a_listener_may_dispatch_what_it_listens_to() {
    let stage = Stage::new();
    stage.listen(Listener::on(action::<Added>()).run(|added, api: ListenerApi| async move {
        if added.0 > 0 {
            api.dispatch(Added(added.0 - 1));
        }
    }));
    stage.store.dispatch(Added(100));
    stage.run();
    assert_eq!(stage.store.get(&SUM), 5_050);
}

#[test]
fn thunks_that_an_effect_dispatches_are_its_children() {
    let stage = Stage::new();
    let endless =
        AsyncThunk::<(), (), ()>::new("endless", |(), _: ThunkApi| std::future::pending());
    stage.listen(Listener::on(action::<Added>()).run(move |_, api: ListenerApi| {
        let endless = endless.clone();
        async move {
            api.dispatch(endless.with(()));
            api.delay(SECOND).await;
        }
    }));
    stage.store.dispatch(Added(1));
    assert_eq!(stage.store.core().runs().len(), 2);
    stage.pass(SECOND);
    assert!(stage.store.core().runs().is_empty());
}

#[test]
fn tables_that_are_kept_cost_no_copy_of_their_entities() {
    static ROWS: SliceKey<Entities<(u32, Counted)>> = SliceKey::new("rows");
    #[derive(Clone)]
    struct Counted(#[expect(dead_code, reason = "it is counted")] Arc<()>);
    let one = Arc::new(());
    let held = Arc::clone(&one);
    let rows = ROWS
        .slice(move || (0..1_000).map(|id| (id, Counted(Arc::clone(&held)))).collect())
        .on(action::<Other>(), |rows, _| rows.update_one(&7, |_| ()));
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    let (counted, before) = (Arc::clone(&one), Arc::strong_count(&one));
    let listener = Listener::on(action::<Other>()).keeping(&ROWS).run(move |_, _: ListenerApi| {
        *count.lock().unwrap() = Arc::strong_count(&counted);
        async {}
    });
    let store = Store::builder().slice(rows).listener(listener).build().unwrap();
    store.dispatch(Other);
    assert!(*seen.lock().unwrap() <= before + 1_000 + 2, "one row was copied, not all");
}
