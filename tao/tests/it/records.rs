//! Recorded cascades.

use crate::stage::Stage;
use trine_tao::{AppCtx, BoxError, Verdict};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("User", action, "Portal")
}

#[test]
fn a_record_has_every_hop_every_answer_and_every_error_with_its_handler() {
    let stage = Stage::new();
    let recorder = stage.tao.record();
    let find = stage.tao.on_inline(on("Find"), |_| [signal("Enter"), signal("Leave")]);
    let log = stage.tao.on_async(on("Find"), |_| ());
    let fails = stage.tao.on_inline(on("Find"), |_| Err::<(), BoxError>("gone".into()));
    let gate = stage.tao.on_intercept(on("Leave"), |_| Verdict::halt("not now"));
    stage.tao.set(signal("Find"));
    stage.run();
    let [cascade] = &recorder.take()[..] else { panic!() };
    let [first, enter, leave] = &cascade.dispatches[..] else { panic!("{cascade}") };
    let answers: Vec<_> =
        first.answers.iter().map(|answer| (answer.handler, answer.outputs.len())).collect();
    assert_eq!(answers, [(find.id(), 2), (log.id(), 0)]);
    assert_eq!(first.errors.len(), 1);
    assert!(first.errors[0].to_string().starts_with(&fails.id().to_string()));
    assert!(enter.unhandled && enter.via.unwrap().handler == find.id());
    assert_eq!(leave.answers[0].halted.as_ref().unwrap(), "not now");
    assert_eq!(leave.answers[0].handler, gate.id());
    assert!(recorder.take().is_empty());
}

#[test]
fn a_recorder_keeps_whole_cascades_the_newest_as_many_as_it_may() {
    let stage = Stage::new();
    let recorder = stage.tao.record_last(3);
    let _find = stage.tao.on_inline(on("Find"), |_| signal("Enter"));
    let cascades: Vec<_> = (0..5).map(|_| stage.tao.set(signal("Find")).id()).collect();
    let kept: Vec<_> = recorder.cascades().iter().map(|cascade| cascade.id).collect();
    assert_eq!(kept, cascades[4..]);
    assert_eq!(recorder.cascades()[0].dispatches.len(), 2);
}

#[test]
fn a_record_of_a_deep_cascade_is_written_without_recursion() {
    let stage = Stage::new();
    let recorder = stage.tao.record();
    let _count = stage.tao.on_inline(on("Count"), |cx| {
        let n = *cx.term_datum::<u32>()?;
        Ok((n < 1_000).then(|| signal("Count").term(n + 1)))
    });
    stage.tao.set(signal("Count").term(0_u32));
    let text = recorder.take()[0].to_string();
    assert_eq!(text.lines().count(), 1_001);
}

#[test]
fn an_aborted_cascade_is_recorded_as_that() {
    let stage = Stage::new();
    let recorder = stage.tao.record();
    let _find = stage.tao.on_async(on("Find"), |_| std::future::pending::<()>());
    let cascade = stage.tao.set(signal("Find"));
    cascade.abort("left the page");
    assert_eq!(
        recorder.take()[0].to_string(),
        "{User,Find,Portal} proceeded\nended: left the page\n"
    );
}
