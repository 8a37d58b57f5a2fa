//! Requests that are answered by another process.

use super::{Peer, all, hear, job, message, now, on, signal};
use crate::stage::{Log, Stage};
use serde_json::json;
use std::time::Duration;
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};
use trine_tao::{
    AppCtx, Filter, Kernel, RequestErrorKind,
    wire::{Border, Link, LinkEnd, Outbound, Transport, memory},
};

/// A client and a server, linked: the server has a channel for the client.
fn client_and_server() -> (Stage, ManualClock, Kernel, Kernel, [Link; 2]) {
    let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
    let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
    let (client, server) = (Kernel::new(&store), Kernel::new(&store));
    let (here, there) = memory();
    let connection = server.channel("client");
    let links = [
        Border::new("server")
            .outbound(on("Find"))
            .inbound(("Job", ["Enter", "News"], "*"))
            .link(&client, here),
        Border::new("client")
            .inbound(on("Find"))
            .outbound(("Job", ["Enter", "News"], "*"))
            .link(&connection, there),
    ];
    let stage = Stage { tao: client.clone(), runtime, store, log: Log::default() };
    (stage, clock, client, server, links)
}

#[test]
fn a_request_is_answered_over_a_link_and_leaves_nothing_behind() {
    let (stage, _clock, client, server, _links) = client_and_server();
    let _find = server.on_async(on("Find"), |cx| cx.transfer(("*", "Enter", "*")));
    let ask = |number: i32| {
        client.request(signal("Find").term(json!(number))).expect(on("Enter")).start()
    };
    let (one, two) = (ask(1), ask(2));
    assert_eq!(client.requests_abroad(), 2);
    stage.run();
    // Each has its own answer, though both wait for the same signal.
    assert_eq!(one.answer().unwrap().unwrap().term_datum(), Ok(&json!(1)));
    assert_eq!(two.answer().unwrap().unwrap().term_datum(), Ok(&json!(2)));
    drop((one, two));
    assert_eq!(client.requests_abroad(), 0);
    drop(ask(3));
    stage.run();
    assert_eq!((client.requests_abroad(), server.requests_abroad()), (0, 0));
}

#[test]
fn a_request_on_a_channel_is_answered_over_a_link() {
    let (stage, _clock, client, server, _links) = client_and_server();
    let _find = server.on_inline(on("Find"), |cx| cx.transfer(("*", "Enter", "*")));
    let page = client.channel("page");
    let log = stage.log.clone();
    let _hears = page.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(cx));
    let reply = page.request(signal("Find")).expect(on("Enter")).start();
    stage.run();
    assert!(reply.answer().unwrap().is_ok());
    assert_eq!(stage.log.take(), ["{Job,Enter,Portal}"]);
}

#[test]
fn a_request_over_a_link_that_ends_is_disconnected_and_one_that_is_not_answered_times_out() {
    let (stage, clock, client, _server, links) = client_and_server();
    let request =
        || client.request(signal("Find")).expect(on("Enter")).timeout(Duration::from_secs(3));
    let late = request().start();
    stage.run();
    clock.advance(Duration::from_secs(3));
    stage.run();
    assert!(matches!(
        late.answer().unwrap().unwrap_err().kind(),
        RequestErrorKind::TimedOut { .. }
    ));
    drop(late);
    let lost = request().start();
    stage.run();
    assert!(lost.answer().is_none());
    let [here, there] = links;
    drop(there);
    stage.run();
    assert!(matches!(here.end(), Some(LinkEnd::Closed)), "{:?}", here.end());
    let error = lost.answer().unwrap().unwrap_err();
    assert!(
        matches!(error.kind(), RequestErrorKind::Disconnected { link } if link == "server"),
        "{error}"
    );
    drop(lost);
    assert_eq!(client.requests_abroad(), 0);
    // From now on there is nobody to send to.
    let reply = request().start();
    assert!(matches!(reply.answer().unwrap().unwrap_err().kind(), RequestErrorKind::Unanswered));
}

#[test]
fn an_answer_counts_only_over_the_link_that_the_request_was_sent_over() {
    let mut peer = Peer::new(|border| border.outbound(on("Find")));
    let mut spy = {
        let (here, there) = memory();
        let link = all("spy").outbound(Filter::none()).link(&peer.stage.tao, here);
        (there.split(), link)
    };
    let reply = peer.stage.tao.request(signal("Find")).expect(on("Enter")).start();
    let mut asked = peer.receive().unwrap();
    let request = asked["envelope"]["chain"]["trine"]["request"].take();
    let forged = |id: &str| {
        let own = json!({ "id": id, "crossings": 2, "seen": ["1"], "request": request });
        message(job("Enter"), json!({ "v": 1, "chain": { "trine": own } }))
    };
    now(spy.0.0.send(forged("1-1-1").as_bytes())).unwrap().unwrap();
    peer.stage.run();
    assert_eq!(peer.stage.log.take(), ["heard {Job,Find,Portal}", "heard {Job,Enter,Portal}"]);
    assert!(reply.answer().is_none());
    peer.send(forged("1-1-2"));
    assert!(reply.answer().unwrap().is_ok());
}

#[test]
fn a_server_tells_each_client_what_its_own_signals_led_to() {
    let stage = Stage::new();
    let server = Kernel::new(&stage.store);
    let _find = server.on_inline(on("Find"), |cx| cx.transfer(("*", "Enter", "*")));
    let mut kept = Vec::new();
    let clients: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|name| {
            let client = Kernel::new(&stage.store);
            let (here, there) = memory();
            hear(&client, name, &stage.log);
            kept.push(all("server").outbound(on("Find")).link(&client, here));
            let connection = server.channel(name);
            kept.push(all(name).inbound(on("Find")).link(&connection, there));
            client
        })
        .collect();
    clients[0].set(signal("Find"));
    stage.run();
    assert_eq!(stage.log.take(), ["one {Job,Find,Portal}", "one {Job,Enter,Portal}"]);
}
