//! What answers a request, and what does not.

use super::{answer, chain, on, signal};
use crate::stage::Stage;
use std::time::Duration;
use trine_core::Store;
use trine_tao::{AppCtx, Bridge, Filter, Kernel, RequestErrorKind, Verdict};

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
    assert!(by.location().file().ends_with("requests/answers.rs"));
    let told = error.to_string();
    assert!(
        told.starts_with("the request {Job,A,Portal} at tests/it/requests/answers.rs:")
            || told.starts_with("the request {Job,A,Portal} at tao/tests/it/requests/answers.rs:"),
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
