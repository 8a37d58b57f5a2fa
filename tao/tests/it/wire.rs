//! Links: what goes over, what does not, and what a hostile peer can do.

use crate::stage::{Log, Stage};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};
use trine_tao::{
    AppCtx, Bridge, Filter, JsonModel, Kernel, RequestErrorKind, Verdict, What,
    test::conformance,
    wire::{
        Border, Inbound, Link, LinkEnd, LinkWhat, MemoryTransport, Outbound, Transport,
        TransportError, memory,
    },
};

static_assertions::assert_impl_all!(Link: Send, Sync);
static_assertions::assert_impl_all!(Border: Send, Sync, Clone);

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

fn all(name: &'static str) -> Border {
    Border::new(name).outbound(("Job", "*", "*")).inbound(("Job", "*", "*"))
}

fn hear(kernel: &Kernel, name: &'static str, log: &Log) {
    let log = log.clone();
    kernel.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(format!("{name} {cx}"))).detach();
}

fn errors(kernel: &Kernel, log: &Log) {
    let log = log.clone();
    kernel
        .observe(move |seen| {
            if let What::Failed(error) = seen.what {
                log.note(error.cause().unwrap());
            }
        })
        .detach();
}

/// The other end of a link, by hand.
struct Peer {
    stage: Stage,
    out: <MemoryTransport as Transport>::Outbound,
    inb: <MemoryTransport as Transport>::Inbound,
    link: Link,
    told: Log,
}

fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

impl Peer {
    fn new(border: impl FnOnce(Border) -> Border) -> Self {
        let stage = Stage::new();
        let told = Log::default();
        let log = told.clone();
        let border = border(all("peer")).observe(move |event| match event.what {
            LinkWhat::Refused(refusal) => log.note(format!("refused: {refusal}")),
            LinkWhat::Ignored { signal } => log.note(format!("ignored {signal}")),
            LinkWhat::Set { signal, .. } => log.note(format!("set {signal}")),
            _ => {}
        });
        hear(&stage.tao, "heard", &stage.log);
        let (here, there) = memory();
        let link = border.link(&stage.tao, here);
        let (out, inb) = there.split();
        Self { stage, out, inb, link, told }
    }

    fn send(&mut self, message: impl AsRef<[u8]>) {
        now(self.out.send(message.as_ref())).unwrap().unwrap();
        self.stage.run();
    }

    fn receive(&mut self) -> Option<Value> {
        self.stage.run();
        let message = now(self.inb.receive(1 << 20))?.unwrap()?;
        Some(serde_json::from_slice(&message).unwrap())
    }
}

fn message(tao: Value, envelope: Value) -> String {
    json!({ "tao": tao, "data": {}, "envelope": envelope }).to_string()
}

fn job(action: &str) -> Value {
    json!({ "t": "Job", "a": action, "o": "Portal" })
}

fn v1() -> Value {
    json!({ "v": 1, "chain": {} })
}

#[test]
fn the_transport_in_memory_conforms() {
    let runtime = ManualExecutor::new();
    let store = Store::builder().spawner(runtime.clone()).clock(ManualClock::new()).build();
    let mut check = pin!(conformance::check(&store, async || memory()));
    let report = loop {
        match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(report) => break report,
            Poll::Pending => assert!(runtime.run_until_stalled() > 0, "the check hangs"),
        }
    };
    report.assert();
    assert_eq!(report.findings().len(), 5);
}

/// A transport that breaks its promise in one way.
struct Broken {
    inner: MemoryTransport,
    how: How,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Doubles,
    Drops,
    Reorders,
    ForgetsChains,
    Garbles,
}

struct BrokenOut {
    inner: <MemoryTransport as Transport>::Outbound,
    how: How,
    sent: u32,
    held: Option<Vec<u8>>,
}

impl Transport for Broken {
    type Outbound = BrokenOut;
    type Inbound = <MemoryTransport as Transport>::Inbound;

    fn split(self) -> (BrokenOut, Self::Inbound) {
        let (inner, inbound) = self.inner.split();
        (BrokenOut { inner, how: self.how, sent: 0, held: None }, inbound)
    }
}

