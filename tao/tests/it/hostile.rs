//! Handlers and observers at their worst.

use crate::stage::{Log, Stage, all};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use trine_core::Store;
use trine_tao::{AppCtx, Cascade, Conclusion, HandlerGuard, Kernel, ObserverGuard, Verdict};

fn start() -> AppCtx {
    AppCtx::new("App", "Start", "Portal")
}

#[test]
fn a_handler_may_remove_itself_and_add_others_during_its_dispatch() {
    let stage = Stage::new();
    let guards: Arc<Mutex<Vec<HandlerGuard>>> = Arc::default();
    let own = stage.tao.on_inline(("App", "Start", "Portal"), {
        let (tao, log, guards) = (stage.tao.downgrade(), stage.log.clone(), Arc::clone(&guards));
        move |_| {
            log.note("first");
            let old = std::mem::take(&mut *guards.lock().unwrap());
            drop(old);
            let log = log.clone();
            let next =
                tao.upgrade().unwrap().on_inline(("App", "*", "*"), move |_| log.note("second"));
            guards.lock().unwrap().push(next);
        }
    });
    guards.lock().unwrap().push(own);
    stage.tao.set(start());
    assert_eq!(stage.log.take(), ["first"]);
    stage.tao.set(start());
    assert_eq!(stage.log.take(), ["second"]);
    assert_eq!(stage.tao.pattern_count(), 1);
}

#[test]
fn a_handler_may_set_the_signal_that_it_handles() {
    let stage = Stage::new();
    let _again = stage.tao.on_inline(("App", "Start", "Portal"), {
        let (tao, log) = (stage.tao.downgrade(), stage.log.clone());
        let left = Mutex::new(100);
        move |_| {
            let more = {
                let mut left = left.lock().unwrap();
                *left -= 1;
                *left > 0
            };
            log.note("again");
            if more {
                tao.upgrade().unwrap().set(start());
            }
        }
    });
    stage.tao.set(start());
    stage.run();
    assert_eq!(stage.log.take().len(), 100);
}

#[test]
fn a_cascade_cancelled_inside_one_of_its_handlers_dispatches_nothing_more() {
    let stage = Stage::new();
    let slot: Arc<Mutex<Option<Cascade>>> = Arc::default();
    let _cancel = stage.tao.on_async(("App", "Start", "Portal"), {
        let (slot, log) = (Arc::clone(&slot), stage.log.clone());
        move |_| {
            let (slot, log) = (Arc::clone(&slot), log.clone());
            async move {
                assert!(slot.lock().unwrap().take().unwrap().abort("enough"));
                log.note("cancelled");
                AppCtx::new("App", "View", "Portal")
            }
        }
    });
    let _view = stage.tao.on_inline(("App", "View", "Portal"), {
        let log = stage.log.clone();
        move |_| log.note("view")
    });
    let cascade = stage.tao.set(start());
    *slot.lock().unwrap() = Some(cascade.clone());
    stage.run();
    assert_eq!(stage.log.take(), ["cancelled"]);
    assert!(cascade.is_settled());
    assert!(!cascade.abort("again"));
    assert!(cascade.outcome().unwrap().proceeded());
}

#[test]
fn a_kernel_and_a_store_dropped_inside_a_handler_end_what_is_under_way() {
    let stage = Stage::new();
    let Stage { runtime, store, tao, log } = stage;
    let slot: Arc<Mutex<Option<(Kernel, Store)>>> = Arc::default();
    let noted = log.clone();
    let all_handles = Arc::clone(&slot);
    tao.on_async(("App", "Start", "Portal"), move |_| {
        noted.note("async");
        drop(all_handles.lock().unwrap().take());
        AppCtx::new("App", "View", "Portal")
    })
    .detach();
    let noted = log.clone();
    tao.on_inline(("App", "View", "Portal"), move |_| noted.note("view")).detach();
    let cascade = tao.set(start());
    let weak = tao.downgrade();
    *slot.lock().unwrap() = Some((tao, store));
    runtime.run_until_stalled();
    assert!(cascade.is_settled());
    assert!(weak.upgrade().is_none());
    assert_eq!(log.take(), ["async"]);
}

