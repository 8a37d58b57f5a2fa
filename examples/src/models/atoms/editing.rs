//! The editor of a page: a draft, and what the service says about it.

use std::sync::Arc;

use trine_atoms::{Action, AsyncAction, Atom, synergy};

use crate::client::Client;
use crate::view::{Editor, EditorView};

pub(super) static EDITOR: Atom<EditorView> = Atom::new("editor", EditorView::default);

/// What the user does to the draft.
#[derive(Clone)]
pub(super) enum Change {
    Title(String),
    Text(String),
    Merge,
}

/// `latest`: who opens another page does not wait for the one before.
pub(super) fn edit_page(client: Client) -> AsyncAction<u32> {
    let edit_page = synergy(&EDITOR).async_action(move |mut editor, id| {
        let client = client.clone();
        async move {
            editor.set(EditorView::Loading { id });
            editor = editor.trigger()?;
            editor.set(match client.page(id).await {
                Ok(page) => EditorView::Open(Editor::of(Arc::new(page))),
                Err(error) => EditorView::Failed { id, problem: error.to_string() },
            });
            Ok(())
        }
    });
    edit_page.named("edit page").latest()
}

/// A sync action: one commit, before the call returns.
pub(super) fn change_draft() -> Action<Change, ()> {
    synergy(&EDITOR).action(|mut editor, change| {
        // To ask for what can be written to is to write: so the question comes first.
        if !matches!(*editor, EditorView::Open(_)) {
            return;
        }
        let Some(editor) = editor.editor_mut() else { return };
        match change {
            Change::Title(title) => editor.title = title,
            Change::Text(text) => editor.text = text,
            Change::Merge => editor.merge(),
        }
    })
}

/// `leading`: while one is saved, saving again does nothing. What the answer changes is said as an `update`, which is
/// applied to what is there by then: the user may have typed on meanwhile.
pub(super) fn save_page(client: Client) -> AsyncAction<()> {
    let save_page = synergy(&EDITOR).async_action(move |mut editor, ()| {
        let client = client.clone();
        async move {
            let EditorView::Open(open) = &*editor else { return Ok(()) };
            let (id, sent) = (open.base.id, open.draft());
            editor.update(move |view| of(view, id, Editor::begin));
            editor = editor.trigger()?;
            match client.save_page(id, &sent).await {
                Ok(page) => {
                    let page = Arc::new(page);
                    editor.update(move |view| {
                        of(view, id, |editor| editor.saved(&sent, Arc::clone(&page)));
                    });
                }
                Err(error) => {
                    editor.update(move |view| of(view, id, |editor| editor.refused(&error)));
                }
            }
            Ok(())
        }
    });
    save_page.named("save page").leading()
}

/// Changes the editor, if it still has the page that the draft is of.
fn of(view: &mut EditorView, id: u32, change: impl FnOnce(&mut Editor)) {
    view.editor_mut().filter(|editor| editor.base.id == id).map(change);
}