impl Outbound for BrokenOut {
    async fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.sent += 1;
        match self.how {
            How::Doubles => {
                self.inner.send(message).await?;
                self.inner.send(message).await
            }
            How::Drops if self.sent == 2 => Ok(()),
            How::Reorders if self.sent == 1 => {
                self.held = Some(message.to_vec());
                Ok(())
            }
            How::Reorders => {
                self.inner.send(message).await?;
                match self.held.take() {
                    Some(held) => self.inner.send(&held).await,
                    None => Ok(()),
                }
            }
            How::ForgetsChains => {
                let mut message: Value = serde_json::from_slice(message).unwrap();
                let chain = message["envelope"]["chain"].as_object_mut().unwrap();
                chain.retain(|key, _| key == "trine");
                self.inner.send(message.to_string().as_bytes()).await
            }
            How::Garbles => self.inner.send(&message[..message.len() / 2]).await,
            How::Drops => self.inner.send(message).await,
        }
    }
}

#[test]
fn the_conformance_kit_finds_out_transports_that_do_not_conform() {
    for how in [How::Doubles, How::Drops, How::Reorders, How::ForgetsChains, How::Garbles] {
        let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
        let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
        let connect = async || {
            let (one, other) = memory();
            (Broken { inner: one, how }, other)
        };
        let mut check = pin!(conformance::check(&store, connect));
        let report = loop {
            match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(report) => break report,
                Poll::Pending if runtime.run_until_stalled() == 0 => {
                    clock.advance(Duration::from_secs(10));
                }
                Poll::Pending => {}
            }
        };
        assert!(!report.is_conformant());
        let failed: Vec<_> = report
            .findings()
            .iter()
            .filter(|(_, found)| found.is_err())
            .map(|(check, _)| *check)
            .collect();
        match how {
            How::ForgetsChains => assert_eq!(failed, [conformance::Check::ChainContinuity]),
            _ => assert!(failed.contains(&conformance::Check::Delivery), "{report}"),
        }
    }
}

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
fn malformed_messages_are_refused_with_the_reason_and_the_connection_goes_on() {
    let mut peer = Peer::new(|border| border);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let own = |own: Value| message(job("A"), json!({ "v": 1, "chain": { "trine": own } }));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "it is not JSON"),
        (b"\xff\xfe".to_vec(), "it is not JSON"),
        (b"{\"tao\":".to_vec(), "it is not JSON"),
        (deep.into(), "it is not JSON: recursion limit exceeded"),
        (b"[]".to_vec(), "it is no object"),
        (b"{}".to_vec(), "it has no object `envelope`"),
        (json!({ "envelope": v1() }).to_string().into(), "it has no object `tao`"),
        (message(json!([1]), v1()).into(), "it has no object `tao`"),
        (message(json!({ "t": 1, "a": "A", "o": "P" }), v1()).into(), "the term is no text"),
        (message(job("A"), json!({})).into(), "its envelope has no version"),
        (message(job("A"), json!({ "v": 2, "chain": {} })).into(), "of version 2, known is 1"),
        (message(job("A"), json!({ "v": "1" })).into(), "of version \"1\", known is 1"),
        (message(job("A"), json!({ "v": 1, "chain": [] })).into(), "its chain cannot be read"),
        (own(json!(1)).into(), "under `trine` is not of the known form"),
        (
            own(json!({ "id": "1-2-3", "crossings": -1, "seen": [] })).into(),
            "not of the known form",
        ),
        (
            own(json!({ "id": "+1-2-3", "crossings": 1, "seen": [] })).into(),
            "not of the known form",
        ),
        (
            own(json!({ "id": "1-2-3", "crossings": 1, "seen": ["x"] })).into(),
            "not of the known form",
        ),
        (
            own(json!({ "id": "1-2-3", "crossings": 1, "seen": [], "request": "1" })).into(),
            "not of the known form",
        ),
        (
            json!({ "tao": job("A"), "data": { "auth": 1 }, "envelope": v1() }).to_string().into(),
            "the key `auth` stands for no slot",
        ),
        (
            json!({ "tao": job("A"), "data": { "x".repeat(9_999): 1 }, "envelope": v1() })
                .to_string()
                .into(),
            "the key `xxx",
        ),
        (
            json!({ "y".repeat(9_999): 1, "tao": job("A"), "envelope": v1() }).to_string().into(),
            "`yyy",
        ),
        (
            message(job(&"x".repeat(257)), v1()).into(),
            "the action has 257 bytes, where 256 are allowed",
        ),
        (json!({ "tao": job("A"), "data": 7, "envelope": v1() }).to_string().into(), "no object"),
        (
            json!({ "tao": job("A"), "hop": {}, "envelope": v1() }).to_string().into(),
            "it has the unknown key `hop`",
        ),
    ];
    for (bytes, reason) in cases {
        peer.send(&bytes);
        let told = peer.told.take();
        assert_eq!(told.len(), 1, "{}", String::from_utf8_lossy(&bytes));
        assert!(told[0].contains(reason), "{told:?} does not say `{reason}`");
        assert!(told[0].len() < 1_000, "a peer does not fill the log");
    }
    assert_eq!(peer.stage.log.take(), [""; 0]);
    peer.send(message(job("A"), v1()));
    assert_eq!(peer.stage.log.take(), ["heard {Job,A,Portal}"]);
    assert!(peer.link.end().is_none());
}

