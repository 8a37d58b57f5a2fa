//! A long import that can be stopped.

use trine_thunks::{Action, AsyncThunk, Slice, SliceKey, Update, action};

use super::leaving::LoggedOut;
use super::{Api, Work};
use crate::portal::contact;
use crate::view::{ImportView, Progress};

pub(super) static IMPORT: SliceKey<ImportView> = SliceKey::new("import");

/// One contact is imported.
struct Imported;
impl Action for Imported {}

pub(super) struct ImportStopped;
impl Action for ImportStopped {}

pub(super) struct Importing {
    pub(super) import: Work<u32, ()>,
}

impl Importing {
    pub(super) fn new() -> Self {
        let import = AsyncThunk::new("import", |total: u32, api: Api| async move {
            for id in 1..=total {
                api.extra().import(&contact(id)).await?;
                api.dispatch(Imported);
            }
            Ok(())
        });
        Self { import: import.leading() }
    }

    pub(super) fn slice(&self) -> Slice<ImportView> {
        IMPORT
            .slice(ImportView::default)
            .on(self.import.pending(), |import, run| {
                *import = ImportView::Running(Progress { done: 0, total: *run.arg() });
            })
            .on(action::<Imported>(), |import, _| import.advance())
            .on(self.import.fulfilled(), |import, _| import.end(None))
            .on(self.import.rejected(), |import, run| {
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
}