#[test]
fn panics_of_everybody_reach_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("drop of the handler");
        }
    }
    let stage = Stage::new();
    let _observer = stage.tao.observe(|_| panic!("observer"));
    let _feed = stage.store.observe(|_| panic!("feed"));
    let _gate = stage.tao.on_intercept(("*", "*", "Admin"), |_| -> Verdict { panic!("gate") });
    let _fork = stage.tao.on_async(("*", "*", "*"), |_| -> () { panic!("fork") });
    let bomb = Bomb;
    let inline = stage.tao.on_inline(("*", "*", "*"), move |_| -> () {
        let _ = &bomb;
        panic!("inline")
    });
    let _later = stage.tao.on_inline(("*", "*", "*"), |cx| async move {
        assert!(cx.term_datum::<u8>().is_ok(), "later");
    });
    let _sound = stage.tao.on_inline(("*", "*", "*"), {
        let log = stage.log.clone();
        move |_| log.note("sound")
    });
    let cascade = stage.tao.set(start());
    stage.run();
    assert!(cascade.is_settled());
    let refused = stage.tao.set(AppCtx::new("App", "Start", "Admin"));
    assert!(matches!(refused.outcome(), Some(Conclusion::Failed(_))));
    stage.run();
    assert!(refused.is_settled());
    assert_eq!(stage.log.take(), ["sound"]);
    drop(inline);
}

#[test]
fn a_datum_whose_drop_panics_does_not_reach_the_caller() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("drop of the datum");
        }
    }
    let stage = Stage::new();
    let _chain = stage
        .tao
        .on_inline(("App", "Start", "Portal"), |_| AppCtx::new("App", "View", "Portal").term(Bomb));
    let _view = stage.tao.on_inline(("App", "View", "Portal"), {
        let log = stage.log.clone();
        move |_| log.note("view")
    });
    let set = catch_unwind(AssertUnwindSafe(|| stage.tao.set(start())));
    assert_eq!(stage.log.take(), ["view"]);
    assert!(set.is_ok());
    // The kernel goes on.
    assert!(stage.tao.set(AppCtx::new("App", "Else", "Portal")).is_settled());
}

#[test]
fn a_wrong_datum_is_the_error_of_the_handler_that_asked() {
    let stage = Stage::new();
    let (seen, _guard) = stage.observe(|line| line.contains("failed: "));
    let _find = stage.tao.on_inline(("User", "Find", "Portal"), |cx| {
        cx.term_datum::<String>()?;
        Ok(())
    });
    stage.tao.set(AppCtx::new("User", "Find", "Portal").term(7_u32));
    let seen = seen.take();
    assert!(seen[0].contains("holds `u32`"), "{seen:?}");
}

#[test]
fn a_chain_of_a_hundred_thousand_needs_no_stack() {
    let store = Store::new();
    let tao = Kernel::builder(&store).hop_budget(200_000).build();
    let _count = tao.on_inline(("Count", "Down", "Portal"), |cx| {
        let left = *cx.term_datum::<u32>()?;
        Ok((left > 0).then(|| AppCtx::new("Count", "Down", "Portal").term(left - 1)))
    });
    let cascade = tao.set(AppCtx::new("Count", "Down", "Portal").term(100_000_u32));
    assert!(cascade.is_settled());
}

