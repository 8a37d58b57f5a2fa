//! The schedule explorer: that it tries what it says, and finds what there is to find.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use trine_core::{
    Clock, Policy, Store,
    test::{Log, Scene, explore, yield_now},
};

/// Everything that a scenario's bodies did, one entry per schedule.
type Seen = Arc<Mutex<Vec<String>>>;

/// Adds a body of `steps` steps, each noted by its name.
fn steps(scene: &Scene, log: &Log, name: &'static str, steps: usize) {
    let log = log.clone();
    scene.spawn(name, async move {
        log.note(name);
        for _ in 1..steps {
            yield_now().await;
            log.note(name);
        }
    });
}

/// Notes in the end what was logged.
fn note_end(scene: &Scene, log: &Log, seen: &Seen) {
    let (log, seen) = (log.clone(), Arc::clone(seen));
    scene.finally(move || seen.lock().unwrap().push(log.take().concat()));
}

fn taken(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap())
}

#[test]
fn every_interleaving_of_the_await_points_is_played_once() {
    let seen = Seen::default();
    let explored = explore().check(|scene| {
        let log = Log::new();
        steps(scene, &log, "a", 3);
        steps(scene, &log, "b", 2);
        note_end(scene, &log, &seen);
    });
    assert!(explored.exhaustive);
    let seen = taken(&seen);
    // 5 steps, of which 2 are b's.
    assert_eq!(seen.len(), 10);
    assert_eq!(explored.schedules, 10);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 10);
    assert!(seen.iter().all(|line| line.matches('a').count() == 3 && line.len() == 5));
}

#[test]
fn a_cancellation_is_tried_at_every_await_point_and_at_most_as_often_as_was_asked_for() {
    let seen = Seen::default();
    let scenario = |scene: &Scene| {
        let log = Log::new();
        steps(scene, &log, "a", 3);
        note_end(scene, &log, &seen);
    };
    let explored = explore().cancellations(1).check(scenario);
    assert!(explored.exhaustive);
    let mut lengths: Vec<_> = taken(&seen).iter().map(String::len).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [0, 1, 2, 3]);

    let both = |scene: &Scene| {
        let log = Log::new();
        steps(scene, &log, "a", 1);
        steps(scene, &log, "b", 1);
        note_end(scene, &log, &seen);
    };
    explore().cancellations(1).check(both);
    assert!(!taken(&seen).contains(&String::new()));
    explore().cancellations(2).check(both);
    assert!(taken(&seen).contains(&String::new()));
}

#[test]
fn the_clock_goes_on_when_nothing_else_can_and_earlier_only_if_asked_to() {
    let seen = Seen::default();
    let scenario = |scene: &Scene| {
        let log = Log::new();
        let (clock, slow) = (scene.clock(), log.clone());
        scene.spawn("timer", async move {
            clock.sleep(Duration::from_secs(1)).await;
            slow.note("t");
        });
        steps(scene, &log, "a", 2);
        note_end(scene, &log, &seen);
    };
    explore().check(scenario);
    let late: BTreeSet<_> = taken(&seen).into_iter().collect();
    assert_eq!(late.into_iter().collect::<Vec<_>>(), ["aat"]);
    explore().clock_steps(1).check(scenario);
    let early: BTreeSet<_> = taken(&seen).into_iter().collect();
    assert_eq!(early.into_iter().collect::<Vec<_>>(), ["aat", "ata", "taa"]);
}

/// Two bodies that read, wait and write back, among others that have nothing to do with it.
fn lost_update(scene: &Scene, bystanders: usize) {
    let store = scene.store();
    let count = store.source(0);
    for name in ["a", "b"] {
        let store = store.clone();
        scene.spawn(name, async move {
            yield_now().await;
            let read = store.get(count);
            yield_now().await;
            store.set(count, read + 1);
        });
    }
    let log = Log::new();
    for _ in 0..bystanders {
        steps(scene, &log, "bystander", 4);
    }
    scene.finally(move || assert_eq!(store.get(count), 2, "an addition was lost"));
}

#[test]
fn the_schedule_that_breaks_an_assertion_is_small_and_fails_again_when_it_is_replayed() {
    for bystanders in [0, 3] {
        let scenario = |scene: &Scene| lost_update(scene, bystanders);
        // With the bystanders there are far too many schedules to try each.
        let found = explore().limit(50).seed(3).find(scenario).unwrap_err();
        let steps: Vec<_> = found.schedule.split(' ').collect();
        assert!(steps.len() <= 4, "{}", found.schedule);
        assert!(!found.schedule.contains("bystander"), "{}", found.schedule);
        assert!(found.failure.contains("an addition was lost"), "{}", found.failure);

        let again = explore().replay(&found.schedule).find(scenario).unwrap_err();
        assert_eq!((&again.played, &again.failure), (&found.played, &found.failure));
        let message = found.to_string();
        assert!(message.contains(&format!("explore().replay({:?})", found.schedule)), "{message}");
    }
    assert!(explore().replay("a a a b b b").find(|scene| lost_update(scene, 0)).is_ok());
}

#[test]
fn a_cancellation_that_matters_is_part_of_the_schedule() {
    let found = explore().cancellations(1).find(|scene| {
        let store = scene.store();
        let loading = store.source(false);
        let log = Log::new();
        steps(scene, &log, "other", 2);
        let body = store.clone();
        scene.spawn("load", async move {
            body.set(loading, true);
            yield_now().await;
            body.set(loading, false);
        });
        scene.finally(move || assert!(!store.get(loading)));
    });
    assert_eq!(found.unwrap_err().schedule, "load load!");
}

