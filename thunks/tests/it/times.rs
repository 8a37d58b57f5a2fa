//! Runs and time: how often they may come, and how long they may take.

use crate::log::Log;
use std::{future::pending, time::Duration};
use trine_core::{
    Outcome,
    test::{ManualClock, ManualExecutor, yield_now},
};
use trine_thunks::{AsyncThunk, Retry, SliceKey, Store, ThunkApi};

type Fetch = AsyncThunk<u32, u32, String>;

const SECOND: Duration = Duration::from_secs(1);
/// The argument of a body that never ends.
const ENDLESS: u32 = 100;

static NOTED: SliceKey<()> = SliceKey::new("noted");

/// A thunk whose body notes each of its calls, and waits once.
fn fetch(log: &Log) -> Fetch {
    let log = log.clone();
    AsyncThunk::new("fetch", move |n: u32, api: ThunkApi| {
        log.note(format_args!("body {n}, attempt {}", api.attempt()));
        async move {
            if n >= ENDLESS {
                pending::<()>().await;
            }
            yield_now().await;
            Ok(n)
        }
    })
}

struct Stage {
    store: Store,
    clock: ManualClock,
    executor: ManualExecutor,
}

/// A store with a slice that notes the lifecycle of each run.
fn stage(fetch: &Fetch, log: &Log) -> Stage {
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    let (started, came, went) = (log.clone(), log.clone(), log.clone());
    let slice = NOTED
        .slice(|| ())
        .on(fetch.pending(), move |(), run| started.note(format_args!("pending {}", run.arg())))
        .on(fetch.fulfilled(), move |(), run| came.note(format_args!("fulfilled {}", run.arg())))
        .on(fetch.rejected(), move |(), run| {
            let how = match (run.is_superseded(), run.is_timed_out()) {
                (true, _) => "superseded",
                (_, true) => "timed out",
                _ => "rejected",
            };
            went.note(format_args!("{how} {}, attempts {}", run.arg(), run.attempts()));
        });
    let store = Store::builder().on(core).slice(slice).build().unwrap();
    Stage { store, clock, executor }
}

impl Stage {
    fn dispatch(&self, fetch: &Fetch, n: u32) -> trine_thunks::Run<u32, String> {
        let run = self.store.dispatch(fetch.with(n));
        self.executor.run_until_stalled();
        run
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.executor.run_until_stalled();
    }
}

#[test]
fn throttled_the_first_run_begins_at_once_and_the_last_of_those_that_come_meanwhile_after_the_time()
{
    let log = Log::default();
    let fetch = fetch(&log).throttle(SECOND);
    let stage = stage(&fetch, &log);
    stage.dispatch(&fetch, 1);
    assert_eq!(log.take(), ["pending 1", "body 1, attempt 1", "fulfilled 1"]);

    let replaced = stage.dispatch(&fetch, 2);
    stage.pass(SECOND / 2);
    let last = stage.dispatch(&fetch, 3);
    assert_eq!(log.take(), ["pending 2", "superseded 2, attempts 1", "pending 3"]);
    assert!(matches!(replaced.outcome().unwrap(), Outcome::Superseded { by } if by == last.id()));

    stage.pass(SECOND / 2 - Duration::from_nanos(1));
    assert!(log.take().is_empty(), "the time is not over");
    stage.pass(Duration::from_nanos(1));
    assert_eq!(log.take(), ["body 3, attempt 1", "fulfilled 3"]);

    // The late start counts like any other.
    stage.dispatch(&fetch, 4);
    assert_eq!(log.take(), ["pending 4"]);
    stage.pass(SECOND);
    assert_eq!(log.take(), ["body 4, attempt 1", "fulfilled 4"]);
}

