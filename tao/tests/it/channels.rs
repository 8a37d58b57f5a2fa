//! Channels: each hears what follows from its own signals, and what it has asked to hear.

use crate::stage::{Log, Stage, all};
use trine_tao::{AppCtx, Channel, Conclusion, Joiner, Verdict};

static_assertions::assert_impl_all!(Channel: Send, Sync, Clone);

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

/// A stage whose kernel chains A to B and B to C.
fn chain() -> (Stage, Vec<trine_tao::HandlerGuard>) {
    let stage = Stage::new();
    let handlers = vec![
        stage.tao.on_inline(on("A"), |_| signal("B")),
        stage.tao.on_inline(on("B"), |_| signal("C")),
    ];
    (stage, handlers)
}

/// Notes what the channel hears.
fn hear(channel: &Channel, log: &Log) {
    let (log, name) = (log.clone(), channel.name().clone());
    channel.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(format!("{name} {cx}"))).detach();
}

#[test]
fn a_channel_hears_what_is_chained_in_its_own_cascades_and_not_the_signal_that_was_set() {
    let (stage, _handlers) = chain();
    let (one, two) = (stage.tao.channel("one"), stage.tao.channel("two"));
    hear(&one, &stage.log);
    hear(&two, &stage.log);
    assert!(one.set(signal("A")).is_settled());
    assert_eq!(stage.log.take(), ["one {Job,B,Portal}", "one {Job,C,Portal}"]);
    assert!(stage.tao.set(signal("A")).is_settled());
    assert_eq!(stage.log.take(), [""; 0]);
}

#[test]
fn a_channel_hears_a_hop_before_the_kernel_and_its_chains_face_both() {
    let (stage, _handlers) = chain();
    let channel = stage.tao.channel("one");
    let note = |who: &'static str| {
        let log = stage.log.clone();
        move |cx: AppCtx| log.note(format!("{who} {cx}"))
    };
    let _kernel = stage.tao.on_inline(("*", "*", "*"), note("kernel"));
    let _channel = channel.on_inline(("*", "*", "*"), note("channel"));
    let _chains = channel.on_inline(on("C"), |_| signal("D"));
    assert!(channel.set(signal("A")).is_settled());
    assert_eq!(
        stage.log.take(),
        [
            "kernel {Job,A,Portal}",
            "channel {Job,B,Portal}",
            "kernel {Job,B,Portal}",
            "channel {Job,C,Portal}",
            "kernel {Job,C,Portal}",
            "channel {Job,D,Portal}",
            "kernel {Job,D,Portal}",
        ]
    );
}

#[test]
fn intercepts_of_a_channel_and_of_the_kernel_halt_only_what_is_their_own() {
    let (stage, _handlers) = chain();
    let channel = stage.tao.channel("one");
    hear(&channel, &stage.log);
    let log = stage.log.clone();
    let _kernel = stage.tao.on_inline(on("C"), move |_| log.note("kernel hears C"));
    {
        let _gate = channel.on_intercept(on("C"), |_| Verdict::halt("not for this client"));
        assert!(channel.set(signal("A")).is_settled());
        assert_eq!(stage.log.take(), ["one {Job,B,Portal}", "kernel hears C"]);
    }
    let _gate = stage.tao.on_intercept(on("C"), |_| Verdict::halt("not here"));
    let cascade = channel.set(signal("A"));
    assert_eq!(stage.log.take(), ["one {Job,B,Portal}", "one {Job,C,Portal}"]);
    assert!(matches!(cascade.outcome(), Some(Conclusion::Proceeded)));
}

#[test]
fn a_redirect_in_a_channel_is_chained_in_its_cascade() {
    let (stage, _handlers) = chain();
    let channel = stage.tao.channel("one");
    hear(&channel, &stage.log);
    let _gate = channel.on_intercept(on("C"), |_| Verdict::Redirect(signal("X")));
    assert!(channel.set(signal("A")).is_settled());
    assert_eq!(stage.log.take(), ["one {Job,B,Portal}", "one {Job,X,Portal}"]);
}