#[test]
fn too_many_refused_messages_in_a_row_end_the_link() {
    let mut peer = Peer::new(|border| border.max_refusals(2));
    for _ in 0..2 {
        peer.send("nonsense");
        peer.send("nonsense");
        peer.send(message(job("A"), v1()));
    }
    assert!(peer.link.end().is_none());
    for _ in 0..3 {
        peer.send("nonsense");
    }
    assert!(matches!(peer.link.end(), Some(LinkEnd::Refusals(_))), "{:?}", peer.link.end());
    assert!(matches!(now(peer.out.send(b"x")), Some(Err(TransportError::Closed))));
}

#[test]
fn an_oversized_message_ends_the_link_before_it_is_read() {
    let mut peer = Peer::new(|border| border.max_message(100));
    peer.send(vec![b' '; 101]);
    let Some(LinkEnd::Failed(TransportError::TooLarge { bytes: 101, limit: 100 })) =
        peer.link.end()
    else {
        panic!("{:?}", peer.link.end())
    };
    // Handlers that sent are gone with it.
    assert_eq!(peer.stage.tao.pattern_count(), 1);
}

#[test]
fn what_cannot_be_sent_is_an_error_of_the_links_handler() {
    struct Opaque;
    let peer = Peer::new(|border| border.max_message(300).max_queued(1));
    let log = Log::default();
    errors(&peer.stage.tao, &log);
    peer.stage.tao.set(signal("A").term(Opaque));
    assert!(log.take()[0].contains("the model says nothing of the term slot"));
    peer.stage.tao.set(signal("A").term(json!("x".repeat(1000))));
    assert!(log.take()[0].contains("where 300 are allowed"));
    peer.stage.tao.set(signal("A"));
    peer.stage.tao.set(signal("A"));
    assert!(log.take()[0].contains("1 messages wait already"));
}

#[test]
fn data_that_panic_when_they_are_read_or_written_harm_nobody() {
    #[derive(Debug)]
    struct Bomb;
    impl serde::Serialize for Bomb {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("written")
        }
    }
    impl<'de> serde::Deserialize<'de> for Bomb {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("read")
        }
    }
    let mut peer = Peer::new(|border| border.model(&JsonModel::new().term::<Bomb>("Job")));
    let log = Log::default();
    errors(&peer.stage.tao, &log);
    peer.stage.tao.set(signal("A").term(Bomb));
    assert!(log.take()[0].ends_with("written"));
    peer.send(json!({ "tao": job("A"), "data": { "Job": 1 }, "envelope": v1() }).to_string());
    assert_eq!(peer.told.take(), ["refused: the data of a message cannot be read: read"]);
}

