//! Joiners, forwarding, telling of failures; and how adapters are recorded.

use crate::stage::{Stage, failures};
use std::sync::Arc;
use trine_tao::{AppCtx, DatumError, Failed, Joiner, Verdict};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

fn set(stage: &Stage, action: &'static str, number: u32) {
    assert!(stage.tao.set(signal(action).term(number)).is_settled());
}

fn numbers<const N: usize>(seen: &[AppCtx; N]) -> String {
    format!("{:?}", seen.each_ref().map(|cx| *cx.term_datum::<u32>().unwrap()))
}

#[test]
fn a_joiner_of_all_fires_once_each_round_with_the_last_signal_of_each_pattern() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _join = Joiner::new(&stage.tao, [on("A"), on("B"), on("C")]).all(move |seen| {
        log.note(numbers(&seen));
        signal("Joined").term(0_u32)
    });
    let log = stage.log.clone();
    let _joined = stage.tao.on_inline(on("Joined"), move |_| log.note("joined"));
    for (action, number) in [("C", 1), ("A", 2), ("A", 3)] {
        set(&stage, action, number);
    }
    assert_eq!(stage.log.take(), [""; 0]);
    set(&stage, "B", 4);
    assert_eq!(stage.log.take(), ["[3, 4, 1]", "joined"]);
    for (action, number) in [("B", 5), ("A", 6)] {
        set(&stage, action, number);
    }
    assert_eq!(stage.log.take(), [""; 0], "each round needs all of them anew");
    set(&stage, "C", 7);
    assert_eq!(stage.log.take(), ["[6, 5, 7]", "joined"]);
}

#[test]
fn a_joiner_of_the_latest_fires_for_each_signal_once_all_were_seen() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _join =
        Joiner::new(&stage.tao, [on("A"), on("B")]).latest(move |seen| log.note(numbers(&seen)));
    for (action, number) in [("A", 1), ("A", 2), ("B", 3), ("A", 4), ("B", 5)] {
        set(&stage, action, number);
    }
    assert_eq!(stage.log.take(), ["[2, 3]", "[4, 3]", "[4, 5]"]);
}

#[test]
fn a_signal_that_matches_several_patterns_of_a_joiner_counts_for_each_and_fires_once() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _join = Joiner::new(&stage.tao, [("Job", "*", "*"), ("*", "A", "*"), ("*", "*", "Portal")])
        .all(move |seen| log.note(numbers(&seen)));
    set(&stage, "A", 1);
    set(&stage, "B", 2);
    set(&stage, "A", 3);
    assert_eq!(stage.log.take(), ["[1, 1, 1]", "[3, 3, 3]"]);
}

#[test]
fn a_joiner_counts_no_signal_that_was_halted_and_its_failures_are_observed() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(failures);
    let gate = stage.tao.on_intercept(on("A"), |_| Verdict::halt("no"));
    let _join = Joiner::new(&stage.tao, [on("A"), on("B")])
        .all(|_| -> Result<AppCtx, trine_tao::BoxError> { Err("not joined".into()) });
    stage.tao.set(signal("A"));
    set(&stage, "B", 1);
    assert_eq!(told.take(), [""; 0]);
    drop(gate);
    set(&stage, "A", 2);
    let told = told.take();
    assert!(told.len() == 1 && told[0].contains("adapters.rs"), "{told:?}");
}