#[test]
fn handlers_of_a_channel_may_wait_while_the_kernel_goes_on() {
    let (stage, _handlers) = chain();
    let channel = stage.tao.channel("one");
    let (open, gate) = tokio::sync::oneshot::channel::<()>();
    let gate = std::sync::Mutex::new(Some(gate));
    let log = stage.log.clone();
    let _slow = channel.on_inline(on("B"), move |_| {
        let (gate, log) = (gate.lock().unwrap().take(), log.clone());
        async move {
            gate.unwrap().await?;
            log.note("channel is done with B");
            Ok(())
        }
    });
    let log = stage.log.clone();
    let _kernel = stage.tao.on_inline(on("C"), move |_| log.note("kernel hears C"));
    let cascade = channel.set(signal("A"));
    stage.run();
    assert_eq!(stage.log.take(), ["kernel hears C"]);
    assert!(!cascade.is_settled());
    open.send(()).unwrap();
    stage.run();
    assert_eq!(stage.log.take(), ["channel is done with B"]);
    assert!(cascade.is_settled());
}

#[test]
fn async_handlers_of_a_channel_are_out_of_band_and_what_they_chain_to_stays_in_the_channel() {
    let (stage, _handlers) = chain();
    let channel = stage.tao.channel("one");
    hear(&channel, &stage.log);
    let _fork = channel.on_async(on("B"), |_| signal("D"));
    let cascade = channel.set(signal("A"));
    assert_eq!(stage.log.take(), ["one {Job,B,Portal}", "one {Job,C,Portal}"]);
    stage.run();
    assert_eq!(stage.log.take(), ["one {Job,D,Portal}"]);
    assert!(cascade.is_settled());
}

#[test]
fn b6_a_channel_that_is_gone_leaves_nothing_in_its_kernel() {
    let (stage, _handlers) = chain();
    let patterns = stage.tao.pattern_count();
    for number in 0..50 {
        let channel = stage.tao.channel(format!("client {number}"));
        hear(&channel, &stage.log);
        let _sieve = channel.sieve(&stage.tao, on("C"));
        assert_eq!((channel.pattern_count(), stage.tao.pattern_count()), (1, patterns + 1));
    }
    assert_eq!(stage.tao.pattern_count(), patterns);
    stage.tao.set(signal("A"));
    assert_eq!(stage.log.take(), [""; 0]);
}

#[test]
fn a_cascade_goes_on_without_a_channel_that_is_gone() {
    let stage = Stage::new();
    let channel = stage.tao.channel("one");
    hear(&channel, &stage.log);
    let _fork = stage.tao.on_async(on("A"), |_| signal("B"));
    let log = stage.log.clone();
    let _kernel = stage.tao.on_inline(on("B"), move |_| log.note("kernel hears B"));
    let cascade = channel.set(signal("A"));
    let weak = channel.downgrade();
    drop(channel);
    assert!(weak.upgrade().is_none());
    stage.run();
    assert_eq!(stage.log.take(), ["kernel hears B"]);
    assert!(cascade.is_settled());
}

#[test]
fn a_sieve_shows_a_channel_the_signals_of_others_that_passed_and_no_signal_twice() {
    let (stage, _handlers) = chain();
    let channel = stage.tao.channel("one");
    hear(&channel, &stage.log);
    let _sieve = channel.sieve(&stage.tao, [("Job", "*", "*"), ("*", "C", "*")]);
    stage.tao.set(signal("A"));
    assert_eq!(
        stage.log.take(),
        ["one {Job,A,Portal}", "one {Job,B,Portal}", "one {Job,C,Portal}"]
    );
    // What it hears anyway, it hears once; the signal that it has set itself comes through the sieve.
    channel.set(signal("A"));
    let mut heard = stage.log.take();
    heard.sort();
    assert_eq!(heard, ["one {Job,A,Portal}", "one {Job,B,Portal}", "one {Job,C,Portal}"]);
    let _gate = stage.tao.on_intercept(on("A"), |_| Verdict::halt("no"));
    stage.tao.set(signal("A"));
    assert_eq!(stage.log.take(), [""; 0]);
}

