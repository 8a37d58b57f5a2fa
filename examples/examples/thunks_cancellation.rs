//! Cancelling: before a thunk runs, while it runs, from a component, from outside, and what a body does about it.
//!
//! `cargo run -p trine-examples --example thunks_cancellation`

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use tokio::{sync::oneshot, task::yield_now};
use tokio_util::sync::CancellationToken;
use trine_thunks::{
    AbortedBy, AsyncThunk, Outcome, Rejected, SliceKey, Store, StoreBuilder, ThunkApi,
};

/// What became of the runs, in words.
pub(crate) static ENDS: SliceKey<Vec<String>> = SliceKey::new("ends");

pub(crate) type Fetch = AsyncThunk<u32, String, String>;

/// Waits for an answer that takes a while.
pub(crate) fn fetch_user() -> Fetch {
    AsyncThunk::new("users/fetchById", |id: u32, _: ThunkApi| async move {
        trine_core::test::yield_now().await;
        trine_core::test::yield_now().await;
        Ok(format!("user {id}"))
    })
    // Cancelling before execution: no event at all.
    .condition(|id, _| *id != 0)
}

/// Reads a stream piece by piece. It need not ask whether it was aborted: it is dropped where it waits. (One that computes for
/// long without waiting asks `api.is_aborted()`.)
pub(crate) fn read_stream() -> AsyncThunk<Vec<&'static str>, String, String> {
    AsyncThunk::new("readStream", |pieces: Vec<&'static str>, api: ThunkApi| async move {
        let mut result = String::new();
        for piece in pieces {
            if api.is_aborted() {
                return Err("stop the work, this has been aborted!".to_owned());
            }
            trine_core::test::yield_now().await;
            result.push_str(piece);
        }
        Ok(result)
    })
}

pub(crate) fn build(builder: StoreBuilder, fetch: &Fetch) -> StoreBuilder {
    // Error or cancellation? The rejection says.
    let how = |run: &Rejected<u32, String>| match run.abort_reason() {
        Some(reason) => format!("{} aborted: {reason}", run.arg()),
        None if run.is_cancelled() => format!("{} superseded", run.arg()),
        None => format!("{} failed: {}", run.arg(), run.message()),
    };
    let ends = ENDS
        .slice(Vec::new)
        .on(fetch.fulfilled(), |ends, run| ends.push(format!("{} fulfilled", run.arg())))
        .on(fetch.rejected(), move |ends, run| ends.push(how(run)));
    builder.slice(ends)
}

/// A component: while it is shown, its user is being fetched.
struct Component {
    _fetching: trine_core::AbortOnDropGuard<String, String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fetch = fetch_user();
    let store = build(Store::builder(), &fetch).build()?;

    // Before execution.
    assert!(store.dispatch(fetch.with(0)).await.is_skipped());

    // While it runs. The rejected event is out when `abort` returns.
    let run = store.dispatch(fetch.with(1));
    run.abort("changed my mind");
    assert_eq!(store.get(&ENDS), ["1 aborted: changed my mind"]);

    // When the component goes away.
    drop(Component { _fetching: store.dispatch(fetch.with(2)).abort_on_drop() });
    assert_eq!(store.get(&ENDS)[1], "2 aborted: its guard was dropped");

    // From outside, with a token or any future. Nothing stays registered with it.
    let request = CancellationToken::new();
    let closed = request.clone();
    let signal = async move {
        closed.cancelled_owned().await;
        "the connection was closed"
    };
    let run = store.dispatch(fetch.with(3).abort_when(signal));
    request.cancel();
    let outcome = run.await;
    assert!(matches!(outcome, Outcome::Aborted { by: AbortedBy::Signal, .. }), "{outcome:?}");

    // What the body had begun elsewhere is told, and so is anybody who waits until it is really gone.
    let stopped = Arc::new(AtomicBool::new(false));
    let (stops, (send, receive)) = (Arc::clone(&stopped), oneshot::channel());
    let sender = std::sync::Mutex::new(Some(send));
    let download = AsyncThunk::new("download", move |(): (), api: ThunkApi| {
        let (stops, send) = (Arc::clone(&stops), sender.lock().unwrap().take());
        let helper = api.clone();
        tokio::spawn(async move {
            helper.aborted().await; // the original's `signal.addEventListener('abort', ..)`
            stops.store(true, Relaxed);
            send.map(|send| send.send(helper.abort_reason()))
        });
        std::future::pending::<Result<(), String>>()
    });
    let run = store.dispatch(download.with(()));
    yield_now().await;
    run.abort("disk full");
    run.stopped().await;
    assert_eq!(receive.await?.as_deref(), Some("disk full"));
    assert!(stopped.load(Relaxed));

    // Not cancelled: it goes on to its end.
    let read = read_stream();
    let text = store.dispatch(read.with(vec!["to ", "the ", "end"])).await.into_result();
    assert_eq!(text.as_deref().map(String::as_str), Ok("to the end"));
    assert_eq!(store.dispatch(fetch.with(4)).await.kind().to_string(), "fulfilled");
    println!("{}", store.get(&ENDS).join("\n"));
    Ok(())
}
