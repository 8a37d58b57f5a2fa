//! The clock that is driven by hand.

use crate::log::Log;
use std::time::Duration;
use trine_core::{
    Clock, Store,
    test::{ManualClock, ManualExecutor},
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Notes `line` when the clock shows `at`.
fn note_at(store: &Store, log: &Log, at: u64, line: &'static str) {
    let (clock, log) = (store.clock().unwrap(), log.clone());
    let run = store.run(line, move |_| async move {
        clock.sleep_until(seconds(at)).await;
        log.note(line);
        Ok::<_, ()>(())
    });
    drop(run);
}

fn stage() -> (ManualClock, ManualExecutor, Store, Log) {
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    (clock, executor, store, Log::default())
}

#[test]
fn those_who_are_due_are_woken_in_the_order_of_their_times_then_of_their_coming() {
    let (clock, executor, store, log) = stage();
    for (at, line) in [(3, "3"), (1, "1 first"), (2, "2"), (1, "1 second"), (4, "4")] {
        note_at(&store, &log, at, line);
    }
    executor.run_until_stalled();
    assert_eq!((clock.sleepers(), clock.next_due()), (5, Some(seconds(1))));
    clock.advance(seconds(3));
    executor.run_until_stalled();
    log.is(["1 first", "1 second", "2", "3"]);
    assert_eq!((clock.now(), clock.sleepers()), (seconds(3), 1));
}

#[test]
fn a_step_goes_to_the_next_time_that_anybody_waits_for() {
    let (clock, executor, store, log) = stage();
    note_at(&store, &log, 5, "5");
    note_at(&store, &log, 2, "2");
    executor.run_until_stalled();
    assert!(clock.advance_to_next());
    assert_eq!(clock.now(), seconds(2));
    // Who has been woken waits no more, even before it has been polled.
    assert_eq!(clock.next_due(), Some(seconds(5)));
    executor.run_until_stalled();
    log.is(["2"]);
    assert!(clock.advance_to_next());
    executor.run_until_stalled();
    log.is(["5"]);
    assert!(!clock.advance_to_next());
    assert_eq!(clock.now(), seconds(5));
}

#[test]
fn a_time_that_has_come_is_not_waited_for_and_one_that_is_given_up_leaves_nothing() {
    let (clock, executor, store, log) = stage();
    clock.advance(seconds(1));
    note_at(&store, &log, 1, "at once");
    log.is(["at once"]);
    note_at(&store, &log, 9, "never");
    executor.run_until_stalled();
    assert_eq!(clock.sleepers(), 1);
    store.runs().abort_all("given up");
    assert_eq!((clock.sleepers(), clock.next_due()), (0, None));
    log.is([]);
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn the_default_clock_is_tokios_and_goes_with_its_virtual_time() {
    let store = Store::new();
    let clock = store.clock().unwrap();
    let before = clock.now();
    let timer = store.clock().unwrap();
    let run = store.run("tea", move |_| async move {
        timer.sleep(seconds(180)).await;
        Ok::<_, ()>(())
    });
    assert!(run.await.is_fulfilled());
    assert_eq!((clock.now() - before).as_secs(), 180);
}