#[test]
fn a_wide_fan_out_takes_time_in_proportion() {
    let store = Store::new();
    let tao = Kernel::builder(&store).hop_budget(200_000).build();
    let begun = Instant::now();
    let _fan = tao.on_inline(("Fan", "Out", "Portal"), |_| {
        (0..100_000).map(|_| AppCtx::new("Leaf", "Fall", "Portal")).collect::<Vec<_>>()
    });
    assert!(tao.set(AppCtx::new("Fan", "Out", "Portal")).is_settled());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn many_handlers_of_one_pattern_come_and_go_in_time() {
    let store = Store::new();
    let tao = Kernel::new(&store);
    let begun = Instant::now();
    let guards: Vec<_> =
        (0..30_000).map(|_| tao.on_inline(("App", "Start", "Portal"), |_| ())).collect();
    assert!(tao.set(start()).is_settled());
    drop(guards);
    assert_eq!(tao.pattern_count(), 0);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn an_observer_removed_by_another_one_is_not_told_any_more() {
    let stage = Stage::new();
    let slot: Arc<Mutex<Option<ObserverGuard>>> = Arc::default();
    let _first = stage.tao.observe({
        let slot = Arc::clone(&slot);
        move |_| {
            let other = slot.lock().unwrap().take();
            drop(other);
        }
    });
    let log = Log::default();
    let noted = log.clone();
    *slot.lock().unwrap() = Some(stage.tao.observe(move |_| noted.note("told")));
    stage.tao.set(start());
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn observers_that_set_signals_do_not_harm_the_dispatch() {
    let stage = Stage::new();
    let (seen, _guard) = stage.observe(all);
    let once = Mutex::new(true);
    let _sets = stage.tao.observe({
        let tao = stage.tao.downgrade();
        move |_| {
            if std::mem::take(&mut *once.lock().unwrap()) {
                tao.upgrade().unwrap().set(AppCtx::new("From", "Within", "Portal"));
            }
        }
    });
    stage.tao.set(start());
    assert_eq!(seen.take().iter().filter(|line| line.contains("received")).count(), 2);
}

#[test]
fn signals_set_inside_a_lease_fail_and_the_store_goes_on() {
    let stage = Stage::new();
    let cell = stage.store.source(0);
    let _fork = stage.tao.on_async(("App", "Start", "Portal"), |_| ());
    let tao = stage.tao.clone();
    let cascade = stage.store.batch(|tx| {
        tx.set(cell, 1);
        tao.set(start())
    });
    stage.run();
    assert!(cascade.is_settled());
    assert_eq!(stage.store.get(cell), 1);
}

#[test]
fn an_aborted_cascade_whose_futures_and_data_panic_when_they_are_dropped_ends_like_any_other() {
    struct Bomb(Log);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.note("dropped");
            panic!("drop of what waits");
        }
    }
    let stage = Stage::new();
    let log = stage.log.clone();
    let _fan = stage.tao.on_inline(("App", "Start", "Portal"), {
        let log = log.clone();
        move |_| {
            let next = || AppCtx::new("App", "Wait", "Portal").term(Bomb(log.clone()));
            [next(), next()]
        }
    });
    let _wait = stage.tao.on_inline(("App", "Wait", "Portal"), {
        let log = log.clone();
        move |cx: AppCtx| {
            let bomb = Bomb(log.clone());
            async move {
                std::future::pending::<()>().await;
                drop((bomb, cx));
            }
        }
    });
    let cascade = stage.tao.set(start());
    stage.run();
    assert!(log.take().is_empty());
    assert!(cascade.abort("enough"));
    stage.run();
    assert!(cascade.is_settled());
    assert_eq!(log.take(), ["dropped"; 4]);
    // The kernel goes on.
    assert!(stage.tao.set(AppCtx::new("App", "Else", "Portal")).is_settled());
}

/// What a handler, an observer or an error of the user's own holds, at its worst: it panics when it is dropped.
struct Bomb(Log, &'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.note(self.1);
        panic!("drop of {}", self.1);
    }
}

impl std::fmt::Debug for Bomb {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("debug of {}", self.1)
    }
}

