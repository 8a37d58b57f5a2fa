//! A long import that can be stopped.

use trine_thunks::{Action, AsyncThunk, Progress, Slice, SliceKey, Update, action};

use super::leaving::LoggedOut;
use super::{Api, Work};
use crate::portal::contact;
use crate::view::{self, ImportView};

pub(super) static IMPORT: SliceKey<ImportView> = SliceKey::new("import");

/// How many contacts are imported.
static IMPORTED: Progress<u32> = Progress::new("imported");

pub(super) struct ImportStopped;
impl Action for ImportStopped {}

/// What it reports is an event of its run, like `pending` and `fulfilled`.
pub(super) fn import() -> Work<u32, ()> {
    let import = AsyncThunk::new("import", |total: u32, api: Api| async move {
        for id in 1..=total {
            api.extra().import(&contact(id)).await?;
            api.report(&IMPORTED, id);
        }
        Ok(())
    });
    import.leading()
}

pub(super) fn imported(import: &Work<u32, ()>) -> Slice<ImportView> {
    let running = |done, total| ImportView::Running(view::Progress { done, total });
    IMPORT
        .slice(ImportView::default)
        .on(import.pending(), move |import, run| *import = running(0, *run.arg()))
        .on_any(import.progress(&IMPORTED), move |import, run| {
            *import = running(**run.progress(), *run.arg());
        })
        .on(import.fulfilled(), |import, _| import.end(None))
        .on(import.rejected(), |import, run| {
            // It was stopped: that is an action of its own.
            if run.is_cancelled() {
                return Update::Unchanged;
            }
            import.end(Some(run.message()));
            Update::Changed
        })
        .on(action::<ImportStopped>(), |import, _| import.stop())
        .on(action::<LoggedOut>(), |import, _| *import = ImportView::None)
}
