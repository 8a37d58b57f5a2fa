//! The editor of a page: the user's draft, what the service says about it, and how it is reconciled with
//! what somebody else has written meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::api::{Page, PageDraft};
use crate::client::ApiError;

/// The editor of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EditorView {
    /// No page is edited.
    #[default]
    Closed,
    /// A page is to be edited, and on its way.
    Loading {
        /// Its identity.
        id: u32,
    },
    /// A page is edited.
    Open(Editor),
    /// A page was to be edited, and cannot be had.
    Failed {
        /// Its identity.
        id: u32,
        /// The request's [`ApiError`] as text.
        problem: String,
    },
}

/// A page that is being edited. All that happens to it is a function here, so it happens alike in every model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Editor {
    /// The page as it was when the user began, or last saved, or last merged.
    pub base: Arc<Page>,
    /// What stands in the field of the title.
    pub title: String,
    /// What stands in the field of the text.
    pub text: String,
    /// The draft is on its way to the service.
    pub saving: bool,
    /// What the service says about the fields of the draft that it has refused.
    pub errors: BTreeMap<String, String>,
    /// What somebody else has saved meanwhile. The draft is as it was: nothing is lost.
    pub theirs: Option<Arc<Page>>,
    /// Why else the draft could not be saved, as text.
    pub problem: Option<String>,
}

impl Editor {
    /// The user begins with `page`.
    #[must_use]
    pub fn of(page: Arc<Page>) -> Self {
        Self {
            title: page.title.clone(),
            text: page.text.clone(),
            base: page,
            saving: false,
            errors: BTreeMap::new(),
            theirs: None,
            problem: None,
        }
    }

    /// What is to be saved.
    #[must_use]
    pub fn draft(&self) -> PageDraft {
        let Self { base, title, text, .. } = self;
        PageDraft { title: title.clone(), text: text.clone(), version: base.version }
    }

    /// The draft is sent: what was wrong with the last one no longer counts.
    pub fn begin(&mut self) {
        self.saving = true;
        self.errors.clear();
        self.theirs = None;
        self.problem = None;
    }

    /// The service has saved the draft that was sent. What was typed since stays.
    pub fn saved(&mut self, sent: &PageDraft, page: Arc<Page>) {
        self.saving = false;
        if self.title == sent.title {
            self.title.clone_from(&page.title);
        }
        if self.text == sent.text {
            self.text.clone_from(&page.text);
        }
        self.base = page;
    }

    /// The service has not saved it.
    pub fn refused(&mut self, error: &ApiError) {
        self.saving = false;
        if let Some(fields) = error.fields() {
            self.errors.clone_from(fields);
        } else if let Some(theirs) = error.current() {
            self.theirs = Some(Arc::clone(theirs));
        } else {
            self.problem = Some(error.to_string());
        }
    }

    /// Takes over what somebody else has changed, field by field; what the user has changed stays theirs.
    /// Without a conflict there is nothing to do.
    pub fn merge(&mut self) {
        let Some(theirs) = self.theirs.take() else { return };
        if self.title == self.base.title {
            self.title.clone_from(&theirs.title);
        }
        if self.text == self.base.text {
            self.text.clone_from(&theirs.text);
        }
        self.base = theirs;
    }
}

impl EditorView {
    /// The page is here, or cannot be had.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Closed | Self::Loading { .. } => false,
            Self::Open(editor) => !editor.saving,
            Self::Failed { .. } => true,
        }
    }

    /// The open page.
    pub fn editor_mut(&mut self) -> Option<&mut Editor> {
        match self {
            Self::Open(editor) => Some(editor),
            _ => None,
        }
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Closed => "editor: closed".to_owned(),
            Self::Loading { id } => format!("editor: page {id} loading"),
            Self::Failed { .. } => "editor: failed".to_owned(),
            Self::Open(Editor { saving: true, .. }) => "editor: saving".to_owned(),
            Self::Open(editor) => {
                let fields: Vec<&str> = editor.errors.keys().map(String::as_str).collect();
                if !fields.is_empty() {
                    format!("editor: {} refused", fields.join(", "))
                } else if let Some(theirs) = &editor.theirs {
                    format!("editor: conflict, theirs is version {}", theirs.version)
                } else if editor.problem.is_some() {
                    "editor: not saved".to_owned()
                } else if editor.title == editor.base.title && editor.text == editor.base.text {
                    format!("editor: version {}", editor.base.version)
                } else {
                    "editor: changed".to_owned()
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str, text: &str, version: u32) -> Arc<Page> {
        Arc::new(Page { id: 1, space: 1, title: title.into(), text: text.into(), version })
    }

    #[test]
    fn a_merge_keeps_what_the_user_has_changed_and_takes_the_rest() {
        let mut editor = Editor::of(page("plan", "old", 1));
        editor.title = "my plan".to_owned();
        editor.theirs = Some(page("their plan", "their text", 2));
        editor.merge();
        assert_eq!((editor.title.as_str(), editor.text.as_str()), ("my plan", "their text"));
        assert_eq!(editor.draft().version, 2);
        let merged = editor.clone();
        editor.merge();
        assert_eq!(editor, merged);
    }

    #[test]
    fn what_is_typed_while_a_draft_is_saved_stays() {
        let mut editor = Editor::of(page("plan", "old", 1));
        editor.text = "new".to_owned();
        let sent = editor.draft();
        editor.begin();
        editor.text.push_str("er");
        editor.saved(&sent, page("plan", "new", 2));
        assert_eq!((editor.text.as_str(), editor.base.version), ("newer", 2));
    }
}
