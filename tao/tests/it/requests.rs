//! Requests: each ends exactly once, with a declared response or with the reason why there is none.

use crate::stage::{Log, Stage};
use proptest::prelude::*;
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};
use trine_tao::{
    AppCtx, Bridge, Filter, Kernel, Reply, Request, RequestError, RequestErrorKind, Verdict,
};

static_assertions::assert_impl_all!(Reply: Send, Sync, Unpin);
static_assertions::assert_impl_all!(Request<'static>: Send, Sync);
static_assertions::assert_impl_all!(RequestError: Send, Sync, Clone, std::error::Error);

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

fn answer(reply: &Reply) -> String {
    match reply.answer() {
        None => "none".to_owned(),
        Some(Ok(context)) => context.to_string(),
        Some(Err(error)) => match error.kind() {
            RequestErrorKind::Halted { signal, reason, .. } => format!("{signal} halted: {reason}"),
            RequestErrorKind::Failed(error) => format!("failed: {}", error.cause().unwrap()),
            kind => kind.to_string(),
        },
    }
}

/// A stage with a clock, in whose kernel A is chained to B and B to C.
fn chain() -> (Stage, ManualClock, Vec<trine_tao::HandlerGuard>) {
    let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
    let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
    let stage = Stage { tao: Kernel::new(&store), runtime, store, log: Log::default() };
    let handlers = vec![
        stage.tao.on_inline(on("A"), |_| signal("B")),
        stage.tao.on_inline(on("B"), |_| signal("C")),
    ];
    (stage, clock, handlers)
}

#[test]
fn b1_a_request_is_answered_by_a_declared_response_and_not_by_the_first_signal_that_follows() {
    let (stage, _clock, _handlers) = chain();
    let reply = stage.tao.request(signal("A")).expect(on("C")).start();
    assert_eq!(answer(&reply), "{Job,C,Portal}");
    // Neither on a channel, whatever handlers that has.
    let channel = stage.tao.channel("client");
    let reply = channel.request(signal("A")).expect(on("C")).start();
    assert_eq!(answer(&reply), "{Job,C,Portal}");
    let reply = channel.request(signal("A")).expect(on("X")).start();
    assert!(matches!(reply.answer().unwrap().unwrap_err().kind(), RequestErrorKind::Unanswered));
}

#[test]
fn b2_a_signal_that_is_halted_is_no_answer_but_an_error_that_says_who_and_why() {
    let (stage, _clock, _handlers) = chain();
    let _gate = stage.tao.on_intercept(on("A"), |_| Verdict::halt("closed"));
    let reply = stage.tao.request(signal("A")).expect(Filter::all()).start();
    let error = reply.answer().unwrap().unwrap_err();
    let RequestErrorKind::Halted { signal, reason, by } = error.kind() else { panic!("{error}") };
    assert_eq!((signal.to_string().as_str(), reason.as_str()), ("{Job,A,Portal}", "closed"));
    assert!(by.location().file().ends_with("requests.rs"));
    let told = error.to_string();
    assert!(
        told.starts_with("the request {Job,A,Portal} at tests/it/requests.rs:")
            || told.starts_with("the request {Job,A,Portal} at tao/tests/it/requests.rs:"),
        "{told}"
    );
    assert!(told.contains("was not answered by {*,*,*}: intercept handler at"), "{told}");
}

#[test]
fn the_signal_that_was_set_does_not_answer_itself() {
    let stage = Stage::new();
    let reply = stage.tao.request(signal("A")).expect(Filter::all()).start();
    assert!(answer(&reply).starts_with("all that followed is at rest"));
}

#[test]
fn a_response_that_is_halted_is_no_answer() {
    let (stage, _clock, _handlers) = chain();
    let _gate = stage.tao.on_intercept(on("C"), |_| Verdict::halt("not for you"));
    let reply = stage.tao.request(signal("A")).expect(on("C")).start();
    assert_eq!(answer(&reply), "{Job,C,Portal} halted: not for you");
}

#[test]
fn a_redirect_may_lead_to_the_answer() {
    let (stage, _clock, _handlers) = chain();
    let _gate = stage.tao.on_intercept(on("A"), |_| Verdict::Redirect(signal("Login")));
    let reply = stage.tao.request(signal("A")).expect(on("Login")).start();
    assert_eq!(answer(&reply), "{Job,Login,Portal}");
}

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

#[tokio::test(start_paused = true)]
async fn requests_are_futures_of_their_answers() {
    let tao = Kernel::new(&Store::new());
    let _find = tao.on_inline(on("A"), |cx| async move {
        tokio::time::sleep(Duration::from_secs(*cx.action_datum::<u64>()?)).await;
        Ok(cx.transfer(on("B")))
    });
    let ask = |seconds: u64| {
        tao.request(signal("A").action(seconds)).expect(on("B")).timeout(Duration::from_secs(3))
    };
    assert_eq!(ask(1).await.unwrap().action_datum(), Ok(&1_u64));
    assert!(matches!(ask(5).await.unwrap_err().kind(), RequestErrorKind::TimedOut { .. }));
    let (one, two) = futures_util::join!(ask(2).start(), ask(1).start());
    assert_eq!(one.unwrap().action_datum(), Ok(&2_u64));
    assert_eq!(two.unwrap().action_datum(), Ok(&1_u64));
}

#[test]
fn a_request_is_answered_over_bridges_and_ends_when_all_kernels_are_at_rest() {
    let (stage, _clock, _handlers) = chain();
    let server = Kernel::new(&stage.store);
    let _there = Bridge::new(&stage.tao, &server).inline(on("C"));
    let _back = Bridge::new(&server, &stage.tao).inline(on("D"));
    let _late = server.on_async(on("C"), |_| signal("D"));
    let reply = stage.tao.request(signal("A")).expect(on("D")).start();
    assert_eq!(answer(&reply), "none", "the cascade here is at rest, the one there is not");
    stage.run();
    assert_eq!(answer(&reply), "{Job,D,Portal}");
    // What is dispatched over there alone does not answer, and its failures are the error.
    let _fails = server.on_async(on("C"), |_| -> Result<AppCtx, trine_tao::BoxError> {
        Err("out of order".into())
    });
    let reply = stage.tao.request(signal("A")).expect(on("X")).start();
    stage.run();
    assert_eq!(answer(&reply), "failed: out of order");
}

#[test]
fn a_request_on_a_channel_is_answered_over_bridges_too() {
    let (stage, _clock, _handlers) = chain();
    let server = Kernel::new(&stage.store);
    let _there = Bridge::new(&stage.tao, &server).inline(on("C"));
    let _back = Bridge::new(&server, &stage.tao).inline(on("D"));
    let _late = server.on_async(on("C"), |_| signal("D"));
    let channel = stage.tao.channel("client");
    let reply = channel.request(signal("A")).expect(on("D")).start();
    stage.run();
    assert_eq!(answer(&reply), "{Job,D,Portal}");
}

#[test]
fn a_condition_of_the_responses_is_asked_and_may_panic() {
    let (stage, _clock, _handlers) = chain();
    let _more = stage.tao.on_inline(on("C"), |_| [signal("D").term(1), signal("D").term(2)]);
    let expect = Filter::from(on("D")).when(|cx| match cx.term_datum::<i32>() {
        Ok(1) => panic!("a condition that panics does not match"),
        _ => true,
    });
    let reply = stage.tao.request(signal("A")).expect(expect).start();
    assert_eq!(reply.answer().unwrap().unwrap().term_datum(), Ok(&2));
}

#[test]
fn a_signal_that_is_refused_since_nobody_handles_it_fails_its_request() {
    let stage = Stage::new();
    let tao = Kernel::builder(&stage.store).unhandled(trine_tao::Level::Deny).build();
    let reply = tao.request(signal("A")).expect(on("B")).start();
    let error = reply.answer().unwrap().unwrap_err();
    assert!(matches!(error.kind(), RequestErrorKind::Failed(_)), "{error}");
}

#[test]
fn requests_filters_and_bridges_take_typed_trigrams() {
    use trine_tao::typed::{signal, trigram};
    trine_tao::parts! {
        pub term User(u32);
        pub action Find, Enter;
        pub orient Portal;
    }
    let stage = Stage::new();
    let server = Kernel::new(&stage.store);
    let _there = Bridge::new(&stage.tao, &server).inline(trigram(User, Find, Portal));
    let _back = Bridge::new(&server, &stage.tao).inline([trigram(User, Enter, Portal)]);
    let _find =
        server.on_inline(trigram(User, Find, Portal), |_| signal(User, Enter, Portal).term(7));
    let asked = stage.tao.request(signal(User, Find, Portal));
    let reply = asked.expect(trigram(User, Enter, Portal)).start();
    assert_eq!(reply.answer().unwrap().unwrap().term_datum(), Ok(&7_u32));
}

#[test]
fn a_request_brings_its_chain_along() {
    let (stage, _clock, _handlers) = chain();
    let log = stage.log.clone();
    let _observer = stage.tao.observe(move |seen| {
        if matches!(seen.what, trine_tao::What::Received) {
            let user = seen.chain.get("user").and_then(trine_tao::ChainValue::as_text);
            log.note(format!("{} for {}", seen.context, user.unwrap()));
        }
    });
    let chain = trine_tao::Chain::new().with("user", "ada");
    let _reply = stage.tao.request(signal("A")).expect(on("B")).chain(chain).start();
    assert_eq!(
        stage.log.take(),
        ["{Job,A,Portal} for ada", "{Job,B,Portal} for ada", "{Job,C,Portal} for ada"]
    );
}

/// What a handler of a random protocol does when a signal comes.
#[derive(Debug, Clone, Copy)]
enum Does {
    Halts,
    Redirects(u8),
    Fails,
    Panics,
    Chains(u8),
    ChainsLater(u8),
    Forks(u8),
    Hangs,
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        1 => Just(Does::Halts),
        1 => (0..6_u8).prop_map(Does::Redirects),
        1 => Just(Does::Fails),
        1 => Just(Does::Panics),
        4 => (0..6_u8).prop_map(Does::Chains),
        3 => (0..6_u8).prop_map(Does::ChainsLater),
        3 => (0..6_u8).prop_map(Does::Forks),
        1 => Just(Does::Hangs),
    ]
}

