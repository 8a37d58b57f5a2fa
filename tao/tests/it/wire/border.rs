//! What goes over a border: nothing until it is said, in the form that tao.js sends, and not twice.

use super::{Peer, all, errors, hear, job, message, on, signal, v1};
use crate::stage::{Log, Stage};
use serde_json::{Value, json};
use trine_tao::{
    AppCtx, Bridge, Filter, Kernel, Verdict,
    wire::{Border, memory},
};

#[test]
fn a_border_lets_nothing_through_until_it_is_said() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    hear(&other, "other", &stage.log);
    let (here, there) = memory();
    let told = Log::default();
    let log = told.clone();
    let closed = Border::new("closed").observe(move |event| log.note(format!("{:?}", event.what)));
    let _links = [all("open").link(&stage.tao, here), closed.link(&other, there)];
    stage.tao.set(signal("A"));
    stage.run();
    assert_eq!(stage.log.take(), [""; 0]);
    assert!(told.take()[0].contains("NotAllowed"));
    other.set(signal("B"));
    stage.run();
    assert_eq!(stage.log.take(), ["other {Job,B,Portal}"]);
}

#[test]
fn what_goes_out_has_the_form_that_tao_js_sends() {
    let mut peer = Peer::new(|border| border);
    peer.stage.tao.set(signal("A").term(json!([1, "x"])));
    let sent = peer.receive().unwrap();
    assert_eq!(sent["tao"], json!({ "t": "Job", "a": "A", "o": "Portal" }));
    assert_eq!(sent["data"], json!({ "Job": [1, "x"] }));
    assert_eq!(sent["envelope"]["v"], 1);
    assert_eq!(sent["envelope"]["chain"]["trine"]["crossings"], 1);
    assert!(peer.receive().is_none());
}

#[test]
fn a_peer_that_is_no_trine_is_understood() {
    let mut peer = Peer::new(|border| border);
    peer.send(
        r#"{"tao":{"t":"Job","a":"A","o":"Portal"},"data":{"Job":7},"envelope":{"v":1,"chain":{"taoTrace":{"traceId":"1"}}}}"#,
    );
    assert_eq!(peer.stage.log.take(), ["heard {Job,A,Portal}"]);
    // Its own signal does not come back; what it leads to does, chain and all.
    assert!(peer.receive().is_none());
    let _answer = peer.stage.tao.on_inline(on("A"), |_| signal("B"));
    peer.send(
        r#"{"tao":{"term":"Job","action":"A","orient":"Portal"},"envelope":{"v":1,"chain":{"taoTrace":{"traceId":"1"}}}}"#,
    );
    let sent = peer.receive().unwrap();
    assert_eq!(sent["tao"]["a"], "B");
    assert_eq!(sent["envelope"]["chain"]["taoTrace"], json!({ "traceId": "1" }));
}

#[test]
fn b11_a_peer_cannot_set_what_is_wild_or_not_allowed() {
    let mut peer = Peer::new(|border| {
        border.inbound(
            Filter::from(("Job", "*", "Portal")).when(|cx| cx.term_datum::<Value>().is_err()),
        )
    });
    for tao in [
        json!({ "t": "*", "a": "*", "o": "*" }),
        json!({ "t": "Job", "a": "*", "o": "Portal" }),
        json!({ "t": "Job", "a": "", "o": "Portal" }),
        json!({ "t": "Job", "a": "A" }),
        json!({}),
    ] {
        peer.send(message(tao, v1()));
        let told = peer.told.take();
        assert!(told[0].contains("only a pattern may be wild"), "{told:?}");
    }
    peer.send(message(json!({ "t": "User", "a": "A", "o": "Portal" }), v1()));
    peer.send(message(json!({ "t": "Job", "a": "A", "o": "Admin" }), v1()));
    peer.send(r#"{"tao":{"t":"Job","a":"A","o":"Portal"},"data":{"Job":1},"envelope":{"v":1}}"#);
    let told = peer.told.take();
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|line| line.contains("may not come in")), "{told:?}");
    assert_eq!(peer.stage.log.take(), [""; 0]);
    // The connection is still there.
    peer.send(message(job("A"), v1()));
    assert_eq!(peer.stage.log.take(), ["heard {Job,A,Portal}"]);
}

