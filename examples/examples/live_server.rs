//! A server with live state: every connection has cells of its own, which end with it, and is told by server-sent events
//! whenever what it is shown changes.
//!
//! The program is also its own two visitors, and asserts what they see. With `serve` it goes on serving, and says where:
//! `cargo run -p trine-examples --example live_server -- serve`. Open that in two windows of a browser, or follow it with
//! `curl -N http://ADDRESS/follow/you` and count with `curl -X POST http://ADDRESS/count`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::sse::Event;
use axum::response::{Html, Sse};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::net::TcpListener;
use trine_core::{Derived, Scope, Source, Store, Watch};

/// A visitor in a browser.
const PAGE: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Live</title>
<button onclick="fetch('/count', { method: 'POST' })">Count</button> <output>...</output>
<script>
  const shown = document.querySelector('output');
  new EventSource('/follow/you').onmessage = event => shown.textContent = event.data;
</script>"#;

struct House {
    store: Store,
    /// What all visitors share.
    total: Source<u32>,
}

/// What belongs to one connection. When the connection is gone, so is its scope, and with that its cells.
struct Visit {
    since: u32,
    shown: Watch<(u32, u32)>,
    _scope: Scope,
}

impl Visit {
    fn begin(house: &House) -> Self {
        let scope = house.store.scope("visit");
        let (total, since) = (house.total, house.store.get(house.total));
        let entered = scope.source(since);
        // Everybody sees the total, and what has been counted since they came.
        let shown: Derived<(u32, u32)> =
            scope.derived(move |cx| (cx.get(total), cx.get(total) - cx.get(entered)));
        Self { since, shown: house.store.watch(shown), _scope: scope }
    }
}

async fn follow(
    State(house): State<Arc<House>>,
    Path(name): Path<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let visit = Visit::begin(&house);
    let hello = format!("{name} came in at {}", visit.since);
    let changes = stream::unfold(visit, |mut visit| async {
        // Cancel safe: axum drops this wherever it is when the visitor goes away.
        visit.shown.changed().await.ok()?;
        let (total, here) = *visit.shown.borrow_and_update();
        Some((format!("{total}, {here} of them since you came"), visit))
    });
    let lines = stream::once(async { hello }).chain(changes);
    Sse::new(lines.map(|line| Ok(Event::default().data(line))))
}

async fn count(State(house): State<Arc<House>>) {
    house.store.update(house.total, |total| *total += 1);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new();
    let house = Arc::new(House { total: store.source(0), store: store.clone() });
    let app = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/follow/{name}", get(follow))
        .route("/count", post(count))
        .with_state(Arc::clone(&house));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    println!("http://{address}");
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    if std::env::args().any(|argument| argument == "serve") {
        return Ok(server.await??);
    }

    let cells = store.cell_count();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let count = || client.post(format!("http://{address}/count")).send();
    let enter = |name: &str| client.get(format!("http://{address}/follow/{name}")).send();

    count().await?;
    let mut ada = enter("ada").await?.bytes_stream();
    assert_eq!(next(&mut ada).await, "ada came in at 1");
    count().await?;
    assert_eq!(next(&mut ada).await, "2, 1 of them since you came");
    let mut eve = enter("eve").await?.bytes_stream();
    assert_eq!(next(&mut eve).await, "eve came in at 2");
    count().await?;
    assert_eq!(next(&mut ada).await, "3, 2 of them since you came");
    assert_eq!(next(&mut eve).await, "3, 1 of them since you came");

    // Two visits, two cells each; the last one out leaves nothing behind.
    assert_eq!(store.cell_count(), cells + 4);
    drop((ada, eve));
    while store.cell_count() > cells {
        tokio::task::yield_now().await;
    }
    println!("two visits, and nothing is left of them");
    Ok(())
}

/// The next event.
async fn next<B: AsRef<[u8]>, E: std::fmt::Debug>(
    events: &mut (impl Stream<Item = Result<B, E>> + Unpin),
) -> String {
    let bytes = events.next().await.expect("the server goes on").expect("the connection holds");
    let text = String::from_utf8_lossy(bytes.as_ref()).into_owned();
    text.trim().trim_start_matches("data: ").to_owned()
}
