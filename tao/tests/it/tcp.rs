//! Links over TCP.

use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use trine_core::Store;
use trine_tao::{
    AppCtx, Kernel,
    test::conformance,
    wire::{Border, LinkEnd, TransportError, tcp},
};

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

async fn pair() -> (tcp::TcpTransport, tcp::TcpTransport) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (here, there) = tokio::join!(tcp::connect(address), listener.accept());
    (here.unwrap(), tcp::TcpTransport::new(there.unwrap().0))
}

async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future).await.expect("it takes too long")
}

#[tokio::test]
async fn the_transport_over_tcp_conforms() {
    soon(conformance::check(&Store::new(), pair)).await.assert();
}

#[tokio::test]
async fn a_server_answers_many_clients_each_on_its_own_channel() {
    let store = Store::new();
    let server = Kernel::new(&store);
    let _find = server.on_async(on("Find"), |cx| cx.transfer(("*", "Enter", "*")));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let border = Border::new("client").inbound(on("Find")).outbound(on("Enter"));
    let server = tcp::serve(&server, listener, &border, |_, _| ()).unwrap();
    let border = Border::new("server").outbound(on("Find")).inbound(on("Enter"));
    let mut clients = Vec::new();
    for number in 0..10 {
        let (client, address) = (Kernel::new(&store), server.address());
        let transport = tcp::connect(address).await.unwrap();
        clients.push((number, border.link(&client, transport), client));
    }
    let asked = clients.iter().map(|(number, _, client)| {
        let find = AppCtx::new("Job", "Find", "Portal").term(serde_json::json!(number));
        let reply =
            client.request(find).expect(on("Enter")).timeout(Duration::from_secs(20)).start();
        async move { (number, reply.await.unwrap()) }
    });
    for (number, answer) in futures_util::future::join_all(asked).await {
        assert_eq!(answer.term_datum(), Ok(&serde_json::json!(number)));
    }
    assert_eq!(server.client_count(), 10);
    // The server's end is seen by all.
    drop(server);
    for (_, link, _) in &clients {
        let end = soon(link.ended()).await;
        assert!(matches!(end, LinkEnd::Closed | LinkEnd::Failed(TransportError::Closed)), "{end}");
    }
}

/// A link whose peer writes these bytes and then ends the connection.
async fn told(bytes: &[u8]) -> LinkEnd {
    let tao = Kernel::new(&Store::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let link = Border::new("peer")
        .inbound(("*", "*", "*"))
        .max_message(1_000)
        .link(&tao, tcp::TcpTransport::new(stream));
    peer.write_all(bytes).await.unwrap();
    peer.shutdown().await.unwrap();
    soon(link.ended()).await
}

#[tokio::test]
async fn a_connection_that_ends_inside_a_message_or_announces_too_much_is_cut_off() {
    assert!(matches!(told(b"").await, LinkEnd::Closed));
    assert!(matches!(told(b"\0\0").await, LinkEnd::Failed(TransportError::Truncated)));
    assert!(matches!(told(b"\0\0\0\x09{}").await, LinkEnd::Failed(TransportError::Truncated)));
    let end = told(b"\xff\xff\xff\xff").await;
    let LinkEnd::Failed(TransportError::TooLarge { bytes, limit }) = end else { panic!("{end}") };
    assert_eq!((bytes, limit), (u32::MAX as usize, 1_000));
    // A refused message is none of the connection's business.
    assert!(matches!(told(b"\0\0\0\x02{}\0\0\0\0").await, LinkEnd::Closed));
}

#[tokio::test]
async fn large_messages_and_many_of_them_arrive_whole() {
    let store = Store::new();
    let (here, there) = (Kernel::new(&store), Kernel::new(&store));
    let (one, other) = pair().await;
    let border = |name| Border::new(name).outbound(on("A")).inbound(on("A"));
    let _links = [border("here").link(&here, one), border("there").link(&there, other)];
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let _hears = there.on_inline(on("A"), move |cx| {
        tell.send(cx.term_datum::<serde_json::Value>()?.as_str().unwrap().len())?;
        Ok(())
    });
    let sizes = [0, 1, 65_531, 65_536, 300_000, 1_000_000, 3];
    for size in sizes {
        let text = serde_json::json!("x".repeat(size));
        here.set(AppCtx::new("Job", "A", "Portal").term(text));
    }
    for size in sizes {
        assert_eq!(soon(told.recv()).await, Some(size));
    }
}

#[tokio::test]
async fn a_server_has_no_more_clients_than_it_may_and_room_for_others_when_one_has_gone() {
    let store = Store::new();
    let server = Kernel::new(&store);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server =
        tcp::serve(&server, listener, &Border::new("client").max_clients(1), |_, _| ()).unwrap();
    let connect = async || {
        let transport = tcp::connect(server.address()).await.unwrap();
        Border::new("server").link(Kernel::new(&store), transport)
    };
    let first = connect().await;
    let second = connect().await;
    let end = soon(second.ended()).await;
    assert!(matches!(end, LinkEnd::Closed | LinkEnd::Failed(TransportError::Closed)), "{end}");
    assert!(first.end().is_none());
    drop(first);
    soon(async {
        while server.client_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let third = connect().await;
    soon(async {
        while server.client_count() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(third.end().is_none());
}
