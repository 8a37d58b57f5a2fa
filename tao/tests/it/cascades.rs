//! Cascades: coming to rest, cancelling, budgets.

use crate::stage::{Log, Stage, all, failures};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};
use trine_tao::{AppCtx, Conclusion, Ending, Kernel, Verdict, What};

static_assertions::assert_impl_all!(trine_tao::Cascade: Send, Sync, Clone);
static_assertions::assert_impl_all!(trine_tao::Settled: Send);

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

#[tokio::test(start_paused = true)]
async fn a_cascade_is_settled_when_its_inline_and_async_descendants_are() {
    let (tao, log) = (Kernel::new(&Store::new()), Log::default());
    let after = |seconds: u64, next: Option<&'static str>| {
        let log = log.clone();
        move |cx: AppCtx| {
            let log = log.clone();
            async move {
                sleep(Duration::from_secs(seconds)).await;
                log.note(cx);
                next.map(signal)
            }
        }
    };
    let _handlers = [
        tao.on_inline(on("A"), after(1, Some("B"))),
        tao.on_async(on("A"), after(2, Some("C"))),
        tao.on_inline(on("C"), after(3, Some("D"))),
        tao.on_async(on("D"), after(4, None)),
        tao.on_inline(on("B"), after(1, None)),
    ];
    let cascade = tao.set(signal("A"));
    assert!(!cascade.is_settled());
    let (one, two) = (cascade.settled(), cascade.clone().settled());
    drop(cascade.settled());
    futures_util::join!(one, two);
    assert_eq!(
        log.take(),
        ["{Job,A,Portal}", "{Job,A,Portal}", "{Job,B,Portal}", "{Job,C,Portal}", "{Job,D,Portal}"]
    );
    assert!(cascade.is_settled());
}

#[test]
fn a_thread_can_wait_for_a_cascade_and_give_up() {
    let stage = Stage::new();
    let _handler = stage.tao.on_async(on("A"), |_| ());
    let cascade = stage.tao.set(signal("A"));
    assert!(!cascade.settled_blocking(Duration::ZERO));
    let runtime = stage.runtime.clone();
    let other = std::thread::spawn(move || runtime.run_until_stalled());
    assert!(cascade.settled_blocking(Duration::from_secs(60)));
    other.join().unwrap();
}

#[test]
fn cancelling_drops_pending_bodies_inline_and_async_and_dispatches_nothing_more() {
    let stage = Stage::new();
    let (told, _observer) =
        stage.observe(|line| line.contains("aborted") || line.contains("failed"));
    let alive = Arc::new(AtomicUsize::new(0));
    struct Alive(Arc<AtomicUsize>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let wait = || {
        let alive = Arc::clone(&alive);
        move |_| {
            alive.fetch_add(1, Ordering::SeqCst);
            let alive = Alive(Arc::clone(&alive));
            async move {
                let _alive = alive;
                pending::<()>().await;
            }
        }
    };
    let log = stage.log.clone();
    let _handlers = [
        stage.tao.on_inline(on("A"), |_| signal("B")),
        stage.tao.on_async(on("A"), wait()),
        stage.tao.on_inline(on("B"), wait()),
        stage.tao.on_inline(on("B"), move |_| log.note("sibling")),
    ];
    let cascade = stage.tao.set(signal("A"));
    stage.run();
    assert_eq!(alive.load(Ordering::SeqCst), 2);
    assert!(cascade.abort("left the page"));
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert!(cascade.is_settled());
    assert!(!cascade.abort("again"));
    stage.run();
    assert!(stage.log.take().is_empty());
    assert_eq!(told.take(), ["{Job,A,Portal} aborted: left the page"]);
    assert_eq!(stage.runtime.pending(), 0);
}

#[test]
fn a_cascade_aborted_while_an_intercept_is_awaited_has_not_passed() {
    let stage = Stage::new();
    let _gate = stage.tao.on_intercept(on("A"), |_| async {
        pending::<()>().await;
        Verdict::Pass
    });
    let cascade = stage.tao.set(signal("A"));
    assert!(cascade.outcome().is_none());
    cascade.abort("too slow");
    let outcome = cascade.outcome().unwrap();
    assert!(matches!(outcome, Conclusion::Failed(_)));
    assert!(outcome.to_string().ends_with("it was aborted: too slow"), "{outcome}");
}

#[test]
fn dropping_the_handle_detaches() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _handler = stage.tao.on_async(on("A"), move |_| log.note("ran"));
    drop(stage.tao.set(signal("A")));
    stage.run();
    assert_eq!(stage.log.take(), ["ran"]);
}

