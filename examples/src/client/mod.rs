//! The client of the service: real HTTP over TCP, one typed method per endpoint.

mod error;
mod ledger;

use std::net::SocketAddr;

use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

pub use self::error::ApiError;
pub use self::ledger::{Ending, Entry, Ledger, Totals};

use crate::api::{Endpoint, Found, NewSession, Page, Problem, Session, SpaceList, User};

/// A connection to the service; clones share it, and the [`Ledger`] of requests.
///
/// # Cancel safety
/// Dropping the future of a method cancels its request: the connection is closed, the service stops
/// working on it, the ledger counts it as cancelled.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    http: reqwest::Client,
    ledger: Ledger,
}

impl Client {
    /// A client of the service at `address`. Nothing is sent yet.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        // Without a proxy: the service is on this machine, whatever the environment says.
        let http = reqwest::Client::builder().no_proxy().build();
        // What can fail in the builder is TLS, proxies and resolvers; none is built in.
        let http = http.unwrap_or_default();
        Self { address, http, ledger: Ledger::new() }
    }

    /// The requests of this client and its clones.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The session of `token`, `None` when the service knows of none.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn find_session(&self, token: &str) -> Result<Option<Session>, ApiError> {
        let request = self.http.get(self.url(&["sessions", token]));
        match self.send(Endpoint::FindSession, token, request).await {
            Ok(session) => Ok(Some(session)),
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND.as_u16()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A new session for `token`.
    ///
    /// # Errors
    /// [`ApiError`]; status 409 when the token has a session, 422 with a field error when it is not valid.
    pub async fn create_session(&self, token: &str) -> Result<Session, ApiError> {
        let request = self.http.post(self.url(&["sessions"]));
        let request = request.json(&NewSession { token: token.to_owned() });
        self.send(Endpoint::CreateSession, token, request).await
    }

    /// Enters the session of `token`: counts a visit.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 when the token has no session.
    pub async fn enter_session(&self, token: &str) -> Result<Session, ApiError> {
        let request = self.http.post(self.url(&["sessions", token, "enter"]));
        self.send(Endpoint::EnterSession, token, request).await
    }

    /// Ends the session of `token`; says whether it had one.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn end_session(&self, token: &str) -> Result<bool, ApiError> {
        let request = self.http.delete(self.url(&["sessions", token]));
        self.send(Endpoint::EndSession, token, request).await
    }

    /// The user with this identity.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 when there is none.
    pub async fn user(&self, id: u32) -> Result<User, ApiError> {
        let request = self.http.get(self.url(&["users", &id.to_string()]));
        self.send(Endpoint::User, &id.to_string(), request).await
    }

    /// Up to `limit` (at most 100) spaces by identity, after the first `offset`.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn spaces(&self, offset: u32, limit: u32) -> Result<SpaceList, ApiError> {
        let request = self.http.get(self.url(&["spaces"]));
        let request = request.query(&[("offset", offset), ("limit", limit)]);
        self.send(Endpoint::Spaces, &format!("{offset}+{limit}"), request).await
    }

    /// The users and spaces with a word that starts with `query`: the first 20.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn search(&self, query: &str) -> Result<Found, ApiError> {
        let request = self.http.get(self.url(&["search"])).query(&[("q", query)]);
        self.send(Endpoint::Search, query, request).await
    }

    /// The page with this identity.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 when there is none.
    pub async fn page(&self, id: u32) -> Result<Page, ApiError> {
        let request = self.http.get(self.url(&["pages", &id.to_string()]));
        self.send(Endpoint::Page, &id.to_string(), request).await
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

    async fn send<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        key: &str,
        request: RequestBuilder,
    ) -> Result<T, ApiError> {
        let sent = self.ledger.start(endpoint, key);
        let answer = match request.send().await {
            Ok(response) => Self::read(endpoint, response).await,
            Err(error) => Err(ApiError::transport(endpoint, error)),
        };
        sent.finish();
        answer
    }

    async fn read<T: DeserializeOwned>(
        endpoint: Endpoint,
        response: Response,
    ) -> Result<T, ApiError> {
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(|error| ApiError::transport(endpoint, error));
        }
        let problem: Problem =
            response.json().await.map_err(|error| ApiError::transport(endpoint, error))?;
        let Problem { message, fields } = problem;
        Err(ApiError::Status { endpoint, status: status.as_u16(), message, fields })
    }
}
