//! Effects and predicates that fail.

use super::{Added, Stage};
use std::sync::{Arc, Mutex};
use trine_core::Event;
use trine_thunks::{Listener, ListenerApi, ListenerError, action};

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
