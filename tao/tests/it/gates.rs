//! Intercepts: contract 1.15, *Phases*.

use crate::stage::{Log, Stage, all, failures};
use tokio::task::yield_now;
use trine_core::Store;
use trine_tao::{AppCtx, BoxError, Conclusion, HandlerGuard, Kernel, Verdict};

fn signal() -> AppCtx {
    AppCtx::new("User", "Delete", "Admin")
}

const ON: (&str, &str, &str) = ("User", "Delete", "Admin");

fn intercept(
    stage: &Stage,
    name: &'static str,
    verdict: impl Fn() -> Result<Verdict, BoxError> + Send + Sync + 'static,
) -> HandlerGuard {
    let log = stage.log.clone();
    stage.tao.on_intercept(ON, move |_| {
        log.note(name);
        verdict()
    })
}

fn elsewhere() -> Verdict {
    Verdict::Redirect(AppCtx::new("User", "Enter", "Portal"))
}

#[test]
fn every_intercept_is_asked_whatever_the_others_say() {
    let stage = Stage::new();
    let _gates = [
        intercept(&stage, "halts", || Ok(Verdict::halt("no"))),
        intercept(&stage, "fails", || Err("broken".into())),
        intercept(&stage, "redirects", || Ok(elsewhere())),
        intercept(&stage, "passes", || Ok(Verdict::Pass)),
    ];
    stage.tao.set(signal());
    assert_eq!(stage.log.take(), ["halts", "fails", "redirects", "passes"]);
}

#[test]
fn a_halt_beats_an_error_and_a_redirect_and_says_who_and_why() {
    let stage = Stage::new();
    let _gates = [
        intercept(&stage, "redirects", || Ok(elsewhere())),
        intercept(&stage, "fails", || Err("broken".into())),
    ];
    let halting = intercept(&stage, "halts", || Ok(Verdict::halt("not allowed")));
    let _late = intercept(&stage, "halts too", || Ok(Verdict::halt("too late")));
    let Some(Conclusion::Halted { reason, by }) = stage.tao.set(signal()).outcome() else {
        panic!()
    };
    assert_eq!((reason.as_str(), by), ("not allowed", halting.id()));
    assert!(by.location().file().ends_with("gates.rs"));
}

#[test]
fn an_error_is_failed_and_never_a_pass() {
    let stage = Stage::new();
    let (failed, _observer) = stage.observe(failures);
    let log = stage.log.clone();
    let _inline = stage.tao.on_inline(ON, move |_| log.note("inline"));
    let _gates = [
        intercept(&stage, "passes", || Ok(Verdict::Pass)),
        intercept(&stage, "fails", || Err("no connection".into())),
        intercept(&stage, "redirects", || Ok(elsewhere())),
    ];
    let outcome = stage.tao.set(signal()).outcome().unwrap();
    assert!(matches!(outcome, Conclusion::Failed(_)), "{outcome}");
    assert_eq!(stage.log.take(), ["passes", "fails", "redirects"]);
    assert_eq!(failed.take().len(), 1);
}

#[test]
fn a_panic_is_failed_and_never_a_pass() {
    let stage = Stage::new();
    let _gate = stage.tao.on_intercept(ON, |_| -> Verdict { panic!("oops") });
    let outcome = stage.tao.set(signal()).outcome().unwrap();
    assert!(outcome.to_string().ends_with("{User,Delete,Admin}: it panicked: oops"), "{outcome}");
}

#[test]
fn among_redirects_the_earliest_registered_wins() {
    let stage = Stage::new();
    let wide = stage.tao.on_intercept(("*", "*", "Admin"), |_| elsewhere());
    let _narrow =
        stage.tao.on_intercept(ON, |_| AppCtx::new("App", "View", "Portal").into_verdict());
    let Some(Conclusion::Redirected { to, by }) = stage.tao.set(signal()).outcome() else {
        panic!()
    };
    assert_eq!((to.to_string().as_str(), by), ("{User,Enter,Portal}", wide.id()));
}

trait IntoVerdict {
    fn into_verdict(self) -> Verdict;
}

impl IntoVerdict for AppCtx {
    fn into_verdict(self) -> Verdict {
        self.into()
    }
}

#[test]
fn a_redirected_signal_faces_all_its_own_intercepts() {
    let stage = Stage::new();
    let (told, _observer) = stage.observe(all);
    let _gates = (
        stage.tao.on_intercept(ON, |_| elsewhere()),
        stage.tao.on_intercept(("User", "Enter", "*"), |_| Verdict::halt("closed")),
    );
    stage.tao.set(signal());
    assert_eq!(
        told.take(),
        [
            "{User,Delete,Admin} received",
            "{User,Delete,Admin} redirected to {User,Enter,Portal}",
            "{User,Enter,Portal} received",
            "{User,Enter,Portal} halted: closed",
        ]
    );
}

#[tokio::test]
async fn an_intercept_may_have_to_wait_and_nothing_passes_meanwhile() {
    let (tao, log) = (Kernel::new(&Store::new()), Log::default());
    let _gate = tao.on_intercept(ON, |_| async {
        yield_now().await;
        Ok(Verdict::Pass)
    });
    let _handlers = [
        tao.on_async(ON, {
            let log = log.clone();
            move |_| log.note("async")
        }),
        tao.on_inline(ON, {
            let log = log.clone();
            move |_| log.note("inline")
        }),
    ];
    let cascade = tao.set(signal());
    assert!(cascade.outcome().is_none() && log.take().is_empty());
    cascade.settled().await;
    assert!(cascade.outcome().unwrap().proceeded());
    assert_eq!(log.take().len(), 2);
}
