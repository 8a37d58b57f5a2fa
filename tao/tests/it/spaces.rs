//! What is most likely a mistake: contract 1.15, *Space*, "never silently a no-op".

use crate::stage::{Log, Stage};
use trine_tao::{
    AppCtx, CascadeError, Conclusion, HandlerEvent, Kernel, KernelBuilder, Level, Refusal, Space,
    Verdict, What,
};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("User", action, "Portal")
}

fn space() -> Space {
    Space::new((["User", "Space"], ["Find", "Enter"], "Portal")).and(("App", "Enter", "Admin"))
}

fn kernel(stage: &Stage, build: impl FnOnce(KernelBuilder) -> KernelBuilder) -> (Kernel, Log) {
    let tao = build(Kernel::builder(&stage.store)).build();
    let log = Log::default();
    let notes = log.clone();
    let note = move |observation: &trine_tao::Observation<'_>| match observation.what {
        What::Unhandled | What::OutOfSpace | What::Failed(_) | What::Concluded(_) => {
            notes.note(observation);
        }
        _ => {}
    };
    tao.observe(note).detach();
    (tao, log)
}

#[test]
fn out_of_space_is_observed_at_every_level_and_refused_when_denied() {
    let stage = Stage::new();
    for level in [Level::Allow, Level::Warn, Level::Deny] {
        let (tao, log) = kernel(&stage, |builder| builder.space(space()).out_of_space(level));
        let ran = Log::default();
        let notes = ran.clone();
        let _all = tao.on_inline(("*", "*", "*"), move |cx| notes.note(cx));
        let outcome = tao.set(signal("Fnid")).outcome().unwrap();
        let told = log.take();
        assert_eq!(told[0], "{User,Fnid,Portal} out of the space");
        assert_eq!(outcome.proceeded(), level != Level::Deny);
        assert_eq!(ran.take().len(), usize::from(level != Level::Deny));
        assert_eq!(told.len(), if level == Level::Deny { 3 } else { 2 });
        // In the space, all is as ever.
        assert!(tao.set(signal("Find")).outcome().unwrap().proceeded());
        assert_eq!(log.take(), ["{User,Find,Portal} proceeded"]);
    }
}

#[test]
fn a_chained_signal_out_of_space_is_refused_and_its_siblings_are_not() {
    let stage = Stage::new();
    let (tao, log) = kernel(&stage, |builder| builder.space(space()).out_of_space(Level::Deny));
    let _find = tao.on_inline(on("Find"), |_| [signal("Entre"), signal("Enter")]);
    let _enter = tao.on_inline(on("Enter"), |_| ());
    assert!(tao.set(signal("Find")).outcome().unwrap().proceeded());
    assert_eq!(
        log.take(),
        [
            "{User,Find,Portal} proceeded",
            "{User,Entre,Portal} unhandled",
            "{User,Entre,Portal} out of the space",
            "{User,Entre,Portal} failed: {User,Entre,Portal} is out of the space: no signal there has this action; did you mean `Enter`?",
            "{User,Entre,Portal} not concluded: {User,Entre,Portal} is out of the space: no signal there has this action; did you mean `Enter`?",
            "{User,Enter,Portal} proceeded",
        ]
    );
}

#[test]
fn an_unknown_combination_of_known_parts_is_said_to_be_that() {
    let stage = Stage::new();
    let (tao, _) = kernel(&stage, |builder| builder.space(space()).out_of_space(Level::Deny));
    let outcome = tao.set(AppCtx::new("App", "Find", "Portal")).outcome();
    let Some(Conclusion::Failed(error)) = outcome else { panic!() };
    let CascadeError::Refused(error) = &*error else { panic!() };
    assert_eq!(error.refusal, Refusal::OutOfSpace { axis: None, near: None });
}

#[test]
fn a_denied_signal_asks_no_intercept_and_a_request_learns_of_it() {
    let stage = Stage::new();
    let (tao, _) = kernel(&stage, |builder| builder.space(space()).out_of_space(Level::Deny));
    let log = stage.log.clone();
    let _gate = tao.on_intercept(("*", "*", "*"), move |_| {
        log.note("asked");
        Verdict::Pass
    });
    tao.set(signal("Lose"));
    assert!(stage.log.take().is_empty());
}

#[test]
fn a_signal_without_handlers_may_be_denied() {
    let stage = Stage::new();
    let (tao, log) = kernel(&stage, |builder| builder.unhandled(Level::Deny));
    assert!(!tao.set(signal("Find")).outcome().unwrap().proceeded());
    assert_eq!(
        log.take(),
        [
            "{User,Find,Portal} unhandled",
            "{User,Find,Portal} failed: {User,Find,Portal} has no handler",
            "{User,Find,Portal} not concluded: {User,Find,Portal} has no handler",
        ]
    );
    let _find = tao.on_async(on("Find"), |_| ());
    assert!(tao.set(signal("Find")).outcome().unwrap().proceeded());
}

#[test]
fn a_dead_handler_is_observed_at_every_level_and_not_registered_when_denied() {
    let stage = Stage::new();
    for level in [Level::Allow, Level::Warn, Level::Deny] {
        let (tao, _) = kernel(&stage, |builder| builder.space(space()).dead_handlers(level));
        let log = Log::default();
        let notes = log.clone();
        let _observer = tao.observe_handlers(move |event| {
            notes.note(match event {
                HandlerEvent::Registered(info) => format!("registered {}", info.pattern()),
                HandlerEvent::Removed(_) => "removed".into(),
                HandlerEvent::Dead(info) => format!("dead {}", info.pattern()),
                _ => unreachable!(),
            });
        });
        let dead = tao.on_inline(("User", "Lose", "*"), |_| ());
        let live = tao.on_inline(("*", "Enter", "Admin"), |_| ());
        let registered = level != Level::Deny;
        assert_eq!(tao.dead_handlers().len(), usize::from(registered));
        drop((dead, live));
        let mut expected = vec!["dead {User,Lose,*}", "registered {*,Enter,Admin}", "removed"];
        if registered {
            expected.insert(1, "registered {User,Lose,*}");
            expected.push("removed");
        }
        assert_eq!(log.take(), expected);
    }
}

#[test]
fn without_a_space_nothing_is_out_of_it() {
    let stage = Stage::new();
    let (tao, log) = kernel(&stage, |builder| builder);
    let _handler = tao.on_inline(("Any", "Thing", "Goes"), |_| ());
    assert!(tao.space().is_none() && tao.dead_handlers().is_empty());
    tao.set(AppCtx::new("Any", "Thing", "Goes"));
    assert_eq!(log.take(), ["{Any,Thing,Goes} proceeded"]);
}