#[test]
fn a_peer_is_read_no_further_while_too_many_of_its_cascades_are_under_way() {
    let mut peer = Peer::new(|border| border.max_in_flight(2));
    let gates = Arc::new(Mutex::new(Vec::new()));
    let held = Arc::clone(&gates);
    let _slow = peer.stage.tao.on_async(on("A"), move |_| {
        let (open, gate) = tokio::sync::oneshot::channel::<()>();
        held.lock().unwrap().push(open);
        async move { Ok(gate.await?) }
    });
    for _ in 0..5 {
        peer.send(message(job("A"), v1()));
    }
    assert_eq!(gates.lock().unwrap().len(), 2);
    // Whichever settles makes room, not only the oldest.
    gates.lock().unwrap().pop().unwrap().send(()).unwrap();
    peer.stage.run();
    assert_eq!(peer.told.take().len(), 3);
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

#[test]
fn b6_links_that_have_ended_leave_nothing_in_their_kernel() {
    let stage = Stage::new();
    let patterns = stage.tao.pattern_count();
    for _ in 0..50 {
        let (here, there) = memory();
        let link = all("client").link(&stage.tao, here);
        stage.run();
        drop(there);
        stage.run();
        assert!(matches!(link.end(), Some(LinkEnd::Closed)));
    }
    for _ in 0..50 {
        let (here, _there) = memory();
        drop(all("client").link(&stage.tao, here));
    }
    stage.run();
    assert_eq!((stage.tao.pattern_count(), stage.store.runs().len()), (patterns, 0));
}

#[test]
fn a_link_keeps_its_kernel_but_its_run_keeps_no_store() {
    let stage = Stage::new();
    let (here, there) = memory();
    let link = all("client").link(&stage.tao, here);
    stage.run();
    let Stage { tao, store, runtime, .. } = stage;
    let weak = store.downgrade();
    drop((tao, store));
    assert!(weak.upgrade().is_some());
    let ended = link.ended();
    drop(link);
    runtime.run_until_stalled();
    assert!(weak.upgrade().is_none());
    assert!(matches!(now(ended), Some(LinkEnd::Ended(_))));
    let (mut out, _inb) = there.split();
    assert!(matches!(now(out.send(b"x")), Some(Err(TransportError::Closed))));
}

#[test]
fn a_link_without_a_runtime_ends_with_the_reason() {
    let (here, _there) = memory();
    let link = all("client").link(Kernel::new(&Store::new()), here);
    assert!(matches!(link.end(), Some(LinkEnd::NotRun(_))), "{:?}", link.end());
}

#[test]
fn a_transport_that_panics_ends_its_link() {
    struct Panics;
    impl Outbound for Panics {
        async fn send(&mut self, _: &[u8]) -> Result<(), TransportError> {
            panic!("sending")
        }
    }
    impl Inbound for Panics {
        async fn receive(&mut self, _: usize) -> Result<Option<Vec<u8>>, TransportError> {
            panic!("receiving")
        }
    }
    impl Transport for Panics {
        type Outbound = Self;
        type Inbound = Self;
        fn split(self) -> (Self, Self) {
            (Self, Self)
        }
    }
    let stage = Stage::new();
    let link = all("broken").link(&stage.tao, Panics);
    stage.run();
    assert!(matches!(link.end(), Some(LinkEnd::Panicked(message)) if message == "receiving"));
    assert_eq!(stage.tao.pattern_count(), 0);
}

#[test]
fn a_peer_that_does_not_read_makes_only_its_own_link_wait() {
    let peer = Peer::new(|border| border.max_queued(10));
    let log = Log::default();
    errors(&peer.stage.tao, &log);
    // 64 rest in the transport, one is being sent, ten wait.
    for _ in 0..100 {
        peer.stage.tao.set(signal("A"));
        peer.stage.run();
    }
    assert_eq!(log.take().len(), 100 - 64 - 1 - 10);
    assert_eq!(peer.stage.log.take().len(), 100);
}

proptest! {
    #[test]
    fn whatever_a_peer_sends_nothing_panics(messages in prop::collection::vec(
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[\\[\\]{}:,\"a-z0-9 ]{0,60}".prop_map(String::into_bytes),
        ],
        0..20,
    )) {
        let mut peer = Peer::new(|border| border);
        for message in &messages {
            peer.send(message);
        }
        prop_assert!(peer.link.end().is_none());
        prop_assert_eq!(peer.told.take().len(), messages.len());
    }
}

#[test]
fn ended_is_a_future_of_its_end() {
    let peer = Peer::new(|border| border);
    let mut ended = peer.link.ended();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut ended).poll(&mut cx).is_pending());
    let Peer { stage, out, inb, .. } = peer;
    drop((out, inb));
    stage.run();
    let Poll::Ready(LinkEnd::Closed) = Pin::new(&mut ended).poll(&mut cx) else { panic!() };
}
