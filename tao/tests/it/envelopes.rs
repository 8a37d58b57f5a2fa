//! What signals bring along: contract 1.15, *Envelope scopes*.

use crate::stage::{Log, Stage};
use proptest::prelude::*;
use trine_tao::{
    AppCtx, BadTraceContext, Chain, ChainValue, Kernel, ObserverGuard, TraceContext, What,
};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("User", action, "Portal")
}

/// Notes what is under `name` in the chain of each signal that is received.
fn chains(tao: &Kernel, name: &'static str) -> (Log, ObserverGuard) {
    let log = Log::default();
    let notes = log.clone();
    let guard = tao.observe(move |observation| {
        if let What::Received = observation.what {
            let value = observation.chain.get(name);
            notes.note(format!("{} {value:?}", observation.context.trigram().action()));
        }
    });
    (log, guard)
}

fn depth(step: &trine_tao::ChainStep<'_>) -> Option<ChainValue> {
    Some((step.previous.and_then(ChainValue::as_integer).unwrap_or(0) + 1).into())
}

#[test]
fn a_chain_is_derived_from_parent_to_child_in_band_and_out_of_band() {
    let stage = Stage::new();
    let _depth = stage.tao.chain_reducer("depth", depth);
    let (log, _observer) = chains(&stage.tao, "depth");
    let _handlers = (
        stage.tao.on_inline(on("A"), |_| [signal("B"), signal("C")]),
        stage.tao.on_async(on("B"), |_| async { signal("D") }),
    );
    stage.tao.set(signal("A"));
    stage.run();
    let some = |action, number| format!("{action} Some(Integer({number}))");
    assert_eq!(log.take(), [some("A", 1), some("B", 2), some("C", 2), some("D", 3)]);
}

