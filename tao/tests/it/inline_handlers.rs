//! Inline handlers and chains: contract 1.15, *Phases*.

use crate::stage::{Log, Stage, failures};
use std::future::ready;
use tokio::{sync::oneshot, task::yield_now};
use trine_core::Store;
use trine_tao::{AppCtx, BoxError, Kernel, Verdict};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Space", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Space", action, "Portal")
}

#[test]
fn every_return_value_that_the_contract_names_is_accepted_from_functions_and_async_functions() {
    async fn named(_: AppCtx) -> Result<Option<AppCtx>, BoxError> {
        Ok(Some(signal("Named")))
    }
    let tao = Kernel::new(&Store::new());
    let log = Log::default();
    let _log = tao.on_inline(("Space", "*", "Portal"), {
        let log = log.clone();
        move |cx| log.note(cx.trigram().action())
    });
    let _handlers = vec![
        tao.on_inline(on("Go"), |_| ()),
        tao.on_inline(on("Go"), |_| signal("One")),
        tao.on_inline(on("Go"), |_| None::<AppCtx>),
        tao.on_inline(on("Go"), |_| Some(signal("Some"))),
        tao.on_inline(on("Go"), |_| vec![signal("Many1"), signal("Many2")]),
        tao.on_inline(on("Go"), |_| [signal("Array")]),
        tao.on_inline(on("Go"), |_| Ok(())),
        tao.on_inline(on("Go"), |_| Ok(signal("Ok"))),
        tao.on_inline(on("Go"), |_| async {}),
        tao.on_inline(on("Go"), |_| async { signal("Async") }),
        tao.on_inline(on("Go"), |_| async { Ok([signal("AsyncOk")]) }),
        tao.on_inline(on("Go"), |_| ready(signal("Future"))),
        tao.on_inline(on("Go"), |cx| async move {
            let id: u32 = cx.term_datum::<String>()?.parse()?;
            Ok(signal("Parsed").term(id))
        }),
        tao.on_inline(on("Go"), named),
    ];
    let cascade = tao.set(signal("Go").term(String::from("7")));
    assert!(cascade.is_settled(), "futures that are ready at once need no runtime");
    let mut chained = log.take().split_off(1);
    chained.sort();
    let expected = [
        "Array", "Async", "AsyncOk", "Future", "Many1", "Many2", "Named", "Ok", "One", "Parsed",
        "Some",
    ];
    assert_eq!(chained, expected);
}

#[test]
fn chains_are_dispatched_after_all_inline_handlers_and_in_line_each_facing_its_own_phases() {
    let stage = Stage::new();
    let note = |line: &'static str| {
        let log = stage.log.clone();
        move |_: AppCtx| log.note(line)
    };
    let (first, gate) = (note("first"), note("gate of Next"));
    let _handlers = (
        stage.tao.on_inline(on("Go"), move |cx| {
            first(cx);
            signal("Next")
        }),
        stage.tao.on_inline(on("Go"), note("second")),
        stage.tao.on_intercept(on("Next"), move |cx| {
            gate(cx);
            Verdict::Pass
        }),
        stage.tao.on_inline(on("Next"), note("next")),
    );
    stage.tao.set(signal("Go"));
    assert_eq!(stage.log.take(), ["first", "second", "gate of Next", "next"]);
}

#[test]
fn b3_an_inline_error_or_panic_leaves_its_siblings_and_their_chains_alone() {
    // B3: in the original, a throw skips the handlers after it and drops the chains before it.
    let stage = Stage::new();
    let (failed, _observer) = stage.observe(failures);
    let (log, next) = (stage.log.clone(), stage.log.clone());
    let _handlers = (
        stage.tao.on_inline(on("Go"), |_| signal("Before")),
        stage.tao.on_inline(on("Go"), |_| Err::<(), BoxError>("broken".into())),
        stage.tao.on_inline(on("Go"), |_| -> () { panic!("oops") }),
        stage.tao.on_inline(on("Go"), |_| async { panic!("later") as () }),
        stage.tao.on_inline(on("Go"), move |_| {
            log.note("sibling");
            signal("After")
        }),
        stage.tao.on_inline(("Space", "*", "Portal"), move |cx| next.note(cx.trigram().action())),
    );
    let cascade = stage.tao.set(signal("Go"));
    assert_eq!(stage.log.take(), ["sibling", "Go", "Before", "After"]);
    assert!(cascade.outcome().unwrap().proceeded());
    assert_eq!(failed.take().len(), 3);
}

#[tokio::test]
async fn the_next_inline_handler_runs_when_the_one_before_is_done() {
    let (tao, log) = (Kernel::new(&Store::new()), Log::default());
    let _handlers = [
        tao.on_inline(on("Go"), {
            let log = log.clone();
            move |_| {
                let log = log.clone();
                async move {
                    log.note("begin");
                    yield_now().await;
                    log.note("end");
                }
            }
        }),
        tao.on_inline(on("Go"), {
            let log = log.clone();
            move |_| log.note("second")
        }),
    ];
    let cascade = tao.set(signal("Go"));
    assert_eq!(log.take(), ["begin"]);
    cascade.settled().await;
    assert_eq!(log.take(), ["end", "second"]);
}

#[tokio::test]
async fn chains_are_a_fan_out_and_do_not_wait_for_each_other() {
    let (tao, log) = (Kernel::new(&Store::new()), Log::default());
    let (open, door) = oneshot::channel::<()>();
    let door = std::sync::Mutex::new(Some(door));
    let open = std::sync::Mutex::new(Some(open));
    let _handlers = (
        tao.on_inline(on("Go"), |_| [signal("Slow"), signal("Fast")]),
        tao.on_inline(on("Slow"), {
            let log = log.clone();
            move |_| {
                let (door, log) = (door.lock().unwrap().take(), log.clone());
                async move {
                    door.unwrap().await?;
                    log.note("slow");
                    Ok(())
                }
            }
        }),
        tao.on_inline(on("Fast"), {
            let log = log.clone();
            move |_| {
                log.note("fast");
                let _ = open.lock().unwrap().take().unwrap().send(());
            }
        }),
    );
    tao.set(signal("Go")).settled().await;
    assert_eq!(log.take(), ["fast", "slow"]);
}

#[test]
fn a_signal_that_is_set_inside_a_handler_has_happened_when_that_set_returns() {
    let stage = Stage::new();
    let (outer, inner, tao) = (stage.log.clone(), stage.log.clone(), stage.tao.downgrade());
    let _handlers = (
        stage.tao.on_inline(on("Outer"), move |_| {
            outer.note("outer begins");
            tao.upgrade().unwrap().set(signal("Inner"));
            outer.note("outer ends");
        }),
        stage.tao.on_inline(on("Inner"), move |_| inner.note("inner")),
    );
    stage.tao.set(signal("Outer"));
    assert_eq!(stage.log.take(), ["outer begins", "inner", "outer ends"]);
}
