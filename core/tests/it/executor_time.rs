//! Timeouts, retries, debounce and throttle, in virtual time.

use std::{future::pending, time::Duration};
use trine_core::{
    Clock, Event, Outcome, OutcomeKind, Policy, Retry, RetryBudget, Run, RunBuilder, Store,
    test::{Log, ManualClock, ManualExecutor},
};

const SECOND: Duration = Duration::from_secs(1);

struct World {
    store: Store,
    executor: ManualExecutor,
    clock: ManualClock,
    log: Log,
}

impl World {
    fn new() -> Self {
        Self::seeded(1)
    }

    fn seeded(seed: u64) -> Self {
        let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
        let builder = Store::builder().spawner(executor.clone()).clock(clock.clone());
        Self { store: builder.seed(seed).build(), executor, clock, log: Log::default() }
    }

    /// Lets time pass, step by step.
    fn pass(&self, time: Duration) {
        let until = self.clock.now() + time;
        self.executor.run_until_stalled();
        while self.clock.next_due().is_some_and(|due| due <= until) {
            self.clock.advance_to_next();
            self.executor.run_until_stalled();
        }
        self.clock.advance(until - self.clock.now());
        self.executor.run_until_stalled();
    }

    fn search(
        &self,
        text: &'static str,
        pace: impl FnOnce(RunBuilder<'_, (), String>) -> RunBuilder<'_, (), String>,
    ) -> Run<(), String> {
        let (begin, settle) = (self.log.clone(), self.log.clone());
        pace(self.store.run_builder("search"))
            .on_settle(move |outcome| settle.note(format!("{text} {}", outcome.kind())))
            .start(move |_| async move {
                begin.note(format!("{text} begins"));
                Ok(())
            })
    }
}

#[test]
fn a_run_that_takes_too_long_times_out_and_its_body_is_dropped() {
    let world = World::new();
    let held = world.log.on_drop("body dropped");
    let run: Run<(), String> = world.store.run_builder("slow").timeout(SECOND).start(|_| async {
        let _held = held;
        pending().await
    });
    world.pass(SECOND - Duration::from_nanos(1));
    assert!(!run.is_settled());
    world.pass(Duration::from_nanos(1));
    assert_eq!(run.outcome(), Some(Outcome::TimedOut { after: SECOND, attempt: 1 }));
    world.log.is(["body dropped"]);
    assert_eq!((world.clock.sleepers(), world.executor.pending()), (0, 0));
}

#[test]
fn a_body_that_is_ready_at_once_needs_neither_timer_nor_runtime() {
    let store = Store::builder().clock(ManualClock::new()).build();
    let run = store.run_builder("fast").timeout(SECOND).start(|_| async { Ok::<_, String>(1) });
    assert!(run.outcome().unwrap().is_fulfilled());
    let run: Run<(), String> = store.run_builder("slow").timeout(SECOND).start(|_| pending());
    assert!(run.outcome().unwrap().is_failed(), "no runtime: {run:?}");
}

#[test]
fn a_retried_body_is_called_until_it_is_fulfilled_with_growing_pauses() {
    let world = World::new();
    let (log, told) = (world.log.clone(), world.log.clone());
    let _guard = world.store.observe(move |event| match event {
        Event::RunRetried { attempt, .. } => told.note(format!("attempt {attempt}")),
        Event::RunSettled { outcome, attempts, .. } => told.note(format!("{outcome} {attempts}")),
        _ => {}
    });
    let (clock, retry) = (world.clock.clone(), Retry::exponential(4, SECOND));
    let run = world.store.run_builder("flaky").start_retrying(retry, move |cx| {
        log.note(format!("body at {}", clock.now().as_secs()));
        async move { if cx.attempt() < 4 { Err("busy") } else { Ok(()) } }
    });
    world.pass(100 * SECOND);
    world.log.is([
        "body at 0",
        "attempt 2",
        "body at 1",
        "attempt 3",
        "body at 3",
        "attempt 4",
        "body at 7",
        "fulfilled 4",
    ]);
    assert_eq!(run.attempts(), 4);
}

#[test]
fn retries_end_with_the_attempts_the_time_the_budget_or_an_error_that_is_not_worth_it() {
    let world = World::new();
    let fail = |retry: Retry<u32>| {
        let run: Run<(), u32> = world
            .store
            .run_builder("fails")
            .start_retrying(retry, |cx| async move { Err(cx.attempt()) });
        world.pass(1_000 * SECOND);
        match run.outcome() {
            Some(Outcome::Rejected { error }) => (*error, run.attempts()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fail(Retry::constant(3, SECOND)), (3, 3));
    assert_eq!(fail(Retry::constant(1, SECOND)), (1, 1));
    assert_eq!(fail(Retry::constant(99, SECOND).when(|error| *error < 2)), (2, 2));
    // Pauses of 1, 2, 4: the fourth attempt would begin at 7.
    assert_eq!(fail(Retry::exponential(99, SECOND).within(6 * SECOND)), (3, 3));
    assert_eq!(fail(Retry::exponential(5, SECOND).max_pause(SECOND).within(4 * SECOND)), (5, 5));
    let budget = RetryBudget::new(3, 2);
    assert_eq!(fail(Retry::constant(3, SECOND).budget(&budget)), (3, 3));
    assert_eq!(fail(Retry::constant(3, SECOND).budget(&budget)), (2, 2));
    assert_eq!(fail(Retry::constant(3, SECOND).budget(&budget)), (1, 1));
    for left in [0, 1] {
        let retry = Retry::<u32>::constant(3, SECOND).budget(&budget);
        world.store.run_builder("works").start_retrying(retry, |_| async { Ok(()) });
        assert_eq!(budget.left(), left);
    }
}

#[test]
fn an_attempt_that_takes_too_long_is_dropped_and_tried_again() {
    let world = World::new();
    let log = world.log.clone();
    let retry = Retry::constant(2, SECOND).attempt_timeout(5 * SECOND);
    let run: Run<(), String> = world.store.run_builder("stuck").start_retrying(retry, move |cx| {
        let held = log.on_drop(["", "first dropped", "second dropped"][cx.attempt() as usize]);
        async move {
            let _held = held;
            pending().await
        }
    });
    world.pass(5 * SECOND);
    world.log.is(["first dropped"]);
    world.pass(6 * SECOND);
    world.log.is(["second dropped"]);
    assert_eq!(run.outcome(), Some(Outcome::TimedOut { after: 5 * SECOND, attempt: 2 }));
}

#[test]
fn a_timeout_counts_all_attempts_and_a_panic_is_not_tried_again() {
    let world = World::new();
    let retry = Retry::constant(99, SECOND);
    let run: Run<(), &str> = world
        .store
        .run_builder("fails")
        .timeout(3 * SECOND + SECOND / 2)
        .start_retrying(retry, |_| async { Err("no") });
    world.pass(10 * SECOND);
    assert_eq!(run.outcome().unwrap().kind(), OutcomeKind::TimedOut);
    assert_eq!(run.attempts(), 4);
    let retry = Retry::constant(99, SECOND);
    let run: Run<(), &str> =
        world.store.run_builder("breaks").start_retrying(retry, |_| async { panic!("broken") });
    assert!(run.outcome().unwrap().is_panicked());
}

#[test]
fn jitter_shortens_pauses_by_what_the_seed_says() {
    let ends = |seed, part| {
        let world = World::seeded(seed);
        let retry = Retry::constant(20, 10 * SECOND).jitter(part);
        let run: Run<(), &str> =
            world.store.run_builder("fails").start_retrying(retry, |_| async { Err("no") });
        let mut times = Vec::new();
        world.executor.run_until_stalled();
        while world.clock.advance_to_next() {
            times.push(world.clock.now());
            world.executor.run_until_stalled();
        }
        assert!(run.is_settled());
        times
    };
    assert_eq!(ends(1, 0.5), ends(1, 0.5));
    assert_ne!(ends(1, 0.5), ends(2, 0.5));
    let times = ends(3, 0.5);
    assert_eq!(times.len(), 19);
    let mut last = Duration::ZERO;
    for time in times {
        let pause = time - last;
        assert!(5 * SECOND <= pause && pause <= 10 * SECOND, "{pause:?}");
        last = time;
    }
}

#[test]
fn debounce_begins_the_last_once_it_was_quiet_and_supersedes_the_others() {
    let world = World::new();
    let debounced = |text| world.search(text, |builder| builder.debounce(SECOND));
    debounced("a");
    world.pass(SECOND / 2);
    debounced("ab");
    world.pass(SECOND / 2);
    let last = debounced("abc");
    world.log.is(["a superseded", "ab superseded"]);
    world.pass(SECOND - Duration::from_nanos(1));
    world.log.is([]);
    world.pass(Duration::from_nanos(1));
    world.log.is(["abc begins", "abc fulfilled"]);
    assert!(last.is_settled());
    assert_eq!(world.clock.sleepers(), 0);
}

#[test]
fn leading_debounce_begins_the_first_and_skips_until_it_was_quiet() {
    let world = World::new();
    let debounced = |text| world.search(text, |builder| builder.debounce_leading(SECOND));
    debounced("a");
    world.pass(SECOND / 2);
    debounced("b");
    world.pass(3 * SECOND / 4);
    // More than a second after the first, but not after the second.
    debounced("c");
    world.pass(SECOND);
    debounced("d");
    world.log.is(["a begins", "a fulfilled", "b skipped", "c skipped", "d begins", "d fulfilled"]);
}

#[test]
fn throttle_begins_the_first_at_once_and_the_last_of_the_others_when_the_time_is_over() {
    let world = World::new();
    let throttled = |text| world.search(text, |builder| builder.throttle(SECOND));
    throttled("a");
    world.log.is(["a begins", "a fulfilled"]);
    world.pass(SECOND / 4);
    throttled("b");
    world.pass(SECOND / 4);
    throttled("c");
    world.log.is(["b superseded"]);
    world.pass(SECOND / 2);
    world.log.is(["c begins", "c fulfilled"]);
    // Half way through the second interval: waits for its end.
    world.pass(SECOND / 2);
    throttled("d");
    world.log.is([]);
    world.pass(SECOND / 2);
    world.log.is(["d begins", "d fulfilled"]);
    world.pass(2 * SECOND);
    throttled("e");
    world.log.is(["e begins", "e fulfilled"]);
}

#[test]
fn leading_throttle_skips_what_comes_too_soon() {
    let world = World::new();
    let throttled = |text| world.search(text, |builder| builder.throttle_leading(SECOND));
    throttled("a");
    world.pass(SECOND / 2);
    throttled("b");
    world.pass(SECOND / 2);
    throttled("c");
    world.log.is(["a begins", "a fulfilled", "b skipped", "c begins", "c fulfilled"]);
}

#[test]
fn a_paced_run_that_waits_can_be_aborted_and_leaves_nothing() {
    let world = World::new();
    let run = world.search("a", |builder| builder.debounce(SECOND));
    world.executor.run_until_stalled();
    assert!(run.abort("never mind"));
    world.executor.run_until_stalled();
    world.log.is(["a aborted"]);
    assert_eq!((world.clock.sleepers(), world.executor.pending()), (0, 0));
    assert!(world.store.runs().is_empty());
}

#[test]
fn a_run_whose_predecessor_in_the_line_is_superseded_by_a_later_one_gets_its_turn() {
    let world = World::new();
    let first = world.search("a", |builder| builder.policy(Policy::Queue(9)).debounce(SECOND));
    let second = world.search("b", |builder| builder.policy(Policy::Queue(9)));
    let third = world.search("c", |builder| builder.policy(Policy::Queue(9)).debounce(SECOND));
    world.pass(3 * SECOND);
    world.log.is(["a superseded", "b begins", "b fulfilled", "c begins", "c fulfilled"]);
    assert!([first, second, third].iter().all(Run::is_settled));
}

#[test]
fn a_retry_for_wrapped_errors_asks_its_predicate_about_what_is_inside() {
    let world = World::new();
    let inner = Retry::constant(5, SECOND).when(|error: &u32| *error < 3);
    let retry = inner.for_errors(|wrapped: &Option<u32>, ask| wrapped.as_ref().is_none_or(ask));
    let run = world
        .store
        .run_builder("wrapped")
        .start_retrying(retry, |cx| async move { Err::<(), _>(Some(cx.attempt())) });
    world.pass(10 * SECOND);
    assert_eq!((run.attempts(), run.outcome().unwrap().is_rejected()), (3, true));
}
