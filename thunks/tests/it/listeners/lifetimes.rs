//! How long listeners listen.

use super::{Added, Other, SECOND, SUM, Stage};
use std::sync::{Arc, Mutex};
use trine_thunks::{Heard, Listener, ListenerApi, action};

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