#[test]
fn a_joiners_handler_may_be_async_and_its_data_go_with_it() {
    let stage = Stage::new();
    let held = Arc::new(());
    let log = stage.log.clone();
    let join = Joiner::new(&stage.tao, [on("A"), on("B")]).all(move |[a, b]| {
        let log = log.clone();
        async move {
            trine_core::test::yield_now().await;
            log.note(format!("{a} {b}"));
        }
    });
    stage.tao.set(signal("A").term(Arc::clone(&held)));
    assert_eq!(Arc::strong_count(&held), 2);
    stage.tao.set(signal("B"));
    stage.run();
    assert_eq!(stage.log.take(), ["{Job,A,Portal} {Job,B,Portal}"]);
    assert_eq!(Arc::strong_count(&held), 1);
    stage.tao.set(signal("A").term(Arc::clone(&held)));
    drop(join);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_transfer_keeps_what_is_wild_and_moves_each_slot_with_its_axis() {
    let cx = AppCtx::new("User", "Find", "Portal").term(1_u8).action(2_u16).orient(3_u32);
    let other = cx.transfer(("Space", "*", "Admin"));
    assert_eq!(other.to_string(), "{Space,Find,Admin}");
    assert_eq!(other.term_datum(), Ok(&1_u8));
    assert_eq!(other.action_datum(), Ok(&2_u16));
    assert_eq!(other.orient_datum(), Ok(&3_u32));
    // The first is as it was, and empty slots stay empty.
    assert_eq!(cx.to_string(), "{User,Find,Portal}");
    let empty = signal("A").transfer(("*", "B", "*"));
    assert!(matches!(empty.term_datum::<u8>(), Err(DatumError { found: None, .. })));
}

#[test]
#[should_panic(expected = "{User,Find,Portal} cannot be transferred to {Space|User,*,*}")]
fn a_transfer_to_several_names_is_refused() {
    let _ = AppCtx::new("User", "Find", "Portal").transfer((["User", "Space"], "*", "*"));
}

#[test]
fn forwarding_is_a_handler_of_its_phase() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _hears = stage.tao.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(cx));
    let _inline = stage.tao.forward_inline(on("A"), ("*", "A2", "*"));
    let _async = stage.tao.forward_async(on("B"), ("*", "B2", "*"));
    let _intercept = stage.tao.forward_intercept(on("C"), ("*", "C2", "*"));
    for action in ["A", "B", "C"] {
        stage.tao.set(signal(action));
    }
    assert_eq!(
        stage.log.take(),
        ["{Job,A,Portal}", "{Job,A2,Portal}", "{Job,B,Portal}", "{Job,C2,Portal}"]
    );
    stage.run();
    assert_eq!(stage.log.take(), ["{Job,B2,Portal}"]);
}

#[test]
fn a_failure_tells_what_failed_and_why_and_keeps_term_and_orient() {
    let cx = AppCtx::new("User", "Find", "Portal").term(1_u8).action(2_u16).orient(3_u32);
    let failed = cx.failure("Fail", "no such user");
    assert_eq!(failed.to_string(), "{User,Fail,Portal}");
    assert_eq!((failed.term_datum(), failed.orient_datum()), (Ok(&1_u8), Ok(&3_u32)));
    let told = failed.action_datum::<Failed>().unwrap();
    assert_eq!(told.to_string(), "{User,Find,Portal} failed: no such user");
    assert_eq!(told.error.to_string(), "no such user");
}

#[test]
fn what_a_channels_handlers_answer_is_recorded_with_the_signal_and_a_signal_is_recorded_once() {
    let stage = Stage::new();
    let _chain = stage.tao.on_inline(on("A"), |_| signal("B"));
    let channel = stage.tao.channel("client");
    let _hears = channel.on_inline(on("B"), |_| signal("C"));
    let _sieve = channel.sieve(&stage.tao, on("A"));
    let recorder = stage.tao.record();
    channel.set(signal("A"));
    let recorded = recorder.take();
    assert_eq!(recorded.len(), 1);
    let signals: Vec<_> =
        recorded[0].dispatches.iter().map(|dispatch| dispatch.signal.to_string()).collect();
    assert_eq!(signals, ["{Job,A,Portal}", "{Job,B,Portal}", "{Job,C,Portal}"]);
    let of_b: Vec<_> =
        recorded[0].dispatches[1].answers.iter().flat_map(|answer| &answer.outputs).collect();
    assert_eq!(of_b.len(), 1);
}