const STEPS: [&str; 6] = ["0", "1", "2", "3", "4", "5"];

fn add(tao: &Kernel, at: u8, does: Does, alive: &Arc<AtomicUsize>) {
    struct Alive(Arc<AtomicUsize>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let live = {
        let alive = Arc::clone(alive);
        move || {
            alive.fetch_add(1, Ordering::Relaxed);
            Alive(Arc::clone(&alive))
        }
    };
    let (pattern, to) = (on(STEPS[usize::from(at)]), |to: u8| signal(STEPS[usize::from(to)]));
    match does {
        Does::Halts => tao.on_intercept(pattern, |_| Verdict::halt("halted")),
        Does::Redirects(next) => tao.on_intercept(pattern, move |_| Verdict::Redirect(to(next))),
        Does::Fails => tao.on_inline(pattern, |_| Err::<(), trine_tao::BoxError>("failed".into())),
        Does::Panics => tao.on_inline(pattern, |_| -> () { panic!("panicked") }),
        Does::Chains(next) => tao.on_inline(pattern, move |_| to(next)),
        Does::ChainsLater(next) => tao.on_inline(pattern, move |_| {
            let live = live();
            async move {
                trine_core::test::yield_now().await;
                drop(live);
                to(next)
            }
        }),
        Does::Forks(next) => tao.on_async(pattern, move |_| to(next)),
        Does::Hangs => tao.on_inline(pattern, move |_| {
            let live = live();
            async move {
                pending::<()>().await;
                drop(live);
            }
        }),
    }
    .detach();
}

proptest! {
    #[test]
    fn each_request_ends_exactly_once_and_leaves_nothing_behind(
        protocol in prop::collection::vec((0..6_u8, does()), 0..14),
        requests in prop::collection::vec((0..6_u8, 0..6_u8, any::<bool>(), 0..4_u8), 1..6),
    ) {
        let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
        let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
        let tao = Kernel::builder(&store).hop_budget(60).build();
        let alive = Arc::new(AtomicUsize::new(0));
        for &(at, does) in &protocol {
            add(&tao, at, does, &alive);
        }
        let channel = tao.channel("client");
        let mut replies = Vec::new();
        for &(ask, expect, on_channel, fate) in &requests {
            let (ask, expect) = (signal(STEPS[usize::from(ask)]), on(STEPS[usize::from(expect)]));
            let question = if on_channel { channel.request(ask) } else { tao.request(ask) };
            let request = question.expect(expect).timeout(Duration::from_secs(5));
            let reply = if fate == 0 { request.abort_unanswered() } else { request }.start();
            match fate {
                // Given up at once.
                1 => drop(reply),
                _ => replies.push((expect, reply, Vec::new())),
            }
        }
        let look = |replies: &mut Vec<(_, Reply, Vec<String>)>| {
            for (_, reply, ends) in replies {
                if let Some(end) = reply.answer() {
                    ends.push(match end {
                        Ok(context) => context.to_string(),
                        Err(error) => error.to_string(),
                    });
                }
            }
        };
        look(&mut replies);
        runtime.run_until_stalled();
        look(&mut replies);
        clock.advance(Duration::from_secs(5));
        runtime.run_until_stalled();
        look(&mut replies);
        // Late answers change nothing.
        tao.set(signal("0"));
        runtime.run_until_stalled();
        look(&mut replies);
        for (expect, reply, ends) in &replies {
            prop_assert!(!ends.is_empty(), "{reply:?} has not ended");
            prop_assert!(ends.iter().all(|end| end == &ends[0]), "{ends:?} is more than one end");
            if let Some(Ok(context)) = reply.answer() {
                prop_assert!(trine_tao::Pattern::from(*expect).matches(context.trigram()));
            }
        }
        for (_, reply, _) in &replies {
            reply.cascade().abort("the test is over");
        }
        store.runs().abort_all("the test is over");
        runtime.run_until_stalled();
        drop(replies);
        runtime.run_until_stalled();
        prop_assert_eq!(store.runs().len(), 0);
        prop_assert_eq!(alive.load(Ordering::Relaxed), 0);
    }
}
