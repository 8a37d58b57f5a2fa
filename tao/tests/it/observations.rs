//! The observation plane: contract 1.15, *Lifecycle* and *Observation plane*.

use crate::stage::{Log, Stage, all};
use std::sync::{Arc, Mutex};
use trine_core::{Event, Store};
use trine_tao::{AppCtx, BoxError, CascadeError, Cause, Kernel, Phase, Verdict, What};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("User", action, "Portal")
}

#[test]
fn the_four_waypoints_are_told_in_order_for_every_hop() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(all);
    let _handlers = (
        stage.tao.on_inline(on("Find"), |_| signal("Enter")),
        stage.tao.on_inline(on("Enter"), |_| ()),
    );
    stage.tao.set(signal("Find"));
    assert_eq!(
        told.take(),
        [
            "{User,Find,Portal} received",
            "{User,Find,Portal} proceeded",
            "{User,Find,Portal} dispatched",
            "{User,Find,Portal} settled",
            "{User,Enter,Portal} received",
            "{User,Enter,Portal} proceeded",
            "{User,Enter,Portal} dispatched",
            "{User,Enter,Portal} settled",
        ]
    );
}

#[test]
fn a_signal_that_does_not_proceed_has_no_further_waypoints() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(all);
    let _gate = stage.tao.on_intercept(on("Find"), |_| Verdict::halt("closed"));
    stage.tao.set(signal("Find"));
    assert_eq!(told.take(), ["{User,Find,Portal} received", "{User,Find,Portal} halted: closed"]);
}

#[test]
fn a_signal_without_handlers_is_an_observation() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(|line| line.contains("unhandled"));
    stage.tao.set(signal("Fnid"));
    assert_eq!(told.take(), ["{User,Fnid,Portal} unhandled"]);
}

#[test]
fn every_chained_signal_says_how_it_came_to_be() {
    let stage = Stage::new();
    let edges = Arc::new(Mutex::new(Vec::new()));
    let _observer = stage.tao.observe({
        let edges = Arc::clone(&edges);
        move |observation| {
            if let What::Received = observation.what {
                let via = observation.via.map(|via| (via.dispatch, via.handler));
                let (action, hop) =
                    (observation.context.trigram().action().clone(), observation.hop);
                edges.lock().unwrap().push((observation.dispatch, action, hop, via));
            }
        }
    });
    let inline = stage.tao.on_inline(on("A"), |_| [signal("B"), signal("C")]);
    let fork = stage.tao.on_async(on("B"), |_| signal("D"));
    let gate = stage.tao.on_intercept(on("D"), |_| Verdict::Redirect(signal("E")));
    stage.tao.set(signal("A"));
    stage.run();
    assert_eq!(
        *edges.lock().unwrap(),
        [
            (0, "A".into(), 0, None),
            (1, "B".into(), 1, Some((0, inline.id()))),
            (2, "C".into(), 1, Some((0, inline.id()))),
            (3, "D".into(), 2, Some((1, fork.id()))),
            (4, "E".into(), 3, Some((3, gate.id()))),
        ]
    );
    assert_eq!(gate.id().phase(), Phase::Intercept);
}

#[test]
fn an_error_is_attributed_to_its_phase_and_its_handler() {
    let stage = Stage::new();
    let errors = Arc::new(Mutex::new(Vec::new()));
    let _observer = stage.tao.observe({
        let errors = Arc::clone(&errors);
        move |observation| {
            if let What::Failed(error) = observation.what {
                errors.lock().unwrap().push(error.clone());
            }
        }
    });
    let line = line!() + 1;
    let handler = stage.tao.on_inline(on("Find"), |_| Err::<(), BoxError>("gone".into()));
    stage.tao.set(signal("Find"));
    let errors = errors.lock().unwrap();
    let [CascadeError::Handler(error)] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!((error.handler, error.handler.phase()), (handler.id(), Phase::Inline));
    assert_eq!(error.handler.location().line(), line);
    assert!(matches!(&error.cause, Cause::Error(error) if error.to_string() == "gone"));
    let column = error.handler.location().column();
    assert_eq!(
        error.to_string(),
        format!(
            "inline handler at {}:{line}:{column} failed on {{User,Find,Portal}}: gone",
            file!()
        )
    );
}

#[test]
fn b5_observers_change_nothing_not_even_by_a_panic() {
    // B5: in the original, attaching an observer silences all errors.
    let run = |observed: bool| {
        let stage = Stage::new();
        let _observer = observed.then(|| stage.tao.observe(|_| panic!("observer")));
        let log = stage.log.clone();
        let _handlers = (
            stage.tao.on_inline(on("Find"), |_| Err::<(), BoxError>("gone".into())),
            stage.tao.on_inline(on("Find"), |_| signal("Enter")),
            stage.tao.on_async(on("Enter"), move |cx| log.note(cx)),
        );
        let cascade = stage.tao.set(signal("Find"));
        stage.run();
        (stage.log.take(), cascade.outcome().unwrap().to_string(), cascade.is_settled())
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn an_observation_ends_with_its_guard() {
    let stage = Stage::new();
    let (told, observer) = stage.observe(all);
    drop(observer);
    stage.tao.set(signal("Find"));
    assert!(told.take().is_empty());
}

#[test]
fn the_event_feed_of_the_store_is_told_of_signals_and_failures() {
    let store = Store::new();
    let (tao, log) = (Kernel::new(&store), Log::default());
    let _feed = store.observe({
        let log = log.clone();
        move |event| match event {
            Event::Signalled { signal, detail } => log.note(format!("{signal} {detail}")),
            Event::Failed { what, .. } => log.note(format!("{what} failed")),
            _ => {}
        }
    });
    let _handlers = (
        tao.on_inline(on("Find"), |_| Err::<(), BoxError>("gone".into())),
        tao.on_intercept(on("Enter"), |_| Verdict::halt("closed")),
    );
    tao.set(signal("Find"));
    tao.set(signal("Enter"));
    assert_eq!(
        log.take(),
        [
            "{User,Find,Portal} proceeded",
            "{User,Find,Portal} failed",
            "{User,Enter,Portal} halted: closed",
        ]
    );
}
