//! Where the answers come from: the service, or a script.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ApiError;
use crate::api::{Endpoint, Problem};

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
}

async fn read<T: DeserializeOwned>(endpoint: Endpoint, response: Response) -> Result<T, ApiError> {
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(|error| ApiError::transport(endpoint, error));
    }
    let problem: Problem =
        response.json().await.map_err(|error| ApiError::transport(endpoint, error))?;
    let Problem { message, fields } = problem;
    Err(ApiError::Status { endpoint, status: status.as_u16(), message, fields })
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
