//! A server and two clients over TCP: questions that are answered, halted and not answered, news for everyone, and what a
//! client may not send.
//!
//! `cargo run -p trine-examples --example tao_client_and_server`

use serde::{Deserialize, Serialize};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc};
use trine_tao::{
    AppCtx, Filter, JsonModel, Kernel, RequestError, RequestErrorKind, Store, Verdict,
    wire::{Border, Link, tcp},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: u32,
    name: String,
}

/// How the data look in a message: both sides agree on it.
fn model() -> JsonModel {
    JsonModel::new().term::<User>("User").action::<u32>("Find").term::<String>("News")
}

/// The server's handlers know nothing of connections.
fn users(tao: &Kernel) {
    tao.on_intercept(("User", "Find", "*"), |cx| match cx.action_datum::<u32>() {
        Ok(0) => Verdict::halt("nobody has the number 0"),
        Ok(_) => Verdict::Pass,
        Err(error) => Verdict::halt(error.to_string()),
    })
    .detach();
    tao.on_inline(("User", "Find", "*"), |cx| async move {
        let id = *cx.action_datum::<u32>()?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        let name = match id {
            1 => "Ada",
            2 => "Grace",
            _ => return Err(format!("there is no user {id}").into()),
        };
        Ok(AppCtx::new("User", "Enter", "Portal").term(User { id, name: name.to_owned() }))
    })
    .detach();
}

/// What may go over, seen from the server. A client is told what its own questions have led to, and the news.
fn border() -> Border {
    Border::new("client")
        .inbound(("User", "Find", "Portal"))
        .outbound(Filter::from([("User", "Enter", "Portal"), ("News", "Arrive", "Portal")]))
        .max_message(64 << 10)
        .model(&model())
}

/// Longer than any answer takes.
const LONG: Duration = Duration::from_secs(30);

struct Client {
    tao: Kernel,
    _link: Link,
}

impl Client {
    async fn connect(store: &Store, server: &tcp::TcpServer) -> io::Result<Self> {
        let tao = Kernel::new(store);
        let border = Border::new("server")
            .outbound(("User", "*", "*"))
            .inbound(Filter::from([("User", "Enter", "Portal"), ("News", "*", "Portal")]))
            .model(&model());
        let link = border.link(&tao, tcp::connect(server.address()).await?);
        Ok(Self { tao, _link: link })
    }

    async fn find(&self, id: u32, timeout: Duration) -> Result<User, RequestError> {
        let answer = self
            .tao
            .request(AppCtx::new("User", "Find", "Portal").action(id))
            .expect(("User", "Enter", "Portal"))
            .timeout(timeout)
            .await?;
        Ok(answer.term_datum::<User>().expect("the border has read it").clone())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let store = Store::new();
    let server = Kernel::new(&store);
    users(&server);
    let (news, kernel) = (Filter::from(("News", "*", "*")), server.clone());
    let serving = tcp::serve(
        &server,
        TcpListener::bind("127.0.0.1:0").await?,
        &border(),
        // Each connection is a channel; this is what it hears although others have caused it.
        move |client, address| {
            println!("{address} is connected");
            client.sieve(&kernel, &news).detach();
        },
    )?;

    let (one, two) =
        (Client::connect(&store, &serving).await?, Client::connect(&store, &serving).await?);
    let (ada, grace) = futures_util::join!(one.find(1, LONG), two.find(2, LONG));
    println!("{:?} and {:?}", ada.as_ref().unwrap(), grace.as_ref().unwrap());
    assert_eq!((ada.unwrap().name, grace.unwrap().name), ("Ada".to_owned(), "Grace".to_owned()));

    // The server's reasons stay there; a client that is not answered gives up.
    let error = one.find(3, Duration::from_millis(200)).await.unwrap_err();
    println!("{error}");
    assert!(matches!(error.kind(), RequestErrorKind::TimedOut { .. }));

    // News reach everyone.
    let (tell, mut told) = mpsc::unbounded_channel();
    for (name, client) in [("one", &one), ("two", &two)] {
        let tell = tell.clone();
        client
            .tao
            .on_inline(("News", "*", "*"), move |cx| {
                tell.send(format!("{name} reads: {}", cx.term_datum::<String>()?))?;
                Ok(())
            })
            .detach();
    }
    server.set(AppCtx::new("News", "Arrive", "Portal").term("it works".to_owned()));
    let mut read = vec![told.recv().await.unwrap(), told.recv().await.unwrap()];
    read.sort();
    assert_eq!(read, ["one reads: it works", "two reads: it works"]);

    // What the server's border does not let in is not set there, whatever a client lets out.
    let deleted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&deleted);
    server.on_inline(("User", "Delete", "*"), move |_| flag.store(true, Relaxed)).detach();
    one.tao.set(AppCtx::new("User", "Delete", "Portal"));
    assert_eq!(one.find(1, LONG).await.unwrap().name, "Ada", "the connection goes on");
    assert!(!deleted.load(Relaxed));
    println!("{} clients are served", serving.client_count());
    Ok(())
}
