//! Signals that are delivered again are let in once.

use super::{Peer, all, hear, job, message, signal, v1};
use crate::stage::{Log, Stage};
use serde_json::{Value, json};
use trine_tao::{
    DerivedId, Kernel,
    wire::{Border, Link, memory},
};

fn delivered(id: &str) -> String {
    let own = json!({ "crossings": 1, "seen": [], "derived": id });
    message(job("A"), json!({ "v": 1, "chain": { "trine": own } }))
}

fn id(name: &str) -> String {
    DerivedId::of_name(name).to_string()
}

/// Two kernels that derive ids, the second behind a border that lets in each signal once.
fn linked(stage: &Stage, log: &Log, border: Border) -> (Kernel, [Link; 2]) {
    let server = Kernel::new(&stage.store);
    stage.tao.derived_ids().detach();
    server.derived_ids().detach();
    hear(&server, "server", log);
    let (here, there) = memory();
    let links = [all("server").link(&stage.tao, here), border.link(&server, there)];
    (server, links)
}

#[test]
fn what_follows_from_a_signal_that_was_set_twice_crosses_once() {
    let (stage, log) = (Stage::new(), Log::default());
    let (_server, _links) = linked(&stage, &log, all("client").once(16));
    let _chains = stage.tao.on_inline(("Order", "Place", "Shop"), |_| [signal("A"), signal("A")]);
    let place = |name: &str| {
        let order = trine_tao::AppCtx::new("Order", "Place", "Shop");
        stage.tao.cascade_builder(order).derived_id(DerivedId::of_name(name)).set();
        stage.run();
        log.take().len()
    };
    assert_eq!(place("order 1"), 2, "two outputs are two signals");
    assert_eq!(place("order 1"), 0);
    assert_eq!(place("order 2"), 2);
}

#[test]
fn a_border_that_does_not_ask_for_it_lets_in_what_comes() {
    let mut peer = Peer::new(|border| border);
    peer.send(delivered(&id("1")));
    peer.send(delivered(&id("1")));
    assert_eq!(peer.stage.log.take().len(), 2);
}

#[test]
fn only_the_last_signals_are_remembered_and_those_of_all_links_of_the_border() {
    let border = all("once").once(2);
    let own = border.clone();
    let mut peer = Peer::new(|_| own);
    for name in ["1", "2", "1", "2", "3", "2", "1"] {
        peer.send(delivered(&id(name)));
    }
    assert_eq!(peer.stage.log.take().len(), 4, "1, 2, 3, and 1 again, which was forgotten");
    // The peer has lost its connection, and sends again over another.
    let (here, there) = memory();
    let _link = border.link(&peer.stage.tao, here);
    peer.out = trine_tao::wire::Transport::split(there).0;
    peer.send(delivered(&id("1")));
    peer.send(delivered(&id("4")));
    assert_eq!(peer.stage.log.take().len(), 1);
}

#[test]
fn what_was_refused_has_not_come_in_and_what_says_no_id_is_always_let_in() {
    let mut peer = Peer::new(|border| border.once(16));
    let own = json!({ "crossings": 1, "seen": [], "derived": id("1") });
    let envelope = json!({ "v": 1, "chain": { "trine": own } });
    peer.send(json!({ "tao": job("A"), "data": 7, "envelope": envelope }).to_string());
    assert_eq!(peer.stage.log.take(), [""; 0]);
    peer.send(delivered(&id("1")));
    peer.send(message(job("A"), v1()));
    peer.send(message(job("A"), v1()));
    assert_eq!(peer.stage.log.take().len(), 3);
    peer.told.clear();
    for forged in [json!(1), json!("x"), json!(null)] {
        let own = json!({ "crossings": 1, "seen": [], "derived": forged });
        peer.send(message(job("A"), json!({ "v": 1, "chain": { "trine": own } })));
        assert!(peer.told.take()[0].contains("not of the known form"));
    }
}

#[test]
fn an_id_crosses_in_the_part_of_the_chain_that_other_peers_do_not_hand_on() {
    let mut peer = Peer::new(|border| border);
    let _ids = peer.stage.tao.derived_ids();
    let cascade = peer.stage.tao.cascade_builder(signal("A"));
    cascade.derived_id(DerivedId::of_name("1")).set();
    let sent = peer.receive().unwrap();
    assert_eq!(sent["envelope"]["chain"]["trine"]["derived"], Value::String(id("1")));
    assert_eq!(sent["envelope"]["chain"][DerivedId::KEY], Value::Null);
    // Nor is it taken from there.
    let chain = json!({ "v": 1, "chain": { DerivedId::KEY: id("1") } });
    peer.send(message(job("A"), chain.clone()));
    peer.send(message(job("A"), chain));
    assert_eq!(peer.stage.log.take().len(), 3);
}
