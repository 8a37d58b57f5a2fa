//! What a portal shows: one plain value that every model of the app ends up with.

mod editor;
mod live;
mod work;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

pub use self::editor::{Editor, EditorView};
pub use self::live::LiveView;
pub use self::work::{ImportView, NewsView, Progress};
use crate::api::{Hit, Page, Session, SpaceList, User};

/// Everything that is on the screen. The default value is the screen before the app was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// The portal is drawn.
    pub shown: bool,
    /// Where the session's bootstrap is.
    pub session: SessionView,
    /// The session's user.
    pub user: Load<User>,
    /// The first [`SPACES_SHOWN`](crate::portal::SPACES_SHOWN) spaces.
    pub spaces: Load<SpaceList>,
    /// The search box and what is listed below it.
    pub search: SearchView,
    /// The page that lies open.
    pub page: PageView,
    /// The page that is edited.
    pub editor: EditorView,
    /// The import of contacts.
    pub import: ImportView,
    /// What is new today.
    pub news: NewsView,
    /// What users do, as it happens.
    pub live: LiveView,
    /// Why the last change that was shown at once had to be taken back, as text.
    pub notice: Option<String>,
}

/// Where the bootstrap of the session is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionView {
    /// Not begun.
    #[default]
    None,
    /// The service is asked for the session of the token.
    Finding,
    /// There was none: a new one is made.
    Creating,
    /// There is one: it is entered.
    Entering,
    /// Done: the session as it was answered when it was entered.
    Entered(Arc<Session>),
    /// One of the three requests has failed: its [`ApiError`](crate::client::ApiError) as text.
    Failed(String),
}

/// Something that is fetched once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Load<T> {
    /// Not asked for.
    #[default]
    Empty,
    /// On its way.
    Loading,
    /// Here.
    Ready(Arc<T>),
    /// The request has failed: its [`ApiError`](crate::client::ApiError) as text.
    Failed(String),
}

/// The search box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SearchView {
    /// What stands in the box: the last text that was typed.
    pub text: String,
    /// The answer for [`text`](Self::text) is still to come.
    pub loading: bool,
    /// The hits of the last answer that was for the text of its time. They stay while the next
    /// answer is awaited, and are empty after a failure or when the box was emptied.
    pub hits: Arc<Vec<Hit>>,
    /// The failure of the request for [`text`](Self::text), as text.
    pub problem: Option<String>,
}

/// The page that lies open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageView {
    /// None.
    #[default]
    Closed,
    /// Was opened, is on its way.
    Loading {
        /// Its identity.
        id: u32,
    },
    /// Can be read.
    Open(Arc<Page>),
    /// Was opened, cannot be had.
    Failed {
        /// Its identity.
        id: u32,
        /// The request's [`ApiError`](crate::client::ApiError) as text.
        problem: String,
    },
}

impl View {
    /// What somebody at the screen sees change from `before` to this: a few words per part.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        if before.shown && *self == Self::default() {
            return vec!["nothing any more".to_owned()];
        }
        let mut changes = Vec::new();
        if self.shown != before.shown {
            changes.push(if self.shown { "portal shown" } else { "portal gone" }.to_owned());
        }
        if self.session != before.session {
            changes.push(format!("session: {}", self.session.words()));
        }
        if self.user != before.user {
            changes.push(format!("user: {}", self.user.words(|user| user.name.clone())));
        }
        if self.spaces != before.spaces {
            changes.extend(self.changes_of_spaces(&before.spaces));
        }
        if self.search != before.search {
            changes.push(self.search.words(&before.search));
        }
        if self.page != before.page {
            changes.push(self.page.words());
        }
        if self.editor != before.editor {
            changes.push(self.editor.words());
        }
        if self.import != before.import {
            changes.push(self.import.words());
        }
        if self.news != before.news {
            changes.push(self.news.words());
        }
        // Not each of a thousand: that it began to change, and how it ended.
        if self.live.words() != before.live.words() {
            changes.push(self.live.words());
        }
        if self.notice != before.notice {
            let words = if self.notice.is_some() {
                "notice: a change was taken back"
            } else {
                "notice: gone"
            };
            changes.push(words.to_owned());
        }
        changes
    }

    /// A new list, or new titles in the same one.
    fn changes_of_spaces(&self, before: &Load<SpaceList>) -> Vec<String> {
        let count = |list: &SpaceList| format!("{} of {}", list.spaces.len(), list.total);
        let (Load::Ready(now), Load::Ready(then)) = (&self.spaces, before) else {
            return vec![format!("spaces: {}", self.spaces.words(count))];
        };
        let pairs = now.spaces.iter().zip(&then.spaces);
        pairs
            .filter(|(now, then)| now != then)
            .map(|(now, _)| format!("space {}: {}", now.id, shortened(&now.title)))
            .collect()
    }

    /// Something is on its way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let session = matches!(
            self.session,
            SessionView::Finding | SessionView::Creating | SessionView::Entering
        );
        let editor = match &self.editor {
            EditorView::Loading { .. } => true,
            EditorView::Open(editor) => editor.saving,
            EditorView::Closed | EditorView::Failed { .. } => false,
        };
        session
            || editor
            || matches!(self.user, Load::Loading)
            || matches!(self.spaces, Load::Loading)
            || self.search.loading
            || matches!(self.page, PageView::Loading { .. })
            || matches!(self.import, ImportView::Running(_))
            || matches!(self.news, NewsView::Loading { .. })
            || self.live.following
    }

    /// The title of a listed space.
    #[must_use]
    pub fn title_of_space(&self, id: u32) -> Option<&str> {
        self.spaces.title(id)
    }

    /// Where this and `other` differ, field by field, each side by its name: one line per field.
    #[must_use]
    pub fn differences(&self, name: &str, other: &Self, name_of_other: &str) -> Vec<String> {
        let json = |view: &Self| serde_json::to_value(view).unwrap_or_default();
        let mut lines = Vec::new();
        compare("", &json(self), &json(other), &mut |field, mine, theirs| {
            lines.push(format!("{field}: {name} has {mine}, {name_of_other} has {theirs}"));
        });
        lines
    }

    /// The bootstrap has come to rest, well or not: session, user and spaces.
    #[must_use]
    pub fn bootstrapped(&self) -> bool {
        let session = match self.session {
            SessionView::Entered(_) => self.user.is_settled(),
            SessionView::Failed(_) => true,
            _ => false,
        };
        self.shown && session && self.spaces.is_settled()
    }
}

