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
    /// Counts its changes: 1 when it has never been changed.
    #[serde(default = "first_version")]
    pub version: u32,
}

/// Pages of files from before there were versions.
const fn first_version() -> u32 {
    1
}

/// A change of a page, made by somebody who has seen `version` of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageDraft {
    /// What it is to be called: 1 to 60 characters.
    pub title: String,
    /// Its new text: not empty.
    pub text: String,
    /// The version that was changed. If there is a newer one, the change is refused.
    pub version: u32,
}

/// A new title for a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceTitle {
    /// What it is to be called: 1 to 60 characters.
    pub title: String,
}

/// Somebody who was imported from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Identity, chosen by whoever imports.
    pub id: u32,
    /// First and last name.
    pub name: String,
}

/// What is new today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// In one line.
    pub headline: String,
}

/// What a user has just done; told as it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Who.
    pub user: u32,
    /// How many changes they have made so far today.
    pub changes: u32,
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
    /// After a conflict: what is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Page>>,
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
    /// `PUT /pages/{id}`
    SavePage,
    /// `PUT /spaces/{id}/title`
    RenameSpace,
    /// `PUT /contacts/{id}`
    Import,
    /// `GET /news`
    News,
    /// `GET /live?count=`
    Live,
}

impl Endpoint {
    /// Every endpoint, in the order of its discriminant.
    pub const ALL: [Self; 13] = [
        Self::FindSession,
        Self::CreateSession,
        Self::EnterSession,
        Self::EndSession,
        Self::User,
        Self::Spaces,
        Self::Search,
        Self::Page,
        Self::SavePage,
        Self::RenameSpace,
        Self::Import,
        Self::News,
        Self::Live,
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
            Self::SavePage => "save page",
            Self::RenameSpace => "rename space",
            Self::Import => "import",
            Self::News => "news",
            Self::Live => "live",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
