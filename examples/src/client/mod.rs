//! The client of the service: real HTTP over TCP, one typed method per endpoint.

mod error;
mod ledger;
mod way;

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryFutureExt};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::error::ApiError;
use self::ledger::SentGuard;
pub use self::ledger::{Ending, Entry, Ledger, Totals};
pub use self::way::Script;
use self::way::{Http, Way};

use crate::api::{
    Activity, Contact, Endpoint, Found, NewSession, News, Page, PageDraft, Session, Space,
    SpaceList, SpaceTitle, User,
};

/// A connection to the service; clones share it, and the [`Ledger`] of requests.
///
/// # Cancel safety
/// Dropping the future of a method cancels its request: the connection is closed, the service stops
/// working on it, the ledger counts it as cancelled.
#[derive(Clone, Debug)]
pub struct Client {
    way: Way,
    ledger: Ledger,
}

impl Client {
    /// A client of the service at `address`. Nothing is sent yet.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { way: Way::Http(Http::new(address)), ledger: Ledger::new() }
    }

    /// A client that asks nobody: `script` makes the answers. For tests in which it matters when they come.
    #[must_use]
    pub fn scripted(
        script: impl Fn(Endpoint, &str) -> BoxFuture<'static, Result<Value, (u16, String)>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { way: Way::Script(Arc::new(script)), ledger: Ledger::new() }
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
        let request = |http: &Http| http.request(Method::GET, &["sessions", token]);
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
        let new = NewSession { token: token.to_owned() };
        let request = |http: &Http| http.request(Method::POST, &["sessions"]).json(&new);
        self.send(Endpoint::CreateSession, token, request).await
    }

    /// Enters the session of `token`: counts a visit.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 when the token has no session.
    pub async fn enter_session(&self, token: &str) -> Result<Session, ApiError> {
        let request = |http: &Http| http.request(Method::POST, &["sessions", token, "enter"]);
        self.send(Endpoint::EnterSession, token, request).await
    }

    /// Ends the session of `token`; says whether it had one.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn end_session(&self, token: &str) -> Result<bool, ApiError> {
        let request = |http: &Http| http.request(Method::DELETE, &["sessions", token]);
        self.send(Endpoint::EndSession, token, request).await
    }

    /// The user with this identity.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 when there is none.
    pub async fn user(&self, id: u32) -> Result<User, ApiError> {
        let id = id.to_string();
        self.send(Endpoint::User, &id, |http| http.request(Method::GET, &["users", &id])).await
    }

    /// Up to `limit` (at most 100) spaces by identity, after the first `offset`.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn spaces(&self, offset: u32, limit: u32) -> Result<SpaceList, ApiError> {
        let part = [("offset", offset), ("limit", limit)];
        let request = |http: &Http| http.request(Method::GET, &["spaces"]).query(&part);
        self.send(Endpoint::Spaces, &format!("{offset}+{limit}"), request).await
    }

    /// The users and spaces with a word that starts with `query`: the first 20.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn search(&self, query: &str) -> Result<Found, ApiError> {
        let request = |http: &Http| http.request(Method::GET, &["search"]).query(&[("q", query)]);
        self.send(Endpoint::Search, query, request).await
    }

    /// The page with this identity.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 when there is none.
    pub async fn page(&self, id: u32) -> Result<Page, ApiError> {
        let id = id.to_string();
        self.send(Endpoint::Page, &id, |http| http.request(Method::GET, &["pages", &id])).await
    }

    /// Changes the page with this identity to what `draft` says.
    ///
    /// # Errors
    /// [`ApiError`]; status 422 with field errors when the draft is not valid, 409 with the
    /// [`current`](ApiError::current) page when somebody else has changed it meanwhile.
    pub async fn save_page(&self, id: u32, draft: &PageDraft) -> Result<Page, ApiError> {
        let id = id.to_string();
        let request = |http: &Http| http.request(Method::PUT, &["pages", &id]).json(draft);
        self.send(Endpoint::SavePage, &id, request).await
    }

    /// Gives the space with this identity another title.
    ///
    /// # Errors
    /// [`ApiError`]; status 422 with a field error when the title is not valid.
    pub async fn rename_space(&self, id: u32, title: &str) -> Result<Space, ApiError> {
        let (id, title) = (id.to_string(), SpaceTitle { title: title.to_owned() });
        let request =
            |http: &Http| http.request(Method::PUT, &["spaces", &id, "title"]).json(&title);
        self.send(Endpoint::RenameSpace, &id, request).await
    }

    /// Has the service keep `contact`.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn import(&self, contact: &Contact) -> Result<Contact, ApiError> {
        let id = contact.id.to_string();
        let request = |http: &Http| http.request(Method::PUT, &["contacts", &id]).json(contact);
        self.send(Endpoint::Import, &id, request).await
    }

    /// What is new today.
    ///
    /// # Errors
    /// [`ApiError`] when the service cannot be asked or does not answer as agreed.
    pub async fn news(&self) -> Result<News, ApiError> {
        self.send(Endpoint::News, "", |http| http.request(Method::GET, &["news"])).await
    }

    /// What users do from now on, as it happens: `count` activities, about a thousand a second.
    ///
    /// The request is sent when the stream is first polled, and is on its way until the stream has
    /// ended or is dropped. An error is its last item.
    pub fn live(&self, count: u32) -> BoxStream<'static, Result<Activity, ApiError>> {
        let client = self.clone();
        let follow = async move {
            let key = count.to_string();
            let sent = client.ledger.start(Endpoint::Live, &key);
            let request =
                |http: &Http| http.request(Method::GET, &["live"]).query(&[("count", count)]);
            match client.way.follow(Endpoint::Live, &key, request).await {
                Ok(activities) => Ok((activities, sent)),
                Err(error) => {
                    sent.finish(false);
                    Err(error)
                }
            }
        };
        let follow = follow.map_ok(|start| {
            stream::unfold(Some(start), |rest: Option<(BoxStream<'static, _>, SentGuard)>| async {
                let (mut activities, sent) = rest?;
                match activities.next().await {
                    Some(Ok(activity)) => Some((Ok(activity), Some((activities, sent)))),
                    Some(Err(error)) => {
                        sent.finish(false);
                        Some((Err(error), None))
                    }
                    None => {
                        sent.finish(true);
                        None
                    }
                }
            })
        });
        follow.try_flatten_stream().boxed()
    }

    async fn send<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        key: &str,
        request: impl FnOnce(&Http) -> RequestBuilder,
    ) -> Result<T, ApiError> {
        let sent = self.ledger.start(endpoint, key);
        let answer: Result<T, ApiError> = self.way.ask(endpoint, key, request).await;
        // That there is nothing is an answer too.
        let missing = StatusCode::NOT_FOUND.as_u16();
        sent.finish(answer.as_ref().err().is_none_or(|error| error.status() == Some(missing)));
        answer
    }
}
