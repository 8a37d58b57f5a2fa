//! The log of what ran, and ids from a seed.

use std::{collections::BTreeSet, panic::catch_unwind};
use trine_core::{
    Store,
    test::{Log, Seeded},
};

#[test]
fn a_log_asserts_lines_order_and_number_and_starts_anew_after_each_look() {
    let log = Log::new();
    for line in ["a", "b", "a"] {
        log.clone().note(line);
    }
    assert_eq!((log.count("a"), log.count("c")), (2, 0));
    log.is(["a", "b", "a"]);
    log.is([]);
    for line in ["a", "x", "b"] {
        log.note(line);
    }
    log.has_in_order(["a", "b"]);
    log.is([]);
}

#[test]
fn a_log_that_is_different_fails_the_test() {
    let noted = || {
        let log = Log::new();
        log.note("a");
        log.note("b");
        log
    };
    assert!(catch_unwind(|| noted().is(["a"])).is_err());
    assert!(catch_unwind(|| noted().is(["b", "a"])).is_err());
    assert!(catch_unwind(|| noted().has_in_order(["b", "a"])).is_err());
    assert!(catch_unwind(|| noted().has_in_order(["a", "a"])).is_err());
}

#[test]
fn derivations_drops_and_events_note_themselves() {
    let (store, log) = (Store::new(), Log::new());
    let source = store.source(1);
    let double = store.derived(log.noting("double", move |cx| cx.get(source) * 2));
    let held = log.on_drop("dropped");
    assert_eq!(store.get(double), 2);
    drop(held);
    log.is(["double", "dropped"]);
    let following = log.follow(&store, |event| match event {
        trine_core::Event::Committed { number, .. } => Some(format!("commit {number}")),
        _ => None,
    });
    store.set(source, 2);
    log.is(["commit #1"]);
    drop(following);
    store.set(source, 3);
    log.is([]);
}

#[test]
fn ids_of_one_seed_are_unique_and_come_again_with_the_seed() {
    let draw = |seed| {
        let ids = Seeded::new(seed);
        (0..1_000).map(|_| ids.next_id()).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_eq!(draw(7).iter().collect::<BTreeSet<_>>().len(), 1_000);
    assert!(draw(7).iter().all(|id| !draw(8).contains(id)));
    // The first number of the published reference implementation for seed 0.
    assert_eq!(Seeded::new(0).next_id(), 0xe220_a839_7b1d_cdaf);
    assert_eq!(Seeded::new(0).next_text("run"), "run-e220a8397b1dcdaf");
    let draws = Seeded::new(1);
    assert!((0..200).all(|_| draws.below(3) < 3));
    assert_eq!(draws.below(0), 0);
}
