//! What pure code may not do, and what it is told.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    thread,
};
use trine_core::{CellErrorKind, Store};

#[test]
fn a_store_used_inside_its_own_lease_is_an_error_that_names_both_places() {
    let store = Store::new();
    let cell = store.source(1);
    let inner = store.clone();
    let (line, error) = store.with(cell, |_| (line!(), inner.try_get(cell).unwrap_err()));
    let CellErrorKind::Reentrant(reentrant) = error.kind() else { panic!("{error}") };
    assert_eq!((reentrant.outer.line(), reentrant.inner.line()), (line, line));
    assert!(error.to_string().contains("lease.rs"), "{error}");
}

#[test]
fn a_front_end_may_name_the_call_of_its_user_as_the_one_that_holds_the_lease() {
    let store = Store::new();
    let (cell, caller) = (store.source(1), std::panic::Location::caller());
    let inner = store.clone();
    let (error, _) = store.updates(|updates| {
        updates.called_at(caller);
        inner.try_get(cell).unwrap_err()
    });
    let CellErrorKind::Reentrant(reentrant) = error.kind() else { panic!("{error}") };
    assert_eq!(reentrant.outer, caller);
    assert_eq!(store.get(cell), 1, "the lease is free again");
}

#[test]
fn a_second_store_used_inside_a_lease_is_an_error_too() {
    let (store, other) = (Store::new(), Store::new());
    let (cell, foreign) = (store.source(1), other.source(1));
    let error = store.with(cell, |_| other.try_get(foreign).unwrap_err());
    assert!(error.is_reentrant());
}

#[test]
fn a_derivation_that_captures_a_store_fails_and_the_store_goes_on() {
    let store = Store::new();
    let cell = store.source(1);
    let captured = Mutex::new(store.clone());
    let bad = store.cell("bad").derived(move |_| captured.lock().unwrap().get(cell));
    let error = store.try_get(bad).unwrap_err();
    assert!(error.to_string().contains("from inside a lease"), "{error}");
    assert_eq!(store.get(cell), 1);
}

#[test]
fn a_panic_inside_a_lease_leaves_the_store_usable() {
    let store = Store::new();
    let cell = store.source(1);
    let panic = catch_unwind(AssertUnwindSafe(|| store.with(cell, |_| panic!("inside"))));
    assert!(panic.is_err());
    store.set(cell, 2);
    assert_eq!(thread::scope(|scope| scope.spawn(|| store.get(cell)).join().unwrap()), 2);
}

#[test]
fn a_clone_that_panics_for_its_subscribers_does_not_break_the_commit() {
    #[derive(PartialEq)]
    struct Brittle(i32);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert!(self.0 < 2, "cannot clone {}", self.0);
            Self(self.0)
        }
    }
    let store = Store::new();
    let cell = store.source(Brittle(0));
    let errors = std::sync::Arc::new(Mutex::new(Vec::new()));
    let heard = errors.clone();
    let _guard = store.subscribe_changes(cell, move |change| {
        heard
            .lock()
            .unwrap()
            .push(change.value().map(|value| value.0).map_err(ToString::to_string));
    });
    store.set(cell, Brittle(1));
    store.set(cell, Brittle(2));
    assert_eq!(store.with(cell, |value| value.0), 2);
    let errors = errors.lock().unwrap();
    assert_eq!(errors[0], Ok(1));
    assert!(errors[1].as_ref().unwrap_err().contains("cannot clone 2"));
}

/// Uses the store when it is dropped.
struct WritesOnDrop(Store, trine_core::Source<i32>);

impl Drop for WritesOnDrop {
    fn drop(&mut self) {
        self.0.set(self.1, 99);
    }
}

#[test]
fn what_guards_own_is_dropped_after_the_lease_that_they_are_dropped_in() {
    let store = Store::new();
    let (cell, told, noted) = (store.source(0), store.source(0), store.source(0));
    let writes = WritesOnDrop(store.clone(), told);
    let subscription = store.subscribe(cell, move |_| {
        let _ = &writes;
    });
    let writes = WritesOnDrop(store.clone(), noted);
    let observer = store.observe(move |_| {
        let _ = &writes;
    });
    store.update(cell, move |value| {
        drop((subscription, observer));
        *value = 1;
    });
    assert_eq!((store.get(cell), store.get(told), store.get(noted)), (1, 99, 99));
}

/// Counts the warnings of a thread.
#[derive(Clone, Default)]
struct Warnings(std::sync::Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "trine"
    }

    fn event(&self, event: &tracing::Event<'_>) {
        struct Line(String);
        impl tracing::field::Visit for Line {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "location" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_place_that_holds_the_lease_for_long_is_reported_once() {
    let warnings = Warnings::default();
    let heard = warnings.clone();
    tracing::subscriber::with_default(warnings, || {
        // Everything counts as long, so no test has to wait.
        let store = Store::builder().slow_lease(std::time::Duration::ZERO).build();
        let cell = store.source(0);
        for value in 1..=3 {
            store.set(cell, value);
        }
        store.get(cell);
    });
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.len(), 3, "made, written, read: {heard:?}");
    assert!(heard.iter().all(|location| location.contains("lease.rs")), "{heard:?}");
}
