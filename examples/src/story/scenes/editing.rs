//! Editing a page: a draft that the service refuses, and one that somebody else has overtaken.

use std::sync::Arc;

use super::super::stage::{Stage, Stuck};
use crate::api::{Endpoint, Page, PageDraft};
use crate::service::{Data, DataError};
use crate::view::{Editor, EditorView, View};

/// The page that is edited.
pub(super) const EDITED: u32 = 11;

/// What is saved after the form was refused.
const MENDED: &str = "Minutes of Thursday";
const TEXT: &str = "We have agreed to keep the old door.";
/// What the user changes, and what somebody else does meanwhile.
const MINE: &str = "Minutes of our Thursday";
const THEIRS: &str = "We have agreed to paint the old door.";

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
    stage.portal.type_text(TEXT);
    save(stage).await?;

    stage.recorder.step("mend it and save");
    stage.portal.type_title(MENDED);
    save(stage).await
}

pub(super) async fn two_editors(stage: &Stage, data: &Data) -> Result<(), Stuck> {
    begin(stage).await?;

    stage.recorder.step("others save");
    stage.portal.type_title(MINE);
    let (title, text) = ("Minutes".to_owned(), THEIRS.to_owned());
    let theirs = PageDraft { title, text, version: 1 };
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

/// Why the request to load, or the so-manieth to save, fails by chance.
fn not_loaded(stage: &Stage) -> Option<String> {
    stage.forecast.failure(Endpoint::Page, &EDITED.to_string(), 0)
}

fn not_saved(stage: &Stage, earlier: u32) -> Option<String> {
    stage.forecast.failure(Endpoint::SavePage, &EDITED.to_string(), earlier)
}

fn truth(
    stage: &Stage,
    data: &Data,
    end: impl FnOnce(Arc<Page>) -> Editor,
) -> Result<View, DataError> {
    let editor = match (not_loaded(stage), data.page(EDITED)?) {
        (Some(problem), _) => EditorView::Failed { id: EDITED, problem },
        (None, Some(page)) => EditorView::Open(end(Arc::new(page))),
        (None, None) => EditorView::Closed,
    };
    Ok(View { editor, ..View::default() })
}

/// The mended draft is saved, and is the page; or it still stands in the editor.
pub(super) fn after_refusal(stage: &Stage, data: &Data) -> Result<View, DataError> {
    truth(stage, data, |page| Editor {
        title: MENDED.to_owned(),
        text: TEXT.to_owned(),
        problem: not_saved(stage, 1),
        ..Editor::of(page)
    })
}

/// Both changes are in the page, and in the editor; or theirs is in the page, and the draft still in the editor.
pub(super) fn after_conflict(stage: &Stage, data: &Data) -> Result<View, DataError> {
    let (first, second) = (not_saved(stage, 0), not_saved(stage, 1));
    truth(stage, data, |page| {
        let mine = Editor { title: MINE.to_owned(), ..Editor::of(Arc::clone(&page)) };
        if first.is_none() {
            // The conflict was seen and settled: what there is of theirs is in the draft.
            return Editor { problem: second, ..mine };
        }
        // It was not, so the draft is still of the page as it was: the second answer is the first that could tell.
        let before = before(page.space);
        let theirs = second.is_none().then_some(page);
        Editor {
            text: before.text.clone(),
            base: Arc::new(before),
            problem: second,
            theirs,
            ..mine
        }
    })
}

pub(super) fn refusal_not_shown(stage: &Stage) -> Option<String> {
    if not_loaded(stage).is_some() || not_saved(stage, 0).is_some() {
        return None;
    }
    let shown = stage.recorder.shown();
    let told = shown.iter().any(|shown| {
        matches!(&shown.view.editor, EditorView::Open(editor)
            if editor.errors.contains_key("title") && editor.text == TEXT)
    });
    (!told)
        .then(|| "the view never showed what was wrong with the title, beside the draft".to_owned())
}

/// Whatever fails, nothing of either is lost; and if the conflict was told, both sides of it were seen.
pub(super) fn lost(stage: &Stage, data: &Data) -> Result<Vec<String>, DataError> {
    let mut broken = Vec::new();
    let (page, end) = (data.page(EDITED)?, stage.portal.view().editor);
    if page.as_ref().is_none_or(|page| page.text != THEIRS) {
        broken.push(format!("what somebody else has saved is lost: {page:?}"));
    }
    if matches!(&end, EditorView::Open(editor) if editor.title != MINE) {
        broken.push(format!("what the user has typed is lost: {end:?}"));
    }
    let shown = stage.recorder.shown();
    let told = shown.iter().any(|shown| {
        matches!(&shown.view.editor, EditorView::Open(editor) if editor.title == MINE
            && editor.theirs.as_ref().is_some_and(|theirs| theirs.text == THEIRS))
    });
    let answered = not_saved(stage, 0).is_none() || not_saved(stage, 1).is_none();
    if not_loaded(stage).is_none() && answered && !told {
        broken.push("the view never showed the conflict, both sides of it".to_owned());
    }
    Ok(broken)
}