#[test]
fn handlers_removed_by_their_own_dispatch_may_panic_when_they_are_dropped() {
    let stage = Stage::new();
    let guards: Arc<Mutex<Vec<HandlerGuard>>> = Arc::default();
    let bomb = Bomb(stage.log.clone(), "intercept");
    guards.lock().unwrap().push(stage.tao.on_intercept(("App", "Start", "Portal"), move |_| {
        let _ = &bomb;
        Verdict::Pass
    }));
    let bomb = Bomb(stage.log.clone(), "async");
    guards.lock().unwrap().push(stage.tao.on_async(("App", "Start", "Portal"), move |_| {
        let _ = &bomb;
    }));
    let bomb = Bomb(stage.log.clone(), "inline");
    guards.lock().unwrap().push(stage.tao.on_inline(("App", "Start", "Portal"), {
        let guards = Arc::clone(&guards);
        move |_| {
            let _ = &bomb;
            guards.lock().unwrap().clear();
        }
    }));
    let set = catch_unwind(AssertUnwindSafe(|| stage.tao.set(start())));
    stage.run();
    assert!(set.unwrap().is_settled());
    let mut dropped = stage.log.take();
    dropped.sort_unstable();
    assert_eq!(dropped, ["async", "inline", "intercept"]);
    assert!(stage.tao.set(AppCtx::new("App", "Else", "Portal")).is_settled());
}

#[test]
fn observers_and_reducers_removed_while_they_are_called_may_panic_when_they_are_dropped() {
    let stage = Stage::new();
    let slot: Arc<Mutex<Option<ObserverGuard>>> = Arc::default();
    let bomb = Bomb(stage.log.clone(), "observer");
    let guard = stage.tao.observe({
        let slot = Arc::clone(&slot);
        move |_| {
            let _ = &bomb;
            let own = slot.lock().unwrap().take();
            drop(own);
        }
    });
    *slot.lock().unwrap() = Some(guard);
    let slot: Arc<Mutex<Option<trine_tao::ReducerGuard>>> = Arc::default();
    let bomb = Bomb(stage.log.clone(), "reducer");
    let guard = stage.tao.chain_reducer("depth", {
        let slot = Arc::clone(&slot);
        move |_| {
            let _ = &bomb;
            let own = slot.lock().unwrap().take();
            drop(own);
            None
        }
    });
    *slot.lock().unwrap() = Some(guard);
    let set = catch_unwind(AssertUnwindSafe(|| stage.tao.set(start())));
    assert!(set.unwrap().is_settled());
    let mut dropped = stage.log.take();
    dropped.sort_unstable();
    assert_eq!(dropped, ["observer", "reducer"]);
}

#[test]
fn an_error_that_panics_when_it_is_shown_or_dropped_harms_nobody() {
    #[derive(Debug)]
    struct Unspeakable(Bomb);
    impl std::fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("display of {}", self.0.1)
        }
    }
    impl std::error::Error for Unspeakable {}

    let stage = Stage::new();
    let _feed = stage.store.observe(|_| {});
    let fail = |name: &'static str| {
        let log = stage.log.clone();
        move |_: AppCtx| -> Result<(), trine_tao::BoxError> {
            Err(Box::new(Unspeakable(Bomb(log.clone(), name))))
        }
    };
    let _fork = stage.tao.on_async(("App", "Start", "Portal"), fail("async"));
    let _inline = stage.tao.on_inline(("App", "Start", "Portal"), fail("inline"));
    let _sound = stage.tao.on_inline(("App", "Start", "Portal"), {
        let log = stage.log.clone();
        move |_| log.note("sound")
    });
    let collector = Speaks;
    let cascade = tracing::subscriber::with_default(collector, || {
        let set = catch_unwind(AssertUnwindSafe(|| stage.tao.set(start())));
        stage.run();
        set.unwrap()
    });
    assert!(cascade.is_settled());
    let mut noted = stage.log.take();
    noted.sort_unstable();
    assert_eq!(noted, ["async", "inline", "sound"]);
}

/// A subscriber of `tracing` that formats everything it is told.
struct Speaks;

impl tracing::Subscriber for Speaks {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        attributes.record(&mut Formats);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Formats);
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Formats);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

struct Formats;

impl tracing::field::Visit for Formats {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let _ = format!("{value:?}");
    }
}
