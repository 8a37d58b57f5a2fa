//! The endpoint that does not end by itself: what users do, told as it happens, a thousand times a second.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::stopping::cut;
use super::{App, Refusal};
use crate::api::{Activity, Endpoint};
use crate::random::Random;
use crate::service::traffic::ReceivedGuard;

/// One line per activity.
const BETWEEN_TWO: Duration = Duration::from_millis(1);
/// Who is active.
const ACTIVE_USERS: usize = 40;

#[derive(Deserialize)]
pub(super) struct Wanted {
    count: u32,
}

/// A line of JSON per activity; the answer ends after `count` of them.
pub(super) async fn live(
    State(app): App,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let Query(Wanted { count }) = match wanted {
        Ok(wanted) => wanted,
        Err(rejection) => return Refusal::BadRequest(rejection.body_text()).into_response(),
    };
    let key = count.to_string();
    let received = app.counters.receive(Endpoint::Live, &key);
    // However much there is to come.
    let fate = app.fates.next(Endpoint::Live, "");
    tokio::time::sleep(fate.latency).await;
    if fate.fails {
        received.complete();
        return Refusal::Unavailable.into_response();
    }
    Body::from_stream(lines(count, received, app.stopped.clone())).into_response()
}

/// What comes is the same each time; when it comes is the clock's affair.
fn lines(
    count: u32,
    received: ReceivedGuard,
    stopped: CancellationToken,
) -> impl Stream<Item = io::Result<String>> {
    let start = (activities(count), interval(BETWEEN_TWO), received);
    stream::unfold(start, move |(mut rest, mut clock, received)| {
        let stopped = stopped.clone();
        async move {
            let Some(activity) = rest.next() else {
                // Reached only by who has read all of it; else the guard is dropped with the stream.
                received.complete();
                return None;
            };
            let line = tokio::select! {
                biased;
                () = stopped.cancelled() => Err(cut()),
                _ = clock.tick() => Ok(format!("{}\n", serde_json::json!(activity))),
            };
            Some((line, (rest, clock, received)))
        }
    })
}

/// The activities of a day, as far as they are asked for.
pub(crate) fn activities(count: u32) -> impl Iterator<Item = Activity> {
    let mut random = Random::new(7);
    let mut changes = [0_u32; ACTIVE_USERS];
    (0..count).map(move |_| {
        let user = random.below(ACTIVE_USERS);
        changes[user] += 1;
        Activity { user: user as u32 + 1, changes: changes[user] }
    })
}
