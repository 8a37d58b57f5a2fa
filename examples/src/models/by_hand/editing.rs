//! The editor of a page.

use std::sync::Arc;

use super::App;
use crate::view::{Editor, EditorView};

impl App {
    pub(super) fn edit(&self, id: u32) {
        self.update(|state| state.view.editor = EditorView::Loading { id });
        self.spawn(|task| async move {
            let answer = task.client().page(id).await;
            task.update(|state| {
                if state.view.editor != (EditorView::Loading { id }) {
                    return;
                }
                state.view.editor = match answer {
                    Ok(page) => EditorView::Open(Editor::of(Arc::new(page))),
                    Err(error) => EditorView::Failed { id, problem: error.to_string() },
                };
            });
        });
    }

    pub(super) fn change_draft(&self, change: impl FnOnce(&mut Editor)) {
        self.update(|state| state.view.editor.editor_mut().map(change));
    }

    pub(super) fn save(&self) {
        let draft = self.update(|state| {
            let editor = state.view.editor.editor_mut().filter(|editor| !editor.saving)?;
            editor.begin();
            Some((editor.base.id, editor.draft()))
        });
        let Some((id, draft)) = draft else { return };
        self.spawn(|task| async move {
            let answer = task.client().save_page(id, &draft).await;
            task.update(|state| {
                // Another page may be edited by now.
                let editor = state.view.editor.editor_mut().filter(|editor| editor.base.id == id);
                match (editor, answer) {
                    (Some(editor), Ok(page)) => editor.saved(&draft, Arc::new(page)),
                    (Some(editor), Err(error)) => editor.refused(&error),
                    (None, _) => {}
                }
            });
        });
    }
}
