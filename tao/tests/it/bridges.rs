//! Bridges carry each signal to each kernel once, and answers home.

use crate::stage::{Log, Stage};
use proptest::prelude::*;
use trine_core::Store;
use trine_tao::{AppCtx, Bridge, Duplex, Kernel, Phase, Surface, Verdict};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

fn hear(kernel: &Kernel, name: &'static str, log: &Log) {
    let log = log.clone();
    kernel.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(format!("{name} {cx}"))).detach();
}

#[test]
fn a_bridge_sets_what_matches_on_the_other_kernel_with_its_data() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    let log = stage.log.clone();
    let _handler = other.on_inline(("*", "*", "*"), move |cx| {
        log.note(format!("{cx} {}", cx.term_datum::<u32>()?));
        Ok(())
    });
    let _bridge = Bridge::new(&stage.tao, &other).inline(
        trine_tao::Filter::from(("Job", "*", "*")).when(|cx| cx.term_datum() != Ok(&8_u32)),
    );
    stage.tao.set(signal("A").term(7_u32));
    stage.tao.set(signal("A").term(8_u32));
    stage.tao.set(AppCtx::new("Other", "A", "Portal"));
    assert_eq!(stage.log.take(), ["{Job,A,Portal} 7"]);
}

#[test]
fn the_phase_of_a_bridge_says_when_it_hears_and_it_halts_nothing() {
    let stage = Stage::new();
    let over = |_: Phase| {
        let kernel = Kernel::new(&stage.store);
        hear(&kernel, "heard", &stage.log);
        kernel
    };
    let (one, two, three) = (over(Phase::Intercept), over(Phase::Async), over(Phase::Inline));
    let _first = Bridge::new(&stage.tao, &one).intercept(("*", "*", "*"));
    let _second = Bridge::new(&stage.tao, &two).out_of_band(("*", "*", "*"));
    let _third = Bridge::new(&stage.tao, &three).inline(("*", "*", "*"));
    let cascade = stage.tao.set(signal("A"));
    assert!(cascade.outcome().unwrap().proceeded());
    assert_eq!(stage.log.take(), ["heard {Job,A,Portal}"; 2]);
    stage.run();
    assert_eq!(stage.log.take(), ["heard {Job,A,Portal}"]);
    // Only the intercept hears what is halted.
    let _gate = stage.tao.on_intercept(("*", "*", "*"), |_| Verdict::halt("no"));
    stage.tao.set(signal("A"));
    stage.run();
    assert_eq!(stage.log.take(), ["heard {Job,A,Portal}"]);
}

#[test]
fn b17_two_bridges_in_opposite_directions_do_not_echo() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    let _there = Bridge::new(&stage.tao, &other).inline(("*", "*", "*"));
    let _back = Bridge::new(&other, &stage.tao).inline(("*", "*", "*"));
    hear(&stage.tao, "one", &stage.log);
    hear(&other, "two", &stage.log);
    assert!(stage.tao.set(signal("A")).is_settled());
    let mut heard = stage.log.take();
    heard.sort();
    assert_eq!(heard, ["one {Job,A,Portal}", "two {Job,A,Portal}"]);
}

#[test]
fn what_is_chained_over_there_comes_back_to_the_channel_that_it_was_asked_on() {
    let stage = Stage::new();
    let server = Kernel::new(&stage.store);
    let _there = Bridge::new(&stage.tao, &server).inline(("*", "Find", "*"));
    let _back = Bridge::new(&server, &stage.tao).inline(("*", "Enter", "*"));
    let _find = server.on_inline(("*", "Find", "*"), |cx| cx.transfer(("*", "Enter", "*")));
    let _more = stage.tao.on_inline(("*", "Enter", "*"), |cx| cx.transfer(("*", "View", "*")));
    let channel = stage.tao.channel("client");
    let log = stage.log.clone();
    let _hears = channel.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(cx));
    channel.set(signal("Find"));
    assert_eq!(stage.log.take(), ["{Job,Enter,Portal}", "{Job,View,Portal}"]);
    stage.tao.set(signal("Find"));
    assert_eq!(stage.log.take(), [""; 0], "a cascade that was set on no channel gets none");
}

