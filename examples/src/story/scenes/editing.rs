//! Editing a page: a draft that the service refuses, and one that somebody else has overtaken.

use std::sync::Arc;

use super::super::stage::{Stage, Stuck};
use crate::api::{Page, PageDraft};
use crate::service::{Data, DataError};
use crate::view::{Editor, EditorView, View};

/// The page that is edited.
pub(super) const EDITED: u32 = 11;

/// The page as it is when a scene begins.
fn before(space: u32) -> Page {
    let text = "What we have agreed on is to follow.";
    Page { id: EDITED, space, title: "Minutes".to_owned(), text: text.to_owned(), version: 1 }
}

pub(super) fn prepare(data: &Data) -> Result<(), DataError> {
    match data.page(EDITED)? {
        Some(page) => data.set_scene(&before(page.space)),
        None => Ok(()),
    }
}

pub(super) async fn refused_form(stage: &Stage) -> Result<(), Stuck> {
    begin(stage).await?;

    stage.recorder.step("save, no title");
    stage.portal.type_title("");
    stage.portal.type_text("We have agreed to keep the old door.");
    save(stage).await?;

    stage.recorder.step("mend it and save");
    stage.portal.type_title("Minutes of Thursday");
    save(stage).await
}

pub(super) async fn two_editors(stage: &Stage, data: &Data) -> Result<(), Stuck> {
    begin(stage).await?;

    stage.recorder.step("others save");
    stage.portal.type_title("Minutes of our Thursday");
    let theirs = PageDraft {
        title: "Minutes".to_owned(),
        text: "We have agreed to paint the old door.".to_owned(),
        version: 1,
    };
    data.save_page(EDITED, &theirs).map_err(|error| error.to_string())?;
    stage.recorder.step("save");
    save(stage).await?;

    stage.recorder.step("take theirs, save");
    stage.portal.merge_theirs();
    save(stage).await
}

async fn begin(stage: &Stage) -> Result<(), Stuck> {
    stage.recorder.step("edit a page");
    stage.portal.edit_page(EDITED);
    stage.settled().await?;
    stage.view_is("the page in the editor", |view| view.editor.is_settled()).await
}

async fn save(stage: &Stage) -> Result<(), Stuck> {
    stage.portal.save_page();
    stage.settled().await?;
    stage.view_is("what became of the draft", |view| view.editor.is_settled()).await
}

/// What was saved is what stands in the editor.
pub(super) fn truth(data: &Data) -> Result<View, DataError> {
    let page = data.page(EDITED)?;
    let editor =
        page.map_or(EditorView::Closed, |page| EditorView::Open(Editor::of(Arc::new(page))));
    Ok(View { editor, ..View::default() })
}

pub(super) fn refusal_not_shown(stage: &Stage) -> Option<String> {
    let shown = stage.recorder.shown();
    let told = shown.iter().any(|shown| {
        matches!(&shown.view.editor, EditorView::Open(editor) if editor.errors.contains_key("title")
            && editor.text == "We have agreed to keep the old door.")
    });
    (!told)
        .then(|| "the view never showed what was wrong with the title, beside the draft".to_owned())
}

/// Both sides of the conflict were seen, and both are in what was saved in the end.
pub(super) fn conflict_not_shown(stage: &Stage) -> Option<String> {
    let shown = stage.recorder.shown();
    let told = shown.iter().any(|shown| {
        matches!(&shown.view.editor, EditorView::Open(editor) if editor.title == "Minutes of our Thursday"
            && editor.theirs.as_ref().is_some_and(|theirs| theirs.text.contains("paint")))
    });
    if !told {
        return Some("the view never showed the conflict, both sides of it".to_owned());
    }
    let end = stage.portal.view().editor;
    let both = matches!(&end, EditorView::Open(editor) if editor.base.title.contains("our")
        && editor.base.text.contains("paint"));
    (!both).then(|| format!("something of one of the two is lost: {end:?}"))
}