#[test]
fn a_chain_of_100_000_needs_no_more_stack_than_one_of_ten() {
    let store = Store::new();
    let tao = Kernel::builder(&store).hop_budget(100_000).build();
    let _handler = tao.on_inline(on("Count"), |cx| {
        let n = *cx.term_datum::<u32>()?;
        Ok((n < 100_000).then(|| signal("Count").term(n + 1)))
    });
    let (failed, log) = (Log::default(), Log::default());
    let _observer = tao.observe({
        let (failed, log) = (failed.clone(), log.clone());
        move |observation| match observation.what {
            What::Failed(error) => failed.note(error),
            What::Settled if observation.hop == 100_000 => log.note("the last one"),
            _ => {}
        }
    });
    assert!(tao.set(signal("Count").term(0_u32)).is_settled());
    assert_eq!((log.take().len(), failed.take().len()), (1, 0));
}

#[test]
fn b17_a_circle_ends_with_an_error_that_names_it() {
    let stage = Stage::new();
    let tao = Kernel::builder(&stage.store).hop_budget(20).build();
    let log = Log::default();
    let _observer = tao.observe({
        let log = log.clone();
        move |observation| {
            if let What::Failed(error) = observation.what {
                log.note(error);
            }
        }
    });
    let _handlers = [
        tao.on_inline(on("Ping"), |_| signal("Pong")),
        tao.on_inline(on("Pong"), |_| signal("Ping")),
    ];
    assert!(tao.set(signal("Ping")).is_settled());
    let error = "the cascade was ended after 20 chained signals, which go in a circle: \
                 {Job,Ping,Portal} => {Job,Pong,Portal} => {Job,Ping,Portal}";
    assert_eq!(log.take(), [error]);
}

#[test]
fn a_circle_out_of_band_ends_too_and_ends_the_whole_cascade() {
    let stage = Stage::new();
    let (failed, _observer) = stage.observe(failures);
    let _handlers = [
        stage.tao.on_async(on("Loop"), |_| signal("Loop")),
        stage.tao.on_async(on("Loop"), |_| pending::<()>()),
    ];
    let cascade = stage.tao.set(signal("Loop"));
    stage.run();
    assert!(cascade.is_settled());
    assert_eq!(stage.runtime.pending(), 0);
    assert_eq!(failed.take().len(), 1);
}

#[test]
fn b17_a_handler_that_chains_for_long_lets_others_have_the_thread() {
    // B17: in the original, an inline circle starves the event loop.
    let stage = Stage::new();
    let hops = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hops);
    let _handlers = [
        stage.tao.on_async(on("Go"), |_| signal("Loop")),
        stage.tao.on_inline(on("Loop"), move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            signal("Loop")
        }),
    ];
    stage.tao.set(signal("Go"));
    assert!(stage.runtime.run_one());
    let first = hops.load(Ordering::SeqCst);
    assert!((1..1_000).contains(&first), "{first} hops in one poll");
    stage.run();
    assert_eq!(hops.load(Ordering::SeqCst), 10_000);
}

#[test]
fn handlers_that_set_signals_without_end_overflow_no_stack() {
    let stage = Stage::new();
    let weak = stage.tao.downgrade();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let _handler = stage.tao.on_inline(on("Set"), move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) < 1_000 {
            weak.upgrade().unwrap().set(signal("Set"));
        }
    });
    stage.tao.set(signal("Set"));
    assert_eq!(calls.load(Ordering::SeqCst), 32, "the rest is left to the runtime");
    stage.run();
    assert_eq!(calls.load(Ordering::SeqCst), 1_001);
}