#[test]
fn b17_handlers_that_answer_each_other_for_ever_are_stopped_by_the_budget_of_crossings() {
    let stage = Stage::new();
    let kernel = || Kernel::builder(&stage.store).crossing_budget(40).build();
    let (one, two) = (kernel(), kernel());
    let log = stage.log.clone();
    let watch = move |kernel: &Kernel| {
        let log = log.clone();
        kernel.observe(move |seen| {
            if let trine_tao::What::Failed(error) = seen.what {
                log.note(error);
            }
        })
    };
    let _observers = [watch(&one), watch(&two)];
    let _there = Bridge::new(&one, &two).inline(("*", "Ping", "*"));
    let _back = Bridge::new(&two, &one).inline(("*", "Pong", "*"));
    // Each answers twice: without a budget that all branches share, there would be 2^40 of them.
    let _ping = two.on_inline(("*", "Ping", "*"), |_| [signal("Pong"), signal("Pong")]);
    let _pong = one.on_inline(("*", "Pong", "*"), |_| [signal("Ping"), signal("Ping")]);
    let cascade = one.set(signal("Ping"));
    stage.run();
    assert!(cascade.is_settled());
    let told = stage.log.take();
    assert!(!told.is_empty());
    assert!(
        told.iter().all(|line| line.contains("has crossed between kernels 40 times")),
        "{told:?}"
    );
}

#[test]
fn a_bridge_keeps_neither_side_alive_and_carries_nothing_to_what_is_gone() {
    let stage = Stage::new();
    let (one, two) = (Kernel::new(&stage.store), Kernel::new(&stage.store));
    Bridge::new(&one, &two).inline(("*", "*", "*")).detach();
    Bridge::new(&two, &one).inline(("*", "*", "*")).detach();
    let weak = two.downgrade();
    drop(two);
    assert!(weak.upgrade().is_none());
    assert!(one.set(signal("A")).is_settled());
    let weak = one.downgrade();
    drop(one);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_bridge_that_is_dropped_carries_nothing_more() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    hear(&other, "two", &stage.log);
    let bridge = Bridge::new(&stage.tao, &other).inline(("*", "*", "*"));
    stage.tao.set(signal("A"));
    drop(bridge);
    stage.tao.set(signal("A"));
    assert_eq!(stage.log.take(), ["two {Job,A,Portal}"]);
}

#[test]
fn a_duplex_does_not_echo_what_came_in_and_sends_what_follows_from_it() {
    let stage = Stage::new();
    let _find = stage.tao.on_inline(("*", "Find", "*"), |cx| cx.transfer(("*", "Enter", "*")));
    let out = |name: &'static str| {
        let log = stage.log.clone();
        move |cx: AppCtx| log.note(format!("{name} {cx}"))
    };
    let one = Duplex::new(&stage.tao, ("*", "*", "*"), out("one"));
    let _two = Duplex::new(&stage.tao, ("*", "*", "*"), out("two"));
    one.set(signal("Find"));
    assert_eq!(
        stage.log.take(),
        ["two {Job,Find,Portal}", "one {Job,Enter,Portal}", "two {Job,Enter,Portal}"]
    );
    drop(one);
    stage.tao.set(signal("Find"));
    assert_eq!(stage.log.take(), ["two {Job,Find,Portal}", "two {Job,Enter,Portal}"]);
}

#[test]
fn b16_a_duplex_sends_nothing_that_was_halted_unless_asked_to() {
    let stage = Stage::new();
    let _gate = stage.tao.on_intercept(("*", "*", "*"), |_| Verdict::halt("secret"));
    let (log, early) = (stage.log.clone(), stage.log.clone());
    let _sends = Duplex::new(&stage.tao, ("*", "*", "*"), move |cx: AppCtx| log.note(cx));
    stage.tao.set(signal("A"));
    assert_eq!(stage.log.take(), [""; 0]);
    let _all = Duplex::before_intercepts(&stage.tao, ("*", "*", "*"), move |cx| early.note(cx));
    stage.tao.set(signal("A"));
    assert_eq!(stage.log.take(), ["{Job,A,Portal}"]);
}

