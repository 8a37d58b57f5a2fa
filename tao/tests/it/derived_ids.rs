//! Ids of signals that follow from what the signals were derived from.

use crate::stage::{Log, Stage};
use std::collections::HashSet;
use trine_core::Store;
use trine_tao::{AppCtx, Bridge, DerivedId, HandlerGuard, Kernel, Verdict, What};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

/// Notes the signals that a kernel receives, with their ids.
fn note(tao: &Kernel, log: &Log) {
    let log = log.clone();
    tao.observe(move |seen| {
        if matches!(seen.what, What::Received) {
            let id = DerivedId::of(seen.chain).map_or("none".to_owned(), |id| id.to_string());
            log.note(format!("{} {id}", seen.context.trigram().action()));
        }
    })
    .detach();
}

/// A kernel whose handlers chain in all the ways that there are.
fn app(stage: &Stage, log: &Log) -> (Kernel, Vec<HandlerGuard>) {
    let tao = Kernel::new(&stage.store);
    tao.derived_ids().detach();
    note(&tao, log);
    let mut handlers = vec![
        tao.on_intercept(on("Old"), |_| Verdict::Redirect(signal("A"))),
        tao.on_inline(on("A"), |_| [signal("B"), signal("B"), signal("C")]),
        tao.on_async(on("A"), |_| async { Some(signal("C")) }),
    ];
    // One line registers several that chain to the same.
    handlers.extend([1, 2, 3].map(|n| tao.on_inline(on("C"), move |_| signal("D").term(n))));
    (tao, handlers)
}

fn set(stage: &Stage, tao: &Kernel, action: &'static str, name: &str) {
    tao.cascade_builder(signal(action)).derived_id(DerivedId::of_name(name)).set();
    stage.run();
}

fn sorted(log: &Log) -> Vec<String> {
    let mut lines = log.take();
    lines.sort();
    lines
}

#[test]
fn what_is_set_again_leads_to_the_same_ids_in_another_kernel_too() {
    let (stage, log) = (Stage::new(), Log::default());
    let ((one, _first), (two, _second)) = (app(&stage, &log), app(&stage, &log));
    set(&stage, &one, "Old", "order 1");
    let first = sorted(&log);
    assert_eq!(first.len(), 12, "Old, A, B twice, C twice, six of D");
    set(&stage, &one, "Old", "order 1");
    assert_eq!(sorted(&log), first);
    set(&stage, &two, "Old", "order 1");
    assert_eq!(sorted(&log), first);
    set(&stage, &one, "Old", "order 2");
    let other = sorted(&log);
    assert!(other.iter().all(|line| !first.contains(line)), "{other:?}");
}

#[test]
fn no_two_signals_of_a_cascade_have_the_same_id() {
    let (stage, log) = (Stage::new(), Log::default());
    let (tao, _handlers) = app(&stage, &log);
    set(&stage, &tao, "Old", "order 1");
    let lines = log.take();
    let ids: HashSet<_> = lines.iter().map(|line| line.split(' ').next_back().unwrap()).collect();
    assert_eq!(ids.len(), lines.len(), "{lines:?}");
}

#[test]
fn what_is_set_without_an_id_has_one_that_nobody_had() {
    let (stage, log) = (Stage::new(), Log::default());
    let (tao, _handlers) = app(&stage, &log);
    for _ in 0..10 {
        tao.set(signal("B"));
    }
    let lines = log.take();
    assert_eq!(lines.iter().collect::<HashSet<_>>().len(), 10, "{lines:?}");
    assert!(lines.iter().all(|line| !line.ends_with("none")));
}

#[test]
fn a_signal_keeps_its_id_over_a_bridge_and_no_signal_has_that_of_its_cause() {
    let stage = Stage::new();
    let logs = [Log::default(), Log::default(), Log::default()];
    let kernels = [(); 3].map(|()| Kernel::new(&stage.store));
    kernels.iter().zip(&logs).for_each(|(kernel, log)| note(kernel, log));
    // The one in the middle derives none.
    let _ids = [kernels[0].derived_ids(), kernels[2].derived_ids()];
    let _bridges = [
        Bridge::new(&kernels[0], &kernels[1]).inline(on("A")),
        Bridge::new(&kernels[1], &kernels[2]).inline(on("B")),
    ];
    let _answers = kernels[1].on_inline(on("A"), |_| [signal("B"), signal("B")]);
    set(&stage, &kernels[0], "A", "order 1");
    let id = DerivedId::of_name("order 1");
    assert_eq!(logs[0].take(), [format!("A {id}")]);
    assert_eq!(logs[1].take()[0], format!("A {id}"));
    let heard = logs[2].take();
    assert_eq!(heard.len(), 2);
    assert!(heard[0] != heard[1] && !heard.contains(&format!("B {id}")), "{heard:?}");
}

#[test]
fn an_id_is_read_from_what_it_is_written_as_and_from_nothing_else() {
    let id = DerivedId::of_name("order 1");
    assert_eq!(id.to_string().parse(), Ok(id));
    for text in ["", "1", &"f".repeat(33), &"F".repeat(32), &"+".repeat(32), &"x".repeat(1_000)] {
        let error = text.parse::<DerivedId>().unwrap_err();
        assert!(error.to_string().len() < 200, "{error}");
    }
}

#[test]
fn one_kernel_derives_ids_once() {
    let tao = Kernel::new(&Store::new());
    let guard = tao.derived_ids();
    assert!(tao.try_chain_reducer(DerivedId::KEY, |_| None).is_err());
    drop(guard);
    tao.derived_ids().detach();
}