#[test]
fn what_a_signal_came_with_is_where_its_chain_goes_on_and_names_without_an_owner_are_handed_on() {
    let stage = Stage::new();
    let _depth = stage.tao.chain_reducer("depth", depth);
    let (log, _observer) = chains(&stage.tao, "depth");
    let (users, _users) = chains(&stage.tao, "user");
    let _handler = stage.tao.on_inline(on("A"), |_| signal("B"));
    let chain = Chain::new().with("depth", 40_i64).with("user", "ada");
    stage.tao.cascade_builder(signal("A")).chain(chain).set();
    assert_eq!(log.take(), ["A Some(Integer(41))", "B Some(Integer(42))"]);
    assert_eq!(users.take(), [r#"A Some(Text("ada"))"#, r#"B Some(Text("ada"))"#]);
}

#[test]
fn a_name_in_the_chain_has_one_owner_and_is_free_again_when_that_goes() {
    let stage = Stage::new();
    let first = stage.tao.chain_reducer("depth", depth);
    let error = stage.tao.try_chain_reducer("depth", depth).unwrap_err();
    assert_eq!(error.owner.line() + 1, error.other.line());
    drop(first);
    let second = stage.tao.try_chain_reducer("depth", |_| None).unwrap();
    let (log, _observer) = chains(&stage.tao, "depth");
    let chain = Chain::new().with("depth", 1_i64);
    stage.tao.cascade_builder(signal("A")).chain(chain.clone()).set();
    drop(second);
    stage.tao.cascade_builder(signal("A")).chain(chain).set();
    assert_eq!(log.take(), ["A None", "A Some(Integer(1))"]);
}

#[test]
fn a_reducer_that_panics_changes_nothing() {
    let stage = Stage::new();
    let _depth = stage.tao.chain_reducer("depth", |_| panic!("reducer"));
    let (log, _observer) = chains(&stage.tao, "depth");
    let _handler = stage.tao.on_inline(on("A"), |_| signal("B"));
    let cascade = stage.tao.cascade_builder(signal("A")).chain(Chain::new().with("depth", 7_i64));
    assert!(cascade.set().outcome().unwrap().proceeded());
    assert_eq!(log.take(), ["A Some(Integer(7))", "B Some(Integer(7))"]);
}

#[test]
fn a_reducer_may_use_its_kernel() {
    let stage = Stage::new();
    let tao = stage.tao.downgrade();
    let _depth = stage.tao.chain_reducer("depth", move |step| {
        if step.context.trigram().action() == "A" {
            tao.upgrade().unwrap().set(signal("B"));
        }
        depth(step)
    });
    let (log, _observer) = chains(&stage.tao, "depth");
    stage.tao.set(signal("A"));
    assert_eq!(log.take(), ["B Some(Integer(1))", "A Some(Integer(1))"]);
}

#[test]
fn every_signal_is_a_span_of_its_own_in_the_trace_that_its_cascade_came_with() {
    let stage = Stage::new();
    let _traces = stage.tao.trace_context_seeded(7);
    let log = Log::default();
    let notes = log.clone();
    let _observer = stage.tao.observe(move |observation| {
        if let What::Received = observation.what {
            notes.note(TraceContext::of(observation.chain).unwrap());
        }
    });
    let _handler = stage.tao.on_inline(on("A"), |_| [signal("B"), signal("C")]);
    let parent: TraceContext =
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00".parse().unwrap();
    stage.tao.cascade_builder(signal("A")).trace_context(parent).set();
    let lines = log.take();
    let mut spans: Vec<TraceContext> = lines.iter().map(|line| line.parse().unwrap()).collect();
    assert!(spans.iter().all(|span| (span.trace_id, span.flags) == (parent.trace_id, 0)));
    spans.push(parent);
    let ids: std::collections::BTreeSet<_> = spans.iter().map(|span| span.span_id).collect();
    assert_eq!(ids.len(), 4);

    stage.tao.set(signal("B"));
    stage.tao.set(signal("B"));
    let traces: Vec<TraceContext> = log.take().iter().map(|line| line.parse().unwrap()).collect();
    assert_ne!(traces[0].trace_id, traces[1].trace_id, "a trace for each cascade");
}

#[test]
fn a_traceparent_is_read_as_the_w3c_says() {
    let parse = |text: &str| text.parse::<TraceContext>();
    let id = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
    let good = parse(&format!("00-{id}-01")).unwrap();
    assert_eq!(good.to_string(), format!("00-{id}-01"));
    assert_eq!(parse(&format!("cc-{id}-01-what-the-future-brings")), Ok(good));
    for bad in [
        String::new(),
        format!("00-{id}"),
        format!("00-{id}-01-more"),
        format!("ff-{id}-01"),
        format!("00-{}-01", id.to_uppercase()),
        format!("00-{id}-+1"),
        format!("00-{id}-1"),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01".into(),
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01".into(),
        "00-ä".into(),
    ] {
        let error = BadTraceContext { text: bad.clone().into() };
        assert_eq!(parse(&bad), Err(error), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_traceparent_survives_its_text(trace_id in 1_u128.., span_id in 1_u64.., flags: u8) {
        let context = TraceContext { trace_id, span_id, flags };
        prop_assert_eq!(context.to_string().parse(), Ok(context));
    }

    #[test]
    fn no_text_makes_the_reader_of_traceparents_panic(text in ".{0,80}") {
        let _ = text.parse::<TraceContext>();
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_chain_survives_json() {
    let text = r#"{"a":null,"b":true,"c":-3,"d":1.5,"e":"text","f":[1,"two",[]],"g":{"h":{}},"i":18446744073709551615}"#;
    let chain: Chain = serde_json::from_str(text).unwrap();
    assert_eq!(chain.get("i"), Some(&ChainValue::Float(18_446_744_073_709_551_615.0)));
    let again: Chain = serde_json::from_str(&serde_json::to_string(&chain).unwrap()).unwrap();
    assert_eq!(again, chain);
    assert!(serde_json::from_str::<Chain>("[]").is_err());
}

#[test]
fn b19_a_chain_goes_on_over_a_bridge_and_through_a_sieve() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    let _bridge = trine_tao::Bridge::new(&stage.tao, &other).inline(on("A"));
    let (here, _here) = chains(&stage.tao, "user");
    let (there, _there) = chains(&other, "user");
    let client = stage.tao.channel("client");
    let _sieve = client.sieve(&stage.tao, on("A"));
    let _chained = client.on_inline(on("A"), |_| signal("B"));
    stage.tao.cascade_builder(signal("A")).chain(Chain::new().with("user", "ada")).set();
    assert_eq!(there.take(), [r#"A Some(Text("ada"))"#]);
    // Set, heard by the channel, and what the channel's handler has chained to.
    let chained = here.take();
    assert_eq!(chained.last().unwrap(), r#"B Some(Text("ada"))"#);
    assert!(chained.iter().all(|line| line.ends_with(r#"Some(Text("ada"))"#)), "{chained:?}");
}