#[test]
fn a_cascade_that_takes_longer_than_it_may_is_ended_and_says_so() {
    let clock = ManualClock::new();
    let runtime = ManualExecutor::new();
    let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
    let tao = Kernel::new(&store);
    let failed = Log::default();
    let _observer = tao.observe({
        let failed = failed.clone();
        move |observation| match observation.what {
            What::Failed(error) => failed.note(error),
            What::Rested(ending) => failed.note(format!("rested: {ending}")),
            _ => {}
        }
    });
    let _handlers = (
        tao.on_inline(on("A"), |_| signal("B")),
        tao.on_inline(on("B"), |_| pending::<()>()),
        tao.on_async(on("A"), |_| pending::<()>()),
    );
    let cascade = tao.cascade_builder(signal("A")).timeout(Duration::from_secs(3)).set();
    runtime.run_until_stalled();
    clock.advance(Duration::from_secs(2));
    runtime.run_until_stalled();
    assert!(cascade.ending().is_none());
    clock.advance(Duration::from_secs(1));
    runtime.run_until_stalled();
    assert!(matches!(cascade.ending(), Some(Ending::TimedOut(time)) if time.as_secs() == 3));
    assert!(cascade.outcome().unwrap().proceeded());
    assert_eq!(
        failed.take(),
        [
            "the cascade of {Job,A,Portal} was cut off: it was aborted: the cascade's time is up: 3s",
            "rested: the cascade's time is up: 3s",
        ]
    );
    assert_eq!((runtime.pending(), store.runs().len()), (0, 0));
}

#[test]
fn a_cascade_that_is_in_time_leaves_no_watch_behind() {
    let clock = ManualClock::new();
    let runtime = ManualExecutor::new();
    let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
    let tao = Kernel::new(&store);
    let _handler = tao.on_async(on("A"), |_| ());
    let cascade = tao.cascade_builder(signal("A")).timeout(Duration::from_secs(3)).set();
    runtime.run_until_stalled();
    assert!(cascade.ending().unwrap().is_completed());
    assert_eq!((runtime.pending(), store.runs().len()), (0, 0));
}

#[test]
fn a_deadline_holds_between_two_dispatches_where_nothing_waits() {
    let clock = ManualClock::new();
    let store = Store::builder().spawner(ManualExecutor::new()).clock(clock.clone()).build();
    let tao = Kernel::new(&store);
    let hops = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hops);
    let _handler = tao.on_inline(on("Loop"), move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        clock.advance(Duration::from_secs(1));
        signal("Loop")
    });
    let cascade = tao.cascade_builder(signal("Loop")).timeout(Duration::from_secs(5)).set();
    assert!(matches!(cascade.ending(), Some(Ending::TimedOut(_))));
    assert_eq!(hops.load(Ordering::SeqCst), 5);
}

#[test]
fn a_cascade_may_have_a_budget_of_its_own() {
    let stage = Stage::new();
    let _handler = stage.tao.on_async(on("Loop"), |_| signal("Loop"));
    let cascade = stage.tao.cascade_builder(signal("Loop")).hop_budget(5).set();
    stage.run();
    let Some(Ending::HopBudget(error)) = cascade.ending() else { panic!() };
    assert_eq!((error.budget, error.trail.len()), (5, 6));
    assert_eq!(error.circle().unwrap().len(), 1, "also out of band");
}

#[test]
fn the_end_of_a_cascade_is_told_once_after_everything_else_and_before_those_who_wait() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(|line| line.contains("settled") || line.contains("rest"));
    let _handlers = (
        stage.tao.on_async(on("A"), |_| signal("B")),
        stage.tao.on_inline(on("A"), |_| signal("C")),
    );
    let cascade = stage.tao.set(signal("A"));
    assert!(cascade.ending().is_none());
    stage.run();
    assert!(cascade.ending().unwrap().is_completed());
    assert_eq!(
        told.take(),
        [
            "{Job,A,Portal} settled",
            "{Job,C,Portal} settled",
            "{Job,B,Portal} settled",
            "{Job,A,Portal} came to rest",
        ]
    );
    assert!(!cascade.abort("too late"));
}

#[test]
fn waypoints_of_a_cascade_that_never_waits_are_told_in_line() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(all);
    let _handler = stage.tao.on_inline(on("A"), |_| ());
    stage.tao.set(signal("A"));
    assert_eq!(
        told.take(),
        [
            "{Job,A,Portal} received",
            "{Job,A,Portal} proceeded",
            "{Job,A,Portal} dispatched",
            "{Job,A,Portal} settled",
        ]
    );
}