#[test]
fn b16_what_was_halted_is_not_sent() {
    let mut peer = Peer::new(|border| border);
    let _gate = peer.stage.tao.on_intercept(on("A"), |_| Verdict::halt("secret"));
    peer.stage.tao.set(signal("A"));
    assert!(peer.receive().is_none());
}

#[test]
fn what_has_been_here_or_has_come_too_far_is_not_let_in() {
    let mut peer = Peer::new(|border| border.max_crossings(3));
    peer.stage.tao.set(signal("A"));
    peer.stage.log.clear();
    let sent = peer.receive().unwrap();
    // Our own signal comes back by some other way.
    peer.send(sent.to_string());
    assert_eq!(peer.told.take(), ["ignored {Job,A,Portal}"]);
    let mut other = sent.clone();
    other["envelope"]["chain"]["trine"]["id"] = json!("1-1-0");
    peer.send(other.to_string());
    assert_eq!(peer.told.take(), ["ignored {Job,A,Portal}"], "we are among those who have seen it");
    other["envelope"]["chain"]["trine"]["seen"] = json!(["1"]);
    other["envelope"]["chain"]["trine"]["crossings"] = json!(3);
    let _more = peer.stage.tao.on_inline(on("A"), |_| signal("B"));
    let log = Log::default();
    errors(&peer.stage.tao, &log);
    peer.send(other.to_string());
    assert_eq!(peer.told.take(), ["set {Job,A,Portal}"]);
    // What follows would be the fourth crossing.
    assert!(log.take()[0].contains("it would have crossed 4 times, where 3 are allowed"));
    assert!(peer.receive().is_none());
    other["envelope"]["chain"]["trine"]["crossings"] = json!(4);
    peer.send(other.to_string());
    assert!(peer.told.take()[0].contains("has crossed 4 times, where 3 are allowed"));
    other["envelope"]["chain"]["trine"]["crossings"] = json!(1);
    other["envelope"]["chain"]["trine"]["seen"] = json!(vec!["2"; 1000]);
    peer.send(other.to_string());
    assert!(peer.told.take()[0].starts_with("refused"), "nobody has seen so much in one crossing");
}

#[test]
fn b17_rings_of_links_and_bridges_deliver_a_signal_to_each_kernel_once() {
    let stage = Stage::new();
    let kernels: Vec<_> = (0..4).map(|_| Kernel::new(&stage.store)).collect();
    for (number, kernel) in kernels.iter().enumerate() {
        let log = stage.log.clone();
        kernel
            .on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(format!("{number} {cx}")))
            .detach();
    }
    let mut links = Vec::new();
    for number in 0..3 {
        let (here, there) = memory();
        links.push(all("ring").link(&kernels[number], here));
        links.push(all("ring").link(&kernels[number + 1], there));
    }
    let _closing = Bridge::new(&kernels[3], &kernels[0]).inline(("*", "*", "*"));
    kernels[0].set(signal("A"));
    stage.run();
    let mut heard = stage.log.take();
    heard.sort();
    assert_eq!(
        heard,
        ["0 {Job,A,Portal}", "1 {Job,A,Portal}", "2 {Job,A,Portal}", "3 {Job,A,Portal}"]
    );
}

#[test]
fn b17_handlers_of_two_processes_that_answer_each_other_for_ever_end_after_the_allowed_crossings() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    let (here, there) = memory();
    let _links = [all("here").link(&stage.tao, here), all("there").link(&other, there)];
    let count = Log::default();
    let noted = count.clone();
    let _ping = other.on_inline(on("Ping"), move |_| {
        noted.note("ping");
        signal("Pong")
    });
    let _pong = stage.tao.on_inline(on("Pong"), |_| signal("Ping"));
    stage.tao.set(signal("Ping"));
    stage.run();
    assert_eq!(count.take().len(), 8, "16 crossings, half of them in this direction");
}
