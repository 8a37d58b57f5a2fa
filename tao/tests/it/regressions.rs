//! Defects of the original, by the numbers that the reference gives them. B3, B5, B12 and B17 are beside what they belong to.

use crate::stage::{Log, Stage};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use trine_core::Store;
use trine_tao::{AppCtx, BoxError, Conclusion, Kernel, Pattern, Trigram, Verdict};

fn signal() -> AppCtx {
    AppCtx::new("User", "Find", "Portal")
}

const ON: (&str, &str, &str) = ("User", "Find", "Portal");

#[test]
fn b2_whoever_waits_learns_of_a_halt() {
    let stage = Stage::new();
    let _gate = stage.tao.on_intercept(ON, |_| Verdict::halt("closed"));
    let cascade = stage.tao.set(signal());
    assert!(cascade.is_settled());
    assert!(
        matches!(cascade.outcome(), Some(Conclusion::Halted { reason, .. }) if reason == "closed")
    );
}

#[tokio::test]
async fn b4_no_error_of_a_handler_ends_the_runtime_or_reaches_a_caller() {
    let tao = Kernel::new(&Store::new());
    let _handlers = (
        tao.on_inline(ON, |_| async { Err::<(), BoxError>("inline".into()) }),
        tao.on_async(ON, |_| async {
            tokio::task::yield_now().await;
            assert!(std::thread::panicking(), "async");
        }),
        tao.on_inline(ON, |_| AppCtx::new("User", "Enter", "Portal")),
        tao.on_intercept(("User", "Enter", "Portal"), |_| -> Verdict { panic!("downstream") }),
    );
    let cascade = tao.set(signal());
    cascade.settled().await;
    assert!(cascade.outcome().unwrap().proceeded());
}

#[test]
fn b7_removing_one_registration_leaves_the_others_of_the_same_function() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let function = move |cx: AppCtx| log.note(cx);
    let wide = stage.tao.on_inline(("User", "*", "*"), function.clone());
    let _other = stage.tao.on_inline(("*", "Find", "*"), function);
    stage.tao.set(signal());
    assert_eq!(stage.log.take().len(), 2);
    drop(wide);
    stage.tao.set(signal());
    assert_eq!(stage.log.take().len(), 1);
}

#[test]
fn b8_handlers_that_come_and_go_during_a_dispatch_count_from_the_next_one_on() {
    let tao = Kernel::new(&Store::new());
    let (log, guards) = (Log::default(), Arc::new(Mutex::new(Vec::new())));
    let _first = tao.on_inline(ON, {
        let (tao, log, guards) = (tao.downgrade(), log.clone(), Arc::clone(&guards));
        move |_| {
            log.note("first");
            let mut guards = guards.lock().unwrap();
            guards.clear(); // removes "second"
            let log = log.clone();
            guards.push(tao.upgrade().unwrap().on_inline(ON, move |_| log.note("added")));
        }
    });
    let second = tao.on_inline(ON, {
        let log = log.clone();
        move |_| log.note("second")
    });
    guards.lock().unwrap().push(second);
    tao.set(signal());
    assert_eq!(log.take(), ["first", "second"]);
    tao.set(signal());
    assert_eq!(log.take(), ["first", "added"]);
}

#[test]
fn b9_signals_that_nobody_handles_leave_no_trace() {
    let tao = Kernel::new(&Store::new());
    let _handler = tao.on_inline(("*", "Find", "*"), |_| ());
    for number in 0..1_000 {
        tao.set(AppCtx::new(format!("Term{number}"), "Lose", "Portal"));
    }
    assert_eq!(tao.pattern_count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn b10_what_an_app_comes_to_does_not_depend_on_the_order_of_handlers(seed: u64) {
        let store = Store::new();
        let tao = Kernel::builder(&store).shuffle(seed).build();
        let (log, ran) = (Log::default(), Log::default());
        let _gates = [
            tao.on_intercept(("Gate", "*", "*"), |_| Verdict::Redirect(signal())),
            tao.on_intercept(("*", "*", "Portal"), |_| Verdict::Pass),
            tao.on_intercept(("Gate", "Open", "Portal"), |_| Verdict::Redirect(AppCtx::new("No", "No", "No"))),
        ];
        let _handlers: Vec<_> = [("User", "*", "*"), ON, ("*", "Find", "*"), ON]
            .into_iter()
            .enumerate()
            .map(|(number, pattern)| {
                let ran = ran.clone();
                tao.on_inline(pattern, move |_| {
                    ran.note(number);
                    AppCtx::new("Ran", number.to_string(), "Log")
                })
            })
            .collect();
        let _log = tao.on_inline(("Ran", "*", "Log"), {
            let log = log.clone();
            move |cx| log.note(cx.trigram().action())
        });
        let cascade = tao.set(AppCtx::new("Gate", "Open", "Portal"));
        let redirected = matches!(cascade.outcome(), Some(Conclusion::Redirected { to, .. }) if to.to_string() == "{User,Find,Portal}");
        prop_assert!(redirected);
        let chained = log.take();
        prop_assert_eq!(&chained, &ran.take(), "chains follow the order in which their handlers ran");
        let mut sorted = chained;
        sorted.sort();
        prop_assert_eq!(sorted, ["0", "1", "2", "3"]);
    }
}

#[test]
fn b10_a_shuffling_kernel_does_draw_other_orders() {
    let orders: std::collections::BTreeSet<_> = (0..20)
        .map(|seed| {
            let store = Store::new();
            let tao = Kernel::builder(&store).shuffle(seed).build();
            let log = Log::default();
            let _handlers: Vec<_> = (0..3)
                .map(|number| {
                    let log = log.clone();
                    tao.on_inline(ON, move |_| log.note(number))
                })
                .collect();
            tao.set(signal());
            log.take()
        })
        .collect();
    assert_eq!(orders.len(), 6, "all orders of three handlers");
}

#[test]
#[should_panic(expected = "the orient of a signal must be a name, not `*`")]
fn b11_a_signal_is_never_wild() {
    let _ = AppCtx::new("User", "Find", "*");
}

#[test]
fn b14_names_with_separators_do_not_collide() {
    let tao = Kernel::new(&Store::new());
    let log = Log::default();
    let _handler = tao.on_inline(("a|b", "c", "d"), {
        let log = log.clone();
        move |cx| log.note(cx)
    });
    tao.set(AppCtx::new("a", "b|c", "d"));
    assert!(log.take().is_empty());
    let other = Trigram::new("a", "b|c", "d").unwrap();
    assert!(!Pattern::from(("a|b", "c", "d")).matches(&other));
}
