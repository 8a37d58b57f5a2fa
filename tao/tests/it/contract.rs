//! The language-neutral contract of the TAO, a test per clause. What needs more than a test to hold has its own file:
//! the table in the crate's documentation says where.

use crate::stage::{Log, Stage, all};
use std::future::Future;
use std::sync::{Arc, Mutex};
use trine_core::test::yield_now;
use trine_tao::{
    ANY, AppCtx, BoxError, Conclusion, Kernel, Pattern, Settled, Trigram, Verdict, What,
    test::orders,
    typed::{Gate, trigram},
};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("User", action, "Portal")
}

fn note<T, F: Fn() -> T>(
    log: &Log,
    line: &'static str,
    answer: F,
) -> impl Fn(AppCtx) -> T + use<T, F> {
    let log = log.clone();
    move |_| {
        log.note(line);
        answer()
    }
}

#[test]
fn grammar_a_signal_is_concrete_and_a_pattern_may_be_wild_on_each_axis() {
    for wild in [("*", "Find", "Portal"), ("User", "*", "Portal"), ("User", "Find", "")] {
        assert!(Trigram::new(wild.0, wild.1, wild.2).is_err());
        assert!(AppCtx::try_new(wild.0, wild.1, wild.2).is_err());
    }
    let find = Trigram::new("User", "Find", "Portal").unwrap();
    for pattern in
        [(ANY, "Find", "Portal").into(), ("User", ANY, ANY).into(), Pattern::new(ANY, ANY, ANY)]
    {
        assert!(pattern.matches(&find));
    }
}

#[test]
fn grammar_chains_are_the_only_order() {
    orders().check(|stage| {
        let (tao, log) = (stage.kernel(), Log::default());
        let notes = log.clone();
        let _log = tao.on_inline(("User", "*", "*"), move |cx| notes.note(cx.trigram().action()));
        let _chain = (
            tao.on_inline(on("One"), |_| signal("Two")),
            tao.on_async(on("Two"), |_| async {
                yield_now().await;
                signal("Three")
            }),
        );
        tao.set(signal("One"));
        stage.rest();
        assert_eq!(log.take(), ["One", "Two", "Three"]);
    });
}

#[test]
fn datum_has_value_semantics() {
    let stage = Stage::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    // Whoever wants another value makes another context: the others do not see it.
    let _changes = stage.tao.on_inline(on("Find"), |cx| drop(cx.term(2)));
    let _reads = stage.tao.on_inline(on("Find"), move |cx| {
        notes.lock().unwrap().push(*cx.term_datum::<i32>()?);
        Ok(())
    });
    stage.tao.set(signal("Find").term(1));
    assert_eq!(*seen.lock().unwrap(), [1]);
}

#[test]
fn phases_have_one_priority_whatever_the_order_of_registration() {
    let stage = Stage::new();
    let log = &stage.log;
    let _handlers = (
        stage.tao.on_inline(on("Find"), note(log, "inline", || ())),
        stage.tao.on_async(on("Find"), note(log, "async", || ())),
        stage.tao.on_intercept(on("Find"), note(log, "intercept", || Verdict::Pass)),
    );
    let runtime = stage.runtime.clone();
    let queued = Log::default();
    let notes = queued.clone();
    let _first = stage.tao.on_inline(on("Find"), move |_| notes.note(runtime.ready()));
    stage.tao.set(signal("Find"));
    assert_eq!(queued.take(), ["1"], "delivery is committed before any inline handler");
    stage.run();
    assert_eq!(stage.log.take(), ["intercept", "inline", "async"]);
}

#[test]
fn intercept_proceeding_needs_the_verdict_of_every_intercept() {
    let stage = Stage::new();
    let log = &stage.log;
    let open = Arc::new(Mutex::new(None));
    let door = Arc::clone(&open);
    let _handlers = (
        stage.tao.on_intercept(on("Find"), note(log, "first", || Verdict::Pass)),
        stage.tao.on_intercept(on("Find"), move |_| {
            let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
            *door.lock().unwrap() = Some(sender);
            async move {
                receiver.await?;
                Ok(Verdict::Pass)
            }
        }),
        stage.tao.on_intercept(on("Find"), note(log, "third", || Verdict::Pass)),
        stage.tao.on_inline(on("Find"), note(log, "inline", || ())),
    );
    let cascade = stage.tao.set(signal("Find"));
    stage.run();
    assert_eq!(stage.log.take(), ["first"]);
    assert!(cascade.outcome().is_none());
    open.lock().unwrap().take().unwrap().send(()).unwrap();
    stage.run();
    assert_eq!(stage.log.take(), ["third", "inline"]);
}

