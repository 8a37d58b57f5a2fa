//! Where the answers come from: the service, or a script.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};
use tokio_util::io::StreamReader;

use super::ApiError;
use crate::api::{Endpoint, Problem};

/// Bytes; no line of the service is nearly as long.
const LONGEST_LINE: usize = 10_000;

/// What a scripted client answers to a request of an endpoint for a key: the body of a success, or status and message.
pub type Script =
    dyn Fn(Endpoint, &str) -> BoxFuture<'static, Result<Value, (u16, String)>> + Send + Sync;

/// Where the answers come from.
#[derive(Clone)]
pub(super) enum Way {
    /// From the service.
    Http(Http),
    /// From a function.
    Script(Arc<Script>),
}

/// A connection to the service.
#[derive(Clone, Debug)]
pub(super) struct Http {
    address: SocketAddr,
    client: reqwest::Client,
}

impl Way {
    /// Sends the request, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        key: &str,
        request: impl FnOnce(&Http) -> RequestBuilder,
    ) -> Result<T, ApiError> {
        let http = match self {
            Self::Http(http) => http,
            Self::Script(script) => {
                let status = |status, message| ApiError::Status {
                    endpoint,
                    status,
                    message,
                    fields: Default::default(),
                    current: None,
                };
                let answer = script(endpoint, key).await;
                let body = answer.map_err(|(code, message)| status(code, message))?;
                return serde_json::from_value(body)
                    .map_err(|error| status(500, error.to_string()));
            }
        };
        match request(http).send().await {
            Ok(response) => read(endpoint, response).await,
            Err(error) => Err(ApiError::transport(endpoint, error)),
        }
    }

    /// Sends the request, and reads the answer line by line, as it comes.
    pub(super) async fn follow<T: DeserializeOwned + Send + 'static>(
        &self,
        endpoint: Endpoint,
        key: &str,
        request: impl FnOnce(&Http) -> RequestBuilder,
    ) -> Result<BoxStream<'static, Result<T, ApiError>>, ApiError> {
        let http = match self {
            Self::Http(http) => http,
            Self::Script(_) => {
                let all: Vec<T> = self.ask(endpoint, key, request).await?;
                return Ok(stream::iter(all.into_iter().map(Ok)).boxed());
            }
        };
        let answer = request(http).send().await;
        let answer = answer.map_err(|error| ApiError::transport(endpoint, error))?;
        let bytes = accepted(endpoint, answer).await?.bytes_stream();
        let lines = FramedRead::new(
            StreamReader::new(bytes.map_err(io::Error::other)),
            LinesCodec::new_with_max_length(LONGEST_LINE),
        );
        let broken = move |cause: String| ApiError::Broken { endpoint, cause };
        let read = move |line: Result<String, LinesCodecError>| {
            let line = line.map_err(|error| broken(error.to_string()))?;
            serde_json::from_str(&line).map_err(|error| broken(error.to_string()))
        };
        Ok(lines.map(read).boxed())
    }
}

async fn read<T: DeserializeOwned>(endpoint: Endpoint, response: Response) -> Result<T, ApiError> {
    let response = accepted(endpoint, response).await?;
    response.json().await.map_err(|error| ApiError::transport(endpoint, error))
}

/// The answer, if it is a success.
async fn accepted(endpoint: Endpoint, response: Response) -> Result<Response, ApiError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem: Problem =
        response.json().await.map_err(|error| ApiError::transport(endpoint, error))?;
    let Problem { message, fields, current } = problem;
    let current = current.map(|page| Arc::new(*page));
    Err(ApiError::Status { endpoint, status: status.as_u16(), message, fields, current })
}

impl Http {
    pub(super) fn new(address: SocketAddr) -> Self {
        // Without a proxy: the service is on this machine, whatever the environment says.
        let client = reqwest::Client::builder().no_proxy().build();
        // What can fail in the builder is TLS, proxies and resolvers; none is built in.
        Self { address, client: client.unwrap_or_default() }
    }

    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// A path of the service; a token may hold any character.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url: Url = match format!("http://{}", self.address).parse() {
            Ok(url) => url,
            Err(_) => unreachable!("an address with a port is the authority of a URL"),
        };
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(http) => http.fmt(f),
            Self::Script(_) => f.write_str("Script"),
        }
    }
}