#[test]
fn tasks_of_runs_go_by_the_names_of_the_runs_and_are_aborted_as_runs() {
    let seen = Seen::default();
    let explored = explore().cancellations(1).check(|scene| {
        let (store, log) = (scene.store(), Log::new());
        for name in ["fetch user", "fetch user"] {
            let log = log.clone();
            let run = store
                .run_builder(name)
                .on_settle(move |outcome| log.note(format!("{} ", outcome.kind())))
                .start(|_| async {
                    yield_now().await;
                    Ok::<_, ()>(())
                });
            drop(run);
        }
        note_end(scene, &log, &seen);
        scene.finally(move || assert!(store.runs().is_empty()));
    });
    let ends: BTreeSet<_> = taken(&seen).into_iter().collect();
    let expected = ["aborted fulfilled ", "fulfilled aborted ", "fulfilled fulfilled "];
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), expected);
    assert!(explored.exhaustive);
    let replayed = explore().cancellations(1).replay("fetch-user#2! fetch-user").find(|scene| {
        let store = scene.store();
        let start = |ok| {
            store.run("fetch user", move |_| async move {
                yield_now().await;
                Ok::<_, ()>(ok)
            })
        };
        let (first, second) = (start(1), start(2));
        scene.finally(move || {
            assert!(first.outcome().unwrap().is_fulfilled());
            assert!(second.outcome().unwrap().is_aborted());
        });
    });
    assert!(replayed.is_ok(), "{replayed:?}");
}

#[test]
fn a_superseded_run_makes_no_choices() {
    let explored = explore().check(|scene| {
        let store = scene.store();
        for _ in 0..4 {
            let run = store.run_builder("search").policy(Policy::Latest).start(|_| async {
                yield_now().await;
                Ok::<_, ()>(())
            });
            drop(run);
        }
        scene.finally(move || assert!(store.runs().is_empty()));
    });
    assert_eq!(explored.schedules, 1);
}

#[test]
fn a_panic_anywhere_fails_the_schedule_and_so_does_a_body_that_waits_forever() {
    let failure =
        |scenario: fn(&Scene)| explore().find(scenario).expect_err("nothing found").failure;
    assert_eq!(failure(|_| panic!("in the scenario")), "in the scenario");
    assert_eq!(failure(|scene| scene.spawn("a", async { panic!("in a body") })), "in a body");
    assert_eq!(failure(|scene| scene.finally(|| panic!("in the end"))), "in the end");
    let in_run = failure(|scene| {
        let run = scene.store().run("load", |_| async {
            yield_now().await;
            assert!(std::hint::black_box(false), "in a run");
            Ok::<_, ()>(())
        });
        drop(run);
    });
    assert_eq!(in_run, "the run `load` panicked");
    let stuck = failure(|scene| {
        scene.spawn("a", std::future::pending());
        steps(scene, &Log::new(), "b", 2);
    });
    assert_eq!(stuck, "waits for what never comes: a");
    let endless = failure(|scene| {
        scene.spawn("a", async {
            loop {
                yield_now().await;
            }
        });
    });
    assert_eq!(endless, "the bodies are not done after 10000 steps");
    struct Bomb(std::rc::Rc<()>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            if std::rc::Rc::strong_count(&self.0) == 1 {
                panic!("in a drop");
            }
        }
    }
    let dropped = failure(|scene| {
        let bomb = Bomb(std::rc::Rc::default());
        scene.finally(move || drop(bomb));
    });
    assert_eq!(dropped, "in a drop");
}

#[test]
fn a_body_that_waits_forever_may_be_cancelled_there() {
    let found = explore().cancellations(1).replay("a a!").find(|scene| {
        scene.spawn("a", std::future::pending());
    });
    assert!(found.is_ok(), "{found:?}");
}

#[test]
fn a_schedule_that_does_not_fit_says_what_would() {
    let found = explore().replay("a c").find(|scene| {
        let log = Log::new();
        steps(scene, &log, "a", 2);
        steps(scene, &log, "b", 1);
    });
    let failure = found.unwrap_err().failure;
    assert!(failure.ends_with("`c` cannot be next, but a, b"), "{failure}");
}

#[test]
fn a_scenario_that_differs_from_time_to_time_is_refused() {
    let played = std::cell::Cell::new(0);
    let found = explore().find(|scene| {
        played.set(played.get() + 1);
        for _ in 0..1 + played.get() {
            steps(scene, &Log::new(), "a", 1);
        }
    });
    let failure = found.unwrap_err().failure;
    assert!(failure.contains("not the same each time"), "{failure}");
}

#[test]
fn the_same_seed_samples_the_same_schedules() {
    let sampled = |seed| {
        let seen = Seen::default();
        let explored = explore().limit(0).samples(5).seed(seed).check(|scene| {
            let log = Log::new();
            for name in ["a", "b", "c"] {
                steps(scene, &log, name, 5);
            }
            note_end(scene, &log, &seen);
        });
        assert_eq!((explored.schedules, explored.exhaustive), (5, false));
        taken(&seen)
    };
    assert_eq!(sampled(1), sampled(1));
    assert_ne!(sampled(1), sampled(2));
}

#[test]
fn nothing_of_a_schedule_is_left_for_the_next_one() {
    let alive = Arc::new(());
    explore().cancellations(1).check(|scene| {
        let (store, held) = (scene.store(), Arc::clone(&alive));
        assert_eq!(Arc::strong_count(&alive), 2);
        let body = Store::clone(&store);
        scene.spawn("a", async move {
            let run = body.run("forever", move |_| async move {
                let _held = held;
                std::future::pending::<Result<(), ()>>().await
            });
            yield_now().await;
            drop(run);
        });
    });
    assert_eq!(Arc::strong_count(&alive), 1);
}
