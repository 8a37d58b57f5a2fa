//! A service that stops half way: nobody who waits for an answer gets one, and what was begun breaks off.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::stream;

use super::App;

/// Has `request` answered, unless the service stops before.
pub(super) async fn until_stopped(app: App, request: Request, next: Next) -> Response {
    if app.fates.is_one_too_many() {
        app.stopped.cancel();
    }
    tokio::select! {
        biased;
        // A body that ends in an error makes the server close the connection: the client gets nothing.
        () = app.stopped.cancelled() => {
            Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(cut())])))
        }
        answer = next.run(request) => answer,
    }
}

/// Why an answer ends before its end.
pub(super) fn cut() -> io::Error {
    io::Error::other("the service has stopped")
}
