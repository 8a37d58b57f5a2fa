//! Requests that are not answered: each ends with the reason, and takes its timer along.

use super::{answer, chain, on, signal};
use crate::stage::Stage;
use std::{
    future::pending,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use trine_core::{Store, test::ManualExecutor};
use trine_tao::{AppCtx, Kernel, Request, RequestErrorKind, Verdict};

#[test]
fn issue_25_a_failure_is_the_error_only_if_no_other_branch_answers() {
    let stage = Stage::new();
    let _fails = stage.tao.on_inline(on("A"), |_| -> Result<AppCtx, trine_tao::BoxError> {
        Err("no such user".into())
    });
    let reply = stage.tao.request(signal("A")).expect(on("B")).start();
    assert_eq!(answer(&reply), "failed: no such user");
    let _answers = stage.tao.on_async(on("A"), |_| signal("B"));
    let reply = stage.tao.request(signal("A")).expect(on("B")).start();
    assert_eq!(answer(&reply), "none");
    stage.run();
    assert_eq!(answer(&reply), "{Job,B,Portal}");
}

#[test]
fn an_intercept_that_panics_and_a_circle_without_end_are_typed_errors() {
    let stage = Stage::new();
    {
        let _gate = stage.tao.on_intercept(on("A"), |_| -> Verdict { panic!("broken gate") });
        let reply = stage.tao.request(signal("A")).expect(on("B")).start();
        assert_eq!(answer(&reply), "failed: it panicked: broken gate");
    }
    let _circle = stage.tao.on_inline(on("A"), |_| signal("A"));
    let reply = stage.tao.request(signal("A")).expect(on("B")).start();
    let error = reply.answer().unwrap().unwrap_err();
    assert!(error.to_string().contains("was ended after 10000 chained signals"), "{error}");
}

#[test]
fn a_request_times_out_on_the_stores_clock_wherever_it_is_awaited() {
    let (stage, clock, _handlers) = chain();
    let _slow = stage.tao.on_async(on("C"), |_| async { pending::<()>().await });
    let mut reply =
        stage.tao.request(signal("A")).expect(on("D")).timeout(Duration::from_secs(3)).start();
    stage.run();
    clock.advance(Duration::from_millis(2_999));
    stage.run();
    assert_eq!(answer(&reply), "none");
    clock.advance(Duration::from_millis(1));
    stage.run();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Err(error)) = std::pin::Pin::new(&mut reply).poll(&mut cx) else { panic!() };
    assert!(matches!(error.kind(), RequestErrorKind::TimedOut { after } if after.as_secs() == 3));
    // What it has led to goes on.
    assert!(!reply.cascade().is_settled());
}

#[test]
fn b18_the_timer_of_a_request_that_was_answered_is_gone() {
    let (stage, _clock, _handlers) = chain();
    let _late = stage.tao.on_async(on("C"), |_| signal("D"));
    let request = || stage.tao.request(signal("A")).timeout_of(3);
    let reply = request().start();
    assert_eq!(answer(&reply), "none");
    stage.run();
    assert_eq!(answer(&reply), "{Job,D,Portal}");
    drop(reply);
    stage.run();
    assert_eq!(stage.store.runs().len(), 0);
    // One that is given up takes its timer with it, too.
    drop(request().start());
    stage.run();
    assert_eq!(stage.store.runs().len(), 0);
}

trait TimeoutOf<'k> {
    fn timeout_of(self, seconds: u64) -> Request<'k>;
}

impl<'k> TimeoutOf<'k> for trine_tao::Question<'k> {
    fn timeout_of(self, seconds: u64) -> Request<'k> {
        self.expect(on("D")).timeout(Duration::from_secs(seconds))
    }
}

#[test]
fn a_request_that_ends_unanswered_aborts_its_cascade_if_asked_to() {
    let (stage, clock, _handlers) = chain();
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let _slow = stage.tao.on_async(on("C"), move |_| {
        let held = Arc::clone(&held);
        async move {
            pending::<()>().await;
            drop(held);
        }
    });
    let given_up = stage.tao.request(signal("A")).expect(on("D")).abort_unanswered().start();
    stage.run();
    assert_eq!(Arc::strong_count(&alive), 3);
    drop(given_up);
    assert_eq!(Arc::strong_count(&alive), 2);
    let timed_out = stage.tao.request(signal("A")).timeout_of(1).abort_unanswered().start();
    stage.run();
    clock.advance(Duration::from_secs(1));
    stage.run();
    assert!(matches!(
        timed_out.answer().unwrap().unwrap_err().kind(),
        RequestErrorKind::TimedOut { .. }
    ));
    assert!(timed_out.cascade().is_settled());
    assert_eq!(Arc::strong_count(&alive), 2);
    // One that was answered aborts nothing.
    let answered = stage.tao.request(signal("A")).expect(on("C")).abort_unanswered().start();
    stage.run();
    assert_eq!(answer(&answered), "{Job,C,Portal}");
    let cascade = answered.cascade().clone();
    drop(answered);
    assert!(!cascade.is_settled());
    cascade.abort("the test is over");
}

#[test]
fn an_aborted_cascade_ends_its_request_with_the_reason() {
    let (stage, _clock, _handlers) = chain();
    let _slow = stage.tao.on_async(on("C"), |_| async { pending::<()>().await });
    let reply = stage.tao.request(signal("A")).expect(on("D")).start();
    stage.run();
    reply.cascade().abort("left the page");
    stage.run();
    let error = reply.answer().unwrap().unwrap_err();
    assert!(
        matches!(error.kind(), RequestErrorKind::Aborted(reason) if reason == "left the page"),
        "{error}"
    );
}

#[test]
fn dropping_the_store_ends_a_request() {
    let (stage, _clock, handlers) = chain();
    let _slow = stage.tao.on_async(on("C"), |_| async { pending::<()>().await });
    let reply = stage.tao.request(signal("A")).timeout_of(3).start();
    stage.run();
    let Stage { store, tao, runtime, .. } = stage;
    drop((handlers, tao, store));
    runtime.run_until_stalled();
    assert!(reply.answer().unwrap().is_err());
}

#[test]
fn a_timeout_without_a_clock_or_a_runtime_is_an_error_and_no_panic() {
    let store = Store::builder().spawner(ManualExecutor::new()).build();
    let tao = Kernel::new(&store);
    let _slow = tao.on_inline(on("A"), |_| async { pending::<()>().await });
    let reply = tao.request(signal("A")).expect(on("B")).timeout(Duration::from_secs(1)).start();
    // The default clock is tokio's, which has no runtime here, or there is none at all.
    drop(reply);
    let tao = Kernel::new(&Store::new());
    let _slow = tao.on_inline(on("A"), |_| async { pending::<()>().await });
    let reply = tao.request(signal("A")).expect(on("B")).timeout(Duration::from_secs(1)).start();
    let error = reply.answer().unwrap().unwrap_err();
    assert!(error.to_string().contains("runtime"), "{error}");
}

#[test]
fn a_signal_that_is_refused_since_nobody_handles_it_fails_its_request() {
    let stage = Stage::new();
    let tao = Kernel::builder(&stage.store).unhandled(trine_tao::Level::Deny).build();
    let reply = tao.request(signal("A")).expect(on("B")).start();
    let error = reply.answer().unwrap().unwrap_err();
    assert!(matches!(error.kind(), RequestErrorKind::Failed(_)), "{error}");
}