#[test]
fn what_comes_of_a_sieve_is_chained_in_the_cascade_of_its_signal_and_is_nothing_of_the_channels() {
    let (stage, _handlers) = chain();
    let (seen, _observer) = stage.observe(all);
    let channel = stage.tao.channel("one");
    let _chains = channel.on_inline(on("A"), |_| signal("D"));
    let log = stage.log.clone();
    let _own = channel.on_inline(on("D"), move |_| log.note("the channel hears D"));
    let _sieve = channel.sieve(&stage.tao, on("A"));
    let cascade = stage.tao.set(signal("A"));
    assert!(cascade.is_settled());
    assert_eq!(stage.log.take(), [""; 0]);
    assert!(seen.take().contains(&"{Job,D,Portal} received".to_owned()));
}

#[test]
fn observers_see_which_dispatches_are_for_a_channel() {
    let (stage, _handlers) = chain();
    let channel = stage.tao.channel("one");
    hear(&channel, &Log::default());
    let log = stage.log.clone();
    let _observer = stage.tao.observe(move |seen| {
        if matches!(seen.what, trine_tao::What::Received) {
            let channel = seen.channel.map_or("kernel", |name| name.as_str());
            log.note(format!("{channel} {} #{}", seen.context, seen.dispatch));
        }
    });
    channel.set(signal("A"));
    assert_eq!(
        stage.log.take(),
        [
            "kernel {Job,A,Portal} #0",
            "one {Job,B,Portal} #1",
            "kernel {Job,B,Portal} #1",
            "one {Job,C,Portal} #2",
            "kernel {Job,C,Portal} #2",
        ]
    );
}

#[test]
fn a_channels_handlers_that_chain_in_a_circle_spend_the_kernels_hop_budget() {
    let stage = Stage::new();
    let tao = trine_tao::Kernel::builder(&stage.store).hop_budget(100).build();
    let channel = tao.channel("one");
    let log = stage.log.clone();
    let _observer = tao.observe(move |seen| {
        if matches!(seen.what, trine_tao::What::Failed(_)) {
            log.note("stopped");
        }
    });
    let _begin = tao.on_inline(on("A"), |_| signal("B"));
    let _circle = channel.on_inline(on("B"), |_| signal("B"));
    assert!(channel.set(signal("A")).is_settled());
    assert_eq!(stage.log.take(), ["stopped"]);
}

#[test]
fn a_failing_handler_of_a_channel_harms_nobody_and_is_observed_with_its_place() {
    let (stage, _handlers) = chain();
    let (seen, _observer) = stage.observe(|line| line.contains("failed: "));
    let channel = stage.tao.channel("one");
    let _panics = channel.on_inline(on("B"), |_| -> () { panic!("of the channel") });
    hear(&channel, &stage.log);
    assert!(channel.set(signal("A")).is_settled());
    assert_eq!(stage.log.take(), ["one {Job,B,Portal}", "one {Job,C,Portal}"]);
    let seen = seen.take();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].contains("channels.rs") && seen[0].ends_with("it panicked: of the channel"));
}

#[test]
fn a_joiner_on_a_channel_joins_what_that_client_has_led_to() {
    let stage = Stage::new();
    let _forks = stage.tao.on_inline(on("A"), |_| [signal("B"), signal("C")]);
    let _late = stage.tao.on_async(on("C"), |_| signal("D"));
    let (one, two) = (stage.tao.channel("one"), stage.tao.channel("two"));
    let join = |channel: &Channel| {
        let (log, name) = (stage.log.clone(), channel.name().clone());
        Joiner::new(channel, [on("B"), on("D")])
            .all(move |[b, d]| log.note(format!("{name} joins {b} {d}")))
    };
    let _joiners = [join(&one), join(&two)];
    one.set(signal("A"));
    assert_eq!(stage.log.take(), [""; 0]);
    stage.run();
    assert_eq!(stage.log.take(), ["one joins {Job,B,Portal} {Job,D,Portal}"]);
}
