//! The editor of a page: a draft, and what the service says about it.

use std::sync::Arc;

use trine_core::Update;
use trine_tao::{AppCtx, BoxError, HandlerGuard, Kernel, Verdict};

use super::visits::PageId;
use super::{Failure, World};
use crate::api::{Page, PageDraft};
use crate::view::{Editor, EditorView, View};

/// What the user does to the draft.
pub(super) enum Change {
    Title(String),
    Text(String),
    Merge,
}

/// What was sent, and what is there now.
struct Saved {
    sent: PageDraft,
    page: Arc<Page>,
}

pub(super) fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    let screen = world.clone();
    let anything_to_save = move |_| {
        let saves = screen
            .screen(|view| matches!(&view.editor, EditorView::Open(editor) if !editor.saving));
        if saves { Verdict::Pass } else { Verdict::halt("there is nothing to save") }
    };
    vec![
        tao.on_inline(("Draft", "Begin", "Portal"), world.does(begin)),
        tao.on_inline(("Draft", "View", "Portal"), world.views(view_draft)),
        tao.on_inline(("Draft", "Change", "Portal"), world.views(change)),
        tao.on_intercept(("Draft", "Save", "Portal"), anything_to_save),
        tao.on_inline(("Draft", "Save", "Portal"), world.does(save)),
        tao.on_inline(("Draft", "Saved", "Portal"), world.views(view_saved)),
        tao.on_inline(("Draft", "Fail", "Portal"), world.views(view_failure)),
    ]
}

async fn begin(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let id = cx.term_datum::<PageId>()?.0;
    world.show(|view| view.editor = EditorView::Loading { id });
    Ok(AppCtx::new("Draft", "View", "Portal").term(world.client.page(id).await?))
}

/// Another page may be wanted by now.
fn view_draft(view: &mut View, page: Arc<Page>) -> Update {
    if view.editor != (EditorView::Loading { id: page.id }) {
        return Update::Unchanged;
    }
    view.editor = EditorView::Open(Editor::of(page));
    Update::Changed
}

fn change(view: &mut View, change: Arc<Change>) -> Update {
    let Some(editor) = view.editor.editor_mut() else { return Update::Unchanged };
    match &*change {
        Change::Title(title) => editor.title.clone_from(title),
        Change::Text(text) => editor.text.clone_from(text),
        Change::Merge => editor.merge(),
    }
    Update::Changed
}

async fn save(world: World, _: AppCtx) -> Result<AppCtx, BoxError> {
    let mut draft = None;
    world.show(|view| {
        draft = view.editor.editor_mut().map(|editor| {
            editor.begin();
            (editor.base.id, editor.draft())
        });
    });
    let (id, sent) = draft.ok_or("there is nothing to save")?;
    let page = Arc::new(world.client.save_page(id, &sent).await?);
    Ok(AppCtx::new("Draft", "Saved", "Portal").term(Saved { sent, page }))
}

fn view_saved(view: &mut View, saved: Arc<Saved>) -> Update {
    let editor = view.editor.editor_mut().filter(|editor| editor.base.id == saved.page.id);
    let Some(editor) = editor else { return Update::Unchanged };
    editor.saved(&saved.sent, Arc::clone(&saved.page));
    Update::Changed
}

fn view_failure(view: &mut View, failure: Arc<Failure>) {
    match (&mut view.editor, failure.answer()) {
        (EditorView::Open(editor), Some(answer)) if editor.saving => editor.refused(answer),
        (EditorView::Loading { id }, _) => {
            view.editor = EditorView::Failed { id: *id, problem: failure.problem() };
        }
        _ => {}
    }
}
