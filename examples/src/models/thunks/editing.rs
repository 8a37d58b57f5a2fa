//! The editor of a page: a draft, and what the service says about it.

use trine_thunks::{Action, AsyncThunk, SliceKey, StoreBuilder, Update, action};

use super::leaving::LoggedOut;
use super::{Api, Work};
use crate::api::{Page, PageDraft};
use crate::client::Client;
use crate::view::{Editor, EditorView};

pub(super) static EDITOR: SliceKey<EditorView> = SliceKey::new("editor");

/// What the user does to the draft.
pub(super) enum DraftChanged {
    Title(String),
    Text(String),
    Merged,
}
impl Action for DraftChanged {}

pub(super) struct Editing {
    pub(super) edit_page: Work<u32, Page>,
    pub(super) save_page: Work<(u32, PageDraft), Page>,
}

/// What is to be saved, if anything can be.
pub(super) fn to_save(editor: &EditorView) -> Option<(u32, PageDraft)> {
    match editor {
        EditorView::Open(editor) => Some((editor.base.id, editor.draft())),
        _ => None,
    }
}

impl Editing {
    pub(super) fn new() -> Self {
        let edit_page = AsyncThunk::new("editor/load", |id: u32, api: Api| async move {
            api.extra().page(id).await
        });
        // `leading`: while one is saved, saving again does nothing.
        let save_page =
            AsyncThunk::new("editor/save", |(id, draft): (u32, PageDraft), api: Api| async move {
                api.extra().save_page(id, &draft).await
            });
        Self { edit_page: edit_page.latest(), save_page: save_page.leading() }
    }

    /// The service's answer to a draft is a typed error that the case reads: fields, or what is there.
    pub(super) fn slices(&self, store: StoreBuilder<Client>) -> StoreBuilder<Client> {
        let editor = EDITOR
            .slice(EditorView::default)
            .on(self.edit_page.pending(), |editor, run| {
                *editor = EditorView::Loading { id: *run.arg() };
            })
            .on(self.edit_page.fulfilled(), |editor, run| {
                *editor = EditorView::Open(Editor::of(run.payload().clone()));
            })
            .on(self.edit_page.rejected(), |editor, run| {
                if run.is_cancelled() {
                    return Update::Unchanged;
                }
                *editor = EditorView::Failed { id: *run.arg(), problem: run.message() };
                Update::Changed
            })
            .on(action::<DraftChanged>(), |editor, change| {
                let Some(editor) = editor.editor_mut() else { return Update::Unchanged };
                match change {
                    DraftChanged::Title(title) => editor.title.clone_from(title),
                    DraftChanged::Text(text) => editor.text.clone_from(text),
                    DraftChanged::Merged => editor.merge(),
                }
                Update::Changed
            })
            .on(self.save_page.pending(), |editor, run| of(editor, run.arg(), Editor::begin))
            .on(self.save_page.fulfilled(), |editor, run| {
                of(editor, run.arg(), |editor| editor.saved(&run.arg().1, run.payload().clone()))
            })
            .on(self.save_page.rejected(), |editor, run| match run.error() {
                Some(error) => of(editor, run.arg(), |editor| editor.refused(error)),
                None => Update::Unchanged,
            })
            .on(action::<LoggedOut>(), |editor, _| {
                *editor = EditorView::Closed;
                Update::Changed
            });
        store.slice(editor)
    }
}

/// Changes the editor, if it still has the page that the draft is of.
fn of(
    editor: &mut EditorView,
    (id, _): &(u32, PageDraft),
    change: impl FnOnce(&mut Editor),
) -> Update {
    match editor.editor_mut().filter(|editor| editor.base.id == *id) {
        Some(editor) => {
            change(editor);
            Update::Changed
        }
        None => Update::Unchanged,
    }
}