#[test]
fn throttled_with_the_leading_edge_only_runs_that_come_too_soon_are_skipped_without_an_event() {
    let log = Log::default();
    let fetch = fetch(&log).throttle_leading(SECOND);
    let stage = stage(&fetch, &log);
    stage.dispatch(&fetch, 1);
    assert!(stage.dispatch(&fetch, 2).outcome().unwrap().is_skipped());
    stage.pass(SECOND - Duration::from_nanos(1));
    assert!(stage.dispatch(&fetch, 3).outcome().unwrap().is_skipped());
    stage.pass(Duration::from_nanos(1));
    stage.dispatch(&fetch, 4);
    let once =
        |n| [format!("pending {n}"), format!("body {n}, attempt 1"), format!("fulfilled {n}")];
    assert_eq!(log.take(), [once(1), once(4)].concat());
}

#[test]
fn a_throttle_is_by_key() {
    let log = Log::default();
    let fetch = fetch(&log).throttle_leading(SECOND).key(|n| n % 2);
    let stage = stage(&fetch, &log);
    let skipped: Vec<bool> =
        [1, 2, 3, 4].map(|n| stage.dispatch(&fetch, n).outcome().unwrap().is_skipped()).into();
    assert_eq!(skipped, [false, false, true, true]);
}

#[test]
fn a_run_that_takes_longer_than_its_time_is_rejected_once_as_timed_out() {
    let log = Log::default();
    let fetch = fetch(&log).timeout(SECOND);
    let stage = stage(&fetch, &log);
    let run = stage.dispatch(&fetch, ENDLESS);
    stage.pass(SECOND - Duration::from_nanos(1));
    assert!(!run.is_settled());
    stage.pass(Duration::from_nanos(1));
    assert_eq!(log.take(), ["pending 100", "body 100, attempt 1", "timed out 100, attempts 1"]);
    assert!(matches!(run.outcome().unwrap(), Outcome::TimedOut { after: SECOND, attempt: 1 }));
    stage.pass(10 * SECOND);
    assert!(log.take().is_empty(), "nothing comes after the end");
}

#[test]
fn a_run_that_ends_in_time_leaves_no_timer_behind() {
    let log = Log::default();
    let fetch = fetch(&log).timeout(SECOND);
    let stage = stage(&fetch, &log);
    stage.dispatch(&fetch, 1);
    stage.pass(10 * SECOND);
    assert_eq!(log.take(), ["pending 1", "body 1, attempt 1", "fulfilled 1"]);
    assert!(!stage.clock.advance_to_next(), "no timer is left");
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up_for_the_next_and_the_last_one_times_the_run_out() {
    let log = Log::default();
    let fetch = fetch(&log).retry(Retry::constant(3, SECOND).attempt_timeout(2 * SECOND));
    let stage = stage(&fetch, &log);
    let run = stage.dispatch(&fetch, ENDLESS);
    assert_eq!(log.take(), ["pending 100", "body 100, attempt 1"]);
    stage.pass(2 * SECOND);
    assert!(log.take().is_empty(), "the pause between attempts");
    stage.pass(SECOND);
    assert_eq!(log.take(), ["body 100, attempt 2"]);
    stage.pass(2 * SECOND);
    stage.pass(SECOND);
    assert_eq!(log.take(), ["body 100, attempt 3"]);
    stage.pass(2 * SECOND);
    assert_eq!(log.take(), ["timed out 100, attempts 3"]);
    let outcome = run.outcome().unwrap();
    assert!(matches!(outcome, Outcome::TimedOut { after, attempt: 3 } if after == 2 * SECOND));
}

#[test]
fn the_time_in_total_ends_a_run_between_two_attempts_too() {
    let log = Log::default();
    let retry = Retry::constant(9, 2 * SECOND).attempt_timeout(SECOND);
    let fetch = fetch(&log).timeout(5 * SECOND).retry(retry);
    let stage = stage(&fetch, &log);
    let run = stage.dispatch(&fetch, ENDLESS);
    for _ in 0..5 {
        stage.pass(SECOND);
    }
    let lines = ["pending 100", "body 100, attempt 1", "body 100, attempt 2"];
    assert_eq!(log.take(), [&lines[..], &["timed out 100, attempts 2"]].concat());
    let outcome = run.outcome().unwrap();
    assert!(matches!(outcome, Outcome::TimedOut { after, .. } if after == 5 * SECOND));
    stage.pass(10 * SECOND);
    assert!(log.take().is_empty(), "no further attempt");
}