#[test]
fn b19_bridges_and_sieves_carry_the_chain() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    let name = |name: &'static str| {
        move |step: &trine_tao::ChainStep<'_>| {
            let before = step.previous.and_then(trine_tao::ChainValue::as_text);
            let before = before.map_or("", |before| before.as_str());
            Some(format!("{before}>{name}:{}", step.context.trigram().action()).into())
        }
    };
    let _reducers =
        [stage.tao.chain_reducer("path", name("one")), other.chain_reducer("path", name("two"))];
    let channel = other.channel("channel");
    let _sieve = channel.sieve(&other, on("A"));
    let _through_sieve = channel.on_inline(on("A"), |_| signal("B"));
    let _bridge = Bridge::new(&stage.tao, &other).inline(("*", "*", "*"));
    let log = stage.log.clone();
    let _observer = other.observe(move |seen| {
        if matches!(seen.what, trine_tao::What::Received) && seen.channel.is_none() {
            log.note(seen.chain.get("path").and_then(trine_tao::ChainValue::as_text).unwrap());
        }
    });
    stage.tao.set(signal("A"));
    assert_eq!(stage.log.take(), [">one:A>two:A", ">one:A>two:A>two:B"]);
}

#[test]
fn b12_a_filter_matches_what_it_names_and_nothing_else() {
    let filter = trine_tao::Filter::from([("User", "Find", "Portal"), ("Space", "*", "*")]);
    assert!(filter.matches(&AppCtx::new("User", "Find", "Portal")));
    assert!(!filter.matches(&AppCtx::new("Other", "X", "Y")));
    assert!(!trine_tao::Filter::none().matches(&signal("A")));
    assert!(trine_tao::Filter::all().matches(&signal("A")));
    assert_eq!(filter.to_string(), "{User,Find,Portal} or {Space,*,*}");
}

/// Kernels and bridges between them, drawn at random.
fn topology() -> impl Strategy<Value = (usize, Vec<(usize, usize, u8)>, usize)> {
    (2..7_usize).prop_flat_map(|kernels| {
        let bridge = (0..kernels, 0..kernels, 0..3_u8);
        (Just(kernels), prop::collection::vec(bridge, 0..24), 0..kernels)
    })
}

proptest! {
    #[test]
    fn b17_bridges_never_loop_and_deliver_a_signal_once_wherever_they_lead(
        (kernels, bridges, start) in topology(),
    ) {
        let runtime = trine_core::test::ManualExecutor::new();
        let store = Store::with_spawner(runtime.clone());
        let log = Log::default();
        let all: Vec<_> = (0..kernels).map(|_| Kernel::new(&store)).collect();
        for (number, kernel) in all.iter().enumerate() {
            let log = log.clone();
            kernel.on_inline(("*", "*", "*"), move |_: AppCtx| log.note(number)).detach();
        }
        let _guards: Vec<_> = bridges
            .iter()
            .map(|&(from, to, phase)| {
                let bridge = Bridge::new(Surface::from(&all[from]), Surface::from(&all[to]));
                match phase {
                    0 => bridge.intercept(("*", "*", "*")),
                    1 => bridge.out_of_band(("*", "*", "*")),
                    _ => bridge.inline(("*", "*", "*")),
                }
            })
            .collect();
        all[start].set(signal("A"));
        runtime.run_until_stalled();
        // A naive walk of the graph.
        let mut reached = vec![start];
        let mut next = 0;
        while next < reached.len() {
            for &(from, to, _) in &bridges {
                if from == reached[next] && !reached.contains(&to) {
                    reached.push(to);
                }
            }
            next += 1;
        }
        let mut heard: Vec<usize> = log.take().iter().map(|line| line.parse().unwrap()).collect();
        heard.sort_unstable();
        reached.sort_unstable();
        prop_assert_eq!(heard, reached);
    }
}