#[test]
fn intercept_a_halt_is_decisive_and_suppresses_the_later_phases() {
    let stage = Stage::new();
    let log = &stage.log;
    let _handlers = (
        stage.tao.on_async(on("Find"), note(log, "async", || ())),
        stage.tao.on_inline(on("Find"), note(log, "inline", || ())),
        stage.tao.on_intercept(on("Find"), |_| Verdict::Pass),
        stage.tao.on_intercept(on("Find"), |_| Verdict::halt("closed")),
    );
    let cascade = stage.tao.set(signal("Find"));
    stage.run();
    assert!(matches!(cascade.outcome(), Some(Conclusion::Halted { .. })));
    assert!(stage.log.take().is_empty());
}

#[test]
fn intercept_a_redirect_is_a_dispatch_of_its_own_that_faces_all_its_gates() {
    let stage = Stage::new();
    let log = &stage.log;
    let _handlers = (
        stage.tao.on_intercept(on("Find"), |_| Verdict::Redirect(signal("Enter"))),
        stage.tao.on_intercept(on("Enter"), note(log, "gate of Enter", || Verdict::Pass)),
        stage.tao.on_inline(on("Find"), note(log, "Find", || ())),
        stage.tao.on_inline(on("Enter"), note(log, "Enter", || ())),
    );
    stage.tao.set(signal("Find"));
    assert_eq!(stage.log.take(), ["gate of Enter", "Enter"]);
}

#[test]
fn intercept_an_error_is_a_missing_verdict_and_never_a_pass() {
    let stage = Stage::new();
    let log = &stage.log;
    let _inline = stage.tao.on_inline(on("Find"), note(log, "inline", || ()));
    let gates: [fn() -> Result<Verdict, BoxError>; 2] =
        [|| Err("no connection".into()), || panic!("oops")];
    for gate in gates {
        let _gate = stage.tao.on_intercept(on("Find"), move |_| gate());
        let outcome = stage.tao.set(signal("Find")).outcome();
        assert!(matches!(outcome, Some(Conclusion::Failed(_))));
    }
    assert!(stage.log.take().is_empty());
}

#[test]
fn intercept_conflicts_are_resolved_by_the_declared_tiebreak_and_not_by_order() {
    // A halt, else an error, else the redirect of whoever was registered first.
    let gates: [fn() -> Result<Verdict, BoxError>; 4] = [
        || Ok(Verdict::Redirect(signal("First"))),
        || Ok(Verdict::Redirect(signal("Second"))),
        || Err("broken".into()),
        || Ok(Verdict::halt("closed")),
    ];
    for (count, expected) in
        [(2, "redirected to {User,First,Portal}"), (3, "not concluded"), (4, "halted: closed")]
    {
        orders().seeds(0..20).check(|stage| {
            let tao = stage.kernel();
            let _gates: Vec<_> = gates[..count]
                .iter()
                .map(|&gate| tao.on_intercept(on("Find"), move |_| gate()))
                .collect();
            let outcome = tao.set(signal("Find")).outcome().unwrap().to_string();
            assert!(outcome.starts_with(expected), "{outcome}");
        });
    }
}

trine_tao::parts! {
    term User;
    action Find;
    orient Portal;
}

#[test]
fn intercept_redirects_that_may_compete_can_be_listed() {
    let tao = Kernel::new(&trine_core::Store::new());
    let one = tao.on_intercept(("User", ANY, ANY), |_| Verdict::Pass);
    let two = tao.on_intercept((ANY, "Find", ANY), |_| Verdict::Pass);
    let _apart = tao.on_intercept(("Space", "Enter", ANY), |_| Verdict::Pass);
    // By its type, this one redirects to nothing.
    let _gate = tao.on_intercept(trigram(User, Find, Portal), |_| -> Gate { Gate::Pass });
    let pairs = tao.competing_redirects();
    let [(first, second)] = &pairs[..] else { panic!("{pairs:?}") };
    assert_eq!((first.id(), second.id()), (one.id(), two.id()));
}

#[test]
fn async_handlers_are_never_polled_on_the_stack_of_the_caller_and_never_awaited() {
    let stage = Stage::new();
    let log = &stage.log;
    let _handlers = (
        stage.tao.on_async(on("Find"), note(log, "sync", || ())),
        stage.tao.on_async(on("Find"), note(log, "async", || async { yield_now().await })),
        stage.tao.on_inline(on("Find"), note(log, "inline", || signal("Enter"))),
        stage.tao.on_inline(on("Enter"), note(log, "chained", || ())),
    );
    stage.tao.set(signal("Find"));
    assert_eq!(stage.log.take(), ["inline", "chained"]);
    stage.run();
    assert_eq!(stage.log.take().len(), 2);
}

