//! Who hears what, and when: order, matchers, predicates, states from before and after.

use super::{Added, Other, SUM, Stage};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use trine_core::test::yield_now;
use trine_thunks::{
    AnyAction, Entities, Heard, Listener, ListenerApi, ListenerError, Next, SliceKey, Store,
    action, any_of,
};

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
