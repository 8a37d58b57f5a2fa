//! What travels between the service and its clients: plain data, as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identity; counted from 1.
    pub id: u32,
    /// First and last name.
    pub name: String,
    /// Unique address.
    pub email: String,
    /// One sentence about them.
    pub bio: String,
    /// The spaces that they are a member of.
    pub spaces: Vec<u32>,
}

/// A place where users keep pages together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Identity; counted from 1.
    pub id: u32,
    /// What the space is called.
    pub title: String,
    /// The users who belong to it.
    pub members: Vec<u32>,
    /// Its pages, in order.
    pub pages: Vec<u32>,
}

/// Some spaces out of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceList {
    /// How many spaces there are in all.
    pub total: u32,
    /// The asked part of them, by identity.
    pub spaces: Vec<Space>,
}

/// A text in a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Identity; counted from 1.
    pub id: u32,
    /// The space that it belongs to.
    pub space: u32,
    /// What the page is called.
    pub title: String,
    /// Its text.
    pub text: String,
}

/// A device that is known to the service. Its identity is the token that the client keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The client's token.
    pub token: String,
    /// Who uses the device.
    pub user: u32,
    /// How often the session was entered: 0 when it has just been created.
    pub visits: u32,
}

/// Asks for a session for a token that has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSession {
    /// The client's token: 1 to 64 characters.
    pub token: String,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What was searched for.
    pub query: String,
    /// The first hits in the order of the index, users before spaces for an equal word.
    pub hits: Vec<Hit>,
}

/// One thing that a search has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its identity among things of its kind.
    pub id: u32,
    /// A user's name or a space's title.
    pub label: String,
}

/// What a [`Hit`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    /// A [`User`].
    User,
    /// A [`Space`].
    Space,
}

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// One sentence for people.
    pub message: String,
    /// What is wrong with single fields of the request, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

/// The service's endpoints, for counters, injection and the log of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `GET /sessions/{token}`
    FindSession,
    /// `POST /sessions`
    CreateSession,
    /// `POST /sessions/{token}/enter`
    EnterSession,
    /// `DELETE /sessions/{token}`
    EndSession,
    /// `GET /users/{id}`
    User,
    /// `GET /spaces?offset=&limit=`
    Spaces,
    /// `GET /search?q=`
    Search,
    /// `GET /pages/{id}`
    Page,
}

impl Endpoint {
    /// Every endpoint, in the order of its discriminant.
    pub const ALL: [Self; 8] = [
        Self::FindSession,
        Self::CreateSession,
        Self::EnterSession,
        Self::EndSession,
        Self::User,
        Self::Spaces,
        Self::Search,
        Self::Page,
    ];

    /// Two words for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FindSession => "find session",
            Self::CreateSession => "create session",
            Self::EnterSession => "enter session",
            Self::EndSession => "end session",
            Self::User => "user",
            Self::Spaces => "spaces",
            Self::Search => "search",
            Self::Page => "page",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
