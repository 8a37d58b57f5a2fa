//! The endpoints: from a request to the data file and back.

mod changes;
pub(super) mod live;
mod stopping;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router, middleware};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::data::{Data, DataError};
use super::injection::Fates;
use super::traffic::Counters;
use crate::api::{Endpoint, Found, NewSession, News, Page, Problem};

/// Most things in one answer.
const MOST_SPACES: u32 = 100;
const MOST_HITS: usize = 20;
const LONGEST_TOKEN: usize = 64;

/// What every request works with.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) data: Arc<Data>,
    pub(super) fates: Fates,
    pub(super) counters: Counters,
    /// The service has stopped, by itself or because somebody wants it to.
    pub(super) stopped: CancellationToken,
}

type App = State<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let router = Router::new()
        .route("/sessions", post(create_session))
        .route("/sessions/{token}", get(find_session).delete(end_session))
        .route("/sessions/{token}/enter", post(enter_session))
        .route("/users/{id}", get(user))
        .route("/spaces", get(spaces))
        .route("/search", get(search))
        .route("/spaces/{id}/title", put(changes::rename_space))
        .route("/pages/{id}", get(page).put(changes::save_page))
        .route("/contacts/{id}", put(changes::import))
        .route("/news", get(news))
        .route("/live", get(live::live))
        .fallback(|| async { Refusal::NotFound("no such endpoint".to_owned()) });
    let stopping = middleware::from_fn_with_state(Arc::clone(&shared), stopping::until_stopped);
    router.layer(stopping).with_state(shared)
}

async fn find_session(State(app): App, Path(token): Path<String>) -> Response {
    app.answer(Endpoint::FindSession, token.clone(), move |data| {
        found(data.session(&token)?, || format!("there is no session for the token `{token}`"))
    })
    .await
}

async fn create_session(
    State(app): App,
    body: Result<Json<NewSession>, JsonRejection>,
) -> Response {
    let key = body.as_ref().map(|body| body.token.clone()).unwrap_or_default();
    app.answer(Endpoint::CreateSession, key, move |data| {
        let Json(NewSession { token }) =
            body.map_err(|rejection| Refusal::BadRequest(rejection.body_text()))?;
        if token.is_empty() || token.chars().count() > LONGEST_TOKEN {
            let limits = format!("must have 1 to {LONGEST_TOKEN} characters");
            return Err(Refusal::Invalid(BTreeMap::from([("token".to_owned(), limits)])));
        }
        data.create_session(&token)?
            .ok_or_else(|| Refusal::Conflict(format!("the token `{token}` has a session already")))
    })
    .await
}

async fn enter_session(State(app): App, Path(token): Path<String>) -> Response {
    app.answer(Endpoint::EnterSession, token.clone(), move |data| {
        let session = data.enter_session(&token)?;
        found(session, || format!("there is no session for the token `{token}`"))
    })
    .await
}

async fn end_session(State(app): App, Path(token): Path<String>) -> Response {
    app.answer(Endpoint::EndSession, token.clone(), move |data| Ok(data.end_session(&token)?)).await
}

async fn user(State(app): App, Path(id): Path<String>) -> Response {
    app.answer(Endpoint::User, id.clone(), move |data| {
        found(data.user(identity(&id)?)?, || format!("there is no user {id}"))
    })
    .await
}

async fn page(State(app): App, Path(id): Path<String>) -> Response {
    app.answer(Endpoint::Page, id.clone(), move |data| {
        found(data.page(identity(&id)?)?, || format!("there is no page {id}"))
    })
    .await
}

async fn news(State(app): App) -> Response {
    app.answer(Endpoint::News, String::new(), |data| {
        let spaces = data.size()?.spaces;
        Ok(News { headline: format!("{spaces} spaces are open today") })
    })
    .await
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    offset: u32,
    #[serde(default = "default_limit")]
    limit: u32,
}

const fn default_limit() -> u32 {
    20
}

async fn spaces(State(app): App, part: Result<Query<Part>, QueryRejection>) -> Response {
    let key = part.as_ref().map(|part| format!("{}+{}", part.offset, part.limit));
    app.answer(Endpoint::Spaces, key.unwrap_or_default(), move |data| {
        let Query(part) = part.map_err(|rejection| Refusal::BadRequest(rejection.body_text()))?;
        Ok(data.spaces(part.offset, part.limit.min(MOST_SPACES))?)
    })
    .await
}

#[derive(Deserialize)]
struct Wanted {
    q: String,
}

async fn search(State(app): App, wanted: Result<Query<Wanted>, QueryRejection>) -> Response {
    let key = wanted.as_ref().map(|wanted| wanted.q.clone()).unwrap_or_default();
    app.answer(Endpoint::Search, key, move |data| {
        let Query(Wanted { q: query }) =
            wanted.map_err(|rejection| Refusal::BadRequest(rejection.body_text()))?;
        Ok(Found { hits: data.search(&query, MOST_HITS)?, query })
    })
    .await
}

impl Shared {
    /// One request: counted, delayed or failed as injected, answered from the data file.
    async fn answer<T, F>(&self, endpoint: Endpoint, key: String, read: F) -> Response
    where
        T: Serialize + Send + 'static,
        F: FnOnce(&Data) -> Result<T, Refusal> + Send + 'static,
    {
        let received = self.counters.receive(endpoint, &key);
        let fate = self.fates.next(endpoint, &key);
        if let Some(query) = &fate.after_search {
            self.counters.until(|traffic| traffic.search_is_over(query)).await;
        }
        if !fate.latency.is_zero() {
            tokio::time::sleep(fate.latency).await;
        }
        if fate.held {
            self.fates.held().await;
        }
        let answer = if fate.fails {
            Err(Refusal::Unavailable)
        } else {
            let data = Arc::clone(&self.data);
            // A commit waits for the disk: not on a thread that serves other requests.
            let read = tokio::task::spawn_blocking(move || read(&data)).await;
            read.unwrap_or_else(|panic| Err(Refusal::Internal(panic.to_string())))
        };
        received.complete();
        match answer {
            Ok(value) if endpoint == Endpoint::CreateSession => {
                (StatusCode::CREATED, Json(value)).into_response()
            }
            Ok(value) => Json(value).into_response(),
            Err(refusal) => refusal.into_response(),
        }
    }
}

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Conflict(String),
    #[error("some fields are not valid")]
    Invalid(BTreeMap<String, String>),
    #[error("somebody else has changed page {} meanwhile", .0.id)]
    Changed(Box<Page>),
    #[error("the service is not available at the moment")]
    Unavailable,
    #[error("{0}")]
    Internal(String),
    #[error(transparent)]
    Data(#[from] DataError),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) | Self::Changed(_) => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) | Self::Data(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message) = (self.status(), self.to_string());
        let (fields, current) = match self {
            Self::Invalid(fields) => (fields, None),
            Self::Changed(page) => (BTreeMap::new(), Some(page)),
            _ => (BTreeMap::new(), None),
        };
        (status, Json(Problem { message, fields, current })).into_response()
    }
}

fn found<T>(value: Option<T>, missing: impl FnOnce() -> String) -> Result<T, Refusal> {
    value.ok_or_else(|| Refusal::NotFound(missing()))
}

fn identity(text: &str) -> Result<u32, Refusal> {
    text.parse().map_err(|_| Refusal::BadRequest(format!("`{text}` is not an identity: a number")))
}
