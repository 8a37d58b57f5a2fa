//! Runs that end with something outside, and runs that find out later that they were not wanted.

use crate::log::Log;
use std::{
    future::{Future, pending, poll_fn},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Poll, Waker},
};
use trine_core::{
    AbortedBy, Failure, Outcome, Policy, RunBuilder, SettleHook, StartHook, Store, Wanted,
    test::ManualExecutor,
};

type Unit = Result<(), String>;

/// A token that a test cancels, and that knows how many wait for it.
#[derive(Clone, Default)]
struct Token {
    cancelled: Arc<Mutex<(bool, Vec<Waker>)>>,
    waiting: Arc<AtomicUsize>,
}

struct Waiting(Token);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

impl Token {
    fn cancelled(&self) -> impl Future<Output = &'static str> + Send + 'static {
        self.waiting.fetch_add(1, Relaxed);
        let waiting = Waiting(self.clone());
        poll_fn(move |cx| {
            let mut state = waiting.0.cancelled.lock().unwrap();
            if state.0 {
                return Poll::Ready("the request was cancelled");
            }
            state.1.push(cx.waker().clone());
            Poll::Pending
        })
    }

    fn cancel(&self) {
        let wakers = {
            let mut state = self.cancelled.lock().unwrap();
            state.0 = true;
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

fn manual() -> (Store, ManualExecutor) {
    let executor = ManualExecutor::new();
    (Store::with_spawner(executor.clone()), executor)
}

fn noting<'a>(
    builder: RunBuilder<'a, (), String>,
    log: &Log,
) -> RunBuilder<'a, (), String, impl StartHook, impl SettleHook<(), String>> {
    let (start, settle) = (log.clone(), log.clone());
    builder
        .on_start(move |_| {
            start.note("start");
            Ok::<_, String>(())
        })
        .on_settle(move |outcome| settle.note(outcome.kind()))
}

#[test]
fn a_signal_that_has_come_already_keeps_the_run_from_starting() {
    let ((store, _), log, token) = (manual(), Log::default(), Token::default());
    token.cancel();
    let body = log.clone();
    let run = noting(store.run_builder("work"), &log)
        .abort_when(token.cancelled())
        .condition(|| {
            log.note("condition");
            true
        })
        .start(move |_| {
            body.note("body");
            pending::<Unit>()
        });
    log.is(["aborted"]);
    let (reason, by) = ("the request was cancelled".into(), AbortedBy::Signal);
    assert_eq!(run.outcome(), Some(Outcome::Aborted { reason, by }));
}

#[test]
fn a_signal_aborts_the_run_and_its_body_is_dropped() {
    let ((store, executor), log, token) = (manual(), Log::default(), Token::default());
    let run = noting(store.run_builder("work"), &log)
        .abort_when(token.cancelled())
        .start(|_| pending::<Unit>());
    executor.run_until_stalled();
    log.is(["start"]);
    token.cancel();
    executor.run_until_stalled();
    log.is(["aborted"]);
    assert!(run.is_settled());
    assert_eq!(executor.pending(), 0);
}

#[test]
fn a_thousand_runs_leave_nothing_with_the_signal_that_outlives_them() {
    let ((store, executor), token) = (manual(), Token::default());
    for number in 0..1_000 {
        let builder = store.run_builder("work").abort_when(token.cancelled());
        let run = match number % 4 {
            0 => builder.start(|_| async { Ok::<_, String>(()) }),
            1 => builder.start(|_| async { Err("no".to_owned()) }),
            2 => builder.condition(|| false).start(|_| pending::<Unit>()),
            _ => builder.start(|_| pending::<Unit>()),
        };
        executor.run_until_stalled();
        run.abort("enough");
    }
    executor.run_until_stalled();
    assert_eq!(token.waiting.load(Relaxed), 0);
}

#[test]
fn a_signal_is_looked_at_before_the_body_is_and_wins_over_its_result() {
    let ((store, executor), token) = (manual(), Token::default());
    let cancels = token.clone();
    let run = store.run_builder("work").abort_when(token.cancelled()).start(|_| async move {
        trine_core::test::yield_now().await;
        cancels.cancel();
        trine_core::test::yield_now().await;
        Ok::<_, String>(())
    });
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_aborted());
}

#[test]
fn a_signal_that_panics_fails_the_run() {
    let (store, _) = manual();
    let signal = async { if true { panic!("no signal") } else { "never" } };
    let run = store.run_builder("work").abort_when(signal).start(|_| pending::<Unit>());
    let failure = Failure::Start { message: "no signal".into() };
    assert_eq!(run.outcome(), Some(Outcome::Failed { failure }));
}

#[test]
fn a_run_that_waits_for_its_turn_is_aborted_by_its_signal_before_its_body_is_called() {
    let ((store, executor), log, token) = (manual(), Log::default(), Token::default());
    let queued = || store.run_builder::<(), String>("work").policy(Policy::Queue(8));
    let first = queued().start(|_| pending());
    let body = log.clone();
    let second = queued().abort_when(token.cancelled()).start(move |_| {
        body.note("body");
        pending()
    });
    token.cancel();
    executor.run_until_stalled();
    first.abort("enough");
    executor.run_until_stalled();
    assert!(second.outcome().unwrap().is_aborted());
    log.is([]);
}

#[test]
fn shared_work_is_tied_to_no_signal_of_one_who_waits() {
    let (store, _) = manual();
    let builder = store.run_builder("work").policy(Policy::Shared).abort_when(pending::<String>());
    let run = builder.start(|_| pending::<Unit>());
    assert!(run.outcome().unwrap().is_failed());
}

#[test]
fn a_condition_says_why_the_run_is_not_wanted() {
    let (store, _) = manual();
    let builder = store.run_builder("work").condition(|| Wanted::no("loaded already"));
    let run = builder.start(|_| pending::<Unit>());
    assert_eq!(run.outcome(), Some(Outcome::Skipped { reason: "loaded already".into() }));
}

#[test]
fn a_body_may_skip_or_fail_its_run_and_is_dropped_where_it_waits() {
    let ((store, _), log) = (manual(), Log::default());
    let (body, other) = (log.clone(), log.clone());
    let skipped = noting(store.run_builder("skipped"), &log).start(|cx| async move {
        assert!(cx.skip("loaded already"));
        assert!(!cx.fail(Failure::ShuttingDown), "the first decides");
        body.note("goes on");
        pending::<()>().await;
        unreachable!()
    });
    log.is(["start", "skipped", "goes on"]);
    assert!(skipped.outcome().unwrap().is_skipped());
    let failed = noting(store.run_builder("failed"), &log).start(|cx| async move {
        cx.fail(Failure::Start { message: "no such page".into() });
        other.note("goes on");
        pending::<Unit>().await
    });
    log.is(["start", "failed", "goes on"]);
    assert!(failed.outcome().unwrap().is_failed());
}