#[test]
fn inline_every_handler_is_called_and_its_errors_are_its_own() {
    orders().check(|stage| {
        let (tao, log) = (stage.kernel(), Log::default());
        let notes = log.clone();
        let _handlers = (
            tao.on_inline(on("Find"), |_| Err::<(), BoxError>("gone".into())),
            tao.on_inline(on("Find"), |_| [signal("Enter")]),
            tao.on_inline(on("Find"), |_| -> () { panic!("oops") }),
            tao.on_inline(on("Find"), |_| async { Some(signal("Enter")) }),
            tao.on_inline(on("Enter"), move |cx| notes.note(cx)),
        );
        tao.set(signal("Find"));
        stage.rest();
        assert_eq!(log.take().len(), 2);
    });
}

#[test]
fn inline_a_dispatch_is_settled_when_all_its_inline_handlers_are_done_and_only_then_chains() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(all);
    let _handlers = (
        stage.tao.on_inline(on("Find"), |_| signal("Enter")),
        stage.tao.on_inline(on("Find"), |_| async { yield_now().await }),
        stage.tao.on_async(on("Find"), |_| std::future::pending::<()>()),
    );
    stage.tao.set(signal("Find"));
    assert_eq!(told.take().last().unwrap(), "{User,Find,Portal} dispatched");
    stage.run();
    assert_eq!(told.take()[..2], ["{User,Find,Portal} settled", "{User,Enter,Portal} received"]);
}

#[test]
fn lifecycle_waypoints_come_in_order_each_at_most_once_the_last_two_only_if_it_proceeded() {
    orders().check(|stage| {
        let (tao, seen) = (stage.kernel(), Arc::new(Mutex::new(Vec::new())));
        let notes = Arc::clone(&seen);
        let _observer = tao.observe(move |observation| {
            let waypoint = match observation.what {
                What::Received => 0,
                What::Concluded(conclusion) => 1 + u32::from(conclusion.proceeded()),
                What::Dispatched => 3,
                What::Settled => 4,
                _ => return,
            };
            notes.lock().unwrap().push((observation.dispatch, waypoint));
        });
        let _handlers = (
            tao.on_inline(on("Go"), |_| {
                [signal("Wait"), signal("Halt"), signal("Fail"), signal("Turn")]
            }),
            tao.on_inline(on("Wait"), |_| async { yield_now().await }),
            tao.on_intercept(on("Wait"), |_| async {
                yield_now().await;
                Verdict::Pass
            }),
            tao.on_intercept(on("Halt"), |_| Verdict::halt("no")),
            tao.on_intercept(on("Fail"), |_| Err::<Verdict, BoxError>("no".into())),
            tao.on_intercept(on("Turn"), |_| Verdict::Redirect(signal("Nobody"))),
        );
        tao.set(signal("Go"));
        stage.rest();
        let seen = seen.lock().unwrap();
        let of = |number| -> Vec<u32> {
            seen.iter().filter(|(dispatch, _)| *dispatch == number).map(|(_, at)| *at).collect()
        };
        let mut lives: Vec<_> = (0..6).map(of).collect();
        lives.sort();
        assert_eq!(lives[..3], [[0, 1], [0, 1], [0, 1]]);
        assert_eq!(lives[3..], [[0, 2, 3, 4], [0, 2, 3, 4], [0, 2, 3, 4]]);
    });
}

#[test]
fn lifecycle_waypoints_are_no_signals() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _all = stage.tao.on_inline((ANY, ANY, ANY), move |cx| log.note(cx));
    stage.tao.set(signal("Find")).abort("nothing to abort");
    stage.run();
    assert_eq!(stage.log.take(), ["{User,Find,Portal}"]);
}

#[test]
fn lifecycle_settled_carries_no_results() {
    fn outputs<T>(_: &impl Future<Output = T>) -> std::any::TypeId
    where
        T: 'static,
    {
        std::any::TypeId::of::<T>()
    }
    let settled: Settled = Stage::new().tao.set(signal("Find")).settled();
    assert_eq!(outputs(&settled), std::any::TypeId::of::<()>());
}

#[test]
fn observation_exposes_every_hop_every_answer_and_every_error_with_its_handler() {
    let stage = Stage::new();
    let recorder = stage.tao.record();
    let handlers = [
        stage.tao.on_intercept(on("One"), |_| Verdict::Pass),
        stage.tao.on_async(on("One"), |_| async { signal("Two") }),
        stage.tao.on_inline(on("Two"), |_| Err::<(), BoxError>("gone".into())),
        stage.tao.on_intercept(on("Two"), |_| Verdict::Pass),
    ];
    stage.tao.set(signal("One"));
    stage.run();
    let cascade = &recorder.take()[0];
    let answers: Vec<_> = cascade
        .dispatches
        .iter()
        .flat_map(|own| own.answers.iter().map(|answer| answer.handler))
        .collect();
    assert_eq!(answers, [handlers[0].id(), handlers[1].id(), handlers[3].id()]);
    let error = cascade.dispatches[1].errors[0].to_string();
    assert!(error.starts_with(&handlers[2].id().to_string()), "{error}");
}
