//! What a hostile or broken peer can do to its link, and to nothing else.

use super::{Peer, errors, job, message, now, on, signal, v1};
use crate::stage::Log;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use trine_tao::{
    JsonModel,
    wire::{LinkEnd, Outbound, TransportError},
};

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
