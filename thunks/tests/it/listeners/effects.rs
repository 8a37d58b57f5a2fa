//! What effects may do: wait, take, fork, cancel, dispatch; and how often they run at a time.

use super::{Added, Other, SECOND, SUM, Stage};
use trine_core::test::yield_now;
use trine_thunks::{AsyncThunk, Heard, Listener, ListenerApi, ThunkApi, action, any_of};

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