impl<T> Load<T> {
    /// Here or failed.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Ready(_) | Self::Failed(_))
    }

    fn words(&self, ready: impl FnOnce(&T) -> String) -> String {
        match self {
            Self::Empty => "none".to_owned(),
            Self::Loading => "loading".to_owned(),
            Self::Ready(value) => ready(value),
            Self::Failed(_) => "failed".to_owned(),
        }
    }
}

impl Load<SpaceList> {
    /// The title of a listed space.
    #[must_use]
    pub fn title(&self, id: u32) -> Option<&str> {
        let Self::Ready(list) = self else { return None };
        list.spaces.iter().find(|space| space.id == id).map(|space| space.title.as_str())
    }

    /// Gives a space another title, if it is listed.
    pub fn retitle(&mut self, id: u32, title: &str) {
        if let Self::Ready(list) = self {
            let space = Arc::make_mut(list).spaces.iter_mut().find(|space| space.id == id);
            space.into_iter().for_each(|space| title.clone_into(&mut space.title));
        }
    }
}

impl SessionView {
    fn words(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Finding => "finding".to_owned(),
            Self::Creating => "none found, creating".to_owned(),
            Self::Entering => "entering".to_owned(),
            Self::Entered(session) => format!("entered, visit {}", session.visits),
            Self::Failed(_) => "failed".to_owned(),
        }
    }
}

impl SearchView {
    fn words(&self, before: &Self) -> String {
        let Self { text, loading, hits, problem } = self;
        match (loading, problem) {
            (true, _) if *hits != before.hits => {
                format!("search {text}: shows {} hits that are not its own", hits.len())
            }
            (true, _) => format!("search {text}: waiting"),
            (false, Some(_)) => format!("search {text}: failed"),
            (false, None) => format!("search {text}: {} hits", hits.len()),
        }
    }
}

impl PageView {
    fn words(&self) -> String {
        match self {
            Self::Closed => "page: closed".to_owned(),
            Self::Loading { id } => format!("page {id}: loading"),
            Self::Open(page) => format!("page {}: {}", page.id, page.title),
            Self::Failed { id, .. } => format!("page {id}: failed"),
        }
    }
}

/// So much of a title that one knows it again.
fn shortened(title: &str) -> String {
    const MOST: usize = 20;
    if title.chars().count() <= MOST {
        return title.to_owned();
    }
    title.chars().take(MOST - 1).chain(['…']).collect()
}

/// Walks two values side by side and tells of the innermost fields that differ.
fn compare(field: &str, one: &Value, other: &Value, tell: &mut impl FnMut(&str, &Value, &Value)) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (key, value) in a {
                let separator = if field.is_empty() { "" } else { "." };
                compare(&format!("{field}{separator}{key}"), value, &b[key], tell);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{field}[{index}]"), a, b, tell);
            }
        }
        _ if one != other => tell(field, one, other),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_and_only_when_there_is_one() {
        let before = View::default();
        let after = View { shown: true, spaces: Load::Loading, ..View::default() };
        assert_eq!(after.changes_since(&before), ["portal shown", "spaces: loading"]);
        assert!(after.changes_since(&after).is_empty());
    }

    #[test]
    fn an_answer_that_lands_while_another_is_awaited_is_visible_as_such() {
        let hit = Hit { kind: crate::api::HitKind::User, id: 1, label: "Ann".to_owned() };
        let waiting = SearchView { text: "an".to_owned(), loading: true, ..SearchView::default() };
        let stale = SearchView { hits: Arc::new(vec![hit]), ..waiting.clone() };
        let view = |search| View { search, ..View::default() };
        let changes = view(stale).changes_since(&view(waiting));
        assert_eq!(changes, ["search an: shows 1 hits that are not its own"]);
    }

    #[test]
    fn differences_name_the_innermost_field_and_both_sides() {
        let session = |visits| View {
            session: SessionView::Entered(Arc::new(Session {
                token: "t".to_owned(),
                user: 1,
                visits,
            })),
            ..View::default()
        };
        assert_eq!(
            session(1).differences("tao", &session(2), "atoms"),
            ["session.entered.visits: tao has 1, atoms has 2"]
        );
        assert!(session(1).differences("tao", &session(1), "atoms").is_empty());
        let shown = View { shown: true, ..session(1) };
        assert_eq!(shown.differences("tao", &View::default(), "atoms").len(), 2);
    }

    #[test]
    fn the_bootstrap_rests_when_session_user_and_spaces_do() {
        let mut view = View { shown: true, ..View::default() };
        view.session = SessionView::Failed("down".to_owned());
        assert!(!view.bootstrapped());
        view.spaces = Load::Failed("down".to_owned());
        assert!(view.bootstrapped());
        view.session = SessionView::Entering;
        assert!(!view.bootstrapped());
    }
}
